//! What several objectives of one page read alike is read once.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use slo_core::{
    Batch, Bucket, MeasurementRepository, Minute, Name, Period, Receipt, Reconciled, RepositoryError, Resolution,
    Series, Service,
};
use tokio::sync::OnceCell;

/// The service for one answer: the same reads of counts are one read. Of one answer only, because counts go on changing.
pub(super) fn of(service: &Service) -> Service {
    let measurements = SharedReads { store: Arc::clone(&service.measurements), reads: Mutex::default() };
    Service { measurements: Arc::new(measurements), ..service.clone() }
}

struct SharedReads {
    store: Arc<dyn MeasurementRepository>,
    /// Few enough to be looked through.
    reads: Mutex<Vec<Arc<Read>>>,
}

/// What is read, and what was found once somebody has.
struct Read {
    series: Series,
    period: Period,
    resolution: Resolution,
    found: OnceCell<Vec<Bucket>>,
}

impl SharedReads {
    fn shared(&self, series: &Series, period: Period, resolution: &Resolution) -> Arc<Read> {
        let mut reads = self.reads.lock().unwrap_or_else(PoisonError::into_inner);
        let same =
            |read: &&Arc<Read>| read.period == period && read.series == *series && read.resolution == *resolution;
        if let Some(read) = reads.iter().find(same) {
            return Arc::clone(read);
        }
        let (series, resolution, found) = (series.clone(), resolution.clone(), OnceCell::new());
        let read = Arc::new(Read { series, period, resolution, found });
        reads.push(Arc::clone(&read));
        read
    }
}

#[async_trait]
impl MeasurementRepository for SharedReads {
    async fn write(
        &self,
        series: &Series,
        source: &Name,
        batch: &Batch,
        now: Timestamp,
    ) -> Result<Receipt, RepositoryError> {
        self.store.write(series, source, batch, now).await
    }

    async fn read(
        &self,
        series: &Series,
        period: Period,
        resolution: &Resolution,
    ) -> Result<Vec<Bucket>, RepositoryError> {
        let read = self.shared(series, period, resolution);
        read.found.get_or_try_init(|| self.store.read(series, period, resolution)).await.cloned()
    }

    async fn reconcile(
        &self,
        series: &Series,
        day: Minute,
        finished: bool,
        now: Timestamp,
    ) -> Result<Reconciled, RepositoryError> {
        self.store.reconcile(series, day, finished, now).await
    }
}

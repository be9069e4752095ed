//! What an answer cost at the store.

use std::cell::RefCell;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

/// Sums the store's calls and consumed capacity of everything done inside [`Meter::measure`].
///
/// Stores report through [`record`]; who wants to know wraps the future. A store's own retries and
/// parallel calls are counted as long as they run in the same task.
///
/// ```
/// use slo_core::meter::{Consumed, Meter, record};
///
/// let meter = Meter::default();
/// let work = meter.measure(async {
///     record(Consumed { calls: 1, read_milli: 500, ..Consumed::default() });
/// });
/// # let mut work = std::pin::pin!(work);
/// # let _ = std::future::Future::poll(work.as_mut(), &mut std::task::Context::from_waker(std::task::Waker::noop()));
/// // … once awaited:
/// assert_eq!(meter.consumed().read_milli, 500);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Sums>);

#[derive(Debug, Default)]
struct Sums {
    calls: AtomicU64,
    read_milli: AtomicU64,
    write_milli: AtomicU64,
    micros: AtomicU64,
}

/// Calls and capacity, in thousandths of a capacity unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Consumed {
    /// Calls to the store, each attempt one.
    pub calls: u64,
    /// Thousandths of read capacity units.
    pub read_milli: u64,
    /// Thousandths of write capacity units.
    pub write_milli: u64,
    /// Microseconds spent in them, parallel ones added up.
    pub micros: u64,
}

thread_local! {
    static CURRENT: RefCell<Option<Meter>> = const { RefCell::new(None) };
}

/// Adds to the meter in whose [`Meter::measure`] this runs; nothing happens outside one.
pub fn record(consumed: Consumed) {
    CURRENT.with_borrow(|current| {
        if let Some(Meter(sums)) = current {
            sums.calls.fetch_add(consumed.calls, Ordering::Relaxed);
            sums.read_milli.fetch_add(consumed.read_milli, Ordering::Relaxed);
            sums.write_milli.fetch_add(consumed.write_milli, Ordering::Relaxed);
            sums.micros.fetch_add(consumed.micros, Ordering::Relaxed);
        }
    });
}

impl Meter {
    /// Runs `work` with this meter as the current one.
    pub async fn measure<F: Future>(&self, work: F) -> F::Output {
        Measured { meter: self.clone(), work: Box::pin(work) }.await
    }

    /// The sums so far.
    #[must_use]
    pub fn consumed(&self) -> Consumed {
        Consumed {
            calls: self.0.calls.load(Ordering::Relaxed),
            read_milli: self.0.read_milli.load(Ordering::Relaxed),
            write_milli: self.0.write_milli.load(Ordering::Relaxed),
            micros: self.0.micros.load(Ordering::Relaxed),
        }
    }
}

/// Makes the meter current while, and only while, the work is polled.
struct Measured<F> {
    meter: Meter,
    work: Pin<Box<F>>,
}

/// Puts the former meter back, also when a poll panics.
struct Restore(Option<Meter>);

impl Drop for Restore {
    fn drop(&mut self) {
        CURRENT.replace(self.0.take());
    }
}

impl<F: Future> Future for Measured<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let _restore = Restore(CURRENT.replace(Some(self.meter.clone())));
        self.work.as_mut().poll(context)
    }
}

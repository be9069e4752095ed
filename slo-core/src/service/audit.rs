//! Who did what.

use super::Service;
use super::evaluate::unusable;
use crate::audit::AuditPlace;
use crate::error::Error;
use crate::repository::{AuditFilter, AuditPage};

impl Service {
    /// One page of what was done, newest first.
    ///
    /// ```
    /// use slo_core::{AuditAction, AuditFilter, Indicator, IndicatorKind, Service, Stamp};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let service = Service::in_memory();
    /// let stamp = Stamp { at: "2026-11-20T12:00:00Z".parse()?, by: Some("ann".parse()?) };
    /// service.create(Indicator::new("site".parse()?, "web".parse()?, IndicatorKind::Ratio), stamp.clone()).await?;
    /// let page = service.audit(&AuditFilter::default(), None, 50).await?;
    /// assert_eq!((&page.items[0].stamp, page.items[0].action), (&stamp, AuditAction::Created));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Parameter`] for an empty span; [`Error::Repository`].
    pub async fn audit(
        &self,
        filter: &AuditFilter,
        before: Option<AuditPlace>,
        limit: usize,
    ) -> Result<AuditPage, Error> {
        if let (Some(from), Some(to)) = (filter.from, filter.to)
            && from >= to
        {
            return Err(unusable("from", "it must lie before to"));
        }
        Ok(self.audit.list(filter, before, limit).await?)
    }
}

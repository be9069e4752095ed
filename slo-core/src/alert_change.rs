//! What people are told when an alert condition begins or ends to fire.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::alert_policy::Severity;
use crate::duration::Shorthand;
use crate::name::Name;
use crate::ratio::Ratio;
use crate::repository::Source;

/// An alert condition has begun or ended to fire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertChange {
    /// The same each time that this change is told, and no other change's.
    pub id: String,
    /// Whose condition it is.
    pub objective: Name,
    /// The service that the objective belongs to.
    pub service: Name,
    /// Whom it wakes.
    pub severity: Severity,
    /// The window that shows it matters.
    pub long_window: Shorthand,
    /// The window that shows it goes on.
    pub short_window: Shorthand,
    /// k: both burn rates must exceed it.
    pub threshold: Ratio,
    /// The burn rate of the long window; `None` when nothing is counted in it, or the condition is no more.
    pub long_burn_rate: Option<Ratio>,
    /// The burn rate of the short window, likewise.
    pub short_burn_rate: Option<Ratio>,
    /// What it does from now on.
    pub state: AlertState,
    /// The first minute of the spell of firing that begins or ends.
    pub since: Timestamp,
    /// The instant that was looked at.
    pub at: Timestamp,
}

/// Whether an alert condition fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertState {
    /// It does.
    Firing,
    /// It does no longer, or there is no such condition any more.
    Resolved,
}

impl AlertState {
    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}

/// Tells people of changes.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Tells of one change, at least once: after an error it is told again later. Who must not be told twice
    /// looks at its `id`. A round waits for the answer, so there must be one within seconds.
    async fn notify(&self, change: &AlertChange) -> Result<(), Source>;
}

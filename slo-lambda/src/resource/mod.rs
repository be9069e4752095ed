//! One file per resource: what it looks like outside, and its routes.

mod alert_policy;
pub(crate) mod definition;
pub(crate) mod error_budget;
pub(crate) mod indicator;
pub(crate) mod measurement;
pub(crate) mod objective;
pub(crate) mod root;
mod time_window;
pub(crate) mod user;

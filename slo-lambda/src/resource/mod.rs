//! One file per resource: what it looks like outside, and its routes.

pub(crate) mod alert;
mod alert_policy;
pub(crate) mod audit;
pub(crate) mod burn_down;
pub(crate) mod decision;
pub(crate) mod definition;
pub(crate) mod error_budget;
pub(crate) mod exclusion;
pub(crate) mod incident;
pub(crate) mod indicator;
pub(crate) mod measurement;
pub(crate) mod metrics;
pub(crate) mod note;
pub(crate) mod objective;
pub(crate) mod openslo;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod root;
pub(crate) mod service;
pub(crate) mod suggested_target;
mod time_window;
pub(crate) mod token;
pub(crate) mod user;

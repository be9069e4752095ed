//! One file per resource: what it looks like outside, and its routes.

pub(crate) mod definition;
pub(crate) mod error_budget;
pub(crate) mod indicator;
pub(crate) mod measurement;
pub(crate) mod objective;
pub(crate) mod root;
pub(crate) mod user;

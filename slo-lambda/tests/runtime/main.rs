//! The function as Lambda runs it: a process of its own that asks the Runtime API for work.

mod events;
#[allow(dead_code, reason = "not everything has a test yet")]
mod function;
mod smoke;
#[allow(dead_code, reason = "not everything has a test yet")]
mod stub;

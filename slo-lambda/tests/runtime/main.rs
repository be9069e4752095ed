//! The function as Lambda runs it: a process of its own that asks the Runtime API for work.

mod admitted;
mod alerts;
mod asked;
#[path = "../../../slo-dynamo/examples/dynamodb/server.rs"]
mod dynamodb;
mod events;
mod function;
mod given;
mod lifecycle;
mod log;
mod packages;
mod panic;
mod proxy;
mod queue;
mod smoke;
mod store;
mod stub;

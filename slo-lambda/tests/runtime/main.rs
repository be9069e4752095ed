//! The function as Lambda runs it: a process of its own that asks the Runtime API for work.

#[path = "../../../slo-dynamo/examples/dynamodb/server.rs"]
mod dynamodb;
mod events;
#[allow(dead_code, reason = "a part of it is for the benchmark")]
mod function;
mod lifecycle;
mod smoke;
mod store;
#[allow(dead_code, reason = "a part of it is for containers")]
mod stub;

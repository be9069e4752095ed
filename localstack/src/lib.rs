//! What the Terraform module in `terraform/` says, read without Terraform.
//!
//! Tests compare it with what the crates need, and `localstack/stand_in.py` creates it on an emulator where the AWS
//! provider cannot be fetched.

mod functions;
mod module;
mod resource;

pub use module::{Module, ModuleError, Plan};

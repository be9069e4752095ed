//! What the tests of the module share.

use std::path::Path;

use serde_json::Value;
use slo_localstack::{Module, Plan};

/// The module with these variables.
pub(crate) fn plan(variables: &Value) -> Plan {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../terraform");
    let variables = serde_json::from_value(variables.clone()).expect("variables by name");
    let module = Module::read(&directory).expect("it is HCL");
    module.plan(&variables).unwrap_or_else(|error| panic!("{error}"))
}

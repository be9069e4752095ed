//! Terraform itself comes to the same plan as this crate.
//!
//! Ignored, because it needs Terraform and the schemas of the AWS provider; `.ci/run` runs it where they are.

mod common;

use std::{env, fs};

use serde_json::{Value, json};

use common::plan;

#[test]
#[ignore = "needs the directory SLO_TERRAFORM_PLANS with aws.json and localstack.json of `terraform show -json`"]
fn terraform_comes_to_the_same_plan() {
    let directory = env::var("SLO_TERRAFORM_PLANS").expect("SLO_TERRAFORM_PLANS");
    for target in ["aws", "localstack"] {
        let text = fs::read_to_string(format!("{directory}/{target}.json")).expect("a plan");
        let terraform: Value = serde_json::from_str(&text).expect("JSON");
        let theirs = terraform["planned_values"]["root_module"]["resources"].as_array().expect("resources");
        let ours = plan(&json!({"target": target, "measurement_queue": true, "zip_path": "versions.tf"}));
        let mut addresses: Vec<_> =
            theirs.iter().map(|resource| without_count(resource["address"].as_str().expect("an address"))).collect();
        addresses.sort_unstable();
        assert_eq!(addresses, ours.resources.keys().map(String::as_str).collect::<Vec<_>>());
        let mut compared = 0;
        for resource in theirs {
            let address = without_count(resource["address"].as_str().expect("an address"));
            let Value::Object(arguments) = &ours.resources[address] else { panic!("{address}: no object") };
            for (name, value) in arguments.iter().filter(|(name, _)| *name != "depends_on") {
                // What Terraform does not know yet it leaves out.
                let Some(planned) = resource["values"].get(name) else { continue };
                assert!(same(value, planned), "{address}.{name}: ours {value}, Terraform's {planned}");
                compared += 1;
            }
        }
        assert!(compared > 100, "only {compared} arguments were known to both");
    }
}

/// An optional resource has an index in Terraform.
fn without_count(address: &str) -> &str {
    address.strip_suffix("[0]").unwrap_or(address)
}

/// Whether a value of ours is Terraform's. Blocks have all their arguments there, sets have no order, and schemas make
/// texts of numbers.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::String(text), _) if text.contains("${aws_") => true,
        (Value::Object(ours), Value::Object(theirs)) => {
            ours.iter().all(|(name, value)| theirs.get(name).is_none_or(|theirs| same(value, theirs)))
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().all(|value| theirs.iter().any(|theirs| same(value, theirs)))
        }
        (Value::Number(_) | Value::Bool(_), Value::String(text)) => {
            text.parse::<Value>().is_ok_and(|theirs| theirs == *ours)
        }
        (Value::Number(ours), Value::Number(theirs)) => ours.as_f64() == theirs.as_f64(),
        (Value::String(ours), Value::String(theirs)) => {
            // Documents in JSON have no order either.
            ours == theirs
                || matches!((ours.parse::<Value>(), theirs.parse::<Value>()), (Ok(ours), Ok(theirs)) if same(&ours, &theirs))
        }
        _ => ours == theirs,
    }
}

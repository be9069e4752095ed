//! What the Terraform module says is what the code needs: the tables that `slo-dynamo` creates, the variables that the
//! function reads, the binary that it is, the kinds that it answers.

mod common;

use aws_sdk_dynamodb::types::{AttributeDefinition, KeySchemaElement};
use serde_json::{Value, json};
use slo_dynamo::embedded::Engine;
use slo_dynamo::table::{TableNames, create_tables};
use slo_lambda::function::VARIABLES;

use common::plan;

#[tokio::test]
async fn the_tables_are_those_that_the_adapter_creates() {
    let plan = plan(&json!({"target": "aws", "name": "shop"}));
    let prefix = &plan.resources["aws_lambda_function.api"]["environment"][0]["variables"]["SLO_TABLE_PREFIX"];
    let names = TableNames::with_prefix(prefix.as_str().expect("a text")).expect("a prefix");
    let client = Engine::memory().expect("memory").client();
    create_tables(&client, &names).await.expect("they are new");
    for (label, name) in [("definitions", names.definitions()), ("counts", names.counts())] {
        let made = client.describe_table().table_name(name).send().await.expect("an answer").table.expect("a table");
        let expiry = client.describe_time_to_live().table_name(name).send().await.expect("an answer");
        let indexes = made.global_secondary_indexes().iter().map(|index| {
            let projection = index.projection().and_then(|projection| projection.projection_type());
            json!({
                "name": index.index_name(), "keys": key_names(index.key_schema()),
                "projection": projection.map(|projection| projection.as_str()),
            })
        });
        let made = json!({
            "name": name,
            "keys": key_names(made.key_schema()),
            "attributes": sorted(made.attribute_definitions().iter().map(attribute)),
            "indexes": sorted(indexes),
            "billing": made.billing_mode_summary().and_then(|mode| mode.billing_mode()).map(|mode| mode.as_str()),
            "ttl": expiry.time_to_live_description().and_then(|expiry| expiry.attribute_name()),
        });
        assert_eq!(planned(&plan.resources[&format!("aws_dynamodb_table.{label}")]), made);
    }
}

/// A table of the plan in the same form.
fn planned(table: &Value) -> Value {
    let keys = |of: &Value| json!([of["hash_key"], of["range_key"]]);
    let indexes = blocks(table, "global_secondary_index")
        .iter()
        .map(|index| json!({"name": index["name"], "keys": keys(index), "projection": index["projection_type"]}));
    let ttl = blocks(table, "ttl").iter().find(|ttl| ttl["enabled"] == true);
    json!({
        "name": table["name"],
        "keys": keys(table),
        "attributes": sorted(blocks(table, "attribute").iter().cloned()),
        "indexes": sorted(indexes),
        "billing": table["billing_mode"],
        "ttl": ttl.map(|ttl| &ttl["attribute_name"]),
    })
}

fn blocks<'a>(of: &'a Value, kind: &str) -> &'a [Value] {
    of[kind].as_array().map_or(&[], Vec::as_slice)
}

fn key_names(keys: &[KeySchemaElement]) -> Vec<&str> {
    keys.iter().map(KeySchemaElement::attribute_name).collect()
}

fn attribute(attribute: &AttributeDefinition) -> Value {
    json!({"name": attribute.attribute_name(), "type": attribute.attribute_type().as_str()})
}

fn sorted(values: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut values: Vec<_> = values.collect();
    values.sort_by_key(ToString::to_string);
    values
}

#[test]
fn the_functions_are_what_the_package_holds() {
    let plan = plan(&json!({"target": "aws"}));
    let cargo = include_str!("../../slo-lambda/Cargo.toml");
    for label in ["api", "worker"] {
        let function = &plan.resources[&format!("aws_lambda_function.{label}")];
        let handler = function["handler"].as_str().expect("a handler");
        assert!(cargo.contains(&format!("[[bin]]\nname = \"{handler}\"\n")), "no binary is called {handler}");
        assert_eq!(function["runtime"], "provided.al2023");
        for variable in function["environment"][0]["variables"].as_object().expect("variables").keys() {
            assert!(VARIABLES.contains(&variable.as_str()), "the function does not read {variable}");
        }
    }
    let api = &plan.resources["aws_lambda_function.api"];
    let package = include_str!("../../slo-lambda/package");
    let path = api["filename"].as_str().expect("a path");
    assert!(path.ends_with("/../target/lambda/x86_64/bootstrap.zip"), "{path}");
    assert!(
        package.contains("packages=$target/lambda")
            && package.contains("out=$packages/$arch")
            && package.contains("$out/bootstrap.zip")
    );
}

#[test]
fn schedules_and_queue_send_what_the_worker_answers() {
    let plan = plan(&json!({"target": "aws", "measurement_queue": true}));
    let readme = include_str!("../../slo-lambda/README.md");
    for label in ["alerts", "reconciliation"] {
        let target = &plan.resources[&format!("aws_scheduler_schedule.{label}")]["target"][0];
        let input = target["input"].as_str().expect("a text");
        assert!(readme.contains(&format!("`{input}`")), "{input} is not among what the function answers");
        assert_eq!(target["arn"], "${aws_lambda_function.worker.arn}");
    }
    let mapping = &plan.resources["aws_lambda_event_source_mapping.measurements"];
    assert_eq!(mapping["function_response_types"], json!(["ReportBatchItemFailures"]));
}

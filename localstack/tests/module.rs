//! How a module is read.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};
use slo_localstack::{Module, ModuleError, Plan};

fn plan(files: &[(&str, &str)], variables: &[(&str, Value)]) -> Result<Plan, ModuleError> {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, text) in files {
        fs::write(directory.path().join(name), text).expect("written");
    }
    let variables: BTreeMap<_, _> = variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Module::read(directory.path())?.plan(&variables)
}

#[test]
fn what_the_provider_knows_stands_as_a_reference() {
    let main = r#"
        variable "name" { default = "slo" }
        locals { url = "https://${aws_api.one.id}/${local.stage}" }
        resource "aws_role" "one" { name = "${var.name}-one" }
        resource "aws_api" "one" {
          role    = aws_role.one.arn
          account = split(":", aws_role.one.arn)[4]
          called  = aws_role.one.name
          policy  = jsonencode({ Resource = [aws_role.one.arn] })
          unset   = null
        }
        resource "aws_stage" "one" { uri = local.url }
        output "url" { value = local.url }
    "#;
    let other = r#"locals { stage = "v1" }"#;
    let plan = plan(&[("main.tf", main), ("other.tf", other), ("notes.txt", "{")], &[]).expect("a plan");
    assert_eq!(plan.resources["aws_role.one"], json!({"name": "slo-one", "depends_on": []}));
    assert_eq!(
        plan.resources["aws_api.one"],
        json!({
            "role": "${aws_role.one.arn}", "account": "${aws_role.one.arn|4}", "called": "slo-one",
            "policy": r#"{"Resource":["${aws_role.one.arn}"]}"#, "depends_on": ["aws_role.one"],
        })
    );
    // Through a local value, too.
    assert_eq!(plan.resources["aws_stage.one"]["depends_on"], json!(["aws_api.one"]));
    assert_eq!(plan.outputs["url"], "https://${aws_api.one.id}/v1");
}

#[test]
fn there_are_as_many_as_are_counted() {
    let main = r#"
        variable "queue" { default = false }
        locals { alarms = { slow = { limit = 2 }, busy = { limit = 3 } } }
        resource "aws_queue" "q" {
          count = var.queue ? 1 : 0
          name  = "q"
        }
        resource "aws_alarm" "a" {
          for_each = local.alarms
          name     = each.key
          limit    = each.value.limit
        }
        resource "aws_stage" "s" {
          queue = one(aws_queue.q[*].arn)
          dynamic "logs" {
            for_each = var.queue ? ["here"] : []
            content { to = logs.value }
          }
          tags { a = 1 }
          tags { a = 2 }
        }
    "#;
    let without = plan(&[("main.tf", main)], &[]).expect("a plan");
    assert!(!without.resources.contains_key("aws_queue.q"));
    assert_eq!(without.resources["aws_stage.s"], json!({"tags": [{"a": 1}, {"a": 2}], "depends_on": ["aws_queue.q"]}));
    assert_eq!(without.resources[r#"aws_alarm.a["busy"]"#], json!({"name": "busy", "limit": 3, "depends_on": []}));
    let with = plan(&[("main.tf", main)], &[("queue", json!(true))]).expect("a plan");
    assert_eq!(with.resources["aws_queue.q"]["name"], "q");
    assert_eq!(with.resources["aws_stage.s"]["queue"], "${aws_queue.q.arn}");
    assert_eq!(with.resources["aws_stage.s"]["logs"], json!([{"to": "here"}]));
}

#[test]
fn what_cannot_be_read_says_where_and_why() {
    let refused = |main: &str, variables: &[(&str, Value)]| {
        let error = plan(&[("main.tf", main)], variables).expect_err(main);
        error.to_string().lines().next().unwrap_or_default().to_owned()
    };
    assert!(refused("resource {", &[]).starts_with("cannot parse "));
    assert_eq!(refused("", &[("nmae", json!("x"))]), "variable nmae: not declared, or without a value");
    assert_eq!(refused(r#"variable "v" {}"#, &[]), "variable v: not declared, or without a value");
    for (main, place) in [
        (r#"locals { a = local.b }"#, "local.a"),
        (r#"locals { a = uuid() }"#, "local.a"),
        (r#"resource "aws_a" "b" { c = var.d }"#, "aws_a.b.c"),
        (r#"resource "aws_a" "b" { count = 2 }"#, "aws_a.b"),
        (r#"resource "aws_a" "b" { for_each = 2 }"#, "aws_a.b"),
        ("resource \"aws_a\" \"b\" {\n c = 1\n c {}\n}", "aws_a.b"),
        (r#"output "o" { value = aws_a.b.c }"#, "output.o"),
    ] {
        let refusal = refused(main, &[]);
        assert!(refusal.starts_with(&format!("cannot evaluate {place}: ")), "{refusal}");
    }
    let chain = r#"
        locals {
          a = "${local.b}x"
          b = "${local.c}y"
          c = "z"
        }
    "#;
    assert!(plan(&[("main.tf", chain)], &[]).is_ok(), "values may build on each other, in any order");
}

//! The functions of Terraform that the module uses.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use hcl::Value;
use hcl::eval::{Context, FuncArgs, FuncDef, ParamType};
use sha2::{Digest as _, Sha256};

type Answer = Result<Value, String>;

/// Declares them.
pub(crate) fn declare(context: &mut Context<'_>) {
    let text = || ParamType::String;
    let list = || ParamType::array_of(ParamType::Any);
    let object = || ParamType::object_of(ParamType::Any);
    let one = |parameter| FuncDef::builder().param(parameter);
    let many = |parameter| FuncDef::builder().variadic_param(parameter);
    context.declare_func("coalesce", many(ParamType::Any).build(coalesce));
    context.declare_func("concat", many(list()).build(concat));
    context.declare_func("flatten", one(list()).build(flatten));
    context.declare_func("keys", one(object()).build(keys));
    context.declare_func("values", one(object()).build(values));
    context.declare_func("merge", many(object()).build(merge));
    context.declare_func("jsonencode", one(ParamType::Any).build(jsonencode));
    context.declare_func("length", one(ParamType::Any).build(length));
    context.declare_func("one", one(list()).build(only));
    context.declare_func("floor", one(ParamType::Number).build(floor));
    context.declare_func("max", many(ParamType::Number).build(max));
    context.declare_func("startswith", FuncDef::new(starts_with, [text(), text()]));
    context.declare_func("tostring", one(ParamType::Any).build(to_string));
    context.declare_func("toset", one(list()).build(unchanged));
    context.declare_func("sha1", one(text()).build(unchanged));
    context.declare_func("fileexists", one(text()).build(file_exists));
    context.declare_func("filebase64sha256", one(text()).build(file_hash));
    context.declare_func("split", FuncDef::new(split, [text(), text()]));
}

/// The first that is not null.
fn coalesce(arguments: FuncArgs) -> Answer {
    arguments.into_values().into_iter().find(|value| !value.is_null()).ok_or_else(|| "all are null".to_owned())
}

fn concat(arguments: FuncArgs) -> Answer {
    Ok(arguments.into_values().into_iter().flat_map(elements).collect())
}

fn flatten(arguments: FuncArgs) -> Answer {
    fn flat(value: Value) -> Vec<Value> {
        if let Value::Array(elements) = value { elements.into_iter().flat_map(flat).collect() } else { vec![value] }
    }
    Ok(arguments.into_values().into_iter().flat_map(flat).collect())
}

fn keys(arguments: FuncArgs) -> Answer {
    Ok(sorted(&arguments[0]).into_keys().map(Value::from).collect())
}

fn values(arguments: FuncArgs) -> Answer {
    Ok(sorted(&arguments[0]).into_values().collect())
}

/// In the order of the keys, as Terraform has its objects.
fn sorted(object: &Value) -> BTreeMap<String, Value> {
    object.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn merge(arguments: FuncArgs) -> Answer {
    let objects = arguments.into_values().into_iter().filter_map(|value| value.as_object().cloned());
    Ok(Value::Object(objects.flatten().collect()))
}

fn jsonencode(arguments: FuncArgs) -> Answer {
    serde_json::to_string(&arguments[0]).map(Value::String).map_err(|error| error.to_string())
}

fn length(arguments: FuncArgs) -> Answer {
    match &arguments[0] {
        Value::Array(elements) => Ok(elements.len().into()),
        Value::Object(members) => Ok(members.len().into()),
        Value::String(text) => Ok(text.chars().count().into()),
        other => Err(format!("{other} has no length")),
    }
}

/// The only element, or null of none.
fn only(arguments: FuncArgs) -> Answer {
    let mut elements = arguments.into_values().into_iter().flat_map(elements);
    match (elements.next(), elements.next()) {
        (first, None) => Ok(first.unwrap_or_default()),
        _ => Err("there are several".to_owned()),
    }
}

/// Of what is not known yet, `${…|4}` stands for the part 4. An ARN has six.
fn split(arguments: FuncArgs) -> Answer {
    let (separator, whole) = (text(&arguments[0])?, text(&arguments[1])?);
    if let Some(unknown) = whole.strip_prefix("${").and_then(|unknown| unknown.strip_suffix('}')) {
        return Ok((0..6).map(|part| Value::from(format!("${{{unknown}|{part}}}"))).collect());
    }
    Ok(whole.split(separator.as_str()).map(Value::from).collect())
}

fn starts_with(arguments: FuncArgs) -> Answer {
    Ok(text(&arguments[0])?.starts_with(&text(&arguments[1])?).into())
}

fn to_string(arguments: FuncArgs) -> Answer {
    text(&arguments[0]).map(Value::from)
}

fn floor(arguments: FuncArgs) -> Answer {
    let number = arguments[0].as_f64().unwrap_or_default().floor();
    let whole: i64 = format!("{number}").parse().map_err(|_| format!("{number} is too large"))?;
    Ok(whole.into())
}

fn max(arguments: FuncArgs) -> Answer {
    let numbers = arguments.iter().filter_map(Value::as_f64);
    let largest = numbers.zip(arguments.iter()).max_by(|(one, _), (other, _)| one.total_cmp(other));
    largest.map(|(_, value)| value.clone()).ok_or_else(|| "of nothing".to_owned())
}

/// A list serves as a set here; and of a hash all that counts is when it changes.
fn unchanged(arguments: FuncArgs) -> Answer {
    Ok(arguments[0].clone())
}

fn file_exists(arguments: FuncArgs) -> Answer {
    Ok(Path::new(&text(&arguments[0])?).is_file().into())
}

fn file_hash(arguments: FuncArgs) -> Answer {
    let path = text(&arguments[0])?;
    let content = fs::read(&path).map_err(|error| format!("{path}: {error}"))?;
    Ok(BASE64_STANDARD.encode(Sha256::digest(content)).into())
}

fn elements(value: Value) -> Vec<Value> {
    if let Value::Array(elements) = value { elements } else { Vec::new() }
}

fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        other => Err(format!("{other} is no text")),
    }
}

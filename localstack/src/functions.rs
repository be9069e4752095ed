//! The functions of Terraform that the module uses.

use hcl::Value;
use hcl::eval::{Context, FuncArgs, FuncDef, ParamType};

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
    context.declare_func("merge", many(object()).build(merge));
    context.declare_func("jsonencode", one(ParamType::Any).build(jsonencode));
    context.declare_func("length", one(ParamType::Any).build(length));
    context.declare_func("one", one(list()).build(only));
    context.declare_func("join", FuncDef::new(join, [text(), list()]));
    context.declare_func("split", FuncDef::new(split, [text(), text()]));
}

/// The first that is not null.
fn coalesce(arguments: FuncArgs) -> Answer {
    arguments.into_values().into_iter().find(|value| !value.is_null()).ok_or_else(|| "all are null".to_owned())
}

fn concat(arguments: FuncArgs) -> Answer {
    Ok(arguments.into_values().into_iter().flat_map(elements).collect())
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

fn join(arguments: FuncArgs) -> Answer {
    let mut values = arguments.into_values().into_iter();
    let separator = text(&values.next().unwrap_or_default())?;
    let parts: Result<Vec<_>, _> = values.flat_map(elements).map(|element| text(&element)).collect();
    Ok(parts?.join(&separator).into())
}

fn split(arguments: FuncArgs) -> Answer {
    let (separator, whole) = (text(&arguments[0])?, text(&arguments[1])?);
    Ok(whole.split(separator.as_str()).map(Value::from).collect())
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

//! A block of the module, and what it comes to.

use std::collections::BTreeSet;

use hcl::eval::Context;
use hcl::structure::{Block, Body};
use hcl::{Expression, Map, Value};

use crate::module::{ModuleError, attribute, evaluate, label, references};

/// What Terraform itself reads; no argument of a resource.
const META: [&str; 4] = ["count", "depends_on", "for_each", "provider"];

/// A resource that is to be.
pub(crate) struct Instance {
    /// `type.label`, and for one of several `["key"]`.
    pub(crate) address: String,
    pub(crate) arguments: Value,
}

/// How many resources a block may stand for.
pub(crate) enum Many {
    One,
    Count,
    Each,
}

impl Many {
    pub(crate) fn of(block: &Block) -> Self {
        match (attribute(block.body(), "count"), attribute(block.body(), "for_each")) {
            (None, None) => Self::One,
            (Some(_), _) => Self::Count,
            (None, Some(_)) => Self::Each,
        }
    }
}

/// The resources of a block, each with the resources that it names in `depends_on`.
pub(crate) fn instances(block: &Block, context: &Context<'_>, address: &str) -> Result<Vec<Instance>, ModuleError> {
    let body = block.body();
    let text = hcl::format::to_string(body).map_err(|_| beyond(address, "a body that cannot be written"))?;
    let arguments = |context: &Context<'_>| {
        let mut arguments = arguments(body, context, address)?;
        // By name, or through a local value.
        let named = text.clone() + &Value::Object(arguments.clone()).to_string();
        let waits: BTreeSet<_> = references(&named).map(|(address, _)| address).collect();
        arguments.insert("depends_on".to_owned(), waits.into_iter().collect());
        Ok(Value::Object(arguments))
    };
    if let Some(count) = attribute(body, "count") {
        let count = evaluate(count.expr(), context, &format!("{address}.count"))?;
        return match count.as_u64() {
            Some(0) => Ok(Vec::new()),
            Some(1) => Ok(vec![Instance { address: address.to_owned(), arguments: arguments(context)? }]),
            _ => Err(beyond(address, "a count that is not 0 or 1")),
        };
    }
    let Some(for_each) = attribute(body, "for_each") else {
        return Ok(vec![Instance { address: address.to_owned(), arguments: arguments(context)? }]);
    };
    let mut instances = Vec::new();
    for (key, value) in each(for_each.expr(), context, address)? {
        let context = with(context, "each", &key, value);
        let key = key.as_str().unwrap_or_default();
        instances.push(Instance { address: format!("{address}[\"{key}\"]"), arguments: arguments(&context)? });
    }
    Ok(instances)
}

/// Attributes that are not null, and blocks as arrays of objects.
fn arguments(body: &Body, context: &Context<'_>, place: &str) -> Result<Map<String, Value>, ModuleError> {
    let mut arguments = Map::new();
    for attribute in body.attributes().filter(|attribute| !META.contains(&attribute.key())) {
        let value = evaluate(attribute.expr(), context, &format!("{place}.{}", attribute.key()))?;
        if !value.is_null() {
            arguments.insert(attribute.key().to_owned(), value);
        }
    }
    for block in body.blocks().filter(|block| block.identifier() != "lifecycle") {
        let (kind, blocks) = blocks(block, context, place)?;
        if blocks.is_empty() {
            continue;
        }
        match arguments.entry(kind).or_insert_with(|| Value::Array(Vec::new())) {
            Value::Array(found) => found.extend(blocks),
            _ => return Err(beyond(place, "an attribute and a block of one name")),
        }
    }
    Ok(arguments)
}

/// A block in a resource, or what a dynamic one comes to: its type and each one's arguments.
fn blocks(block: &Block, context: &Context<'_>, place: &str) -> Result<(String, Vec<Value>), ModuleError> {
    if block.identifier() != "dynamic" {
        let kind = block.identifier().to_owned();
        let place = format!("{place}.{kind}");
        return Ok((kind, vec![Value::Object(arguments(block.body(), context, &place)?)]));
    }
    let kind = label(block, 0);
    let place = format!("{place}.{kind}");
    let content = block.body().blocks().find(|inner| inner.identifier() == "content");
    let (Some(content), Some(for_each)) = (content, attribute(block.body(), "for_each")) else {
        return Err(beyond(&place, "a dynamic block without for_each and content"));
    };
    let made = each(for_each.expr(), context, &place)?
        .into_iter()
        .map(|(key, value)| arguments(content.body(), &with(context, &kind, &key, value), &place));
    Ok((kind.clone(), made.map(|made| made.map(Value::Object)).collect::<Result<_, _>>()?))
}

/// Keys and values of a for_each.
fn each(for_each: &Expression, context: &Context<'_>, place: &str) -> Result<Vec<(Value, Value)>, ModuleError> {
    match evaluate(for_each, context, &format!("{place}.for_each"))? {
        Value::Array(elements) => Ok(elements.into_iter().map(|element| (element.clone(), element)).collect()),
        Value::Object(members) => Ok(members.into_iter().map(|(key, value)| (Value::from(key), value)).collect()),
        _ => Err(beyond(place, "a for_each that is neither a list nor a map")),
    }
}

/// The context with `name.key` and `name.value`.
fn with<'a>(context: &Context<'a>, name: &str, key: &Value, value: Value) -> Context<'a> {
    let mut context = context.clone();
    let pair = [("key".to_owned(), key.clone()), ("value".to_owned(), value)];
    context.declare_var(name, Value::Object(Map::from_iter(pair)));
    context
}

fn beyond(place: &str, what: &str) -> ModuleError {
    ModuleError::Evaluate { place: place.to_owned(), detail: format!("{what} is beyond what is evaluated here") }
}

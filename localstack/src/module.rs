//! A root module of Terraform, evaluated.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use hcl::eval::{Context, Evaluate};
use hcl::structure::{Attribute, Block, Body};
use hcl::{Expression, Map, Value};
use serde::Serialize;
use serde_json::Value as Json;
use thiserror::Error;

use crate::functions;
use crate::resource::{Instance, Many, instances};

/// So many times values may depend on values before that counts as a circle.
const DEPTH: usize = 10;

/// The files of a module, parsed.
#[derive(Debug)]
pub struct Module {
    directory: PathBuf,
    body: Body,
    /// The attributes of each resource (`type.label`) that something refers to.
    references: BTreeMap<String, BTreeSet<String>>,
}

/// What a module comes to with certain variables.
///
/// An attribute that only the provider knows, such as an ARN, stands as `${type.label.attribute}`.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// By address: attributes, and blocks as arrays of objects. `depends_on` has the resources that one names.
    pub resources: BTreeMap<String, Json>,
    /// By name.
    pub outputs: BTreeMap<String, Json>,
}

/// A plan in the making.
#[derive(Default, PartialEq)]
struct Draft {
    locals: Map<String, Value>,
    resources: BTreeMap<String, Value>,
    outputs: BTreeMap<String, Value>,
}

/// Why a module could not be read.
#[derive(Debug, Error)]
pub enum ModuleError {
    /// A file of it.
    #[error("cannot read {path}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not HCL.
    #[error("cannot parse {path}")]
    Parse {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: Box<hcl::Error>,
    },
    /// An expression of it has no value: it is wrong, or beyond what this crate evaluates.
    #[error("cannot evaluate {place}: {detail}")]
    Evaluate {
        /// Which.
        place: String,
        /// Why.
        detail: String,
    },
    /// A variable that is given is none of the module's, or one that has to be given is not.
    #[error("variable {0}: not declared, or without a value")]
    Variable(String),
}

impl Module {
    /// Reads all `*.tf` files of a directory.
    ///
    /// # Errors
    /// [`ModuleError::Read`] and [`ModuleError::Parse`].
    pub fn read(directory: &Path) -> Result<Self, ModuleError> {
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |source| ModuleError::Read { path, source }
        };
        let mut body = Body::default();
        let mut references: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for entry in fs::read_dir(directory).map_err(unreadable(directory))? {
            let path = entry.map_err(unreadable(directory))?.path();
            if path.extension().is_none_or(|extension| extension != "tf") {
                continue;
            }
            let text = fs::read_to_string(&path).map_err(unreadable(&path))?;
            let file = hcl::parse(&text).map_err(|source| ModuleError::Parse { path, source: Box::new(source) })?;
            body = body.into_iter().chain(file).collect();
            for (address, attribute) in self::references(&text) {
                references.entry(address).or_default().extend(attribute);
            }
        }
        Ok(Self { directory: directory.to_owned(), body, references })
    }

    /// What it comes to with these variables, and the defaults of the others.
    ///
    /// # Errors
    /// [`ModuleError::Variable`] and [`ModuleError::Evaluate`].
    pub fn plan(&self, variables: &BTreeMap<String, Json>) -> Result<Plan, ModuleError> {
        let variables = self.variables(variables)?;
        let mut draft = Draft::default();
        for _ in 0..DEPTH {
            let (next, failure) = self.step(&variables, &draft);
            if next == draft {
                return match failure {
                    Some(failure) => Err(failure),
                    None => Ok(Plan { resources: json(draft.resources)?, outputs: json(draft.outputs)? }),
                };
            }
            draft = next;
        }
        Err(ModuleError::Evaluate { place: "the module".to_owned(), detail: "its values refer in a circle".to_owned() })
    }

    fn variables(&self, given: &BTreeMap<String, Json>) -> Result<Map<String, Value>, ModuleError> {
        let mut variables = Map::new();
        for block in self.blocks("variable") {
            let name = label(block, 0);
            let default = attribute(block.body(), "default");
            let value = match (given.get(&name), default) {
                (Some(value), _) => serde_json::from_value(value.clone()).map_err(|error| ModuleError::Evaluate {
                    place: format!("var.{name}"),
                    detail: error.to_string(),
                })?,
                (None, Some(default)) => evaluate(default.expr(), &Context::new(), &format!("var.{name}"))?,
                (None, None) => return Err(ModuleError::Variable(name)),
            };
            variables.insert(name, value);
        }
        match given.keys().find(|name| !variables.contains_key(*name)) {
            Some(unknown) => Err(ModuleError::Variable(unknown.clone())),
            None => Ok(variables),
        }
    }

    /// Evaluates everything once more, with what is known so far; also the first thing that has no value.
    fn step(&self, variables: &Map<String, Value>, draft: &Draft) -> (Draft, Option<ModuleError>) {
        let mut context = Context::new();
        functions::declare(&mut context);
        context.declare_var("var", Value::Object(variables.clone()));
        context.declare_var("local", Value::Object(draft.locals.clone()));
        let directory = self.directory.display().to_string();
        context.declare_var("path", Value::Object(Map::from_iter([("module".to_owned(), directory.into())])));
        for (kind, resources) in self.known(draft) {
            context.declare_var(kind, Value::Object(resources));
        }

        let mut failures = Vec::new();
        let mut next = Draft::default();
        for local in self.blocks("locals").flat_map(|block| block.body().attributes()) {
            match evaluate(local.expr(), &context, &format!("local.{}", local.key())) {
                Ok(value) => drop(next.locals.insert(local.key().to_owned(), value)),
                Err(failure) => failures.push(failure),
            }
        }
        for output in self.blocks("output") {
            let name = label(output, 0);
            let Some(value) = attribute(output.body(), "value") else { continue };
            match evaluate(value.expr(), &context, &format!("output.{name}")) {
                Ok(value) => drop(next.outputs.insert(name, value)),
                Err(failure) => failures.push(failure),
            }
        }
        for block in self.blocks("resource") {
            match instances(block, &context, &address(block)) {
                Ok(instances) => next
                    .resources
                    .extend(instances.into_iter().map(|Instance { address, arguments }| (address, arguments))),
                Err(failure) => failures.push(failure),
            }
        }
        (next, failures.into_iter().next())
    }

    /// What expressions may ask of resources, by type: what the plan has, or a placeholder.
    fn known(&self, draft: &Draft) -> BTreeMap<String, Map<String, Value>> {
        let mut known: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
        for block in self.blocks("resource") {
            let address = address(block);
            let referred = self.references.get(&address);
            // What the plan has comes last, and replaces a placeholder.
            let attributes = |address: &str| {
                let placeholder =
                    |attribute: &String| (attribute.clone(), format!("${{{address}.{attribute}}}").into());
                let planned = draft.resources.get(address).and_then(Value::as_object).cloned().unwrap_or_default();
                Value::Object(referred.into_iter().flatten().map(placeholder).chain(planned).collect())
            };
            let value = match Many::of(block) {
                Many::One => attributes(&address),
                Many::Count => draft.resources.get(&address).map(|_| attributes(&address)).into_iter().collect(),
                Many::Each => {
                    let keyed = |found: &String| {
                        let key = found.strip_prefix(&address)?.strip_prefix("[\"")?.strip_suffix("\"]")?;
                        Some((key.to_owned(), attributes(found)))
                    };
                    Value::Object(draft.resources.keys().filter_map(keyed).collect())
                }
            };
            known.entry(label(block, 0)).or_default().insert(label(block, 1), value);
        }
        known
    }

    fn blocks(&self, kind: &'static str) -> impl Iterator<Item = &Block> {
        self.body.blocks().filter(move |block| block.identifier() == kind)
    }
}

fn json(values: BTreeMap<String, Value>) -> Result<BTreeMap<String, Json>, ModuleError> {
    let json = |(place, value)| match serde_json::to_value(value) {
        Ok(value) => Ok((place, value)),
        Err(error) => Err(ModuleError::Evaluate { place, detail: error.to_string() }),
    };
    values.into_iter().map(json).collect()
}

pub(crate) fn attribute<'a>(body: &'a Body, key: &str) -> Option<&'a Attribute> {
    body.attributes().find(|attribute| attribute.key() == key)
}

pub(crate) fn evaluate(expression: &Expression, context: &Context<'_>, place: &str) -> Result<Value, ModuleError> {
    let failed = |error: hcl::eval::Error| ModuleError::Evaluate { place: place.to_owned(), detail: error.to_string() };
    expression.evaluate(context).map_err(failed)
}

pub(crate) fn label(block: &Block, index: usize) -> String {
    block.labels().get(index).map_or_else(String::new, |label| label.as_str().to_owned())
}

fn address(block: &Block) -> String {
    format!("{}.{}", label(block, 0), label(block, 1))
}

/// Where a text says `aws_type.label`, and the attribute behind it.
pub(crate) fn references(text: &str) -> impl Iterator<Item = (String, Option<String>)> {
    let of_reference = |c: char| c.is_ascii_alphanumeric() || "_.[]*".contains(c);
    let words = text.split(move |c| !of_reference(c)).map(|word| word.trim_start_matches('['));
    words.filter(|word| word.starts_with("aws_")).filter_map(|word| {
        let mut parts = word.split('.').map(|part| part.split(['[', ']']).next().unwrap_or_default());
        let (kind, label) = (parts.next()?, parts.next()?);
        Some((format!("{kind}.{label}"), parts.next().map(str::to_owned)))
    })
}

//! OpenSLO v1: its documents as definitions, and definitions as its documents.
//!
//! `read` takes documents apart (`metadata`, `annotation`, `sli`, `slo`, `alert`) and makes of each the body that the API
//! itself takes (`body`), so that no rule is written twice: what `Resource::read` finds wrong there is told where it stands
//! in the document. `apply` compares with what is stored and writes. `export` goes the other way, and `emit` writes the
//! documents as YAML.

mod alert;
mod annotation;
pub(crate) mod apply;
mod body;
pub(crate) mod emit;
pub(crate) mod export;
mod metadata;
pub(crate) mod read;
mod sli;
mod slo;

/// The version of OpenSLO that is spoken here.
const VERSION: &str = "openslo/v1";

/// The kinds of documents that are taken.
const SERVICE: &str = "Service";
const SLI: &str = "SLI";
const SLO: &str = "SLO";
const POLICY: &str = "AlertPolicy";
const CONDITION: &str = "AlertCondition";

/// The most definitions of one request: each is read and written by itself, while the sender waits.
pub(crate) const MAX_DEFINITIONS: usize = 500;

/// The code of what OpenSLO can say and is not kept here.
const NOT_KEPT: &str = "notKept";

//! `metadata` of a document: its name, and what is free text.

use slo_core::{Fault, Json, Name};

use super::annotation::Annotations;
use super::body::{Body, Given, below, given, refuse};
use super::{CONDITION, NOT_KEPT, POLICY};
use crate::edge::fields::{At, Faults, Fields, text};

/// What every kind has.
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    pub(crate) name: Option<Name>,
    pub(crate) display_name: Option<Given>,
    pub(crate) labels: Option<Given>,
    pub(crate) annotations: Annotations,
    /// Where it stands.
    pub(crate) pointer: String,
}

impl Metadata {
    /// Reads that of a kind; the name must be there.
    pub(crate) fn read(kind: &str) -> impl Fn(At<'_>, &mut Faults) -> Option<Self> {
        move |at, faults| {
            let mut fields = Fields::open(at, faults)?;
            let name = fields.required("name", faults, text::<Name>);
            let (display_name, labels) = free_text(kind, &mut fields, faults);
            let annotations = fields.optional("annotations", faults, Annotations::read).flatten();
            fields.close(faults);
            let annotations = annotations.unwrap_or_else(|| Annotations::none(below(at.pointer, "annotations")));
            Some(Self { name, display_name, labels, annotations, pointer: at.pointer.to_owned() })
        }
    }

    /// Gives the body the name, the display name and the labels.
    pub(crate) fn tell(&mut self, body: &mut Body) {
        // What is wrong with a name was said where it stands.
        let name = self.name.as_ref().map_or("x", Name::as_str);
        body.make("name", Json::String(name.to_owned()), below(&self.pointer, "name"));
        body.take("displayName", self.display_name.take());
        body.take("labels", self.labels.take());
    }
}

/// The display name and the labels; what is part of an SLO here has nothing but annotations to keep.
fn free_text(kind: &str, fields: &mut Fields<'_>, faults: &mut Faults) -> (Option<Given>, Option<Given>) {
    let what = match kind {
        POLICY => "an alert policy",
        CONDITION => "an alert condition",
        _ => {
            let display_name = fields.optional("displayName", faults, given).flatten();
            return (display_name, fields.optional("labels", faults, labels).flatten());
        }
    };
    let why = |member| format!("{what} is kept with its SLO and has no {member} of its own here; remove it");
    refuse(fields, faults, &[("displayName", &why("display name")), ("labels", &why("labels"))]);
    (None, None)
}

/// Labels, a list of one string being that string.
fn labels(at: At<'_>, faults: &mut Faults) -> Option<Given> {
    let Json::Object(members) = at.json else { return given(at, faults) };
    let mut plain = Vec::new();
    for (key, value) in members {
        let value = match value {
            Json::Array(items) => match items.as_slice() {
                [only @ Json::String(_)] => only.clone(),
                _ => {
                    let detail = "a label has one value here: write one string, or a label for each";
                    faults.push(Fault::new(at.child(key), NOT_KEPT, detail));
                    continue;
                }
            },
            value => value.clone(),
        };
        plain.push((key.clone(), value));
    }
    Some(Given { json: Json::Object(plain), pointer: at.pointer.to_owned() })
}

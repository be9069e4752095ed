//! `metadata` of a document: its name, and what is free text.

use slo_core::{Fault, Json, Name};

use super::NOT_KEPT;
use super::annotation::Annotations;
use super::body::{Body, Given, below, given};
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
    /// Reads it; the name must be there.
    pub(crate) fn read(at: At<'_>, faults: &mut Faults) -> Option<Self> {
        let mut fields = Fields::open(at, faults)?;
        let name = fields.required("name", faults, text::<Name>);
        let display_name = fields.optional("displayName", faults, given).flatten();
        let labels = fields.optional("labels", faults, labels).flatten();
        let annotations = fields.optional("annotations", faults, Annotations::read).flatten();
        fields.close(faults);
        let annotations = annotations.unwrap_or_else(|| Annotations::none(below(at.pointer, "annotations")));
        Some(Self { name, display_name, labels, annotations, pointer: at.pointer.to_owned() })
    }

    /// Gives the body the name, the display name and the labels.
    pub(crate) fn tell(&mut self, body: &mut Body) {
        // What is wrong with a name was said where it stands.
        let name = self.name.as_ref().map_or("x", Name::as_str);
        body.make("name", Json::String(name.to_owned()), below(&self.pointer, "name"));
        body.take("displayName", self.display_name.take());
        body.take("labels", self.labels.take());
    }

    /// For what is part of an SLO here: it has nothing but annotations to keep.
    pub(crate) fn only_annotations(mut self, what: &str, faults: &mut Faults) -> Annotations {
        for (given, member) in [(self.display_name.take(), "display name"), (self.labels.take(), "labels")] {
            if let Some(given) = given {
                let detail = format!("{what} is kept with its SLO and has no {member} of its own here; remove it");
                faults.push(given.fault(NOT_KEPT, detail));
            }
        }
        self.annotations
    }
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

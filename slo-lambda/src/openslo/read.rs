//! Documents as bodies of ours.

mod resolve;

use std::collections::{BTreeMap, BTreeSet};

use slo_core::{Fault, Json, Name};

use super::alert::{Condition, Placed, Policy, condition, policy};
use super::body::{Body, Given, given};
use super::metadata::Metadata;
use super::sli::{Sli, sli};
use super::slo::{Slo, slo};
use super::{CONDITION, MAX_DEFINITIONS, NOT_KEPT, POLICY, SERVICE, SLI, SLO, VERSION};
use crate::edge::fields::{At, Faults, Fields, repeated, text};
use crate::located::Located;

pub(crate) use resolve::Bodies;

/// What the documents of a request say, each by itself.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    services: Vec<Body>,
    slis: Vec<Sli>,
    slos: Vec<Slo>,
    /// `None` for those at fault: they are there, so nobody is told that they are missing.
    policies: BTreeMap<Name, (String, Option<Policy>)>,
    conditions: BTreeMap<Name, (String, Option<Condition>)>,
    /// Of all, those at fault included.
    names: BTreeSet<(&'static str, Name)>,
    /// What stands in documents at fault and may be the name of something that they use.
    perhaps_used: BTreeSet<Name>,
    pub(crate) faults: Faults,
}

impl Documents {
    /// Reads all; each pointer begins with the number of the document, from 0.
    pub(crate) fn read(documents: &[Located]) -> Self {
        let mut all = Self::default();
        for (i, document) in documents.iter().enumerate() {
            let faults = all.faults.len();
            all.document(At { json: &document.json, pointer: &format!("/{i}") });
            if all.faults.len() > faults && uses_others(&document.json) {
                words(&document.json, &mut all.perhaps_used);
            }
        }
        if documents.is_empty() {
            all.faults.push(Fault::new("", "required", "there is no document in it; write at least one"));
        }
        if all.is_too_much() {
            let why = format!(
                "these are {} services, SLIs and SLOs; one request takes {MAX_DEFINITIONS}: send them in parts, SLIs before the SLOs that use them",
                all.count()
            );
            all.faults.push(Fault::new("", "tooMany", why));
        }
        all
    }

    fn count(&self) -> usize {
        self.services.len() + self.slis.len() + self.slos.len()
    }

    /// Whether it is more than one request takes: then nothing is looked up.
    pub(crate) fn is_too_much(&self) -> bool {
        self.count() > MAX_DEFINITIONS
    }

    /// The names of the indicators that are described or used.
    pub(crate) fn indicators(&self) -> BTreeSet<Name> {
        let described = self.slis.iter().filter_map(|sli| sli.body.get("name")?.text()?.parse().ok());
        described.chain(self.slos.iter().filter_map(|slo| slo.indicator.clone())).collect()
    }

    fn document(&mut self, at: At<'_>) {
        let faults = &mut self.faults;
        repeated(at, faults);
        let Some(mut fields) = Fields::open(at, faults) else { return };
        let version = fields.required("apiVersion", faults, text::<String>);
        if version.as_ref().is_some_and(|version| version != VERSION) {
            let why = format!("documents of {VERSION} are taken here, and no other version: rewrite this one");
            faults.push(Fault::new(at.child("apiVersion"), "invalid", why));
        }
        let kind = fields.required("kind", faults, kind);
        // Otherwise it is not known what its members mean.
        let Some(kind) = kind.filter(|_| version.is_some_and(|version| version == VERSION)) else { return };
        let metadata = fields.required("metadata", faults, Metadata::read(kind));
        let spec = if kind == SERVICE {
            // It has nothing that must be said.
            let empty = || Given { json: Json::Object(Vec::new()), pointer: at.child("spec") };
            fields.optional("spec", faults, given).map(|spec| spec.unwrap_or_else(empty))
        } else {
            fields.required("spec", faults, given)
        };
        fields.close(faults);
        let name = metadata.as_ref().and_then(|metadata| metadata.name.clone());
        if let Some(name) = &name {
            self.named(kind, name, &format!("{}/metadata/name", at.pointer));
        }
        let (faults, place) = (&mut self.faults, at.pointer.to_owned());
        let spec = spec.as_ref().map(Given::at);
        match kind {
            SERVICE => self.services.extend(spec.and_then(|spec| service(metadata, spec, faults))),
            SLI => self.slis.extend(spec.and_then(|spec| sli(metadata, spec, faults))),
            SLO => {
                let Some(mut slo) = spec.and_then(|spec| slo(metadata, spec, faults)) else { return };
                if let Some(name) = slo.indicator.as_ref().filter(|_| at.json.at(&["spec", "indicator"]).is_some()) {
                    self.named(SLI, name, &format!("{place}/spec/indicator/metadata/name"));
                }
                self.slis.extend(slo.inline.take());
                self.slos.push(slo);
            }
            POLICY => {
                let policy = spec.and_then(|spec| policy(metadata, spec, faults));
                self.policies.extend(name.map(|name| (name, (place, policy))));
            }
            _ => {
                let condition = spec.and_then(|spec| condition(metadata, spec, faults));
                self.conditions.extend(name.map(|name| (name, (place, condition))));
            }
        }
    }

    /// Remembers a name, which only one document of a kind can have.
    fn named(&mut self, kind: &'static str, name: &Name, place: &str) {
        if !self.names.insert((kind, name.clone())) {
            let why = format!("another {kind} of this request is called {name}; keep one of the two");
            self.faults.push(Fault::new(place, "repeated", why));
        }
    }
}

/// Whether the document is none of those that use nothing.
fn uses_others(document: &Json) -> bool {
    !matches!(document.get("kind").and_then(Json::text), Some(SERVICE | SLI | CONDITION))
}

/// All that could be a name, but for what the document says of itself.
fn words(json: &Json, found: &mut BTreeSet<Name>) {
    found.extend(json.text().and_then(|text| text.parse().ok()));
    match json {
        Json::Array(items) => items.iter().for_each(|item| words(item, found)),
        Json::Object(members) => {
            let others = members.iter().filter(|(name, _)| name != "metadata");
            others.for_each(|(_, json)| words(json, found));
        }
        _ => {}
    }
}

fn kind(at: At<'_>, faults: &mut Faults) -> Option<&'static str> {
    let kinds = [SERVICE, SLI, SLO, POLICY, CONDITION];
    let said = at.json.text().unwrap_or_default();
    let known = kinds.into_iter().find(|kind| *kind == said);
    if known.is_none() {
        let (code, why) = match said {
            "DataSource" => (NOT_KEPT, "data sources are not kept here: write type and spec into each metricSource"),
            "AlertNotificationTarget" => {
                (NOT_KEPT, "who is told of alerts is set where the service runs: remove the document")
            }
            _ => ("invalid", "write one of Service, SLI, SLO, AlertPolicy, AlertCondition"),
        };
        faults.push(Fault::new(at.pointer, code, why));
    }
    known
}

fn service(metadata: Option<Metadata>, spec: At<'_>, faults: &mut Faults) -> Option<Body> {
    let mut body = Body::default();
    let mut metadata = metadata.unwrap_or_default();
    metadata.tell(&mut body);
    metadata.annotations.close(faults);
    let mut fields = Fields::open(spec, faults)?;
    body.take("description", fields.optional("description", faults, given).flatten());
    fields.close(faults);
    Some(body)
}

/// Where a policy or a condition leads.
fn follow<T: Clone>(
    placed: Placed<T>,
    known: &BTreeMap<Name, (String, Option<T>)>,
    used: &mut BTreeSet<Name>,
    kind: &str,
    faults: &mut Faults,
) -> Option<T> {
    match placed {
        Placed::Inline(value) => Some(value),
        Placed::Named(name, place) => {
            used.insert(name.clone());
            let found = known.get(&name);
            if found.is_none() {
                let why = format!(
                    "there is no {kind} {name} in this request; those are kept with the SLOs that name them: send it along"
                );
                faults.push(Fault::new(place, "unknown", why));
            }
            found.and_then(|(_, value)| value.clone())
        }
    }
}

/// A name as a value.
fn word(text: impl ToString) -> Json {
    Json::String(text.to_string())
}

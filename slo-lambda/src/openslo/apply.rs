//! Brings definitions to what documents say: everything is judged first, then what differs is written.

use std::collections::BTreeMap;

use serde::Serialize;
use slo_core::{
    Error, Fault, Indicator, Json, Kind, MAX_JSON_DEPTH, Name, Objective, Precondition, Reference, Revision,
    ServiceProfile, Stamp, Versioned,
};

use super::alert::disagreements;
use super::body::Body;
use super::export::shown;
use super::read::{Bodies, Documents};
use crate::App;
use crate::difference::{Change, difference};
use crate::edge::fields::Faults;
use crate::edge::links::Links;
use crate::edge::problem::{MAX_FAULTS, Problem};
use crate::located::Located;
use crate::resource::definition::{Judged, Resource, judge};

/// What was done about one definition.
#[derive(Debug, Serialize)]
pub(crate) struct Outcome {
    pub(crate) kind: &'static str,
    pub(crate) name: Name,
    pub(crate) action: Action,
    pub(crate) changes: Vec<Change>,
    /// The service's advice, as in the answer to a PUT.
    pub(crate) notes: Json,
}

/// What was done, or in a dry run would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Action {
    Created,
    Updated,
    Unchanged,
}

/// A definition that keeps all rules, and what is stored under its name.
struct Part<D: Resource> {
    body: Body,
    value: D,
    current: Option<Versioned<D>>,
}

/// What is written, and for whom.
struct Writer<'a> {
    app: &'a App,
    stamp: Stamp,
    dry_run: bool,
    documents: &'a [Located],
    done: Vec<Outcome>,
}

/// Applies the documents, or says in a dry run what would change.
pub(crate) async fn apply(
    app: &App,
    stamp: Stamp,
    documents: &[Located],
    dry_run: bool,
) -> Result<Vec<Outcome>, Problem> {
    let read = Documents::read(documents);
    if read.is_too_much() {
        return Err(refused(read.faults, documents));
    }
    let mut indicators = BTreeMap::new();
    for name in read.indicators() {
        if let Some(stored) = app.service.indicators.get(&name).await.map_err(Error::from)? {
            indicators.insert(name, stored);
        }
    }
    let Bodies { indicators: slis, objectives: slos, services, described, mut faults } = read.resolve(&indicators);
    let mut references = Vec::new();
    let mut found_services = Vec::new();
    for body in services {
        if let Some(value) = definition::<ServiceProfile>(&body, &mut faults, &mut references) {
            let current = app.service.services.get(&value.name).await.map_err(Error::from)?;
            found_services.push(Part { body, value, current });
        }
    }
    let mut found_slis = Vec::new();
    for body in slis {
        if let Some(value) = definition::<Indicator>(&body, &mut faults, &mut references) {
            found_slis.push(Part { current: indicators.get(&value.name).cloned(), body, value });
        }
    }
    let mut found_slos = Vec::new();
    for slo in slos {
        if let Some(value) = definition::<Objective>(&slo.body, &mut faults, &mut references) {
            disagreements(&slo.conditions, &value, &mut faults);
            let current = app.service.objectives.get(&value.name).await.map_err(Error::from)?;
            found_slos.push(Part { body: slo.body, value, current });
        }
    }
    // What this request describes will be there.
    references.retain(|reference| reference.kind != Kind::Indicator || !described.contains(&reference.name));
    faults.extend(missing(app, references).await?);
    if !faults.is_empty() {
        return Err(refused(faults, documents));
    }
    let mut writer = Writer { app, stamp, dry_run, documents, done: Vec::new() };
    for part in found_services {
        writer.write(part).await?;
    }
    for part in found_slis {
        writer.write(part).await?;
    }
    for part in found_slos {
        writer.write(part).await?;
    }
    Ok(writer.done)
}

/// A fault for each reference that leads nowhere; each name is looked up once.
async fn missing(app: &App, mut references: Vec<Reference>) -> Result<Faults, Problem> {
    references.sort_by(|one, other| one.name.cmp(&other.name));
    let mut faults = Faults::new();
    for same in references.chunk_by(|one, other| (one.kind, &one.name) == (other.kind, &other.name)) {
        if !app.service.missing(&same[..1]).await?.is_empty() {
            faults.extend(same.iter().map(Reference::fault));
        }
    }
    Ok(faults)
}

/// Every fault with its line, in the order of the documents.
fn refused(mut faults: Faults, documents: &[Located]) -> Problem {
    let place = |pointer: &str| {
        let (number, rest) = pointer.strip_prefix('/')?.split_once('/').unwrap_or((pointer.strip_prefix('/')?, ""));
        let number: usize = number.parse().ok()?;
        Some((number, documents.get(number)?.line(&format!("/{rest}"))))
    };
    // A line is found by looking through its document: not for what is not told.
    faults.sort_by_cached_key(|fault| fault.pointer.split('/').nth(1).and_then(|number| number.parse::<usize>().ok()));
    let told = faults.len().min(MAX_FAULTS);
    faults[..told].sort_by_cached_key(|fault| place(&fault.pointer));
    faults.dedup();
    Problem::invalid_documents(faults, |pointer| place(pointer).map(|(_, line)| line))
}

/// Reads a body as a PUT of it would be read.
fn definition<D: Resource>(body: &Body, faults: &mut Faults, references: &mut Vec<Reference>) -> Option<D> {
    let json = body.json();
    if json.depth() > MAX_JSON_DEPTH {
        let why = format!("a definition is nested at most {MAX_JSON_DEPTH} levels deep; keep the query where it runs");
        faults.push(body.told(Fault::new("/kind", "tooDeep", why)));
        return None;
    }
    let judged: Judged<D> = judge(&json, None);
    faults.extend(judged.faults.into_iter().map(|fault| body.told(fault)));
    let told = |reference: Reference| Reference { pointer: body.place(&reference.pointer), ..reference };
    references.extend(judged.references.into_iter().map(told));
    judged.definition
}

impl Writer<'_> {
    /// Writes what differs from what is stored, in the revision that it was compared with.
    async fn write<D: Resource>(&mut self, part: Part<D>) -> Result<(), Problem> {
        let Part { body, value, current } = part;
        let name = value.name().clone();
        let wanted = shown(&Versioned::first(value.clone(), Revision::FIRST, self.stamp.clone()))?;
        let stored = match &current {
            Some(current) => shown(current)?,
            None => Json::Object(Vec::new()),
        };
        let changes = difference(&stored, &wanted);
        let action = match current {
            None => Action::Created,
            Some(_) if changes.is_empty() => Action::Unchanged,
            Some(_) => Action::Updated,
        };
        let precondition = current.map_or(Precondition::Absent, |current| Precondition::Revision(current.revision));
        let notes = match (self.dry_run, action) {
            (false, Action::Unchanged) => None,
            (false, _) => {
                let written = self.app.service.put(value, Some(precondition), self.stamp.clone()).await;
                let (stored, _) = written.map_err(|error| self.stopped(&name, &body, error))?;
                shown(&stored)?.get("notes").cloned()
            }
            (true, _) => self.advice(value, precondition, &wanted).await?,
        };
        let notes = notes.unwrap_or_else(|| Json::Array(Vec::new()));
        self.done.push(Outcome { kind: D::KIND.name(), name, action, changes, notes });
        Ok(())
    }

    /// What the service would say of it. What it needs may only be made with it: then what can be said without counts.
    async fn advice<D: Resource>(
        &self,
        value: D,
        precondition: Precondition,
        wanted: &Json,
    ) -> Result<Option<Json>, Problem> {
        match self.app.service.try_put(value, Some(precondition), self.stamp.clone()).await {
            Ok((stored, _)) => {
                let dto = D::advised(self.app, &stored, D::show(&stored, Links::default())).await?;
                let text = serde_json::to_vec(&dto).map_err(|_| Problem::internal())?;
                Ok(Json::parse(&text).map_err(|_| Problem::internal())?.get("notes").cloned())
            }
            Err(Error::Invalid { .. }) => Ok(wanted.get("notes").cloned()),
            Err(error) => Err(error.into()),
        }
    }

    /// The problem of one that could not be written, with what was written before it.
    fn stopped(&self, name: &Name, body: &Body, error: Error) -> Problem {
        let problem = match error {
            Error::Invalid { faults } => {
                refused(faults.into_iter().map(|fault| body.told(fault)).collect(), self.documents)
            }
            error => error.into(),
        };
        let written = self.done.iter().filter(|outcome| outcome.action != Action::Unchanged).count();
        let said = format!(
            "{written} definitions were written before {name}, which could not be (items says which); sending the same request again is safe"
        );
        problem.after(&said).with("items", &self.done)
    }
}

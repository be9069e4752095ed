//! What is asked for by its kind, without HTTP: directly, by a schedule, or by a message of a queue.

use std::error::Error;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use slo_core::{AlertRound, Fault, Indicator, Json, Name, Notifier, Objective, Shorthand, Stamp, Target, WhatIf};

use super::Function;
use super::failure::{Failure, Reason};
use super::topic::Telling;
use crate::edge::fields::{At, Faults, Fields, boolean, decimal, integer, repeated, text, time};
use crate::edge::links::Links;
use crate::edge::random::random;
use crate::resource::{error_budget, measurement, token};

/// How many days a reconciliation looks after when nothing is said: today and those to which late data come.
const DAYS: u16 = 3;
/// The most that it may be told to.
const MAX_DAYS: u64 = 1_200;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    ErrorBudget,
    Submission,
    Measurements,
    AdminToken,
    Reconciliation,
    AlertEvaluation,
}

impl Kind {
    const ALL: [Self; 6] = [
        Self::ErrorBudget,
        Self::Submission,
        Self::Measurements,
        Self::AdminToken,
        Self::Reconciliation,
        Self::AlertEvaluation,
    ];

    /// Its name on the wire.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::ErrorBudget => "errorBudgetRequested",
            Self::Submission => "measurementsSubmitted",
            Self::Measurements => "measurementsRequested",
            Self::AdminToken => "adminTokenRequested",
            Self::Reconciliation => "reconciliationRequested",
            Self::AlertEvaluation => "alertEvaluationRequested",
        }
    }
}

/// An answer under its kind.
#[derive(Serialize)]
struct Provided<T> {
    kind: &'static str,
    #[serde(flatten)]
    answer: T,
}

fn provided(kind: &'static str, answer: impl Serialize) -> Result<Box<RawValue>, Failure> {
    written_out(&Provided { kind, answer })
}

/// An answer as JSON.
pub(super) fn written_out(answer: &impl Serialize) -> Result<Box<RawValue>, Failure> {
    serde_json::value::to_raw_value(answer).map_err(|error| {
        tracing::error!(error = &error as &dyn Error, "an answer could not be written");
        Failure::internal()
    })
}

/// A request by its kind, its members still to be read.
pub(super) struct Request {
    pub(super) kind: Kind,
    json: Json,
}

impl Request {
    /// Reads the kind.
    pub(super) fn read(text: &str) -> Result<Self, Failure> {
        let json =
            Json::parse(text.as_bytes()).map_err(|error| Failure::new(Reason::MalformedEvent, error.to_string()))?;
        let kind = json.get("kind").and_then(Json::text).unwrap_or_default();
        let Some(kind) = Kind::ALL.into_iter().find(|known| known.name() == kind) else {
            let known = Kind::ALL.map(Kind::name).join(", ");
            let shown: String = kind.chars().take(80).collect();
            return Err(Failure::new(Reason::UnknownEvent, format!("there is no kind {shown:?}; there are {known}")));
        };
        Ok(Self { kind, json })
    }

    /// Measurements as a message of a queue has them, with or without their kind.
    pub(super) fn submission(text: &str) -> Result<Self, Failure> {
        let json =
            Json::parse(text.as_bytes()).map_err(|error| Failure::new(Reason::MalformedEvent, error.to_string()))?;
        if json.get("kind").is_some_and(|kind| kind.text() != Some(Kind::Submission.name())) {
            let what = format!("a message of a queue has the kind {}, or none", Kind::Submission.name());
            return Err(Failure::new(Reason::UnknownEvent, what));
        }
        Ok(Self { kind: Kind::Submission, json })
    }

    /// Reads all members, or says all that is wrong with them.
    fn decode<T>(&self, read: impl FnOnce(&mut Fields<'_>, &mut Faults) -> Option<T>) -> Result<T, Failure> {
        let (mut faults, at) = (Faults::new(), At { json: &self.json, pointer: "" });
        repeated(at, &mut faults);
        let value = Fields::open(at, &mut faults).and_then(|mut fields| {
            fields.ignore(&["kind"]);
            let value = read(&mut fields, &mut faults);
            fields.close(&mut faults);
            value
        });
        value.filter(|_| faults.is_empty()).ok_or_else(|| Failure::invalid(&faults))
    }

    /// Does it.
    pub(super) async fn answer(&self, function: &Function, left: Duration) -> Result<Box<RawValue>, Failure> {
        match self.kind {
            Kind::ErrorBudget => self.error_budget(function).await,
            Kind::Submission => self.submit(function).await.map(|(_, answer)| answer),
            Kind::Measurements => self.measurements(function).await,
            Kind::AdminToken => self.admin_token(function).await,
            Kind::Reconciliation => self.reconcile(function).await,
            Kind::AlertEvaluation => self.evaluate_alerts(function, left).await,
        }
    }

    async fn error_budget(&self, function: &Function) -> Result<Box<RawValue>, Failure> {
        let (name, at, what_if) = self.decode(|fields, faults| {
            let name = fields.required("objective", faults, text::<Name>);
            let at = fields.optional("at", faults, time);
            let target = fields.optional("target", faults, decimal::<Target>);
            let exclusions = fields.optional("exclusions", faults, boolean);
            let without_exclusions = !exclusions?.unwrap_or(true);
            Some((name?, at?, WhatIf { target: target?, without_exclusions }))
        })?;
        let (service, now) = (&function.app.service, (function.app.clock)());
        let objective = service.get::<Objective>(&name).await?;
        let report = service.error_budget(&objective, at.unwrap_or(now), what_if, now).await?;
        provided("errorBudgetProvided", error_budget::show(&objective, &report, Links::default()))
    }

    /// Stores measurements; also how many conflict with what is stored.
    pub(super) async fn submit(&self, function: &Function) -> Result<(usize, Box<RawValue>), Failure> {
        // The indicator says how the rest is read.
        let name = self.json.get("indicator").and_then(Json::text).and_then(|name| name.parse::<Name>().ok());
        let Some(name) = name else {
            let fault = Fault::new("/indicator", "required", "write the name of an indicator");
            return Err(Failure::invalid(&[fault]));
        };
        let (service, now) = (&function.app.service, (function.app.clock)());
        let indicator = service.get::<Indicator>(&name).await?;
        let (source, batch) = self.decode(|fields, faults| {
            fields.ignore(&["indicator"]);
            measurement::batch(fields, &indicator.value, now, faults)
        })?;
        let receipt = service.record(&indicator, &source, &batch, now).await?;
        let conflicts = receipt.conflicts.len();
        let kind = if conflicts == 0 { "measurementsRecorded" } else { "measurementsConflicted" };
        Ok((conflicts, provided(kind, measurement::show(receipt, Links::default()))?))
    }

    /// Makes a token of an admin: the first way in. Whoever may invoke the function already has power over it, so IAM
    /// decides who gets here.
    async fn admin_token(&self, function: &Function) -> Result<Box<RawValue>, Failure> {
        let (user, request) = self.decode(|fields, faults| {
            let user = fields.optional("user", faults, text::<Name>);
            let request = token::read(fields, faults);
            Some((user?, request?))
        })?;
        let user = user.unwrap_or_else(|| "admin".parse().expect("a name"));
        let stamp = Stamp { at: (function.app.clock)(), by: None };
        let (made, text) = function.app.service.create_admin_token(&user, request, random(), stamp).await?;
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Made<'a> {
            user: &'a Name,
            id: &'a Name,
            /// Nowhere else.
            token: &'a str,
            expires_at: Option<Timestamp>,
        }
        let made = Made { user: &user, id: &made.id, token: text.reveal(), expires_at: made.expires_at };
        provided("adminTokenProvided", made)
    }

    async fn measurements(&self, function: &Function) -> Result<Box<RawValue>, Failure> {
        let (name, from, to, step) = self.decode(|fields, faults| {
            let name = fields.required("indicator", faults, text::<Name>);
            let (from, to) = (fields.optional("from", faults, time), fields.optional("to", faults, time));
            let step = fields.optional("step", faults, text::<Shorthand>);
            Some((name?, from?, to?, step?))
        })?;
        let steps = measurement::look(&function.app, &name, (from, to), step, Links::default()).await?;
        provided("measurementsProvided", steps)
    }

    async fn reconcile(&self, function: &Function) -> Result<Box<RawValue>, Failure> {
        let days = self.decode(|fields, faults| fields.optional("days", faults, integer(MAX_DAYS)))?;
        let days = days.and_then(|days| u16::try_from(days).ok()).unwrap_or(DAYS);
        let all = function.app.service.reconcile(days, (function.app.clock)()).await?;
        for (indicator, error) in &all.failed {
            tracing::warn!(indicator = indicator.as_str(), error = error as &dyn Error, "could not reconcile");
        }
        // An error, so that the schedule tries again and an alarm tells of it.
        if !all.failed.is_empty() {
            let names = names(&all.failed);
            let (failed, all) = (all.failed.len(), all.indicators);
            let what = format!("{failed} of {all} indicators could not be looked after: {names}");
            return Err(Failure::new(Reason::Unavailable, what));
        }
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Done {
            indicators: usize,
            repaired_hours: usize,
            condensed_days: usize,
        }
        let done = Done { indicators: all.indicators, repaired_hours: all.done.hours, condensed_days: all.done.days };
        provided("reconciliationDone", done)
    }

    async fn evaluate_alerts(&self, function: &Function, left: Duration) -> Result<Box<RawValue>, Failure> {
        self.decode(|_, _| Some(()))?;
        let telling = function.topic.as_ref().map(|topic| Telling::new(topic, left));
        let notifier = telling.as_ref().map(|telling| telling as &dyn Notifier);
        let round = function.app.service.evaluate_alerts(notifier, (function.app.clock)()).await?;
        if round.overtaken {
            tracing::warn!("another round was faster; if this is often so, let more time pass between them");
        }
        for error in &round.refusals {
            tracing::warn!(
                error = &**error as &dyn Error,
                "the topic did not take a notification; it is kept for the next round"
            );
        }
        for (objective, error) in &round.failed {
            tracing::warn!(objective = objective.as_str(), error = error as &dyn Error, "could not evaluate");
        }
        // An error, so that the schedule tries again and an alarm tells of it.
        if !round.failed.is_empty() {
            let names = names(&round.failed);
            let (failed, all) = (round.failed.len(), round.objectives);
            let what = format!("the alerts of {failed} of {all} objectives could not be evaluated: {names}");
            return Err(Failure::new(Reason::Unavailable, what));
        }
        if !round.refusals.is_empty() {
            let what = format!(
                "{} notifications wait for the next round, because the topic did not take them; look whether it exists and the function may publish to it",
                round.undelivered
            );
            return Err(Failure::new(Reason::Unavailable, what));
        }
        #[derive(Serialize)]
        struct Evaluated {
            objectives: usize,
            firing: usize,
            changed: usize,
            delivered: usize,
            /// Another round goes on with the rest.
            overtaken: bool,
        }
        let AlertRound { objectives, firing, changed, delivered, overtaken, .. } = round;
        provided("alertsEvaluated", Evaluated { objectives, firing, changed, delivered, overtaken })
    }
}

/// So many names as anybody reads.
fn names<E>(failed: &[(Name, E)]) -> String {
    let names: Vec<&str> = failed.iter().take(20).map(|(name, _)| name.as_str()).collect();
    names.join(", ")
}

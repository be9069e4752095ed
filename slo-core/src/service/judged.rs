//! One objective in a round of alerts: what fires of it, and what has changed.

use futures_util::future::try_join_all;
use jiff::Timestamp;

use super::Service;
use super::evaluate::evaluation;
use super::kept_alerts::{Spell, Spells};
use crate::alert::{Alert, HeldBack};
use crate::alert_change::{AlertChange, AlertState};
use crate::error::Error;
use crate::name::Name;
use crate::objective::Objective;
use crate::revision::Versioned;
use crate::time::Minute;

/// What has just begun to fire began within so many minutes, most of the time.
const NEW: u32 = 60;

/// What a round says of an objective.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) objective: Name,
    /// What fires, if anything does.
    pub(super) spells: Option<Spells>,
    /// What has begun or ended to fire; the ids are not known yet.
    pub(super) changes: Vec<AlertChange>,
}

/// Where and when a change is seen.
struct Place<'p> {
    objective: &'p Name,
    service: &'p Name,
    at: Timestamp,
}

impl Judged {
    /// An objective that is no more: nothing of it fires.
    pub(super) fn gone(objective: &Name, before: &Spells, at: Timestamp) -> Self {
        let place = Place { objective, service: &before.service, at };
        let changes = before.conditions.iter().map(|spell| place.change(spell, AlertState::Resolved, None)).collect();
        Self { objective: objective.clone(), spells: None, changes }
    }
}

impl Place<'_> {
    fn change(&self, spell: &Spell, state: AlertState, alert: Option<&Alert>) -> AlertChange {
        AlertChange {
            id: String::new(),
            objective: self.objective.clone(),
            service: self.service.clone(),
            severity: spell.severity,
            long_window: spell.long,
            short_window: spell.short,
            threshold: alert.map_or(spell.threshold, |alert| alert.threshold),
            long_burn_rate: alert.and_then(|alert| alert.long_burn_rate),
            short_burn_rate: alert.and_then(|alert| alert.short_burn_rate),
            state,
            since: spell.since,
            at: self.at,
        }
    }
}

impl Service {
    /// Judges the conditions of an objective, of which `before` fired when it was last looked at.
    pub(super) async fn judged(
        &self,
        objective: &Versioned<Objective>,
        before: Option<&Spells>,
        at: Timestamp,
    ) -> Result<Judged, Error> {
        let (name, service) = (&objective.value.name, &objective.value.service);
        // What fired in a former life of the name fires no more.
        let (mut known, gone) = match before {
            Some(before) if before.born == objective.born => (before.conditions.clone(), None),
            before => (Vec::new(), before.map(|before| Judged::gone(name, before, at))),
        };
        let alerts = self.alerts_at(objective, !known.is_empty(), at).await?;
        let pairs: Vec<(Alert, u32, Option<Spell>)> = numbered(alerts)
            .map(|(alert, nth)| {
                let same = |spell: &Spell| {
                    (spell.severity, spell.long, spell.short, spell.nth)
                        == (alert.severity, alert.long_window, alert.short_window, nth)
                };
                let was = known.iter().position(same).map(|place| known.remove(place));
                (alert, nth, was)
            })
            .collect();
        let begins = pairs.iter().any(|(alert, _, was)| alert.firing && was.is_none());
        let followed = if begins { self.alerts_back(objective, at, NEW).await? } else { Vec::new() };
        let starts = followed.iter().map(|alert| alert.since).chain(std::iter::repeat(None));

        let place = Place { objective: name, service, at };
        let mut changes = gone.map(|gone| gone.changes).unwrap_or_default();
        changes.extend(known.iter().map(|spell| place.change(spell, AlertState::Resolved, None)));
        let mut conditions = Vec::new();
        for ((alert, nth, was), start) in pairs.into_iter().zip(starts) {
            let is = spell(&alert, nth, was.as_ref(), start, at);
            match (&was, &is) {
                (None, Some(spell)) => changes.push(place.change(spell, AlertState::Firing, Some(&alert))),
                (Some(spell), None) => changes.push(place.change(spell, AlertState::Resolved, Some(&alert))),
                _ => {}
            }
            conditions.extend(is);
        }
        let spells = Spells { born: objective.born, service: service.clone(), conditions };
        Ok(Judged { objective: name.clone(), spells: Some(spells).filter(|s| !s.conditions.is_empty()), changes })
    }

    /// The conditions at an instant, without a look at what came before; none where none fires nor keeps its
    /// state.
    ///
    /// Of an objective of which nothing `fires` only what is in the short windows is read at first: most of the time
    /// that is not enough for anything to begin.
    async fn alerts_at(
        &self,
        objective: &Versioned<Objective>,
        fires: bool,
        at: Timestamp,
    ) -> Result<Vec<Alert>, Error> {
        let evaluation = evaluation(objective);
        let read = |reading| self.read(&objective.value.series, reading);
        if !fires {
            let Some(reading) = evaluation.may_fire_reading(at) else { return Ok(Vec::new()) };
            if !evaluation.may_fire(at, &read(reading).await?) {
                return Ok(Vec::new());
            }
        }
        let buckets = try_join_all(evaluation.alerts_reading(at, 0).into_iter().map(read)).await?.concat();
        Ok(evaluation.alerts(at, 0, &buckets).items)
    }
}

/// What a condition's spell is now, if it fires.
fn spell(alert: &Alert, nth: u32, was: Option<&Spell>, start: Option<Timestamp>, at: Timestamp) -> Option<Spell> {
    if alert.held_back == Some(HeldBack::Coverage) {
        // The last state is kept, for the length of the long window at most.
        let was = was?;
        let held = was.held.unwrap_or(at);
        let length = was.long.minutes().and_then(|minutes| i64::try_from(minutes).ok())?;
        return (Minute::ceil(at) - Minute::ceil(held) < length).then(|| Spell { held: Some(held), ..was.clone() });
    }
    alert.firing.then(|| Spell {
        severity: alert.severity,
        long: alert.long_window,
        short: alert.short_window,
        nth,
        threshold: alert.threshold,
        // Not found when the counts have changed since they were judged.
        since: was.map(|was| was.since).or(start).unwrap_or(at),
        held: None,
    })
}

/// Each with the number of those before it that have its severity and windows.
fn numbered(alerts: Vec<Alert>) -> impl Iterator<Item = (Alert, u32)> {
    let mut before = Vec::new();
    alerts.into_iter().map(move |alert| {
        let kind = (alert.severity, alert.long_window, alert.short_window);
        let nth = before.iter().filter(|other| **other == kind).count();
        before.push(kind);
        (alert, u32::try_from(nth).expect("a policy has few conditions"))
    })
}

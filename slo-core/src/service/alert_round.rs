//! Rounds of alerts: every objective's conditions judged, and people told of what has changed.

use std::collections::BTreeSet;
use std::ops::Bound;

use futures_util::stream::{self, StreamExt as _};
use jiff::Timestamp;

use super::Service;
use super::judged::Judged;
use super::kept_alerts::{Condition, Kept, condition};
use crate::alert_change::Notifier;
use crate::error::Error;
use crate::name::Name;
use crate::objective::Objective;
use crate::repository::{Filter, MAX_PAGE, MAX_STATE, Page, RepositoryError, Source};
use crate::revision::{Revision, Versioned};

/// Where the state is kept.
const KEY: &str = "alerts";
/// How many objectives are evaluated at once.
const AT_ONCE: usize = 16;
/// After so many deliveries it is recorded what people have been told.
const RECORDED: usize = 25;
/// After so many refusals in a round the notifier is left alone until the next one.
const PATIENCE: usize = 3;

/// What [`Service::evaluate_alerts`] has done.
#[derive(Debug, Default)]
pub struct AlertRound {
    /// How many objectives were looked at.
    pub objectives: usize,
    /// How many conditions fire, as far as was looked.
    pub firing: usize,
    /// How many conditions began or ended to fire.
    pub changed: usize,
    /// Of how many changes people were told, those of earlier rounds among them.
    pub delivered: usize,
    /// How many changes are left to the next round.
    pub undelivered: usize,
    /// Why the notifier did not take some; it is asked no more in this round after three times.
    pub refusals: Vec<Source>,
    /// Objectives that could not be evaluated, and why: they keep their last state.
    pub failed: Vec<(Name, Error)>,
    /// Another round was faster; it goes on, and this one has stopped.
    pub overtaken: bool,
}

/// Why a round does not go on.
enum Stop {
    Overtaken,
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// A round on its way.
struct Round<'r> {
    service: &'r Service,
    notifier: Option<&'r dyn Notifier>,
    at: Timestamp,
    key: Name,
    /// As it is stored, in this version.
    kept: Kept,
    revision: Option<Revision>,
    /// Whose changes the notifier has refused in this round.
    refused: Vec<Condition>,
    report: AlertRound,
}

impl Service {
    /// Evaluates the alert conditions of every objective at `now`, and tells the notifier of those that have
    /// begun or ended to fire since the last round. Run it every few minutes; at any time, by many at once, and
    /// end it at any point.
    ///
    /// What fires is kept as shared state, so a round reads only what an instant needs: a condition below its
    /// coverage floor keeps its last state, for the length of its long window from the first round that finds it
    /// so. A condition that is no more, or whose objective is no more, is resolved.
    ///
    /// Changes are stored before people are told, page by page of the objectives, and taken away after that. So
    /// people are told of every change at least once, of one condition in order, and twice only where a
    /// round ends or is overtaken in between; `id` is then the same. A change that the notifier refuses is tried
    /// again in the next round, before anything else. Where more begins to fire than one piece of state has room
    /// for ([`MAX_STATE`]), the rest has to wait and is listed in `failed`. Without a notifier only the state is
    /// kept; who gives one later is told of what changes from then on.
    ///
    /// An objective that fails keeps its state and does not keep the others from being looked at.
    ///
    /// ```
    /// use async_trait::async_trait;
    /// use slo_core::*;
    ///
    /// struct Print;
    ///
    /// #[async_trait]
    /// impl Notifier for Print {
    ///     async fn notify(&self, change: &AlertChange) -> Result<(), Source> {
    ///         println!("{} {} since {}", change.objective, change.state.name(), change.since);
    ///         Ok(())
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (service, now) = (Service::in_memory(), "2026-11-20T12:00:00Z".parse()?);
    /// let stamp = Stamp { at: now, by: None };
    /// let site = Indicator::new("site".parse()?, "web".parse()?, IndicatorKind::Ratio);
    /// let site = service.create(site, stamp.clone()).await?;
    /// let series = Series { indicator: "site".parse()?, born: site.born };
    /// let month = TimeWindow::Rolling(RollingWindow::new("28d".parse()?)?);
    /// let shop = Objective::new("shop".parse()?, "web".parse()?, series, "0.999".parse()?, month);
    /// service.create(shop, stamp).await?;
    ///
    /// // Every second event of the last minute is bad.
    /// let minute = Measurement { start: Minute::floor(now) - 1, counts: EventCounts::new(50, 100)?, revision: 0 };
    /// let batch = Batch::new(vec![minute], now).expect("a valid batch");
    /// service.record(&site, &"default".parse()?, &batch, now).await?;
    ///
    /// // Both pages and both tickets of the default policy.
    /// let round = service.evaluate_alerts(Some(&Print), now).await?;
    /// assert_eq!((round.objectives, round.firing, round.changed, round.delivered), (1, 4, 4, 4));
    /// // Nothing has changed since.
    /// let round = service.evaluate_alerts(Some(&Print), now).await?;
    /// assert_eq!((round.firing, round.changed, round.delivered), (4, 0, 0));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Repository`] when the objectives cannot be listed or the state cannot be read or written: the
    /// next round goes on where this one ended.
    pub async fn evaluate_alerts(&self, notifier: Option<&dyn Notifier>, now: Timestamp) -> Result<AlertRound, Error> {
        let key: Name = KEY.parse().expect("a name");
        let (revision, kept) = match self.states.read(&key).await? {
            Some((revision, bytes)) => (Some(revision), Kept::decode(&bytes)?),
            None => (None, Kept::default()),
        };
        let (refused, report) = (Vec::new(), AlertRound::default());
        let mut round = Round { service: self, notifier, at: now, key, kept, revision, refused, report };
        match round.run().await {
            Ok(()) => {}
            Err(Stop::Overtaken) => round.report.overtaken = true,
            Err(Stop::Failed(error)) => return Err(error),
        }
        let firing = round.kept.firing.values().map(|spells| spells.conditions.len()).sum();
        Ok(AlertRound { firing, undelivered: round.kept.outbox().count(), ..round.report })
    }
}

impl Round<'_> {
    async fn run(&mut self) -> Result<(), Stop> {
        // What an earlier round has left: just read, so hardly told by somebody else meanwhile.
        self.deliver().await?;
        let mut after = None;
        loop {
            let page = self.service.list::<Objective>(&Filter::default(), after.clone(), MAX_PAGE).await?;
            let judged = self.judge(&page, after.as_ref()).await;
            self.commit(judged).await?;
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// What is to be kept of a page of objectives, and of those that are no longer on it; without those of
    /// which nothing is new.
    async fn judge(&mut self, page: &Page<Versioned<Objective>>, after: Option<&Name>) -> Vec<Judged> {
        let (service, at) = (self.service, self.at);
        let work = page.items.iter().map(|objective| {
            let before = self.kept.firing.get(&objective.value.name);
            async move { (objective, before, service.judged(objective, before, at).await) }
        });
        // Collected first: the iterator's closure would tie the future to one lifetime. In this task, because the
        // meter is the task's.
        let mut judgements = stream::iter(work.collect::<Vec<_>>()).buffered(AT_ONCE);
        let mut all = Vec::new();
        while let Some((objective, before, judged)) = judgements.next().await {
            self.report.objectives += 1;
            match judged {
                Ok(judged) if judged.spells.as_ref() == before => {}
                Ok(judged) => all.push(judged),
                Err(error) => self.report.failed.push((objective.value.name.clone(), error)),
            }
        }
        let first = after.map_or(Bound::Unbounded, Bound::Excluded);
        let last = page.next.as_ref().map_or(Bound::Unbounded, Bound::Included);
        let there: BTreeSet<&Name> = page.items.iter().map(|objective| &objective.value.name).collect();
        let gone = self.kept.firing.range::<Name, _>((first, last)).filter(|(name, _)| !there.contains(name));
        all.extend(gone.map(|(name, before)| Judged::gone(name, before, at)));
        all
    }

    /// Keeps what is new and then tells of it: as much at a time as there is room for.
    async fn commit(&mut self, mut judged: Vec<Judged>) -> Result<(), Stop> {
        while !judged.is_empty() {
            let mut some = judged.len();
            let next = loop {
                let next = self.with(&judged[..some]);
                if next.encode().len() <= MAX_STATE {
                    break next;
                }
                some /= 2;
            };
            if some == 0 {
                let why = "there is no room for more alerts that fire or wait for the notifier";
                self.report.failed.push((judged.remove(0).objective, RepositoryError::Unavailable(why.into()).into()));
                continue;
            }
            self.swap(next).await?;
            self.report.changed += judged.drain(..some).map(|judged| judged.changes.len()).sum::<usize>();
            self.deliver().await?;
        }
        Ok(())
    }

    fn with(&self, judged: &[Judged]) -> Kept {
        let mut next = self.kept.clone();
        for Judged { objective, spells, changes } in judged {
            next.replace(objective, spells.clone(), changes, self.notifier.is_some());
        }
        next
    }

    /// Tells people of what waits, and then records that.
    async fn deliver(&mut self) -> Result<(), Stop> {
        let Some(notifier) = self.notifier else { return Ok(()) };
        loop {
            let mut told = BTreeSet::new();
            for change in self.kept.outbox() {
                if told.len() == RECORDED || self.report.refusals.len() == PATIENCE {
                    break;
                }
                // Nor of what came later of the same condition.
                if self.refused.contains(&condition(change)) {
                    continue;
                }
                match notifier.notify(change).await {
                    Ok(()) => {
                        self.report.delivered += 1;
                        told.insert(change.id.clone());
                    }
                    Err(why) => {
                        self.report.refusals.push(why);
                        self.refused.push(condition(change));
                    }
                }
            }
            let next = self.kept.after(&told, &self.refused);
            if next != self.kept {
                self.swap(next).await?;
            }
            if told.len() < RECORDED {
                return Ok(());
            }
        }
    }

    /// Stores what is to be kept if nobody else has stored something since.
    async fn swap(&mut self, next: Kept) -> Result<(), Stop> {
        match self.service.states.write(&self.key, self.revision, next.encode()).await {
            Ok(revision) => {
                (self.kept, self.revision) = (next, Some(revision));
                Ok(())
            }
            Err(RepositoryError::Precondition { .. }) => Err(Stop::Overtaken),
            Err(other) => Err(other.into()),
        }
    }
}

//! An objective evaluated: what must be read, and what it then says.

use jiff::Timestamp;
use num_bigint::BigInt;
use num_rational::BigRational;

use crate::budget::{BILLION, BudgetReport, BudgetUnit, ErrorBudget, Status};
use crate::burn_rate::{BurnRate, Forecast, LOOKBACKS, Lookback};
use crate::counts::Bucket;
use crate::excluded::Excluded;
use crate::exclusion::Exclusion;
use crate::ledger::{Ledger, Parts, slices_in};
use crate::note::budget_below_one;
use crate::objective::{Objective, SliceWidth};
use crate::ratio::Ratio;
use crate::repository::Resolution;
use crate::tally::{Failed, Tally};
use crate::target::Target;
use crate::time::{Minute, Period};
use crate::window::{TimeWindow, WindowPeriod};

/// What must be read before something can be evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The whole span of minutes.
    pub period: Period,
    /// How finely: minutes for the time-based methods, otherwise hours where no boundary cuts one.
    pub resolution: Resolution,
}

impl Reading {
    /// Whether what it finds has all that the other would, cut wherever that must be cut.
    pub(crate) fn serves(&self, other: &Self) -> bool {
        let spans = self.period.start <= other.period.start && other.period.end <= self.period.end;
        spans
            && match (&self.resolution, &other.resolution) {
                (Resolution::Minutes, _) => true,
                (Resolution::Hours { .. }, Resolution::Minutes) => false,
                (Resolution::Hours { cuts }, Resolution::Hours { cuts: others }) => {
                    others.iter().all(|cut| cuts.binary_search(cut).is_ok())
                }
            }
    }
}

/// An objective to be evaluated: with its exclusions and its own target, or with others to see what if.
///
/// Each question comes in two halves: what must be read, and what the counts then say.
///
/// ```
/// use slo_core::*;
///
/// let series = Series { indicator: "site".parse()?, born: Revision::FIRST };
/// let month = TimeWindow::Rolling(RollingWindow::new("28d".parse()?)?);
/// let objective = Objective::new("shop".parse()?, "web".parse()?, series, "0.999".parse()?, month);
///
/// let at = "2026-11-20T12:00:00Z".parse()?;
/// let minute = Bucket::minute(Minute::floor(at) - 1, EventCounts::new(9_997, 10_000)?);
/// let report = Evaluation::of(&objective).report(at, &[minute]);
/// assert_eq!(report.status, Status::Ok);
/// assert_eq!(report.budget.remaining_ratio.unwrap().to_string(), "0.7");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Evaluation<'a> {
    pub(crate) objective: &'a Objective,
    pub(crate) exclusions: &'a [Exclusion],
    pub(crate) target: Target,
}

impl<'a> Evaluation<'a> {
    /// The objective as it stands, without exclusions.
    #[must_use]
    pub const fn of(objective: &'a Objective) -> Self {
        Self { objective, exclusions: &[], target: objective.target }
    }

    /// With these exclusions.
    #[must_use]
    pub const fn excluding(self, exclusions: &'a [Exclusion]) -> Self {
        Self { exclusions, ..self }
    }

    /// What if this were the target.
    #[must_use]
    pub const fn with_target(self, target: Target) -> Self {
        Self { target, ..self }
    }

    /// What [`Evaluation::report`] needs: the window and the look-backs, which cross the start of a
    /// calendar period.
    #[must_use]
    pub fn reading(&self, at: Timestamp) -> Reading {
        let period = self.objective.time_window.period_at(at);
        let end = period.elapsed.end;
        let cuts = lookbacks(&period).map(|lookback| end - lookback.minutes());
        self.reading_cut_at(cuts.chain([period.elapsed.start, end]).collect())
    }

    /// What tallies between any of these minutes need; there are some.
    pub(crate) fn reading_cut_at(&self, mut cuts: Vec<Minute>) -> Reading {
        cuts.sort_unstable();
        cuts.dedup();
        let period = Period::new(cuts[0], cuts[cuts.len() - 1]);
        if self.objective.method.slice_width().is_some() {
            return Reading { period, resolution: Resolution::Minutes };
        }
        cuts.extend(self.excluded(period).edges());
        cuts.sort_unstable();
        cuts.dedup();
        Reading { period, resolution: Resolution::Hours { cuts } }
    }

    /// The budget at an instant, from the counts of its [`Evaluation::reading`].
    ///
    /// # Panics
    /// When a bucket straddles a cut of the reading: the store broke its contract.
    #[must_use]
    pub fn report(&self, at: Timestamp, buckets: &[Bucket]) -> BudgetReport {
        let period = self.objective.time_window.period_at(at);
        let end = period.elapsed.end;
        let oldest = lookbacks(&period).map(Lookback::minutes).max().unwrap_or(0);
        let span = Period::new(period.elapsed.start.min(end - oldest), period.full_end);
        let excluded = self.excluded(span);
        let ledger = Ledger::new(self.objective, &excluded, buckets);
        let standing = self.standing(&ledger, &excluded, &period);
        let budget = standing.budget(self.target);
        let has_data = standing.has_data();
        let left = budget.remaining_ratio.filter(|_| has_data);
        let burn_rates: Vec<BurnRate> = lookbacks(&period)
            .map(|lookback| {
                let spent = has_data.then(|| ledger.tally(Period::new(end - lookback.minutes(), end)));
                BurnRate::new(lookback, spent.as_ref(), &standing.scale, self.target, &period, left)
            })
            .collect();
        let mut notes = self.notes();
        notes.extend(budget_below_one(&standing, &period, self.target));
        let against_sla = |target| standing.budget(target).remaining_ratio;
        BudgetReport {
            at,
            period,
            target: self.target,
            counts: ledger.events(period.elapsed),
            sli: standing.sli(),
            met: standing.is_met(self.target),
            exhausted: standing.is_exhausted(self.target),
            status: self.status(&standing),
            coverage: Ratio::new(standing.tally.with_data, standing.tally.elapsed),
            watermark: watermark(buckets, period.elapsed),
            forecast: Forecast::new(self, at, &period, &ledger, &standing, &budget, &burn_rates),
            burn_rates,
            budget,
            sla: self.objective.sla.as_ref().map(|sla| (sla.target, against_sla(sla.target))),
            notes,
        }
    }

    /// What a period says.
    pub(crate) fn standing<'l>(
        &self,
        ledger: &'l Ledger<'_>,
        excluded: &Excluded,
        period: &WindowPeriod,
    ) -> Standing<'l> {
        let tally = ledger.tally(period.elapsed);
        let scale = match self.objective.method.slice_width().map(SliceWidth::minutes) {
            None => Scale { basis: tally.counted, unit: BudgetUnit::Events, width: 1 },
            Some(width) => {
                let removed = i128::from(excluded.removed.slices_in(period.whole()));
                let basis = slices_in(period.whole(), width) - removed;
                Scale { basis, unit: BudgetUnit::Seconds, width: i128::from(width) * 60 }
            }
        };
        Standing { tally, scale }
    }

    /// What it means, in one word.
    pub(crate) fn status(&self, standing: &Standing<'_>) -> Status {
        if !standing.has_data() {
            Status::NoData
        } else if standing.is_exhausted(self.target) {
            Status::Exhausted
        } else if standing.has_spent(self.objective.warning_threshold.into(), self.target) {
            Status::Warning
        } else {
            Status::Ok
        }
    }

    /// Its exclusions over a span.
    pub(crate) fn excluded(&self, span: Period) -> Excluded {
        Excluded::new(self.exclusions, span, self.objective.method.slice_width().map_or(1, SliceWidth::minutes))
    }

    pub(crate) const fn is_rolling(&self) -> bool {
        matches!(self.objective.time_window, TimeWindow::Rolling(_))
    }
}

fn lookbacks(period: &WindowPeriod) -> impl Iterator<Item = Lookback> + use<> {
    let window = period.whole().minutes();
    LOOKBACKS.into_iter().filter(move |l| u64::try_from(l.minutes()).is_ok_and(|minutes| minutes <= window))
}

/// The end of the newest minute with data, excluded or not.
fn watermark(buckets: &[Bucket], period: Period) -> Option<Minute> {
    let until = &buckets[..buckets.partition_point(|bucket| bucket.start < period.end)];
    let inside = until.iter().rev().take_while(|bucket| bucket.start >= period.start);
    inside.filter_map(|bucket| bucket.watermark()).next()
}

/// How an objective's amounts are measured: what the target is a share of, and in which unit.
pub(crate) struct Scale {
    /// Events so far, or slices of the whole period.
    pub(crate) basis: i128,
    /// Events, or seconds of a slice.
    pub(crate) unit: BudgetUnit,
    /// Units of one event or slice.
    pub(crate) width: i128,
}

impl Scale {
    /// What may fail, in billionths of an event or slice.
    pub(crate) fn allowed(&self, target: Target) -> i128 {
        self.basis * i128::from(target.allowed_failure())
    }

    pub(crate) fn budget<F: Iterator<Item = (u128, u128)> + Clone>(
        &self,
        failed: &Failed<F>,
        target: Target,
    ) -> ErrorBudget {
        ErrorBudget::new(self.unit, self.width, failed, self.basis, target)
    }
}

/// What a period says.
pub(crate) struct Standing<'l> {
    pub(crate) tally: Tally<Parts<'l>>,
    pub(crate) scale: Scale,
}

impl Standing<'_> {
    pub(crate) const fn has_data(&self) -> bool {
        self.tally.counted > 0
    }

    pub(crate) fn budget(&self, target: Target) -> ErrorBudget {
        self.scale.budget(&self.tally.failed, target)
    }

    /// Which share of the budget is left once so much has come back.
    pub(crate) fn remaining_ratio(
        &self,
        back: &Failed<Parts<'_>>,
        budget: &ErrorBudget,
        target: Target,
    ) -> Option<Ratio> {
        if let (Failed::Whole(failed), Failed::Whole(back)) = (&self.tally.failed, back) {
            let allowed = self.scale.allowed(target);
            return Ratio::new(allowed - (failed - back) * BILLION, allowed);
        }
        budget.remaining_ratio?;
        let back = back.value() * BigRational::from(BigInt::from(self.scale.width));
        Some(Ratio::nearest(&((budget.remaining.big() + back) / budget.total.big())))
    }

    /// `1 - failed / counted`; `None` when nothing is counted.
    pub(crate) fn sli(&self) -> Option<Ratio> {
        let (counted, failed) = (self.tally.counted, &self.tally.failed);
        if let Failed::Whole(failed) = failed {
            return Ratio::new(counted - failed, counted);
        }
        let one = BigRational::from(BigInt::from(1));
        self.has_data().then(|| Ratio::nearest(&(one - failed.value() / BigRational::from(BigInt::from(counted)))))
    }

    /// `sli >= T`; `None` when nothing is counted.
    pub(crate) fn is_met(&self, target: Target) -> Option<bool> {
        let allowed = || self.tally.counted * i128::from(target.allowed_failure());
        self.has_data().then(|| self.tally.failed.compare(Ratio::ONE, allowed()).is_le())
    }

    /// Whether nothing is left, with data.
    pub(crate) fn is_exhausted(&self, target: Target) -> bool {
        self.has_data() && self.tally.failed.compare(Ratio::ONE, self.scale.allowed(target)).is_ge()
    }

    /// Whether at most `left` of the budget is left.
    fn has_spent(&self, left: Ratio, target: Target) -> bool {
        self.tally.failed.compare(left.complement(), self.scale.allowed(target)).is_ge()
    }
}

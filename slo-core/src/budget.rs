//! The error budget: allowed failure, spent, left.

use jiff::Timestamp;
use num_bigint::BigInt;
use num_rational::BigRational;

use crate::burn_rate::{BurnRate, Forecast, LOOKBACKS, Lookback};
use crate::counts::{Bucket, EventCounts};
use crate::objective::{BudgetingMethod, Objective};
use crate::ratio::Ratio;
use crate::repository::Resolution;
use crate::tally::{Failed, Tally, slices_in};
use crate::target::Target;
use crate::time::{Minute, Period};
use crate::window::WindowPeriod;

/// One billion: targets are parts of it.
pub(crate) const BILLION: i128 = 1_000_000_000;

/// Allowed failure, spent and left over a period. Signed and never clamped: twice the budget spent
/// leaves -100 %.
///
/// | | Occurrences | time-based methods |
/// |---|---|---|
/// | unit | events | seconds |
/// | total | b · events so far, never extrapolated | b · slices of the whole period · w |
/// | consumed | Σ(n - g) | bad slices · w, or Σ(1 - g/n) · w |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorBudget {
    /// What the amounts count.
    pub unit: BudgetUnit,
    /// What may fail.
    pub total: Ratio,
    /// What failed.
    pub consumed: Ratio,
    /// `total - consumed`.
    pub remaining: Ratio,
    /// `consumed / total`; `None` when nothing may fail yet.
    pub consumed_ratio: Option<Ratio>,
    /// `1 - consumedRatio`.
    pub remaining_ratio: Option<Ratio>,
}

/// What a budget's amounts count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetUnit {
    /// Events (Occurrences).
    Events,
    /// Seconds (time-based methods).
    Seconds,
}

impl ErrorBudget {
    /// Whether nothing is left. At exactly the target this and `met` are both true.
    #[must_use]
    pub const fn is_exhausted(&self) -> bool {
        self.remaining.is_zero_or_less()
    }

    /// The budget of so many events at a target (method Occurrences).
    ///
    /// total = b·Σn, consumed = Σ(n - g). Source: SRE Workbook, chapter 2, table 2-4.
    ///
    /// ```
    /// use slo_core::{ErrorBudget, EventCounts, Ratio};
    ///
    /// // SRE Workbook: 3,663,253 requests at 97 % allow 109,897.59 errors; 105,388 happened.
    /// let counts = EventCounts::new(3_557_865, 3_663_253)?;
    /// let budget = ErrorBudget::of_events(counts, "0.97".parse()?);
    /// assert_eq!(budget.total.to_string(), "109897.59");
    /// assert_eq!(budget.remaining_ratio, Ratio::new(450_959, 10_989_759));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn of_events(counts: EventCounts, target: Target) -> Self {
        let basis = signed(counts.total());
        Self::new(BudgetUnit::Events, 1, &Failed::Whole(signed(counts.bad())), basis, target)
    }

    /// The budget of `basis` events or slices of `scale` units each, of which so much failed.
    pub(crate) fn new(unit: BudgetUnit, scale: i128, failed: &Failed, basis: i128, target: Target) -> Self {
        let allowed = basis * i128::from(target.allowed_failure());
        let billionths = |n| Ratio::new(n, BILLION).expect("a billion is above zero");
        let total = billionths(allowed * scale);
        if let Failed::Whole(failed) = failed {
            let spent = failed * BILLION;
            return Self {
                unit,
                total,
                consumed: Ratio::new(failed * scale, 1).expect("one is above zero"),
                remaining: billionths((allowed - spent) * scale),
                consumed_ratio: Ratio::new(spent, allowed),
                remaining_ratio: Ratio::new(allowed - spent, allowed),
            };
        }
        // Exactly all of it is exactly all of it, however many the denominators.
        let all = failed.compare(Ratio::ONE, allowed).is_eq();
        let consumed = if all { total.big() } else { failed.value() * BigRational::from(BigInt::from(scale)) };
        let remaining = total.big() - &consumed;
        let share = |amount: &BigRational| (allowed > 0).then(|| Ratio::nearest(&(amount / total.big())));
        Self {
            unit,
            total,
            consumed: Ratio::nearest(&consumed),
            remaining: Ratio::nearest(&remaining),
            consumed_ratio: share(&consumed),
            remaining_ratio: share(&remaining),
        }
    }
}

/// A sum of counts as a signed number; see [`EventCounts`] for why it fits.
pub(crate) fn signed(count: u128) -> i128 {
    i128::try_from(count).expect("sums of counts stay below 2^97")
}

/// Whether to ship, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing was counted.
    NoData,
    /// Nothing is left.
    Exhausted,
    /// At most the warning threshold is left.
    Warning,
    /// More than that is left.
    Ok,
}

impl Status {
    /// All, worst first after `noData`.
    pub const ALL: [Self; 4] = [Self::NoData, Self::Exhausted, Self::Warning, Self::Ok];

    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoData => "noData",
            Self::Exhausted => "exhausted",
            Self::Warning => "warning",
            Self::Ok => "ok",
        }
    }
}

/// Everything that is known of an objective's budget at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetReport {
    /// The instant.
    pub at: Timestamp,
    /// The period it closes.
    pub period: WindowPeriod,
    /// The target, the objective's or the what-if.
    pub target: Target,
    /// Events in the elapsed period.
    pub counts: EventCounts,
    /// Reached level: Σg / Σn, good slices / counted slices, or the mean of the slices' g/n; `None` when
    /// nothing is counted.
    pub sli: Option<Ratio>,
    /// The amounts.
    pub budget: ErrorBudget,
    /// `sli >= T`; `None` when nothing is counted.
    pub met: Option<bool>,
    /// `remaining <= 0` with data.
    pub exhausted: bool,
    /// In one word.
    pub status: Status,
    /// Minutes (Occurrences) or slices with data / those elapsed.
    pub coverage: Option<Ratio>,
    /// The end of the newest minute with data.
    pub watermark: Option<Minute>,
    /// At the standard look-backs no longer than the window.
    pub burn_rates: Vec<BurnRate>,
    /// What comes, at the rate of the longest look-back up to 24 h.
    pub forecast: Forecast,
    /// The remaining ratio against the SLA's target; the outer `None` when there is no SLA.
    pub sla: Option<(Target, Option<Ratio>)>,
}

/// What must be read to evaluate an objective at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The whole span of minutes.
    pub period: Period,
    /// How finely: minutes for the time-based methods, otherwise hours where no boundary cuts one.
    pub resolution: Resolution,
}

/// Says what [`evaluate`] needs: the window and the look-backs, which cross the start of a calendar
/// period.
#[must_use]
pub fn reading(objective: &Objective, at: Timestamp) -> Reading {
    let period = objective.time_window.period_at(at);
    let end = period.elapsed.end;
    let mut cuts: Vec<Minute> = lookbacks(&period).map(|lookback| end - lookback.minutes()).collect();
    cuts.extend([period.elapsed.start, end]);
    cuts.sort_unstable();
    cuts.dedup();
    let span = Period::new(cuts[0], end);
    let resolution =
        if objective.method.slice_width().is_some() { Resolution::Minutes } else { Resolution::Hours { cuts } };
    Reading { period: span, resolution }
}

fn lookbacks(period: &WindowPeriod) -> impl Iterator<Item = Lookback> {
    let window = period.whole().minutes();
    LOOKBACKS.into_iter().filter(move |l| u64::try_from(l.minutes()).is_ok_and(|minutes| minutes <= window))
}

/// Evaluates an objective from the counts of its [`reading`]. `what_if` replaces its target.
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
/// let report = evaluate(&objective, at, None, &[minute]);
/// assert_eq!(report.status, Status::Ok);
/// assert_eq!(report.budget.remaining_ratio.unwrap().to_string(), "0.7");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
/// When a bucket straddles a cut of the reading: the store broke its contract.
#[must_use]
pub fn evaluate(objective: &Objective, at: Timestamp, what_if: Option<Target>, buckets: &[Bucket]) -> BudgetReport {
    let period = objective.time_window.period_at(at);
    let target = what_if.unwrap_or(objective.target);
    let end = period.elapsed.end;
    let inside = slice(buckets, period.elapsed);
    let tally = |span| Tally::new(objective.method, objective.no_data, slice(buckets, span), span);
    let whole = tally(period.elapsed);
    let scale = Scale::new(objective.method, &period, &whole);
    let budget = scale.budget(&whole.failed, target);
    let allowed = |counted: i128| counted * i128::from(target.allowed_failure());
    let has_data = whole.counted > 0;
    let exhausted = has_data && whole.failed.compare(Ratio::ONE, allowed(scale.basis)).is_ge();
    let spent_at_warning = Ratio::from(objective.warning_threshold).complement();
    let status = if !has_data {
        Status::NoData
    } else if exhausted {
        Status::Exhausted
    } else if whole.failed.compare(spent_at_warning, allowed(scale.basis)).is_ge() {
        Status::Warning
    } else {
        Status::Ok
    };
    let left = budget.remaining_ratio.filter(|_| has_data);
    let burn_rates: Vec<BurnRate> = lookbacks(&period)
        .map(|lookback| {
            let spent = has_data.then(|| tally(Period::new(end - lookback.minutes(), end)));
            BurnRate::new(lookback, spent.as_ref(), &scale, target, &period, left)
        })
        .collect();
    let against_sla = |target| scale.budget(&whole.failed, target).remaining_ratio;
    BudgetReport {
        at,
        period,
        target,
        counts: inside.iter().map(|bucket| bucket.counts).sum(),
        sli: has_data.then(|| level(&whole)),
        met: has_data.then(|| whole.failed.compare(Ratio::ONE, allowed(whole.counted)).is_le()),
        exhausted,
        status,
        coverage: Ratio::new(whole.with_data, whole.elapsed),
        watermark: inside.iter().rev().find_map(|bucket| bucket.watermark()),
        forecast: Forecast::new(objective, at, &period, inside, &budget, exhausted, &burn_rates),
        burn_rates,
        budget,
        sla: objective.sla.as_ref().map(|sla| (sla.target, against_sla(sla.target))),
    }
}

/// `1 - failed / counted`; something is counted.
fn level(tally: &Tally) -> Ratio {
    if let Failed::Whole(failed) = tally.failed {
        return Ratio::new(tally.counted - failed, tally.counted).expect("something is counted");
    }
    let one = BigRational::from(BigInt::from(1));
    Ratio::nearest(&(one - tally.failed.value() / BigRational::from(BigInt::from(tally.counted))))
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
    fn new(method: BudgetingMethod, period: &WindowPeriod, whole: &Tally) -> Self {
        match method.slice_width() {
            None => Self { basis: whole.counted, unit: BudgetUnit::Events, width: 1 },
            Some(width) => Self {
                basis: slices_in(period.whole(), width.minutes()),
                unit: BudgetUnit::Seconds,
                width: i128::from(width.minutes()) * 60,
            },
        }
    }

    fn budget(&self, failed: &Failed, target: Target) -> ErrorBudget {
        ErrorBudget::new(self.unit, self.width, failed, self.basis, target)
    }
}

/// The buckets inside a period; both of its ends are cuts.
fn slice(buckets: &[Bucket], period: Period) -> &[Bucket] {
    let first = buckets.partition_point(|bucket| bucket.start < period.start);
    let last = buckets.partition_point(|bucket| bucket.start < period.end);
    let inside = &buckets[first..last];
    let whole = inside.last().is_none_or(|bucket| bucket.period().end <= period.end)
        && first.checked_sub(1).is_none_or(|before| buckets[before].period().end <= period.start);
    assert!(whole, "a bucket straddles the end of {}..{}", period.start, period.end);
    inside
}

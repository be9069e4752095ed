//! The error budget: allowed failure, spent, left.

use jiff::Timestamp;

use crate::burn_rate::{BurnRate, Forecast, LOOKBACKS, Lookback};
use crate::counts::{Bucket, EventCounts};
use crate::objective::{BudgetingMethod, Objective};
use crate::ratio::Ratio;
use crate::target::Target;
use crate::time::{Minute, Period};
use crate::window::WindowPeriod;

/// One billion: targets are parts of it.
pub(crate) const BILLION: i128 = 1_000_000_000;

/// Allowed failure, spent and left over a period. Signed and never clamped: twice the budget spent
/// leaves -100 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorBudget {
    /// What the amounts count.
    pub unit: BudgetUnit,
    /// What may fail: b · Σn.
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
        let consumed = signed(counts.bad());
        let allowed = signed(counts.total()) * i128::from(target.allowed_failure());
        let spent = consumed * BILLION;
        let billionths = |n| Ratio::new(n, BILLION).expect("a billion is above zero");
        Self {
            unit: BudgetUnit::Events,
            total: billionths(allowed),
            consumed: Ratio::new(consumed, 1).expect("one is above zero"),
            remaining: billionths(allowed - spent),
            consumed_ratio: Ratio::new(spent, allowed),
            remaining_ratio: Ratio::new(allowed - spent, allowed),
        }
    }

    /// Whether nothing is left. At exactly the target this and `met` are both true.
    #[must_use]
    pub const fn is_exhausted(&self) -> bool {
        self.remaining.is_zero_or_less()
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
    /// Reached level: Σg / Σn; `None` without events.
    pub sli: Option<Ratio>,
    /// The amounts.
    pub budget: ErrorBudget,
    /// `sli >= T`; `None` without events.
    pub met: Option<bool>,
    /// `remaining <= 0` with data.
    pub exhausted: bool,
    /// In one word.
    pub status: Status,
    /// Minutes with data / minutes elapsed.
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
    /// No bucket may straddle one of these; in order.
    pub cuts: Vec<Minute>,
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
    Reading { period: Period::new(cuts[0], end), cuts }
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
    // The other methods are refused where an objective is defined (see `service`).
    debug_assert_eq!(objective.method, BudgetingMethod::Occurrences);
    let period = objective.time_window.period_at(at);
    let target = what_if.unwrap_or(objective.target);
    let inside = slice(buckets, period.elapsed);
    let counts: EventCounts = inside.iter().map(|bucket| bucket.counts).sum();
    let with_data: u64 = inside.iter().map(|bucket| u64::from(bucket.with_data.count_ones())).sum();
    let budget = ErrorBudget::of_events(counts, target);
    let sli = Ratio::new(signed(counts.good()), signed(counts.total()));
    let has_data = sli.is_some();
    let exhausted = has_data && budget.is_exhausted();
    let warning = Ratio::from(objective.warning_threshold);
    let status = match budget.remaining_ratio {
        None => Status::NoData,
        Some(_) if exhausted => Status::Exhausted,
        Some(remaining) if remaining <= warning => Status::Warning,
        Some(_) => Status::Ok,
    };
    let burn_rates: Vec<BurnRate> = lookbacks(&period)
        .map(|lookback| {
            let span = Period::new(period.elapsed.end - lookback.minutes(), period.elapsed.end);
            let spent = slice(buckets, span).iter().map(|bucket| bucket.counts).sum();
            BurnRate::new(lookback, spent, counts, target, &period)
        })
        .collect();
    BudgetReport {
        at,
        period,
        target,
        counts,
        sli,
        budget,
        met: sli.map(|sli| sli >= Ratio::from(target)),
        exhausted,
        status,
        coverage: Ratio::new(i128::from(with_data), i128::from(period.elapsed.minutes())),
        watermark: inside.iter().rev().find_map(|bucket| bucket.watermark()),
        forecast: Forecast::new(objective, at, &period, inside, &budget, &burn_rates),
        burn_rates,
        sla: objective.sla.as_ref().map(|sla| (sla.target, ErrorBudget::of_events(counts, sla.target).remaining_ratio)),
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

//! The error budget: allowed failure, spent, left.

use jiff::Timestamp;
use num_bigint::BigInt;
use num_rational::BigRational;

use crate::burn_rate::{BurnRate, Forecast};
use crate::counts::EventCounts;
use crate::fault::Fault;
use crate::ratio::Ratio;
use crate::tally::Failed;
use crate::target::Target;
use crate::time::Minute;
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
        let failed: Failed<std::iter::Empty<_>> = Failed::Whole(signed(counts.bad()));
        Self::new(BudgetUnit::Events, 1, &failed, basis, target)
    }

    /// The budget of `basis` events or slices of `scale` units each, of which so much failed.
    pub(crate) fn new<F>(unit: BudgetUnit, scale: i128, failed: &Failed<F>, basis: i128, target: Target) -> Self
    where
        F: Iterator<Item = (u128, u128)> + Clone,
    {
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
    /// What its author may not have meant; see [`crate::Evaluation::notes`].
    pub notes: Vec<Fault>,
}

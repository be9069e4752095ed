//! A finished period: from good, total and target to the figures of its budget, exactly and in floats.

use std::hint::black_box;

use slo_core::{ErrorBudget, EventCounts, Ratio, Target, time_to_exhaustion};

use crate::month::mixed;

/// 28 days in seconds.
const PERIOD: u64 = 28 * 86_400;

/// A period over, as both would have it.
pub(crate) struct Finished {
    counts: EventCounts,
    target: Target,
    good: f64,
    bad: f64,
    total: f64,
    slo: slokit::Slo,
}

/// A thousand periods of one to a hundred million events, in which none to twice the budget is spent.
pub(crate) fn finished() -> Vec<Finished> {
    ["0.99", "0.995", "0.999", "0.9999"].into_iter().flat_map(|target| (1..=250).map(|n| period(n, target))).collect()
}

fn period(number: u64, target: &str) -> Finished {
    let random = mixed(number);
    let objective = slokit::Objective::ratio(target.parse().expect("a number")).expect("a target");
    let target: Target = target.parse().expect("a target");
    let total = 1_000_000 + random % 99_000_000;
    let bad = (random >> 32) % (2 * total * u64::from(target.allowed_failure()) / 1_000_000_000);
    let float = |count: u64| f64::from(u32::try_from(count).expect("less than 2^32"));
    Finished {
        counts: EventCounts::new(total - bad, total).expect("no more bad than all"),
        target,
        good: float(total - bad),
        bad: float(bad),
        total: float(total),
        slo: slokit::Slo::new(objective, slokit::Window::from_secs(PERIOD)),
    }
}

impl Finished {
    /// The figures as this crate has them: quotients that are never rounded.
    pub(crate) fn exactly(&self) {
        let (counts, target) = (black_box(self.counts), black_box(self.target));
        let count = |count: u128| i128::try_from(count).expect("less than 2^97");
        let sli = Ratio::new(count(counts.good()), count(counts.total()));
        let budget = ErrorBudget::of_events(counts, target);
        // Over the whole period, the burn rate is the share that was spent.
        let burn_rate = budget.consumed_ratio;
        let lasts = time_to_exhaustion(PERIOD, budget.remaining_ratio, burn_rate);
        let met = sli.map(|sli| sli >= target.into());
        black_box((sli, met, budget.is_exhausted(), budget, burn_rate, lasts));
    }

    /// The same figures by slokit.
    #[expect(clippy::float_arithmetic, reason = "what slokit leaves to its caller")]
    pub(crate) fn in_floats(&self) {
        let (good, bad, total, slo) =
            (black_box(self.good), black_box(self.bad), black_box(self.total), black_box(self.slo));
        let sli = good / total;
        let budget = slo.error_budget(total);
        let amounts = (budget.allowed_bad_events(), bad, budget.remaining_events(bad));
        let shares = (budget.consumed_ratio(bad), budget.remaining_ratio(bad));
        let burn_rate = slokit::BurnRate::from_error_ratio(bad / total, &slo);
        let lasts = budget.time_to_exhaustion(bad, burn_rate, slo.period);
        let met = sli >= slo.objective.as_ratio();
        black_box((sli, met, shares.0 >= 1.0, amounts, shares, burn_rate, lasts));
    }
}

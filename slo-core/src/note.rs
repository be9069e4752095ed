//! Advice on objectives: what is allowed and yet likely to disappoint.

use num_bigint::BigInt;

use crate::alert_policy::{AlertPolicy, AlertThreshold, shortest_period_minutes};
use crate::budget::{BILLION, BudgetUnit};
use crate::evaluation::{Evaluation, Standing};
use crate::fault::Fault;
use crate::ratio::Ratio;
use crate::target::Target;
use crate::window::{TimeWindow, WindowPeriod};

impl Evaluation<'_> {
    /// What its author may not have meant: worth a look, not a fault.
    ///
    /// - `weekdaySkew`: a rolling window of a week or more that is not whole weeks (30 days) holds more
    ///   weekends at some times than at others, and the budget moves without cause.
    /// - `alertFactorBelowOne`: an alert at a burn rate below 1 fires while the objective is kept.
    /// - `alertLeftOut`: an alert whose long window is longer than the objective's.
    /// - `alertUnreachable`: a default condition that can never fire, because even a total outage burns
    ///   at no more than 1/b.
    #[must_use]
    pub fn notes(&self) -> Vec<Fault> {
        let mut notes = Vec::new();
        if let TimeWindow::Rolling(window) = &self.objective.time_window
            && window.minutes() > WEEK
            && window.minutes() % WEEK != 0
        {
            let weeks = window.minutes() / WEEK * 7;
            let detail = format!(
                "{} is not whole weeks, so it holds more weekends at some times than at others; {weeks}d does not",
                self.objective.time_window.duration()
            );
            notes.push(Fault::new("/timeWindow/duration", "weekdaySkew", detail));
        }
        let period = shortest_period_minutes(&self.objective.time_window);
        let ceiling = Ratio::new(BILLION, i128::from(self.target.allowed_failure())).expect("b is above zero");
        let own = self.objective.alert_policy.is_some();
        let policy = self.objective.alert_policy.clone().unwrap_or_else(|| AlertPolicy::default_for(period));
        for (i, condition) in policy.conditions.iter().enumerate() {
            let Some(long) = condition.long_window.minutes() else { continue };
            if long > period {
                let detail = "the long window is longer than the objective's window, so this alert is left out";
                notes.extend(own.then(|| Fault::new(format!("/alertPolicy/conditions/{i}"), "alertLeftOut", detail)));
                continue;
            }
            let (raw, k) = (condition.threshold.raw_factor(long, period), condition.threshold.factor(long, period));
            if let Some(raw) = raw.filter(|raw| own && *raw < Ratio::ONE) {
                let detail = match condition.threshold {
                    AlertThreshold::BurnRate(_) => {
                        format!(
                            "a burn rate of {raw} keeps the objective, and this alert fires above it; choose 1 or more"
                        )
                    }
                    AlertThreshold::BudgetFraction(_) => format!(
                        "this share of the budget in {} is a burn rate of {raw}, which keeps the objective; 1 is used",
                        condition.long_window
                    ),
                };
                notes.push(Fault::new(format!("/alertPolicy/conditions/{i}"), "alertFactorBelowOne", detail));
            }
            if !own && k.is_some_and(|k| k >= ceiling) {
                let detail = format!(
                    "the default {} alert on {} can never fire: at {} even a total outage burns at {ceiling}; \
                     write conditions of your own",
                    condition.severity.name(),
                    condition.long_window,
                    self.target
                );
                notes.push(Fault::new("/alertPolicy", "alertUnreachable", detail));
            }
        }
        notes
    }
}

/// `budgetBelowOne`: not one event or slice may fail in a whole period of the volume seen.
pub(crate) fn budget_below_one(standing: &Standing<'_>, period: &WindowPeriod, target: Target) -> Option<Fault> {
    let allowed = BigInt::from(standing.scale.allowed(target));
    let (what, allowed, one) = match standing.scale.unit {
        // Events so far, as many again in the rest of the period.
        BudgetUnit::Events => ("event", allowed * period.whole().minutes(), BigInt::from(period.elapsed.minutes())),
        BudgetUnit::Seconds => ("slice", allowed, BigInt::from(1)),
    };
    if !standing.has_data() || allowed >= one * BILLION {
        return None;
    }
    let detail = format!(
        "at this volume {target} allows less than one bad {what} in a period, so that the first one breaks it: \
         lower the target, lengthen the window or measure more"
    );
    Some(Fault::new("/target", "budgetBelowOne", detail))
}

/// In minutes.
const WEEK: i64 = 7 * 1_440;

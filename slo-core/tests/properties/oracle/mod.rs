//! Budgets the slow way: minute by minute, in rationals without limits.

mod alerts;
mod excluded;
mod figures;
mod forecast;
mod incidents;
mod number;
mod period;
mod plan;
mod spending;

use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Zero;
use slo_core::{BudgetingMethod, ExclusionMode, Minute, Target};

use super::Case;
pub(crate) use excluded::mode;
pub(crate) use number::exact;
pub(crate) use period::{Span, period};

/// Good and total of one minute over all sources, as exclusions leave them.
type Minutes = BTreeMap<Minute, (BigInt, BigInt)>;

/// What the domain says of a case.
pub(crate) struct Expected<'a> {
    case: &'a Case,
    minutes: Minutes,
    /// Minutes with data, excluded or not.
    with_data: BTreeSet<Minute>,
    span: Span,
    /// 1 - T.
    allowed: BigRational,
}

/// 1 - T.
fn allowed(target: Target) -> BigRational {
    let billion = BigInt::from(1_000_000_000);
    BigRational::new(&billion - target.parts_per_billion(), billion)
}

impl<'a> Expected<'a> {
    pub(crate) fn new(case: &'a Case) -> Self {
        let mut minutes = Minutes::new();
        for ((_, start), (good, total)) in case.stored() {
            let sums = minutes.entry(start).or_default();
            sums.0 += good;
            sums.1 += total;
        }
        let with_data = minutes.iter().filter(|(_, counts)| !counts.1.is_zero()).map(|(minute, _)| *minute).collect();
        minutes.retain(|minute, _| mode(&case.exclusions, *minute) != Some(ExclusionMode::Remove));
        for (minute, counts) in &mut minutes {
            if mode(&case.exclusions, *minute) == Some(ExclusionMode::CountAsGood) {
                counts.0 = counts.1.clone();
            }
        }
        let allowed = allowed(case.what_if.unwrap_or(case.objective.target));
        Self { case, minutes, with_data, span: period(case.rule, case.end), allowed }
    }

    /// P in minutes.
    fn length(&self) -> i64 {
        self.span.full_end - self.span.start
    }

    fn is_mean(&self) -> bool {
        matches!(self.case.objective.method, BudgetingMethod::RatioTimeslices { .. })
    }
}

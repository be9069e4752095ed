//! Budgets the slow way: minute by minute, in rationals without limits.

mod figures;
mod forecast;
mod number;
mod period;
mod spending;

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_rational::BigRational;
use slo_core::{BudgetingMethod, Minute, Target};

use super::Case;
pub(crate) use number::exact;
pub(crate) use period::{Span, period};

/// Good and total of one minute over all sources.
type Minutes = BTreeMap<Minute, (BigInt, BigInt)>;

/// What the domain says of a case.
pub(crate) struct Expected<'a> {
    case: &'a Case,
    minutes: Minutes,
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
        let allowed = allowed(case.what_if.unwrap_or(case.objective.target));
        Self { case, minutes, span: period(case.rule, case.end), allowed }
    }

    /// P in minutes.
    fn length(&self) -> i64 {
        self.span.full_end - self.span.start
    }

    fn is_mean(&self) -> bool {
        matches!(self.case.objective.method, BudgetingMethod::RatioTimeslices { .. })
    }
}

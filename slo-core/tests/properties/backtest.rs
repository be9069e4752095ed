//! Which target past periods would have met.

use num_bigint::BigInt;
use num_rational::BigRational;
use proptest::prelude::*;
use slo_core::{Backtest, BudgetReport, BudgetUnit, Minute, SliceWidth, Target};

use super::cases::{Case, cases_of, counts, methods, targets};
use super::exclusions::exclusions;
use super::oracle::{self, Span};
use super::{SOURCES, config, filled, read, report};

/// A case with data in so many periods, and a proposed target.
#[derive(Clone, Debug)]
struct Past {
    case: Case,
    count: usize,
    proposed: Option<Target>,
}

fn pasts() -> impl Strategy<Value = Past> {
    let case = (cases_of(methods(), 3_000), 1..5_usize, proptest::option::of(targets()));
    case.prop_flat_map(|(case, count, proposed)| {
        let span = oracle::period(case.rule, case.end);
        let reach = (span.full_end - span.start) * i64::try_from(count).expect("few");
        let more = ((0..SOURCES.len(), 0..reach), counts());
        let earlier = exclusions(Span { start: span.start - reach, ..span });
        (proptest::collection::vec(more, 0..40), earlier).prop_map(move |(more, exclusions)| {
            let mut case = Case { early: case.early, ..case.seen_from(case.end) };
            case.sparse.extend(more.into_iter().map(|((source, ago), counts)| ((source, case.end - ago), counts)));
            case.exclusions.extend(exclusions);
            Past { case, count, proposed }
        })
    })
}

impl Past {
    /// When the periods ended, the newest first.
    fn ends(&self) -> Vec<Minute> {
        let floor = if self.case.early == 0 { self.case.end } else { self.case.end - 1 };
        let current = oracle::period(self.case.rule, floor);
        let newest = if current.full_end == floor { floor } else { current.start };
        let before = |end: &Minute| Some(oracle::period(self.case.rule, *end).start);
        std::iter::successors(Some(newest), before).take(self.count).collect()
    }

    fn at(&self, end: Minute, target: Target) -> Case {
        Case { what_if: Some(target), ..self.case.seen_from(end) }
    }
}

/// Events or slices that the budget is a share of.
fn basis(report: &BudgetReport, case: &Case) -> BigRational {
    let b = BigRational::new(report.target.allowed_failure().into(), 1_000_000_000.into());
    let one = match report.budget.unit {
        BudgetUnit::Events => 1,
        BudgetUnit::Seconds => 60 * case.objective.method.slice_width().map_or(0, SliceWidth::minutes),
    };
    oracle::exact(report.budget.total) / b / BigRational::from(BigInt::from(one))
}

/// What may fail in billionths is no less than the level allows, no less than one of the quietest period, and
/// the first such number of at most two digits.
fn assert_suggested(got: Option<Target>, strictest: Target, quietest: &BigRational) {
    let billion = 1_000_000_000;
    let one = (BigRational::from(BigInt::from(billion)) / quietest).ceil();
    let least = one.max(BigRational::from(BigInt::from(strictest.allowed_failure())));
    let written = (0..9).flat_map(|power| (1..100_u32).map(move |digits| u64::from(digits) * 10_u64.pow(power)));
    let wanted = written.filter(|allowed| BigRational::from(BigInt::from(*allowed)) >= least).min();
    let wanted = wanted.filter(|allowed| *allowed < billion);
    assert_eq!(got.map(|target| u64::from(target.allowed_failure())), wanted);
}

proptest! {
    #![proptest_config(config(80))]

    /// Each period says what its report says, and the target is the strictest that all of them met.
    #[test]
    fn past_periods_are_those_of_reports(past in pasts()) {
        let (case, store) = (&past.case, filled(&past.case.sparse));
        let reading = case.evaluation().backtest_reading(case.at(), past.count);
        let buckets = read(&store, reading.period, &reading.resolution);
        let got: Backtest = case.evaluation().backtest(case.at(), past.count, past.proposed, &buckets);
        let ends = past.ends();
        prop_assert_eq!(got.periods.iter().map(|past| past.period.end).collect::<Vec<_>>(), ends.clone());
        prop_assert!(got.judged == past.proposed.or(got.suggested));

        let any: Target = "0.5".parse().expect("a target");
        let reports = |target| ends.iter().map(|end| report(&store, &past.at(*end, target), false)).collect::<Vec<_>>();
        let judged = reports(got.judged.unwrap_or(any));
        for (got, report) in got.periods.iter().zip(&judged) {
            prop_assert_eq!(got.period, report.period.elapsed);
            prop_assert_eq!(report.period.elapsed, report.period.whole());
            prop_assert_eq!((got.counts, got.sli, got.coverage), (report.counts, report.sli, report.coverage));
        }
        if got.judged.is_some() {
            let verdicts = got.periods.iter().map(|past| (past.met, past.consumed_ratio));
            let wanted = judged.iter().map(|report| (report.met, report.budget.consumed_ratio));
            prop_assert_eq!(verdicts.collect::<Vec<_>>(), wanted.collect::<Vec<_>>());
        } else {
            prop_assert!(got.periods.iter().all(|past| past.met.is_none() && past.consumed_ratio.is_none()));
        }
        prop_assert_eq!(got.broken, judged.iter().filter(|report| got.judged.is_some() && report.met == Some(false)).count());

        let met = |parts: u32| {
            let target = Target::from_parts_per_billion(parts).expect("in (0,1)");
            reports(target).iter().all(|report| report.met != Some(false))
        };
        let has_data = judged.iter().any(|report| report.sli.is_some());
        match got.strictest.map(Target::parts_per_billion) {
            Some(parts) => {
                prop_assert!(has_data && met(parts), "{parts} is met");
                prop_assert!(parts == 999_999_999 || !met(parts + 1), "{parts} and one more is not");
                prop_assert!(got.suggested.is_none_or(|target| met(target.parts_per_billion())));
                let with_data = judged.iter().filter(|report| report.sli.is_some());
                let quietest = with_data.map(|report| basis(report, case)).min().expect("there is data");
                assert_suggested(got.suggested, got.strictest.expect("there is one"), &quietest);
            }
            None => prop_assert!(got.suggested.is_none() && (!has_data || !met(1))),
        }
    }
}

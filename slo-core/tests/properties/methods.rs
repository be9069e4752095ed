//! Where the methods agree, and that failures add up.

use proptest::prelude::*;
use slo_core::{BudgetReport, BudgetingMethod, Minute, NoData, PartsPerBillion, Ratio};

use super::cases::{Case, Rule, WIDTHS, cases_of, methods, targets, width, windows};
use super::oracle::{Span, period};
use super::{Stored, config, filled, name, report, series};

/// What happened in a slice: where in it, in which source, and a share of badness.
type Event = (u64, usize, u64);

/// Slices with equal traffic, in all or some of a window, at an instant or at the end of a period.
#[derive(Clone, Debug)]
struct Even {
    case: Case,
    width: u32,
    /// Whether each slice of the whole period has data.
    full: bool,
    slices: Vec<(Minute, Event)>,
}

/// Slices of more than this many a window are not tried.
const MOST: i64 = 1_500;

fn evens() -> impl Strategy<Value = Even> {
    let policy = proptest::sample::select(NoData::ALL.map(|(_, policy)| policy).to_vec());
    let window = proptest::sample::select(WIDTHS.to_vec())
        .prop_flat_map(|width| (Just(width), windows(width.into(), i64::from(width) * MOST)));
    (window, targets(), policy, any::<bool>()).prop_flat_map(|((width, (rule, window, end)), target, no_data, full)| {
        let span = period(rule, end);
        let end = if full { span.full_end } else { span.end };
        let width = if (end - span.start) / i64::from(width) > MOST { 60 } else { width };
        let mut objective = slo_core::Objective::new(name("shop"), name("web"), series(), target, window);
        // Without data a slice is not counted, as a minute without events is not.
        objective.no_data = if full { no_data } else { NoData::Ignore };
        let (sparse, exclusions) = (Stored::new(), Vec::new());
        let case = Case { objective, rule, what_if: None, end, early: 0, sparse, fill: None, exclusions };
        let starts = starts(Span { end, ..span }, width.into());
        let event = (0..10_u8, any::<u64>(), 0..3_usize, 0..=1_000_u64);
        let event = event
            .prop_map(move |(tenth, place, source, badness)| (full || tenth < 3).then_some((place, source, badness)));
        proptest::collection::vec(event, starts.len()).prop_map(move |events| {
            let slices = starts.iter().copied().zip(events).filter_map(|(start, event)| Some((start, event?)));
            let slices: Vec<_> = slices.collect();
            Even { case: case.clone(), width, full, slices }
        })
    })
}

/// Where the slices of a span begin.
fn starts(span: Span, width: i64) -> Vec<Minute> {
    (0..span.end - span.start).map(|i| span.start + i).filter(|minute| minute.get() % width == 0).collect()
}

impl Even {
    /// The report by a method when each slice has `total` events.
    fn report(&self, method: BudgetingMethod, total: u64) -> BudgetReport {
        let mut case = self.case.clone();
        case.objective.method = method;
        for (start, (place, source, badness)) in &self.slices {
            let minutes = u64::try_from(i64::from(self.width).min(case.end - *start)).expect("begins before the end");
            let minute = *start + i64::try_from(place % minutes).expect("in the slice");
            // Of one event, one in ten is bad.
            let bad = if total == 1 { u64::from(badness % 10 == 0) } else { badness * total / 1_000 };
            case.sparse.insert((*source, minute), (total - bad, total));
        }
        report(&filled(&case.stored()), &case, true)
    }

    fn assert_agree(&self, events: &BudgetReport, slices: &BudgetReport) {
        assert_eq!((events.sli, events.met), (slices.sli, slices.met));
        assert_eq!((events.counts, events.watermark), (slices.counts, slices.watermark));
        if self.width == 1 {
            let rates = |report: &BudgetReport| report.burn_rates.iter().map(|burn| burn.rate).collect::<Vec<_>>();
            assert_eq!(rates(events), rates(slices));
            assert_eq!(events.coverage, slices.coverage);
        }
        if self.full {
            assert_eq!(events.budget.consumed_ratio, slices.budget.consumed_ratio);
            assert_eq!(events.budget.remaining_ratio, slices.budget.remaining_ratio);
            assert_eq!((events.status, events.exhausted), (slices.status, slices.exhausted));
            assert!(slices.sli.is_none() || slices.coverage == Some(Ratio::ONE));
            if self.width == 1 {
                // Traffic is constant: the rate form is the volume form, and all that follows is the same.
                assert_eq!(inside(events), inside(slices));
                assert_eq!(events.forecast, slices.forecast);
            }
        }
    }
}

/// The burn rates of the look-backs that do not cross the start of the period.
fn inside(report: &BudgetReport) -> Vec<slo_core::BurnRate> {
    let elapsed = i64::try_from(report.period.elapsed.minutes()).expect("a month");
    report.burn_rates.iter().filter(|burn| burn.lookback.minutes() <= elapsed).copied().collect()
}

proptest! {
    #![proptest_config(config(60))]

    /// With one event a slice and a slice target of 1; at full coverage of a finished period the ratios
    /// agree too.
    #[test]
    fn timeslices_of_one_event_are_occurrences(even in evens()) {
        let slices = BudgetingMethod::Timeslices { target: PartsPerBillion::ONE, width: width(even.width) };
        even.assert_agree(&even.report(BudgetingMethod::Occurrences, 1), &even.report(slices, 1));
    }

    /// With equally many events a slice.
    #[test]
    fn ratio_timeslices_of_equal_traffic_are_occurrences(even in evens(), total in 1_u64..100_000) {
        let slices = BudgetingMethod::RatioTimeslices { width: width(even.width) };
        even.assert_agree(&even.report(BudgetingMethod::Occurrences, total), &even.report(slices, total));
    }
}

proptest! {
    #![proptest_config(config(40))]

    /// What each bad minute or slice burns by itself adds up to what is consumed.
    #[test]
    fn failures_add_up_to_consumed(mut case in cases_of(methods(), 2_000)) {
        case.fill = None;
        let step = case.objective.method.slice_width().map_or(1, slo_core::SliceWidth::minutes);
        let perfect: Stored = case.stored().into_iter().map(|(key, (_, total))| (key, (total, total))).collect();
        let consumed = |sparse: &Stored| {
            let case = Case { sparse: sparse.clone(), ..case.clone() };
            super::oracle::exact(report(&filled(sparse), &case, true).budget.consumed)
        };
        // What is consumed for want of data.
        let missing = consumed(&perfect);
        let mut places: Vec<Minute> = case.sparse.keys().map(|(_, start)| start.on_grid(step)).collect();
        places.dedup();
        places.sort_unstable();
        places.dedup();
        let mut sum = missing.clone();
        for place in places {
            let here = case.sparse.iter().filter(|((_, start), _)| start.on_grid(step) == place);
            let mut only = perfect.clone();
            only.extend(here);
            sum += consumed(&only) - &missing;
        }
        let (all, printed) = (consumed(&case.sparse), num_rational::BigRational::new(1.into(), 10_u64.pow(18).into()));
        let error = if all > sum { &all - &sum } else { &sum - &all };
        // Only a mean of ratios is ever rounded, in its 30th digit.
        let allowed = if matches!(case.objective.method, BudgetingMethod::RatioTimeslices { .. }) { printed } else { error.clone() - &error };
        prop_assert!(error <= allowed, "{sum} and {all}");
    }
}

proptest! {
    #![proptest_config(config(15))]

    /// The share of the budget that each five minutes burn adds up to the consumed ratio, when every
    /// slice counts.
    #[test]
    fn burn_adds_up_to_consumed(
        mut case in cases_of(methods(), 60), fives in 12_i64..36, slot in any::<bool>(), reached in 1_u32..=1_000_000_000,
    ) {
        let length = 5 * fives;
        let width = width(if slot { 5 } else { 1 });
        case.objective.time_window = super::cases::rolling(length);
        case.rule = Rule::Rolling(length);
        // Each slice of five minutes has begun in one look-back.
        let end = case.end;
        case.end = end.on_grid(5) + 5;
        case.what_if = None;
        // Where slices are removed, those that are left weigh more.
        case.exclusions.clear();
        let target = PartsPerBillion::new(reached).expect("a ratio");
        for method in [BudgetingMethod::Timeslices { target, width }, BudgetingMethod::RatioTimeslices { width }] {
            case.objective.method = method;
            case.objective.no_data = if fives % 2 == 0 { NoData::Good } else { NoData::Bad };
            let store = filled(&case.stored());
            let mut sum = num_rational::BigRational::from(num_bigint::BigInt::from(0));
            for i in 0..fives {
                let then = Case { end: case.end - 5 * i, ..case.clone() };
                let burn = report(&store, &then, true).burn_rates[0];
                prop_assert_eq!(burn.lookback.name(), "5m");
                sum += super::oracle::exact(burn.budget_consumed.expect("all slices count"));
            }
            let consumed = super::oracle::exact(report(&store, &case, true).budget.consumed_ratio.expect("a budget"));
            let error = if consumed > sum { &consumed - &sum } else { &sum - &consumed };
            let printed = num_rational::BigRational::new(1.into(), 10_u64.pow(15).into());
            prop_assert!(error <= printed, "{sum} and {consumed}");
        }
    }
}

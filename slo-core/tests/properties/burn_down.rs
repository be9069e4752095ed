//! Budgets step by step.

use proptest::prelude::*;
use slo_core::{BurnDownPoint, Resolution};

use super::cases::{cases_of, methods};
use super::{config, filled, read, report};

proptest! {
    #![proptest_config(config(80))]

    /// Each point is what the report of that instant says, in this period and in those before it.
    #[test]
    fn points_are_those_of_reports(
        case in cases_of(methods(), 3_000), recent in proptest::collection::btree_set(0..200_i64, 1..4),
        older in proptest::collection::btree_set(0..50_000_i64, 0..4),
    ) {
        let store = filled(&case.stored());
        let ends: std::collections::BTreeSet<_> = recent.union(&older).map(|ago| case.end - *ago).collect();
        let ends: Vec<_> = ends.into_iter().collect();
        let reading = case.evaluation().burn_down_reading(&ends);
        let points = |resolution: &Resolution| case.evaluation().burn_down(&ends, &read(&store, reading.period, resolution));
        let wanted = ends.iter().map(|end| {
            let report = report(&store, &case.seen_from(*end), false);
            let (remaining_ratio, sli, counts) = (report.budget.remaining_ratio, report.sli, report.counts);
            BurnDownPoint { end: *end, remaining_ratio, sli, counts }
        });
        let wanted: Vec<BurnDownPoint> = wanted.collect();
        prop_assert_eq!(&points(&reading.resolution), &wanted);
        prop_assert_eq!(&points(&Resolution::Minutes), &wanted);
    }
}

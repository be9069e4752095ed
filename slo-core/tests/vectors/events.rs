//! Sums of events.

use slo_core::{Ratio, Status, Target};

use super::{minute, ratio, report, rolling};

/// Figures of good and total events in 30 days; quotients as (numerator, denominator).
struct Events {
    id: &'static str,
    source: &'static str,
    good: u64,
    total: u64,
    target: &'static str,
    sli: (i128, i128),
    bad: u128,
    budget: (i128, i128),
    consumed: (i128, i128),
    remaining: (i128, i128),
    remaining_events: (i128, i128),
    /// Over every look-back: all of it happened in the newest minute.
    burn_rate: (i128, i128),
    seconds_left: Option<u64>,
    status: Status,
}

const EVENTS: [Events; 9] = [
    Events {
        id: "occ-01",
        source: "SRE Workbook, error budget policy: 1,000,000 requests in four weeks at 99.9 % allow 1,000 errors",
        good: 999_000,
        total: 1_000_000,
        target: "0.999",
        sli: (999, 1_000),
        bad: 1_000,
        budget: (1_000, 1),
        consumed: (1, 1),
        remaining: (0, 1),
        remaining_events: (0, 1),
        burn_rate: (1, 1),
        seconds_left: Some(0),
        status: Status::Exhausted,
    },
    Events {
        id: "occ-02",
        source: "SRE Workbook, table 2-4: it prints 109,897, rounded down",
        good: 3_557_865,
        total: 3_663_253,
        target: "0.97",
        sli: (3_557_865, 3_663_253),
        bad: 105_388,
        budget: (10_989_759, 100),
        consumed: (10_538_800, 10_989_759),
        remaining: (450_959, 10_989_759),
        remaining_events: (450_959, 100),
        burn_rate: (10_538_800, 10_989_759),
        // 2,592,000 s · 450,959 / 10,538,800.
        seconds_left: Some(110_912),
        status: Status::Warning,
    },
    Events {
        id: "occ-03 at 90 %",
        source: "SRE Workbook, table 2-4: it prints 366,325",
        good: 3_663_253,
        total: 3_663_253,
        target: "0.90",
        sli: (1, 1),
        bad: 0,
        budget: (3_663_253, 10),
        consumed: (0, 1),
        remaining: (1, 1),
        remaining_events: (3_663_253, 10),
        burn_rate: (0, 1),
        seconds_left: None,
        status: Status::Ok,
    },
    Events {
        id: "occ-03 at 99 %",
        source: "SRE Workbook, table 2-4: it prints 36,632",
        good: 3_663_253,
        total: 3_663_253,
        target: "0.99",
        sli: (1, 1),
        bad: 0,
        budget: (3_663_253, 100),
        consumed: (0, 1),
        remaining: (1, 1),
        remaining_events: (3_663_253, 100),
        burn_rate: (0, 1),
        seconds_left: None,
        status: Status::Ok,
    },
    Events {
        id: "occ-05",
        source: "SRE Workbook, chapter 2: 1,500 errors of 3,000,000 requests spend half",
        good: 2_998_500,
        total: 3_000_000,
        target: "0.999",
        sli: (1_999, 2_000),
        bad: 1_500,
        budget: (3_000, 1),
        consumed: (1, 2),
        remaining: (1, 2),
        remaining_events: (1_500, 1),
        burn_rate: (1, 2),
        seconds_left: Some(2_592_000),
        status: Status::Ok,
    },
    Events {
        id: "occ-06",
        source: "slokit README, calc: it prints 999.9999999998898 allowed and 7,775,999 s",
        good: 999_750,
        total: 1_000_000,
        target: "0.999",
        sli: (3_999, 4_000),
        bad: 250,
        budget: (1_000, 1),
        consumed: (1, 4),
        remaining: (3, 4),
        remaining_events: (750, 1),
        burn_rate: (1, 4),
        seconds_left: Some(7_776_000),
        status: Status::Ok,
    },
    Events {
        id: "occ-08",
        source: "Pyrra issue 113: 135 requests at 99.5 % allow less than one error, which is noted",
        good: 135,
        total: 135,
        target: "0.995",
        sli: (1, 1),
        bad: 0,
        budget: (27, 40),
        consumed: (0, 1),
        remaining: (1, 1),
        remaining_events: (27, 40),
        burn_rate: (0, 1),
        seconds_left: None,
        status: Status::Ok,
    },
    Events {
        id: "allbad-01",
        source: "slo-generator 2.6: none good of 10",
        good: 0,
        total: 10,
        target: "0.999",
        sli: (0, 1),
        bad: 10,
        budget: (1, 100),
        consumed: (1_000, 1),
        remaining: (-999, 1),
        remaining_events: (-999, 100),
        burn_rate: (1_000, 1),
        seconds_left: Some(0),
        status: Status::Exhausted,
    },
    Events {
        id: "precision-01",
        source: "slo-generator 2.6: it rounds the SLI to 6 decimals and answers 1.0 and a burn of 0",
        good: 9_999_997,
        total: 10_000_000,
        target: "0.9999999",
        sli: (9_999_997, 10_000_000),
        bad: 3,
        budget: (1, 1),
        consumed: (3, 1),
        remaining: (-2, 1),
        remaining_events: (-2, 1),
        burn_rate: (3, 1),
        seconds_left: Some(0),
        status: Status::Exhausted,
    },
];

#[test]
fn events() {
    let exact = |(numerator, denominator)| ratio(numerator, denominator);
    for row in &EVENTS {
        let what = format!("{}: {}", row.id, row.source);
        let report = report(row.target, rolling("30d"), &[minute(row.good, row.total)]);
        assert_eq!(report.sli, Some(exact(row.sli)), "sli of {what}");
        assert_eq!(report.counts.bad(), row.bad, "bad of {what}");
        assert_eq!(report.budget.total, exact(row.budget), "total of {what}");
        assert_eq!(report.budget.consumed, Ratio::from(u64::try_from(row.bad).expect("few")), "consumed of {what}");
        assert_eq!(report.budget.remaining, exact(row.remaining_events), "remaining of {what}");
        assert_eq!(report.budget.consumed_ratio, Some(exact(row.consumed)), "consumed ratio of {what}");
        assert_eq!(report.budget.remaining_ratio, Some(exact(row.remaining)), "remaining ratio of {what}");
        assert_eq!(report.status, row.status, "{what}");
        assert_eq!(report.exhausted, row.status == Status::Exhausted, "{what}");
        assert_eq!(report.met, Some(exact(row.consumed) <= Ratio::ONE), "{what}");
        // Where less than one event may fail, its author should know (occ-08).
        let noted = report.notes.iter().any(|note| note.code == "budgetBelowOne");
        assert_eq!(noted, report.budget.total < Ratio::ONE, "a note on {what}");
        assert_eq!(report.burn_rates.len(), 7, "{what}");
        for burn in &report.burn_rates {
            let lookback = burn.lookback.name();
            assert_eq!(burn.rate, Some(exact(row.burn_rate)), "burn rate over {lookback} of {what}");
            assert_eq!(burn.budget_consumed, Some(exact(row.consumed)), "consumed over {lookback} of {what}");
            assert_eq!(burn.time_to_exhaustion, row.seconds_left, "seconds left over {lookback} of {what}");
        }
    }
}

/// nodata-01: slo-generator 2.6, Elastic, AWS and Datadog all have a word for it; never 1, 0 or NaN.
#[test]
fn no_data() {
    for buckets in [&[][..], &[minute(0, 0)]] {
        let report = report("0.999", rolling("30d"), buckets);
        assert_eq!((report.sli, report.met, report.status), (None, None, Status::NoData));
        assert_eq!((report.exhausted, report.watermark, report.coverage), (false, None, Some(Ratio::ZERO)));
        assert_eq!((report.budget.total, report.budget.consumed), (Ratio::ZERO, Ratio::ZERO));
        assert_eq!((report.budget.consumed_ratio, report.budget.remaining_ratio), (None, None));
        for burn in &report.burn_rates {
            assert_eq!((burn.rate, burn.budget_consumed, burn.time_to_exhaustion), (None, None, None));
        }
        assert_eq!((report.forecast.burn_rate, report.forecast.exhausted_at), (None, None));
    }
}

/// The states at their very edges; the default threshold is a quarter.
#[test]
fn edges_belong_to_the_worse_state_but_the_target_is_met() {
    let cases = [
        (749, Status::Ok, true),
        (750, Status::Warning, true),
        (999, Status::Warning, true),
        (1_000, Status::Exhausted, true),
        (1_001, Status::Exhausted, false),
    ];
    for (bad, status, met) in cases {
        let report = report("0.999", rolling("28d"), &[minute(1_000_000 - bad, 1_000_000)]);
        assert_eq!((report.status, report.met), (status, Some(met)), "{bad} of 1,000 allowed");
    }
}

/// target-100: slo-generator 2.6 takes a goal of 1 and burns 0; Datadog, OpenObserve and OpenSLO refuse it.
#[test]
fn a_target_of_one_or_zero_is_refused() {
    for refused in ["1", "1.0", "1.000000000", "1e0", "0", "0.0", "-0.1", "1.1"] {
        assert!(refused.parse::<Target>().is_err(), "{refused}");
    }
}

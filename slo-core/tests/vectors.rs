//! Published figures, computed exactly: every row names its id and where the figure was printed.
//!
//! Method Occurrences. Where a source rounds or extrapolates, the row says what is right.

use jiff::Timestamp;
use slo_core::{
    AlertThreshold, Bucket, BudgetReport, CalendarWindow, EventCounts, Minute, Name, Objective, PartsPerBillion, Ratio,
    Revision, RollingWindow, Series, Status, Target, TimeWindow, Width, Zone, evaluate, reading, time_to_exhaustion,
};

/// 2026-11-08T00:00Z: seven days of November are over.
const END: Minute = Minute::new((20_777 - 12) * 1_440);

fn ratio(numerator: i128, denominator: i128) -> Ratio {
    Ratio::new(numerator, denominator).expect("a denominator above zero")
}

fn rolling(length: &str) -> TimeWindow {
    TimeWindow::Rolling(RollingWindow::new(length.parse().expect("shorthand")).expect("a length"))
}

/// An objective at `END`, from these buckets.
fn report(target: &str, window: TimeWindow, buckets: &[Bucket]) -> BudgetReport {
    let name = |text: &str| -> Name { text.parse().expect("a name") };
    let series = Series { indicator: name("site"), born: Revision::FIRST };
    let objective = Objective::new(name("shop"), name("web"), series, target.parse().expect("a target"), window);
    evaluate(&objective, END.timestamp(), None, buckets)
}

/// `good` of `total` in the minute before `END`.
fn minute(good: u64, total: u64) -> Bucket {
    Bucket::minute(END - 1, EventCounts::new(good, total).expect("counts"))
}

/// A whole hour that ended so many hours before `END`, its minutes all with data.
fn hour(ago: i64, bad: u128, total: u128) -> Bucket {
    let counts = EventCounts::from_sums(bad, total).expect("no more bad than all");
    Bucket { start: END - 60 * (ago + 1), width: Width::Hour, counts, with_data: (1 << 60) - 1 }
}

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
        source: "Pyrra issue 113: 135 requests at 99.5 % allow less than one error",
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

/// (id, source, burn rate, days, seconds)
const EXHAUSTION: [(&str, &str, u64, u64, u64); 3] = [
    ("tte-1", "SRE Workbook, table 5-4", 1, 30, 2_592_000),
    ("tte-2", "SRE Workbook, table 5-4", 2, 30, 1_296_000),
    ("tte-10", "SRE Workbook, table 5-4", 10, 30, 259_200),
];

#[test]
fn times_to_exhaustion() {
    for (id, source, rate, days, seconds) in EXHAUSTION {
        let left = time_to_exhaustion(days * 86_400, Some(Ratio::ONE), Some(Ratio::from(rate)));
        assert_eq!(left, Some(seconds), "{id}: {source}");
    }
}

/// A burn rate over a look-back of constant traffic, where the volume form is the rate form BR·L/P:
/// (id, source, bad of 1,000 a minute at 99 %, hours, days, burn rate, share of the budget).
type Consumed = (&'static str, &'static str, u64, i64, i64, (i128, i128), (i128, i128));

const CONSUMED: [Consumed; 6] = [
    ("consumed-01", "SRE Workbook, table 5-6", 144, 1, 30, (144, 10), (1, 50)),
    ("consumed-02", "SRE Workbook, table 5-6", 60, 6, 30, (6, 1), (1, 20)),
    ("consumed-03", "SRE Workbook, table 5-8; Datadog burn_rate.md", 30, 24, 30, (3, 1), (1, 10)),
    ("consumed-04", "SRE Workbook, table 5-6", 10, 72, 30, (1, 1), (1, 10)),
    ("consumed-05", "Datadog burn_rate.md, 7 days", 168, 1, 7, (168, 10), (1, 10)),
    ("consumed-06", "Datadog burn_rate.md, 7 days", 56, 6, 7, (56, 10), (1, 5)),
];

#[test]
fn budget_consumed_by_a_look_back() {
    for (id, source, bad, hours, days, rate, share) in CONSUMED {
        let good = |ago| if ago <= 60 * hours { 1_000 - bad } else { 1_000 };
        let minute = |ago| Bucket::minute(END - ago, EventCounts::new(good(ago), 1_000).expect("counts"));
        let buckets: Vec<Bucket> = (1..=1_440 * days).rev().map(minute).collect();
        let report = report("0.99", rolling(&format!("{days}d")), &buckets);
        let burn = report.burn_rates.iter().find(|burn| burn.lookback.minutes() == 60 * hours).expect("a look-back");
        assert_eq!(burn.rate, Some(ratio(rate.0, rate.1)), "{id}: {source}");
        assert_eq!(burn.budget_consumed, Some(ratio(share.0, share.1)), "{id}: {source}");
    }
}

/// volume-01: Sloth PR 459. An hour with 100 errors of 120 requests, of 90,000 in 30 days at 95 %. The
/// rate form says 5/216; what was spent is 1/45.
#[test]
fn quiet_hours_spend_little() {
    let newest = EventCounts::new(20, 120).expect("counts");
    let buckets = [hour(400, 0, 89_880), Bucket::minute(END - 1, newest)];
    let report = report("0.95", rolling("30d"), &buckets);
    let burn = &report.burn_rates[2];
    assert_eq!((burn.lookback.name(), burn.rate), ("1h", Some(ratio(50, 3))));
    assert_eq!(burn.budget_consumed, Some(ratio(1, 45)));
}

/// methods-01: Nobl9's gist a1a55d97; it prints 94.0677 % and, rounded wrongly, 118.646 %.
#[test]
fn the_same_data_as_occurrences() {
    let good = [2, 10, 12, 13, 13, 12, 13, 13, 12, 11];
    let total = [4, 10, 12, 13, 14, 15, 14, 13, 12, 11];
    let minutes = (0..).zip(good.into_iter().zip(total));
    let buckets: Vec<Bucket> = minutes
        .map(|(i, (good, total))| Bucket::minute(END - 10 + i, EventCounts::new(good, total).expect("counts")))
        .collect();
    let report = report("0.95", rolling("1h"), &buckets);
    assert_eq!(report.sli, Some(ratio(111, 118)));
    assert_eq!(report.budget.consumed_ratio, Some(ratio(70, 59)));
    assert_eq!(report.coverage, Some(ratio(10, 60)));
}

/// November 2026 in UTC.
fn november() -> TimeWindow {
    let anchor = "2026-01-01T00:00:00".parse().expect("a date");
    let zone = Zone::new("UTC").expect("a zone");
    TimeWindow::Calendar(CalendarWindow::new("1M".parse().expect("shorthand"), anchor, zone).expect("a month"))
}

/// cal-01: slogen issue 36. 100,000 requests in 7 of 30 days at 90 % allow 10,000 to date; Elastic
/// shipped the extrapolation to 42,857 and took it back.
#[test]
fn a_calendar_budget_is_to_date() {
    let buckets = [hour(100, 0, 60_000), hour(1, 5_000, 40_000)];
    let report = report("0.9", november(), &buckets);
    assert_eq!((report.period.elapsed.minutes(), report.period.whole().minutes()), (7 * 1_440, 30 * 1_440));
    assert_eq!(report.budget.total, ratio(10_000, 1));
    assert_eq!(report.budget.remaining_ratio, Some(ratio(1, 2)));
}

/// A month that has just begun has no data, whatever its look-backs see across its start.
#[test]
fn a_new_period_without_data_has_no_burn_rate() {
    let at: Timestamp = "2026-11-01T00:30:00Z".parse().expect("a timestamp");
    let objective = {
        let name = |text: &str| -> Name { text.parse().expect("a name") };
        let series = Series { indicator: name("site"), born: Revision::FIRST };
        Objective::new(name("shop"), name("web"), series, "0.9".parse().expect("a target"), november())
    };
    let before = Minute::floor(at) - 40;
    assert!(reading(&objective, at).period.contains(before));
    let bucket = Bucket::minute(before, EventCounts::new(1, 2).expect("counts"));
    let report = evaluate(&objective, at, None, &[bucket]);
    assert_eq!((report.status, report.sli, report.met), (Status::NoData, None, None));
    assert!(report.burn_rates.iter().all(|burn| burn.rate.is_none() && burn.time_to_exhaustion.is_none()));
    assert_eq!((report.forecast.burn_rate, report.forecast.exhausted_at), (None, None));
}

/// A burn rate of 1 lands exactly on the target, with the end of the walk and so not before it.
#[test]
fn burning_at_one_is_not_exhausted_before_the_horizon() {
    let older = hour(40, 0, 3_000);
    let forecast = |bad: u64| {
        let oldest = EventCounts::new(1_000 - bad, 1_000).expect("counts");
        report("0.99", rolling("48h"), &[older, Bucket::minute(END - 1_440, oldest)]).forecast
    };
    assert_eq!((forecast(10).burn_rate, forecast(10).exhausted_at), (Some(Ratio::ONE), None));
    // A little faster: 40 may fail, all of it after a day and a minute again, and 1.1 · 40 is spent in two.
    assert_eq!(forecast(11).exhausted_at, Some((END + 2_619).timestamp()));
}

/// The share of the budget that the long window may spend, and k.
struct Factor {
    id: &'static str,
    source: &'static str,
    days: u64,
    billionths: u32,
    hours: u64,
    k: (i128, i128),
}

const fn factor(
    id: &'static str,
    source: &'static str,
    days: u64,
    billionths: u32,
    hours: u64,
    k: (i128, i128),
) -> Factor {
    Factor { id, source, days, billionths, hours, k }
}

const FACTORS: [Factor; 8] = [
    factor("mwmb-factors-30d", "Sloth, alert_test.go", 30, 20_000_000, 1, (144, 10)),
    factor("mwmb-factors-30d", "Sloth, alert_test.go", 30, 50_000_000, 6, (6, 1)),
    factor("mwmb-factors-30d", "Sloth, alert_test.go", 30, 100_000_000, 24, (3, 1)),
    factor("mwmb-factors-30d", "Sloth, alert_test.go", 30, 100_000_000, 72, (1, 1)),
    factor("at 28 d", "Sloth gives 0.933… and fires inside the budget: never below 1", 28, 100_000_000, 72, (1, 1)),
    factor("consumed-05", "Datadog burn_rate.md", 7, 100_000_000, 1, (168, 10)),
    factor("consumed-06", "Datadog burn_rate.md", 7, 200_000_000, 6, (56, 10)),
    factor("at 7 d", "the formula above SRE Workbook, table 5-6", 7, 400_000_000, 24, (28, 10)),
];

#[test]
fn alert_factors() {
    for row in &FACTORS {
        let fraction = AlertThreshold::BudgetFraction(PartsPerBillion::new(row.billionths).expect("a ratio"));
        let k = fraction.factor(60 * row.hours, row.days * 1_440);
        assert_eq!(k, Some(ratio(row.k.0, row.k.1)), "{}: {}, {} h", row.id, row.source, row.hours);
    }
}

/// ceiling-01: Datadog and OpenObserve. No burn rate is above 1/b, that of a total outage.
#[test]
fn the_ceiling_is_a_total_outage() {
    for (target, ceiling) in [("0.96", (25, 1)), ("0.94", (50, 3)), ("0.999", (1_000, 1)), ("0.9", (10, 1))] {
        let report = report(target, rolling("30d"), &[minute(0, 7)]);
        for burn in &report.burn_rates {
            assert_eq!(burn.rate, Some(ratio(ceiling.0, ceiling.1)), "{target}");
        }
    }
}

/// pyrra-short: Pyrra issue 1028. Scaling the windows of 28 days to 12 h gives one of 5.36 s, that is
/// of no minute at all. Look-backs are not scaled: those longer than the window are left out.
#[test]
fn short_windows_have_whole_look_backs() {
    let report = report("0.99", rolling("12h"), &[minute(1, 2)]);
    let minutes: Vec<i64> = report.burn_rates.iter().map(|burn| burn.lookback.minutes()).collect();
    assert_eq!(minutes, [5, 30, 60, 120, 360]);
    assert!(report.burn_rates.iter().all(|burn| burn.rate == Some(ratio(50, 1))));
}

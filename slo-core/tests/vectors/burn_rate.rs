//! Burn rates, what they leave, and the thresholds of alerts.

use slo_core::{AlertThreshold, Bucket, EventCounts, PartsPerBillion, Ratio, time_to_exhaustion};

use super::{END, hour, minute, ratio, report, rolling};

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

//! Alert conditions: the default ones, and how soon they notice.

use slo_core::{
    Alert, AlertCondition, AlertPolicy, AlertThreshold, Bucket, Evaluation, EventCounts, HeldBack, PartsPerBillion,
    Ratio, Severity,
};

use super::{END, minute, objective, ratio, rolling};

fn alerts(target: &str, length: &str, policy: Option<AlertPolicy>, buckets: &[Bucket]) -> Vec<Alert> {
    let mut objective = objective(target, rolling(length));
    objective.alert_policy = policy;
    Evaluation::of(&objective).alerts(END.timestamp(), 0, buckets).items
}

/// (severity, long window, short window, k)
type Row = (Severity, &'static str, &'static str, (i128, i128));

const fn page(long: &'static str, short: &'static str, k: (i128, i128)) -> Row {
    (Severity::Page, long, short, k)
}

const fn ticket(long: &'static str, short: &'static str, k: (i128, i128)) -> Row {
    (Severity::Ticket, long, short, k)
}

/// mwmb-factors-30d: Sloth's alert_test.go and the SRE Workbook's table 5-8; at 28 days Sloth goes below 1.
const MONTH: [Row; 4] =
    [page("1h", "5m", (144, 10)), page("6h", "30m", (6, 1)), ticket("24h", "2h", (3, 1)), ticket("72h", "6h", (1, 1))];
const FOUR_WEEKS: [Row; 4] = [
    page("1h", "5m", (1_344, 100)),
    page("6h", "30m", (56, 10)),
    ticket("24h", "2h", (28, 10)),
    ticket("72h", "6h", (1, 1)),
];
/// consumed-05 and consumed-06: Datadog burn_rate.md, 7 days.
const WEEK: [Row; 3] = [page("1h", "5m", (168, 10)), page("6h", "30m", (56, 10)), ticket("24h", "2h", (28, 10))];

#[test]
fn default_conditions() {
    let half_a_day = [page("1h", "5m", (12, 10)), page("6h", "30m", (1, 1))];
    let windows = [("30d", &MONTH[..]), ("28d", &FOUR_WEEKS[..]), ("7d", &WEEK[..]), ("12h", &half_a_day[..])];
    for (length, rows) in windows {
        let alerts = alerts("0.999", length, None, &[]);
        let got = alerts.iter().map(|alert| {
            let windows = (alert.long_window.to_string(), alert.short_window.to_string());
            (alert.severity, windows, alert.threshold)
        });
        let wanted = rows
            .iter()
            .map(|(severity, long, short, k)| (*severity, ((*long).to_owned(), (*short).to_owned()), ratio(k.0, k.1)));
        assert_eq!(got.collect::<Vec<_>>(), wanted.collect::<Vec<_>>(), "{length}");
        assert!(alerts.iter().all(|alert| !alert.firing && alert.held_back.is_none()), "{length}");
    }
}

/// ceiling-01: a total outage burns at 1/b. At 90 % that is 10, and 14.4 of it can never be; at 99.9 % all fire.
#[test]
fn no_threshold_above_the_ceiling() {
    let held_back = |target| {
        let alerts = alerts(target, "30d", None, &[minute(0, 7)]);
        alerts.into_iter().map(|alert| (alert.firing, alert.held_back)).collect::<Vec<_>>()
    };
    assert_eq!(held_back("0.999"), [(true, None); 4]);
    let [never, fires] = [(false, Some(HeldBack::Unreachable)), (true, None)];
    assert_eq!(held_back("0.9"), [never, fires, fires, fires]);
    assert_eq!(held_back("0.666666667"), [never, never, fires, fires], "1/b is a little above 3");
    assert_eq!(held_back("0.666666666"), [never, never, never, fires], "1/b is a little below 3");
}

/// detect-01: SRE Workbook, chapter 5, alternative 1. At 99.9 %, ten minutes burn at 1 once 0.6 s of them
/// have failed: 600 of 600,000 events, which is not above it yet.
#[test]
fn a_total_outage_is_noticed_after_six_tenths_of_a_second() {
    let firing = |bad: u64| {
        let window = |length: &str| length.parse().expect("shorthand");
        let threshold = AlertThreshold::BurnRate("1".parse().expect("a decimal"));
        let (long_window, short_window) = (window("10m"), window("1m"));
        let condition =
            AlertCondition { severity: Severity::Page, long_window, short_window, threshold, minimum_events: None };
        let policy = AlertPolicy { conditions: vec![condition], coverage_floor: PartsPerBillion::ONE };
        // A thousand events a second.
        let good = |ago| if ago == 1 { 60_000 - bad } else { 60_000 };
        let bucket = |ago| Bucket::minute(END - ago, EventCounts::new(good(ago), 60_000).expect("counts"));
        let buckets: Vec<Bucket> = (1..=10).rev().map(bucket).collect();
        let alert = alerts("0.999", "30d", Some(policy), &buckets).remove(0);
        (alert.long_burn_rate, alert.firing)
    };
    assert_eq!(firing(600), (Some(Ratio::ONE), false));
    assert_eq!(firing(601), (Some(ratio(601, 600)), true));
}

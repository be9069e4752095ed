//! Calendar windows.

use jiff::Timestamp;
use slo_core::{Bucket, CalendarWindow, Evaluation, EventCounts, Minute, Status, TimeWindow, Zone};

use super::{hour, objective, ratio, report};

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
    let objective = objective("0.9", november());
    let before = Minute::floor(at) - 40;
    assert!(Evaluation::of(&objective).reading(at).period.contains(before));
    let bucket = Bucket::minute(before, EventCounts::new(1, 2).expect("counts"));
    let report = Evaluation::of(&objective).report(at, &[bucket]);
    assert_eq!((report.status, report.sli, report.met), (Status::NoData, None, None));
    assert!(report.burn_rates.iter().all(|burn| burn.rate.is_none() && burn.time_to_exhaustion.is_none()));
    assert_eq!((report.forecast.burn_rate, report.forecast.exhausted_at), (None, None));
}

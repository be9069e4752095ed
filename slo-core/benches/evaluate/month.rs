//! A month of an objective: 28 days at about a thousand events a minute.

use slo_core::{
    Bucket, BudgetingMethod, EventCounts, Minute, Name, Objective, PartsPerBillion, Reading, Revision, RollingWindow,
    Series, SliceWidth, TimeWindow, Width,
};

/// 2026-11-20T12:34Z: both ends of the month cut an hour.
pub(crate) const END: Minute = Minute::new(20_777 * 1_440 + 12 * 60 + 34);

/// Slices of a minute, good when 99 % of their events are.
pub(crate) fn timeslices() -> BudgetingMethod {
    BudgetingMethod::Timeslices {
        target: PartsPerBillion::new(990_000_000).expect("a ratio"),
        width: SliceWidth::MINUTE,
    }
}

/// The mean of slices of a minute.
pub(crate) fn ratio_timeslices() -> BudgetingMethod {
    BudgetingMethod::RatioTimeslices { width: SliceWidth::MINUTE }
}

/// An objective that has spent a little more than half of its budget, so that the forecast must be walked.
pub(crate) fn objective(method: BudgetingMethod) -> Objective {
    let name = |text: &str| -> Name { text.parse().expect("a name") };
    let series = Series { indicator: name("site"), born: Revision::FIRST };
    let target = if matches!(method, BudgetingMethod::Timeslices { .. }) { "0.96" } else { "0.999" };
    let window = RollingWindow::new("28d".parse().expect("shorthand")).expect("a length");
    let target = target.parse().expect("a target");
    Objective { method, ..Objective::new(name("shop"), name("web"), series, target, TimeWindow::Rolling(window)) }
}

/// 900 to 1,100 events; in three minutes of a hundred, up to 40 of them are bad.
pub(crate) fn counts(minute: Minute) -> EventCounts {
    let random = mixed(minute.get().unsigned_abs());
    let total = 900 + random % 201;
    let bad = if (random >> 16) % 100 < 3 { 1 + (random >> 32) % 40 } else { 0 };
    EventCounts::new(total - bad, total).expect("no more bad than all")
}

/// What a store answers to a reading.
pub(crate) fn buckets(reading: &Reading) -> Vec<Bucket> {
    let mut buckets: Vec<Bucket> = Vec::new();
    for minute in (reading.period.start.get()..reading.period.end.get()).map(Minute::new) {
        let (hour, bucket) = (minute.hour(), Bucket::minute(minute, counts(minute)));
        if reading.resolution.splits(hour, reading.period) {
            buckets.push(bucket);
            continue;
        }
        let bucket = Bucket { start: hour, width: Width::Hour, with_data: 1 << (minute - hour), ..bucket };
        match buckets.last_mut() {
            Some(last) if last.start == hour => last.merge(&bucket),
            _ => buckets.push(bucket),
        }
    }
    buckets
}

/// Always the same for the same number, and unlike that of its neighbours (SplitMix64).
pub(crate) const fn mixed(number: u64) -> u64 {
    let z = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

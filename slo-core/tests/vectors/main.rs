//! Published figures, computed exactly: every row names its id and where the figure was printed.
//! Where a source rounds or extrapolates, the row says what is right.

mod alerts;
mod burn_rate;
mod events;
mod exclusions;
mod slices;
mod window;

use slo_core::{
    Bucket, BudgetReport, Evaluation, EventCounts, Minute, Name, Objective, Ratio, Revision, RollingWindow, Series,
    TimeWindow, Width,
};

/// 2026-11-08T00:00Z: seven days of November are over.
const END: Minute = Minute::new((20_777 - 12) * 1_440);

fn ratio(numerator: i128, denominator: i128) -> Ratio {
    Ratio::new(numerator, denominator).expect("a denominator above zero")
}

fn rolling(length: &str) -> TimeWindow {
    TimeWindow::Rolling(RollingWindow::new(length.parse().expect("shorthand")).expect("a length"))
}

fn objective(target: &str, window: TimeWindow) -> Objective {
    let name = |text: &str| -> Name { text.parse().expect("a name") };
    let series = Series { indicator: name("site"), born: Revision::FIRST };
    Objective::new(name("shop"), name("web"), series, target.parse().expect("a target"), window)
}

/// An objective of method Occurrences at `END`, from these buckets.
fn report(target: &str, window: TimeWindow, buckets: &[Bucket]) -> BudgetReport {
    Evaluation::of(&objective(target, window)).report(END.timestamp(), buckets)
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

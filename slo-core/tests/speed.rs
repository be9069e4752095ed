//! How fast evaluations must be: `cargo test --release --package slo-core --test speed -- --test-threads 1`
//!
//! Other work on the machine only makes a run slower, so the best of many runs is what counts; and a machine
//! on which slokit's floats take longer, measured in the same run, may take as much longer.

#[path = "../benches/evaluate/finished.rs"]
mod finished;
#[path = "../benches/evaluate/month.rs"]
mod month;

use std::hint::black_box;
use std::time::{Duration, Instant};

use slo_core::{BudgetingMethod, Evaluation, Recorder};

/// The best of so many runs.
fn best(runs: u32, mut work: impl FnMut()) -> Duration {
    let run = |_| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..runs).map(run).min().expect("some runs")
}

/// So many evaluations of an objective from the counts of its month.
fn month(method: BudgetingMethod, evaluations: u32) -> Duration {
    let objective = month::objective(method);
    let (evaluation, at) = (Evaluation::of(&objective), month::END.timestamp());
    let buckets = month::buckets(&evaluation.reading(at));
    best(100, || {
        for _ in 0..evaluations {
            black_box(evaluation.report(at, black_box(&buckets)));
        }
    })
}

/// What slokit's floats take for a thousand finished periods on a machine fit for the limits.
const FLOATS: Duration = Duration::from_micros(15);

fn in_floats() -> Duration {
    let finished = finished::finished();
    best(100, || finished.iter().for_each(|period| period.in_floats()))
}

fn assert_below(most: Duration, took: Duration) {
    let floats = in_floats();
    let most = if floats > FLOATS { most.mul_f64(floats.div_duration_f64(FLOATS)) } else { most };
    println!("{took:?}, at most {most:?}; slokit {floats:?}");
    assert!(took < most, "it took {took:?}, and may take {most:?}; slokit {floats:?}");
}

#[test]
#[cfg_attr(debug_assertions, ignore = "optimised builds only")]
fn a_month_of_minutes_takes_less_than_a_millisecond() {
    for method in [month::timeslices(), month::ratio_timeslices()] {
        assert_below(Duration::from_millis(1), month(method, 1));
    }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "optimised builds only")]
fn a_month_of_hours_takes_less_than_fifty_microseconds() {
    assert_below(Duration::from_micros(50), month(BudgetingMethod::Occurrences, 1));
}

#[test]
#[cfg_attr(debug_assertions, ignore = "optimised builds only")]
fn a_thousand_objectives_take_less_than_ten_milliseconds() {
    assert_below(Duration::from_millis(10), month(BudgetingMethod::Occurrences, 1_000));
}

#[test]
#[cfg_attr(debug_assertions, ignore = "optimised builds only")]
fn exact_figures_take_at_most_ten_times_as_long_as_floats() {
    let finished = finished::finished();
    let exactly = best(100, || finished.iter().for_each(|period| period.exactly()));
    let floats = in_floats();
    println!("{exactly:?}, slokit {floats:?}");
    assert!(exactly < 10 * floats, "it took {exactly:?}, and slokit {floats:?}");
}

/// By the minute's clock, with and without others who record at the same time.
#[test]
#[cfg_attr(debug_assertions, ignore = "optimised builds only")]
fn recording_an_event_takes_less_than_a_microsecond() {
    const EVENTS: u32 = 10_000;
    for threads in [1, 2] {
        let recorder = Recorder::new("site".parse().expect("a name"), "start".parse().expect("a name"));
        // A full day is kept: the worst case of a lookup.
        (0..1_440).for_each(|ago| recorder.record((month::END - ago).timestamp(), true));
        let events = || (0..EVENTS).for_each(|i| recorder.record(black_box(month::END.timestamp()), i % 100 != 0));
        let took = best(100, || {
            std::thread::scope(|scope| {
                (1..threads).for_each(|_| drop(scope.spawn(events)));
                events();
            });
        });
        let each = took / EVENTS;
        println!("{each:?} an event by {threads} threads");
        assert_below(Duration::from_micros(1), each);
    }
}

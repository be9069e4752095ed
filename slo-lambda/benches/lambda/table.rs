//! The table.

use std::time::Duration;

/// A line: what it is of hello and of bootstrap, their ratio in hundredths, and what it may be.
pub(crate) struct Figure {
    name: &'static str,
    cells: [String; 2],
    ratio: Option<u32>,
    goal: Option<u32>,
}

impl Figure {
    pub(crate) fn times(name: &'static str, hello: Duration, bootstrap: Duration) -> Self {
        let ratio = Some(ratio(hello.as_nanos(), bootstrap.as_nanos()));
        Self { name, cells: [hello, bootstrap].map(time), ratio, goal: None }
    }

    pub(crate) fn time(name: &'static str, bootstrap: Duration) -> Self {
        Self { name, cells: [String::new(), time(bootstrap)], ratio: None, goal: None }
    }

    pub(crate) fn bytes(name: &'static str, hello: u64, bootstrap: u64) -> Self {
        let ratio = Some(ratio(hello.into(), bootstrap.into()));
        Self { name, cells: [hello, bootstrap].map(|bytes| format!("{} kB", bytes / 1_000)), ratio, goal: None }
    }

    /// A better ratio than that of the medians.
    pub(crate) fn ratio(self, ratio: u32) -> Self {
        Self { ratio: Some(ratio), ..self }
    }

    pub(crate) fn goal(self, goal: u32) -> Self {
        Self { goal: Some(goal), ..self }
    }
}

pub(crate) fn print(rows: &[Figure]) {
    println!("{:42} {:>10} {:>10} {:>6}  goal", "median", "hello", "bootstrap", "ratio");
    for Figure { name, cells: [hello, bootstrap], ratio, goal } in rows {
        let shown = ratio.map(hundredths).unwrap_or_default();
        let verdict = goal
            .zip(*ratio)
            .map(|(goal, ratio)| format!("<= {}, {}", hundredths(goal), if ratio <= goal { "met" } else { "missed" }));
        println!("{name:42} {hello:>10} {bootstrap:>10} {shown:>6}  {}", verdict.unwrap_or_default());
    }
}

/// Hundredths.
pub(crate) fn ratio(one: u128, other: u128) -> u32 {
    u32::try_from(100 * other / one.max(1)).unwrap_or(u32::MAX)
}

pub(crate) fn median<T: Ord + Copy>(mut values: Vec<T>) -> T {
    values.sort_unstable();
    values[values.len() / 2]
}

fn hundredths(number: u32) -> String {
    format!("{}.{:02}", number / 100, number % 100)
}

fn time(time: Duration) -> String {
    match time.as_micros() {
        micros @ 10_000.. => format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
        micros => format!("{micros} µs"),
    }
}

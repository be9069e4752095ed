//! Objectives of every method and window, instants, and data.

use jiff::civil::Weekday;
use proptest::prelude::*;
use slo_core::{
    BudgetingMethod, CalendarWindow, Evaluation, Exclusion, MAX_COUNT, Minute, NoData, Objective, PartsPerBillion,
    RollingWindow, Shorthand, Sla, SliceWidth, Target, TimeWindow, Unit, Zone,
};

use super::exclusions::exclusions;
use super::{DAY, SOURCES, Stored, name, oracle, series};

/// An objective, an instant and some data.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) objective: Objective,
    pub(crate) rule: Rule,
    pub(crate) what_if: Option<Target>,
    /// The end of the window; `at` lies `early` nanoseconds before it.
    pub(crate) end: Minute,
    pub(crate) early: i64,
    /// Goes before the fill.
    pub(crate) sparse: Stored,
    pub(crate) fill: Option<Fill>,
    pub(crate) exclusions: Vec<Exclusion>,
}

/// The window in the oracle's terms.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rule {
    /// So many minutes.
    Rolling(i64),
    Calendar(Unit, &'static str, Weekday),
}

/// Data in every so many minutes, repeating a pattern.
#[derive(Clone, Debug)]
pub(crate) struct Fill {
    every: usize,
    pattern: Vec<(u64, u64)>,
    /// Each minute has one event more than the one before: no two denominators are equal.
    growing: bool,
}

/// No more minutes are filled than this.
const FILLED: i64 = 3_000;

impl Case {
    pub(crate) fn at(&self) -> jiff::Timestamp {
        self.end.timestamp() - jiff::SignedDuration::from_nanos(self.early)
    }

    pub(crate) fn evaluation(&self) -> Evaluation<'_> {
        let target = self.what_if.unwrap_or(self.objective.target);
        Evaluation::of(&self.objective).excluding(&self.exclusions).with_target(target)
    }

    /// The same data seen from another minute.
    pub(crate) fn seen_from(&self, end: Minute) -> Self {
        Self { end, early: 0, sparse: self.stored(), fill: None, ..self.clone() }
    }

    pub(crate) fn stored(&self) -> Stored {
        let mut stored = Stored::new();
        if let Some(fill) = &self.fill {
            let start = oracle::period(self.rule, self.end).start;
            let length = (self.end - start).clamp(130, FILLED);
            for (i, age) in (0..length).step_by(fill.every).enumerate() {
                let (good, total) = fill.pattern[i % fill.pattern.len()];
                let more = if fill.growing { u64::try_from(i).expect("few") } else { 0 };
                let counts = if total + more > MAX_COUNT { (good, total) } else { (good + more, total + more) };
                stored.insert((i % SOURCES.len(), self.end - 1 - age), counts);
            }
        }
        stored.extend(&self.sparse);
        stored
    }
}

/// Targets as people write them, and any.
pub(crate) fn targets() -> impl Strategy<Value = Target> {
    let usual = ["0.9", "0.95", "0.99", "0.999", "0.9999999", "0.5"].map(str::to_owned);
    prop_oneof![
        3 => proptest::sample::select(usual.to_vec()),
        1 => (1_u32..1_000_000_000).prop_map(|parts| format!("{parts}e-9")),
    ]
    .prop_map(|text| text.parse().expect("a target"))
}

/// Good and total: ordinary minutes, all good, all bad, at usual targets, nothing, and the largest.
pub(crate) fn counts() -> impl Strategy<Value = (u64, u64)> {
    let some = |most: u64| (0..=most).prop_flat_map(|total| (0..=total, Just(total)));
    prop_oneof![
        6 => (0_u64..20, 20_u64..2_000).prop_map(|(bad, total)| (total - bad, total)),
        3 => (1_u64..1_000).prop_map(|n| (n, n)),
        1 => (1_u64..30).prop_map(|n| (0, n)),
        1 => proptest::sample::select(vec![(9, 10), (19, 20), (998, 999), (999, 1_000), (1, 2)]),
        1 => Just((0, 0)),
        2 => some(50),
        1 => some(MAX_COUNT),
    ]
}

/// Minutes before the end, most of them recent; some lie outside the window or after its end.
fn ages(length: i64) -> impl Strategy<Value = i64> {
    let length = length.max(60);
    prop_oneof![3 => -3_i64..130, 2 => 0..length.min(4_400), 3 => 0..length, 1 => length - 3..length + 90]
}

/// The widths of slices that are asked for.
pub(crate) const WIDTHS: [u32; 5] = [1, 5, 15, 60, 1_440];

pub(crate) fn width(minutes: u32) -> SliceWidth {
    SliceWidth::new(minutes.into()).expect("a divisor of the day")
}

/// Every method, with a width for the time-based ones.
pub(crate) fn methods() -> impl Strategy<Value = BudgetingMethod> {
    let widths = proptest::sample::select(WIDTHS.to_vec()).prop_map(width);
    let reached = prop_oneof![
        2 => Just(1_000_000_000),
        3 => proptest::sample::select(vec![950_000_000, 900_000_000, 500_000_000, 999_000_000, 1]),
        1 => 1_u32..=1_000_000_000,
    ];
    let reached = reached.prop_map(|parts| PartsPerBillion::new(parts).expect("a ratio"));
    prop_oneof![
        3 => Just(BudgetingMethod::Occurrences),
        4 => (reached, widths.clone()).prop_map(|(target, width)| BudgetingMethod::Timeslices { target, width }),
        4 => widths.prop_map(|width| BudgetingMethod::RatioTimeslices { width }),
    ]
}

/// Zones, and an hour about which each changed its clocks: by an hour or half of one, at midnight,
/// around it, and by a day.
const ZONES: [(&str, &str); 14] = [
    ("America/New_York", "2026-03-08T07:00Z"),
    ("America/New_York", "2026-11-01T06:00Z"),
    ("Europe/Berlin", "2026-03-29T01:00Z"),
    ("Europe/Berlin", "2026-10-25T01:00Z"),
    ("Australia/Lord_Howe", "2026-04-04T15:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30Z"),
    ("Asia/Beirut", "2022-03-26T22:00Z"),
    ("Asia/Beirut", "2022-10-29T21:00Z"),
    // This day begins at 01:00Z and ends at 00:00Z: no UTC day begins in it.
    ("Atlantic/Azores", "2026-03-29T01:00Z"),
    ("Atlantic/Azores", "2026-10-25T01:00Z"),
    ("America/Havana", "2026-03-08T05:00Z"),
    ("America/Havana", "2026-11-01T05:00Z"),
    ("Pacific/Apia", "2011-12-30T10:00Z"),
    ("Asia/Kathmandu", "2026-11-01T00:00Z"),
];

pub(crate) fn rolling(minutes: i64) -> TimeWindow {
    let length = Shorthand::new(u32::try_from(minutes).expect("a length"), Unit::Minute).expect("above zero");
    TimeWindow::Rolling(RollingWindow::new(length).expect("an hour to 30 days"))
}

pub(crate) fn calendar(unit: Unit, zone: &str, anchor: Weekday) -> TimeWindow {
    let monday: jiff::civil::Date = "2024-01-01".parse().expect("a date");
    let day = monday + jiff::Span::new().days(i64::from(anchor.to_monday_zero_offset()));
    let zone = Zone::new(zone).expect("a zone");
    let length = Shorthand::new(1, unit).expect("above zero");
    TimeWindow::Calendar(CalendarWindow::new(length, day.at(12, 30, 0, 0), zone).expect("a civil unit"))
}

/// A window whose slices fit, and an end.
pub(crate) fn windows(step: i64, longest: i64) -> impl Strategy<Value = (Rule, TimeWindow, Minute)> {
    let lengths = prop_oneof![
        6 => 60_i64..2_000,
        3 => 1_440_i64..6_000,
        1 => 6_000_i64..=43_200,
        1 => proptest::sample::select(vec![60_i64, 1_440, 4_320, 10_080, 40_320, 43_200]),
    ];
    let moving = (lengths, 0_i64..3_000).prop_map(move |(length, end)| {
        let length = (length.min(longest).max(60) + step - 1) / step * step;
        (Rule::Rolling(length), rolling(length), DAY + end)
    });
    let units = [(1, Unit::Day), (1, Unit::Week), (1, Unit::Month)];
    let units = units.into_iter().zip([1_440, 10_080, 44_700]).filter(move |(_, length)| *length <= longest.max(1_440));
    let units = units.map(|((weight, unit), _)| (weight, Just(unit).boxed())).collect();
    let units = proptest::strategy::Union::new_weighted(units);
    let around = prop_oneof![4 => -1_500_i64..1_500, 1 => -45_000_i64..45_000, 1 => (-3_i64..3).prop_map(|h| h * 60)];
    let civil = (units, proptest::sample::select(ZONES.to_vec()), 0_i8..7, around).prop_map(
        |(unit, (zone, changed), day, around)| {
            let anchor = Weekday::from_monday_zero_offset(day).expect("a weekday");
            let end = Minute::floor(changed.parse().expect("a timestamp")) + around;
            (Rule::Calendar(unit, zone, anchor), calendar(unit, zone, anchor), end)
        },
    );
    prop_oneof![civil, moving]
}

fn fills() -> impl Strategy<Value = Option<Fill>> {
    let fill = (proptest::sample::select(vec![1, 1, 2, 7]), proptest::collection::vec(counts(), 1..8), 0..6_u8);
    let fill = fill.prop_map(|(every, pattern, sixth)| Fill { every, pattern, growing: sixth == 0 });
    proptest::option::weighted(0.3, fill)
}

/// Any case of a method, over at most so many minutes where the slices let it.
pub(crate) fn cases_of(methods: impl Strategy<Value = BudgetingMethod>, longest: i64) -> impl Strategy<Value = Case> {
    let no_data = proptest::sample::select(NoData::ALL.map(|(_, policy)| policy).to_vec());
    let promises = (targets(), proptest::option::of(targets()), proptest::option::of(targets()), 0_u32..=1_000_000_000);
    let windowed = methods.prop_flat_map(move |method| {
        let step = method.slice_width().map_or(1, SliceWidth::minutes);
        (Just(method), windows(step, longest))
    });
    (windowed, no_data, promises, 0_i64..60_000_000_000, fills()).prop_flat_map(
        |((method, (rule, window, end)), no_data, (target, what_if, sla, threshold), early, fill)| {
            let mut objective = Objective::new(name("shop"), name("web"), series(), target, window);
            (objective.method, objective.no_data) = (method, no_data);
            objective.warning_threshold = PartsPerBillion::new(threshold).expect("a ratio");
            objective.sla = sla.map(|target| Sla { target, description: None });
            let span = oracle::period(rule, end);
            let measurement = (0..SOURCES.len(), ages(end - span.start), counts())
                .prop_map(move |(source, age, counts)| ((source, end - 1 - age), counts));
            let measurements = proptest::collection::vec(measurement, 0..60);
            (measurements, exclusions(span)).prop_map(move |(sparse, exclusions)| Case {
                objective: objective.clone(),
                rule,
                what_if,
                end,
                early,
                sparse: sparse.into_iter().collect(),
                fill: fill.clone(),
                exclusions,
            })
        },
    )
}

pub(crate) fn cases() -> impl Strategy<Value = Case> {
    cases_of(methods(), i64::MAX)
}

//! Operations as plain data, so that they shrink. Numbers pick from small lists: neighbours meet.

use proptest::prelude::*;
use proptest::sample::select;
use slo_core::Minute;

/// 2026-11-20T00:00Z, the day on which everything happens.
pub(crate) const DAY: Minute = Minute::new(20_777 * 1_440);
/// The minute of the clock.
pub(crate) const NOW: Minute = Minute::new(20_777 * 1_440 + 750);
/// 0001-01-01T00:00Z, where keys of four-digit years begin.
pub(crate) const FIRST: Minute = Minute::new(-1_035_593_280);

/// Names of which some begin with others, in an order of bytes that is not that of words.
pub(crate) const NAMES: [&str; 8] = ["a", "a-b", "a0", "ab", "b", "b-1", "b-10", "b1"];
pub(crate) const SOURCES: [&str; 4] = ["default", "eu", "eu-west", "0"];
/// How many of [`NAMES`] are services, and how many users; one more user is asked for.
pub(crate) const FEW: usize = 3;

/// Today, noon, yesterday, a week ago, at the starts of windows of 28 and 30 days and of a month, where
/// Berlin changed its clocks, about the epoch, and where time begins.
const PLACES: [Minute; 11] = [
    DAY,
    Minute::new(20_777 * 1_440 + 720),
    Minute::new(20_776 * 1_440),
    Minute::new(20_770 * 1_440),
    Minute::new(20_749 * 1_440),
    Minute::new(20_747 * 1_440),
    Minute::new(20_758 * 1_440),
    Minute::new(20_751 * 1_440 + 60),
    Minute::new(0),
    Minute::new(-1_440),
    FIRST,
];

/// A minute near a place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    place: usize,
    offset: i64,
}

impl Moment {
    pub(crate) fn minute(self) -> Minute {
        (PLACES[self.place] + self.offset).max(FIRST)
    }
}

/// What a write demands, in terms of what is there when it happens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Demand {
    Absent,
    Present,
    /// The newest revision, that of a deletion too, and so many more.
    Newest(i8),
}

/// How a definition is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum How {
    Create,
    Put(Option<Demand>),
    Try(Option<Demand>),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Which {
    Indicator,
    Objective,
    User,
}

/// What a definition says, and what lists are filtered by.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    pub(crate) number: usize,
    pub(crate) service: usize,
    pub(crate) owners: Vec<usize>,
    pub(crate) indicator: usize,
    pub(crate) window: usize,
    pub(crate) method: usize,
    pub(crate) policy: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) service: Option<usize>,
    pub(crate) owner: Option<usize>,
    pub(crate) label: Option<usize>,
    pub(crate) indicator: Option<usize>,
}

/// Minutes in a row, or with gaps, all alike.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) start: Moment,
    pub(crate) length: usize,
    pub(crate) step: i64,
    pub(crate) bad: u64,
    pub(crate) total: u64,
    pub(crate) revision: u64,
}

#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// Another process goes on.
    Restart,
    Write {
        which: Which,
        name: usize,
        content: Content,
        how: How,
    },
    Delete {
        which: Which,
        name: usize,
        demand: Option<Demand>,
    },
    Changes {
        which: Which,
        name: usize,
        before: Option<i8>,
        limit: usize,
    },
    List {
        which: Which,
        wanted: Wanted,
        after: Option<usize>,
        limit: usize,
    },
    Exclude {
        objective: usize,
        id: usize,
        from: Moment,
        length: i64,
        rule: usize,
    },
    Include {
        objective: usize,
        id: usize,
    },
    /// Deleted though objectives name it, and created again.
    Renew {
        indicator: usize,
        content: Content,
    },
    /// Written as seen, or not quite.
    Annex {
        objective: usize,
        number: usize,
        born: i8,
        annexed: i8,
    },
    Record {
        indicator: usize,
        source: usize,
        runs: Vec<Run>,
    },
    /// Of the store alone: it changes no answer.
    Reconcile {
        indicator: usize,
        day: Moment,
        finished: bool,
    },
    Counts {
        indicator: usize,
        from: Moment,
        length: i64,
        step: usize,
    },
    /// The sums themselves, of a life that is so many revisions off.
    Read {
        indicator: usize,
        born: i8,
        from: Moment,
        to: Moment,
        cuts: Option<Vec<Moment>>,
    },
    Budget {
        objective: usize,
        at: Moment,
        seconds: i64,
        without_exclusions: bool,
    },
    Alerts {
        objective: usize,
        at: Moment,
    },
    Incidents {
        objective: usize,
        from: Option<Moment>,
        to: Moment,
    },
    BurnDown {
        objective: usize,
        from: Option<Moment>,
        to: Moment,
        step: Option<usize>,
    },
    Backtest {
        indicator: usize,
        at: Moment,
        window: usize,
        method: usize,
        periods: usize,
    },
}

fn moments() -> impl Strategy<Value = Moment> {
    let places = prop_oneof![6 => 0..4_usize, 3 => 4..8_usize, 1 => 8..PLACES.len()];
    // At the boundaries of hours and days, and about them.
    let hours = (-3..4_i64, -1..2_i64).prop_map(|(hours, more)| 60 * hours + more);
    let offsets = prop_oneof![3 => -2..3_i64, 2 => hours, 2 => -130..130_i64];
    (places, offsets).prop_map(|(place, offset)| Moment { place, offset })
}

fn demands() -> impl Strategy<Value = Demand> {
    prop_oneof![
        1 => Just(Demand::Absent),
        4 => Just(Demand::Present),
        6 => Just(Demand::Newest(0)),
        2 => (-2..2_i8).prop_map(Demand::Newest),
    ]
}

fn whiches() -> impl Strategy<Value = Which> {
    prop_oneof![2 => Just(Which::Indicator), 5 => Just(Which::Objective), 1 => Just(Which::User)]
}

/// Mostly of what is there.
fn names() -> impl Strategy<Value = usize> {
    prop_oneof![1 => 0..FEW, 1 => 0..NAMES.len()]
}

fn contents() -> impl Strategy<Value = Content> {
    let owners = proptest::collection::vec(prop_oneof![20 => 0..FEW, 1 => 0..=FEW], 0..4);
    let owners = owners.prop_map(|mut owners| {
        // Mostly valid: each once.
        let mut seen = [false; FEW + 1];
        owners.retain(|owner| !std::mem::replace(&mut seen[*owner], true));
        owners
    });
    let indicators = prop_oneof![9 => 0..FEW, 1 => names()];
    let windows = prop_oneof![4 => 0..6_usize, 1 => 6..9_usize];
    (0..50_usize, 0..FEW, owners, indicators, windows, 0..7_usize, prop::bool::weighted(0.2)).prop_map(
        |(number, service, owners, indicator, window, method, policy)| Content {
            number,
            service,
            owners,
            indicator,
            window,
            method,
            policy,
        },
    )
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let some = |most: usize| prop::option::weighted(0.35, 0..most);
    (some(FEW), some(FEW + 1), prop::option::weighted(0.2, 0..5_usize), some(FEW))
        .prop_map(|(service, owner, label, indicator)| Wanted { service, owner, label, indicator })
}

fn runs() -> impl Strategy<Value = Run> {
    let lengths = prop_oneof![6 => 1..4_usize, 3 => 1..130_usize, 1 => 1..1_500_usize];
    let counts = prop_oneof![
        4 => (0..20_u64, 20..2_000_u64),
        2 => (1..1_000_u64).prop_map(|total| (0, total)),
        1 => (1..30_u64).prop_map(|total| (total, total)),
        2 => select(vec![(0, 0), (0, 1), (1, 10), (10, 10), (0, slo_core::MAX_COUNT), (1, slo_core::MAX_COUNT)]),
    ];
    // Where the stored form of a revision becomes longer.
    let codes = vec![240, 241, 2_287, 2_288, 67_823, 67_824, slo_core::MAX_REVISION];
    let revisions = prop_oneof![5 => Just(0_u64), 4 => 0..4_u64, 1 => select(codes)];
    let steps = prop_oneof![6 => Just(1_i64), 2 => 2..7_i64, 2 => select(vec![59, 60, 61, 720, 1_439, 1_440])];
    (moments(), lengths, steps, counts, revisions).prop_map(|(start, length, step, (bad, total), revision)| {
        let length = if step > 1 { length.min(40) } else { length };
        Run { start, length, step, bad, total, revision }
    })
}

fn operation() -> impl Strategy<Value = Operation> {
    use Operation::*;
    let demand = || prop::option::weighted(0.8, demands());
    let hows = prop_oneof![3 => Just(How::Create), 8 => demand().prop_map(How::Put), 1 => demand().prop_map(How::Try)];
    let lengths = prop_oneof![3 => 1..10_i64, 3 => 1..200_i64, 1 => 1..5_000_i64];
    let limits = || prop_oneof![6 => 1..4_usize, 1 => Just(200_usize)];
    // Recorded where it is mostly looked at.
    let indicators = || prop_oneof![9 => 0..FEW, 1 => names()];
    let objectives = || prop_oneof![9 => 0..FEW + 1, 1 => names()];
    let from = || prop::option::weighted(0.6, moments());
    prop_oneof![
        1 => Just(Restart),
        14 => (whiches(), names(), contents(), hows)
            .prop_map(|(which, name, content, how)| Write { which, name, content, how }),
        5 => (whiches(), names(), demand()).prop_map(|(which, name, demand)| Delete { which, name, demand }),
        2 => (whiches(), names(), prop::option::of(-3..2_i8), limits())
            .prop_map(|(which, name, before, limit)| Changes { which, name, before, limit }),
        5 => (whiches(), wanted(), prop::option::weighted(0.3, names()), limits())
            .prop_map(|(which, wanted, after, limit)| List { which, wanted, after, limit }),
        3 => (objectives(), 0..5_usize, moments(), lengths.clone(), 0..5_usize)
            .prop_map(|(objective, id, from, length, rule)| Exclude { objective, id, from, length, rule }),
        2 => (objectives(), 0..5_usize).prop_map(|(objective, id)| Include { objective, id }),
        2 => (0..FEW, contents()).prop_map(|(indicator, content)| Renew { indicator, content }),
        1 => (objectives(), 0..9_usize, -1..2_i8, -1..2_i8)
            .prop_map(|(objective, number, born, annexed)| Annex { objective, number, born, annexed }),
        20 => (indicators(), 0..SOURCES.len(), proptest::collection::vec(runs(), 1..4))
            .prop_map(|(indicator, source, runs)| Record { indicator, source, runs }),
        8 => (indicators(), moments(), prop::bool::weighted(0.8))
            .prop_map(|(indicator, day, finished)| Reconcile { indicator, day, finished }),
        4 => (indicators(), moments(), lengths, 0..5_usize)
            .prop_map(|(indicator, from, length, step)| Counts { indicator, from, length, step }),
        6 => (indicators(), -1..2_i8, moments(), moments(),
              prop::option::of(proptest::collection::vec(moments(), 0..9)))
            .prop_map(|(indicator, born, from, to, cuts)| Read { indicator, born, from, to, cuts }),
        6 => (objectives(), moments(), 0..60_i64, prop::bool::weighted(0.2))
            .prop_map(|(objective, at, seconds, without_exclusions)| {
                Budget { objective, at, seconds, without_exclusions }
            }),
        2 => (objectives(), moments()).prop_map(|(objective, at)| Alerts { objective, at }),
        3 => (objectives(), from(), moments()).prop_map(|(objective, from, to)| Incidents { objective, from, to }),
        3 => (objectives(), from(), moments(), prop::option::of(0..5_usize))
            .prop_map(|(objective, from, to, step)| BurnDown { objective, from, to, step }),
        1 => (indicators(), moments(), 0..9_usize, 0..7_usize, 0..4_usize)
            .prop_map(|(indicator, at, window, method, periods)| {
                Backtest { indicator, at, window, method, periods }
            }),
    ]
}

pub(crate) fn operations() -> impl Strategy<Value = Vec<Operation>> {
    proptest::collection::vec(operation(), 1..60)
}

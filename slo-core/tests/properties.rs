//! Budgets against an oracle that counts minute by minute, and the properties of the domain.

mod oracle;

use std::collections::BTreeMap;

use futures_util::FutureExt;
use oracle::Expected;
use proptest::prelude::*;
use slo_core::memory::MemoryMeasurements;
use slo_core::{
    Batch, Bucket, BudgetReport, EventCounts, MAX_COUNT, Measurement, MeasurementRepository, Minute, Name, Objective,
    PartsPerBillion, Period, Ratio, Resolution, Revision, RollingWindow, Series, Shorthand, Target, TimeWindow, Unit,
    evaluate, reading,
};

/// 2026-11-20T00:00Z.
const DAY: Minute = Minute::new(20_777 * 1_440);
const SOURCES: [&str; 3] = ["default", "eu", "eu-west"];

/// What is in a store: one measurement a source and minute, with its source's position.
type Stored = BTreeMap<(usize, Minute), (u64, u64)>;

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

fn series() -> Series {
    Series { indicator: name("site"), born: Revision::FIRST }
}

/// Memory never waits.
fn now<F: Future>(work: F) -> F::Output {
    work.now_or_never().expect("memory never waits")
}

fn write(store: &MemoryMeasurements, source: usize, measurements: &[Measurement]) {
    let late = (DAY + 400 * 1_440).timestamp();
    for part in measurements.chunks(1_000) {
        let batch = Batch::new(part.to_vec(), late).expect("a valid batch");
        let receipt = now(store.write(&series(), &name(SOURCES[source]), &batch, late)).expect("memory writes");
        assert_eq!(receipt.conflicts, []);
    }
}

fn filled(stored: &Stored) -> MemoryMeasurements {
    let store = MemoryMeasurements::default();
    for ((source, start), (good, total)) in stored {
        let counts = EventCounts::new(*good, *total).expect("valid counts");
        write(&store, *source, &[Measurement { start: *start, counts, revision: 0 }]);
    }
    store
}

fn read(store: &MemoryMeasurements, period: Period, resolution: &Resolution) -> Vec<Bucket> {
    now(store.read(&series(), period, resolution)).expect("memory reads")
}

/// Evaluates as the service does, or minute by minute.
fn report(store: &MemoryMeasurements, case: &Case, minutes: bool) -> BudgetReport {
    let reading = reading(&case.objective, case.at());
    let resolution = if minutes { Resolution::Minutes } else { reading.resolution };
    evaluate(&case.objective, case.at(), None, &read(store, reading.period, &resolution))
}

/// An objective over a rolling window, an instant and some data.
#[derive(Clone, Debug)]
struct Case {
    objective: Objective,
    length: u32,
    /// The end of the window; `at` lies `early` nanoseconds before it.
    end: Minute,
    early: i64,
    stored: Stored,
}

impl Case {
    fn at(&self) -> jiff::Timestamp {
        self.end.timestamp() - jiff::SignedDuration::from_nanos(self.early)
    }
}

/// Targets as people write them, and any.
fn targets() -> impl Strategy<Value = Target> {
    let usual = ["0.9", "0.95", "0.99", "0.999", "0.9999999", "0.5"].map(str::to_owned);
    prop_oneof![
        3 => proptest::sample::select(usual.to_vec()),
        1 => (1_u32..1_000_000_000).prop_map(|parts| format!("{parts}e-9")),
    ]
    .prop_map(|text| text.parse().expect("a target"))
}

/// Good and total: ordinary minutes, all good, all bad, nothing, and the largest.
fn counts() -> impl Strategy<Value = (u64, u64)> {
    let some = |most: u64| (0..=most).prop_flat_map(|total| (0..=total, Just(total)));
    prop_oneof![
        6 => (0_u64..20, 20_u64..2_000).prop_map(|(bad, total)| (total - bad, total)),
        3 => (1_u64..1_000).prop_map(|n| (n, n)),
        1 => (1_u64..30).prop_map(|n| (0, n)),
        1 => Just((0, 0)),
        2 => some(50),
        1 => some(MAX_COUNT),
    ]
}

/// Minutes before the end, most of them recent; some lie outside the window or after its end.
fn ages(length: u32) -> impl Strategy<Value = i64> {
    let length = i64::from(length);
    prop_oneof![3 => -3_i64..130, 2 => 0..length.min(4_400), 3 => 0..length, 1 => length - 3..length + 90]
}

fn cases() -> impl Strategy<Value = Case> {
    let lengths = prop_oneof![
        6 => 60_u32..2_000,
        3 => 1_440_u32..6_000,
        1 => 6_000_u32..=43_200,
        1 => proptest::sample::select(vec![60_u32, 1_440, 4_320, 10_080, 40_320, 43_200]),
    ];
    let threshold = 0_u32..=1_000_000_000;
    (lengths, targets(), threshold, 0_i64..3_000, 0_i64..60_000_000_000).prop_flat_map(
        |(length, target, threshold, end, early)| {
            let window = RollingWindow::new(Shorthand::new(length, Unit::Minute).expect("above zero"));
            let window = TimeWindow::Rolling(window.expect("an hour to 30 days"));
            let mut objective = Objective::new(name("shop"), name("web"), series(), target, window);
            objective.warning_threshold = PartsPerBillion::new(threshold).expect("a ratio");
            let end = DAY + end;
            let measurement = (0..SOURCES.len(), ages(length), counts())
                .prop_map(move |(source, age, counts)| ((source, end - 1 - age), counts));
            proptest::collection::vec(measurement, 0..60).prop_map(move |stored| Case {
                objective: objective.clone(),
                length,
                end,
                early,
                stored: stored.into_iter().collect(),
            })
        },
    )
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(150))]

    /// Every figure, from hours as the service reads them and from minutes.
    #[test]
    fn reports_are_those_of_the_oracle(case in cases()) {
        let store = filled(&case.stored);
        let wanted = Expected::new(&case);
        let (hours, minutes) = (report(&store, &case, false), report(&store, &case, true));
        wanted.assert_figures(&hours);
        wanted.assert_figures(&minutes);
        wanted.assert_forecast(&minutes);
        // An hour leaves with its last minute: never more is left than there is.
        let (coarse, fine) = (&hours.forecast, &minutes.forecast);
        prop_assert!(fine.exhausted_at.is_none_or(|at| coarse.exhausted_at.is_some_and(|coarse| coarse <= at)));
        prop_assert_eq!(coarse.recovers.len(), fine.recovers.len());
        for ((at, coarse), (same, fine)) in coarse.recovers.iter().zip(&fine.recovers) {
            prop_assert!(at == same && coarse <= fine, "{coarse:?} at {at}, {fine:?} at {same}");
        }
    }

    /// A budget read at `at` never depends on anything recorded for minutes at or after its end.
    #[test]
    fn what_comes_later_changes_nothing(case in cases(), later in proptest::collection::btree_map((0..3_usize, 0..200_i64), counts(), 1..20)) {
        let store = filled(&case.stored);
        let before = report(&store, &case, false);
        for ((source, after), (good, total)) in later {
            let counts = EventCounts::new(good, total).expect("valid counts");
            let measurement = Measurement { start: case.end + after, counts, revision: 1 };
            write(&store, source, &[measurement]);
        }
        prop_assert_eq!(&before, &report(&store, &case, false));
        // Not even when it is among the buckets.
        let reading = reading(&case.objective, case.at());
        let longer = Period::new(reading.period.start, case.end + 200);
        let buckets = read(&store, longer, &reading.resolution);
        prop_assert_eq!(before, evaluate(&case.objective, case.at(), None, &buckets));
    }

    /// One more bad event instead of a good one, anywhere in the window: more is consumed.
    #[test]
    fn consumed_is_monotone_in_bad(case in cases(), pick in any::<prop::sample::Index>()) {
        let inside = |start: &Minute| (case.end - i64::from(case.length)..case.end).contains(start);
        let good: Vec<_> = case.stored.iter().filter(|((_, start), (good, _))| *good > 0 && inside(start)).collect();
        prop_assume!(!good.is_empty());
        let (key, (good, total)) = good[pick.index(good.len())];
        let worse = Case { stored: [case.stored.clone(), [(*key, (good - 1, *total))].into()].into_iter().flatten().collect(), ..case.clone() };
        let (better, worse) = (report(&filled(&case.stored), &case, false), report(&filled(&worse.stored), &worse, false));
        prop_assert!(better.budget.consumed < worse.budget.consumed);
        prop_assert!(better.budget.remaining > worse.budget.remaining);
        prop_assert!(better.budget.consumed_ratio < worse.budget.consumed_ratio);
        prop_assert!(better.sli > worse.sli);
        prop_assert!(better.met >= worse.met && better.exhausted <= worse.exhausted);
        for (better, worse) in better.burn_rates.iter().zip(&worse.burn_rates) {
            prop_assert!(better.rate <= worse.rate && better.budget_consumed <= worse.budget_consumed);
        }
    }

    /// Any partition of a period has its sums and its minutes with data, at any resolution.
    #[test]
    fn partitions_add_up(case in cases(), cuts in proptest::collection::vec(0..3_000_i64, 0..8), end in 0..200_i64, whole in 200..5_000_i64) {
        let store = filled(&case.stored);
        let whole = Period::new(case.end - whole, case.end + end);
        let mut ends: Vec<Minute> = cuts.iter().map(|ago| case.end - *ago).filter(|cut| whole.contains(*cut)).collect();
        ends.extend([whole.start, whole.end]);
        ends.sort_unstable();
        let sums = |buckets: &[Bucket]| {
            let counts: EventCounts = buckets.iter().map(|bucket| bucket.counts).sum();
            (counts, buckets.iter().map(|bucket| bucket.with_data.count_ones()).sum::<u32>())
        };
        let wanted = sums(&read(&store, whole, &Resolution::Minutes));
        for resolution in [Resolution::Minutes, Resolution::Hours { cuts: vec![] }, Resolution::Hours { cuts: ends.clone() }] {
            prop_assert_eq!(sums(&read(&store, whole, &resolution)), wanted);
            let parts = ends.windows(2).flat_map(|pair| read(&store, Period::new(pair[0], pair[1]), &resolution));
            prop_assert_eq!(sums(&parts.collect::<Vec<_>>()), wanted);
        }
    }

    /// Any permutation and duplication of an ingest sequence without conflicts gives the same state.
    #[test]
    fn ingest_is_idempotent_in_any_order((sent, again) in ingests()) {
        let (first, second) = (MemoryMeasurements::default(), MemoryMeasurements::default());
        for (store, batches) in [(&first, &sent), (&second, &again)] {
            for (source, batch) in batches {
                write(store, *source, batch);
            }
        }
        let period = Period::new(DAY, DAY + 200);
        prop_assert_eq!(read(&first, period, &Resolution::Minutes), read(&second, period, &Resolution::Minutes));
        // The highest revision of each source and minute counts.
        let mut last: BTreeMap<(usize, Minute), Measurement> = BTreeMap::new();
        for (source, measurement) in sent.iter().flat_map(|(source, batch)| batch.iter().map(move |m| (*source, *m))) {
            let stored = last.entry((source, measurement.start)).or_insert(measurement);
            if measurement.revision > stored.revision {
                *stored = measurement;
            }
        }
        let wanted: EventCounts = last.values().map(|measurement| measurement.counts).sum();
        let got: EventCounts = read(&second, period, &Resolution::Minutes).iter().map(|bucket| bucket.counts).sum();
        prop_assert_eq!(got, wanted);
    }
}

type Sent = Vec<(usize, Vec<Measurement>)>;

/// Batches, and the same ones permuted, with some sent twice or in parts.
fn ingests() -> impl Strategy<Value = (Sent, Sent)> {
    // What a revision of a minute says is decided once, so nothing is in conflict.
    let says = proptest::collection::btree_map((0..SOURCES.len(), 0..200_i64, 0..4_u64), counts(), 1..40);
    says.prop_flat_map(|says| {
        let all: Vec<(usize, Measurement)> = says
            .into_iter()
            .map(|((source, minute, revision), (good, total))| {
                let counts = EventCounts::new(good, total).expect("valid counts");
                (source, Measurement { start: DAY + minute, counts, revision })
            })
            .collect();
        let twice: Vec<_> = all.iter().cycle().take(2 * all.len()).copied().collect();
        (Just(all).prop_shuffle().prop_map(batches), Just(twice).prop_shuffle().prop_map(batches))
    })
}

/// Neighbours of one source together, each minute once a batch.
fn batches(sequence: Vec<(usize, Measurement)>) -> Sent {
    let mut sent: Sent = Vec::new();
    for (source, measurement) in sequence {
        match sent.last_mut() {
            Some((same, batch)) if *same == source && batch.iter().all(|m| m.start != measurement.start) => {
                batch.push(measurement);
            }
            _ => sent.push((source, vec![measurement])),
        }
    }
    sent
}

/// Ratios are compared without rounding.
#[test]
fn the_oracle_tells_neighbours_apart() {
    let third = |n: i128| Ratio::new(n, 3_000_000_000_000_000_000).expect("above zero");
    assert_ne!(oracle::exact(third(1_000_000_000_000_000_000)), oracle::exact(third(1_000_000_000_000_000_001)));
}

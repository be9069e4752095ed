//! What a store holds after any sequence of writes, and its sums over any partition.

use std::collections::BTreeMap;

use proptest::prelude::*;
use slo_core::memory::MemoryMeasurements;
use slo_core::{Bucket, EventCounts, Measurement, Minute, Period, Resolution};

use super::cases::{cases_of, counts, methods};
use super::{DAY, SOURCES, config, filled, read, write};

proptest! {
    #![proptest_config(config(100))]

    /// Any partition of a period has its sums and its minutes with data, at any resolution.
    #[test]
    fn partitions_add_up(case in cases_of(methods(), 3_000), cuts in proptest::collection::vec(0..3_000_i64, 0..8), end in 0..200_i64, whole in 200..5_000_i64) {
        let store = filled(&case.stored());
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

//! One function per clause of [`MeasurementRepository`]'s contract, in its order.
//!
//! Each takes an empty store and panics when the store breaks the clause.

use futures_util::future::join_all;

use super::Running;
use super::reference::{DAY, compare, counts, holds, measurement, name, now, receipt, series, write};
use crate::counts::{Bucket, EventCounts, MAX_COUNT, Width};
use crate::measurement::{Batch, CLOCK_SKEW_MINUTES, MAX_REVISION, Measurement, Receipt};
use crate::repository::{MeasurementRepository, Resolution};
use crate::time::{Minute, Period};

/// A clause as a value.
pub type Clause = for<'a> fn(&'a dyn MeasurementRepository) -> Running<'a>;

/// All clauses by name, in the order of the contract.
#[must_use]
pub fn clauses() -> Vec<(&'static str, Clause)> {
    crate::__measurement_clauses! { [super::clause_list] Clause }
}

const NOON: Minute = Minute::new(DAY.get() + 720);

/// 1: A measurement that was not there is accepted and counts.
pub async fn new_counts_count(store: &dyn MeasurementRepository) {
    let site = series("site", 1);
    let first = [measurement(NOON, 9, 10), measurement(NOON + 59, 0, 7), measurement(NOON + 60, 3, 3)];
    assert_eq!(write(store, &site, "default", &first).await, receipt(3, 0, 0));
    holds(store, &site, &first).await;
    // Between, before and after those, and a minute in which nothing happened.
    let more = [
        measurement(NOON - 1, 5, 6),
        measurement(NOON + 1, 0, 0),
        measurement(NOON + 58, 0, 1),
        measurement(DAY, 2, 2),
    ];
    assert_eq!(write(store, &site, "default", &more).await, receipt(4, 0, 0));
    holds(store, &site, &[&first[..], &more].concat()).await;
}

/// 2: Written again with equal content it is replayed, any number of times, in any order, by anybody.
pub async fn replays_change_nothing(store: &dyn MeasurementRepository) {
    let site = series("site", 1);
    let corrected = Measurement { revision: 3, ..measurement(NOON + 7, 1, 2) };
    let mut all = vec![measurement(NOON, 9, 10), measurement(NOON + 5, 0, 0), corrected, measurement(NOON + 60, 3, 4)];
    write(store, &site, "default", &all).await;
    for _ in 0..3 {
        assert_eq!(write(store, &site, "default", &all).await, receipt(0, 4, 0));
    }
    holds(store, &site, &all).await;
    // One by one, in another order.
    for again in all.iter().rev() {
        assert_eq!(write(store, &site, "default", &[*again]).await, receipt(0, 1, 0));
    }
    // Together with new ones: in between, then before, behind and in an hour of their own.
    all.push(measurement(NOON + 6, 1, 1));
    assert_eq!(write(store, &site, "default", &all).await, receipt(1, 4, 0));
    holds(store, &site, &all).await;
    all.extend([NOON - 1, NOON + 61, NOON + 300].map(|start| measurement(start, 1, 1)));
    assert_eq!(write(store, &site, "default", &all).await, receipt(3, 5, 0));
    // Years later.
    let later = Minute::floor(now()) + 30 * 366 * 1_440;
    let batch = Batch::new(all.clone(), later.timestamp()).expect("a valid batch");
    let late = store.write(&site, &name("default"), &batch, later.timestamp()).await.expect("a write succeeds");
    assert_eq!(late, receipt(0, 8, 0));
    holds(store, &site, &all).await;
}

/// Revisions whose order is lost when their bytes or digits are compared carelessly.
const REVISIONS: [u64; 13] = [0, 1, 2, 9, 10, 127, 128, 255, 256, 65_535, 65_536, 1 << 32, MAX_REVISION];

/// 3: A higher revision replaces, and the old counts are gone.
pub async fn higher_revisions_replace(store: &dyn MeasurementRepository) {
    let site = series("site", 1);
    let neighbour = measurement(NOON + 1, 1, 1);
    write(store, &site, "default", &[neighbour]).await;
    for (i, revision) in (0_u64..).zip(REVISIONS) {
        // Fewer each time: the larger figure must not survive; equal ones are accepted too.
        let total = 100 - i / 2;
        let next = Measurement { start: NOON, counts: counts(total / 2, total), revision };
        assert_eq!(write(store, &site, "default", &[next]).await, receipt(1, 0, 0), "revision {revision}");
        holds(store, &site, &[neighbour, next]).await;
    }
    // To nothing; several of one batch; skipping revisions.
    let gone = [0, 61, 62].map(|m| Measurement { revision: 5, ..measurement(NOON + m, 0, 0) });
    let was = [61, 62].map(|m| measurement(NOON + m, 4, 5));
    write(store, &site, "eu", &[&[measurement(NOON, 8, 8)][..], &was].concat()).await;
    assert_eq!(write(store, &site, "eu", &gone).await, receipt(3, 0, 0));
    let last = Measurement { start: NOON, counts: counts(47, 94), revision: MAX_REVISION };
    holds(store, &site, &[neighbour, last]).await;
}

/// 4: A lower revision is stale and changes nothing.
pub async fn lower_revisions_are_stale(store: &dyn MeasurementRepository) {
    let site = series("site", 1);
    for (minute, pair) in (0..).zip(REVISIONS.windows(2)) {
        let start = NOON + 60 * minute;
        let newer = Measurement { start, counts: counts(1, 2), revision: pair[1] };
        write(store, &site, "default", &[newer]).await;
        // Other counts, and the same ones.
        for older in [counts(2, 3), newer.counts] {
            let older = Measurement { start, counts: older, revision: pair[0] };
            assert_eq!(write(store, &site, "default", &[older]).await, receipt(0, 0, 1), "{older:?} after {newer:?}");
        }
        compare(store, &site, &[newer], Period::new(start, start + 60), &Resolution::Minutes).await;
    }
    // Beside a new and a replayed one.
    let kept = [measurement(DAY, 3, 3), Measurement { revision: 2, ..measurement(DAY + 1, 0, 9) }];
    write(store, &site, "eu", &kept).await;
    let mixed = [kept[0], measurement(DAY + 1, 9, 9), measurement(DAY + 2, 7, 7)];
    assert_eq!(write(store, &site, "eu", &mixed).await, receipt(1, 1, 1));
    let period = Period::new(DAY, DAY + 60);
    compare(store, &site, &[kept[0], kept[1], mixed[2]], period, &Resolution::Minutes).await;
}

/// 5: The same revision with other counts is a conflict: the stored one is reported and stays; the
/// rest of the batch is written.
pub async fn other_counts_conflict(store: &dyn MeasurementRepository) {
    let site = series("site", 1);
    let stored = [
        measurement(NOON + 10, 9, 10),
        Measurement { revision: 4, ..measurement(NOON + 11, 5, 5) },
        measurement(NOON + 70, 0, 0),
    ];
    write(store, &site, "default", &stored).await;
    // Only good differs, only total differs, something instead of nothing; and something new in
    // front, in between, behind, and in hours of its own.
    let other = [
        measurement(NOON + 10, 8, 10),
        Measurement { revision: 4, ..measurement(NOON + 11, 5, 6) },
        measurement(NOON + 70, 1, 1),
    ];
    let new = [-60, 0, 12, 60, 80, 200].map(|minute| measurement(NOON + minute, 1, 1));
    let batch = [&other[..], &new].concat();
    let all = [&stored[..], &new].concat();
    for (accepted, replayed) in [(6, 0), (0, 6)] {
        let wanted = Receipt { conflicts: stored.to_vec(), ..receipt(accepted, replayed, 0) };
        assert_eq!(write(store, &site, "default", &batch).await, wanted);
        holds(store, &site, &all).await;
    }
    // A higher revision settles it.
    let settled = other.map(|m| Measurement { revision: 5, ..m });
    assert_eq!(write(store, &site, "default", &settled).await, receipt(3, 0, 0));
    holds(store, &site, &[&settled[..], &new].concat()).await;
}

/// 6: The same minute from two sources counts twice, once each.
pub async fn sources_add_up(store: &dyn MeasurementRepository) {
    let site = series("site", 1);
    let long = "x".repeat(63);
    let mut all = Vec::new();
    for (i, source) in (1..).zip(["default", "eu", "eu-west", "e", &long]) {
        let batch = [measurement(NOON, i, 10 * i), measurement(NOON + i64::try_from(i).expect("few"), 1, 1)];
        assert_eq!(write(store, &site, source, &batch).await, receipt(2, 0, 0), "{source}");
        all.extend(batch);
        holds(store, &site, &all).await;
    }
    // Revisions, replays and conflicts are each source's own.
    let corrected = Measurement { revision: 1, ..measurement(NOON, 0, 1) };
    assert_eq!(write(store, &site, "eu", &[corrected]).await, receipt(1, 0, 0));
    assert_eq!(write(store, &site, "eu-west", &[all[4]]).await, receipt(0, 1, 0));
    let conflict = write(store, &site, "e", &[measurement(NOON, 1, 10)]).await;
    assert_eq!(conflict, Receipt { conflicts: vec![all[6]], ..Receipt::default() });
    all[2] = corrected;
    holds(store, &site, &all).await;
    // A source of its own hour and day is found too.
    let apart = [measurement(NOON - 1_440, 2, 3), measurement(NOON + 1_440, 3, 3)];
    write(store, &site, "apart", &apart).await;
    holds(store, &site, &[&all[..], &apart].concat()).await;
}

/// 7: A read counts minutes whose start lies in `[start, end)` and no others, whether or not the ends
/// lie on the hour.
pub async fn reads_are_half_open(store: &dyn MeasurementRepository) {
    let site = series("site", 1);
    // Around three hours and midnight; each minute with counts of its own.
    let midnight = DAY + 1_440;
    let offsets = [-121, -120, -119, -61, -60, -59, -31, -30, -29, -1, 0, 1, 29, 30, 31, 59, 60, 61, 119, 120, 121];
    let all: Vec<Measurement> =
        (0..).zip(offsets).map(|(i, offset)| measurement(midnight + offset, 1 << i, 2 << i)).collect();
    write(store, &site, "default", &all).await;
    let ends = [-180, -121, -120, -60, -30, -29, -1, 0, 1, 30, 60, 61, 120, 122, 180];
    for start in ends {
        // Also empty periods, and those that end before they start.
        for end in ends {
            let period = Period::new(midnight + start, midnight + end);
            for resolution in [Resolution::Minutes, Resolution::Hours { cuts: Vec::new() }] {
                compare(store, &site, &all, period, &resolution).await;
            }
        }
    }
    compare(store, &series("nothing", 1), &[], Period::new(DAY, midnight), &Resolution::Minutes).await;
}

/// 8: In order of time, without overlap, without empty ones; with `Minutes` one a minute, otherwise
/// hours, but minutes where an hour would straddle a cut.
pub async fn buckets_respect_cuts(store: &dyn MeasurementRepository) {
    let site = series("site", 1);
    // Hour 12: two minutes; 13: nothing; 14: a minute without events; 15 and 16: one each.
    let minutes = [(0, 1, 2), (59, 3, 4), (150, 0, 0), (185, 5, 5), (240, 6, 7)];
    let all = minutes.map(|(minute, good, total)| measurement(NOON + minute, good, total));
    for measurement in all.iter().rev() {
        write(store, &site, "default", &[*measurement]).await;
    }
    write(store, &site, "eu", &[measurement(NOON, 1, 1), measurement(NOON + 186, 0, 1)]).await;
    let minute = |start: i64, good, total| Bucket::minute(NOON + start, counts(good, total));
    let hour = |start: i64, good, total, with_data| Bucket {
        start: NOON + start,
        width: Width::Hour,
        counts: counts(good, total),
        with_data,
    };
    let (first, second, third) = (hour(0, 5, 7, 1 | 1 << 59), hour(180, 5, 6, 0b11 << 5), hour(240, 6, 7, 1));
    let (early, late) = ([minute(0, 2, 3), minute(59, 3, 4)], [minute(185, 5, 5), minute(186, 0, 1)]);
    let cases = [
        // Cuts on the hour, outside and in hours without data split nothing.
        (&[-61, 60, 90, 240, 301][..], vec![first, second, third]),
        (&[1], [&early[..], &[second, third]].concat()),
        (&[59, 186, 186], [&early[..], &late, &[third]].concat()),
        (&[239], [&[first], &late[..], &[third]].concat()),
        (&[241], vec![first, second, minute(240, 6, 7)]),
    ];
    let whole = Period::new(NOON - 60, NOON + 300);
    for (cuts, wanted) in cases {
        let resolution = Resolution::Hours { cuts: cuts.iter().map(|cut| NOON + *cut).collect() };
        let got = store.read(&site, whole, &resolution).await.expect("a read succeeds");
        assert_eq!(got, wanted, "{cuts:?}");
    }
    let got = store.read(&site, whole, &Resolution::Minutes).await.expect("a read succeeds");
    assert_eq!(got, [&early[..], &late, &[minute(240, 6, 7)]].concat());
    // The ends of the period are cuts.
    let inner = Period::new(NOON + 59, NOON + 186);
    let got = store.read(&site, inner, &Resolution::Hours { cuts: Vec::new() }).await.expect("a read succeeds");
    assert_eq!(got, [minute(59, 3, 4), minute(185, 5, 5)]);
}

/// 9: Minutes with data are those whose total over all sources is above zero.
pub async fn minutes_with_data_have_events(store: &dyn MeasurementRepository) {
    let site = series("site", 1);
    // Both, one, none, all bad, and one that is corrected to nothing below.
    let here = [(0, 1, 1), (1, 0, 0), (2, 0, 0), (3, 0, 5), (4, 2, 2)];
    let there = [(0, 1, 1), (1, 1, 1), (2, 0, 0), (59, 1, 1), (60, 0, 0)];
    let batch = |minutes: [(i64, u64, u64); 5]| minutes.map(|(m, good, total)| measurement(NOON + m, good, total));
    write(store, &site, "here", &batch(here)).await;
    write(store, &site, "there", &batch(there)).await;
    write(store, &site, "here", &[Measurement { revision: 1, ..measurement(NOON + 4, 0, 0) }]).await;
    let got = store.read(&site, Period::new(NOON, NOON + 120), &Resolution::Hours { cuts: Vec::new() }).await;
    let bits = 0b1011 | 1 << 59;
    assert_eq!(
        got.expect("a read succeeds"),
        [Bucket { start: NOON, width: Width::Hour, counts: counts(4, 9), with_data: bits }],
        "bits {bits:b}"
    );
    let got = store.read(&site, Period::new(NOON, NOON + 120), &Resolution::Minutes).await.expect("a read succeeds");
    let minutes: Vec<(i64, u64)> = got.iter().map(|bucket| (bucket.start - NOON, bucket.with_data)).collect();
    assert_eq!(minutes, [(0, 1), (1, 1), (3, 1), (59, 1)]);
}

/// 10: Other indicators and other lives of the same name are not seen.
pub async fn series_are_apart(store: &dyn MeasurementRepository) {
    // Names that are prefixes of others or meet when joined with a source by a hyphen.
    let lives =
        [("site", 1), ("site", 2), ("site", 11), ("sit", 1), ("site-1", 1), ("site-eu", 1), ("s", 12), ("site1", 1)];
    let sources = ["default", "eu", "eu-1", "1-eu"];
    let of = |i: usize, j: usize| measurement(NOON, 1, 2 + 10 * i as u64 + j as u64);
    for (i, (indicator, born)) in lives.iter().enumerate() {
        for (j, source) in sources.iter().enumerate() {
            let receipt_of = write(store, &series(indicator, *born), source, &[of(i, j)]).await;
            assert_eq!(receipt_of, receipt(1, 0, 0), "{indicator}@{born} from {source}");
        }
    }
    for (i, (indicator, born)) in lives.iter().enumerate() {
        let own: Vec<Measurement> = (0..sources.len()).map(|j| of(i, j)).collect();
        holds(store, &series(indicator, *born), &own).await;
    }
    for (indicator, born) in [("site", 3), ("sites", 1), ("eu", 1), ("default", 1)] {
        compare(store, &series(indicator, born), &[], Period::new(DAY, DAY + 1_440), &Resolution::Minutes).await;
    }
}

/// 11: After a write returned, every read counts it; of concurrent writers of the same measurements
/// each measurement counts once.
pub async fn acknowledged_counts_once(store: &dyn MeasurementRepository) {
    // Six write the same day; when the first is answered, all of it is there.
    let day: Vec<Measurement> = (0..120).map(|m| measurement(DAY + 12 * m, 1, 2)).collect();
    let site = series("site", 1);
    let same = join_all((0..6).map(async |_| {
        let receipt = write(store, &site, "default", &day).await;
        holds(store, &site, &day).await;
        receipt
    }));
    let receipts = same.await;
    for answer in &receipts {
        assert_eq!(*answer, receipt(answer.accepted, 120 - answer.accepted, 0));
    }
    assert!(receipts.iter().map(|answer| answer.accepted).sum::<usize>() <= 120, "accepted once: {receipts:?}");

    // Sixty write a minute each of one hour, from two sources; each sees its own at once.
    let site = series("hour", 1);
    let of = |m: i64| measurement(NOON + m, 1, 1 + m.unsigned_abs());
    join_all((0..60).map(async |m| {
        let source = if m % 2 == 0 { "even" } else { "odd" };
        assert_eq!(write(store, &site, source, &[of(m)]).await, receipt(1, 0, 0));
        let own = Period::new(NOON + m, NOON + m + 1);
        compare(store, &site, &[of(m)], own, &Resolution::Minutes).await;
    }))
    .await;
    holds(store, &site, &(0..60).map(of).collect::<Vec<_>>()).await;

    // Eight corrections of two minutes at once, in no order: the highest stays.
    let site = series("corrected", 1);
    let of = |revision: u64| {
        [0, 1].map(|m| Measurement { start: NOON + m, counts: counts(revision, 10 + revision), revision })
    };
    let receipts = join_all([3, 0, 7, 1, 6, 2, 5, 4].map(async |revision| {
        let receipt = write(store, &site, "default", &of(revision)).await;
        let read = store.read(&site, Period::new(NOON, NOON + 2), &Resolution::Minutes).await;
        let minutes = read.expect("a read succeeds");
        assert!(minutes.iter().all(|m| m.counts.good() >= revision.into()), "revision {revision} is overwritten");
        receipt
    }))
    .await;
    assert!(receipts.iter().all(|r| r.conflicts.is_empty() && r.accepted + r.stale == 2), "{receipts:?}");
    holds(store, &site, &of(7)).await;

    // Five say something else in the same revision: one wins and the others are told.
    let site = series("disputed", 1);
    let of = |good: u64| measurement(NOON, good, 10);
    let receipts =
        join_all((0..5).map(|good| async move { write(store, &series("disputed", 1), "default", &[of(good)]).await }))
            .await;
    let winners: Vec<u64> =
        (0..5).zip(&receipts).filter(|(_, r)| r.conflicts.is_empty()).map(|(good, _)| good).collect();
    let [winner] = winners[..] else { panic!("one wins: {receipts:?}") };
    assert!(receipts.iter().flat_map(|r| &r.conflicts).all(|stored| *stored == of(winner)), "{receipts:?}");
    holds(store, &site, &[of(winner)]).await;
}

/// 12: Sums are exact up to the largest counts, and reads are complete however much there is.
pub async fn sums_are_exact_and_complete(store: &dyn MeasurementRepository) {
    // Beyond 2^64 in one hour: 35 sources, 60 minutes of 2^53 - 1 each.
    let hour = series("hour", 1);
    let full: Vec<Measurement> = (0..60).map(|m| measurement(NOON + m, MAX_COUNT - 1, MAX_COUNT)).collect();
    join_all((0..35).map(async |source| write(store, &hour, &format!("source-{source}"), &full).await)).await;
    holds(store, &hour, &full.repeat(35)).await;

    // Beyond 2^64 in one day: two sources, all minutes.
    let day = series("day", 1);
    let full: Vec<Measurement> = (0..1_440).map(|m| measurement(DAY + m, 0, MAX_COUNT)).collect();
    write(store, &day, "default", &full).await;
    write(store, &day, "eu", &full).await;
    holds(store, &day, &full.repeat(2)).await;
    let read = store.read(&day, Period::new(DAY, DAY + 1_440), &Resolution::Hours { cuts: Vec::new() }).await;
    let sum: EventCounts = read.expect("a read succeeds").iter().map(|bucket| bucket.counts).sum();
    assert_eq!((sum.good(), sum.total(), sum.bad()), (0, 2_880 * u128::from(MAX_COUNT), 2_880 * u128::from(MAX_COUNT)));

    // 70 days of minutes are more than 1 MB in any form.
    let long = series("long", 1);
    let all: Vec<Measurement> =
        (0..70 * 1_440).map(|m| measurement(DAY + m, MAX_COUNT - m.unsigned_abs(), MAX_COUNT)).collect();
    for days in all.chunks(10 * 1_440) {
        join_all(days.chunks(1_440).map(async |day| {
            assert_eq!(write(store, &long, "default", day).await, receipt(1_440, 0, 0));
        }))
        .await;
    }
    holds(store, &long, &all).await;
    let inner = Period::new(DAY + 1, DAY + 70 * 1_440 - 1);
    let cuts = vec![DAY + 35 * 1_440 + 30];
    compare(store, &long, &all, inner, &Resolution::Hours { cuts }).await;
}

/// 13: The time of a measurement does not decide whether it is kept.
pub async fn any_age_is_kept(store: &dyn MeasurementRepository) {
    let site = series("site", 1);
    let latest = Minute::floor(now()) + CLOCK_SKEW_MINUTES;
    // The epoch, the last minute of 1970, that before 2000-02-29, 2015-05-21, 2026, and around now.
    let starts = [0, 1, 59, 525_599, 15_863_039, 23_869_440].map(Minute::new);
    let starts = [&starts[..], &[DAY, latest - 1_440, latest - 1, latest]].concat();
    let all: Vec<Measurement> = (1..).zip(starts).map(|(i, start)| measurement(start, i, 2 * i)).collect();
    assert_eq!(write(store, &site, "default", &all).await, receipt(10, 0, 0));
    for stored in &all {
        let around = Period::new(stored.start - 20, stored.start + 20);
        compare(store, &site, &all, around, &Resolution::Minutes).await;
        let year = Period::new(stored.start + 1 - 366 * 1_440, stored.start + 1);
        compare(store, &site, &all, year, &Resolution::Hours { cuts: Vec::new() }).await;
    }
    // Replays, corrections and conflicts know no age either.
    assert_eq!(write(store, &site, "default", &all).await, receipt(0, 10, 0));
    let corrected = Measurement { revision: 1, ..all[0] };
    let disputed = Measurement { counts: counts(0, 1), ..all[5] };
    let conflict = Receipt { conflicts: vec![all[5]], ..receipt(1, 0, 0) };
    assert_eq!(write(store, &site, "default", &[corrected, disputed]).await, conflict);
}

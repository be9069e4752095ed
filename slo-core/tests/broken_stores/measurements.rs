//! Stores of measurements that break one promise each.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use jiff::Timestamp;
use slo_core::testing::measurements::{Clause, clauses};
use slo_core::{
    Batch, Bucket, EventCounts, Measurement, MeasurementRepository, Minute, Name, Period, Receipt, RepositoryError,
    Resolution, Revision, Series, Width, WriteEffect,
};

use super::{Row, judge, keeps};

/// What is wrong with a store, and the clause that must notice.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// Acknowledges a batch without its last measurement.
    LosesLast,
    /// Says it replaced what it only found again.
    ReplayReportedAsAccepted,
    /// Adds a replay to what is there.
    ReplayDoubled,
    /// Takes a batch for a replay as a whole when its first measurement is one.
    ReplayedBatchLost,
    /// Knows no revisions: what is there stays.
    RevisionIgnored,
    /// Adds a correction to what it corrects.
    CorrectionAdded,
    /// Compares revisions as little-endian bytes.
    RevisionsAsBytes,
    /// The last writer wins.
    StaleWritten,
    /// Takes equal counts for a replay whatever their revision.
    StaleReportedAsReplayed,
    /// Ends the batch at a conflict.
    ConflictEndsBatch,
    /// Overwrites at a conflict.
    ConflictWritten,
    /// Keeps quiet about conflicts.
    ConflictUnreported,
    /// Reports what was sent instead of what is stored.
    ConflictReportsSent,
    /// Keeps one measurement a minute, from whichever source.
    SourcesShareMinutes,
    /// Reads the default source only.
    OneSourceRead,
    /// Reads `[start, end]`.
    EndIncluded,
    /// Reads `(start, end)`.
    StartExcluded,
    /// Reads the whole hours at the ends.
    HoursReadWhole,
    /// Gives hours that straddle cuts.
    CutsIgnored,
    /// Gives minutes where hours are asked for.
    AlwaysMinutes,
    /// Gives buckets with nothing in them.
    EmptyGiven,
    /// Newest first.
    NewestFirst,
    /// A bucket for each source.
    BucketPerSource,
    /// A minute with a measurement has data even without events.
    EmptyMinutesHaveData,
    /// Every minute of an hour with data has data.
    WholeHoursHaveData,
    /// A minute has data only when all of its sources have.
    DataNeedsAllSources,
    /// Earlier lives of a name go on.
    LivesMixed,
    /// Names that begin alike are alike.
    NamesByPrefix,
    /// Reads are one write behind.
    ReadsBehind,
    /// Concurrent writers overwrite each other.
    UpdatesLost,
    /// Sums in 64 bits that wrap.
    SumsWrap,
    /// Sums in an f64.
    SumsRounded,
    /// Ends a read at a page.
    ReadsOnePage,
    /// Drops what is older than 400 days when it is written.
    OldDropped,
    /// Drops what is later than now.
    FutureDropped,
    /// Forgets after ten years what was written, and takes it as new.
    ReplaysForgotten,
}

const TABLE: [(&str, Fault); 36] = [
    ("new_counts_count", Fault::LosesLast),
    ("replays_change_nothing", Fault::ReplayReportedAsAccepted),
    ("replays_change_nothing", Fault::ReplayDoubled),
    ("replays_change_nothing", Fault::ReplayedBatchLost),
    ("replays_change_nothing", Fault::ReplaysForgotten),
    ("higher_revisions_replace", Fault::RevisionIgnored),
    ("higher_revisions_replace", Fault::CorrectionAdded),
    ("higher_revisions_replace", Fault::RevisionsAsBytes),
    ("lower_revisions_are_stale", Fault::StaleWritten),
    ("lower_revisions_are_stale", Fault::StaleReportedAsReplayed),
    ("other_counts_conflict", Fault::ConflictEndsBatch),
    ("other_counts_conflict", Fault::ConflictWritten),
    ("other_counts_conflict", Fault::ConflictUnreported),
    ("other_counts_conflict", Fault::ConflictReportsSent),
    ("sources_add_up", Fault::SourcesShareMinutes),
    ("sources_add_up", Fault::OneSourceRead),
    ("reads_are_half_open", Fault::EndIncluded),
    ("reads_are_half_open", Fault::StartExcluded),
    ("reads_are_half_open", Fault::HoursReadWhole),
    ("buckets_respect_cuts", Fault::CutsIgnored),
    ("buckets_respect_cuts", Fault::AlwaysMinutes),
    ("buckets_respect_cuts", Fault::EmptyGiven),
    ("buckets_respect_cuts", Fault::NewestFirst),
    ("buckets_respect_cuts", Fault::BucketPerSource),
    ("minutes_with_data_have_events", Fault::EmptyMinutesHaveData),
    ("minutes_with_data_have_events", Fault::WholeHoursHaveData),
    ("minutes_with_data_have_events", Fault::DataNeedsAllSources),
    ("series_are_apart", Fault::LivesMixed),
    ("series_are_apart", Fault::NamesByPrefix),
    ("acknowledged_counts_once", Fault::ReadsBehind),
    ("acknowledged_counts_once", Fault::UpdatesLost),
    ("sums_are_exact_and_complete", Fault::SumsWrap),
    ("sums_are_exact_and_complete", Fault::SumsRounded),
    ("sums_are_exact_and_complete", Fault::ReadsOnePage),
    ("any_age_is_kept", Fault::OldDropped),
    ("any_age_is_kept", Fault::FutureDropped),
];

#[tokio::test]
async fn every_clause_catches_its_broken_stores() {
    let clauses = clauses();
    let mut rows = Vec::new();
    for (name, fault) in TABLE {
        let (_, clause) = clauses.iter().find(|(clause, _)| *clause == name).expect("a clause of the contract");
        rows.push(Row {
            clause: name,
            fault: format!("{fault:?}"),
            broken_passes: passes(*clause, fault).await,
            healthy_passes: passes(*clause, Fault::None).await,
        });
    }
    judge(&clauses.iter().map(|(name, _)| *name).collect::<Vec<_>>(), &rows);
}

async fn passes(clause: Clause, fault: Fault) -> bool {
    keeps(Store { fault, state: Mutex::default(), before: Mutex::default() }, move |store| clause(store)).await
}

type State = BTreeMap<(Series, Name, Minute), Measurement>;

struct Store {
    fault: Fault,
    state: Mutex<State>,
    /// As of before the last write.
    before: Mutex<State>,
}

impl Store {
    fn apply(&self, state: &mut State, series: &Series, source: &Name, batch: &Batch, now: Timestamp) -> Receipt {
        let mut receipt = Receipt::default();
        let measurements = batch.measurements();
        let born = if self.fault == Fault::LivesMixed { Revision::FIRST } else { series.born };
        let source =
            if self.fault == Fault::SourcesShareMinutes { "default".parse().expect("a name") } else { source.clone() };
        for (i, measurement) in measurements.iter().enumerate() {
            let key = (Series { born, ..series.clone() }, source.clone(), measurement.start);
            let stored = state.get(&key).copied();
            let effect = stored.as_ref().map_or(WriteEffect::Accepted, |stored| measurement.effect_on(stored));
            let age = Minute::floor(now) - measurement.start;
            let mut write = effect == WriteEffect::Accepted;
            let mut said = effect;
            let mut written = *measurement;
            match (self.fault, effect) {
                (Fault::LosesLast, _) if i > 0 && i + 1 == measurements.len() => write = false,
                (Fault::ReplayReportedAsAccepted, WriteEffect::Replayed) => said = WriteEffect::Accepted,
                (Fault::ReplayDoubled, WriteEffect::Replayed) => {
                    (write, written.counts) = (true, measurement.counts + measurement.counts);
                }
                (Fault::ReplayedBatchLost, WriteEffect::Replayed) if i == 0 => {
                    return Receipt { replayed: measurements.len(), ..receipt };
                }
                (Fault::ReplaysForgotten, _) if age > 100 * 366 * 1_440 => {
                    (write, said) = (true, WriteEffect::Accepted)
                }
                (Fault::RevisionIgnored, _) if stored.is_some() => (write, said) = (false, WriteEffect::Stale),
                (Fault::CorrectionAdded, WriteEffect::Accepted) => {
                    written.counts += stored.map_or(EventCounts::ZERO, |stored| stored.counts);
                }
                (Fault::RevisionsAsBytes, WriteEffect::Accepted) => {
                    let higher =
                        |stored: Measurement| measurement.revision.to_le_bytes() > stored.revision.to_le_bytes();
                    write = stored.is_none_or(higher);
                }
                (Fault::StaleWritten, WriteEffect::Stale) => write = true,
                (Fault::StaleReportedAsReplayed, WriteEffect::Stale)
                    if stored.is_some_and(|stored| stored.counts == measurement.counts) =>
                {
                    said = WriteEffect::Replayed;
                }
                (Fault::ConflictWritten, WriteEffect::Conflict) => write = true,
                (Fault::ConflictUnreported, WriteEffect::Conflict) => said = WriteEffect::Replayed,
                (Fault::OldDropped, _) if age > 400 * 1_440 => write = false,
                (Fault::FutureDropped, _) if age < 0 => write = false,
                _ => {}
            }
            let stored = stored.filter(|_| self.fault != Fault::ConflictReportsSent).unwrap_or(*measurement);
            receipt.record(said, &stored);
            if write {
                state.insert(key, written);
            }
            if self.fault == Fault::ConflictEndsBatch && effect == WriteEffect::Conflict {
                break;
            }
        }
        receipt
    }

    fn sees(&self, wanted: &Series, series: &Series, source: &Name) -> bool {
        let life = self.fault == Fault::LivesMixed || wanted.born == series.born;
        match self.fault {
            Fault::NamesByPrefix => life && series.indicator.as_str().starts_with(wanted.indicator.as_str()),
            Fault::OneSourceRead if source.as_str() != "default" => false,
            _ => life && wanted.indicator == series.indicator,
        }
    }

    /// The span that is read instead of the wanted one.
    fn span(&self, wanted: Period) -> Period {
        match self.fault {
            Fault::EndIncluded => Period::new(wanted.start, wanted.end + 1),
            Fault::StartExcluded => Period::new(wanted.start + 1, wanted.end),
            Fault::HoursReadWhole => Period::new(wanted.start.hour(), (wanted.end + 59).hour()),
            _ => wanted,
        }
    }

    fn add(&self, bucket: &mut Bucket, other: &Bucket) {
        let had = bucket.with_data;
        bucket.merge(other);
        let shorten: fn(u128) -> u128 = match self.fault {
            Fault::SumsWrap => |n| n & u128::from(u64::MAX),
            // An f64 keeps 53 bits.
            Fault::SumsRounded => |n| {
                let lost = (128 - n.leading_zeros()).saturating_sub(53);
                n >> lost << lost
            },
            _ => |n| n,
        };
        let (bad, total) = (shorten(bucket.counts.bad()), shorten(bucket.counts.total()));
        bucket.counts = EventCounts::from_sums(bad.min(total), total).expect("no more bad than all");
        if self.fault == Fault::DataNeedsAllSources && bucket.width == Width::Minute {
            bucket.with_data = had & other.with_data;
        }
    }
}

#[async_trait]
impl MeasurementRepository for Store {
    async fn write(
        &self,
        series: &Series,
        source: &Name,
        batch: &Batch,
        now: Timestamp,
    ) -> Result<Receipt, RepositoryError> {
        let state = || self.state.lock().expect("no panic under the lock");
        if self.fault == Fault::ReadsBehind {
            let before = state().clone();
            *self.before.lock().expect("no panic under the lock") = before;
        }
        if self.fault != Fault::UpdatesLost {
            return Ok(self.apply(&mut state(), series, source, batch, now));
        }
        let mut copy = state().clone();
        let receipt = self.apply(&mut copy, series, source, batch, now);
        tokio::task::yield_now().await;
        *state() = copy;
        Ok(receipt)
    }

    async fn read(
        &self,
        series: &Series,
        period: Period,
        resolution: &Resolution,
    ) -> Result<Vec<Bucket>, RepositoryError> {
        let state = if self.fault == Fault::ReadsBehind { &self.before } else { &self.state };
        let state = state.lock().expect("no panic under the lock");
        let span = self.span(period);
        let mut buckets: BTreeMap<(Minute, Option<Name>), Bucket> = BTreeMap::new();
        for ((stored, source, minute), measurement) in state.iter() {
            if !span.contains(*minute) || !self.sees(series, stored, source) {
                continue;
            }
            let mut bucket = Bucket::minute(*minute, measurement.counts);
            let keep =
                matches!(self.fault, Fault::EmptyGiven | Fault::EmptyMinutesHaveData | Fault::DataNeedsAllSources);
            if bucket.with_data == 0 && !keep {
                continue;
            }
            if self.fault == Fault::EmptyMinutesHaveData {
                bucket.with_data = 1;
            }
            let hour = minute.hour();
            let whole = match (self.fault, resolution) {
                (Fault::AlwaysMinutes, _) | (_, Resolution::Minutes) => false,
                (Fault::CutsIgnored, _) => true,
                _ => !resolution.splits(hour, period),
            };
            if whole {
                let bit = if self.fault == Fault::WholeHoursHaveData { (1 << 60) - 1 } else { bucket.with_data };
                let shift = if self.fault == Fault::WholeHoursHaveData { 0 } else { *minute - hour };
                bucket = Bucket { start: hour, width: Width::Hour, with_data: bit << shift, ..bucket };
            }
            let apart = (self.fault == Fault::BucketPerSource).then(|| source.clone());
            buckets.entry((bucket.start, apart)).and_modify(|sum| self.add(sum, &bucket)).or_insert(bucket);
        }
        let mut buckets: Vec<Bucket> = buckets.into_values().collect();
        match self.fault {
            Fault::NewestFirst => buckets.reverse(),
            Fault::ReadsOnePage => buckets.truncate(20_000),
            Fault::DataNeedsAllSources => buckets.retain(|bucket| bucket.with_data != 0),
            _ => {}
        }
        Ok(buckets)
    }
}

//! Counting in the process, for a service that embeds this crate.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::counts::{EventCounts, MAX_COUNT};
use crate::error::Error;
use crate::indicator::Indicator;
use crate::measurement::{Batch, CLOCK_SKEW_MINUTES, MAX_BATCH, Measurement, Receipt};
use crate::name::Name;
use crate::service::Service;
use crate::time::Minute;

/// The most minutes that a [`Recorder`] keeps: a day, which is one batch.
pub const MAX_RECORDED_MINUTES: usize = MAX_BATCH;

/// Counts good and total events of one indicator by the UTC minute, and hands them to a store now and then.
///
/// - **What is sent is cumulative**: the minute's counts since the process began, with their total as the revision. A
///   minute's total grows with each event, so more always replaces less, and the same is a replay: a flush that failed,
///   or whose answer was lost, is repeated by the next one, and flushes may overtake each other.
/// - **Each start is a source of its own**, so a crash loses what was not flushed and nothing is ever counted twice. Two
///   recorders must never share a source: name it by a UUID.
/// - **A freeze does no harm**: an event belongs to the minute that its caller names, however much later it is flushed.
/// - **Memory is bounded**: there are [`MAX_RECORDED_MINUTES`]. To begin another one the oldest that is flushed is
///   forgotten, or else the oldest; events that can no longer be stored are counted in [`Recorder::lost`].
///
/// The indicator should be of the kind `ratio`. Recording takes a lock for some tens of nanoseconds, and never waits for a
/// store.
///
/// ```
/// use slo_core::{Indicator, IndicatorKind, Recorder, Service, Stamp};
///
/// # fn block_on<F: Future>(work: F) -> F::Output {
/// #     let mut work = std::pin::pin!(work);
/// #     loop {
/// #         if let std::task::Poll::Ready(done) =
/// #             work.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) { return done; }
/// #     }
/// # }
/// # block_on(async {
/// let service = Service::in_memory();
/// let now = "2026-11-20T12:00:30Z".parse()?;
/// let site = Indicator::new("site".parse()?, "web".parse()?, IndicatorKind::Ratio);
/// service.create(site, Stamp { at: now, by: None }).await?;
///
/// let recorder = Recorder::new("site".parse()?, "a-name-of-this-start".parse()?);
/// recorder.record(now, true);
/// recorder.record(now, false);
/// assert_eq!(recorder.flush(&service, now).await?.accepted, 1); // one minute
/// assert_eq!(recorder.flush(&service, now).await?.accepted, 0); // nothing is new
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Recorder {
    indicator: Name,
    source: Name,
    recorded: Mutex<Recorded>,
}

#[derive(Debug, Default)]
struct Recorded {
    minutes: BTreeMap<Minute, Slot>,
    /// The newest minute that was forgotten.
    forgotten: Option<Minute>,
    lost: u64,
}

/// A minute since the process began.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    good: u64,
    total: u64,
    /// The highest total that a store has acknowledged.
    flushed: u64,
}

impl Recorder {
    /// Nothing is recorded yet. `source` must be new at each start of the process.
    #[must_use]
    pub fn new(indicator: Name, source: Name) -> Self {
        Self { indicator, source, recorded: Mutex::default() }
    }

    /// What is measured.
    #[must_use]
    pub const fn indicator(&self) -> &Name {
        &self.indicator
    }

    /// The name of this start of the process.
    #[must_use]
    pub const fn source(&self) -> &Name {
        &self.source
    }

    /// Counts one event in the minute of `at`.
    pub fn record(&self, at: Timestamp, good: bool) {
        self.recorded().record(Minute::floor(at), good);
    }

    /// An event that began at `at` and whose outcome is still to come.
    pub fn begin(self: &Arc<Self>, at: Timestamp) -> Attempt {
        Attempt { recorder: Arc::clone(self), at, good: false }
    }

    /// Events that are in no store and never will be: those of minutes that had to be forgotten.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.recorded().lost
    }

    /// The counts of all minutes in which something happened since it was last acknowledged, if any. Minutes that
    /// lie further ahead of `now` than a store takes wait until it is their time.
    #[must_use]
    pub fn pending(&self, now: Timestamp) -> Option<Batch> {
        let last = Minute::floor(now) + CLOCK_SKEW_MINUTES;
        let recorded = self.recorded();
        let changed = recorded.minutes.range(..=last).filter(|(_, slot)| slot.flushed < slot.total);
        let changed = changed.map(|(start, slot)| Measurement {
            start: *start,
            counts: EventCounts::new(slot.good, slot.total).expect("good is counted in total, which has a limit"),
            revision: slot.total,
        });
        // The only fault that it can have is that it is empty.
        Batch::new(changed.collect(), now).ok()
    }

    /// Takes note that a store has acknowledged what was [`Recorder::pending`].
    pub fn acknowledge(&self, batch: &Batch) {
        let mut recorded = self.recorded();
        for measurement in batch.measurements() {
            if let Some(slot) = recorded.minutes.get_mut(&measurement.start) {
                slot.flushed = slot.flushed.max(measurement.revision);
            }
        }
    }

    /// Writes what is pending. After an error, call it again whenever you like; many may call it at once.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the indicator does not exist, [`Error::Repository`]. Nothing is lost by either.
    pub async fn flush(&self, service: &Service, now: Timestamp) -> Result<Receipt, Error> {
        let Some(batch) = self.pending(now) else { return Ok(Receipt::default()) };
        let indicator = service.get::<Indicator>(&self.indicator).await?;
        let receipt = service.record(&indicator, &self.source, &batch, now).await?;
        self.acknowledge(&batch);
        Ok(receipt)
    }

    /// Nothing panics while it is held, so poison says nothing.
    fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorded {
    fn record(&mut self, minute: Minute, good: bool) {
        if !self.minutes.contains_key(&minute) && !self.make_room(minute) {
            self.lost += 1;
            return;
        }
        let slot = self.minutes.entry(minute).or_default();
        if slot.total == MAX_COUNT {
            self.lost += 1;
            return;
        }
        slot.total += 1;
        slot.good += u64::from(good);
    }

    /// Whether another minute may begin. One that was forgotten may not: what is stored of it has a higher revision.
    fn make_room(&mut self, minute: Minute) -> bool {
        if self.forgotten.is_some_and(|newest| minute <= newest) {
            return false;
        }
        if self.minutes.len() == MAX_RECORDED_MINUTES {
            let flushed = self.minutes.iter().find(|(_, slot)| slot.flushed == slot.total);
            let oldest = flushed.or_else(|| self.minutes.first_key_value()).map(|(minute, _)| *minute);
            let slot = oldest.and_then(|oldest| self.minutes.remove(&oldest)).unwrap_or_default();
            self.lost += slot.total - slot.flushed;
            self.forgotten = self.forgotten.max(oldest);
        }
        true
    }
}

/// An event whose outcome is still to come; see [`Recorder::begin`]. Dropped without one, by a panic or because nobody
/// waits any more, it counts as bad.
#[derive(Debug)]
#[must_use = "dropped, it counts as bad"]
pub struct Attempt {
    recorder: Arc<Recorder>,
    at: Timestamp,
    good: bool,
}

impl Attempt {
    /// Counts it, in the minute in which it began.
    pub fn finish(mut self, good: bool) {
        self.good = good;
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.recorder.record(self.at, self.good);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().expect("a name")
    }

    fn at(minute: i64) -> Timestamp {
        Minute::new(minute).timestamp()
    }

    fn recorder() -> Recorder {
        Recorder::new(name("site"), name("start-1"))
    }

    /// Start, good, total and revision of what is pending at a minute.
    fn pending(recorder: &Recorder, now: i64) -> Vec<(i64, u128, u128, u64)> {
        let batch = recorder.pending(at(now));
        let show = |m: &Measurement| (m.start.get(), m.counts.good(), m.counts.total(), m.revision);
        batch.iter().flat_map(|batch| batch.measurements()).map(show).collect()
    }

    #[test]
    fn what_is_sent_is_cumulative_and_its_revision_rises() {
        let recorder = recorder();
        recorder.record(at(7), true);
        let first = recorder.pending(at(7)).expect("an event");
        recorder.record(at(7), false);
        recorder.acknowledge(&first);
        assert_eq!(pending(&recorder, 7), [(7, 1, 2, 2)]);
        recorder.acknowledge(&recorder.pending(at(7)).expect("an event"));
        assert_eq!(pending(&recorder, 7), []);
        // A late answer of the first flush takes nothing back.
        recorder.acknowledge(&first);
        assert_eq!(pending(&recorder, 7), []);
    }

    #[test]
    fn minutes_ahead_of_the_clock_wait_until_a_store_takes_them() {
        let recorder = recorder();
        recorder.record(at(106), true);
        assert_eq!(pending(&recorder, 100), []);
        assert_eq!(pending(&recorder, 101), [(106, 1, 1, 1)]);
    }

    #[test]
    fn what_ends_without_an_outcome_is_bad() {
        let recorder = Arc::new(recorder());
        recorder.begin(at(1)).finish(true);
        recorder.begin(at(1)).finish(false);
        drop(recorder.begin(at(1)));
        assert_eq!(pending(&recorder, 1), [(1, 1, 3, 3)]);
    }

    #[test]
    fn flushed_minutes_are_forgotten_first_and_what_is_lost_is_counted() {
        let recorder = recorder();
        let day = i64::try_from(MAX_RECORDED_MINUTES).expect("a day");
        recorder.record(at(2), true);
        recorder.acknowledge(&recorder.pending(at(2)).expect("an event"));
        for minute in [1].into_iter().chain(3..=day) {
            recorder.record(at(minute), true);
        }
        recorder.record(at(day + 1), true);
        assert_eq!((recorder.lost(), pending(&recorder, day + 1).len()), (0, MAX_RECORDED_MINUTES));
        // A forgotten minute does not begin anew: its count would stand below that which is stored.
        recorder.record(at(2), true);
        assert_eq!(recorder.lost(), 1);
        // What is still kept goes on.
        recorder.record(at(1), false);
        assert_eq!((recorder.lost(), pending(&recorder, day)[0]), (1, (1, 1, 2, 2)));
        // Nothing is flushed: the oldest goes, with its two events.
        recorder.record(at(day + 2), true);
        assert_eq!((recorder.lost(), pending(&recorder, day + 2)[0].0), (3, 3));
    }
}

//! Hours that have been read or written, kept in the process: what has not changed is not read again.
//!
//! Nothing stale is ever told, because what is kept is used only beside the day, which is read strongly
//! consistent each time, and only where that says the same of the hour:
//!
//! - Within one life of an hour item its `n` names an image, and the day's digest has at least the `n` of every
//!   acknowledged write. So the image whose digest is the day's has everything that is acknowledged.
//! - A later life may repeat an `n`. It cannot begin before the item of this one has expired, so an image is
//!   used only until a day before that.
//!
//! What nobody acknowledged may be in the hour and not in what is kept; it may be seen or not.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use slo_core::{Bucket, Minute};

use super::day::Digest;
use super::hour::{Hour, push_counts, take_counts};
use super::key;
use super::packed::Packed;

/// How much is kept, in bytes: some five years of minutes of one source.
const BYTES: u64 = 16 << 20;
/// About how many days of one source that are.
pub(super) const DAYS: i64 = 2_048;
/// About what an hour takes besides its minutes, and a day besides its hours.
const OVERHEAD: usize = 160;
/// So long before an item may go it is not relied upon any more, in seconds: clocks differ.
const MARGIN: u64 = 86_400;

/// What is kept, by partition and day.
#[derive(Debug)]
pub(super) struct Kept(Cache<(String, Minute), Arc<KeptDay>, Weight>);

impl Default for Kept {
    fn default() -> Self {
        Self(Cache::with_weighter(usize::try_from(DAYS).unwrap_or_default(), BYTES, Weight))
    }
}

#[derive(Clone, Debug)]
struct Weight;

impl Weighter<(String, Minute), Arc<KeptDay>> for Weight {
    fn weight(&self, (partition, _): &(String, Minute), day: &Arc<KeptDay>) -> u64 {
        let image = |((_, source), image): (&(Minute, String), &Image)| OVERHEAD + source.len() + image.minutes.len();
        let bytes = OVERHEAD + partition.len() + day.images.iter().map(image).sum::<usize>();
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

/// What is kept of a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct KeptDay {
    /// Bit i is set when hour i was read: what is not among the images was not told by the day.
    read: u32,
    /// By hour and source.
    images: BTreeMap<(Minute, String), Image>,
}

/// An hour of one source as it once was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Image {
    pub(super) digest: Digest,
    /// The epoch second after which its item may go.
    pub(super) expiry: u64,
    /// `total ‖ bad` of each minute with data.
    pub(super) minutes: Box<[u8]>,
}

impl Kept {
    pub(super) fn day(&self, partition: &str, day: Minute) -> Option<Arc<KeptDay>> {
        self.0.get(&(partition.to_owned(), day))
    }

    pub(super) fn keep(&self, partition: &str, day: Minute, kept: KeptDay) {
        self.0.insert((partition.to_owned(), day), Arc::new(kept));
    }

    /// Keeps hours as they have just been written.
    pub(super) fn fill(&self, partition: &str, hours: &[Hour]) {
        let mut days: BTreeMap<Minute, KeptDay> = BTreeMap::new();
        for hour in hours {
            let day = hour.start.on_grid(key::DAY);
            let kept = || self.day(partition, day).map(|kept| (*kept).clone()).unwrap_or_default();
            let kept = days.entry(day).or_insert_with(kept);
            kept.insert(hour, &hour.digest());
            // Of other sources as well, as far as is known: what they tell besides is read when their day says so.
            kept.set_read(hour.start);
        }
        days.into_iter().for_each(|(day, kept)| self.keep(partition, day, kept));
    }
}

impl KeptDay {
    /// Whether an hour was read, of all sources.
    pub(super) fn has_read(&self, hour: Minute) -> bool {
        self.read & bit(hour) != 0
    }

    /// Notes that it was.
    pub(super) fn set_read(&mut self, hour: Minute) {
        self.read |= bit(hour);
    }

    /// The minutes of an hour if it is as its day tells.
    pub(super) fn minutes(&self, hour: Minute, source: &str, told: &Digest) -> Option<Vec<Bucket>> {
        let image = self.images.get(&(hour, source.to_owned()))?;
        (image.digest == *told && lives(image.expiry)).then(|| image.buckets(hour)).flatten()
    }

    /// Takes over what has been packed.
    pub(super) fn unpack(&mut self, packed: Packed) {
        let Packed { source, images, .. } = packed;
        self.images.extend(images.into_iter().map(|(hour, image)| ((hour, source.clone()), image)));
    }

    /// Keeps an hour if it is as its day tells and will stay for some time.
    pub(super) fn insert(&mut self, hour: &Hour, told: &Digest) {
        if hour.digest() == *told && lives(hour.expiry) {
            self.images.insert((hour.start, hour.source.clone()), Image::of(hour));
        }
    }
}

impl Image {
    pub(super) fn of(hour: &Hour) -> Self {
        let mut measurements: Vec<_> = hour.measurements.iter().filter(|m| m.counts.total() > 0).collect();
        measurements.sort_unstable_by_key(|measurement| measurement.start);
        let mut minutes = Vec::new();
        measurements.iter().for_each(|measurement| push_counts(&mut minutes, measurement.counts));
        Self { digest: hour.digest(), expiry: hour.expiry, minutes: minutes.into() }
    }

    fn buckets(&self, hour: Minute) -> Option<Vec<Bucket>> {
        let (mut bytes, with_data) = (&self.minutes[..], self.digest.with_data);
        let minutes = (0..60).filter(|minute| with_data >> minute & 1 == 1);
        minutes.map(|minute| Some(Bucket::minute(hour + minute, take_counts(&mut bytes)?))).collect()
    }
}

fn bit(hour: Minute) -> u32 {
    1 << ((hour - hour.on_grid(key::DAY)) / 60)
}

fn lives(expiry: u64) -> bool {
    u64::try_from(Timestamp::now().as_second()).is_ok_and(|now| now + MARGIN < expiry)
}

//! What is sent by whom, and what may go wrong.

use super::guard::Guard;
use super::reader::By;
use super::store::{Place, Set, members};

pub(crate) const WRITERS: usize = 3;
pub(crate) const SEALERS: usize = 2;
pub(crate) const MEASUREMENTS: usize = 8;

/// Of one minute of one hour of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Measurement {
    pub(crate) place: Place,
    pub(crate) minute: u8,
    pub(crate) revision: u8,
}

/// A measurement of source 0 or 1, hour 0 or 1.
pub(crate) const fn of(source: usize, hour: usize, minute: u8, revision: u8) -> Measurement {
    Measurement { place: Place { source, hour }, minute, revision }
}

/// A writer: sends batches one after the other, each until it is acknowledged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sender {
    /// Writers of one process share what it knows.
    pub(crate) process: usize,
    pub(crate) batches: &'static [Set],
    /// How often another process sends the batch again, after the writer was acknowledged or killed.
    pub(crate) resends: u8,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) measurements: &'static [Measurement],
    pub(crate) senders: &'static [Sender],
    /// How many there are.
    pub(crate) sealers: usize,
    /// Somebody who reads while the others write.
    pub(crate) reader: Option<By>,
    /// How many answers are lost.
    pub(crate) losses: u8,
    /// What is left out of the protocol.
    pub(crate) without: [Option<Guard>; 2],
    /// Of each measurement: all of the same slot, itself too.
    pub(crate) rivals: [Set; MEASUREMENTS],
    /// How many of each occur.
    pub(crate) sources: usize,
    pub(crate) hours: usize,
}

impl Scenario {
    /// Nobody seals, and nothing goes wrong.
    pub(crate) fn new(name: &'static str, measurements: &'static [Measurement], senders: &'static [Sender]) -> Self {
        let slot = |one: &Measurement| (one.place, one.minute);
        let rivals = |id: usize| {
            let same = |other: &usize| measurements.get(id).is_some_and(|one| slot(one) == slot(&measurements[*other]));
            (0..measurements.len()).filter(same).map(|other| 1 << other).sum()
        };
        Self {
            name,
            measurements,
            senders,
            sealers: 0,
            reader: None,
            losses: 0,
            without: [None; 2],
            rivals: std::array::from_fn(rivals),
            sources: 1 + measurements.iter().map(|one| one.place.source).max().unwrap_or(0),
            hours: 1 + measurements.iter().map(|one| one.place.hour).max().unwrap_or(0),
        }
    }

    pub(crate) fn has(&self, guard: Guard) -> bool {
        !self.without.contains(&Some(guard))
    }

    pub(crate) fn place(&self, batch: Set) -> Place {
        self.measurements[members(batch).next().expect("a batch is not empty")].place
    }

    pub(crate) fn revision(&self, id: usize) -> u8 {
        self.measurements[id].revision
    }

    /// What an image holds in the slot of this measurement.
    pub(crate) fn stored(&self, held: Set, id: usize) -> Option<usize> {
        members(held & self.rivals[id]).next()
    }

    /// All hours of all sources.
    pub(crate) fn place_at(&self, index: usize) -> Option<Place> {
        let place = Place { source: index / self.hours, hour: index % self.hours };
        (place.source < self.sources).then_some(place)
    }
}

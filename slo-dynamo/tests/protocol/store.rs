//! The items, and the requests that read and write them: each is one step.
//!
//! A number of 0 stands for what is absent: a digest of image 0, a mark 0, a sum or a pack of generation 0.

use super::guard::Guard;
use super::scenario::Scenario;

pub(crate) const SOURCES: usize = 2;
pub(crate) const HOURS: usize = 2;

/// A set of a scenario's measurements: bit i is measurement i.
pub(crate) type Set = u8;
/// How often each measurement is counted: four bits for each.
pub(crate) type Total = u32;

/// The counts of an image.
pub(crate) fn total(held: Set) -> Total {
    members(held).fold(0, |total, id| total + (1 << (4 * id)))
}

pub(crate) fn members(mut set: Set) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let id = set.trailing_zeros();
        set &= set.checked_sub(1)?;
        Some(id as usize)
    })
}

/// An hour of a source after `n` updates, or what a day says of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Image {
    pub(crate) n: u8,
    pub(crate) held: Set,
}

/// A day of a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Day {
    pub(crate) digests: [Image; HOURS],
    pub(crate) mark: u8,
}

impl Day {
    pub(crate) fn exists(&self) -> bool {
        self.digests.iter().any(|digest| digest.n > 0)
    }
}

/// The sum of a day over all sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Sum {
    pub(crate) generation: u8,
    pub(crate) sealed: Option<Total>,
}

/// The minutes of a day over all sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Pack {
    pub(crate) generation: u8,
    pub(crate) minutes: Total,
}

/// An hour of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    pub(crate) source: usize,
    pub(crate) hour: usize,
}

/// On which generation a sum is unsealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum When {
    Always,
    Is(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Request {
    /// W1. Answers with the hour as it is then.
    WriteHour(Place, Set),
    /// W2. Answers with the day as it was before.
    WriteDay(Place, Image),
    /// W2u, W3, S1: the next generation, without sums. Answers with the sum as it is then.
    Unseal(When),
    /// W2m. Answers with the day as it was before.
    Unmark(Place, Image, u8),
    /// S3. Answers with the day as it is then.
    Mark(usize, u8),
    /// S4.
    WritePack(Pack),
    /// S5.
    Seal(u8, Total),
    ReadHour(Place),
    ReadDay(usize),
    ReadSum,
    ReadPack,
}

impl Request {
    pub(crate) fn reads(self) -> bool {
        matches!(self, Self::ReadHour(_) | Self::ReadDay(_) | Self::ReadSum | Self::ReadPack)
    }
}

/// The item that a request is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Item {
    Hour(Image),
    Day(Day),
    Sum(Sum),
    Pack(Pack),
}

/// Whether the condition held, and the item.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub(crate) applied: bool,
    pub(crate) item: Item,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Store {
    pub(crate) hours: [[Image; HOURS]; SOURCES],
    pub(crate) days: [Day; SOURCES],
    pub(crate) sum: Sum,
    pub(crate) pack: Pack,
}

impl Store {
    pub(crate) fn apply(&mut self, request: Request, scenario: &Scenario) -> Answer {
        let free = |guard| !scenario.has(guard);
        match request {
            Request::WriteHour(place, batch) => {
                let hour = &mut self.hours[place.source][place.hour];
                let applied = members(batch).all(|id| {
                    let stored = scenario.stored(hour.held, id);
                    stored.is_none_or(|stored| scenario.revision(stored) < scenario.revision(id))
                });
                let applied = applied || free(Guard::Revision);
                if applied {
                    hour.n += 1;
                    for id in members(batch) {
                        hour.held = hour.held & !scenario.rivals[id] | 1 << id;
                    }
                }
                Answer { applied, item: Item::Hour(*hour) }
            }
            Request::WriteDay(place, image) => {
                let day = &mut self.days[place.source];
                let later = day.digests[place.hour].n < image.n || free(Guard::LaterImage);
                let applied = later && (day.mark == 0 || free(Guard::Unmarked));
                let before = *day;
                if applied {
                    day.digests[place.hour] = image;
                }
                Answer { applied, item: Item::Day(before) }
            }
            Request::Unmark(place, image, mark) => {
                let day = &mut self.days[place.source];
                let later = day.digests[place.hour].n < image.n || free(Guard::LaterImageUnmarked);
                let applied = later && (day.mark == mark || free(Guard::SameMark));
                let before = *day;
                if applied {
                    day.digests[place.hour] = image;
                    day.mark = 0;
                }
                Answer { applied, item: Item::Day(before) }
            }
            Request::Unseal(when) => {
                let applied = match when {
                    When::Always => true,
                    When::Is(generation) => self.sum.generation == generation,
                };
                if applied {
                    self.sum = Sum { generation: self.sum.generation + 1, sealed: None };
                }
                Answer { applied, item: Item::Sum(self.sum) }
            }
            Request::Mark(source, generation) => {
                let day = &mut self.days[source];
                let applied = day.exists() && (day.mark < generation || free(Guard::HigherMark));
                if applied {
                    day.mark = generation;
                }
                Answer { applied, item: Item::Day(*day) }
            }
            Request::WritePack(pack) => {
                let applied = self.pack.generation < pack.generation || free(Guard::LaterPack);
                if applied {
                    self.pack = pack;
                }
                Answer { applied, item: Item::Pack(self.pack) }
            }
            Request::Seal(generation, sums) => {
                let applied = self.sum.generation == generation || free(Guard::SameGeneration);
                if applied {
                    self.sum.sealed = Some(sums);
                }
                Answer { applied, item: Item::Sum(self.sum) }
            }
            Request::ReadHour(place) => self.read(Item::Hour(self.hours[place.source][place.hour])),
            Request::ReadDay(source) => self.read(Item::Day(self.days[source])),
            Request::ReadSum => self.read(Item::Sum(self.sum)),
            Request::ReadPack => self.read(Item::Pack(self.pack)),
        }
    }

    fn read(&self, item: Item) -> Answer {
        Answer { applied: true, item }
    }
}

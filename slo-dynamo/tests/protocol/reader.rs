//! A reader, step by step, and what is wrong with its answer.

use super::guard::Guard;
use super::scenario::Scenario;
use super::store::{Answer, Item, Request, Set, Store, Total, members, total};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum By {
    Hour,
    Minute,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Step {
    Sum,
    /// The pack of this generation.
    Pack(u8),
    /// The days, or the hours.
    Items(usize),
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Reader {
    by: By,
    step: Step,
    total: Total,
    /// What was acknowledged when it began.
    pub(crate) acknowledged: Acknowledged,
}

impl Reader {
    pub(crate) fn new(by: By) -> Self {
        Self { by, step: Step::Sum, total: 0, acknowledged: Acknowledged::default() }
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.step != Step::Sum
    }

    /// What it read, at the end.
    pub(crate) fn answer(&self) -> Option<Total> {
        (self.step == Step::Done).then_some(self.total)
    }

    pub(crate) fn request(&self, scenario: &Scenario) -> Option<Request> {
        Some(match (self.step, self.by) {
            (Step::Sum, _) => Request::ReadSum,
            (Step::Pack(_), _) => Request::ReadPack,
            (Step::Items(source), By::Hour) => Request::ReadDay(source),
            (Step::Items(item), By::Minute) => Request::ReadHour(scenario.place_at(item)?),
            (Step::Done, _) => return None,
        })
    }

    pub(crate) fn take(&mut self, answer: Answer, scenario: &Scenario) {
        self.step = match (self.step, answer.item) {
            (Step::Sum, Item::Sum(sum)) => match (sum.sealed, self.by) {
                (Some(sums), By::Hour) => {
                    self.total = sums;
                    Step::Done
                }
                (Some(_), By::Minute) => Step::Pack(sum.generation),
                (None, _) => Step::Items(0),
            },
            (Step::Pack(generation), Item::Pack(pack)) => {
                if pack.generation == generation || !scenario.has(Guard::PackOfSum) {
                    self.total = pack.minutes;
                    Step::Done
                } else {
                    Step::Items(0)
                }
            }
            (Step::Items(source), Item::Day(day)) => {
                self.total += day.digests.iter().map(|digest| total(digest.held)).sum::<Total>();
                if source + 1 < scenario.sources { Step::Items(source + 1) } else { Step::Done }
            }
            (Step::Items(item), Item::Hour(hour)) => {
                self.total += total(hour.held);
                if scenario.place_at(item + 1).is_some() { Step::Items(item + 1) } else { Step::Done }
            }
            (step, item) => unreachable!("{item:?} was not asked for at {step:?}"),
        };
    }
}

/// What a reader finds whom nobody disturbs.
pub(crate) fn read(by: By, mut store: Store, scenario: &Scenario) -> Total {
    let mut reader = Reader::new(by);
    while let Some(request) = reader.request(scenario) {
        let answer = store.apply(request, scenario);
        reader.take(answer, scenario);
    }
    reader.total
}

/// What clients have been told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Acknowledged {
    /// It is stored, or was.
    pub(crate) stored: Set,
    /// Another one of its slot is stored, of no lower revision.
    pub(crate) outranked: Set,
}

/// What is wrong with a total.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    /// A measurement, or two of one slot.
    CountedTwice(usize),
    NeverSent(usize),
    /// It was acknowledged.
    NotCounted(usize),
    /// Instead of an acknowledged one, another one of its slot is counted.
    Replaced(usize),
    /// Nothing is under way, and the readers by hours and by minutes do not both read the truth.
    NotTheTruth,
}

/// Checks a total against what was sent and acknowledged.
pub(crate) fn check(total: Total, sent: Set, acknowledged: Acknowledged, scenario: &Scenario) -> Option<Fault> {
    let digit = |id: usize| total >> (4 * id) & 15;
    let counted = members(Set::MAX).fold(0, |set, id| if digit(id) > 0 { set | 1 << id } else { set });
    for id in members(counted) {
        if digit(id) > 1 || (counted & scenario.rivals[id]).count_ones() > 1 {
            return Some(Fault::CountedTwice(id));
        }
        if sent >> id & 1 == 0 {
            return Some(Fault::NeverSent(id));
        }
    }
    for id in members(acknowledged.stored | acknowledged.outranked) {
        let Some(other) = scenario.stored(counted, id) else { return Some(Fault::NotCounted(id)) };
        let (least, revision) = (scenario.revision(id), scenario.revision(other));
        let is_stored = acknowledged.stored >> id & 1 == 1;
        if revision < least || revision == least && is_stored && other != id {
            return Some(Fault::Replaced(id));
        }
    }
    None
}

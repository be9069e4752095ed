//! A writer, step by step.

use super::guard::Guard;
use super::scenario::Scenario;
use super::store::{Answer, Day, Image, Item, Request, Set, When, members};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Step {
    /// W1.
    Hour,
    /// W2.
    Day(Image),
    /// W2u, then W2m: what to write, and the mark that W2 met.
    Unseal(Image, u8),
    Unmark(Image, u8),
    /// W3: the read, with the mark that W2 met, then the update.
    ReadSum(u8),
    Bump,
    Acknowledged,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Writer {
    /// Which of its batches.
    at: usize,
    step: Step,
    /// What of the batch is not settled.
    pending: Set,
    /// What of it is stale or in conflict.
    outranked: Set,
    wrote: bool,
}

/// What is known once a batch is acknowledged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Receipt {
    pub(crate) stored: Set,
    pub(crate) outranked: Set,
}

impl Writer {
    pub(crate) fn new(batches: &[Set]) -> Self {
        let step = if batches.is_empty() { Step::Acknowledged } else { Step::Hour };
        let pending = batches.first().copied().unwrap_or_default();
        Self { at: 0, step, pending, outranked: 0, wrote: false }
    }

    /// Begins again with the batch that it was at.
    pub(crate) fn restart(&mut self, batches: &[Set]) {
        *self = Self { at: self.at, ..Self::new(&batches[self.at..]) };
    }

    /// Which of its batches it is at, or the last one.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn is_done(&self) -> bool {
        self.step == Step::Acknowledged
    }

    pub(crate) fn request(&self, batches: &[Set], scenario: &Scenario) -> Option<Request> {
        let place = scenario.place(*batches.get(self.at)?);
        Some(match self.step {
            Step::Hour => Request::WriteHour(place, self.pending),
            Step::Day(image) => Request::WriteDay(place, image),
            Step::Unseal(_, mark) if !scenario.has(Guard::UnsealAlways) => Request::Unseal(When::Is(mark)),
            Step::Unseal(..) | Step::Bump => Request::Unseal(When::Always),
            Step::Unmark(image, mark) => Request::Unmark(place, image, mark),
            Step::ReadSum(_) => Request::ReadSum,
            Step::Acknowledged => return None,
        })
    }

    /// Takes an answer; `knows` is whether the process knows the source.
    pub(crate) fn take(
        &mut self,
        answer: Answer,
        batches: &[Set],
        knows: &mut bool,
        scenario: &Scenario,
    ) -> Option<Receipt> {
        let hour = scenario.place(batches[self.at]).hour;
        self.step = match (self.step, answer.item) {
            (Step::Hour, Item::Hour(image)) => self.after_hour(answer.applied, image, scenario),
            (Step::Day(image), Item::Day(day)) => {
                let next = if answer.applied {
                    let guard = if day.exists() { Guard::BumpWhenUnknown } else { Guard::BumpAfterCreation };
                    let skips = day.exists() && *knows;
                    if scenario.has(guard) && !skips { Step::ReadSum(0) } else { Step::Acknowledged }
                } else {
                    refused(day, hour, image, *knows, scenario)
                };
                *knows |= !scenario.has(Guard::KnownAfterBump);
                next
            }
            (Step::Unmark(image, _), Item::Day(day)) if !answer.applied => refused(day, hour, image, *knows, scenario),
            (Step::Unseal(image, mark), _) => Step::Unmark(image, mark),
            (Step::ReadSum(mark), Item::Sum(sum)) if sum.generation != mark => Step::Bump,
            // W2m was applied, or W3 is through.
            (Step::Unmark(..) | Step::ReadSum(_) | Step::Bump, _) => {
                *knows = true;
                Step::Acknowledged
            }
            (step, item) => unreachable!("{item:?} was not asked for at {step:?}"),
        };
        if !self.is_done() {
            return None;
        }
        let receipt = Receipt { stored: batches[self.at] & !self.outranked, outranked: self.outranked };
        if self.at + 1 < batches.len() {
            self.at += 1;
            self.restart(batches);
        }
        Some(receipt)
    }

    fn after_hour(&mut self, applied: bool, image: Image, scenario: &Scenario) -> Step {
        if applied {
            // Of no use to a full protocol, so not kept apart.
            self.wrote = !scenario.has(Guard::ReplayRepeatsDay);
            self.pending = 0;
            return Step::Day(image);
        }
        for id in members(self.pending) {
            let Some(stored) = scenario.stored(image.held, id) else { continue };
            if scenario.revision(stored) < scenario.revision(id) {
                continue;
            }
            self.pending &= !(1 << id);
            if stored != id {
                self.outranked |= 1 << id;
            }
        }
        match self.pending {
            0 if !self.wrote && !scenario.has(Guard::ReplayRepeatsDay) => Step::Acknowledged,
            0 => Step::Day(image),
            _ => Step::Hour,
        }
    }
}

/// What follows from the day that refused an image.
fn refused(day: Day, hour: usize, image: Image, knows: bool, scenario: &Scenario) -> Step {
    let later = day.digests[hour].n < image.n;
    match day.mark {
        0 if later => Step::Day(image),
        mark if later && scenario.has(Guard::UnsealBeforeUnmark) => Step::Unseal(image, mark),
        mark if later => Step::Unmark(image, mark),
        _ if knows => Step::Acknowledged,
        mark => {
            let guard = if mark == 0 { Guard::BumpWhenUnknown } else { Guard::BumpWhenMarked };
            if scenario.has(guard) { Step::ReadSum(mark) } else { Step::Acknowledged }
        }
    }
}

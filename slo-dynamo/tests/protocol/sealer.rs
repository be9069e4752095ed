//! A sealer, step by step.

use super::guard::Guard;
use super::scenario::Scenario;
use super::store::{Answer, HOURS, Image, Item, Pack, Request, SOURCES, Total, When, total};

/// What it does in order, unless a guard is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Fence,
    Query,
    Mark,
    Hours,
    Pack,
    Seal,
    Over,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Sealer {
    /// Which phase, and which source or hour in it.
    phase: usize,
    item: usize,
    generation: u8,
    /// A set of sources.
    found: u8,
    /// The digests of the marked days.
    images: [[Image; HOURS]; SOURCES],
    /// How far the hours were when they were read, and what they held.
    reached: [[u8; HOURS]; SOURCES],
    minutes: Total,
}

impl Sealer {
    pub(crate) fn request(&self, scenario: &Scenario) -> Option<Request> {
        Some(match self.phase(scenario) {
            Phase::Fence => Request::Unseal(When::Always),
            Phase::Query => Request::ReadDay(self.item),
            Phase::Mark => Request::Mark(self.item, self.generation),
            Phase::Hours => Request::ReadHour(scenario.place_at(self.item)?),
            Phase::Pack => Request::WritePack(Pack { generation: self.generation, minutes: self.minutes }),
            Phase::Seal => {
                let sums = self.images.iter().flatten().map(|image| total(image.held)).sum();
                Request::Seal(self.generation, sums)
            }
            Phase::Over => return None,
        })
    }

    pub(crate) fn take(&mut self, answer: Answer, scenario: &Scenario) {
        match (self.phase(scenario), answer.item) {
            (Phase::Fence, Item::Sum(sum)) => self.generation = sum.generation,
            (Phase::Query, Item::Day(day)) => self.found |= u8::from(day.exists()) << self.item,
            (Phase::Mark, Item::Day(day)) if answer.applied => self.images[self.item] = day.digests,
            (Phase::Hours, Item::Hour(hour)) => {
                let place = scenario.place_at(self.item).expect("it was asked for");
                self.reached[place.source][place.hour] = hour.n;
                self.minutes += total(hour.held);
            }
            (Phase::Pack, _) if answer.applied => {}
            // Refused by a higher mark or a later pack; or all done.
            _ => return self.stop(),
        }
        self.item += 1;
        self.advance(scenario);
    }

    /// Goes to the next request that there is.
    fn advance(&mut self, scenario: &Scenario) {
        loop {
            let items = match self.phase(scenario) {
                Phase::Over => return self.stop(),
                Phase::Fence | Phase::Pack | Phase::Seal => 1,
                Phase::Query | Phase::Mark => scenario.sources,
                Phase::Hours => scenario.sources * scenario.hours,
            };
            while self.phase(scenario) == Phase::Mark && self.item < items && self.found >> self.item & 1 == 0 {
                self.item += 1;
            }
            if self.item < items {
                return;
            }
            self.phase += 1;
            self.item = 0;
            let checks = self.phase(scenario) == Phase::Pack && scenario.has(Guard::HoursReachDigests);
            if checks && !self.hours_reach_digests() {
                return self.stop();
            }
        }
    }

    fn hours_reach_digests(&self) -> bool {
        let reached = self.reached.iter().flatten();
        self.images.iter().flatten().zip(reached).all(|(digest, n)| digest.n <= *n)
    }

    fn phase(&self, scenario: &Scenario) -> Phase {
        let mut phases = [Phase::Fence, Phase::Query, Phase::Mark, Phase::Hours, Phase::Pack, Phase::Seal];
        if !scenario.has(Guard::FenceBeforeQuery) {
            phases.swap(0, 1);
        }
        if !scenario.has(Guard::HoursAfterMarks) {
            phases.swap(2, 3);
        }
        phases.get(self.phase).copied().unwrap_or(Phase::Over)
    }

    fn stop(&mut self) {
        *self = Self::over();
    }

    /// One that does nothing.
    pub(crate) fn over() -> Self {
        Self { phase: usize::MAX, ..Self::default() }
    }
}

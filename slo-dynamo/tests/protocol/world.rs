//! The store, everybody who uses it, and what may happen next.

use super::reader::{Acknowledged, By, Fault, Reader, check, read};
use super::scenario::{SEALERS, Scenario, WRITERS};
use super::sealer::Sealer;
use super::store::{Answer, Request, Set, Store, total};
use super::writer::Writer;

/// How many requests can be on their way while nobody waits for them.
const DELAYED: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Actor {
    Writer(usize),
    Sealer(usize),
    Reader,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    /// A request is applied and answered.
    Step(Actor),
    /// A request is applied, its answer is lost, and the same request follows.
    Repeat(Actor),
    /// Nobody waits for a request any longer: it may be applied later, and the writer begins again.
    Abandon(usize),
    /// An abandoned request is applied.
    Arrive(usize),
    /// Another process sends the batch of a writer.
    Resend(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) store: Store,
    writers: [Writer; WRITERS],
    sealers: [Sealer; SEALERS],
    reader: Option<Reader>,
    misread: Option<Fault>,
    /// Which processes know which sources: those of the scenario, then one for what a writer sends again.
    knows: [u8; 2 * WRITERS],
    processes: [usize; WRITERS],
    resends: [u8; WRITERS],
    delayed: [Option<Request>; DELAYED],
    losses: u8,
    sent: Set,
    acknowledged: Acknowledged,
}

impl World {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let sender = |writer: usize| scenario.senders.get(writer);
        let sealers = |sealer| if sealer < scenario.sealers { Sealer::default() } else { Sealer::over() };
        Self {
            store: Store::default(),
            writers: std::array::from_fn(|writer| Writer::new(sender(writer).map_or(&[], |sender| sender.batches))),
            sealers: std::array::from_fn(sealers),
            reader: scenario.reader.map(Reader::new),
            misread: None,
            knows: Default::default(),
            processes: std::array::from_fn(|writer| sender(writer).map_or(0, |sender| sender.process)),
            resends: std::array::from_fn(|writer| sender(writer).map_or(0, |sender| sender.resends)),
            delayed: [None; DELAYED],
            losses: scenario.losses,
            sent: 0,
            acknowledged: Acknowledged::default(),
        }
    }

    pub(crate) fn actions(&self, scenario: &Scenario) -> Vec<Action> {
        let mut actions = Vec::with_capacity(16);
        let writers = (0..scenario.senders.len()).map(Actor::Writer);
        let sealers = (0..scenario.sealers).map(Actor::Sealer);
        for actor in writers.chain(sealers).chain([Actor::Reader]) {
            let Some(request) = self.request(actor, scenario) else { continue };
            actions.push(Action::Step(actor));
            if self.losses > 0 && !request.reads() {
                actions.push(Action::Repeat(actor));
            }
        }
        for (writer, resends) in self.resends.iter().enumerate().take(scenario.senders.len()) {
            if self.losses > 0 && !self.writers[writer].is_done() {
                actions.push(Action::Abandon(writer));
            }
            if *resends > 0 {
                actions.push(Action::Resend(writer));
            }
        }
        let delayed = self.delayed.iter().enumerate().filter(|(_, request)| request.is_some());
        actions.extend(delayed.map(|(i, _)| Action::Arrive(i)));
        actions
    }

    pub(crate) fn request(&self, actor: Actor, scenario: &Scenario) -> Option<Request> {
        match actor {
            Actor::Writer(writer) => {
                let batches = scenario.senders[writer].batches;
                self.writers[writer].request(batches, scenario)
            }
            Actor::Sealer(sealer) => self.sealers[sealer].request(scenario),
            Actor::Reader => self.reader?.request(scenario),
        }
    }

    /// The request that an action is about.
    pub(crate) fn subject(&self, action: Action, scenario: &Scenario) -> Option<Request> {
        match action {
            Action::Step(actor) | Action::Repeat(actor) => self.request(actor, scenario),
            Action::Abandon(writer) => self.request(Actor::Writer(writer), scenario),
            Action::Arrive(i) => self.delayed[i],
            Action::Resend(_) => None,
        }
    }

    /// Lets one thing happen; answers with what the store answered.
    pub(crate) fn act(&mut self, action: Action, scenario: &Scenario) -> Option<Answer> {
        let request = self.subject(action, scenario);
        match action {
            Action::Step(actor) => {
                let answer = self.apply(request?, scenario);
                self.take(actor, answer, scenario);
                Some(answer)
            }
            Action::Repeat(_) => {
                self.losses -= 1;
                Some(self.apply(request?, scenario))
            }
            Action::Abandon(writer) => {
                self.losses -= 1;
                let free = self.delayed.iter_mut().find(|slot| slot.is_none());
                *free.expect("losses are as few") = request.filter(|request| !request.reads());
                // In one order, so that equal states are equal.
                self.delayed.sort_unstable();
                self.writers[writer].restart(scenario.senders[writer].batches);
                None
            }
            Action::Arrive(i) => {
                self.delayed[i] = None;
                self.delayed.sort_unstable();
                Some(self.apply(request?, scenario))
            }
            Action::Resend(writer) => {
                self.resends[writer] -= 1;
                self.processes[writer] = WRITERS + writer;
                self.knows[WRITERS + writer] = 0;
                self.writers[writer].restart(scenario.senders[writer].batches);
                None
            }
        }
    }

    fn apply(&mut self, request: Request, scenario: &Scenario) -> Answer {
        if let Request::WriteHour(_, batch) = request {
            self.sent |= batch;
        }
        self.store.apply(request, scenario)
    }

    fn take(&mut self, actor: Actor, answer: Answer, scenario: &Scenario) {
        match actor {
            Actor::Writer(i) => {
                let (writer, batches) = (&mut self.writers[i], scenario.senders[i].batches);
                let source = scenario.place(batches[writer.at()]).source;
                let known = &mut self.knows[self.processes[i]];
                let mut knows = *known >> source & 1 == 1;
                let receipt = writer.take(answer, batches, &mut knows, scenario);
                *known |= u8::from(knows) << source;
                if let Some(receipt) = receipt {
                    self.acknowledged.stored |= receipt.stored;
                    self.acknowledged.outranked |= receipt.outranked;
                }
            }
            Actor::Sealer(sealer) => self.sealers[sealer].take(answer, scenario),
            Actor::Reader => {
                let Some(reader) = &mut self.reader else { return };
                if !reader.has_begun() {
                    reader.acknowledged = self.acknowledged;
                }
                reader.take(answer, scenario);
                if let Some(total) = reader.answer() {
                    self.misread = check(total, self.sent, reader.acknowledged, scenario);
                    self.reader = None;
                }
            }
        }
    }

    /// What is wrong in this state.
    pub(crate) fn fault(&self, scenario: &Scenario) -> Option<Fault> {
        let [hours, minutes] = [By::Hour, By::Minute].map(|by| read(by, self.store, scenario));
        let wrong = |total| check(total, self.sent, self.acknowledged, scenario);
        let truth = self.store.hours.iter().flatten().fold(0, |sum, hour| sum + total(hour.held));
        let rests = self.writers.iter().all(Writer::is_done) && self.delayed == [None; DELAYED];
        let untrue = rests && [hours, minutes] != [truth; 2];
        let fault = self.misread.or_else(|| wrong(hours)).or_else(|| wrong(minutes));
        fault.or(untrue.then_some(Fault::NotTheTruth))
    }
}

//! The scenarios: small ones, of which each has what some guard is there for.

use super::reader::By;
use super::scenario::{Measurement, Scenario, Sender, of};
use super::store::Set;

const ONE_HOUR: &[Measurement] = &[of(0, 0, 0, 0), of(0, 0, 1, 0), of(0, 0, 2, 0)];
const TWO_SOURCES: &[Measurement] = &[of(0, 0, 0, 0), of(0, 0, 1, 0), of(1, 0, 0, 0)];
const TWO_HOURS: &[Measurement] = &[of(0, 0, 0, 0), of(0, 1, 0, 0), of(0, 1, 1, 0)];
/// Minute 0 twice in revision 1: who is first is right.
const CORRECTIONS: &[Measurement] = &[of(0, 0, 0, 0), of(0, 0, 0, 1), of(0, 0, 1, 0), of(0, 0, 0, 1)];

const fn sender(process: usize, batches: &'static [Set], resends: u8) -> Sender {
    Sender { process, batches, resends }
}

const TWO: &[Sender] = &[sender(0, &[0b001], 0), sender(1, &[0b010], 0)];
const TWO_AGAIN: &[Sender] = &[sender(0, &[0b001], 1), sender(1, &[0b010], 0)];
const BOTH_AGAIN: &[Sender] = &[sender(0, &[0b001], 1), sender(1, &[0b010], 1)];
const THREE: &[Sender] = &[sender(0, &[0b001], 0), sender(1, &[0b010], 0), sender(2, &[0b100], 0)];
const THREE_AGAIN: &[Sender] = &[sender(0, &[0b001], 1), sender(1, &[0b010], 0), sender(2, &[0b100], 0)];
/// Two of three writers share a process.
const SHARED: &[Sender] = &[sender(0, &[0b001], 0), sender(0, &[0b010], 0), sender(1, &[0b100], 0)];
/// A writer sends two batches one after the other.
const IN_TURN: &[Sender] = &[sender(0, &[0b001, 0b010], 0)];
const IN_TURN_AND_ANOTHER: &[Sender] = &[sender(0, &[0b001, 0b010], 0), sender(1, &[0b100], 0)];
const CORRECTING: &[Sender] = &[sender(0, &[0b0101], 0), sender(1, &[0b0010], 0), sender(2, &[0b1000], 0)];

pub(crate) fn three_writers() -> Scenario {
    Scenario { losses: 2, ..Scenario::new("three writers, a resend, two losses", ONE_HOUR, THREE_AGAIN) }
}

pub(crate) fn corrections() -> Scenario {
    Scenario { losses: 1, ..Scenario::new("corrections and a conflict, a loss", CORRECTIONS, CORRECTING) }
}

pub(crate) fn corrections_sealed() -> Scenario {
    Scenario { sealers: 1, ..Scenario::new("corrections and a conflict, a sealer", CORRECTIONS, CORRECTING) }
}

pub(crate) fn sealed() -> Scenario {
    let name = "three writers on two sources, a resend, a sealer";
    Scenario { sealers: 1, ..Scenario::new(name, TWO_SOURCES, THREE_AGAIN) }
}

pub(crate) fn sealed_with_loss() -> Scenario {
    let name = "two writers, a resend, a loss, a sealer";
    Scenario { sealers: 1, losses: 1, ..Scenario::new(name, ONE_HOUR, TWO_AGAIN) }
}

pub(crate) fn sealed_in_turn() -> Scenario {
    Scenario { sealers: 1, losses: 1, ..Scenario::new("two batches in turn, a loss, a sealer", ONE_HOUR, IN_TURN) }
}

pub(crate) fn sealed_hours() -> Scenario {
    Scenario { sealers: 1, ..Scenario::new("three writers of two hours of a day, a sealer", TWO_HOURS, THREE) }
}

pub(crate) fn sealed_hours_in_turn() -> Scenario {
    let name = "two hours of a day in turn and another writer, a sealer";
    Scenario { sealers: 1, ..Scenario::new(name, TWO_HOURS, IN_TURN_AND_ANOTHER) }
}

pub(crate) fn shared() -> Scenario {
    let name = "three writers, two of one process, on two sources, a sealer";
    Scenario { sealers: 1, ..Scenario::new(name, TWO_SOURCES, SHARED) }
}

pub(crate) fn two_sealers() -> Scenario {
    Scenario { sealers: 2, ..Scenario::new("two writers, two sealers", ONE_HOUR, TWO) }
}

pub(crate) fn two_sealers_in_turn() -> Scenario {
    Scenario { sealers: 2, ..Scenario::new("two batches in turn, two sealers", ONE_HOUR, IN_TURN) }
}

pub(crate) fn read_by_hour() -> Scenario {
    let name = "two batches in turn, another writer, a sealer, a reader by the hour";
    Scenario { sealers: 1, reader: Some(By::Hour), ..Scenario::new(name, TWO_SOURCES, IN_TURN_AND_ANOTHER) }
}

pub(crate) fn read_by_minute() -> Scenario {
    let name = "two batches in turn, another writer, a sealer, a reader by the minute";
    Scenario { sealers: 1, reader: Some(By::Minute), ..Scenario::new(name, TWO_SOURCES, IN_TURN_AND_ANOTHER) }
}

pub(crate) fn read_from_two_sealers() -> Scenario {
    let name = "two batches in turn, two sealers, a reader by the minute";
    Scenario { sealers: 2, reader: Some(By::Minute), ..Scenario::new(name, ONE_HOUR, IN_TURN) }
}

/// What takes a debug build minutes.
pub(crate) fn large() -> [Scenario; 6] {
    [
        Scenario { sealers: 2, ..Scenario::new("three writers, two sealers", TWO_SOURCES, THREE) },
        Scenario { sealers: 2, ..Scenario::new("three writers, two of one process, two sealers", TWO_SOURCES, SHARED) },
        Scenario { sealers: 2, ..Scenario::new("two writers, two resends, two sealers", ONE_HOUR, BOTH_AGAIN) },
        Scenario { sealers: 2, losses: 1, ..Scenario::new("two writers, a loss, two sealers", ONE_HOUR, TWO) },
        Scenario { sealers: 2, losses: 2, ..Scenario::new("two batches, two losses, two sealers", ONE_HOUR, IN_TURN) },
        Scenario { sealers: 2, ..Scenario::new("corrections and a conflict, two sealers", CORRECTIONS, CORRECTING) },
    ]
}

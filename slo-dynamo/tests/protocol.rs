//! The steps by which measurements are written, sealed and read: a model of them, in every order.
//!
//! The model is of one day. An hour item of a source has an image: what its slots hold after `n`
//! updates. A day item of a source has a digest of each hour's image and, once a sealer has seen it, a
//! *mark*. The *sum* is over all sources; it has a generation and, while it is *sealed*, the counts of
//! the day. The *pack* has the minutes of all sources as they were at a generation.
//!
//! | Step | Request | Condition |
//! |---|---|---|
//! | W1 | write slots, count `n` | all slots are absent or of a lower revision; if not, what is left goes again |
//! | W2 | write the digest of the image | the digest there is of an earlier image; no mark |
//! | W3 | read the sum; unless its generation is the mark (0: none) that W2 met, unseal it | |
//! | W2u | unseal the sum, whatever its generation is | |
//! | W2m | write the digest, remove the mark | the digest there is of an earlier image; that mark |
//! | S1 | unseal the sum: its generation is the sealer's | |
//! | S2 | read the days | |
//! | S3 | mark each with the generation, take its digests | a lower mark or none; if not, give up |
//! | S4 | read the hours, write the pack | each has reached its digest; an older pack or none; if not, give up |
//! | S5 | seal the sum with the digests of S3 | it has the generation |
//!
//! To *unseal* is to count the generation up and to remove the counts. A writer does W1 and W2. If W2
//! met a mark and has a later image, W2u and W2m follow, and if W2m is refused, all that follows from
//! what is there now. Otherwise W3 follows, unless the day was there and the process *knows* the source:
//! it has been through W3 or W2m with it. A replay does everything too. A reader by the hour takes the
//! sum if it is sealed, else the days; a reader by the minute takes the pack if the sum is sealed and
//! of its generation, else the hours. All reads are strong; items are read one after the other.
//!
//! One action is one request of somebody, so a process that is killed is one that is chosen no more.
//! Besides, within the bounds of a scenario: an answer is lost and the same request is sent again; a
//! writer stops waiting for a request, which may be applied at any later time, and begins again; another
//! process, which knows nothing, sends a batch again, whether it was acknowledged or not.
//!
//! In every state, both readers count each acknowledged measurement once, or another one of its slot by
//! the rules of revisions, nothing twice, and nothing that nobody sent; so does a reader whose reads lie
//! between the steps of others, for what was acknowledged before it began. When all is acknowledged and
//! nothing is under way, both read what the hours hold.
//!
//! Bounds: up to three writers, two sealers, two lost answers, one resend, two sources, two hours; all
//! orders within a scenario are tried, and [`cases`] has the scenarios. Larger ones:
//! `cargo test --release -p slo-dynamo --test protocol -- --ignored`. With `--nocapture` the numbers of
//! states are printed, and for each guard left out the shortest way to harm. Not in the model: items
//! that expire.

#[path = "protocol/cases.rs"]
mod cases;
#[path = "protocol/guard.rs"]
mod guard;
#[path = "protocol/reader.rs"]
mod reader;
#[path = "protocol/scenario.rs"]
mod scenario;
#[path = "protocol/sealer.rs"]
mod sealer;
#[path = "protocol/search.rs"]
mod search;
#[path = "protocol/store.rs"]
mod store;
#[path = "protocol/trace.rs"]
mod trace;
#[path = "protocol/world.rs"]
mod world;
#[path = "protocol/writer.rs"]
mod writer;

use guard::Guard;
use scenario::Scenario;
use search::explore;

/// A guard, and where its absence does harm.
const NEEDED: [(Guard, fn() -> Scenario); 13] = [
    (Guard::Revision, cases::corrections),
    (Guard::ReplayRepeatsDay, cases::three_writers),
    (Guard::LaterImage, cases::three_writers),
    (Guard::Unmarked, cases::sealed_in_turn),
    (Guard::BumpAfterCreation, cases::sealed_in_turn),
    (Guard::BumpWhenUnknown, cases::sealed_with_loss),
    (Guard::BumpWhenMarked, cases::two_sealers),
    (Guard::KnownAfterBump, cases::sealed_in_turn),
    (Guard::UnsealBeforeUnmark, cases::sealed_hours_in_turn),
    (Guard::UnsealAlways, cases::two_sealers),
    (Guard::SameMark, cases::two_sealers_in_turn),
    (Guard::FenceBeforeQuery, cases::sealed_in_turn),
    (Guard::SameGeneration, cases::sealed_in_turn),
];

/// A guard whose absence does no harm as long as the other one is there.
const COVERED: [(Guard, Guard); 6] = [
    (Guard::LaterImageUnmarked, Guard::SameMark),
    (Guard::HoursAfterMarks, Guard::HoursReachDigests),
    (Guard::HoursReachDigests, Guard::HoursAfterMarks),
    (Guard::LaterPack, Guard::PackOfSum),
    (Guard::PackOfSum, Guard::LaterPack),
    (Guard::HigherMark, Guard::UnsealAlways),
];

/// Panics unless every state is right.
fn holds(scenario: &Scenario) {
    let found = explore(scenario);
    println!("{scenario}: {} states", found.states);
    if let Some(violation) = found.violation {
        panic!("{scenario}: {:?} after\n{}", violation.fault, violation.trace);
    }
}

/// Panics if every state is right.
fn fails(scenario: &Scenario) {
    let found = explore(scenario);
    let Some(violation) = found.violation else { panic!("{scenario}: nothing wrong in {} states", found.states) };
    println!("{scenario}: {:?} after {} steps, {} states", violation.fault, violation.steps, found.states);
    println!("{}", violation.trace);
}

#[test]
fn writers_among_themselves() {
    [cases::three_writers(), cases::corrections()].iter().for_each(holds);
}

#[test]
fn writers_and_a_sealer() {
    let scenarios = [
        cases::corrections_sealed,
        cases::sealed,
        cases::sealed_with_loss,
        cases::sealed_in_turn,
        cases::sealed_hours,
        cases::sealed_hours_in_turn,
        cases::shared,
    ];
    scenarios.iter().for_each(|scenario| holds(&scenario()));
}

#[test]
fn writers_and_two_sealers() {
    [cases::two_sealers(), cases::two_sealers_in_turn()].iter().for_each(holds);
}

#[test]
fn a_reader_between_the_steps_of_others() {
    [cases::read_by_hour(), cases::read_by_minute(), cases::read_from_two_sealers()].iter().for_each(holds);
}

#[test]
#[ignore = "seven million states: half a minute in a release build, minutes in a debug build, 0.6 GB"]
fn larger_scenarios() {
    cases::large().iter().for_each(holds);
}

#[test]
fn without_a_guard_something_goes_wrong() {
    for (guard, scenario) in NEEDED {
        fails(&Scenario { without: [Some(guard), None], ..scenario() });
    }
}

#[test]
fn of_two_guards_against_the_same_either_will_do() {
    for (guard, other) in COVERED {
        holds(&Scenario { without: [Some(guard), None], ..cases::sealed_in_turn() });
        holds(&Scenario { without: [Some(guard), None], ..cases::two_sealers_in_turn() });
        fails(&Scenario { without: [Some(guard), Some(other)], ..cases::two_sealers_in_turn() });
    }
}

#[test]
fn every_guard_is_tried() {
    for guard in Guard::ALL {
        let needed = NEEDED.iter().filter(|(one, _)| *one == guard).count();
        let covered = COVERED.iter().filter(|(one, _)| *one == guard).count();
        assert_eq!(needed + covered, 1, "{guard:?}");
    }
}

//! What a round says, keeps and tells.

use std::error::Error as _;
use std::sync::Arc;

use slo_core::meter::Meter;
use slo_core::{
    AlertState, Error, Period, Ratio, RepositoryError, Service, Severity, StateRepository as _, memory::MemoryStates,
};

use super::world::{World, condition, name, now, objective};

fn firing_world() -> World {
    let mut world = World::new(&["shop", "site"]);
    world.write("site", Period::new(world.end - 200, world.end), 0);
    world.next("site", 10, 10);
    world.pass(10);
    world
}

#[test]
fn people_are_told_what_began_and_what_ended() {
    let mut world = firing_world();
    let round = world.round();
    assert_eq!((round.objectives, round.firing, round.changed, round.delivered, round.undelivered), (2, 2, 2, 2, 0));
    let told = world.stage.told();
    let page = &told[0];
    assert_eq!((page.objective.as_str(), page.service.as_str(), page.severity), ("site", "web", Severity::Page));
    assert_eq!((page.long_window.to_string(), page.short_window.to_string()), ("20m".into(), "5m".into()));
    assert_eq!((page.threshold, page.state, page.at), (Ratio::from(2), AlertState::Firing, world.at()));
    assert_eq!((page.long_burn_rate, page.short_burn_rate), (Ratio::new(10, 2), Some(Ratio::from(10))));
    // More than a fifth of twenty minutes: the fifth bad minute, five minutes before this round.
    assert_eq!(page.since, (world.end - 5).timestamp());
    assert_eq!((told[1].severity, told[1].since), (Severity::Ticket, (world.end - 3).timestamp()));
    assert_eq!(world.kept(), world.truth());

    world.next("site", 30, 0);
    world.pass(30);
    let round = world.round();
    assert_eq!((round.firing, round.changed, round.delivered), (0, 2, 2));
    let told = world.stage.told();
    assert_eq!((told[2].state, told[2].severity, told[2].since), (AlertState::Resolved, Severity::Page, page.since));
    assert_eq!((told[2].long_burn_rate, told[2].at), (Some(Ratio::ZERO), world.at()));
    world.assert_told(false);
}

#[test]
fn a_quiet_round_reads_once_for_each_and_writes_nothing() {
    let mut world = World::new(&["shop", "site"]);
    world.next("site", 100, 0);
    world.pass(100);
    let calls = |world: &World| {
        let meter = Meter::default();
        let round = now(meter.measure(world.service.evaluate_alerts(Some(&world.people), world.at())));
        assert_eq!(round.expect("a round").changed, 0);
        meter.consumed().calls
    };
    // The state, the list, and each objective.
    assert_eq!(calls(&world), 4);
    world.next("site", 10, 10);
    world.pass(10);
    world.round();
    let written = world.stage.kept.lock().expect("no panic under the lock").len();
    // Of what fires also the week before.
    assert_eq!(calls(&world), 5);
    assert_eq!(world.stage.kept.lock().expect("no panic under the lock").len(), written);
}

#[test]
fn what_fails_keeps_its_state_and_others_go_on() {
    let mut world = firing_world();
    world.round();
    *world.stage.unreadable.lock().expect("no panic under the lock") = Some(name("site"));
    world.next("site", 60, 0);
    world.next("shop", 60, 10);
    world.pass(60);
    let round = world.round();
    assert_eq!((round.objectives, round.firing, round.changed), (2, 4, 2));
    assert_eq!(round.failed.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["site"]);
    assert!(matches!(round.failed[0].1, Error::Repository(RepositoryError::Unavailable(_))));
    *world.stage.unreadable.lock().expect("no panic under the lock") = None;
    assert_eq!((world.round().firing, world.kept()), (2, world.truth()));
    world.assert_told(false);
}

#[test]
fn what_the_notifier_refuses_is_told_later_and_in_order() {
    let mut world = firing_world();
    *world.stage.refused.lock().expect("no panic under the lock") = Some(Some(name("site")));
    let round = world.round();
    assert_eq!((round.delivered, round.undelivered, round.refusals.len()), (0, 2, 2));
    assert_eq!(round.refusals[0].to_string(), "nobody listens");
    // It ends, and others begin: they do not wait.
    world.next("site", 60, 0);
    world.next("shop", 60, 10);
    world.pass(60);
    let round = world.round();
    assert_eq!((round.changed, round.delivered, round.undelivered), (4, 2, 4));
    *world.stage.refused.lock().expect("no panic under the lock") = None;
    let round = world.round();
    assert_eq!((round.changed, round.delivered, round.undelivered), (0, 4, 0));
    world.assert_told(false);
    let told: Vec<_> = world.stage.told().iter().map(|change| (change.objective.to_string(), change.state)).collect();
    let site = |state| ("site".to_owned(), state);
    assert_eq!(told[2..4], [site(AlertState::Firing), site(AlertState::Firing)]);
    assert_eq!(told[4..], [site(AlertState::Resolved), site(AlertState::Resolved)]);
}

#[test]
fn what_is_always_refused_does_not_keep_others_waiting() {
    let names = ["a", "b", "c", "d"];
    let mut world = World::new(&names);
    for indicator in names {
        world.next(indicator, 10, 10);
    }
    world.pass(10);
    *world.stage.refused.lock().expect("no panic under the lock") = Some(None);
    assert_eq!(world.round().undelivered, 8);
    // The first one for ever; of the others it is heard although each round has patience for three.
    *world.stage.refused.lock().expect("no panic under the lock") = Some(Some(name("a")));
    world.round();
    world.round();
    assert_eq!(world.stage.told().len(), 6);
    assert_eq!(world.round().undelivered, 2);
}

#[test]
fn what_is_no_more_is_resolved() {
    let mut world = firing_world();
    world.round();
    world.delete("site");
    let round = world.round();
    assert_eq!((round.objectives, round.firing, round.changed, round.delivered), (1, 0, 2, 2));
    let last = world.stage.told().pop().expect("it was told");
    assert_eq!((last.state, last.service.as_str(), last.threshold), (AlertState::Resolved, "web", Ratio::ONE));
    assert_eq!((last.long_burn_rate, last.short_burn_rate), (None, None));

    // Another life of the name is another alert, also where nobody looked in between.
    world.create(objective("site", "site"));
    assert_eq!(world.round().changed, 2);
    world.delete("site");
    world.create(objective("site", "site"));
    let round = world.round();
    assert_eq!((round.firing, round.changed), (2, 4));
    world.assert_told(false);

    // Another threshold is the same condition, other windows are another one.
    let mut changed = objective("site", "site");
    let conditions = &mut changed.alert_policy.as_mut().expect("it has one").conditions;
    *conditions = vec![condition(Severity::Page, "20m", "5m", "3"), condition(Severity::Ticket, "60m", "11m", "1")];
    world.replace(changed.clone());
    let round = world.round();
    assert_eq!((round.firing, round.changed), (2, 2));
    assert_eq!(world.kept().len(), 2);
    // The first one's order is no matter.
    changed.alert_policy.as_mut().expect("it has one").conditions.reverse();
    world.replace(changed);
    assert_eq!(world.round().changed, 0);
    world.pass(5);
    world.assert_told(false);
}

#[test]
fn conditions_that_are_alike_are_told_apart() {
    let mut world = World::new(&["site"]);
    let mut alike = objective("site", "site");
    alike.alert_policy.as_mut().expect("it has one").conditions =
        ["9", "2", "4"].map(|k| condition(Severity::Page, "20m", "5m", k)).to_vec();
    world.replace(alike);
    world.write("site", Period::new(world.end - 100, world.end), 0);
    world.next("site", 10, 10);
    world.pass(10);
    let round = world.round();
    assert_eq!((round.firing, round.changed), (2, 2), "of 5, not of 9");
    assert_eq!((world.round().changed, world.kept()), (0, world.truth()));
    // The short window has three good minutes of five: 4 ends, 2 does not.
    world.next("site", 3, 0);
    world.pass(3);
    assert_eq!((world.round().changed, world.kept()), (1, world.truth()));
    let last = world.stage.told().pop().expect("it was told");
    assert_eq!((last.state, last.threshold), (AlertState::Resolved, Ratio::from(4)));
}

#[test]
fn without_a_notifier_the_state_is_kept_and_nothing_waits() {
    let mut world = firing_world();
    let silent = |world: &World| now(world.service.evaluate_alerts(None, world.at())).expect("a round");
    let round = silent(&world);
    assert_eq!((round.firing, round.changed, round.delivered, round.undelivered), (2, 2, 0, 0));
    assert_eq!((world.kept(), world.round().delivered), (world.truth(), 0));
    // From now on.
    world.next("site", 90, 0);
    world.pass(90);
    assert_eq!(world.round().delivered, 2);
    assert!(world.stage.told().iter().all(|change| change.state == AlertState::Resolved));
}

#[test]
fn who_was_to_be_told_is_told_of_the_end_too() {
    let mut world = firing_world();
    *world.stage.refused.lock().expect("no panic under the lock") = Some(None);
    assert_eq!(world.round().undelivered, 2);
    world.next("site", 90, 0);
    world.pass(90);
    // Meanwhile there is none to be asked.
    let round = now(world.service.evaluate_alerts(None, world.at())).expect("a round");
    assert_eq!((round.firing, round.changed, round.delivered, round.undelivered), (0, 2, 0, 4));
    *world.stage.refused.lock().expect("no panic under the lock") = None;
    assert_eq!(world.round().delivered, 4);
    world.assert_told(false);
}

#[test]
fn a_state_of_another_version_is_left_alone() {
    for text in [r#"{"form":2,"news":true}"#, "", "nothing"] {
        let world = firing_world();
        let states = MemoryStates::default();
        let written = now(states.write(&name("alerts"), None, text.as_bytes().to_vec())).expect("it is written");
        let service = Service { states: Arc::new(states), ..world.service.clone() };
        let error = now(service.evaluate_alerts(Some(&world.people), world.at())).expect_err("it cannot be read");
        let Error::Repository(broken @ RepositoryError::Broken { .. }) = error else { panic!("{error:?}") };
        assert!(broken.to_string().contains("the kept state of the alerts cannot be read"), "{broken}");
        assert!(broken.source().is_some());
        let after = now(service.states.read(&name("alerts"))).expect("a read");
        assert_eq!(after, Some((written, text.as_bytes().to_vec())));
        assert_eq!(world.stage.told(), []);
    }
}

/// On any runtime, on any thread.
#[tokio::test(flavor = "multi_thread")]
async fn a_round_may_be_a_task() {
    let world = firing_world();
    let (service, people, at) = (world.service.clone(), world.people, world.end.timestamp());
    let round =
        tokio::spawn(async move { service.evaluate_alerts(Some(&people), at).await.map(|round| round.changed) });
    assert_eq!(round.await.expect("no panic").expect("a round"), 2);
}

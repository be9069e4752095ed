//! More alerts than one piece of state has room for, and more objectives than a page.

use std::task::{Context, Waker};

use slo_core::{AlertCondition, MAX_STATE, Severity};

use super::world::{World, condition, name, now, objective};

/// Objectives with long names and 120 conditions each, all of which fire.
fn crowded() -> World {
    let mut world = World::new(&["site"]);
    let conditions: Vec<AlertCondition> =
        (2..122).map(|long| condition(Severity::Page, &format!("{long}m"), "1m", "2")).collect();
    for number in 10..22 {
        let mut crowd = objective(&format!("{}{number}", "n".repeat(61)), "site");
        crowd.alert_policy.as_mut().expect("it has one").conditions = conditions.clone();
        world.create(crowd);
    }
    world.delete("site");
    world.next("site", 10, 10);
    world.pass(10);
    world
}

fn size(world: &World) -> usize {
    now(world.service.states.read(&name("alerts"))).expect("a read").expect("it is there").1.len()
}

#[test]
fn what_there_is_no_room_for_waits() {
    let mut world = crowded();
    *world.stage.refused.lock().expect("no panic under the lock") = Some(None);
    let round = world.round();
    // Nobody listens: what waits for the notifier takes the room.
    assert_eq!((round.delivered, round.refusals.len()), (0, 3));
    let fitting = 12 - round.failed.len();
    assert!((1..12).contains(&fitting), "{fitting}");
    assert_eq!((round.firing, round.changed, round.undelivered), (120 * fitting, 120 * fitting, 120 * fitting));
    assert!(round.failed[0].1.to_string().contains("store"), "{}", round.failed[0].1);
    assert!(size(&world) <= MAX_STATE);
    // Some of it ends before anybody was told of its beginning.
    world.next("site", 2, 0);
    world.pass(2);
    world.round();
    assert!(size(&world) <= MAX_STATE);

    *world.stage.refused.lock().expect("no panic under the lock") = None;
    let round = world.round();
    assert_eq!((round.undelivered, round.failed.len()), (0, 0));
    assert_eq!(world.kept(), world.truth());
    world.assert_told(false);
}

#[test]
fn people_are_told_as_far_as_there_is_room_and_then_of_the_rest() {
    let world = crowded();
    let round = world.round();
    assert_eq!((round.firing, round.changed, round.delivered), (1_440, 1_440, 1_440));
    assert_eq!((round.undelivered, round.failed.len()), (0, 0));
    assert!(size(&world) <= MAX_STATE);
    world.assert_told(false);
}

/// Three pages of objectives of one site.
fn pages() -> World {
    let world = World::new(&["site"]);
    for number in 100..520 {
        world.create(objective(&format!("o{number}"), "site"));
    }
    world.delete("site");
    world
}

#[test]
fn a_page_that_was_kept_is_not_lost_with_the_next_one() {
    let mut world = pages();
    world.next("site", 10, 10);
    world.pass(10);
    // Killed as soon as something is kept.
    let kept = || world.stage.kept.lock().expect("no panic under the lock").len();
    let mut polls = 0;
    let mut round = Box::pin(world.service.evaluate_alerts(Some(&world.people), world.at()));
    while kept() == 0 {
        polls += 1;
        assert!(round.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    drop(round);
    assert!(polls > 10, "{polls}");
    assert_eq!((world.kept().len(), world.stage.told().len()), (400, 0));

    let round = world.round();
    assert_eq!((round.objectives, round.firing, round.changed, round.delivered), (420, 840, 440, 840));
    world.assert_told(false);

    // What is gone is missed on every page, also where a page begins and where the last one ends.
    for number in [100, 299, 300, 301, 499, 500, 519] {
        world.delete(&format!("o{number}"));
    }
    let round = world.round();
    assert_eq!((round.objectives, round.firing, round.changed, round.delivered), (413, 826, 14, 14));
    for number in 100..520 {
        let Ok(objective) = now(world.service.get::<slo_core::Objective>(&name(&format!("o{number}")))) else {
            continue;
        };
        world.delete(objective.value.name.as_str());
    }
    let round = world.round();
    assert_eq!((round.objectives, round.firing, round.changed), (0, 0, 826));
    world.assert_told(false);
}

/// A round that is killed again and again while it tells people goes on all the same.
#[test]
fn what_people_were_told_is_recorded_on_the_way() {
    let mut world = pages();
    world.next("site", 10, 10);
    world.pass(10);
    let told = || world.stage.told.lock().expect("no panic under the lock").len();
    for rounds in 0..20 {
        let before = told();
        let mut round = Box::pin(world.service.evaluate_alerts(Some(&world.people), world.at()));
        while told() < before + 130 {
            if round.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                assert!(rounds > 5, "{rounds}");
                assert_eq!((world.kept().len(), world.round().undelivered), (840, 0));
                // Of 130 the last 5 were not recorded.
                assert!(told() < 840 + 10 * rounds, "{}", told());
                return world.assert_told(true);
            }
        }
    }
    panic!("it never ends");
}

//! Below its coverage floor a condition keeps its last state.

use proptest::prelude::*;
use slo_core::{BudgetingMethod, PartsPerBillion, Period, SliceWidth};

use super::world::{World, objective};

const WEEK: i64 = 7 * 1_440;

/// A site that had data a week ago, in every minute of these days.
fn expected() -> World {
    let world = World::new(&["site"]);
    let earlier = Period::new(world.end - WEEK - 1_440, world.end - WEEK + 1_440);
    world.write("site", earlier, 0);
    // And until now.
    world.write("site", Period::new(world.end - 120, world.end), 0);
    world
}

#[test]
fn a_state_is_kept_for_the_length_of_the_long_window() {
    let mut world = expected();
    world.next("site", 5, 10);
    world.pass(5);
    let round = world.round();
    assert_eq!((round.firing, round.changed), (1, 1), "the page; the ticket's windows are longer");
    // Then nothing comes any more, and two minutes later that is too little.
    // It was enough at 7; 20 minutes are over after 27.
    for minute in 6..28 {
        world.pass(1);
        let round = world.round();
        assert_eq!((round.firing, round.changed), (1, 0), "after {minute} minutes");
        assert_eq!(world.kept(), world.truth());
    }
    world.pass(1);
    let round = world.round();
    assert_eq!((round.firing, round.changed, round.delivered), (0, 1, 1));
    assert_eq!(world.kept(), world.truth());
    world.assert_told(false);
}

#[test]
fn a_state_that_was_kept_is_judged_again() {
    for (bad, fires) in [(10, true), (0, false)] {
        let mut world = expected();
        world.next("site", 5, 10);
        world.pass(5);
        assert_eq!(world.round().firing, 1);
        let before = world.kept();
        world.pass(10);
        assert_eq!(world.round().changed, 0);
        // The gap is filled, late.
        world.write("site", Period::new(world.end - 10, world.end), bad);
        let round = world.round();
        assert_eq!(round.firing > 0, fires);
        if fires {
            // From here on it may be kept for another 20 minutes.
            let written = world.stage.kept.lock().expect("no panic under the lock").len();
            assert_eq!(world.kept(), world.truth());
            assert!(before.iter().all(|(spell, since)| world.kept().get(spell) == Some(since)), "its spell goes on");
            world.pass(15);
            assert_eq!(world.round().firing, 2);
            world.pass(10);
            assert_eq!(world.round().firing, 2);
            assert_eq!(world.stage.kept.lock().expect("no panic under the lock").len(), written + 1, "held once");
        }
        world.assert_told(false);
    }
}

#[test]
fn nothing_begins_to_fire_while_too_little_is_known() {
    let mut world = expected();
    // Nothing for some minutes, then little, and all bad.
    world.pass(10);
    world.next("site", 5, 10);
    world.pass(5);
    let round = world.round();
    assert_eq!((round.firing, round.changed), (0, 0));
    assert_eq!(world.kept(), world.truth());
    // Where there is no floor, it does.
    let mut no_floor = objective("site", "site");
    no_floor.alert_policy.as_mut().expect("it has one").coverage_floor = PartsPerBillion::new(0).expect("a ratio");
    world.replace(no_floor);
    assert_eq!(world.round().changed, 1);
    assert_eq!(world.kept(), world.truth());
}

/// Spells of minutes: so many, without data or with so many of ten events bad.
fn spells() -> impl Strategy<Value = Vec<(i64, Option<u64>)>> {
    let bad = proptest::sample::select(vec![None, None, Some(0), Some(1), Some(2), Some(5), Some(10)]);
    proptest::collection::vec((1..30_i64, bad), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if std::env::var_os("PROPTEST_CASES").is_some() { ProptestConfig::default().cases } else { 16 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// With a round each minute, what is kept is what a look back would find: whether it fires, and since when.
    #[test]
    fn what_is_kept_is_what_a_look_back_finds(
        spells in spells(), minimum in proptest::option::of(100..500_u64), slices in 0..3,
    ) {
        let mut world = expected();
        let mut guarded = objective("site", "site");
        let width = SliceWidth::new(4).expect("it divides the day");
        guarded.method = match slices {
            0 => guarded.method,
            1 => BudgetingMethod::RatioTimeslices { width },
            _ => BudgetingMethod::Timeslices { target: PartsPerBillion::new(800_000_000).expect("a ratio"), width },
        };
        guarded.alert_policy.as_mut().expect("it has one").conditions[1].minimum_events = minimum;
        world.replace(guarded);
        for (minutes, bad) in spells {
            for _ in 0..minutes {
                if let Some(bad) = bad {
                    world.next("site", 1, bad);
                }
                world.pass(1);
                world.round();
                prop_assert_eq!(world.kept(), world.truth());
            }
        }
        world.assert_told(false);
    }
}

//! Rounds that are killed, that fail, and that meet: nothing is lost.

use std::pin::Pin;

use proptest::prelude::*;
use slo_core::{AlertRound, Error, Severity};

use super::world::{Fault, World, condition, name, objective, policy, run};

/// A round on its way.
type Work<'w> = Pin<Box<dyn Future<Output = Result<AlertRound, Error>> + 'w>>;

const NAMES: [&str; 3] = ["api", "shop", "site"];

/// What happens next.
#[derive(Clone, Debug)]
enum Step {
    /// So many minutes pass; so many of ten events are bad in each indicator.
    Minutes(i64, [u64; 3]),
    /// Rounds begin, one or two: after how many polls each is killed, and who goes first.
    Rounds(Vec<usize>, Vec<usize>),
    /// What becomes of the next calls.
    Faults(Vec<Fault>),
    /// Its counts cannot be read from now on, or those of all again.
    Unreadable(Option<usize>),
    /// An objective is no more, or is there again.
    Toggle(usize),
    /// It has other conditions.
    Policy(usize, bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let bad = proptest::array::uniform3(proptest::sample::select(vec![0_u64, 0, 1, 5, 10]));
    let kill = prop_oneof![3 => Just(usize::MAX), 2 => 0..60_usize];
    let fault = proptest::sample::select(vec![Fault::None, Fault::None, Fault::Before, Fault::After]);
    let step = prop_oneof![
        6 => (1..25_i64, bad).prop_map(|(minutes, bad)| Step::Minutes(minutes, bad)),
        6 => (proptest::collection::vec(kill, 1..3), proptest::collection::vec(0..2_usize, 0..120))
            .prop_map(|(kills, schedule)| Step::Rounds(kills, schedule)),
        2 => proptest::collection::vec(fault, 1..8).prop_map(Step::Faults),
        1 => proptest::option::of(0..3_usize).prop_map(Step::Unreadable),
        1 => (0..3_usize).prop_map(Step::Toggle),
        1 => (0..3_usize, any::<bool>()).prop_map(|(which, fewer)| Step::Policy(which, fewer)),
    ];
    proptest::collection::vec(step, 1..40)
}

/// Answers with whether something went wrong on the way.
fn play(world: &mut World, steps: &[Step]) -> bool {
    let (mut there, mut fewer, mut wrong) = ([true; 3], [false; 3], false);
    let planned = |which: usize, fewer: bool| {
        let mut objective = objective(NAMES[which], NAMES[which]);
        let mut policy = policy();
        if fewer {
            policy.conditions[0] = condition(Severity::Page, "30m", "10m", "3");
        }
        objective.alert_policy = Some(policy);
        objective
    };
    for step in steps {
        match step {
            Step::Minutes(minutes, bad) => {
                for (indicator, bad) in NAMES.iter().zip(bad) {
                    world.next(indicator, *minutes, *bad);
                }
                world.pass(*minutes);
            }
            Step::Rounds(kills, schedule) => {
                let round = || -> Work<'_> { Box::pin(world.service.evaluate_alerts(Some(&world.people), world.at())) };
                let work = kills.iter().map(|kill| (round(), *kill));
                let answers = run(work.collect(), schedule);
                wrong |= answers.len() > 1 || !matches!(&answers[0], Some(Ok(_)));
            }
            Step::Faults(faults) => {
                wrong = true;
                world.stage.faults.lock().expect("no panic under the lock").extend(faults);
            }
            Step::Unreadable(which) => {
                *world.stage.unreadable.lock().expect("no panic under the lock") =
                    which.map(|which| name(NAMES[which]));
            }
            Step::Toggle(which) => {
                if there[*which] {
                    world.delete(NAMES[*which]);
                } else {
                    world.create(planned(*which, fewer[*which]));
                }
                there[*which] = !there[*which];
            }
            Step::Policy(which, few) => {
                fewer[*which] = *few;
                if there[*which] {
                    world.replace(planned(*which, *few));
                }
            }
        }
    }
    wrong
}

/// Once nothing fails any more, what is kept is what is true, and people were told of all that led there.
fn settles(world: &World, wrong: bool) {
    world.stage.faults.lock().expect("no panic under the lock").clear();
    *world.stage.unreadable.lock().expect("no panic under the lock") = None;
    let round = world.round();
    assert_eq!((round.undelivered, round.failed.len(), round.refusals.len()), (0, 0, 0));
    let (kept, truth) = (world.kept(), world.truth());
    assert_eq!(kept.keys().collect::<Vec<_>>(), truth.keys().collect::<Vec<_>>());
    assert_eq!(round.firing, kept.len());
    world.assert_told(wrong);
    // Nothing is left to do.
    let writes = world.stage.kept.lock().expect("no panic under the lock").len();
    let again = world.round();
    assert_eq!((again.changed, again.delivered, again.firing), (0, 0, kept.len()));
    assert_eq!(world.stage.kept.lock().expect("no panic under the lock").len(), writes);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if std::env::var_os("PROPTEST_CASES").is_some() { ProptestConfig::default().cases } else { 300 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn nothing_is_lost_whatever_happens(steps in steps()) {
        let mut world = World::new(&NAMES);
        let wrong = play(&mut world, &steps);
        settles(&world, wrong);
    }

    #[test]
    fn nothing_is_told_twice_where_nothing_fails(mut steps in steps()) {
        for step in &mut steps {
            match step {
                Step::Rounds(kills, _) => *kills = vec![usize::MAX],
                Step::Faults(_) => *step = Step::Unreadable(None),
                _ => {}
            }
        }
        let mut world = World::new(&NAMES);
        assert!(!play(&mut world, &steps));
        settles(&world, false);
    }
}

/// All objectives fire, of one of them it has ended: the next round has something of everything to do.
fn eventful() -> World {
    let mut world = World::new(&NAMES);
    for indicator in NAMES {
        world.next(indicator, 10, if indicator == "site" { 0 } else { 10 });
    }
    world.pass(10);
    *world.stage.refused.lock().expect("no panic under the lock") = Some(Some(name("shop")));
    assert_eq!(world.round().undelivered, 2);
    *world.stage.refused.lock().expect("no panic under the lock") = None;
    world.next("api", 90, 0);
    world.next("shop", 90, 10);
    world.next("site", 90, 10);
    world.pass(90);
    world
}

#[test]
fn a_round_may_be_killed_anywhere() {
    for polls in 0.. {
        let world = eventful();
        let round = world.service.evaluate_alerts(Some(&world.people), world.at());
        let ended = run(vec![(Box::pin(round), polls)], &[])[0].is_some();
        settles(&world, !ended);
        if ended {
            assert!(polls > 30, "{polls}");
            return;
        }
    }
}

#[test]
fn any_call_may_fail_or_lose_its_answer() {
    for fault in [Fault::Before, Fault::After] {
        for calls in 0.. {
            let world = eventful();
            let mut faults = vec![Fault::None; calls];
            faults.push(fault);
            world.stage.faults.lock().expect("no panic under the lock").extend(faults);
            let _ = world.try_round();
            let used_up = world.stage.faults.lock().expect("no panic under the lock").is_empty();
            settles(&world, true);
            if !used_up {
                assert!(calls > 8, "{calls}");
                break;
            }
        }
    }
}

#[test]
fn two_rounds_may_meet_anywhere() {
    let mut overtaken = 0;
    // The second one begins after so many polls of the first, and goes on for so many before the first does.
    for (first, second) in (0..45_usize).flat_map(|first| (0..45_usize).step_by(4).map(move |second| (first, second))) {
        let world = eventful();
        let round = || -> Work<'_> { Box::pin(world.service.evaluate_alerts(Some(&world.people), world.at())) };
        let schedule = [vec![0; first], vec![1; second]].concat();
        let answers = run(vec![(round(), usize::MAX), (round(), usize::MAX)], &schedule);
        let rounds: Vec<_> = answers.into_iter().map(|answer| answer.expect("it ends").expect("a round")).collect();
        assert!(rounds.iter().any(|round| !round.overtaken), "one of them goes on");
        overtaken += rounds.iter().filter(|round| round.overtaken).count();
        settles(&world, true);
    }
    assert!(overtaken > 100, "{overtaken}");
}

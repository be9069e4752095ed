//! Every state that a scenario can reach, the nearest first.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;

use super::reader::{By, Fault, read};
use super::scenario::Scenario;
use super::trace::{counted, line};
use super::world::{Action, World};

pub(crate) struct Found {
    pub(crate) states: usize,
    pub(crate) violation: Option<Violation>,
}

/// What is wrong, and a shortest way to it.
pub(crate) struct Violation {
    pub(crate) fault: Fault,
    pub(crate) steps: usize,
    pub(crate) trace: String,
}

/// A state, and how it was first reached.
struct Node {
    world: Rc<World>,
    from: usize,
    by: Option<Action>,
}

/// Visits every state, until one is wrong.
pub(crate) fn explore(scenario: &Scenario) -> Found {
    let start = Rc::new(World::new(scenario));
    let mut seen: HashSet<Rc<World>, BuildHasherDefault<Mixer>> = HashSet::default();
    seen.insert(Rc::clone(&start));
    let mut nodes = vec![Node { world: start, from: 0, by: None }];
    let mut at = 0;
    while at < nodes.len() {
        let here = Rc::clone(&nodes[at].world);
        for action in here.actions(scenario) {
            let mut world = *here;
            world.act(action, scenario);
            if seen.contains(&world) {
                continue;
            }
            let fault = world.fault(scenario);
            let world = Rc::new(world);
            seen.insert(Rc::clone(&world));
            nodes.push(Node { world, from: at, by: Some(action) });
            if let Some(fault) = fault {
                return Found { states: nodes.len(), violation: Some(violation(fault, &nodes, scenario)) };
            }
        }
        at += 1;
    }
    Found { states: nodes.len(), violation: None }
}

const STRING: &str = "a string takes what is written";

/// Tells the way to the last state.
fn violation(fault: Fault, nodes: &[Node], scenario: &Scenario) -> Violation {
    let mut actions = Vec::new();
    let mut at = nodes.len() - 1;
    while let Some(action) = nodes[at].by {
        actions.push(action);
        at = nodes[at].from;
    }
    let mut world = World::new(scenario);
    let mut trace = String::new();
    for (i, action) in actions.iter().rev().enumerate() {
        let request = world.subject(*action, scenario);
        let answer = world.act(*action, scenario);
        writeln!(trace, "{:4} {}", i + 1, line(*action, request, answer)).expect(STRING);
    }
    let [hours, minutes] = [By::Hour, By::Minute].map(|by| counted(read(by, world.store, scenario)));
    writeln!(trace, "     now a reader by the hour reads {hours}, by the minute {minutes}").expect(STRING);
    Violation { fault, steps: actions.len(), trace }
}

/// A hash for small numbers: the usual one takes half of the time in a debug build. Only the speed
/// depends on it, because states are compared as a whole.
#[derive(Default)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            self.write_u64(chunk.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)));
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.write_u64(u64::from(number));
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn write_isize(&mut self, number: isize) {
        self.write_usize(number.cast_unsigned());
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

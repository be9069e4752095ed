//! What a process remembers of the tables. It only saves requests: what is forgotten is asked again.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use slo_core::Minute;

/// How many things are remembered; about a megabyte.
const REMEMBERED: usize = 8_192;

/// A map of bounded size.
#[derive(Debug)]
pub(super) struct Memory<K, V>(Mutex<HashMap<K, V>>);

impl<K, V> Default for Memory<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V: Clone> Memory<K, V> {
    pub(super) fn get(&self, key: &K) -> Option<V> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    pub(super) fn insert(&self, key: K, value: V) {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if map.len() >= REMEMBERED {
            map.clear();
        }
        map.insert(key, value);
    }
}

/// What was last seen of a series, by which the next read plans its requests. Whatever it says, the answer
/// is the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    /// Those of one day: of the day with the most.
    pub(super) sources: Vec<String>,
    /// The last sealed day.
    pub(super) sealed: Option<Minute>,
}

impl Shape {
    /// How many sources are to be expected: one if nothing is known.
    pub(super) fn width(&self) -> usize {
        self.sources.len().max(1)
    }
}

/// What a process knows of the series it has met.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Days of a source, by partition and sort key, whose item was seen to agree with the sums.
    pub(super) open: Memory<(String, String), ()>,
    /// By partition.
    pub(super) shapes: Memory<String, Shape>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_bounded() {
        let known = Memory::default();
        for i in 0..3 * REMEMBERED {
            known.insert(i, ());
            assert_eq!(known.get(&i), Some(()));
        }
        assert!(known.0.lock().expect("not poisoned").len() <= REMEMBERED);
    }
}

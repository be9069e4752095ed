//! What a process remembers of the tables. It only saves requests: what is forgotten is asked again.

use std::collections::{BTreeSet, HashMap};
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
    pub(super) late: Late,
}

/// Days of hours that were over when they were written, by partition: nobody else may condense them.
#[derive(Debug, Default)]
pub(super) struct Late(Mutex<BTreeSet<(String, Minute)>>);

impl Late {
    pub(super) fn insert(&self, partition: &str, day: Minute) {
        let mut days = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if days.len() < REMEMBERED {
            days.insert((partition.to_owned(), day));
        }
    }

    pub(super) fn remove(&self, partition: &str, day: Minute) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&(partition.to_owned(), day));
    }

    pub(super) fn days(&self, partition: &str) -> Vec<Minute> {
        let days = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let from = (partition.to_owned(), Minute::new(i64::MIN));
        days.range(from..).take_while(|(of, _)| of == partition).map(|(_, day)| *day).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAYS: i64 = 8_192;

    #[test]
    fn what_is_remembered_is_bounded() {
        let known = Memory::default();
        for i in 0..3 * REMEMBERED {
            known.insert(i, ());
            assert_eq!(known.get(&i), Some(()));
        }
        assert!(known.0.lock().expect("not poisoned").len() <= REMEMBERED);
        let late = Late::default();
        (0..2 * DAYS).for_each(|day| late.insert("a", Minute::new(day)));
        assert_eq!(late.days("a").len(), REMEMBERED);
    }

    #[test]
    fn days_are_remembered_by_the_partition() {
        let late = Late::default();
        let [first, second] = [1, 2].map(Minute::new);
        for (partition, day) in [("b", second), ("a", second), ("a", first), ("c", first), ("a", first)] {
            late.insert(partition, day);
        }
        assert_eq!([late.days("a"), late.days("b"), late.days("aa")], [vec![first, second], vec![second], vec![]]);
        late.remove("a", first);
        assert_eq!([late.days("a"), late.days("c")], [[second], [first]]);
    }
}

//! One function per clause of [`StateRepository`]'s contract, in its order.
//!
//! Each takes an empty store and panics when the store breaks the clause. The last clause is about answers
//! that are lost, which only a store's own tests can lose.

use futures_util::future::{join, join_all};

use super::Running;
use super::reference::name;
use super::state::{only_one, refused};
use crate::name::Name;
use crate::repository::{MAX_STATE, StateRepository};
use crate::revision::Revision;

/// A clause as a value.
pub type Clause = for<'a> fn(&'a dyn StateRepository) -> Running<'a>;

/// All clauses by name, in the order of the contract.
#[must_use]
pub fn clauses() -> Vec<(&'static str, Clause)> {
    crate::__state_clauses! { [super::clause_list] Clause }
}

async fn read(store: &dyn StateRepository, key: &Name) -> Option<(Revision, Vec<u8>)> {
    store.read(key).await.expect("a read succeeds")
}

async fn write(store: &dyn StateRepository, key: &Name, expected: Option<Revision>, value: &[u8]) -> Revision {
    store.write(key, expected, value.to_vec()).await.expect("it is written")
}

fn revision(number: u64) -> Option<Revision> {
    Some(Revision::new(number).expect("above zero"))
}

/// 1: What was never written reads as `None`, and is not there to be replaced.
pub async fn states_begin_absent(store: &dyn StateRepository) {
    let key = name("alerts");
    for expected in [revision(1), revision(7)] {
        assert_eq!(read(store, &key).await, None);
        assert_eq!(refused(store.write(&key, expected, b"x".to_vec()).await), None);
    }
    assert_eq!(read(store, &key).await, None);
}

/// 2: A write stores its value if the current version is the expected one, in a version higher than every
/// one before; otherwise it fails, names the current version and changes nothing.
pub async fn states_are_swapped_as_seen(store: &dyn StateRepository) {
    let key = name("alerts");
    let mut versions = vec![write(store, &key, None, b"0").await];
    // Past the first number of two digits: versions are no texts.
    for number in 1..13_u8 {
        let current = *versions.last().expect("there is a first");
        let before = read(store, &key).await;
        let old = versions[..versions.len() - 1].iter().copied().map(Some);
        for expected in old.chain([None, Some(current.next())]) {
            // Another value, and the same again.
            for value in [b"other".to_vec(), vec![b'0' + number - 1]] {
                assert_eq!(refused(store.write(&key, expected, value).await), Some(current), "{expected:?}");
                assert_eq!(read(store, &key).await, before, "expecting {expected:?}");
            }
        }
        let next = write(store, &key, Some(current), &[b'0' + number]).await;
        assert!(next > current, "{next} after {current}");
        versions.push(next);
    }
}

/// 3: Of concurrent writes that expect the same exactly one succeeds, whatever their values.
pub async fn one_swap_wins(store: &dyn StateRepository) {
    for (key, same) in [("different", false), ("same", true)] {
        let key = name(key);
        let mut current = None;
        for round in 0..4_u8 {
            let values: Vec<Vec<u8>> = (0..8).map(|writer| vec![round, if same { 0 } else { writer }]).collect();
            let writes = values.iter().map(|value| store.write(&key, current, value.clone()));
            let answers = join_all(writes).await;
            let winner = answers.iter().position(Result::is_ok).expect("one succeeds");
            let (version, value) = read(store, &key).await.expect("it is there");
            assert_eq!(only_one(answers, Some(version)), version);
            assert_eq!(value, values[winner]);
            assert!(current < Some(version));
            current = Some(version);
        }
    }
}

/// 4: After a write returned, a read answers with its version and value, byte by byte.
pub async fn states_are_read_as_written(store: &dyn StateRepository) {
    let key = name("alerts");
    let mut current = None;
    let all_bytes: Vec<u8> = (0..=u8::MAX).collect();
    let texts: [&[u8]; 6] = [b"{\"a\":[1,2]}", b" \r\n\0 ", &[], &[0xff, 0xfe, 0], &all_bytes, &[]];
    for value in texts {
        let version = write(store, &key, current, value).await;
        for _ in 0..2 {
            assert_eq!(read(store, &key).await, Some((version, value.to_vec())));
        }
        current = Some(version);
    }
}

/// 5: Values of up to [`MAX_STATE`] bytes are kept.
pub async fn the_largest_state_is_kept(store: &dyn StateRepository) {
    let mut current = None;
    for seed in 0..3_usize {
        // None that could be packed.
        let byte = |i: usize| (i.wrapping_mul(2_654_435_761).wrapping_add(seed * 97) >> 13).to_le_bytes()[0];
        let value: Vec<u8> = (0..MAX_STATE).map(byte).collect();
        let version = write(store, &name("alerts"), current, &value).await;
        // Not `assert_eq`: there are many bytes.
        assert!(read(store, &name("alerts")).await == Some((version, value)), "the value is another one");
        current = Some(version);
    }
}

/// 6: A write changes what is under its key and nothing else.
pub async fn keys_are_apart(store: &dyn StateRepository) {
    let long = "n".repeat(Name::MAX_LENGTH);
    let nearly = format!("{}m", "n".repeat(Name::MAX_LENGTH - 1));
    let keys = ["alerts", "alerts-1", "alert", "a", "0", &long, &nearly].map(name);
    let mut versions = Vec::new();
    for (writes, key) in keys.iter().enumerate() {
        assert_eq!(read(store, key).await, None, "{key}");
        let mut version = write(store, key, None, key.as_str().as_bytes()).await;
        for _ in 0..writes {
            version = write(store, key, Some(version), key.as_str().as_bytes()).await;
        }
        versions.push(version);
    }
    for (key, version) in keys.iter().zip(&versions) {
        assert_eq!(read(store, key).await, Some((*version, key.as_str().as_bytes().to_vec())));
    }
    // At the same time neither keeps the other from it.
    let (one, other) = join(
        store.write(&keys[0], Some(versions[0]), b"one".to_vec()),
        store.write(&keys[1], Some(versions[1]), b"other".to_vec()),
    )
    .await;
    let (one, other) = (one.expect("it is written"), other.expect("it is written"));
    assert_eq!(read(store, &keys[0]).await, Some((one, b"one".to_vec())));
    assert_eq!(read(store, &keys[1]).await, Some((other, b"other".to_vec())));
}

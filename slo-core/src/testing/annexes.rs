//! The last clause of [`DefinitionRepository`]'s contract: the annex.
//!
//! Where it is `()`, the cases are about its counter.

use std::collections::BTreeMap;

use futures_util::future::{join, join_all};

use super::Sample;
use super::definitions::{filters_like, many, matching, members};
use super::reference::name;
use super::state::{State, only_one, put, refused, same_list, stamp, walk};
use crate::name::Name;
use crate::repository::{DefinitionRepository, Filter, MAX_PAGE, RepositoryError};
use crate::revision::{Annexed, Precondition, Revision, Versioned};

/// More large definitions with large annexes than fit in 1 MB.
const LARGE: usize = 6;

/// Every list that may show a value shows what is stored, and `get` does.
async fn seen_everywhere<D: Sample>(
    store: &dyn DefinitionRepository<D>,
    stored: &BTreeMap<Name, Versioned<D>>,
    value: &D,
) {
    for filter in filters_like(value) {
        same_list(&walk(store, &filter, MAX_PAGE).await, matching(stored, &filter));
    }
    for (name, version) in stored {
        let read = store.get(name).await.expect("a read succeeds");
        assert!(read.as_ref() == Some(version), "{name} is not read as it was written");
    }
}

/// 9: An annex is beside its definition in `get` and in every list, whole and equal; `annexed` counts
/// one more and neither another member nor the history changes.
pub async fn annexes_are_beside_their_definitions<D: Sample>(store: &dyn DefinitionRepository<D>) {
    let mut stored = BTreeMap::new();
    // Neighbours by name, by owners, by service and by label.
    for (text, number) in [("shop", 8), ("shop-1", 8), ("sho", 9), ("a", 13)] {
        stored.insert(name(text), put(store, text, number, Precondition::Absent).await.expect("it is created"));
    }
    for times in 1..5 {
        for (text, number) in [("shop", times), ("sho", 10 + times)] {
            let before = stored[&name(text)].clone();
            // The last one is empty again.
            let annex = if times == 4 { D::Annex::default() } else { D::annex(number) };
            let written = store.annex(&name(text), annex.clone(), before.seen(), None).await.expect("it is written");
            let annexed = u64::try_from(times).expect("few");
            assert_eq!(written, Versioned { annex, annexed, ..before });
            assert_eq!(State::of(store, text).await, State::only(written.clone()), "a single version, as before");
            stored.insert(name(text), written.clone());
            seen_everywhere(store, &stored, &written.value).await;
        }
    }
}

/// 9: A new version keeps the annex; it ends with the life, so that a name created again begins with
/// an empty one, at 0.
pub async fn annexes_last_as_long_as_a_life<D: Sample>(store: &dyn DefinitionRepository<D>) {
    let shop = name("shop");
    for life in 0..3 {
        let number = 10 * life;
        let mut current = put(store, "shop", number, Precondition::Absent).await.expect("it is created");
        assert_eq!((&current.annex, current.annexed), (&D::Annex::default(), 0), "life {life}");
        seen_everywhere(store, &[(shop.clone(), current.clone())].into(), &current.value).await;
        // Other owners, other services: where it was, it is no more.
        for number in number + 1..number + 5 {
            let annexed = store.annex(&shop, D::annex(number), current.seen(), None).await.expect("it is written");
            let revision = annexed.revision;
            let demanded = if number % 2 == 0 { Precondition::Present } else { Precondition::Revision(revision) };
            let replaced = put(store, "shop", number, demanded).await.expect("it is replaced");
            let (value, updated) = (D::sample(shop.clone(), number), stamp(number));
            assert_eq!(replaced, Versioned { value, revision: revision.next(), updated, ..annexed });
            let stored = [(shop.clone(), replaced.clone())].into();
            seen_everywhere(store, &stored, &current.value).await;
            seen_everywhere(store, &stored, &replaced.value).await;
            current = replaced;
        }
        store.delete(&shop, Precondition::Revision(current.revision), stamp(number)).await.expect("it is deleted");
        seen_everywhere(store, &BTreeMap::new(), &current.value).await;
    }
}

/// 9: An annex is written in the state that its writer has seen, or not at all.
pub async fn annexes_are_written_as_seen<D: Sample>(store: &dyn DefinitionRepository<D>) {
    let shop = name("shop");
    let first = Annexed { born: Revision::FIRST, annexed: 0 };
    assert_eq!(refused(store.annex(&shop, D::annex(1), first, None).await), None);
    assert_eq!(State::of(store, "shop").await, State { current: None, listed: vec![], changes: vec![] });

    let old = put(store, "shop", 1, Precondition::Absent).await.expect("it is created");
    let old_annexed = store.annex(&shop, D::annex(1), old.seen(), None).await.expect("it is written");
    store.delete(&shop, Precondition::Present, stamp(2)).await.expect("it is deleted");
    for seen in [old.seen(), old_annexed.seen()] {
        assert_eq!(refused(store.annex(&shop, D::annex(2), seen, None).await), None);
        assert_eq!(store.get(&shop).await.expect("a read succeeds"), None);
    }

    let created = put(store, "shop", 3, Precondition::Absent).await.expect("it is created");
    for seen in [old.seen(), old_annexed.seen()] {
        assert_eq!(refused(store.annex(&shop, D::annex(3), seen, None).await), Some(created.revision));
    }
    let annexed = store.annex(&shop, D::annex(4), created.seen(), None).await.expect("it is written");
    let before = State::of(store, "shop").await;
    let later = Annexed { annexed: 2, ..annexed.seen() };
    for seen in [old.seen(), old_annexed.seen(), created.seen(), later] {
        // Another one, and the same again.
        for annex in [D::annex(5), annexed.annex.clone()] {
            assert_eq!(refused(store.annex(&shop, annex, seen, None).await), Some(created.revision), "{seen:?}");
            assert_eq!(State::of(store, "shop").await, before);
        }
    }
    // A version in between is none of its business.
    let replaced = put(store, "shop", 6, Precondition::Present).await.expect("it is replaced");
    let written = store.annex(&shop, D::annex(6), annexed.seen(), None).await.expect("it is written");
    assert_eq!(written, Versioned { annex: D::annex(6), annexed: 2, ..replaced });
}

/// 9: Of concurrent writers that have seen the same state exactly one succeeds; a put and an annex at
/// the same time lose nothing of each other.
pub async fn concurrent_annexes_lose_nothing<D: Sample>(store: &dyn DefinitionRepository<D>) {
    let shop = name("shop");
    let created = put(store, "shop", 0, Precondition::Absent).await.expect("it is created");
    let racers = join_all((1..9).map(|number| store.annex(&shop, D::annex(number), created.seen(), None))).await;
    let mut current = only_one(racers, Some(created.revision));
    assert_eq!(current, Versioned { annex: current.annex.clone(), annexed: 1, ..created });
    assert_eq!(State::of(store, "shop").await, State::only(current.clone()));

    for number in 10..18 {
        let replace = put(store, "shop", number, Precondition::Revision(current.revision));
        let annex = store.annex(&shop, D::annex(number), current.seen(), None);
        let (replaced, annexed) = if number % 2 == 0 {
            join(replace, annex).await
        } else {
            let (annexed, replaced) = join(annex, replace).await;
            (replaced, annexed)
        };
        replaced.expect("an annex is no other revision");
        annexed.expect("a version is no other annex");
        let wanted = Versioned {
            value: D::sample(shop.clone(), number),
            revision: current.revision.next(),
            updated: stamp(number),
            annex: D::annex(number),
            annexed: current.annexed + 1,
            ..current
        };
        let stored = [(shop.clone(), wanted.clone())].into();
        seen_everywhere(store, &stored, &wanted.value).await;
        current = wanted;
    }
    // The versions and their number are those of the puts.
    assert_eq!(State::of(store, "shop").await.changes.len(), 9);

    // Nor does an annex bring back what is deleted.
    for first in [true, false] {
        let delete = store.delete(&shop, Precondition::Revision(current.revision), stamp(20));
        let annex = store.annex(&shop, D::annex(20), current.seen(), None);
        let (deleted, annexed) = if first {
            join(delete, annex).await
        } else {
            let (annexed, deleted) = join(annex, delete).await;
            (deleted, annexed)
        };
        deleted.expect("an annex is no other revision");
        assert!(matches!(annexed, Ok(_) | Err(RepositoryError::Precondition { current: None })), "{annexed:?}");
        seen_everywhere(store, &BTreeMap::new(), &current.value).await;
        current = put(store, "shop", 21, Precondition::Absent).await.expect("it is created");
    }
}

/// 9: The largest annex, beside the largest definition, in lists of more than 1 MB.
pub async fn the_largest_annex_is_kept<D: Sample>(store: &dyn DefinitionRepository<D>) {
    let mut stored = BTreeMap::new();
    for (text, number) in many("large", LARGE) {
        let value = D::large(name(&text), number);
        let created = store.put(value, Precondition::Absent, stamp(number)).await.expect("it is created");
        let annex = D::large_annex(number);
        let written = store.annex(&name(&text), annex.clone(), created.seen(), None).await.expect("it is written");
        assert!(written == Versioned { annex, annexed: 1, ..created }, "{text} is not as it was written");
        let read = store.get(&name(&text)).await.expect("a read succeeds");
        assert!(read.as_ref() == Some(&written), "{text} is not read as it was written");
        // Now all are found by the same filters.
        let value = D::large(name(&text), LARGE);
        let replaced = store.put(value, Precondition::Present, stamp(number)).await.expect("it is replaced");
        assert!(replaced.annex == written.annex, "{text}'s annex is not kept");
        stored.insert(name(&text), replaced);
    }
    let filters = filters_like(&D::sample(name("like"), LARGE));
    for filter in filters.iter().filter(|filter| members(filter) == 1).chain([&Filter::default()]) {
        same_list(&walk(store, filter, MAX_PAGE).await, matching(&stored, filter));
    }
}

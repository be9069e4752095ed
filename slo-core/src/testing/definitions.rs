//! One function per clause of [`DefinitionRepository`]'s contract, in its order; of the last one a few.
//!
//! Each takes an empty store and panics when the store breaks the clause.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use jiff::ToSpan;

use super::reference::name;
use super::state::{State, only_one, put, refused, same_changes, same_list, stamp, walk};
use super::{Running, Sample};
use crate::name::Name;
use crate::repository::{DefinitionRepository, Filter, MAX_PAGE};
use crate::revision::{Change, Precondition, Revision, Stamp, Versioned};

pub use super::annexes::{
    annexes_are_beside_their_definitions, annexes_are_written_as_seen, annexes_last_as_long_as_a_life,
    concurrent_annexes_lose_nothing, the_largest_annex_is_kept,
};

/// A clause as a value.
pub type Clause<D> = for<'a> fn(&'a dyn DefinitionRepository<D>) -> Running<'a>;

/// All clauses by name, in the order of the contract.
#[must_use]
pub fn clauses<D: Sample>() -> Vec<(&'static str, Clause<D>)> {
    crate::__definition_clauses! { [super::clause_list] Clause<D> }
}

/// More values of some 70 KB than fit in 1 MB.
const LARGE: usize = 24;

/// 1: A write that demands absence stores the first version of a life or fails and names the current
/// revision; of concurrent ones exactly one succeeds.
pub async fn created_once<D: Sample>(store: &dyn DefinitionRepository<D>) {
    let value = D::sample(name("shop"), 1);
    let created = store.put(value.clone(), Precondition::Absent, stamp(1)).await.expect("it is created");
    let wanted = Versioned {
        value,
        revision: Revision::FIRST,
        born: Revision::FIRST,
        created_at: stamp(1).at,
        updated: stamp(1),
        annex: D::Annex::default(),
        annexed: 0,
    };
    assert_eq!(created, wanted);
    let before = State::of(store, "shop").await;
    // Other content, and the same again.
    for number in [2, 1] {
        let again = put(store, "shop", number, Precondition::Absent).await;
        assert_eq!(refused(again), Some(Revision::FIRST));
        assert_eq!(State::of(store, "shop").await, before);
    }
    let moved = put(store, "shop", 2, Precondition::Present).await.expect("it is replaced");
    assert_eq!(refused(put(store, "shop", 3, Precondition::Absent).await), Some(moved.revision));

    let racers = join_all((0..8).map(|number| put(store, "race", number, Precondition::Absent))).await;
    let winner = only_one(racers, Some(Revision::FIRST));
    assert_eq!((winner.revision, winner.born), (Revision::FIRST, Revision::FIRST));
    assert_eq!(State::of(store, "race").await, State::only(winner));
}

/// 2: A write that demands a revision, or presence, stores exactly the next revision, keeps `born` and
/// `created_at`, or fails and changes nothing; of concurrent ones that demand the same revision
/// exactly one succeeds.
pub async fn replaced_under_its_revision<D: Sample>(store: &dyn DefinitionRepository<D>) {
    for demanded in [Precondition::Present, Precondition::Revision(Revision::FIRST)] {
        assert_eq!(refused(put(store, "shop", 1, demanded).await), None);
        assert_eq!(State::of(store, "shop").await, State { current: None, listed: vec![], changes: vec![] });
    }
    let created = put(store, "shop", 0, Precondition::Absent).await.expect("it is created");
    let mut revision = created.revision;
    for number in 1..12 {
        let demanded = if number % 2 == 0 { Precondition::Present } else { Precondition::Revision(revision) };
        let value = D::sample(name("shop"), number);
        let replaced = store.put(value.clone(), demanded, stamp(number)).await.expect("it is replaced");
        revision = revision.next();
        assert_eq!(replaced, Versioned { value, revision, updated: stamp(number), ..created.clone() });
        let before = State::of(store, "shop").await;
        assert_eq!(before.current.as_ref(), Some(&replaced));
        for wrong in [Revision::FIRST, revision.next()] {
            let refusal = put(store, "shop", 99, Precondition::Revision(wrong)).await;
            assert_eq!(refused(refusal), Some(revision));
        }
        assert_eq!(State::of(store, "shop").await, before);
    }

    let demanded = Precondition::Revision(revision);
    let racers = join_all((20..28).map(|number| put(store, "shop", number, demanded))).await;
    let winner = only_one(racers, Some(revision.next()));
    assert_eq!((winner.revision, winner.born), (revision.next(), created.born));
    let after = State::of(store, "shop").await;
    assert_eq!((after.changes.len(), after.current), (13, Some(winner)));

    // Presence goes on holding, so each of these makes a version of its own.
    let racers = join_all((30..34).map(|number| put(store, "shop", number, Precondition::Present))).await;
    let mut made: Vec<u64> = racers.into_iter().map(|r| r.expect("it is present").revision.get()).collect();
    made.sort_unstable();
    assert_eq!(made, [14, 15, 16, 17]);
    assert_eq!(State::of(store, "shop").await.changes.len(), 17);
}

/// 3: After a write returned, `get` answers with it, whole and equal.
pub async fn writes_are_read<D: Sample>(store: &dyn DefinitionRepository<D>) {
    // Names that are prefixes of others, the shortest and the longest.
    let long = "n".repeat(Name::MAX_LENGTH);
    let names = ["shop", "shop-1", "shop-11", "sho", "s", "0", &long];
    let mut stored = BTreeMap::new();
    for (i, text) in names.into_iter().enumerate() {
        assert_eq!(store.get(&name(text)).await.expect("a read succeeds"), None);
        let created = put(store, text, i, Precondition::Absent).await.expect("it is created");
        stored.insert(name(text), created);
    }
    for round in 1..4 {
        for (i, (name, known)) in stored.iter_mut().enumerate() {
            let value = match round {
                1 => D::bare(name.clone()),
                2 => D::large(name.clone(), i),
                _ => D::sample(name.clone(), 100 + i),
            };
            // Nobody known, and a clock that went back.
            let stamp = Stamp { by: None, at: stamp(i).at - round.hours() };
            let written = store.put(value.clone(), Precondition::Present, stamp.clone()).await.expect("it is replaced");
            let read = store.get(name).await.expect("a read succeeds").expect("it is there");
            assert!(read == written && read.value == value && read.updated == stamp, "{name}: {read:?}");
            assert_eq!(read.created_at, known.created_at);
            *known = written;
        }
    }
    for (name, known) in &stored {
        assert_eq!(store.get(name).await.expect("a read succeeds").as_ref(), Some(known));
    }
    assert_eq!(store.get(&name("shop-111")).await.expect("a read succeeds"), None);
}

/// 4: After a delete returned, `get` answers `None` and lists leave it out; it needs its precondition
/// like a replacement.
pub async fn deleted_is_gone<D: Sample>(store: &dyn DefinitionRepository<D>) {
    let shop = name("shop");
    for demanded in [Precondition::Present, Precondition::Revision(Revision::FIRST)] {
        assert_eq!(refused(store.delete(&shop, demanded, stamp(0)).await), None);
    }
    let neighbour = put(store, "shop-2", 1, Precondition::Absent).await.expect("it is created");
    put(store, "shop", 1, Precondition::Absent).await.expect("it is created");
    let current = put(store, "shop", 2, Precondition::Present).await.expect("it is replaced").revision;
    let before = State::of(store, "shop").await;
    for wrong in [Revision::FIRST, current.next()] {
        let refusal = store.delete(&shop, Precondition::Revision(wrong), stamp(3)).await;
        assert_eq!(refused(refusal), Some(current));
        assert_eq!(State::of(store, "shop").await, before);
    }
    store.delete(&shop, Precondition::Revision(current), stamp(4)).await.expect("it is deleted");
    assert_eq!(store.get(&shop).await.expect("a read succeeds"), None);
    assert_eq!(walk(store, &Filter::default(), MAX_PAGE).await, [neighbour]);
    for demanded in [Precondition::Present, Precondition::Revision(current), Precondition::Revision(current.next())] {
        assert_eq!(refused(store.delete(&shop, demanded, stamp(5)).await), None);
        assert_eq!(refused(put(store, "shop", 5, demanded).await), None);
    }
    store.delete(&shop, Precondition::Absent, stamp(6)).await.expect("what is absent may be deleted");
    assert_eq!(State::of(store, "shop").await.changes.len(), 3, "and that changes nothing");

    // Deletions and a replacement of the same revision at once: one of them happens.
    let neighbour = name("shop-2");
    let demanded = Precondition::Revision(Revision::FIRST);
    let replace = async { put(store, "shop-2", 9, demanded).await.map(drop) };
    let racers = join_all((0..4).map(|number| store.delete(&neighbour, demanded, stamp(number))));
    let (mut results, replaced) = futures_util::future::join(racers, replace).await;
    let is_there = replaced.is_ok();
    results.push(replaced);
    only_one(results, is_there.then(|| Revision::FIRST.next()));
    let after = State::of(store, "shop-2").await;
    assert_eq!((after.current.is_some(), after.changes.len()), (is_there, 2));
}

/// 5: A name created again goes on counting revisions, in a new life.
pub async fn revisions_go_on_after_deletion<D: Sample>(store: &dyn DefinitionRepository<D>) {
    let shop = name("shop");
    let mut last = None;
    for life in 0..3 {
        let number = 10 * life;
        let created = put(store, "shop", number, Precondition::Absent).await.expect("it is created");
        let born = last.map_or(Revision::FIRST, Revision::next);
        assert_eq!((created.revision, created.born, created.created_at), (born, born, stamp(number).at));
        // What somebody read in an earlier life matches nothing now.
        for old in (1..born.get()).filter_map(Revision::new) {
            let refusal = put(store, "shop", 99, Precondition::Revision(old)).await;
            assert_eq!(refused(refusal), Some(born), "life {life}, revision {old}");
        }
        let replaced = put(store, "shop", number + 1, Precondition::Revision(born)).await.expect("it is replaced");
        assert_eq!((replaced.revision, replaced.born, replaced.created_at), (born.next(), born, created.created_at));
        assert_eq!(store.get(&shop).await.expect("a read succeeds").as_ref(), Some(&replaced));
        assert_eq!(walk(store, &Filter::default(), MAX_PAGE).await, [replaced]);
        store.delete(&shop, Precondition::Revision(born.next()), stamp(number + 2)).await.expect("it is deleted");
        // The deletion is a revision too.
        last = Some(born.next().next());
    }
    let racers = join_all((0..6).map(|number| put(store, "shop", number, Precondition::Absent))).await;
    let born = Revision::new(10).expect("above zero");
    assert_eq!(only_one(racers, Some(born)).born, born);
}

/// 6: `changes` answers every version, newest first, deletions included, and no version ever changes.
pub async fn history_is_complete_and_fixed<D: Sample>(store: &dyn DefinitionRepository<D>) {
    let (shop, other) = (name("shop"), name("shop-1"));
    assert_eq!(store.changes(&shop, None, MAX_PAGE).await.expect("a read succeeds"), []);
    let mut wanted = Vec::new();
    let mut last = None;
    // More than 1 MB, and two deletions on the way.
    for number in 0..LARGE + 8 {
        let (revision, stamp) = (last.map_or(Revision::FIRST, Revision::next), stamp(number));
        let value = match number {
            5 | 15 => None,
            _ if number < 8 => Some(D::sample(shop.clone(), number)),
            _ => Some(D::large(shop.clone(), number)),
        };
        match value.clone() {
            None => store.delete(&shop, Precondition::Present, stamp.clone()).await.expect("it is deleted"),
            Some(value) => {
                let demanded = if matches!(number, 0 | 6 | 16) { Precondition::Absent } else { Precondition::Present };
                let written = store.put(value, demanded, stamp.clone()).await.expect("it is written");
                assert_eq!(written.revision, revision);
            }
        }
        wanted.insert(0, Change { revision, stamp, value });
        last = Some(revision);
        // Another name's changes are not among them.
        if number == 3 {
            put(store, "shop-1", 1, Precondition::Absent).await.expect("it is created");
        }
        if number <= 7 {
            same_changes(&store.changes(&shop, None, MAX_PAGE).await.expect("a read succeeds"), &wanted);
        }
    }
    same_changes(&store.changes(&shop, None, MAX_PAGE).await.expect("a read succeeds"), &wanted);
    assert_eq!(store.changes(&other, None, MAX_PAGE).await.expect("a read succeeds").len(), 1);
    // In parts; `before` need not be a revision there is.
    for limit in [1, 3, wanted.len()] {
        let mut got: Vec<Change<D>> = Vec::new();
        while got.len() < wanted.len() {
            let before = got.last().map(|change| change.revision);
            let part = store.changes(&shop, before, limit).await.expect("a read succeeds");
            assert_eq!(part.len(), limit.min(wanted.len() - got.len()), "before {before:?}");
            got.extend(part);
        }
        same_changes(&got, &wanted);
    }
    let newest = Revision::new(1_000).expect("above zero");
    same_changes(&store.changes(&shop, Some(newest), 2).await.expect("a read succeeds"), &wanted[..2]);
    let none = store.changes(&shop, Some(Revision::FIRST), MAX_PAGE).await.expect("a read succeeds");
    assert_eq!(none, []);
    // Of a deleted name too.
    store.delete(&shop, Precondition::Present, stamp(0)).await.expect("it is deleted");
    let newest = store.changes(&shop, None, 1).await.expect("a read succeeds");
    let revision = last.map_or(Revision::FIRST, Revision::next);
    assert_eq!(newest, [Change { revision, stamp: stamp(0), value: None }]);
}

/// 7: Lists are in order of the names' bytes, at most `limit` a page, `next` only when there is more;
/// following `next` shows everything once, however much there is.
pub async fn lists_are_ordered_and_complete<D: Sample>(store: &dyn DefinitionRepository<D>) {
    let all = Filter::default();
    assert_eq!(walk(store, &all, MAX_PAGE).await, []);
    let mut stored = BTreeMap::new();
    let long = "z".repeat(Name::MAX_LENGTH);
    for (i, text) in ["m", "b", "a0", "a-b", "ab", "a", &long, "0", "a-0", "0-9", "9", "a-b-c"].iter().enumerate() {
        stored.insert(name(text), put(store, text, i, Precondition::Absent).await.expect("it is created"));
        same_list(&walk(store, &all, MAX_PAGE).await, stored.values());
    }
    // Replaced ones appear once, as they are now.
    for (i, text) in [(20, "a"), (21, "0"), (22, "a")] {
        stored.insert(name(text), put(store, text, i, Precondition::Present).await.expect("it is replaced"));
    }
    for limit in [1, 5, 11, 12, 13] {
        same_list(&walk(store, &all, limit).await, stored.values());
    }
    // After any name, whether it exists or did.
    store.delete(&name("a-b"), Precondition::Present, stamp(0)).await.expect("it is deleted");
    stored.remove(&name("a-b"));
    for text in ["0", "a-b", "a-c", "a-b-c", "00", "zz", &long] {
        let after = name(text);
        let page = store.list(&all, Some(after.clone()), MAX_PAGE).await.expect("a list succeeds");
        same_list(&page.items, stored.iter().filter(|(name, _)| **name > after).map(|(_, version)| version));
        assert_eq!(page.next, None, "after {after}");
    }
    // More than 1 MB, then more names than a page holds.
    for (text, number) in many("large", LARGE) {
        let value = D::large(name(&text), number);
        stored.insert(name(&text), store.put(value, Precondition::Absent, stamp(1)).await.expect("it is created"));
    }
    same_list(&walk(store, &all, MAX_PAGE).await, stored.values());
    for some in many("small", MAX_PAGE).chunks(25) {
        let puts = some.iter().map(async |(text, number)| put(store, text, *number, Precondition::Absent).await);
        for created in join_all(puts).await {
            let created = created.expect("it is created");
            stored.insert(created.value.name().clone(), created);
        }
    }
    for limit in [stored.len() / 4, MAX_PAGE] {
        same_list(&walk(store, &all, limit).await, stored.values());
    }
}

/// 8: A list shows what matches its filter, all of it, and nothing else.
pub async fn filters_show_what_matches<D: Sample>(store: &dyn DefinitionRepository<D>) {
    let mut stored = BTreeMap::new();
    for (text, number) in many("small", 30) {
        stored.insert(name(&text), put(store, &text, number, Precondition::Absent).await.expect("it is created"));
    }
    stored.insert(name("a"), put(store, "a", 0, Precondition::Absent).await.expect("it is created"));
    let bare = store.put(D::bare(name("bare")), Precondition::Absent, stamp(0)).await.expect("it is created");
    stored.insert(name("bare"), bare);
    // Some move to another service, other owners and labels; some are deleted.
    for (text, number) in [("small-003", 10), ("small-008", 17), ("small-008", 19), ("a", 30)] {
        stored.insert(name(text), put(store, text, number, Precondition::Present).await.expect("it is replaced"));
    }
    for text in ["small-001", "small-006"] {
        store.delete(&name(text), Precondition::Present, stamp(0)).await.expect("it is deleted");
        stored.remove(&name(text));
    }
    for number in [8, 19] {
        for filter in filters_like(&D::sample(name("like"), number)) {
            same_list(&walk(store, &filter, MAX_PAGE).await, matching(&stored, &filter));
            if members(&filter) == 1 {
                same_list(&walk(store, &filter, 3).await, matching(&stored, &filter));
            }
        }
    }
    // Members that are right each by itself but never together, and what nothing has.
    let (zero, other) = (D::sample(name("like"), 0), D::sample(name("like"), 1));
    let nothing = [
        Filter { service: zero.service().cloned(), indicator: other.indicator().cloned(), ..Filter::default() },
        Filter { service: Some(name("nobody")), ..Filter::default() },
        Filter { owner: Some(name("use")), ..Filter::default() },
        Filter { label: Some(("team/tier".to_owned(), "tier".to_owned())), ..Filter::default() },
        Filter { indicator: Some(name("nobody")), ..Filter::default() },
    ];
    for filter in nothing.iter().filter(|filter| **filter != Filter::default()) {
        same_list(&walk(store, filter, MAX_PAGE).await, matching(&stored, filter));
    }
    // Between the first and the last that match lies more than 1 MB that does not.
    for (text, _) in many("large", LARGE) {
        let value = D::large(name(&text), 1);
        stored.insert(name(&text), store.put(value, Precondition::Absent, stamp(1)).await.expect("it is created"));
    }
    for filter in filters_like(&zero).iter().chain(&filters_like(&other)).filter(|filter| members(filter) == 1) {
        same_list(&walk(store, filter, MAX_PAGE).await, matching(&stored, filter));
    }
}

/// Filters that a value passes: every combination of its members, with each of its owners.
pub(super) fn filters_like<D: Sample>(value: &D) -> Vec<Filter> {
    let owners = value.owners().iter().cloned().map(Some).chain([None]);
    let mut filters = Vec::new();
    for owner in owners {
        for bits in 0..8 {
            let filter = Filter {
                owner: owner.clone(),
                service: value.service().filter(|_| bits & 1 != 0).cloned(),
                label: value.label().filter(|_| bits & 2 != 0),
                indicator: value.indicator().filter(|_| bits & 4 != 0).cloned(),
            };
            if filters.last() != Some(&filter) {
                filters.push(filter);
            }
        }
    }
    filters
}

pub(super) fn members(filter: &Filter) -> usize {
    let set = [filter.service.is_some(), filter.owner.is_some(), filter.label.is_some(), filter.indicator.is_some()];
    set.into_iter().filter(|set| *set).count()
}

pub(super) fn matching<'a, D: Sample>(
    stored: &'a BTreeMap<Name, Versioned<D>>,
    filter: &'a Filter,
) -> impl Iterator<Item = &'a Versioned<D>> {
    stored.values().filter(|version| filter.matches(&version.value))
}

/// Names with a common start, and a number each.
pub(super) fn many(start: &str, count: usize) -> Vec<(String, usize)> {
    (0..count).map(|number| (format!("{start}-{number:03}"), number)).collect()
}

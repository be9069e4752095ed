//! What a store of definitions is told, and all that it says.

use std::fmt::Debug;

use jiff::{Timestamp, ToSpan};

use super::Sample;
use super::reference::name;
use crate::repository::{DefinitionRepository, Filter, MAX_PAGE, RepositoryError};
use crate::revision::{Change, Precondition, Revision, Stamp, Versioned};

/// Finer than a millisecond, and by whom.
pub(super) fn stamp(number: usize) -> Stamp {
    let first: Timestamp = "2026-11-20T12:00:00.123456789Z".parse().expect("a timestamp");
    let seconds = i64::try_from(number).expect("few");
    Stamp { at: first + seconds.seconds(), by: Some(name(&format!("user-{}", number % 3))) }
}

pub(super) async fn put<D: Sample>(
    store: &dyn DefinitionRepository<D>,
    text: &str,
    number: usize,
    precondition: Precondition,
) -> Result<Versioned<D>, RepositoryError> {
    store.put(D::sample(name(text), number), precondition, stamp(number)).await
}

/// The current revision that a refusal names.
pub(super) fn refused<T: Debug>(result: Result<T, RepositoryError>) -> Option<Revision> {
    match result {
        Err(RepositoryError::Precondition { current }) => current,
        other => panic!("the precondition does not hold, but: {other:?}"),
    }
}

/// The one that succeeded; the others were refused and told what there is now.
pub(super) fn only_one<T: Debug>(results: Vec<Result<T, RepositoryError>>, current: Option<Revision>) -> T {
    let (mut winners, losers): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    for loser in losers {
        assert_eq!(refused(loser), current);
    }
    assert_eq!(winners.len(), 1, "exactly one succeeds: {winners:?}");
    winners.remove(0).expect("a winner succeeded")
}

/// All that a store says of one name.
#[derive(Debug, PartialEq)]
pub(super) struct State<D: Sample> {
    pub(super) current: Option<Versioned<D>>,
    pub(super) listed: Vec<Versioned<D>>,
    pub(super) changes: Vec<Change<D>>,
}

impl<D: Sample> State<D> {
    pub(super) async fn of(store: &dyn DefinitionRepository<D>, text: &str) -> Self {
        let name = name(text);
        let mut listed = walk(store, &Filter::default(), MAX_PAGE).await;
        listed.retain(|version| *version.value.name() == name);
        let changes = store.changes(&name, None, MAX_PAGE).await.expect("a read succeeds");
        Self { current: store.get(&name).await.expect("a read succeeds"), listed, changes }
    }

    /// That of a name with one version.
    pub(super) fn only(version: Versioned<D>) -> Self {
        let (revision, stamp, value) = (version.revision, version.updated.clone(), Some(version.value.clone()));
        let changes = vec![Change { revision, stamp, value }];
        Self { listed: vec![version.clone()], current: Some(version), changes }
    }
}

/// Follows `next` to the end of a list.
pub(super) async fn walk<D: Sample>(
    store: &dyn DefinitionRepository<D>,
    filter: &Filter,
    limit: usize,
) -> Vec<Versioned<D>> {
    let mut all: Vec<Versioned<D>> = Vec::new();
    let mut after = None;
    loop {
        let page = store.list(filter, after.clone(), limit).await.expect("a list succeeds");
        assert!(page.items.len() <= limit, "{} on a page of {limit}", page.items.len());
        let promised = after.is_some() && page.next.is_none();
        assert!(!promised || !page.items.is_empty(), "next only when there is more, but nothing is after {after:?}");
        for item in page.items {
            let (last, name) = (all.last().map(|last| last.value.name()), item.value.name());
            assert!(last < Some(name), "{name} stands after {last:?}");
            all.push(item);
        }
        match page.next {
            None => return all,
            next => {
                assert!(after < next, "a list goes on: {next:?} after {after:?}");
                after = next;
            }
        }
    }
}

/// Not `assert_eq`: there may be megabytes of them.
pub(super) fn same_list<'a, D: Sample>(got: &[Versioned<D>], want: impl Iterator<Item = &'a Versioned<D>>) {
    let want: Vec<&Versioned<D>> = want.collect();
    let names = |version: &Versioned<D>| version.value.name().to_string();
    let listed: Vec<String> = got.iter().map(names).collect();
    let wanted: Vec<String> = want.iter().map(|version| names(version)).collect();
    assert_eq!(listed, wanted);
    for (got, want) in got.iter().zip(want) {
        assert!(got == want, "{} is not listed as it was written", got.value.name());
    }
}

pub(super) fn same_changes<D: Sample>(got: &[Change<D>], want: &[Change<D>]) {
    let revisions =
        |changes: &[Change<D>]| -> Vec<u64> { changes.iter().map(|change| change.revision.get()).collect() };
    assert_eq!(revisions(got), revisions(want));
    for (got, want) in got.iter().zip(want) {
        assert!(got == want, "revision {} is not as it was written", got.revision);
    }
}

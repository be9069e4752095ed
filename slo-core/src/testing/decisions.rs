//! One function per clause of [`DecisionRepository`]'s contract, in its order.
//!
//! Each takes an empty store and panics when the store breaks the clause.

use futures_util::future::{join, join_all};
use jiff::{SignedDuration, Timestamp};

use super::Running;
use super::reference::name;
use super::sample_decision::{decision, decision_at, large_decision, override_of};
use crate::decision::{Decision, DecisionId, DecisionRecord, Override};
use crate::policy::Verdict;
use crate::repository::{DecisionFilter, DecisionRepository, RepositoryError};

/// A clause as a value.
pub type Clause = for<'a> fn(&'a dyn DecisionRepository) -> Running<'a>;

/// All clauses by name, in the order of the contract.
#[must_use]
pub fn clauses() -> Vec<(&'static str, Clause)> {
    crate::__decision_clauses! { [super::clause_list] Clause }
}

async fn append(store: &dyn DecisionRepository, decision: &Decision) {
    store.append(decision.clone()).await.expect("it is kept");
}

async fn append_override(store: &dyn DecisionRepository, id: DecisionId, granted: &Override) -> DecisionRecord {
    store.append_override(id, granted.clone()).await.expect("it is kept")
}

async fn get(store: &dyn DecisionRepository, id: DecisionId) -> Option<DecisionRecord> {
    store.get(id).await.expect("a read succeeds")
}

fn alone(decision: &Decision) -> DecisionRecord {
    DecisionRecord { decision: decision.clone(), overrides: Vec::new() }
}

/// Whether it was refused because of the precondition, and whether the store says that something is there.
#[track_caller]
fn refused<T>(answer: Result<T, RepositoryError>) -> bool {
    match answer {
        Err(RepositoryError::Precondition { current }) => current.is_some(),
        Err(other) => panic!("{other} instead of a refusal"),
        Ok(_) => panic!("it was not refused"),
    }
}

/// Follows all pages.
async fn all(store: &dyn DecisionRepository, filter: &DecisionFilter, limit: usize) -> Vec<DecisionRecord> {
    let (mut items, mut before) = (Vec::new(), None);
    loop {
        let page = store.list(filter, before, limit).await.expect("a list succeeds");
        assert!(page.items.len() <= limit, "{} items of at most {limit}", page.items.len());
        items.extend(page.items);
        let Some(next) = page.next else { return items };
        assert!(before.is_none_or(|before| next < before), "a page ends where it began");
        before = Some(next);
    }
}

/// Compares without printing all of it.
#[track_caller]
fn same(got: &[DecisionRecord], wanted: &[DecisionRecord], what: &str) {
    let ids = |records: &[DecisionRecord]| records.iter().map(|r| r.decision.id.to_string()).collect::<Vec<_>>();
    assert_eq!(ids(got), ids(wanted), "{what}");
    assert!(got == wanted, "{what}: the content differs");
}

/// 1: What was never appended reads as `None` and is in no list.
pub async fn decisions_begin_absent(store: &dyn DecisionRepository) {
    assert_eq!(get(store, decision(1).id).await, None);
    assert_eq!(all(store, &DecisionFilter::default(), 10).await, []);
    append(store, &decision(1)).await;
    assert_eq!(get(store, decision(2).id).await, None);
}

/// 2: After an append returned, `get` answers with the decision, whole and equal, and lists show it.
pub async fn decisions_are_read_as_written(store: &dyn DecisionRepository) {
    for number in 0..6 {
        let wanted = decision(number);
        append(store, &wanted).await;
        for _ in 0..2 {
            assert_eq!(get(store, wanted.id).await, Some(alone(&wanted)));
        }
        let listed = all(store, &DecisionFilter::default(), 200).await;
        assert!(listed.contains(&alone(&wanted)), "{number} is not listed");
    }
}

/// 3: An equal append again is a success, another one is refused; of concurrent ones one wins.
pub async fn decisions_are_never_overwritten(store: &dyn DecisionRepository) {
    let first = decision(1);
    append(store, &first).await;
    append(store, &first).await;
    // Another verdict only, and everything else too.
    let mut other = first.clone();
    other.judgement.verdict = if first.judgement.verdict == Verdict::Ship { Verdict::Hold } else { Verdict::Ship };
    for other in [other, Decision { id: first.id, ..decision(2) }] {
        assert!(refused(store.append(other).await), "the refusal does not say that something is there");
        assert_eq!(get(store, first.id).await, Some(alone(&first)));
    }
    // Nor after an override.
    let granted = override_of(&first, 1);
    append_override(store, first.id, &granted).await;
    append(store, &first).await;
    assert_eq!(get(store, first.id).await.map(|record| record.overrides), Some(vec![granted]));
    assert_eq!(all(store, &DecisionFilter::default(), 10).await.len(), 1);
    for round in 0..4 {
        let id = decision(100 + round).id;
        let many: Vec<Decision> = (0..8).map(|number| Decision { id, ..decision(number) }).collect();
        let answers = join_all(many.iter().map(|one| store.append(one.clone()))).await;
        let winners: Vec<usize> = (0..8).filter(|i| answers[*i].is_ok()).collect();
        assert_eq!(winners.len(), 1, "of concurrent appends one wins");
        assert_eq!(get(store, id).await, Some(alone(&many[winners[0]])));
    }
}

/// 4: Overrides are beside their decision, in their order; it stays as it is, and so do all others.
pub async fn overrides_are_beside_their_decisions(store: &dyn DecisionRepository) {
    // Neighbours: of the same millisecond, one bit apart.
    let first = decision(1);
    let bits = |last: u8| [0, 0, 0, 0, 0, 0, 0, 0, 0, last];
    let near = |last| Decision { id: DecisionId::new(first.decided.at, bits(last)), ..first.clone() };
    let decisions = [near(0), near(1), near(2)];
    for decision in &decisions {
        append(store, decision).await;
    }
    let middle = &decisions[1];
    let granted: Vec<Override> = (1..=4).map(|number| override_of(middle, number)).collect();
    for (i, place) in [1, 3, 0, 2].into_iter().enumerate() {
        let record = append_override(store, middle.id, &granted[place]).await;
        assert_eq!(record.overrides.len(), i + 1);
        assert!(record.overrides.contains(&granted[place]) && record.decision == *middle);
    }
    let wanted =
        [alone(&decisions[2]), DecisionRecord { decision: middle.clone(), overrides: granted }, alone(&decisions[0])];
    for record in &wanted {
        assert_eq!(get(store, record.decision.id).await.as_ref(), Some(record));
    }
    for limit in [1, 2, 3, 10] {
        same(&all(store, &DecisionFilter::default(), limit).await, &wanted, "with overrides");
    }
}

/// 5: Overrides are never overwritten, and are of a decision that exists.
pub async fn overrides_are_never_overwritten(store: &dyn DecisionRepository) {
    let first = decision(1);
    let granted = override_of(&first, 1);
    assert!(!refused(store.append_override(first.id, granted.clone()).await), "there is nothing to name");
    assert_eq!(get(store, first.id).await, None);
    append(store, &first).await;
    assert_eq!(get(store, first.id).await, Some(alone(&first)), "an override of nothing was kept");
    let wanted = append_override(store, first.id, &granted).await;
    assert_eq!(append_override(store, first.id, &granted).await, wanted);
    let later = granted.expires_at + SignedDuration::from_hours(1);
    let other = Override { expires_at: later, ..granted.clone() };
    assert!(refused(store.append_override(first.id, other).await));
    assert_eq!(get(store, first.id).await, Some(wanted));
    let (second, third) = (override_of(&first, 2), override_of(&first, 3));
    let (one, other) =
        join(store.append_override(first.id, second.clone()), store.append_override(first.id, third.clone())).await;
    one.and(other).expect("neither keeps the other from it");
    let record = get(store, first.id).await.expect("it is there");
    assert_eq!(record.overrides, [granted, second, third]);
}

fn time(text: &str) -> Timestamp {
    text.parse().expect("the kit's times are valid")
}

/// 6: Lists are newest first and complete, however far apart in time.
pub async fn decisions_are_listed_newest_first(store: &dyn DecisionRepository) {
    let times = [
        "1970-01-01T00:00:00Z",
        "2015-12-31T23:59:59.999Z",
        "2016-01-01T00:00:00Z",
        "2026-10-31T23:59:59.999Z",
        "2026-11-01T00:00:00Z",
        "2026-11-01T00:00:00.001Z",
        "2026-11-30T00:00:00Z",
        "2100-02-28T00:00:00Z",
    ];
    let decisions: Vec<Decision> = times.iter().enumerate().map(|(i, at)| decision_at(time(at), i)).collect();
    // Not in their order.
    for place in [3, 0, 7, 1, 5, 2, 6, 4] {
        append(store, &decisions[place]).await;
    }
    let wanted: Vec<DecisionRecord> = decisions.iter().rev().map(alone).collect();
    for limit in [1, 2, 3, 7, 8, 200] {
        same(&all(store, &DecisionFilter::default(), limit).await, &wanted, "newest first");
    }
    let page = store.list(&DecisionFilter::default(), Some(decisions[4].id), 2).await.expect("a list succeeds");
    assert!(page.items.iter().all(|record| record.decision.id < decisions[4].id), "those before");
    let last = store.list(&DecisionFilter::default(), Some(decisions[0].id), 2).await.expect("a list succeeds");
    assert_eq!((last.items, last.next), (vec![], None));
}

/// 7: A list shows what matches its filter, all of it, and nothing else.
pub async fn decisions_are_filtered(store: &dyn DecisionRepository) {
    let begin = time("2026-10-30T00:00:00Z");
    let made: Vec<Decision> = (0..24_usize)
        .map(|number| {
            let hours = SignedDuration::from_hours(4 * i64::try_from(number).expect("few"));
            // Finer than a millisecond, which the identifier does not tell.
            decision_at(begin + hours + SignedDuration::from_nanos(500), number)
        })
        .collect();
    for decision in &made {
        append(store, decision).await;
    }
    let exactly = made[7].decided.at;
    let mut filters = vec![
        DecisionFilter { from: Some(exactly), ..DecisionFilter::default() },
        DecisionFilter { to: Some(exactly), ..DecisionFilter::default() },
        DecisionFilter { from: Some(exactly + SignedDuration::from_nanos(1)), ..DecisionFilter::default() },
        DecisionFilter { from: Some(exactly), to: Some(made[15].decided.at), ..DecisionFilter::default() },
        DecisionFilter { to: Some(begin), ..DecisionFilter::default() },
        DecisionFilter { objective: Some(name("nobody")), ..DecisionFilter::default() },
    ];
    for verdict in [Verdict::Ship, Verdict::Caution, Verdict::Hold] {
        filters.push(DecisionFilter { verdict: Some(verdict), ..DecisionFilter::default() });
    }
    for objective in ["objective-0", "objective-1", "objective-2"] {
        filters.push(DecisionFilter { objective: Some(name(objective)), ..DecisionFilter::default() });
        filters.push(DecisionFilter {
            objective: Some(name(objective)),
            verdict: Some(Verdict::Hold),
            from: Some(exactly),
            ..DecisionFilter::default()
        });
    }
    for filter in filters {
        let wanted: Vec<DecisionRecord> = made.iter().rev().filter(|d| filter.matches(d)).map(alone).collect();
        assert!(wanted.len() < made.len(), "the filter leaves nothing out");
        for limit in [1, 5, 200] {
            same(&all(store, &filter, limit).await, &wanted, &format!("{filter:?}"));
        }
    }
}

/// 8: The largest decisions are kept; so many of them that no single answer of a store holds them.
pub async fn the_largest_decisions_are_kept(store: &dyn DecisionRepository) {
    let decisions: Vec<Decision> = (0..6).map(large_decision).collect();
    for decision in &decisions {
        append(store, decision).await;
        // Not `assert_eq`: there is much of it.
        assert!(get(store, decision.id).await == Some(alone(decision)), "it is another one");
    }
    let wanted: Vec<DecisionRecord> = decisions.iter().rev().map(alone).collect();
    same(&all(store, &DecisionFilter::default(), 200).await, &wanted, "large ones");
}

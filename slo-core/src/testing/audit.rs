//! One function per clause of [`AuditRepository`](crate::AuditRepository)'s contract, in its order.
//!
//! Each takes a [`Service`] on empty stores and panics when the stores break the clause.

use futures_util::future::{join, join_all};
use jiff::{SignedDuration, Timestamp};

pub use super::audit_lists::{audits_are_complete, audits_are_filtered, audits_are_listed_newest_first};
use super::reference::name;
use super::{Running, Sample, decision, override_of};
use crate::audit::{AuditAction, AuditEntry, AuditKind, AuditPlace, Deed};
use crate::decision::Decision;
use crate::indicator::Indicator;
use crate::objective::Objective;
use crate::policy::Policy;
use crate::repository::{AuditFilter, Definition, DefinitionRepository, RepositoryError};
use crate::revision::{Precondition, Revision, Stamp, Versioned};
use crate::service::{Managed, Service};
use crate::service_profile::ServiceProfile;
use crate::user::User;

/// A clause as a value.
pub type Clause = for<'a> fn(&'a Service) -> Running<'a>;

/// All clauses by name, in the order of the contract.
#[must_use]
pub fn clauses() -> Vec<(&'static str, Clause)> {
    crate::__audit_clauses! { [super::clause_list] Clause }
}

/// A second apart, finer than a millisecond, and by one of four; of every fifth nobody is known.
pub(super) fn stamp(number: u64) -> Stamp {
    let first: Timestamp = "2026-11-20T12:00:00.123456789Z".parse().expect("a timestamp");
    let at = first + SignedDuration::from_secs(number.cast_signed()) + SignedDuration::from_nanos(1);
    Stamp { at, by: (!number.is_multiple_of(5)).then(|| name(&format!("user-{}", number % 5))) }
}

pub(super) fn entry(stamp: Stamp, action: AuditAction, kind: AuditKind, text: &str, revision: u64) -> AuditEntry {
    let (name, revision) = (name(text), Revision::new(revision));
    AuditEntry { stamp, action, kind, name, part: None, revision, annexed: 0 }
}

/// Follows all pages.
pub(super) async fn all(service: &Service, filter: &AuditFilter, limit: usize) -> Vec<AuditEntry> {
    let (mut items, mut before) = (Vec::new(), None::<AuditPlace>);
    loop {
        let page = service.audit.list(filter, before.clone(), limit).await.expect("a list succeeds");
        assert!(page.items.len() <= limit, "{} items of at most {limit}", page.items.len());
        items.extend(page.items);
        let Some(next) = page.next else { return items };
        assert!(before.is_none_or(|before| next < before), "a page ends where it began");
        before = Some(next);
    }
}

/// Everything, oldest first, is this.
async fn holds(service: &Service, wanted: &[AuditEntry], after: &str) {
    let mut got = all(service, &AuditFilter::default(), 200).await;
    got.reverse();
    assert_eq!(got, wanted, "after {after}");
}

/// Whether it was refused because of the precondition.
#[track_caller]
fn refused<T>(answer: Result<T, RepositoryError>, what: &str) {
    match answer {
        Err(RepositoryError::Precondition { .. }) => {}
        Err(other) => panic!("{what}: {other} instead of a refusal"),
        Ok(_) => panic!("{what} was not refused"),
    }
}

/// Two lives of a name. From this number of a stamp on, after what is told already; answers with the next number.
async fn two_lives<D: Managed>(service: &Service, values: [D; 3], told: &mut Vec<AuditEntry>, number: u64) -> u64 {
    let (store, kind) = (D::repository(service), AuditKind::from(D::KIND));
    let text = values[0].name().as_str().to_owned();
    let [first, second, third] = values;
    let steps = [
        (Some(first), Precondition::Absent, AuditAction::Created),
        (Some(second), Precondition::Revision(Revision::FIRST), AuditAction::Replaced),
        (Some(third.clone()), Precondition::Present, AuditAction::Replaced),
        (None, Precondition::Present, AuditAction::Deleted),
        (Some(third), Precondition::Absent, AuditAction::Created),
    ];
    let mut revision = 0;
    for (value, precondition, action) in steps {
        revision += 1;
        let stamp = stamp(number + revision);
        match value {
            Some(value) => drop(store.put(value, precondition, stamp.clone()).await.expect("it is written")),
            None => store.delete(&name(&text), precondition, stamp.clone()).await.expect("it is deleted"),
        }
        told.push(entry(stamp, action, kind, &text, revision));
        holds(service, told, "a write").await;
    }
    let nothing = name("nothing");
    store.delete(&nothing, Precondition::Absent, stamp(number + 6)).await.expect("there is nothing to delete");
    holds(service, told, "a delete of nothing").await;
    number + 7
}

/// 1: Each version and deletion leaves one entry, which stays.
pub async fn versions_are_audited(service: &Service) {
    let told = &mut Vec::new();
    let of = |text: &str| name(text);
    let next = two_lives(service, [0, 1, 2].map(|i| Indicator::sample(of("site"), i)), told, 0).await;
    let next = two_lives(service, [0, 1, 2].map(|i| Objective::sample(of("fast"), i)), told, next).await;
    let next = two_lives(service, [0, 1, 2].map(|i| User::sample(of("ann"), i)), told, next).await;
    let next = two_lives(service, [Policy::default(), Policy::default(), Policy::default()], told, next).await;
    two_lives(service, [0, 1, 2].map(|i| ServiceProfile::sample(of("web"), i)), told, next).await;
}

/// Writes an annex with or without a deed, and tells what the audit must say of it.
pub(super) async fn annex<D: Sample>(
    store: &dyn DefinitionRepository<D>,
    before: Versioned<D>,
    number: u64,
    action: Option<AuditAction>,
    told: &mut Vec<AuditEntry>,
) -> Versioned<D> {
    let (stamp, part) = (stamp(number), name(&format!("part-{number}")));
    let deed = action.map(|action| Deed { stamp: stamp.clone(), action, part: part.clone() });
    let annex = D::annex(usize::try_from(number).expect("few"));
    let of = before.value.name();
    let after = store.annex(of, annex, before.seen(), deed).await.expect("it is written");
    if let Some(action) = action {
        let entry = entry(stamp, action, D::KIND.into(), of.as_str(), after.revision.get());
        told.push(AuditEntry { part: Some(part), annexed: after.annexed, ..entry });
    }
    after
}

/// Writes an empty annex.
pub(super) async fn emptied<D: Definition>(
    store: &dyn DefinitionRepository<D>,
    before: &Versioned<D>,
    deed: Deed,
) -> Result<Versioned<D>, RepositoryError> {
    store.annex(before.value.name(), D::Annex::default(), before.seen(), Some(deed)).await
}

/// 2: Each annex with a deed leaves one entry.
pub async fn annexes_are_audited(service: &Service) {
    let (told, fast, ann) = (&mut Vec::new(), name("fast"), name("ann"));
    for life in 0..2 {
        let (number, revision) = (20 * life, 3 * life + 1);
        let value = Objective::bare(fast.clone());
        let current =
            service.objectives.put(value.clone(), Precondition::Absent, stamp(number)).await.expect("written");
        told.push(entry(stamp(number), AuditAction::Created, AuditKind::Objective, "fast", revision));
        let added = Some(AuditAction::ExclusionAdded);
        let current = annex(&*service.objectives, current, number + 1, added, told).await;
        let current = annex(&*service.objectives, current, number + 2, added, told).await;
        holds(service, told, "two annexes").await;
        annex(&*service.objectives, current, number + 3, None, told).await;
        holds(service, told, "an annex without a deed").await;
        let current = service.objectives.put(value, Precondition::Present, stamp(number + 4)).await.expect("written");
        let replaced = entry(stamp(number + 4), AuditAction::Replaced, AuditKind::Objective, "fast", revision + 1);
        told.push(AuditEntry { annexed: 3, ..replaced });
        annex(&*service.objectives, current, number + 5, Some(AuditAction::ExclusionDeleted), told).await;
        holds(service, told, "an annex beside another version").await;
        service.objectives.delete(&fast, Precondition::Present, stamp(number + 6)).await.expect("it is deleted");
        told.push(entry(stamp(number + 6), AuditAction::Deleted, AuditKind::Objective, "fast", revision + 2));
    }
    let current = service.users.put(User::bare(ann), Precondition::Absent, stamp(40)).await.expect("it is written");
    told.push(entry(stamp(40), AuditAction::Created, AuditKind::User, "ann", 1));
    let current = annex(&*service.users, current, 41, Some(AuditAction::TokenCreated), told).await;
    let current = annex(&*service.users, current, 42, None, told).await;
    annex(&*service.users, current, 43, Some(AuditAction::TokenRevoked), told).await;
    holds(service, told, "annexes of a user").await;
}

fn decided(decision: &Decision) -> AuditEntry {
    let stamp = decision.decided.clone();
    entry(stamp, AuditAction::Decided, AuditKind::Decision, &decision.id.to_string(), 0)
}

/// 3: Each decision and each override leaves one entry, however often it is told.
pub async fn decisions_are_audited(service: &Service) {
    let (told, store) = (&mut Vec::new(), &*service.decisions);
    for number in [1, 20] {
        let made = decision(number);
        for _ in 0..2 {
            store.append(made.clone()).await.expect("it is kept");
            if told.last().is_none_or(|last: &AuditEntry| last.name != made.id.into()) {
                told.push(decided(&made));
            }
            holds(service, told, "a decision").await;
        }
        for number in 1..3 {
            let granted = override_of(&made, number);
            let stamp = granted.granted.clone();
            let entry = entry(stamp, AuditAction::Overridden, AuditKind::Decision, &made.id.to_string(), 0);
            told.push(AuditEntry { part: Some(granted.id.into()), ..entry });
            for _ in 0..2 {
                store.append_override(made.id, granted.clone()).await.expect("it is kept");
                holds(service, told, "an override").await;
            }
        }
        store.append(made).await.expect("it is there");
        holds(service, told, "a decision again").await;
    }
}

/// 4: What was refused leaves nothing.
pub async fn refused_writes_are_not_audited(service: &Service) {
    let (fast, nothing) = (name("fast"), name("nothing"));
    let value = |number| Objective::sample(fast.clone(), number);
    let made = decision(1);
    let granted = override_of(&made, 1);
    service.objectives.put(value(0), Precondition::Absent, stamp(0)).await.expect("it is written");
    service.objectives.put(value(1), Precondition::Present, stamp(1)).await.expect("it is written");
    service.decisions.append(made.clone()).await.expect("it is kept");
    service.decisions.append_override(made.id, granted.clone()).await.expect("it is kept");
    let mut told = all(service, &AuditFilter::default(), 200).await;
    assert_eq!(told.len(), 4, "there is an entry for each write");
    told.reverse();

    let old = Precondition::Revision(Revision::FIRST);
    refused(service.objectives.put(value(2), Precondition::Absent, stamp(2)).await, "a second creation");
    refused(service.objectives.put(value(2), old, stamp(3)).await, "a put of an old revision");
    holds(service, &told, "refused puts").await;
    refused(service.objectives.delete(&fast, old, stamp(4)).await, "a delete of an old revision");
    refused(service.objectives.delete(&nothing, Precondition::Present, stamp(5)).await, "a delete of nothing");
    holds(service, &told, "refused deletes").await;
    let deed = || Some(Deed { stamp: stamp(6), action: AuditAction::ExclusionAdded, part: name("part") });
    let current = service.objectives.get(&fast).await.expect("a read succeeds").expect("it is there");
    let seen = crate::Annexed { annexed: 7, ..current.seen() };
    refused(service.objectives.annex(&fast, Objective::annex(1), seen, deed()).await, "an annex of another state");
    let seen = current.seen();
    refused(service.objectives.annex(&nothing, Objective::annex(1), seen, deed()).await, "an annex of nothing");
    holds(service, &told, "refused annexes").await;
    let mut other = made.clone();
    other.decided = stamp(8);
    refused(service.decisions.append(other).await, "another decision");
    holds(service, &told, "a refused decision").await;
    let mut other = granted;
    other.granted = stamp(9);
    refused(service.decisions.append_override(made.id, other).await, "another override");
    refused(service.decisions.append_override(decision(2).id, override_of(&decision(2), 1)).await, "one of nothing");
    holds(service, &told, "refused overrides").await;
}

/// 4: Of concurrent writers those who succeeded leave one each, also in the same instant.
pub async fn races_are_audited_as_won(service: &Service) {
    let by = |number: usize| Stamp { by: Some(name(&format!("racer-{number}"))), ..stamp(1) };
    let fast = name("fast");
    let mut told = Vec::new();
    let mut won = |answers: Vec<bool>, what: &str| {
        let winners: Vec<usize> = (0..answers.len()).filter(|i| answers[*i]).collect();
        assert_eq!(winners.len(), 1, "of concurrent {what} one succeeds");
        told.push(by(winners[0]));
    };
    let put = async |number: usize, precondition| {
        service.objectives.put(Objective::sample(fast.clone(), number), precondition, by(number)).await.is_ok()
    };
    won(join_all((0..8).map(|number| put(number, Precondition::Absent))).await, "creations");
    won(join_all((0..8).map(|number| put(number, Precondition::Revision(Revision::FIRST)))).await, "puts");
    let current = service.objectives.get(&fast).await.expect("a read succeeds").expect("it is there");
    let annex = async |number: usize| {
        let deed = Deed { stamp: by(number), action: AuditAction::ExclusionAdded, part: name("part") };
        service.objectives.annex(&fast, Objective::annex(number), current.seen(), Some(deed)).await.is_ok()
    };
    won(join_all((0..8).map(annex)).await, "annexes");
    let now = Precondition::Revision(current.revision);
    let delete = async |number: usize| service.objectives.delete(&fast, now, by(number)).await.is_ok();
    won(join_all((0..8).map(delete)).await, "deletes");
    let append = async |number: usize| {
        let made = Decision { id: decision(1).id, decided: by(number), ..decision(1) };
        service.decisions.append(made).await.is_ok()
    };
    let answers = join_all((0..8).map(append)).await;
    won(answers, "decisions");
    let mut got = all(service, &AuditFilter::default(), 200).await;
    got.sort_by_key(|entry| (entry.kind == AuditKind::Decision, entry.place()));
    let stamps: Vec<Stamp> = got.into_iter().map(|entry| entry.stamp).collect();
    assert_eq!(stamps, told);

    // A version and an annex, whichever comes first; and many that do not meet.
    let ann = service.users.put(User::bare(name("ann")), Precondition::Absent, stamp(2)).await.expect("it is written");
    let deed = Deed { stamp: stamp(3), action: AuditAction::TokenCreated, part: name("token") };
    let (replaced, annexed) = join(
        service.users.put(User::sample(name("ann"), 1), Precondition::Present, stamp(3)),
        emptied(&*service.users, &ann, deed),
    )
    .await;
    replaced.expect("an annex is no other revision");
    annexed.expect("a version is no other annex");
    let users = (0..16).map(|number| {
        let user = User::bare(name(&format!("user-{number}")));
        service.users.put(user, Precondition::Absent, stamp(4))
    });
    assert!(join_all(users).await.iter().all(Result::is_ok), "they do not meet");
    let users = AuditFilter { kind: Some(AuditKind::User), ..AuditFilter::default() };
    let got = all(service, &users, 200).await;
    let actions = |wanted| got.iter().filter(|entry| entry.action == wanted).count();
    let counts = [AuditAction::Created, AuditAction::Replaced, AuditAction::TokenCreated].map(actions);
    assert_eq!((counts, got.len()), ([17, 1, 1], 19));
}

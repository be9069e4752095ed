//! Versions and annexes of one definition at the same time: every order of their requests, with an
//! answer lost at every point.

mod common;
#[path = "common/stage.rs"]
mod stage;

use common::{Checked, name, stamp};
use futures_util::future::{BoxFuture, join_all};
use slo_core::testing::Sample as _;
use slo_core::{
    Annexed, AuditFilter, Error, Exclusion, Filter, MAX_EXCLUSIONS, MAX_OWNERS, Name, Objective, Precondition,
    RepositoryError, Revision, Service, Versioned,
};
use stage::Stage;
use tokio::task::JoinSet;

fn objective(objective: &Name, number: usize) -> Objective {
    Objective::sample(objective.clone(), number)
}

fn exclusion(id: &str) -> Exclusion {
    Exclusion { id: name(id), ..Objective::annex(0).swap_remove(0) }
}

/// What a writer does with an objective that is there in its first revision, until it knows that it
/// is done.
type Work = fn(Service, Name) -> BoxFuture<'static, ()>;

fn replaces(service: Service, shop: Name) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        let mut lost = false;
        loop {
            let demanded = Precondition::Revision(Revision::FIRST);
            match service.objectives.put(objective(&shop, 1), demanded, stamp()).await {
                Ok(_) => return,
                Err(RepositoryError::Unavailable(_)) => lost = true,
                // It was the write that had no answer.
                Err(RepositoryError::Precondition { .. }) if lost => return,
                Err(error) => panic!("no other version is written, but: {error}"),
            }
        }
    })
}

fn recreates(service: Service, shop: Name) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        while let Err(RepositoryError::Unavailable(_)) =
            service.objectives.delete(&shop, Precondition::Revision(Revision::FIRST), stamp()).await
        {}
        while let Err(RepositoryError::Unavailable(_)) =
            service.objectives.put(objective(&shop, 1), Precondition::Absent, stamp()).await
        {}
    })
}

/// Writes what it has seen in the first life.
fn annexes_the_first_life(service: Service, shop: Name) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        let seen = Annexed { born: Revision::FIRST, annexed: 0 };
        while let Err(RepositoryError::Unavailable(_)) =
            service.objectives.annex(&shop, vec![exclusion("one")], seen, None).await
        {}
    })
}

fn adds_one(service: Service, shop: Name) -> BoxFuture<'static, ()> {
    Box::pin(adds(service, shop, "one"))
}

fn adds_another(service: Service, shop: Name) -> BoxFuture<'static, ()> {
    Box::pin(adds(service, shop, "another"))
}

async fn adds(service: Service, shop: Name, id: &'static str) {
    loop {
        match service.add_exclusion(&shop, exclusion(id)).await {
            Ok(added) => return assert_eq!(added, exclusion(id)),
            Err(Error::Repository(RepositoryError::Unavailable(_))) => {}
            Err(error) => panic!("it is added, but: {error}"),
        }
    }
}

/// Tries every order; answers with how many there are. Those that begin alike come one after the other, and beside
/// them those that begin otherwise, because writers that met wait.
async fn every_order(work: &[Work], check: impl Fn(&Versioned<Objective>, &str)) -> usize {
    // Each may come first, and its answer may be lost.
    let begins = (0..2 * work.len()).map(|first| every_order_from(first, work, &check));
    join_all(begins).await.into_iter().sum()
}

/// Each on a stage of its own, because the engine looks through all transactions that it ever made.
async fn every_order_from(first: usize, work: &[Work], check: impl Fn(&Versioned<Objective>, &str)) -> usize {
    let shop = name("shop");
    let mut choices = vec![first];
    for run in 1.. {
        let mut stage = Stage::new(work.len()).await;
        let service = stage.reader.service();
        service.objectives.put(objective(&shop, 0), Precondition::Absent, stamp()).await.expect("it is created");
        stage.open(false);
        let mut running = JoinSet::new();
        for (writer, work) in stage.writers.iter().zip(work) {
            running.spawn(work(writer.service(), shop.clone()));
        }
        let taken = stage.run(running, &choices).await;

        let context = format!("after {taken:?}");
        let after = service.get::<Objective>(&shop).await.expect("it is there");
        check(&after, &context);
        // Of its owners now, those before, and nobody.
        for owner in (0..5).map(|number| name(&format!("user-{number}"))) {
            let shown = after.value.owners.contains(&owner).then(|| after.clone());
            let filter = Filter { owner: Some(owner), ..Filter::default() };
            let page = service.list::<Objective>(&filter, None, 10).await.expect("a list succeeds");
            assert_eq!(page.items, Vec::from_iter(shown), "{filter:?} {context}");
        }
        let changes = service.changes::<Objective>(&shop, None, 10).await.expect("a read succeeds");
        assert_eq!(u64::try_from(changes.len()).ok(), Some(after.revision.get()), "{context}");
        // Every version and every exclusion is told once.
        let told = service.audit(&AuditFilter::default(), None, 200).await.expect("a list succeeds").items;
        let (parts, versions): (Vec<_>, Vec<_>) = told.iter().rev().partition(|entry| entry.part.is_some());
        let revisions: Vec<_> = versions.iter().filter_map(|entry| entry.revision).collect();
        assert!(revisions.iter().eq(changes.iter().rev().map(|change| &change.revision)), "{told:?} {context}");
        let mut parts: Vec<&str> = parts.iter().filter_map(|entry| Some(entry.part.as_ref()?.as_str())).collect();
        parts.sort_unstable();
        assert_eq!(parts, ids(&after), "{context}");
        match stage::next(&taken) {
            Some(next) if next[0] == first => choices = next,
            _ => return run,
        }
    }
    unreachable!("the loop has no end");
}

fn ids(version: &Versioned<Objective>) -> Vec<&str> {
    let mut ids: Vec<&str> = version.annex.iter().map(|exclusion| exclusion.id.as_str()).collect();
    ids.sort_unstable();
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_and_an_annex_lose_nothing_of_each_other() {
    let orders = every_order(&[replaces, adds_one], |after, context| {
        assert_eq!(after.value, objective(&after.value.name, 1), "{context}");
        assert_eq!((after.revision.get(), ids(after), after.annexed), (2, vec!["one"], 1), "{context}");
    });
    assert!(orders.await > 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_annexes_lose_nothing_of_each_other() {
    let orders = every_order(&[adds_one, adds_another], |after, context| {
        assert_eq!((ids(after), after.annexed, after.revision.get()), (vec!["another", "one"], 2, 1), "{context}");
    });
    assert!(orders.await > 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_annex_is_of_one_life() {
    let orders = every_order(&[recreates, annexes_the_first_life], |after, context| {
        let version = (after.revision.get(), after.born.get(), after.value.clone());
        assert_eq!(version, (3, 3, objective(&after.value.name, 1)), "{context}");
        assert_eq!((ids(after), after.annexed), (vec![], 0), "{context}");
    });
    assert!(orders.await > 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_at_once_are_all_kept() {
    let (service, shop) = (common::service().await, name("shop"));
    service.objectives.put(objective(&shop, 0), Precondition::Absent, stamp()).await.expect("it is created");
    let ids: Vec<String> = (10..30).map(|i| format!("e{i}")).collect();
    let added = join_all(ids.iter().map(|id| service.add_exclusion(&shop, exclusion(id)))).await;
    assert!(added.iter().all(Result::is_ok), "{added:?}");
    assert_eq!(self::ids(&service.get::<Objective>(&shop).await.expect("it is there")), ids);
}

#[tokio::test]
async fn the_largest_objective_of_many_owners_has_room_for_all_its_exclusions() -> Checked {
    let (service, shop) = (common::service().await, name("shop"));
    let owned_by = |start: &str| {
        let owner = |i: usize| name(&format!("{start}{i:0>62}"));
        let mut large = Objective::large(shop.clone(), 1);
        large.owners = (0..MAX_OWNERS).map(owner).collect();
        large.sla.as_mut().expect("a sample has one").description.clone_from(&large.description);
        let conditions = &mut large.alert_policy.as_mut().expect("a sample has one").conditions;
        conditions.extend_from_within(..);
        large
    };
    let created = service.objectives.put(owned_by("a"), Precondition::Absent, stamp()).await?;
    let annexed = service.objectives.annex(&shop, Objective::large_annex(1), created.seen(), None).await?;
    assert_eq!(annexed.annex.len(), MAX_EXCLUSIONS);
    let replaced = service.objectives.put(owned_by("b"), Precondition::Present, stamp()).await?;
    assert!(replaced.annex == annexed.annex);
    Ok(())
}

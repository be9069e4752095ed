//! The use cases of exclusions: added, deleted, never lost.

use std::sync::{Arc, Mutex};

use slo_core::testing::{MockDefinitionRepository, Sample as _};
use slo_core::{
    Error, Exclusion, Fault, Kind, MAX_EXCLUSIONS, Name, Objective, Precondition, RepositoryError, Revision, Service,
    Stamp, Versioned,
};

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

fn stamp() -> Stamp {
    Stamp { at: "2026-11-20T12:00:00Z".parse().expect("a timestamp"), by: None }
}

fn exclusion(id: &str) -> Exclusion {
    Exclusion { id: name(id), ..Objective::annex(0).swap_remove(0) }
}

/// With an objective `fast`.
async fn service() -> Service {
    let service = Service::in_memory();
    let fast = Objective::bare(name("fast"));
    service.objectives.put(fast, Precondition::Absent, stamp()).await.expect("it is created");
    service
}

async fn exclusions(service: &Service) -> Vec<Exclusion> {
    service.get::<Objective>(&name("fast")).await.expect("it is there").annex
}

#[tokio::test]
async fn they_are_added_and_deleted_beside_the_objective() {
    let service = service().await;
    let fast = name("fast");
    let before = service.get::<Objective>(&fast).await.expect("it is there");
    for id in ["b", "a"] {
        assert_eq!(service.add_exclusion(&fast, exclusion(id)).await.expect("it is added"), exclusion(id));
    }
    assert_eq!(exclusions(&service).await, [exclusion("b"), exclusion("a")]);
    service.delete_exclusion(&fast, &name("b"), stamp()).await.expect("it is deleted");
    let after = service.get::<Objective>(&fast).await.expect("it is there");
    assert_eq!(after, Versioned { annex: vec![exclusion("a")], annexed: 3, ..before });
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let service = service().await;
    let (fast, slow, id) = (name("fast"), name("slow"), name("move"));
    let no_objective =
        |error: &Error| matches!(error, Error::NotFound { kind: Kind::Objective, name } if *name == slow);
    let error = service.add_exclusion(&slow, exclusion("move")).await.expect_err("no objective");
    assert!(no_objective(&error), "{error}");
    let error = service.delete_exclusion(&slow, &id, stamp()).await.expect_err("no objective");
    assert!(no_objective(&error), "{error}");
    let error = service.delete_exclusion(&fast, &id, stamp()).await.expect_err("no exclusion");
    assert_eq!(error.to_string(), "there is no exclusion move of fast; list them to see which there are");
    service.add_exclusion(&fast, exclusion("move")).await.expect("it is added");
    service.delete_exclusion(&fast, &id, stamp()).await.expect("it is deleted");
    let error = service.delete_exclusion(&fast, &id, stamp()).await.expect_err("no exclusion");
    assert!(matches!(error, Error::NoExclusion { .. }), "{error}");
}

#[tokio::test]
async fn there_are_at_most_so_many() {
    let service = service().await;
    let fast = name("fast");
    for i in 0..MAX_EXCLUSIONS {
        service.add_exclusion(&fast, exclusion(&format!("e{i}"))).await.expect("there is room");
    }
    match service.add_exclusion(&fast, exclusion("more")).await.expect_err("there is no room") {
        Error::Invalid { faults } => {
            let [Fault { pointer, code, detail }] = faults.as_slice() else { panic!("{faults:?}") };
            assert_eq!((pointer.as_str(), *code), ("", "tooMany"));
            assert!(detail.contains("delete old ones") && detail.contains("recurring"), "{detail}");
        }
        other => panic!("{other}"),
    }
    // One that is there already takes no room.
    service.add_exclusion(&fast, exclusion("e7")).await.expect("it is there");
    assert_eq!(exclusions(&service).await.len(), MAX_EXCLUSIONS);
    service.delete_exclusion(&fast, &name("e0"), stamp()).await.expect("it is deleted");
    service.add_exclusion(&fast, exclusion("more")).await.expect("there is room");
}

#[tokio::test]
async fn to_add_one_again_changes_nothing() {
    let service = service().await;
    let fast = name("fast");
    let first = service.add_exclusion(&fast, exclusion("move")).await.expect("it is added");
    let before = service.get::<Objective>(&fast).await.expect("it is there");
    let again = service.add_exclusion(&fast, first.clone()).await.expect("it is there");
    assert_eq!(again, first);
    assert_eq!(service.get::<Objective>(&fast).await.expect("it is there"), before);
}

/// A service with an objective `fast`, in which somebody meddles with what is stored before each write.
fn meddled(
    mut meddle: impl FnMut(&mut Versioned<Objective>, &[Exclusion]) -> Result<(), RepositoryError> + Send + 'static,
) -> Service {
    let fast = Versioned::first(Objective::bare(name("fast")), Revision::FIRST, stamp());
    let stored = Arc::new(Mutex::new(fast));
    let read = Arc::clone(&stored);
    let mut store = MockDefinitionRepository::new();
    store.expect_get().returning(move |_| Ok(Some(read.lock().expect("no panic under the lock").clone())));
    store.expect_annex().returning(move |_, annex, seen, _| {
        let mut stored = stored.lock().expect("no panic under the lock");
        meddle(&mut stored, &annex)?;
        if stored.seen() != seen {
            return Err(RepositoryError::Precondition { current: Some(stored.revision) });
        }
        *stored = stored.clone().with_annex(annex);
        Ok(stored.clone())
    });
    Service { objectives: Arc::new(store), ..Service::in_memory() }
}

/// Somebody else's exclusion comes before each of so many writes.
fn contended(others: usize) -> Service {
    let mut left = others;
    meddled(move |stored, _| {
        if left > 0 {
            left -= 1;
            let other = vec![exclusion(&format!("other-{left}"))];
            *stored = stored.clone().with_annex([stored.annex.clone(), other].concat());
        }
        Ok(())
    })
}

#[tokio::test]
async fn whoever_is_slower_looks_again_a_bounded_number_of_times() {
    let fast = name("fast");
    let service = contended(31);
    service.add_exclusion(&fast, exclusion("mine")).await.expect("the last attempt succeeds");
    let stored = exclusions(&service).await;
    assert_eq!((stored.len(), stored.last()), (32, Some(&exclusion("mine"))));

    let service = contended(32);
    let error = service.add_exclusion(&fast, exclusion("mine")).await.expect_err("somebody is always faster");
    assert!(matches!(error, Error::Repository(RepositoryError::Unavailable(_))), "{error}");
    assert!(!exclusions(&service).await.contains(&exclusion("mine")));
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_asking_again() {
    let fast = name("fast");
    // Every write is done, and no answer comes.
    let service = meddled(|stored, annex| {
        *stored = stored.clone().with_annex(annex.to_vec());
        Err(RepositoryError::Unavailable("the connection was reset".into()))
    });
    let lost = |error: &Error| matches!(error, Error::Repository(RepositoryError::Unavailable(_)));
    let error = service.add_exclusion(&fast, exclusion("move")).await.expect_err("nobody knows");
    assert!(lost(&error), "{error}");
    assert_eq!(service.add_exclusion(&fast, exclusion("move")).await.expect("it is there"), exclusion("move"));
    assert_eq!(exclusions(&service).await, [exclusion("move")]);

    let error = service.delete_exclusion(&fast, &name("move"), stamp()).await.expect_err("nobody knows");
    assert!(lost(&error), "{error}");
    let error = service.delete_exclusion(&fast, &name("move"), stamp()).await.expect_err("it is gone");
    assert!(matches!(error, Error::NoExclusion { .. }), "{error}");
}

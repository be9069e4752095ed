//! What happens when DynamoDB does not answer, answers late or asks to come back, and when a writer
//! dies: attempts are bounded, the error says so, and sending again settles everything.

mod common;
#[path = "common/faulty.rs"]
mod faults;

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use common::{Checked, DAY, client, cost, expire, measurement, name, series, stamp, write};
use faults::{Fault, faulty};
use futures_util::future::{join_all, join5};
use slo_core::testing::Sample as _;
use slo_core::{
    AuditEntry, AuditFilter, AuditRepository as _, Bucket, DefinitionRepository as _, EventCounts, Filter, Indicator,
    Measurement, MeasurementRepository as _, Objective, Period, Precondition, RepositoryError, Resolution,
    StateRepository as _, Versioned,
};
use slo_dynamo::{DynamoDefinitions, DynamoMeasurements, DynamoStates, Store};

const HOURS: Resolution = Resolution::Hours { cuts: Vec::new() };

fn measurements(client: &Client) -> DynamoMeasurements {
    Store::builder(client.clone()).build().measurements()
}

fn objectives(client: &Client) -> DynamoDefinitions<Objective> {
    Store::builder(client.clone()).build().definitions()
}

fn states(client: &Client) -> DynamoStates {
    Store::builder(client.clone()).build().states()
}

/// The totals of three days by the hour, which asks the days, and by the minute, which asks the hours.
async fn totals(client: &Client) -> [u128; 2] {
    let days = Period::new(DAY - 1_440, DAY + 2 * 1_440);
    let store = measurements(client);
    let total = async |resolution| {
        let buckets: Vec<Bucket> = store.read(&series(), days, &resolution).await.expect("a read succeeds");
        buckets.iter().map(|bucket| bucket.counts.total()).sum()
    };
    [total(HOURS).await, total(Resolution::Minutes).await]
}

#[track_caller]
fn unavailable<T: std::fmt::Debug>(answer: &Result<T, RepositoryError>) {
    assert!(matches!(answer, Err(RepositoryError::Unavailable(_))), "{answer:?}");
}

#[tokio::test]
async fn attempts_are_bounded_and_the_error_says_to_try_later() -> Checked {
    let good = client().await;
    let site = Objective::bare(name("site"));
    objectives(&good).put(site.clone(), Precondition::Absent, stamp()).await?;
    write(&measurements(&good), "default", vec![measurement(DAY)]).await?;
    for fault in [Fault::Throttled, Fault::Internal, Fault::Hangs] {
        let bad = faulty(&good, move |_, _| Some(fault));
        let (measurements, objectives) = (measurements(&bad), objectives(&bad));
        let begun = Instant::now();
        // All at once, because to hang takes time.
        let ((wrote, (calls, ..)), read, got, listed, put) = join5(
            cost(write(&measurements, "default", vec![measurement(DAY)])),
            measurements.read(&series(), Period::new(DAY, DAY + 1), &HOURS),
            objectives.get(&site.name),
            objectives.list(&Filter::default(), None, 10),
            objectives.put(site.clone(), Precondition::Present, stamp()),
        )
        .await;
        assert_eq!(calls, 3, "{fault:?}");
        unavailable(&wrote);
        unavailable(&read);
        unavailable(&got);
        unavailable(&listed);
        unavailable(&put);
        assert!(begun.elapsed() < Duration::from_secs(20), "{fault:?}: {:?}", begun.elapsed());
    }
    // Only the writes; first the hour, then the day, then the transaction.
    for (operation, key) in [("UpdateItem", "H#"), ("UpdateItem", "D#"), ("TransactWriteItems", "")] {
        let bad = faulty(&good, move |asked, body| (asked == operation && body.contains(key)).then_some(Fault::Lost));
        let (wrote, (calls, ..)) = cost(async {
            match key {
                "" => objectives(&bad).put(site.clone(), Precondition::Present, stamp()).await.map(drop),
                _ => write(&measurements(&bad), "default", vec![measurement(DAY + 1)]).await.map(drop),
            }
        })
        .await;
        unavailable(&wrote);
        assert!(calls <= 5, "{operation} {key}: {calls}");
    }
    // Nobody was told, but it is so; sending again settles it.
    assert_eq!(objectives(&good).changes(&site.name, None, 10).await?.len(), 2);
    let again = write(&measurements(&good), "default", vec![measurement(DAY), measurement(DAY + 1)]).await?;
    assert_eq!((again.accepted, again.replayed), (0, 2));
    assert_eq!(totals(&good).await, [2_000; 2]);
    Ok(())
}

#[tokio::test]
async fn a_refusal_says_what_to_do() -> Checked {
    let good = client().await;
    for (code, advice) in [
        ("AccessDeniedException", "allow the role"),
        ("ResourceNotFoundException", "create the tables"),
        ("ValidationException", "compare the tables"),
        ("ExpiredTokenException", "renew them"),
    ] {
        let bad = faulty(&good, move |_, _| Some(Fault::Refused(code)));
        let (answer, (calls, ..)) = cost(objectives(&bad).get(&name("site"))).await;
        let error = answer.expect_err("it is refused");
        assert!(matches!(error, RepositoryError::Broken { .. }) && error.to_string().contains(advice), "{error}");
        assert!(calls <= 3);
    }
    Ok(())
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_the_next_attempt() -> Checked {
    let good = client().await;
    let sent = AtomicUsize::new(0);
    let lossy = faulty(&good, move |operation, _| {
        let odd = operation != "GetItem" && sent.fetch_add(1, Relaxed).is_multiple_of(2);
        odd.then_some(Fault::Lost)
    });
    let receipt = write(&measurements(&lossy), "default", vec![measurement(DAY), measurement(DAY + 1)]).await?;
    assert_eq!(receipt.accepted + receipt.replayed, 2);
    assert_eq!(totals(&good).await, [2_000; 2]);
    // A transaction's second attempt carries the token of the first.
    let site = Objective::bare(name("site"));
    let put = objectives(&lossy).put(site.clone(), Precondition::Absent, stamp()).await?;
    assert_eq!(objectives(&good).get(&site.name).await?, Some(put.clone()));
    let created = put.clone();
    let annexed = objectives(&lossy).annex(&site.name, Objective::annex(1), put.seen(), None).await?;
    assert_eq!(annexed, Versioned { annex: Objective::annex(1), annexed: 1, ..put });
    assert_eq!(objectives(&good).get(&site.name).await?, Some(annexed));
    assert_eq!(objectives(&good).changes(&site.name, None, 10).await?.len(), 1);
    let told = Store::builder(good).build().audit().list(&AuditFilter::default(), None, 10).await?;
    assert_eq!(told.items, [AuditEntry::written(&created)]);
    Ok(())
}

#[tokio::test]
async fn a_cancelled_transaction_is_begun_again_a_bounded_number_of_times() -> Checked {
    let good = client().await;
    let site = Objective::bare(name("site"));
    for reason in ["TransactionConflict", "ThrottlingError", "ConditionalCheckFailed"] {
        let cancelled = |times: usize| {
            let sent = AtomicUsize::new(0);
            faulty(&good, move |operation, _| {
                let cancel = operation == "TransactWriteItems" && sent.fetch_add(1, Relaxed) < times;
                cancel.then_some(Fault::Cancelled(reason))
            })
        };
        let (answer, (calls, ..)) =
            cost(objectives(&cancelled(usize::MAX)).put(site.clone(), Precondition::Absent, stamp())).await;
        unavailable(&answer);
        assert_eq!(calls, 63, "{reason}: 32 times a transaction, and a look before all but the first");
        let put = objectives(&cancelled(4)).put(site.clone(), Precondition::Absent, stamp()).await?;
        let annex = |times| {
            let store = objectives(&cancelled(times));
            let (name, seen) = (site.name.clone(), put.seen());
            async move { cost(store.annex(&name, Objective::annex(1), seen, None)).await }
        };
        let (answer, (calls, ..)) = annex(usize::MAX).await;
        unavailable(&answer);
        assert_eq!(calls, 64, "{reason}");
        assert_eq!(annex(4).await.0?.annexed, 1);
        objectives(&good).delete(&site.name, Precondition::Present, stamp()).await?;
    }
    let bad = faulty(&good, |operation, _| {
        (operation == "TransactWriteItems").then_some(Fault::Cancelled("ValidationError"))
    });
    let refused = objectives(&bad).put(site, Precondition::Absent, stamp()).await;
    assert!(matches!(refused, Err(RepositoryError::Broken { .. })), "{refused:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_life_that_came_and_went_while_a_name_was_created_is_not_overwritten() -> Checked {
    let good = client().await;
    let site = Objective::bare(name("site"));
    let (other, value, sent) = (objectives(&good), site.clone(), AtomicUsize::new(0));
    let slow = faulty(&good, move |operation, _| {
        if operation == "TransactWriteItems" && sent.fetch_add(1, Relaxed) == 0 {
            let life = async {
                other.put(value.clone(), Precondition::Absent, stamp()).await?;
                other.delete(&value.name, Precondition::Present, stamp()).await
            };
            let handle = tokio::runtime::Handle::current();
            tokio::task::block_in_place(|| handle.block_on(life)).expect("it comes and goes");
        }
        None
    });
    let created = objectives(&slow).put(site.clone(), Precondition::Absent, stamp()).await?;
    assert_eq!((created.revision.get(), created.born.get()), (3, 3));
    let changes = objectives(&good).changes(&site.name, None, 10).await?;
    let changes: Vec<_> = changes.iter().map(|change| (change.revision.get(), change.value.is_some())).collect();
    assert_eq!(changes, [(3, true), (2, false), (1, true)]);
    Ok(())
}

#[tokio::test]
async fn unprocessed_keys_are_asked_for_again_a_few_times() -> Checked {
    let good = client().await;
    let site = Objective::bare(name("site"));
    let filter = Filter { indicator: Some(site.series.indicator.clone()), ..Filter::default() };
    objectives(&good).put(site, Precondition::Absent, stamp()).await?;
    for (times, succeeds) in [(3, true), (9, false)] {
        let sent = AtomicUsize::new(0);
        let bad = faulty(&good, move |operation, _| {
            let leave = operation == "BatchGetItem" && sent.fetch_add(1, Relaxed) < times;
            leave.then_some(Fault::Unprocessed)
        });
        let list = objectives(&bad).list(&filter, None, 10).await;
        if succeeds { assert_eq!(list?.items.len(), 1) } else { unavailable(&list) }
    }
    Ok(())
}

#[tokio::test]
async fn hours_as_of_a_moment_ago_are_read_again() -> Checked {
    let period = Period::new(DAY + 20, DAY + 1_435);
    for sources in [&["default"][..], &["default", "eu"]] {
        let good = client().await;
        for source in sources {
            write(&measurements(&good), source, vec![measurement(DAY + 30), measurement(DAY + 1_430)]).await?;
        }
        // Another place, where a read that is not strongly consistent sees nothing yet.
        let behind = faulty(&good, |operation, body| {
            let hours = ["Query", "BatchGetItem"].contains(&operation);
            (hours && !body.contains(r#""ConsistentRead":true"#)).then_some(Fault::Behind)
        });
        let store = measurements(&behind);
        for resolution in [HOURS, HOURS, Resolution::Minutes] {
            let expected = measurements(&good).read(&series(), period, &resolution).await?;
            let total: u128 = expected.iter().map(|bucket| bucket.counts.total()).sum();
            assert_eq!(total, 2_000 * sources.len() as u128);
            let (buckets, (calls, read, _)) = cost(store.read(&series(), period, &resolution)).await;
            assert_eq!(buckets?, expected);
            // The day; two hours, together or not; each of them again.
            assert!(calls <= 5 && read <= 4_000, "{calls} calls, {read}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_image_that_is_not_told_is_fetched() -> Checked {
    let old = faulty(&client().await, |operation, _| (operation == "UpdateItem").then_some(Fault::NoImage));
    let store = measurements(&old);
    let conflicting = Measurement { counts: EventCounts::new(1, 1).expect("counts"), ..measurement(DAY) };
    write(&store, "default", vec![measurement(DAY)]).await?;
    let receipt = write(&store, "default", vec![conflicting, measurement(DAY + 1)]).await?;
    assert_eq!((receipt.accepted, receipt.conflicts), (1, vec![measurement(DAY)]));
    let receipt = write(&store, "default", vec![measurement(DAY), measurement(DAY + 1)]).await?;
    assert_eq!(receipt.replayed, 2);
    assert_eq!(totals(&old).await, [2_000; 2]);
    Ok(())
}

#[tokio::test]
async fn a_writer_that_died_between_the_steps_is_made_good_by_a_replay() -> Checked {
    let good = client().await;
    write(&measurements(&good), "default", vec![measurement(DAY)]).await?;
    let dies =
        faulty(&good, |operation, body| (operation == "UpdateItem" && body.contains("D#")).then_some(Fault::Hangs));
    unavailable(&write(&measurements(&dies), "default", vec![measurement(DAY + 1)]).await);
    assert_eq!(totals(&good).await, [1_000, 2_000], "the hour has it, the day does not");
    let receipt = write(&measurements(&good), "default", vec![measurement(DAY + 1)]).await?;
    assert_eq!((receipt.accepted, receipt.replayed), (0, 1));
    assert_eq!(totals(&good).await, [2_000; 2]);
    Ok(())
}

#[tokio::test]
async fn an_hour_that_expired_before_its_day_counts_again_when_written_again() -> Checked {
    let good = client().await;
    let store = measurements(&good);
    for minute in 0..5 {
        write(&store, "default", vec![measurement(DAY + minute)]).await?;
    }
    expire(&good, "H#2026110200#default").await;
    assert_eq!(totals(&good).await, [5_000, 0]);
    let (receipt, cost_of) = cost(write(&store, "default", vec![measurement(DAY + 7)])).await;
    assert_eq!((receipt?.accepted, totals(&good).await), (1, [1_000; 2]));
    // Refused by the day, looked at, raised, and written to the day.
    assert_eq!(cost_of, (5, 1_000, 4_000));
    write(&store, "default", vec![measurement(DAY + 8)]).await?;
    assert_eq!(totals(&good).await, [2_000; 2]);
    Ok(())
}

/// The day tells of the hour's former life, and of no fewer updates than its new one has.
#[tokio::test(flavor = "multi_thread")]
async fn an_hour_written_again_is_not_taken_for_what_it_was() -> Checked {
    // How often it was written before, and by how many that die while a writer is between its steps.
    for (before, die) in [(1, 0), (2, 0), (2, 1), (2, 2), (2, 5)] {
        let good = client().await;
        let store = measurements(&good);
        for minute in 0..before {
            write(&store, "default", vec![measurement(DAY + minute), measurement(DAY + 5 + minute)]).await?;
        }
        expire(&good, "H#2026110200#default").await;
        let (other, sent) = (good.clone(), AtomicUsize::new(0));
        let slow = faulty(&good, move |operation, body| {
            if operation == "UpdateItem" && body.contains("D#") && sent.fetch_add(1, Relaxed) == 0 {
                let dies = faulty(&other, |operation, body| {
                    (operation == "UpdateItem" && body.contains("D#")).then_some(Fault::Refused("AccessDenied"))
                });
                let others = async {
                    for minute in 0..die {
                        let died = write(&measurements(&dies), "default", vec![measurement(DAY + 20 + minute)]).await;
                        assert!(died.is_err());
                    }
                };
                let handle = tokio::runtime::Handle::current();
                tokio::task::block_in_place(|| handle.block_on(others));
            }
            None
        });
        assert_eq!(write(&measurements(&slow), "default", vec![measurement(DAY + 30)]).await?.accepted, 1);
        let total = 1_000 * u128::try_from(1 + die)?;
        assert_eq!(totals(&good).await, [total; 2], "{before} before, {die} die");
        assert_eq!(measurements(&good).reconcile(&series(), DAY, false, DAY.timestamp()).await?.hours, 0);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_storm_every_measurement_counts_once() -> Checked {
    let good = client().await;
    let sent = AtomicUsize::new(0);
    // A fifth of all requests: applied and lost, or refused.
    let storm = faulty(&good, move |_, _| match sent.fetch_add(7, Relaxed) % 20 {
        0 | 9 => Some(Fault::Lost),
        13 => Some(Fault::Throttled),
        4 => Some(Fault::Internal),
        _ => None,
    });
    // Six writers send overlapping parts of two sources' day, in their own order, corrected and not.
    let writers = (0..6).map(async |writer: i64| {
        let store = measurements(&storm);
        for part in 0..24 {
            let start = DAY + 60 * ((part * 5 + writer * 7) % 24);
            let source = if writer % 2 == 0 { "even" } else { "odd" };
            let revision = u64::try_from(writer / 2 % 2).expect("0 or 1");
            let minutes: Vec<_> =
                (0..90).map(|minute| Measurement { revision, ..measurement(start + minute) }).collect();
            let mut attempts = 0;
            while write(&store, source, minutes.clone()).await.is_err() {
                attempts += 1;
                assert!(attempts < 50, "it never gets through");
            }
        }
    });
    join_all(writers).await;
    // 24 hours and the 30 minutes after them, from two sources.
    assert_eq!(totals(&good).await, [2 * 1_470 * 1_000; 2]);
    Ok(())
}

#[tokio::test]
async fn a_missing_table_says_so() -> Checked {
    let engine = slo_dynamo::embedded::Engine::memory()?.client();
    let indicators: DynamoDefinitions<Indicator> = Store::builder(engine).build().definitions();
    let error = indicators.get(&name("site")).await.expect_err("no table");
    assert!(error.to_string().contains("create the tables"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_state_whose_answer_was_lost_is_recognised() -> Checked {
    let good = client().await;
    let key = name("alerts");
    let sent = AtomicUsize::new(0);
    let lossy = faulty(&good, move |operation, _| {
        let odd = operation == "PutItem" && sent.fetch_add(1, Relaxed).is_multiple_of(2);
        odd.then_some(Fault::Lost)
    });
    let mut current = None;
    for value in [b"one", b"two", b"two"] {
        // Applied, and its answer lost; refused; a look.
        let (written, cost_of) = cost(states(&lossy).write(&key, current, value.to_vec())).await;
        assert_eq!(cost_of, (3, 1_000, 1_000));
        let written = written?;
        assert!(current < Some(written));
        assert_eq!(states(&good).read(&key).await?, Some((written, value.to_vec())));
        current = Some(written);
    }
    Ok(())
}

/// Each attempt is applied and none answered: nobody knows, and reading tells.
#[tokio::test]
async fn a_state_that_nobody_answers_for_may_be_written() -> Checked {
    let good = client().await;
    let key = name("alerts");
    for fault in [Fault::Lost, Fault::Throttled, Fault::Internal] {
        let before = states(&good).read(&key).await?;
        let expected = before.as_ref().map(|(revision, _)| *revision);
        let bad = faulty(&good, move |operation, _| (operation == "PutItem").then_some(fault));
        let (written, (calls, ..)) = cost(states(&bad).write(&key, expected, b"x".to_vec())).await;
        // The last attempt is refused by the first, and nobody is told.
        unavailable(&written);
        assert_eq!(calls, 3, "{fault:?}");
        let after = states(&good).read(&key).await?;
        assert_eq!(after != before, matches!(fault, Fault::Lost), "{fault:?}");
        let silent = faulty(&good, move |_, _| Some(fault));
        unavailable(&states(&silent).read(&key).await);
    }
    Ok(())
}

/// The same value as another writer's, at the same time: only who wrote it is told so.
#[tokio::test(flavor = "multi_thread")]
async fn a_state_of_somebody_else_is_not_taken_for_ones_own() -> Checked {
    let good = client().await;
    let key = name("alerts");
    let (other, theirs, sent) = (states(&good), key.clone(), AtomicUsize::new(0));
    let slow = faulty(&good, move |operation, _| {
        if operation == "PutItem" && sent.fetch_add(1, Relaxed) == 0 {
            let handle = tokio::runtime::Handle::current();
            let write = other.write(&theirs, None, b"same".to_vec());
            tokio::task::block_in_place(|| handle.block_on(write)).expect("it is written");
        }
        None
    });
    let refused = states(&slow).write(&key, None, b"same".to_vec()).await;
    let there = states(&good).read(&key).await?.map(|(revision, _)| revision);
    assert!(matches!(refused, Err(RepositoryError::Precondition { current }) if current == there), "{refused:?}");
    Ok(())
}

/// An attempt was applied, its answer lost, and others have gone on from there.
#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_was_replaced_meanwhile_is_refused() -> Checked {
    let good = client().await;
    let key = name("alerts");
    let (other, theirs, sent) = (states(&good), key.clone(), AtomicUsize::new(0));
    let lossy = faulty(&good, move |operation, _| match (operation, sent.fetch_add(1, Relaxed)) {
        ("PutItem", 0) => Some(Fault::Lost),
        ("PutItem", 1) => {
            let handle = tokio::runtime::Handle::current();
            let next = async {
                let (revision, value) = other.read(&theirs).await?.expect("the first attempt");
                assert_eq!(value, b"ours");
                other.write(&theirs, Some(revision), b"theirs".to_vec()).await
            };
            tokio::task::block_in_place(|| handle.block_on(next)).expect("it is written");
            None
        }
        _ => None,
    });
    let refused = states(&lossy).write(&key, None, b"ours".to_vec()).await;
    let (there, value) = states(&good).read(&key).await?.expect("it is there");
    assert_eq!(value, b"theirs");
    assert!(matches!(refused, Err(RepositoryError::Precondition { current: Some(it) }) if it == there), "{refused:?}");
    Ok(())
}

#[tokio::test]
async fn a_state_too_long_for_an_item_is_refused_before_it_is_sent() -> Checked {
    let states = states(&client().await);
    let (refused, cost_of) = cost(states.write(&name("alerts"), None, vec![0; 409_000])).await;
    let error = refused.expect_err("it is too long");
    assert!(error.to_string().contains("make it smaller"), "{error}");
    assert_eq!(cost_of, (0, 0, 0));
    assert!(states.write(&name("alerts"), None, vec![0; 408_000]).await.is_ok());
    Ok(())
}

//! Days of many sources: what they cost before and after they are sealed, and that nothing else changes.

mod common;
#[path = "common/faulty.rs"]
mod faulty;

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use aws_sdk_dynamodb::types::AttributeValue;
use common::{Checked, DAY, client, cost, expire, key, look_for_sums, measurement, series, store, write};
use faulty::{Fault, faulty};
use jiff::Timestamp;
use slo_core::{Bucket, Measurement, MeasurementRepository as _, Minute, Period, Reconciled, Resolution};
use slo_dynamo::{DynamoMeasurements, Store};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

const DAY_MINUTES: i64 = 1_440;
const HOURS: Resolution = Resolution::Hours { cuts: Vec::new() };

fn now() -> Timestamp {
    (DAY + 40 * DAY_MINUTES).timestamp()
}

async fn reconcile(store: &DynamoMeasurements, day: Minute) -> Reconciled {
    store.reconcile(&series(), day, true, now()).await.expect("nothing is in its way")
}

/// Every answer about two days: by the hour and by the minute, with ends on the hour and not.
async fn everything(store: &DynamoMeasurements) -> Vec<Vec<Bucket>> {
    let mut answers = Vec::new();
    for (start, end) in [(0, 2 * DAY_MINUTES), (10, DAY_MINUTES + 70), (DAY_MINUTES - 30, DAY_MINUTES + 30)] {
        for resolution in [HOURS, Resolution::Minutes, Resolution::Hours { cuts: vec![DAY + 65, DAY + 1_500] }] {
            let period = Period::new(DAY + start, DAY + end);
            answers.push(store.read(&series(), period, &resolution).await.expect("nothing is in its way"));
        }
    }
    answers
}

/// Two days of four sources, of which one is silent on the second.
async fn two_days(store: &DynamoMeasurements) {
    for (i, source) in ["a", "b", "c", "d"].into_iter().enumerate() {
        let days = if source == "d" { 1 } else { 2 };
        let offset = i64::try_from(i).expect("few");
        let minutes = (0..days * 8).map(|minute| measurement(DAY + offset + 177 * minute)).collect();
        write(store, source, minutes).await.expect("nothing is in its way");
    }
}

#[tokio::test]
async fn no_answer_changes() -> Checked {
    let client = client().await;
    let store = Store::builder(client.clone()).build().measurements();
    two_days(&store).await;
    let before = everything(&store).await;
    assert_eq!(reconcile(&store, DAY + 100).await, Reconciled { hours: 0, days: 1 });
    assert_eq!(reconcile(&store, DAY).await, Reconciled::default(), "once");
    // By who knows nothing of it, who has read before, who reads again, and who reads the sums.
    let [other, summing] = [client.clone(), client].map(|client| Store::builder(client).build().measurements());
    look_for_sums(&summing).await;
    for reader in [&other, &store, &other, &summing, &summing] {
        assert_eq!(everything(reader).await, before);
    }
    // Late: a correction of what is there, more of a source, and another source.
    let corrected = Measurement { revision: 1, ..measurement(DAY + 177) };
    let corrected = Measurement { counts: slo_core::EventCounts::new(3, 5)?, ..corrected };
    let late = [("a", corrected), ("b", measurement(DAY + 5)), ("late", measurement(DAY + 6))];
    for (seals, (source, minute)) in late.into_iter().enumerate() {
        let before = everything(&other).await;
        write(&store, source, vec![minute]).await?;
        let after = everything(&other).await;
        assert_ne!(after, before, "{source}");
        assert_eq!(everything(&summing).await, after, "{source}");
        // What was not sealed tells the same.
        let plain = common::store().await.measurements();
        two_days(&plain).await;
        for (source, minute) in late.into_iter().take(seals + 1) {
            write(&plain, source, vec![minute]).await?;
        }
        assert_eq!(after, everything(&plain).await, "{source}");
        // Again and again: a replay does not take the sums back.
        assert_eq!(reconcile(&store, DAY).await, Reconciled { hours: 0, days: 1 });
        for writer in [&store, &other] {
            assert_eq!(write(writer, source, vec![minute]).await?.replayed, 1);
        }
        assert_eq!(reconcile(&store, DAY).await, Reconciled::default(), "{source}");
        for reader in [&other, &summing] {
            assert_eq!(everything(reader).await, after, "{source}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_sealer_may_die_anywhere() -> Checked {
    for dies_at in 0.. {
        for fault in [Fault::Lost, Fault::Refused("AccessDeniedException")] {
            let good = client().await;
            let store = Store::builder(good.clone()).build().measurements();
            two_days(&store).await;
            look_for_sums(&store).await;
            let before = everything(&store).await;
            let sent = AtomicUsize::new(0);
            // From then on nothing gets through, or no answer comes back.
            let dying = faulty(&good, move |_, _| (sent.fetch_add(1, Relaxed) >= dies_at).then_some(fault));
            let dying = Store::builder(dying).build().measurements();
            let died = dying.reconcile(&series(), DAY, true, now()).await.is_err();
            assert_eq!(everything(&store).await, before, "request {dies_at}");
            write(&store, "b", vec![measurement(DAY + 5)]).await?;
            let after = everything(&store).await;
            assert_ne!(after, before);
            assert_eq!(reconcile(&store, DAY).await, Reconciled { hours: 0, days: 1 });
            assert_eq!(everything(&store).await, after, "request {dies_at}");
            if !died {
                assert!(dies_at >= 11, "it has more requests");
                return Ok(());
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn what_a_writer_left_half_done_is_completed() -> Checked {
    let good = client().await;
    let store = Store::builder(good.clone()).build().measurements();
    two_days(&store).await;
    let period = Period::new(DAY, DAY + DAY_MINUTES);
    let total = async |resolution: Resolution| -> u128 {
        // By who keeps nothing.
        let reader = Store::builder(good.clone()).build().measurements();
        let buckets = reader.read(&series(), period, &resolution).await.expect("nothing is in its way");
        buckets.iter().map(|bucket| bucket.counts.total()).sum()
    };
    let before = total(HOURS).await;
    let dies = faulty(&good, |operation, body| {
        (operation == "UpdateItem" && body.contains("D#")).then_some(Fault::Refused("AccessDeniedException"))
    });
    let dies = Store::builder(dies).build().measurements();
    // Of a source that is known, and of one that is not.
    for source in ["a", "z"] {
        for minute in [5, 700] {
            assert!(write(&dies, source, vec![measurement(DAY + minute)]).await.is_err());
        }
    }
    assert_eq!([total(HOURS).await, total(Resolution::Minutes).await], [before, before + 4_000]);
    let unfinished = store.reconcile(&series(), DAY, false, now()).await?;
    assert_eq!(unfinished, Reconciled { hours: 4, days: 0 });
    assert_eq!([total(HOURS).await, total(Resolution::Minutes).await], [before + 4_000; 2]);
    assert_eq!(reconcile(&store, DAY).await, Reconciled { hours: 0, days: 1 });
    assert_eq!([total(HOURS).await, total(Resolution::Minutes).await], [before + 4_000; 2]);
    Ok(())
}

/// Whoever remembers a day that has expired does not take the next one for it.
#[tokio::test]
async fn a_day_that_is_begun_again_is_looked_after() -> Checked {
    let good = client().await;
    let store = Store::builder(good.clone()).build().measurements();
    two_days(&store).await;
    look_for_sums(&store).await;
    let before = everything(&store).await;
    write(&store, "z", vec![measurement(DAY + 5)]).await?;
    let with_it = everything(&store).await;
    for item in ["H#2026110200#z", "D#20261102#z"] {
        expire(&good, item).await;
    }
    assert_eq!(reconcile(&store, DAY).await.days, 1);
    assert_eq!(everything(&store).await, before);
    assert_eq!(write(&store, "z", vec![measurement(DAY + 5)]).await?.accepted, 1);
    assert_eq!(everything(&store).await, with_it);
    Ok(())
}

/// What was begun of a day that is gone is nothing that stays.
#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_expires_while_it_is_sealed_is_not_made_again() -> Checked {
    let good = client().await;
    let store = Store::builder(good.clone()).build().measurements();
    two_days(&store).await;
    let near = good.clone();
    let slow = faulty(&good, move |operation, body| {
        if operation == "UpdateItem" && body.contains("D#20261102#c") {
            block_in_place(|| Handle::current().block_on(expire(&near, "D#20261102#c")));
        }
        None
    });
    assert_eq!(reconcile(&Store::builder(slow).build().measurements(), DAY).await, Reconciled::default());
    let items = good.scan().table_name("counts").send().await?.items.unwrap_or_default();
    assert!(
        items.iter().all(|item| item.contains_key("ttl") && item["sk"].as_s().is_ok_and(|sk| sk != "D#20261102#c"))
    );
    Ok(())
}

#[tokio::test]
async fn what_a_new_source_left_half_done_is_not_left_out_of_sums() -> Checked {
    for finished in [false, true] {
        let good = client().await;
        let store = Store::builder(good.clone()).build().measurements();
        two_days(&store).await;
        look_for_sums(&store).await;
        assert_eq!(reconcile(&store, DAY).await.days, 1);
        let dies = faulty(&good, |operation, body| {
            (operation == "UpdateItem" && body.contains("D#")).then_some(Fault::Refused("AccessDeniedException"))
        });
        assert!(write(&Store::builder(dies).build().measurements(), "z", vec![measurement(DAY + 5)]).await.is_err());
        let done = store.reconcile(&series(), DAY, finished, now()).await?;
        assert_eq!(done, Reconciled { hours: 1, days: usize::from(finished) });
        let after = everything(&store).await;
        assert_eq!(write(&store, "z", vec![measurement(DAY + 5)]).await?.replayed, 1);
        assert_eq!(everything(&store).await, after);
        let plain = common::store().await.measurements();
        two_days(&plain).await;
        write(&plain, "z", vec![measurement(DAY + 5)]).await?;
        assert_eq!(everything(&plain).await, after);
    }
    Ok(())
}

/// What `what_a_writer_left_half_done_is_completed` is to the day step, to the look that follows it.
#[tokio::test]
async fn a_source_that_came_later_than_the_seal_and_died_is_completed() -> Checked {
    for sends_again in [false, true] {
        let good = client().await;
        let store = Store::builder(good.clone()).build().measurements();
        two_days(&store).await;
        look_for_sums(&store).await;
        assert_eq!(reconcile(&store, DAY).await, Reconciled { hours: 0, days: 1 });
        let before = everything(&store).await;
        let looks = AtomicUsize::new(0);
        let dies = faulty(&good, move |operation, _| {
            let dies = operation == "GetItem" && looks.fetch_add(1, Relaxed) == 0;
            dies.then_some(Fault::Refused("AccessDenied"))
        });
        let dies = Store::builder(dies).build().measurements();
        assert!(write(&dies, "z", vec![measurement(DAY + 5)]).await.is_err());
        // Nobody was told, and the sums do not tell.
        assert_eq!(everything(&store).await, before);
        if sends_again {
            assert_eq!(write(&dies, "z", vec![measurement(DAY + 5)]).await?.replayed, 1);
            assert_ne!(everything(&store).await, before);
        }
        assert_eq!(reconcile(&store, DAY).await, Reconciled { hours: 0, days: 1 });
        let after = everything(&store).await;
        assert_ne!(after, before);
        assert_eq!(reconcile(&store, DAY).await, Reconciled::default());
        assert_eq!(write(&store, "z", vec![measurement(DAY + 5)]).await?.replayed, 1);
        assert_eq!(everything(&store).await, after);
    }
    Ok(())
}

/// A mark proves nothing: it may be that of a sealer who was overtaken by one that did not see the day.
#[tokio::test]
async fn sums_of_another_generation_than_the_mark_are_taken_back() -> Checked {
    let good = client().await;
    let store = Store::builder(good.clone()).build().measurements();
    two_days(&store).await;
    look_for_sums(&store).await;
    for revision in 0..2 {
        assert_eq!(reconcile(&store, DAY).await.days, 1);
        write(&store, "a", vec![Measurement { revision, ..measurement(DAY + 5) }]).await?;
    }
    assert_eq!(reconcile(&store, DAY).await.days, 1);
    let before = everything(&store).await;
    let dies = faulty(&good, |operation, _| (operation == "GetItem").then_some(Fault::Refused("AccessDenied")));
    assert!(write(&Store::builder(dies).build().measurements(), "z", vec![measurement(DAY + 5)]).await.is_err());
    let mark = good.update_item().table_name("counts").set_key(Some(key("D#20261102#z")));
    let mark = mark.update_expression("SET m = :mark");
    mark.expression_attribute_values(":mark", AttributeValue::N("1".to_owned())).send().await?;
    assert_eq!(everything(&store).await, before);
    assert_eq!(write(&store, "z", vec![measurement(DAY + 5)]).await?.replayed, 1);
    assert_ne!(everything(&store).await, before);
    Ok(())
}

/// Six sources for thirty days: more than is read at once without being expected.
async fn thirty_days(store: &DynamoMeasurements) {
    for day in 0..30 {
        for source in ["a", "b", "c", "d", "e", "f"] {
            write(store, source, vec![measurement(DAY + day * DAY_MINUTES + 5)]).await.expect("nothing is in its way");
        }
    }
}

#[tokio::test]
async fn more_days_than_expected_are_counted_once() -> Checked {
    let client = client().await;
    let store = Store::builder(client.clone()).build().measurements();
    thirty_days(&store).await;
    let end = DAY + 30 * DAY_MINUTES;
    // None sealed, some among them, all but the last ones.
    for sealed in [0..0, 15..17, 0..28] {
        for day in sealed {
            reconcile(&store, DAY + day * DAY_MINUTES).await;
        }
        for resolution in [HOURS, Resolution::Minutes, Resolution::Hours { cuts: vec![end - 10_070, DAY + 4_330] }] {
            let reader = Store::builder(client.clone()).build().measurements();
            for times in 1..3 {
                let buckets = reader.read(&series(), Period::new(DAY, end), &resolution).await?;
                let totals: Vec<u128> = buckets.iter().map(|bucket| bucket.counts.total()).collect();
                assert_eq!(totals, [6_000; 30], "{resolution:?}, {times}");
            }
        }
    }
    Ok(())
}

/// Who has looked at one period knows as much of the others as before.
#[tokio::test]
async fn a_read_of_a_few_hours_makes_no_other_read_dearer() -> Checked {
    let store = store().await.measurements();
    thirty_days(&store).await;
    for day in 0..28 {
        assert_eq!(reconcile(&store, DAY + day * DAY_MINUTES).await.days, 1);
    }
    let end = DAY + 30 * DAY_MINUTES;
    let window = async |from: i64, to: i64| {
        let (buckets, cost) = cost(store.read(&series(), Period::new(end - from, end - to), &HOURS)).await;
        buckets.expect("nothing is in its way");
        cost
    };
    window(28 * DAY_MINUTES, 0).await;
    // Days alone and sums alone are one request; a month is the sums and the two days after them.
    for (from, to) in [(60, 0), (DAY_MINUTES, 0), (20 * DAY_MINUTES, 10 * DAY_MINUTES)] {
        assert_eq!(window(from, to).await, (1, 1_000, 0), "{from} to {to}");
        assert_eq!(window(28 * DAY_MINUTES, 0).await, (2, 2_000, 0), "after {from} to {to}");
    }
    Ok(())
}

/// A month of twenty sources, read at an end that lies inside an hour.
#[tokio::test]
async fn twenty_sources_cost_less_than_sixteen_units_a_month() -> Checked {
    let store = store().await.measurements();
    let sources: Vec<String> = (0..20).map(|i| format!("host-{i}")).collect();
    let end = DAY + 29 * DAY_MINUTES - 623;
    for (i, source) in sources.iter().enumerate() {
        // What a sealed day costs to read does not depend on how many have written to it.
        for day in (0..29).filter(|day| i < 3 || *day > 25) {
            let all = (0..DAY_MINUTES).map(|minute| measurement(DAY + day * DAY_MINUTES + minute));
            // Whole days are long; an hour at each place that is looked at says as much about cost.
            let near =
                |m: &Measurement| m.start < end && (m.start.get() % 60 < 2 || (end - m.start) % DAY_MINUTES < 430);
            write(&store, source, all.filter(near).collect()).await?;
        }
    }
    let period = Period::new(end - 28 * DAY_MINUTES, end);
    let window = async |resolution: &Resolution| cost(store.read(&series(), period, resolution)).await;
    let cuts = [4_325, 1_445, 365, 125, 65, 30, 5].map(|minutes| end - minutes).to_vec();
    let alerts = Resolution::Hours { cuts };
    let questions = [&HOURS, &alerts, &Resolution::Minutes];
    window(&HOURS).await.0?;
    let mut before = Vec::new();
    for question in questions {
        before.push(window(question).await.0?);
    }
    for day in 0..28 {
        let (done, cost) = cost(reconcile(&store, DAY + day * DAY_MINUTES)).await;
        assert_eq!(done, Reconciled { hours: 0, days: 1 });
        // Each source's day is marked; the hours are read twice.
        let sources = if day > 25 { 20 } else { 3 };
        assert!(cost.0 == 8 + sources && cost.2 <= 1_000 * (7 + sources), "{cost:?}");
    }
    window(&HOURS).await.0?;
    let mut after = Vec::new();
    for (question, before) in questions.into_iter().zip(before) {
        let (answer, cost) = window(question).await;
        assert_eq!(answer?, before);
        after.push(cost);
    }
    assert_eq!(after[..2], [(4, 6_000, 0), (7, 10_500, 0)]);
    Ok(())
}

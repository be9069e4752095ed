//! Finished days of few sources: what they cost by the minute before and after they are packed, and that no answer
//! changes by it.

mod common;
#[path = "common/faulty.rs"]
mod faulty;
#[path = "common/stage.rs"]
mod stage;

use aws_sdk_dynamodb::Client;
use common::{Checked, DAY, client, cost, expire, measurement, name, series, write};
use faulty::{Fault, faulty};
use jiff::Timestamp;
use slo_core::{
    Batch, Bucket, EventCounts, Measurement, MeasurementRepository as _, Minute, Period, Reconciled, Resolution,
};
use slo_dynamo::{DynamoMeasurements, Store};
use stage::Stage;
use tokio::task::JoinSet;

const DAYS: i64 = 1_440;
const PACKED: Reconciled = Reconciled { hours: 0, days: 1 };
/// Two whole days, parts of two others.
const PERIOD: Period = Period::new(Minute::new(DAY.get() - 30), Minute::new(DAY.get() + 2 * DAYS + 150));

fn now() -> Timestamp {
    (DAY + 40 * DAYS).timestamp()
}

fn process(client: &Client) -> DynamoMeasurements {
    Store::builder(client.clone()).build().measurements()
}

async fn reconcile(store: &DynamoMeasurements, day: Minute) -> Reconciled {
    store.reconcile(&series(), day, true, now()).await.expect("nothing is in its way")
}

/// Every minute, as one reads them who knows nothing yet.
async fn minutes(client: &Client) -> Vec<Bucket> {
    process(client).read(&series(), PERIOD, &Resolution::Minutes).await.expect("a read succeeds")
}

/// Four days by the minute, from each of some sources; the last ones have gaps.
async fn four_days(client: &Client, sources: &[&str]) {
    for (i, source) in (0..).zip(sources) {
        for day in -1..3 {
            let minutes = (0..DAYS).filter(|minute| i == 0 || minute % 7 > 0 && minute / 60 != 5);
            let minutes = minutes.map(|minute| measurement(DAY + day * DAYS + minute)).collect();
            write(&process(client), source, minutes).await.expect("it is written");
        }
    }
}

/// A minute that was measured otherwise, with as many events.
fn corrected(start: Minute, revision: u64, good: u64) -> Measurement {
    Measurement { start, counts: EventCounts::new(good, 1_000).expect("counts"), revision }
}

#[tokio::test]
async fn no_answer_changes_and_each_costs_less() -> Checked {
    for (sources, [before, after]) in [(&["a"][..], [4_500, 3_500]), (&["a", "b"], [6_500, 4_500])] {
        let client = client().await;
        four_days(&client, sources).await;
        let unpacked = minutes(&client).await;
        let read = async || {
            let reader = process(&client);
            let (buckets, cost) = cost(reader.read(&series(), PERIOD, &Resolution::Minutes)).await;
            assert_eq!(buckets.expect("a read succeeds"), unpacked);
            cost
        };
        // The days, what there is not of packed ones, and the hours of the others; then those of the days.
        assert_eq!(read().await, (5, before, 0));
        for day in [DAY, DAY + DAYS] {
            let (packed, (.., written)) = cost(reconcile(&process(&client), day)).await;
            assert_eq!(packed, PACKED);
            assert!(written <= 6_000 * sources.len() as u64, "{written}");
            assert_eq!(reconcile(&process(&client), day).await, Reconciled::default(), "once");
        }
        assert_eq!(read().await, (4, after, 0));
        // By the hour nobody asks for it.
        let hours = process(&client).read(&series(), PERIOD, &Resolution::Hours { cuts: Vec::new() }).await?;
        let total = |buckets: &[Bucket]| buckets.iter().map(|bucket| bucket.counts.total()).sum::<u128>();
        assert_eq!(total(&hours), total(&unpacked));
    }
    Ok(())
}

/// Each of these changes is seen at once, and packed the next time.
#[tokio::test]
async fn late_data_are_seen() -> Checked {
    let client = client().await;
    four_days(&client, &["a", "b"]).await;
    assert_eq!(reconcile(&process(&client), DAY).await, PACKED);
    let mut before = minutes(&client).await;
    let late = [
        ("a", vec![corrected(DAY + 65, 1, 500)]),
        // As many good ones, in other minutes: only the number of updates tells.
        ("a", vec![corrected(DAY + 65, 2, 600), corrected(DAY + 66, 2, 400)]),
        ("a", vec![corrected(DAY + 65, 3, 400), corrected(DAY + 66, 3, 600)]),
        // An hour that b had nothing of, and another source.
        ("b", vec![measurement(DAY + 301)]),
        ("new", vec![measurement(DAY + 7), measurement(DAY + 1_000)]),
    ];
    for (source, late) in late {
        write(&process(&client), source, late).await?;
        let after = minutes(&client).await;
        assert_ne!(after, before, "{source}");
        // Three sources are sealed.
        assert_eq!(reconcile(&process(&client), DAY).await, PACKED);
        assert_eq!(minutes(&client).await, after, "{source}");
        assert_eq!(reconcile(&process(&client), DAY).await, Reconciled::default());
        before = after;
    }
    Ok(())
}

/// A later life of an hour may repeat the number of updates and the sums of the former one.
#[tokio::test]
async fn what_is_packed_of_hours_that_may_have_gone_is_not_used() -> Checked {
    let old = Minute::floor("2020-01-01T00:00:00Z".parse()?);
    let period = Period::new(old, old + 2 * DAYS);
    let client = client().await;
    let write = async |minute: i64, goods: [u64; 2]| {
        let of = |(minute, good)| Measurement {
            start: old + minute,
            counts: EventCounts::new(good, 10).expect("counts"),
            revision: 0,
        };
        let batch = Batch::new((minute..).zip(goods).map(of).collect(), period.end.timestamp()).expect("a valid batch");
        process(&client).write(&series(), &name("a"), &batch, period.end.timestamp()).await.expect("it is written");
        let read = process(&client).read(&series(), period, &Resolution::Minutes).await.expect("a read succeeds");
        read.iter().map(|bucket| bucket.counts.good()).collect::<Vec<_>>()
    };
    write(0, [10, 0]).await;
    assert_eq!(write(60, [1, 2]).await, [10, 0, 1, 2]);
    assert_eq!(process(&client).reconcile(&series(), old, true, period.end.timestamp()).await?, PACKED);
    expire(&client, "H#2020010100#a").await;
    assert_eq!(write(0, [0, 10]).await, [0, 10, 1, 2]);
    Ok(())
}

#[tokio::test]
async fn who_packs_may_die_anywhere() -> Checked {
    let client = client().await;
    four_days(&client, &["a", "b"]).await;
    let before = minutes(&client).await;
    for source in ["M#20261102#a", "M#20261102#b"] {
        for fault in [Fault::Refused("AccessDeniedException"), Fault::Lost] {
            let dies = faulty(&client, move |_, body| body.contains(source).then_some(fault));
            assert!(process(&dies).reconcile(&series(), DAY, true, now()).await.is_err(), "{source}");
            assert_eq!(minutes(&client).await, before, "{source}");
        }
    }
    assert_eq!(reconcile(&process(&client), DAY).await, Reconciled::default(), "the last answer was lost, and no more");
    assert_eq!(minutes(&client).await, before);
    // Nobody is told less because it cannot be read.
    let refuses = faulty(&client, |operation, body| {
        (operation == "Query" && body.contains("M#")).then_some(Fault::Refused("AccessDeniedException"))
    });
    assert!(process(&refuses).read(&series(), PERIOD, &Resolution::Minutes).await.is_err());
    Ok(())
}

/// Few hours of many days are asked for together, whether or not the days between have any.
#[tokio::test]
async fn what_is_not_packed_costs_no_request_a_day() -> Checked {
    let client = client().await;
    for source in ["a", "b"] {
        let minutes = (0..28).map(|day| measurement(DAY + day * DAYS + 61));
        write(&process(&client), source, minutes.collect()).await?;
    }
    let period = Period::new(DAY, DAY + 30 * DAYS);
    let reader = process(&client);
    let (buckets, cost) = cost(reader.read(&series(), period, &Resolution::Minutes)).await;
    assert_eq!(buckets?.len(), 28);
    // The days, a look for packed ones, the last hours; then those that the days tell of.
    assert_eq!(cost, (4, 2_500, 0));
    Ok(())
}

/// A day that is not finished, and one of a single hour.
#[tokio::test]
async fn what_would_not_be_cheaper_is_not_packed() -> Checked {
    let client = client().await;
    let store = process(&client);
    four_days(&client, &["a"]).await;
    assert_eq!(store.reconcile(&series(), DAY, false, now()).await?, Reconciled::default());
    write(&store, "a", (0..60).map(|minute| measurement(DAY + 9 * DAYS + minute)).collect()).await?;
    assert_eq!(cost(reconcile(&store, DAY + 9 * DAYS)).await, (Reconciled::default(), (2, 2_000, 0)));
    Ok(())
}

/// What came late is remembered until its day has been looked after.
#[tokio::test]
async fn days_that_were_written_late_are_known_until_they_are_condensed() -> Checked {
    let client = client().await;
    let store = process(&client);
    let written = async |day: i64, minutes: i64| {
        let now = (DAY + minutes).timestamp();
        let batch = Batch::new(vec![measurement(DAY + day * DAYS)], now).expect("a valid batch");
        store.write(&series(), &name("a"), &batch, now).await.expect("it is written");
        store.written(&series())
    };
    assert_eq!(written(0, 59).await, [], "the hour is not over");
    assert_eq!(written(-9, 59).await, [DAY - 9 * DAYS]);
    assert_eq!(written(0, 60).await, [DAY - 9 * DAYS, DAY]);
    assert_eq!(process(&client).written(&series()), [], "by others");
    // Today is not finished; and who cannot finish it remembers it.
    store.reconcile(&series(), DAY, false, now()).await?;
    let dies = faulty(&client, |operation, _| (operation == "Query").then_some(Fault::Refused("AccessDenied")));
    let dies = process(&dies);
    write(&dies, "a", vec![measurement(DAY)]).await?;
    assert!(dies.reconcile(&series(), DAY, true, now()).await.is_err());
    assert_eq!((dies.written(&series()), store.written(&series())), (vec![DAY], vec![DAY - 9 * DAYS, DAY]));
    for day in [DAY, DAY - 9 * DAYS] {
        reconcile(&store, day).await;
    }
    assert_eq!(store.written(&series()), []);
    Ok(())
}

/// A writer goes on, late, while its day is packed: in every order.
#[tokio::test]
async fn late_data_while_their_day_is_packed() {
    let mut stage = Stage::new(2).await;
    stage.loses = false;
    let reader = stage.reader.measurements();
    let [writer, keeper] = [0, 1].map(|i| stage.writers[i].measurements());
    let mut choices = Vec::new();
    for run in 0.. {
        // Each on a day of its own.
        let day = DAY - 2 * DAYS * run;
        let period = Period::new(day, day + DAYS + 120);
        let total = async |store: &DynamoMeasurements| {
            let buckets = store.read(&series(), period, &Resolution::Minutes).await.expect("a read succeeds");
            buckets.iter().map(|bucket| bucket.counts.total()).sum::<u128>()
        };
        stage.open(true);
        // By another process than the reader, which would keep it.
        write(&writer, "a", vec![measurement(day), measurement(day + 60)]).await.expect("the gate is open");
        stage.open(false);
        let mut running = JoinSet::new();
        let late = writer.clone();
        running.spawn(async move {
            write(&late, "a", vec![measurement(day + 1)]).await.expect("nothing is lost");
        });
        let packer = keeper.clone();
        running.spawn(async move {
            packer.reconcile(&series(), day, true, now()).await.map(drop).expect("nothing is lost");
        });
        let taken = stage.run(running, &choices).await;
        stage.open(true);
        assert_eq!(total(&reader).await, 3_000, "{taken:?}");
        let Some(next) = stage::next(&taken) else {
            assert!(run >= 14, "{run}");
            return;
        };
        choices = next;
    }
}

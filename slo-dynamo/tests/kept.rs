//! What is kept in the process saves reading it again, and never tells what is no longer so.

mod common;
#[path = "common/faulty.rs"]
mod faulty;

use aws_sdk_dynamodb::Client;
use common::{Checked, DAY, client, cost, expire, key, measurement, name, series, write};
use faulty::{Fault, faulty};
use slo_core::{
    Batch, Bucket, EventCounts, Measurement, MeasurementRepository as _, Minute, Period, Reconciled, Resolution,
    Revision, Series,
};
use slo_dynamo::{DynamoMeasurements, Store};

const DAYS: i64 = 1_440;
/// The days of the tests, and some hours after them.
const PERIOD: Period = Period::new(DAY, Minute::new(DAY.get() + 3 * DAYS));

fn process(client: &Client) -> DynamoMeasurements {
    Store::builder(client.clone()).build().measurements()
}

/// Two days by the minute, from each of some sources.
async fn two_days(store: &DynamoMeasurements, sources: &[&str]) {
    for source in sources {
        for day in [DAY, DAY + DAYS] {
            let minutes = (0..DAYS).map(|minute| measurement(day + minute)).collect();
            write(store, source, minutes).await.expect("it is written");
        }
    }
}

async fn read(store: &DynamoMeasurements) -> Vec<Bucket> {
    store.read(&series(), PERIOD, &Resolution::Minutes).await.expect("a read succeeds")
}

/// Reads as one who has read before, and checks that it is what one reads who has not.
async fn both(store: &DynamoMeasurements, client: &Client) -> Vec<Bucket> {
    let buckets = read(store).await;
    assert_eq!(buckets, read(&process(client)).await);
    buckets
}

/// A minute that was measured otherwise, with as many events.
fn corrected(start: Minute, revision: u64) -> Measurement {
    Measurement { start, counts: EventCounts::new(revision, 1_000).expect("counts"), revision }
}

#[tokio::test]
async fn what_has_not_changed_is_not_read_again() -> Checked {
    let client = client().await;
    let (store, writer) = (process(&client), process(&client));
    two_days(&writer, &["a", "b"]).await;
    let (first, (calls, units, _)) = cost(read(&store)).await;
    assert_eq!(first.len(), usize::try_from(2 * DAYS)?);
    assert!(calls == 4 && units > 4_000, "the days, and the hours: {calls} {units}");
    // Who has written them all need not read them.
    assert_eq!(cost(read(&writer)).await, (first.clone(), (2, 1_500, 0)));
    // The days, and the two last hours of the period, of which there is nothing.
    assert_eq!(cost(read(&store)).await, (first.clone(), (2, 1_500, 0)));
    // An hour and its day are read again when somebody else has changed it, and then not any more.
    write(&process(&client), "b", vec![corrected(DAY + 65, 1)]).await?;
    let (changed, again) = cost(read(&store)).await;
    assert_eq!(again, (3, 2_500, 0));
    assert_eq!(changed, read(&process(&client)).await);
    assert_ne!(changed, first);
    assert_eq!(cost(read(&store)).await, (changed, (2, 1_500, 0)));
    // A part of what was read is kept too.
    let part = Period::new(DAY + 90, DAY + DAYS + 30);
    let (buckets, (_, units, _)) = cost(store.read(&series(), part, &Resolution::Minutes)).await;
    assert_eq!(buckets?, process(&client).read(&series(), part, &Resolution::Minutes).await?);
    assert!(units <= 2_000, "{units}");
    Ok(())
}

/// By the revision of one minute, of each source in turn and of one that is new; each change is seen at once.
#[tokio::test]
async fn what_another_process_has_changed_is_seen() -> Checked {
    let client = client().await;
    let (reader, writer) = (process(&client), process(&client));
    two_days(&writer, &["a", "b"]).await;
    let mut before = both(&reader, &client).await;
    for revision in 1..=6 {
        for (source, minute) in [("a", 5), ("b", 5), ("a", DAYS + 700), ("new", 61), ("b", 2 * DAYS + 30)] {
            write(&writer, source, vec![corrected(DAY + minute, revision)]).await?;
            let after = both(&reader, &client).await;
            assert_ne!(after, before, "{source} {minute} {revision}");
            before = after;
        }
    }
    // The same sums of other minutes: only the number of updates tells.
    for revision in 10..14 {
        let minute = |minute: i64, good| Measurement { revision, ..corrected(DAY + minute, good) };
        let goods = if revision % 2 == 0 { [300, 400] } else { [400, 300] };
        write(&writer, "a", vec![minute(5, goods[0]), minute(6, goods[1])]).await?;
        let after = both(&reader, &client).await;
        assert_ne!(after, before, "{revision}");
        before = after;
    }
    Ok(())
}

/// Another life of the name, with as many updates of the same sums.
#[tokio::test]
async fn an_indicator_that_is_made_again_begins_with_nothing() -> Checked {
    let client = client().await;
    let (reader, writer) = (process(&client), process(&client));
    two_days(&writer, &["a"]).await;
    assert_eq!(both(&reader, &client).await.len(), usize::try_from(2 * DAYS)?);
    let again = Series { born: Revision::new(2).expect("above zero"), ..series() };
    assert_eq!(reader.read(&again, PERIOD, &Resolution::Minutes).await?, []);
    let now = (DAY + 366 * DAYS).timestamp();
    let hour = (0..60).map(|minute| measurement(DAY + (59 - minute)));
    let other: Vec<_> = hour.zip(0..).map(|(m, minute)| Measurement { start: DAY + minute, ..m }).collect();
    writer.write(&again, &name("a"), &Batch::new(other.clone(), now).expect("valid"), now).await?;
    let seen = reader.read(&again, PERIOD, &Resolution::Minutes).await?;
    assert_eq!(seen, other.iter().map(|m| Bucket::minute(m.start, m.counts)).collect::<Vec<_>>());
    Ok(())
}

#[tokio::test]
async fn what_is_repaired_or_sealed_is_seen() -> Checked {
    let client = client().await;
    let (reader, keeper) = (process(&client), process(&client));
    two_days(&keeper, &["a", "b", "c"]).await;
    let before = both(&reader, &client).await;
    let dies = faulty(&client, |operation, body| {
        (operation == "UpdateItem" && body.contains("D#")).then_some(Fault::Refused("AccessDeniedException"))
    });
    assert!(write(&process(&dies), "b", vec![corrected(DAY + 65, 1)]).await.is_err());
    // Nobody was told: it is what it was, or already what it will be.
    read(&reader).await;
    let now = PERIOD.end.timestamp();
    assert_eq!(keeper.reconcile(&series(), DAY, false, now).await?, Reconciled { hours: 1, days: 0 });
    let repaired = both(&reader, &client).await;
    assert_ne!(repaired, before);
    for day in [DAY, DAY + DAYS] {
        assert_eq!(keeper.reconcile(&series(), day, true, now).await?.days, 1);
        assert_eq!(both(&reader, &client).await, repaired, "sealed");
    }
    // Late: the seal is taken back, and what is kept of the day is older than that.
    write(&keeper, "c", vec![corrected(DAY + 65, 1)]).await?;
    assert_ne!(both(&reader, &client).await, repaired);
    Ok(())
}

/// A later life of an hour may repeat the number of updates and the sums of the former one.
#[tokio::test]
async fn an_hour_that_may_expire_is_read_each_time() -> Checked {
    // Of these days the items went years ago, if anybody had looked.
    let old = Minute::floor("2020-01-01T00:00:00Z".parse()?);
    let period = Period::new(old, old + DAYS);
    let client = client().await;
    let (reader, writer) = (process(&client), process(&client));
    let write = async |minutes: [u64; 2]| {
        let of = |(minute, good)| Measurement {
            start: old + minute,
            counts: EventCounts::new(good, 10).expect("counts"),
            revision: 0,
        };
        let batch = Batch::new((0..).zip(minutes).map(of).collect(), period.end.timestamp()).expect("a valid batch");
        writer.write(&series(), &name("a"), &batch, period.end.timestamp()).await.expect("it is written");
        let read = reader.read(&series(), period, &Resolution::Minutes).await.expect("a read succeeds");
        read.iter().map(|bucket| bucket.counts.good()).collect::<Vec<_>>()
    };
    assert_eq!(write([10, 0]).await, [10, 0]);
    expire(&client, "H#2020010100#a").await;
    assert_eq!(write([0, 10]).await, [0, 10]);
    // It was the same to the day.
    let day = client.get_item().table_name("counts").set_key(Some(key("D#20200101#a"))).send().await?;
    assert_eq!(day.item.expect("it is there")["0"].as_b().expect("a digest").as_ref()[0], 1, "the number of updates");
    Ok(())
}

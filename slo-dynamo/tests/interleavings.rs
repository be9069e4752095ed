//! Every order in which the requests of a few writers can reach the store, with an answer lost at
//! every point: the adapter itself, one request at a time.

mod common;
#[path = "common/stage.rs"]
mod stage;

use common::{DAY, look_for_sums, series, write};
use slo_core::{EventCounts, Measurement, MeasurementRepository as _, Minute, Period, Resolution};
use slo_dynamo::DynamoMeasurements;
use stage::Stage;
use tokio::task::JoinSet;

/// Measurements that writers send: (minute, events, revision).
type Sent = &'static [(i64, u64, u64)];

/// Sends what a writer has until it is acknowledged; one that dies gives up at once.
async fn send(writer: DynamoMeasurements, reader: DynamoMeasurements, hour: Minute, sent: Sent, dies: bool) {
    let minutes: Vec<_> = sent.iter().map(|one| measurement(hour, *one)).collect();
    while write(&writer, "default", minutes.clone()).await.is_err() {
        if dies {
            return;
        }
    }
    // Acknowledged, so visible by the hour, whoever else is in the middle of something.
    let [seen, _] = totals(&reader, hour).await;
    let own: u128 = minutes.iter().map(|minute| minute.counts.total()).sum();
    // A single measurement is a digit of the sum.
    let shown = seen >= own && (minutes.len() > 1 || seen / own % 10 == 1);
    assert!(shown, "{own} acknowledged events are not in {seen}");
}

fn measurement(hour: Minute, (minute, events, revision): (i64, u64, u64)) -> Measurement {
    Measurement { start: hour + minute, counts: EventCounts::new(events, events).expect("counts"), revision }
}

/// The events of an hour, as its day tells and as its minutes tell.
async fn totals(store: &DynamoMeasurements, hour: Minute) -> [u128; 2] {
    let period = Period::new(hour, hour + 60);
    let total = async |resolution| {
        let buckets = store.read(&series(), period, &resolution).await.expect("a read succeeds");
        buckets.iter().map(|bucket| bucket.counts.total()).sum()
    };
    [total(Resolution::Hours { cuts: Vec::new() }).await, total(Resolution::Minutes).await]
}

/// Tries every order, each on a day of its own; answers with how many there are.
async fn every_order(sent: &[Sent], dies: bool, finals: &[u128]) -> i64 {
    every_order_of(sent, dies, true, finals).await
}

/// The same of writers that have written to the day before, or have not.
async fn every_order_of(sent: &[Sent], dies: bool, before: bool, finals: &[u128]) -> i64 {
    let mut stage = Stage::new(sent.len()).await;
    let reader = stage.reader.measurements();
    let writers: Vec<_> = stage.writers.iter().map(slo_dynamo::Store::measurements).collect();
    let mut choices = Vec::new();
    for run in 0.. {
        let hour = DAY - 1_440 * run;
        stage.open(true);
        for writer in writers.iter().filter(|_| before) {
            write(writer, "default", vec![measurement(hour + 60, (0, 0, 0))]).await.expect("the gate is open");
        }
        stage.open(false);
        let mut running = JoinSet::new();
        for (writer, sent) in writers.iter().zip(sent.iter().copied()) {
            running.spawn(send(writer.clone(), reader.clone(), hour, sent, dies));
        }
        let taken = stage.run(running, &choices).await;
        stage.open(true);
        if dies {
            // Somebody sends for the dead.
            for (writer, sent) in writers.iter().zip(sent) {
                let minutes = sent.iter().map(|one| measurement(hour, *one)).collect();
                write(writer, "default", minutes).await.expect("the gate is open");
            }
        }
        let [by_hour, by_minute] = totals(&reader, hour).await;
        assert_eq!(by_hour, by_minute, "{taken:?}");
        assert!(finals.contains(&by_hour), "{by_hour} after {taken:?}");
        let Some(next) = stage::next(&taken) else {
            return run + 1;
        };
        choices = next;
    }
    unreachable!("the loop has no end");
}

const MINUTES: [Sent; 3] = [&[(0, 1, 0)], &[(1, 10, 0)], &[(2, 100, 0)]];

#[tokio::test]
async fn two_writers_of_one_hour_of_whom_one_loses_an_answer() {
    assert!(every_order(&MINUTES[..2], false, &[11]).await > 50);
}

#[tokio::test]
async fn two_writers_who_begin_a_day() {
    assert!(every_order_of(&MINUTES[..2], false, false, &[11]).await > 50);
}

#[tokio::test]
async fn two_writers_of_one_hour_of_whom_one_dies() {
    assert!(every_order(&MINUTES[..2], true, &[11]).await > 20);
}

#[tokio::test]
#[ignore = "half a minute: thousands of orders"]
async fn three_writers_of_one_hour_of_whom_one_dies() {
    assert!(every_order(&MINUTES, true, &[111]).await > 500);
}

#[tokio::test]
async fn corrections_of_overlapping_minutes() {
    // Minutes 0 and 1, corrected by one writer, while the other one still sends minute 1 and a new one.
    assert!(every_order(&[&[(0, 1, 1), (1, 10, 1)], &[(1, 5, 0), (2, 3, 0)]], false, &[14]).await > 50);
}

#[tokio::test]
async fn two_that_say_something_else_of_one_minute() {
    assert!(every_order(&[&[(0, 1, 0), (1, 10, 0)], &[(0, 2, 0), (2, 100, 0)]], false, &[111, 112]).await > 50);
}

/// Three sources have written; then a writer goes on, late, or a fourth one begins, while a sealer seals the
/// day: in every order.
async fn every_order_of_a_sealer_and(source: &'static str) -> i64 {
    let mut stage = Stage::new(2).await;
    stage.loses = false;
    let reader = stage.reader.measurements();
    let [writer, keeper] = [0, 1].map(|i| stage.writers[i].measurements());
    let now = (DAY + 366 * 1_440).timestamp();
    look_for_sums(&reader).await;
    let mut choices = Vec::new();
    for run in 0.. {
        // Each on a day of its own.
        let day = DAY - 1_440 * run;
        stage.open(true);
        for (events, source) in [(1, "a"), (10, "b"), (100, "c")] {
            write(&reader, source, vec![measurement(day, (0, events, 0))]).await.expect("the gate is open");
        }
        stage.open(false);
        let mut running = JoinSet::new();
        let (late, near) = (writer.clone(), reader.clone());
        running.spawn(async move {
            write(&late, source, vec![measurement(day, (1, 1_000, 0))]).await.expect("nothing is lost");
            assert_eq!(totals(&near, day).await, [1_111; 2], "acknowledged");
        });
        let keeper = keeper.clone();
        running.spawn(
            async move { keeper.reconcile(&series(), day, true, now).await.map(drop).expect("nothing is lost") },
        );
        let taken = stage.run(running, &choices).await;
        stage.open(true);
        assert_eq!(totals(&reader, day).await, [1_111; 2], "{taken:?}");
        let Some(next) = stage::next(&taken) else {
            return run + 1;
        };
        choices = next;
    }
    unreachable!("the loop has no end");
}

#[tokio::test]
#[ignore = "half a minute: hundreds of orders"]
async fn late_data_while_their_day_is_sealed() {
    assert!(every_order_of_a_sealer_and("b").await > 500);
}

#[tokio::test]
#[ignore = "a minute: thousands of orders"]
async fn a_new_source_while_its_day_is_sealed() {
    assert!(every_order_of_a_sealer_and("d").await > 500);
}

//! What each operation costs at DynamoDB, as it would bill it, beside the least that it could: `just costs`.
//!
//! At a thousand events a minute and at a million. The floor is what one item costs that holds just what is
//! asked for, or just what is written. Nothing here is a time: the figures are the same on every machine.

#[path = "../tests/common/mod.rs"]
mod common;

use common::{DAY, client, cost, measurement, name, series, stamp, store, write};
use slo_core::testing::Sample as _;
use slo_core::{
    DefinitionRepository as _, EventCounts, Filter, Measurement, MeasurementRepository as _, Minute, Objective, Period,
    Precondition, Resolution, Revision, RollingWindow, TimeWindow,
};
use slo_dynamo::{DynamoDefinitions, DynamoMeasurements, Store};

const DAYS: i64 = 1_440;
const HOURS: Resolution = Resolution::Hours { cuts: Vec::new() };

/// Calls, thousandths of read units, thousandths of write units.
type Cost = (u64, u64, u64);

/// An operation, its floor in thousandths of units, and what it costs.
struct Row(&'static str, Option<u64>, Cost);

/// Minutes of a thousand events each, or of so many times as many.
fn minutes(from: Minute, count: i64, times: u64) -> Vec<Measurement> {
    let minute = |minute| {
        let Measurement { counts, .. } = measurement(from + minute);
        let count = |count: u128| u64::try_from(count).expect("few") * times;
        let counts = EventCounts::new(count(counts.good()), count(counts.total())).expect("counts");
        Measurement { start: from + minute, counts, revision: 0 }
    };
    (0..count).map(minute).collect()
}

/// With a cut at each look-back of the default alerts.
fn look_backs(end: Minute) -> Resolution {
    Resolution::Hours { cuts: [4_320, 1_440, 360, 120, 60, 30, 5].map(|minutes| end - minutes).to_vec() }
}

async fn read(store: &DynamoMeasurements, end: Minute, days: i64, resolution: &Resolution) -> Cost {
    let (buckets, cost) = cost(store.read(&series(), Period::new(end - days * DAYS, end), resolution)).await;
    assert!(!buckets.expect("a read succeeds").is_empty());
    cost
}

async fn one_source(times: u64) -> Vec<Row> {
    let client = client().await;
    // One that remembers nothing.
    let process = || Store::builder(client.clone()).build().measurements();
    let store = process();
    let send = async |minutes| {
        let (receipt, cost) = cost(write(&store, "default", minutes)).await;
        receipt.expect("a write succeeds");
        cost
    };
    for day in 0..91 {
        send(minutes(DAY + day * DAYS, DAYS, times)).await;
    }
    let (end, fresh) = (DAY + 91 * DAYS, DAY + 92 * DAYS);
    let cut = end - 23;
    let first = send(minutes(fresh, 1, times)).await;
    let one = Some(1_000);
    let unpacked = read(&process(), cut, 28, &Resolution::Minutes).await;
    let mut packing = (0, 0, 0);
    for day in 60..90 {
        packing = cost(store.reconcile(&series(), DAY + day * DAYS, true, fresh.timestamp())).await.1;
    }
    let reader = process();
    let slices = read(&reader, cut, 28, &Resolution::Minutes).await;
    vec![
        Row("POST a minute", one, send(minutes(fresh + 1, 1, times)).await),
        Row("POST an hour of minutes", one, send(minutes(fresh + 60, 60, times)).await),
        Row("POST the same again", one, send(minutes(fresh + 60, 60, times)).await),
        Row("POST the first of a day, source and process", one, first),
        Row("window of 28 d that ends on the hour", one, read(&store, end, 28, &HOURS).await),
        Row("window of 28 d", one, read(&store, cut, 28, &HOURS).await),
        Row("window of 30 d", one, read(&store, cut, 30, &HOURS).await),
        Row("window of 90 d", one, read(&store, cut, 90, &HOURS).await),
        Row("error budget of 28 d with its look-backs", one, read(&store, cut, 28, &look_backs(cut)).await),
        Row("28 d by the minute, for time slices", None, slices),
        Row("the same, not packed", None, unpacked),
        Row("the same again in a process", None, read(&reader, cut, 28, &Resolution::Minutes).await),
        Row("pack a day", None, packing),
    ]
}

async fn twenty_sources(times: u64) -> Vec<Row> {
    let client = client().await;
    let [store, reader] = [0; 2].map(|_| Store::builder(client.clone()).build().measurements());
    let end = DAY + 29 * DAYS - 23;
    for source in 0..20 {
        for day in 0..29 {
            // Hours that are asked for by the minute are whole; to fill the others would take minutes.
            let mut some = minutes(DAY + day * DAYS, DAYS, times);
            some.retain(|m| m.start.get() % 60 < 2 || (end - m.start).rem_euclid(DAYS) < 500);
            write(&store, &format!("host-{source}"), some).await.expect("a write succeeds");
        }
    }
    // The first read finds out what there is.
    read(&store, end, 28, &HOURS).await;
    let open = read(&store, end, 28, &HOURS).await;
    let mut sealing = (0, 0, 0);
    for day in 0..28 {
        let day = DAY + day * DAYS;
        let (done, cost) = cost(store.reconcile(&series(), day, true, (end + DAYS).timestamp())).await;
        assert_eq!(done.expect("it succeeds").days, 1);
        sealing = cost;
    }
    read(&store, end, 28, &HOURS).await;
    let sealed = read(&store, end, 28, &HOURS).await;
    let answer = read(&store, end, 28, &look_backs(end)).await;
    // By who has written none of it.
    read(&reader, end, 28, &HOURS).await;
    let slices = read(&reader, end, 28, &Resolution::Minutes).await;
    let corrected = Measurement { revision: 1, ..measurement(DAY + 5 * DAYS) };
    let (receipt, late) = cost(write(&store, "host-3", vec![corrected])).await;
    receipt.expect("a write succeeds");
    vec![
        Row("window of 28 d, 20 sources, not sealed", None, open),
        Row("window of 28 d, 20 sources", None, sealed),
        Row("error budget of 28 d, 20 sources", None, answer),
        Row("28 d by the minute, 20 sources", None, slices),
        Row("POST to a sealed day", Some(1_000), late),
        Row("seal a day of 20 sources", None, sealing),
    ]
}

async fn definitions() -> Vec<Row> {
    let objectives: DynamoDefinitions<Objective> = store().await.definitions();
    let put = async |objective: Objective, precondition| {
        let (put, cost) = cost(objectives.put(objective, precondition, stamp())).await;
        put.expect("a put succeeds");
        cost
    };
    let objective = Objective::bare(name("objective"));
    let created = put(objective.clone(), Precondition::Absent).await;
    let replaced = put(objective.clone(), Precondition::Revision(Revision::FIRST)).await;
    let get = cost(objectives.get(&objective.name)).await.1;
    for i in 0..60 {
        let owned = Objective { owners: vec![name("ann")], ..Objective::bare(name(&format!("objective-{i:03}"))) };
        put(owned, Precondition::Absent).await;
    }
    let owned = Filter { owner: Some(name("ann")), ..Filter::default() };
    vec![
        Row("PUT an objective, new", Some(2_000), created),
        Row("PUT an objective, another version", Some(2_000), replaced),
        Row("GET an objective", Some(1_000), get),
        Row("list 50 objectives by owner", Some(1_500), cost(objectives.list(&owned, None, 50)).await.1),
    ]
}

async fn rounds() -> Vec<Row> {
    let month = RollingWindow::new("30d".parse().expect("a length")).expect("a window");
    let (month, mut rows) = (TimeWindow::Rolling(month), Vec::new());
    for (what, objectives) in [("round of alerts, 1 quiet objective", 1), ("round of alerts, 10 quiet objectives", 10)]
    {
        let store = store().await;
        let service = store.service();
        write(&store.measurements(), "default", minutes(DAY, DAYS, 1)).await.expect("a write succeeds");
        for i in 0..objectives {
            let (name, target) = (name(&format!("objective-{i}")), "0.99".parse().expect("a target"));
            let objective = Objective::new(name, common::name("web"), series(), target, month.clone());
            service.objectives.put(objective, Precondition::Absent, stamp()).await.expect("a put succeeds");
        }
        let at = (DAY + DAYS - 23).timestamp();
        // The first one finds out what sources there are.
        for first in [true, false] {
            let (round, cost) = cost(service.evaluate_alerts(None, at)).await;
            assert_eq!(round.expect("a round").objectives, objectives);
            rows.extend((!first).then_some(Row(what, None, cost)));
        }
    }
    rows
}

fn units(milli: u64) -> String {
    format!("{}.{}", milli / 1_000, milli % 1_000 / 100)
}

fn print(rows: &[Row], many: &[Row]) {
    for (Row(what, floor, few), Row(_, _, many)) in rows.iter().zip(many) {
        let (calls, read, write) = *few;
        let ratio = floor.map_or_else(String::new, |floor| units((read + write) * 1_000 / floor));
        let floor = floor.map_or_else(String::new, units);
        let thousandfold = if few == many { "the same".to_owned() } else { units(many.1 + many.2) };
        let [read, write] = [read, write].map(units);
        println!("| {what:<43} | {calls:>5} | {read:>5} | {write:>5} | {floor:>5} | {ratio:>5} | {thousandfold:>8} |");
    }
}

#[tokio::main]
async fn main() {
    println!("| {:<43} | calls |   RCU |   WCU | floor | ratio |   1000 x |", "");
    println!("|{}|------:|------:|------:|------:|------:|---------:|", "-".repeat(45));
    print(&one_source(1).await, &one_source(1_000).await);
    print(&twenty_sources(1).await, &twenty_sources(1_000).await);
    let definitions = definitions().await;
    print(&definitions, &definitions);
    let rounds = rounds().await;
    print(&rounds, &rounds);
}

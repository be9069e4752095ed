//! Writers, sealers and readers who meet: all of what others do, between any two requests of one. What else
//! can happen is tried in `protocol.rs`, on a model, and by the request in `interleavings.rs`.

mod common;
#[path = "common/faulty.rs"]
mod faulty;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};

use aws_sdk_dynamodb::Client;
use common::{Checked, DAY, client, look_for_sums, series, write};
use faulty::{Fault, faulty};
use slo_core::{EventCounts, Measurement, MeasurementRepository as _, Minute, Period, Resolution};
use slo_dynamo::{DynamoMeasurements, Store};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

/// So many events are sent by: three sources at first, then one of them, then one that is new.
const FIRST: u64 = 111;
const LATE: u64 = 1_000;
const NEW: u64 = 10_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    Nothing,
    Seal,
    WriteLate,
    WriteNew,
}

impl Does {
    /// How many are acknowledged then.
    const fn events(self) -> u64 {
        match self {
            Self::Nothing | Self::Seal => 0,
            Self::WriteLate => LATE,
            Self::WriteNew => NEW,
        }
    }

    async fn all_of_it(self, process: &DynamoMeasurements, day: Minute) {
        let (source, events) = match self {
            Self::Nothing => return,
            Self::Seal => {
                process.reconcile(&series(), day, true, day.timestamp()).await.expect("nothing is in its way");
                return;
            }
            Self::WriteLate => ("b", LATE),
            Self::WriteNew => ("z", NEW),
        };
        write(process, source, measured(day + 1, events)).await.expect("nothing is in its way");
    }
}

fn process(client: &Client) -> DynamoMeasurements {
    Store::builder(client.clone()).build().measurements()
}

fn measured(start: Minute, events: u64) -> Vec<Measurement> {
    vec![Measurement { start, counts: EventCounts::new(events, events).expect("counts"), revision: 0 }]
}

/// All events of a day, by the hour and by the minute.
async fn totals(reader: &DynamoMeasurements, day: Minute) -> [u128; 2] {
    let total = async |resolution| {
        let buckets = reader.read(&series(), Period::new(day, day + 60), &resolution).await.expect("a read succeeds");
        buckets.iter().map(|bucket| bucket.counts.total()).sum()
    };
    [total(Resolution::Hours { cuts: Vec::new() }).await, total(Resolution::Minutes).await]
}

/// What is acknowledged is seen; what is under way may be.
async fn check(reader: &DynamoMeasurements, day: Minute, acknowledged: u64, under_way: u64, when: &str) {
    for total in totals(reader, day).await {
        let right = [acknowledged, acknowledged + under_way].map(u128::from);
        assert!(right.contains(&total), "{total}, not {right:?}: {when}");
    }
}

/// What somebody does while a day is sealed or not, and what others do before its requests of these numbers.
#[derive(Clone, Copy, Debug)]
struct Meeting {
    who: Does,
    /// Whether the process that writes has written to the day before.
    knows: bool,
    sealed: bool,
    others: [(usize, Does); 2],
}

impl Meeting {
    /// Lets it happen; answers with how many requests there were.
    async fn happens(self, client: &Client, reader: &DynamoMeasurements, day: Minute) -> usize {
        let when = format!("{day} {self:?}");
        let (begun, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let acknowledged = Arc::new(AtomicU64::new(FIRST));
        let other = process(client);
        let met = {
            let (begun, sent, acknowledged) = (Arc::clone(&begun), Arc::clone(&sent), Arc::clone(&acknowledged));
            let (other, reader, when) = (other.clone(), reader.clone(), when.clone());
            faulty(client, move |_, _| {
                if !begun.load(Relaxed) {
                    return None;
                }
                let request = sent.fetch_add(1, Relaxed);
                for (_, what) in self.others.iter().filter(|(at, _)| *at == request) {
                    let work = async {
                        what.all_of_it(&other, day).await;
                        let seen = acknowledged.fetch_add(what.events(), Relaxed) + what.events();
                        check(&reader, day, seen, self.who.events(), &when).await;
                    };
                    block_in_place(|| Handle::current().block_on(work));
                }
                None
            })
        };
        let somebody = process(&met);
        let writer = match (self.knows, self.who) {
            (false, _) => &process(client),
            (true, Does::Seal) => &other,
            (true, _) => &somebody,
        };
        for (source, events) in [("a", 1), ("b", 10), ("c", 100)] {
            write(writer, source, measured(day, events)).await.expect("nothing is in its way");
        }
        if self.sealed {
            Does::Seal.all_of_it(&other, day).await;
        }
        begun.store(true, Relaxed);
        self.who.all_of_it(&somebody, day).await;
        check(reader, day, acknowledged.load(Relaxed) + self.who.events(), 0, &when).await;
        sent.load(Relaxed)
    }

    /// With the others before each of its requests.
    async fn everywhere(who: Does, others: [Does; 2], knows: bool, sealed: bool) {
        let client = client().await;
        let reader = process(&client);
        look_for_sums(&reader).await;
        let (mut first, mut second) = (0, 0);
        for days in 1.. {
            let others = [(first, others[0]), (second, others[1])];
            let meeting = Self { who, knows, sealed, others };
            let requests = meeting.happens(&client, &reader, DAY - 1_440 * days).await;
            assert!(requests < 40, "{meeting:?}: {requests} requests");
            if second < requests && others[1].1 != Does::Nothing {
                second += 1;
            } else if first < requests {
                (first, second) = (first + 1, first + 1);
            } else {
                return;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_while_a_day_is_sealed() {
    for (others, knows) in [
        ([Does::WriteLate, Does::Nothing], false),
        ([Does::WriteLate, Does::Nothing], true),
        ([Does::WriteNew, Does::Nothing], false),
    ] {
        Meeting::everywhere(Does::Seal, others, knows, false).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_sealer_and_a_writer_while_a_day_is_sealed() {
    for others in [[Does::Seal, Does::WriteLate], [Does::Seal, Does::WriteNew], [Does::WriteLate, Does::Seal]] {
        Meeting::everywhere(Does::Seal, others, true, false).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sealers_while_somebody_writes() {
    for who in [Does::WriteLate, Does::WriteNew] {
        for (knows, sealed) in [(false, false), (true, false), (false, true), (true, true)] {
            Meeting::everywhere(who, [Does::Seal, Does::Seal], knows, sealed).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_is_sealed_anew_while_it_is_read() -> Checked {
    for again in [false, true] {
        let client = client().await;
        let (near, sums, packs) = (client.clone(), AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
        let asked = Arc::clone(&packs);
        let armed = Arc::new(AtomicBool::new(false));
        let is_armed = Arc::clone(&armed);
        // The minutes are read before the sums, and the day is sealed between.
        let slow = faulty(&client, move |operation, body| {
            if operation != "Query" || !is_armed.load(Relaxed) {
                return None;
            }
            let does = |what: &[Does]| {
                let other = process(&near);
                let work = async {
                    for what in what {
                        what.all_of_it(&other, DAY).await;
                    }
                };
                block_in_place(|| Handle::current().block_on(work));
            };
            if body.contains("S#") {
                match sums.fetch_add(1, Relaxed) {
                    0 => return Some(Fault::Throttled),
                    _ => does(&[Does::Seal]),
                }
            }
            if body.contains("P#") && asked.fetch_add(1, Relaxed) == 1 && again {
                does(&[Does::WriteNew, Does::Seal]);
            }
            None
        });
        let reader = process(&slow);
        look_for_sums(&reader).await;
        let other = process(&client);
        for (source, events) in [("a", 1), ("b", 10), ("c", 100)] {
            write(&other, source, measured(DAY, events)).await?;
        }
        for what in [Does::Seal, Does::WriteLate] {
            what.all_of_it(&other, DAY).await;
        }
        armed.store(true, Relaxed);
        let period = Period::new(DAY, DAY + 60);
        let buckets = reader.read(&series(), period, &Resolution::Minutes).await?;
        let total: u128 = buckets.iter().map(|bucket| bucket.counts.total()).sum();
        // On a slow machine the minutes may come after the sums, and nobody asks for them again.
        let met = again && packs.load(Relaxed) > 1;
        assert_eq!(total, u128::from(FIRST + LATE + if met { NEW } else { 0 }), "{met}");
    }
    Ok(())
}

/// The mark that a late writer met is not the one that it removes.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_writer_whose_day_is_sealed_anew_by_who_looked_before_it_came() -> Checked {
    let client = client().await;
    let (other, reader) = (process(&client), process(&client));
    look_for_sums(&reader).await;
    for (source, events) in [("a", 1), ("b", 10), ("c", 100)] {
        write(&other, source, measured(DAY, events)).await?;
    }
    Does::Seal.all_of_it(&other, DAY).await;
    let (looked, has_looked) = std::sync::mpsc::channel();
    let (go, goes) = std::sync::mpsc::channel::<()>();
    let goes = std::sync::Mutex::new(goes);
    // It has seen the hours and the days, and not yet whether the day is sealed.
    let sealer = process(&faulty(&client, move |operation, _| {
        if operation == "GetItem" {
            looked.send(()).expect("somebody waits");
            block_in_place(|| goes.lock().expect("one at a time").recv()).expect("it may go on");
        }
        None
    }));
    let sealing = tokio::spawn(async move { Does::Seal.all_of_it(&sealer, DAY).await });
    block_in_place(|| has_looked.recv())?;
    // The hour, the day, and the sums that are taken back; then the day again, whose mark is another one.
    let (sent, sealing) = (AtomicUsize::new(0), std::sync::Mutex::new(Some(sealing)));
    let late = process(&faulty(&client, move |_, _| {
        if sent.fetch_add(1, Relaxed) == 3 {
            go.send(()).expect("it waits");
            let sealing = sealing.lock().expect("one at a time").take().expect("once");
            block_in_place(|| Handle::current().block_on(sealing)).expect("it is sealed");
        }
        None
    }));
    Does::WriteLate.all_of_it(&late, DAY).await;
    check(&reader, DAY, FIRST + LATE, 0, "acknowledged").await;
    Ok(())
}

//! What the function costs beside one that does nothing: `just lambda`.
//!
//! Both are built as they are deployed and run against a stub of Lambda's Runtime API, in turns, so that the noise of
//! the machine meets both. CPU is what the kernel counts for all threads of the process. The store is the embedded
//! engine, served over HTTP by this process: what it costs is not in the figures, but for the waiting. So this process
//! itself need not be optimised, which would take long.
//!
//! `BOOTSTRAP` and `HELLO` name other binaries to compare.

mod build;
#[path = "../../../slo-dynamo/examples/dynamodb/server.rs"]
mod dynamodb;
#[path = "../../tests/runtime/events.rs"]
mod events;
#[path = "../../tests/runtime/function.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod function;
mod process;
#[path = "../../tests/runtime/store.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod store;
#[path = "../../tests/runtime/stub.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod stub;
mod table;
mod work;

use std::path::Path;
use std::slice;
use std::time::Duration;

use events::rest;
use process::{Running, Start};
use serde_json::Value;
use store::Store;
use table::{Figure, median, print, ratio};

/// Turns, and invocations in each: an odd number for the median, 10,500 invocations in all.
const TURNS: usize = 21;
const INVOCATIONS: u32 = 500;
/// The slower ones.
const FEWER: u32 = 50;
const STARTS: usize = 41;

/// What the goals are, in hundredths.
const CPU_GOAL: u32 = 130;
const START_GOAL: u32 = 150;

#[tokio::main]
async fn main() {
    let hello = build::binary("HELLO", "hello");
    let bootstrap = build::binary("BOOTSTRAP", "bootstrap");
    let store = Store::start().await;
    let variables = [("AWS_ENDPOINT_URL_DYNAMODB", store.url.as_str())];

    let mut rows = starts(&hello, &bootstrap, &variables).await;
    rows.extend(invocations(&hello, &bootstrap, &variables).await);
    rows.push(Figure::bytes("zip", build::zipped(&hello), build::zipped(&bootstrap)));
    print(&rows);
}

/// Many starts in turns.
async fn starts(hello: &Path, bootstrap: &Path, variables: &[(&str, &str)]) -> Vec<Figure> {
    let mut starts = [const { Vec::new() }; 2];
    for turn in 0..=STARTS {
        for which in [turn % 2, 1 - turn % 2] {
            let start = Running::start([hello, bootstrap][which], variables).await.start;
            // The first of each has read it from the disk.
            if turn > 0 {
                starts[which].push(start);
            }
        }
    }
    let [hello, bootstrap] = &starts;
    let both = |of: fn(&Start) -> Duration| [hello, bootstrap].map(|starts| starts.iter().map(of).collect::<Vec<_>>());
    let memory = |starts: &[Start]| median(starts.iter().map(|start| start.memory).collect());
    let [hello_wall, bootstrap_wall] = both(|start| start.wall);
    let [hello_cpu, bootstrap_cpu] = both(|start| start.cpu);
    vec![
        Figure::times("start to first next", median(hello_wall), median(bootstrap_wall)).goal(START_GOAL),
        Figure::times("  CPU of it", median(hello_cpu), median(bootstrap_cpu)),
        Figure::bytes("  memory after it", memory(hello), memory(bootstrap)),
    ]
}

async fn invocations(hello: &Path, bootstrap: &Path, variables: &[(&str, &str)]) -> Vec<Figure> {
    let hello = Running::start(hello, variables).await;
    let bootstrap = Running::start(bootstrap, variables).await;
    let health = rest("GET", "/healthz", &[], None);
    let mut answers = Vec::new();
    for function in [&hello, &bootstrap] {
        answers.push(function.answers(&health).await);
        function.cpu_of(slice::from_ref(&health), INVOCATIONS).await;
    }
    let (mut one, mut other, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut walls = [const { Vec::new() }; 2];
    for turn in 0..TURNS {
        let mut cpu = [Duration::ZERO; 2];
        for which in [turn % 2, 1 - turn % 2] {
            let (spent, wall) = [&hello, &bootstrap][which].cpu_of(slice::from_ref(&health), INVOCATIONS).await;
            cpu[which] = spent;
            walls[which].push(wall);
        }
        one.push(cpu[0]);
        other.push(cpu[1]);
        ratios.push(ratio(cpu[0].as_nanos(), cpu[1].as_nanos()));
    }
    let [hello_wall, bootstrap_wall] = walls.map(median);
    let mut rows = vec![
        Figure::times("CPU of GET /healthz", median(one), median(other)).ratio(median(ratios)).goal(CPU_GOAL),
        Figure::times("  from event to answer, with the stub", hello_wall, bootstrap_wall),
    ];
    if let [true, true] = answers[..] {
        rows.extend(with_the_store(&bootstrap).await);
    } else {
        println!("/healthz does not answer 200 on both: {answers:?}");
    }
    rows.push(Figure::bytes("memory after all, at most", hello.memory(), bootstrap.memory()));
    rows
}

/// What it is, and the `i`th event of it.
type Kind = (&'static str, fn(u32) -> Value);

/// What `hello` cannot do.
async fn with_the_store(bootstrap: &Running) -> Vec<Figure> {
    if let Err(answer) = work::define(bootstrap).await {
        println!("no figures of the work, because nothing can be defined: {answer}");
        return Vec::new();
    }
    let kinds: [Kind; 4] = [
        ("CPU of GET an error budget, 28 days", |_| work::budget()),
        ("CPU of POST a batch of 60 minutes", work::batch),
        ("CPU of a direct request for the budget", |_| work::direct_budget()),
        ("CPU of a direct submission of 60 minutes", work::direct_batch),
    ];
    let mut rows = Vec::new();
    for (name, event) in kinds {
        let (mut cpus, mut walls) = (Vec::new(), Vec::new());
        for turn in 0..8 {
            let events: Vec<_> = (0..FEWER).map(|i| event(turn * FEWER + i)).collect();
            let (cpu, wall) = bootstrap.cpu_of(&events, FEWER).await;
            if turn > 0 {
                cpus.push(cpu);
                walls.push(wall);
            }
        }
        rows.push(Figure::time(name, median(cpus)));
        rows.push(Figure::time("  from event to answer, with the store", median(walls)));
    }
    rows
}

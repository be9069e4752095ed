//! Many at once: counts must survive concurrent instances, and of several writers one wins.

use std::thread;

use serde_json::{Value, json};

use crate::answer::{Answer, Checked, Failure};
use crate::gateway::Ask;
use crate::indicator::ratio;
use crate::objective::rolling;
use crate::walk::Walk;

const THREADS: usize = 16;
/// Batches of one measurement each; every one is sent twice.
const BATCHES: usize = 128;

/// Source and minute, good and total of a batch: the minutes of one hour, from three sources.
fn measured(batch: usize) -> (usize, usize, usize, usize) {
    let total = 1_000 + batch;
    (batch / 60, batch % 60, total - batch % 3, total)
}

pub(crate) fn walk(walk: &mut Walk, user: &Answer) -> Checked {
    let indicator = walk.create("createIndicator", &ratio(walk, "race"))?;
    let objective = walk.create("createObjective", &rolling(walk, "race", "race", json!(0.99)))?;
    walk.passed(&format!("race: created {}", walk.name("race")));

    let record = indicator.link("record")?;
    let ask = |batch: usize| {
        let (source, minute, good, total) = measured(batch);
        let start = walk.minute(i64::try_from(minute).unwrap_or_default());
        let measurement = json!({"start": start, "good": good, "total": total});
        let body = json!({"source": format!("source-{source}"), "measurements": [measurement]});
        Ask::post(&record, &body).repeatable("POST at once")
    };
    // Each thread has batches of its own and repeats those of the next thread, about when that one sends them.
    let answers = at_once(|thread| {
        let turn = |i: usize| [i * THREADS + thread, i * THREADS + (thread + 1) % THREADS];
        (0..BATCHES / THREADS).flat_map(turn).map(|batch| walk.send(&ask(batch))?.status(200)).collect()
    })?;
    let sum = |member: &str| answers.iter().filter_map(|answer| answer.json[member].as_u64()).sum::<u64>();
    let (accepted, replayed) = (sum("accepted"), sum("replayed"));
    let unsure = answers.iter().filter(|answer| answer.unsure).count();
    let last = &answers[answers.len() - 1];
    let batches = count(BATCHES);
    // A try of which nothing was heard may have been the one that was accepted.
    let all = accepted + replayed == 2 * batches && accepted <= batches && accepted + count(unsure) >= batches;
    last.demand(all, || {
        format!("{batches} accepted and {batches} replayed by all threads, not {accepted} and {replayed} ({unsure} tried again)")
    })?;
    walk.passed(&format!("race: {THREADS} threads sent {BATCHES} batches twice; {accepted} accepted, {replayed} replayed, {unsure} tried again"));
    totals(walk, &indicator, &objective)?;
    writers(walk, user)
}

/// Every measurement counts exactly once, for whoever asks.
fn totals(walk: &mut Walk, indicator: &Answer, objective: &Answer) -> Checked {
    let of = |wanted: &dyn Fn(usize) -> bool| {
        let chosen = (0..BATCHES).map(measured).filter(|(_, minute, ..)| wanted(*minute));
        chosen.fold((0, 0), |(goods, totals), (_, _, good, total)| (goods + good, totals + total))
    };
    let minutes: Vec<Value> = (0..60)
        .map(|minute| {
            let (good, total) = of(&|other| other == minute);
            json!({"start": walk.minute(i64::try_from(minute).unwrap_or_default()), "good": good, "total": total})
        })
        .collect();
    let (good, total) = of(&|_| true);
    let list = indicator.link("measurements")?;
    let span = format!("from={}&to={}", walk.minute(0), walk.minute(60));
    let hour = walk.get(format!("{list}?{span}&step=1h"))?.status(200)?;
    hour.says(&json!({"items": [{"start": walk.minute(0), "good": good, "total": total}]}))?;
    walk.get(format!("{list}?{span}&step=1m"))?.status(200)?.says(&json!({"items": minutes}))?;
    // 136,128 events, 127 of them bad; 1 % may be.
    walk.get(format!("{}?at={}", objective.link("errorBudget")?, walk.minute(60)))?.status(200)?.says(&json!({
        "good": good, "total": 136_128, "bad": 127,
        "budget": {"total": 1_361.28, "consumed": 127, "remaining": 1_234.28}}))?;
    walk.passed(&format!("race: the totals are exactly {good} of {total}, by minute, by hour and in the budget"));
    Ok(())
}

/// Of all who replace the same revision, one wins, and what it wrote is there.
fn writers(walk: &mut Walk, user: &Answer) -> Checked {
    let own = user.link("self")?;
    let before = walk.get(&own)?.status(200)?;
    let (tag, revision) = (before.etag()?, before.at("/revision")?.as_u64().unwrap_or_default());
    let written = |thread: usize| {
        let mut body = json!({"displayName": format!("Writer {thread}")});
        for member in ["name", "email", "role", "access"] {
            body[member] = before.json[member].clone();
        }
        body
    };
    let ask = |thread| Ask::put(&own, &written(thread)).if_match(&tag).repeatable("PUT at once");
    let answers = at_once(|thread| Ok(vec![walk.send(&ask(thread))?]))?;
    let mut won = Vec::new();
    let mut unsure = Vec::new();
    for (thread, answer) in answers.into_iter().enumerate() {
        match answer.status {
            200 => won.push(thread),
            _ => {
                let refused = answer.problem(412, "precondition-failed")?;
                unsure.extend(refused.unsure.then_some(thread));
            }
        }
    }
    let after = walk.get(&own)?.status(200)?.says(&json!({"revision": revision + 1}))?;
    let winner = match (won.as_slice(), unsure.as_slice()) {
        ([winner], _) => Some(*winner),
        // It had won when it was told to come back.
        ([], [_, ..]) => unsure.into_iter().find(|thread| after.json["displayName"] == format!("Writer {thread}")),
        _ => None,
    };
    let winner = winner.ok_or_else(|| after.failure(format!("one of {THREADS} writers to win, not {won:?}")))?;
    after.says(&written(winner))?;
    walk.passed(&format!("race: of {THREADS} who replaced the same revision, one won"));
    Ok(())
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// What all threads got, in their order; the first failure otherwise.
fn at_once(work: impl Fn(usize) -> Checked<Vec<Answer>> + Sync) -> Checked<Vec<Answer>> {
    let work = &work;
    let all = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || work(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(panicked()))).collect::<Checked<Vec<_>>>()
    });
    Ok(all?.into_iter().flatten().collect())
}

fn panicked() -> Failure {
    Failure {
        asked: "threads at once".to_owned(),
        expected: "an end of each".to_owned(),
        came: "a panic, see above".to_owned(),
    }
}

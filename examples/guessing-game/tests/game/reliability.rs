//! The game's own objective.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};

use guessing_game::reliability::Reliability;
use jiff::Timestamp;
use serde_json::json;
use slo_core::{Minute, Name, Objective, Period, Precondition, Service, Shorthand, Stamp, Target};

use super::{App, noon};

fn name() -> Name {
    "games-availability".parse().expect("a name")
}

#[tokio::test]
async fn the_error_budget_is_answered_from_what_was_recorded() {
    let app = App::in_memory(7);
    let empty = app.ask("GET", "/health/error-budget", "").await;
    assert_eq!((&empty.body["status"], &empty.body["sli"]), (&json!("noData"), &json!(null)));
    let game = app.begin().await;
    app.guess(&game, 11).await;
    app.ask("GET", "/nothing", "").await;
    let budget = app.ask("GET", "/health/error-budget", "").await;
    assert_eq!(budget.status, 200);
    // Of the game's routes; a player's mistake is none of ours.
    let wanted = json!({"unit": "events", "total": 0.002, "consumed": 0, "remaining": 0.002, "remainingRatio": 1});
    assert_eq!(
        [
            &budget.body["objective"],
            &budget.body["target"],
            &budget.body["good"],
            &budget.body["total"],
            &budget.body["budget"]
        ],
        [&json!("games-availability"), &json!(0.999), &json!(2), &json!(2), &wanted],
    );
}

#[tokio::test]
async fn what_somebody_has_made_of_the_objective_stays() {
    let service = Service::in_memory();
    Reliability::new(service.clone(), noon).define().await.expect("new");
    let mut objective = service.get::<Objective>(&name()).await.expect("defined").value;
    objective.target = "0.95".parse::<Target>().expect("a target");
    let stamp = Stamp { at: noon(), by: None };
    service.put(objective, Some(Precondition::Present), stamp).await.expect("replaced");
    Reliability::new(service.clone(), noon).define().await.expect("there already");
    let objective = service.get::<Objective>(&name()).await.expect("defined");
    assert_eq!((objective.value.target.to_string(), objective.revision.get()), ("0.95".to_owned(), 2));
}

/// A process that is frozen for hours between two requests, as Lambda's are.
#[tokio::test]
async fn a_freeze_moves_no_count_to_another_minute() {
    let (service, now) = (Service::in_memory(), Arc::new(AtomicI64::new(noon().as_second())));
    let clock = Arc::clone(&now);
    let read = move || Timestamp::from_second(clock.load(SeqCst)).expect("a time");
    let reliability = Reliability::new(service.clone(), read);
    reliability.begin().finish(true);
    reliability.flush_when_due().await;
    // Within the interval: it waits for the next flush.
    now.fetch_add(1, SeqCst);
    reliability.begin().finish(false);
    reliability.flush_when_due().await;
    let start = Minute::floor(noon());
    let counts = async || {
        let period = Period::new(start, start + 200);
        let minutes =
            service.counts(&name(), period, "1m".parse::<Shorthand>().expect("a step")).await.expect("counts");
        minutes.into_iter().map(|(minute, counts)| (minute - start, counts.good(), counts.total())).collect::<Vec<_>>()
    };
    assert_eq!(counts().await, [(0, 1, 1)]);
    now.fetch_add(3 * 3_600, SeqCst);
    reliability.begin().finish(true);
    reliability.flush_when_due().await;
    assert_eq!(counts().await, [(0, 1, 2), (180, 1, 1)]);
}

//! Many players of one game, at several instances, on one durable store.

use std::sync::Arc;

use guessing_game::games::Games;
use guessing_game::table::DynamoGames;
use serde_json::json;
use slo_core::{Name, Objective, Service, WhatIf};
use slo_dynamo::Store;
use slo_dynamo::embedded::Engine;
use slo_dynamo::table::{TableNames, create_tables};
use tokio::sync::Barrier;

use super::{Answer, App, noon, number};

const PLAYERS: usize = 32;
const INSTANCES: usize = 4;

/// Instances that share nothing but the tables.
async fn instances(engine: &Engine) -> (Vec<Arc<App>>, Service) {
    create_tables(&engine.client(), &TableNames::default()).await.expect("tables");
    DynamoGames::new(engine.client(), "games").create_table().await.expect("a table");
    let store = || Store::builder(engine.client()).build().service();
    let instance = || {
        let games = Games::new(DynamoGames::new(engine.client(), "games")).drawing(|| number(7));
        Arc::new(App::new(games, store()))
    };
    ((0..INSTANCES).map(|_| instance()).collect(), store())
}

/// All guess at once, each as the function says; what they were answered.
async fn race(apps: &[Arc<App>], game: &str, guess: impl Fn(usize) -> u64) -> Vec<(u64, Answer)> {
    let start = Arc::new(Barrier::new(PLAYERS));
    let players = (0..PLAYERS).map(|player| {
        let (app, game, guess, start) =
            (Arc::clone(&apps[player % apps.len()]), game.to_owned(), guess(player), Arc::clone(&start));
        tokio::spawn(async move {
            start.wait().await;
            (guess, app.guess(&game, guess).await)
        })
    });
    let mut answers = Vec::new();
    for player in players.collect::<Vec<_>>() {
        answers.push(player.await.expect("a player does not panic"));
    }
    answers
}

/// The answers agree with each other and with the game at the end: so many counted, all others were told why not.
fn consistent(answers: &[(u64, Answer)], last: &Answer, outcome: &str) {
    let mut counted: Vec<_> = answers.iter().filter(|(_, answer)| answer.status == 200).collect();
    let made = |answer: &Answer| -> Vec<u64> {
        answer.body["guesses"].as_array().expect("tries").iter().filter_map(serde_json::Value::as_u64).collect()
    };
    counted.sort_by_key(|(_, answer)| made(answer).len());
    let end = made(last);
    assert_eq!(counted.len(), end.len(), "{answers:?}");
    for (i, (guess, answer)) in counted.iter().enumerate() {
        assert_eq!(made(answer), end[..=i], "each sees what was before it, and itself");
        assert_eq!(end[i], *guess, "its own guess is the last");
        let status = if i + 1 == end.len() { outcome } else { "ongoing" };
        assert_eq!(answer.body["status"], status);
    }
    let told =
        format!("the game is {outcome}: it took {} of 3 guesses and takes no more; request another game", end.len());
    for (_, answer) in answers.iter().filter(|(_, answer)| answer.status != 200) {
        assert_eq!((answer.status.as_u16(), &answer.body["detail"]), (409, &json!(told)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_32_players_on_one_game_three_guesses_count() {
    let directory = tempfile::tempdir().expect("a directory");
    let engine = Engine::open(directory.path()).expect("an engine");
    let (apps, service) = instances(&engine).await;
    let game = apps[0].begin().await;
    // Never the number: all three tries are used.
    let answers = race(&apps, &game, |player| (player % 7).try_into().expect("a number")).await;
    let last = apps[1].ask("GET", &game, "").await;
    assert_eq!((&last.body["status"], answers.iter().filter(|(_, a)| a.status == 200).count()), (&json!("lost"), 3));
    consistent(&answers, &last, "lost");

    // Every instance has recorded its share, and the sum is what was asked: 1 begun, 32 guesses, 1 look.
    for app in &apps {
        app.reliability.flush().await.expect("it flushes");
    }
    let name: Name = "games-availability".parse().expect("a name");
    let objective = service.get::<Objective>(&name).await.expect("it is defined");
    let report = service.error_budget(&objective, noon(), WhatIf::default(), noon()).await.expect("a budget");
    assert_eq!((report.counts.good(), report.counts.total()), (34, 34), "to be told why is no failure");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_race_that_somebody_wins_ends_there() {
    let engine = Engine::memory().expect("an engine");
    let (apps, _) = instances(&engine).await;
    for _ in 0..3 {
        let game = apps[0].begin().await;
        // Every second one knows it: most races end before three guesses.
        let answers = race(&apps, &game, |player| if player % 2 == 0 { 7 } else { 3 }).await;
        let last = apps[1].ask("GET", &game, "").await;
        let outcome = last.body["status"].as_str().expect("a status");
        consistent(&answers, &last, outcome);
        assert_eq!(outcome == "won", last.body["guesses"].as_array().expect("tries").contains(&json!(7)));
    }
}

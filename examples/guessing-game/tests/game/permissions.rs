//! The role of `terraform/main.tf` allows every request that is made, and nothing that is not.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use guessing_game::games::Games;
use guessing_game::table::DynamoGames;
use serde_json::Value;
use slo_dynamo::Store;
use slo_dynamo::embedded::Engine;
use slo_dynamo::table::{TableNames, create_tables};

use super::faulty::faulty;
use super::{App, number};

type Requests = BTreeSet<(String, String)>;

/// The tables and actions of one request; those of a transaction are those of its parts.
fn actions(operation: &str, body: &str) -> Vec<(String, String)> {
    let body: Value = serde_json::from_str(body).expect("the SDK sends JSON");
    let table = |part: &Value| part["TableName"].as_str().expect("a table").to_owned();
    match operation {
        "TransactWriteItems" => {
            let parts = body["TransactItems"].as_array().expect("parts").iter();
            let parts = parts.flat_map(|part| part.as_object().expect("a part"));
            parts.map(|(kind, part)| (table(part), format!("{kind}Item"))).collect()
        }
        "BatchGetItem" => {
            let tables = body["RequestItems"].as_object().expect("tables");
            tables.keys().map(|table| (table.clone(), operation.to_owned())).collect()
        }
        _ => vec![(table(&body), operation.to_owned())],
    }
}

/// What the statement allows.
fn allowed(statement: &str, table: &str) -> Requests {
    let module = include_str!("../../terraform/main.tf");
    let (_, after) = module.split_once(&format!("\"{statement}\"\n")).expect("the statement");
    let (_, list) = after.split_once("Action   = [").expect("its actions");
    let (list, _) = list.split_once(']').expect("a list");
    let actions = list.split(',').map(|action| action.trim().trim_matches('"').trim_start_matches("dynamodb:"));
    actions.map(|action| (table.to_owned(), action.to_owned())).collect()
}

#[tokio::test]
async fn the_role_allows_what_is_requested_and_no_more() {
    let engine = Engine::memory().expect("an engine").client();
    create_tables(&engine, &TableNames::default()).await.expect("tables");
    DynamoGames::new(engine.clone(), "games").create_table().await.expect("a table");
    let requests = Arc::new(Mutex::new(Requests::new()));
    let seen = Arc::clone(&requests);
    let client = faulty(&engine, move |operation, body| {
        seen.lock().expect("not poisoned").extend(actions(operation, body));
        None
    });
    let games = Games::new(DynamoGames::new(client.clone(), "games")).drawing(|| number(7));
    let app = App::new(games, Store::builder(client).build().service());
    app.reliability.define().await.expect("defined");
    app.reliability.define().await.expect("defined already");
    let game = app.begin().await;
    for guess in [1, 2] {
        assert_eq!(app.guess(&game, guess).await.status, 200);
        assert_eq!(app.ask("GET", "/health/error-budget", "").await.status, 200);
    }
    let mut wanted = allowed("Games", "games");
    wanted.extend(allowed("Definitions", "slo"));
    wanted.extend(allowed("Counts", "counts"));
    assert_eq!(*requests.lock().expect("not poisoned"), wanted);
}

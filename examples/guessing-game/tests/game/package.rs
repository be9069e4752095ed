//! What `slo-lambda/package` makes of the game, run as Lambda would.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use guessing_game::table::DynamoGames;
use serde_json::{Value, json};

use super::events::rest;
use super::function::{Function, VARIABLES};
use super::store::Store;
use super::stub::Stub;

/// A game by events and over HTTP, and the budget of both.
pub(crate) async fn plays(stub: &Stub, store: &Store) {
    let client = slo_dynamo::client::connect(Some(&store.url)).await;
    DynamoGames::new(client, "games").create_table().await.expect("a table");
    stub.ready().await.expect("it initialises");
    let created = stub.invoke(&json!({"kind": "gameRequested"})).await.expect("an answer");
    let path = format!("/games/{}", created["id"].as_str().expect("an id"));
    let guess = created["randomNumber"].clone();
    let won = stub.invoke(&rest("POST", &path, &[], Some(&json!({"guess": guess})))).await.expect("an answer");
    let body: Value = serde_json::from_str(won["body"].as_str().expect("text")).expect("JSON");
    assert_eq!((&won["statusCode"], &body["status"]), (&json!(200), &json!("won")), "{won}");
    let budget = stub.invoke(&rest("GET", "/health/error-budget", &[], None)).await.expect("an answer");
    let body: Value = serde_json::from_str(budget["body"].as_str().expect("text")).expect("JSON");
    assert_eq!((&body["good"], &body["total"]), (&json!(2), &json!(2)), "{body}");
}

fn named(variable: &str) -> String {
    env::var(variable).unwrap_or_else(|_| panic!("{variable} names it"))
}

#[tokio::test]
#[ignore = "needs a zip: GAME_ZIP=$(PACKAGE=guessing-game bash slo-lambda/package zip)"]
async fn the_zip_has_the_game() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("game-zip");
    let _ = fs::remove_dir_all(&directory);
    let zip = fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(named("GAME_ZIP")));
    let unzipped = Command::new("unzip").arg("-q").arg(zip.expect("it is there")).arg("-d").arg(&directory).status();
    assert!(unzipped.expect("unzip runs").success());
    let (stub, store) = (Stub::start().await, Store::start().await);
    let _function = Function::start(&stub, directory.join("bootstrap"), &[("AWS_ENDPOINT_URL_DYNAMODB", &store.url)]);
    plays(&stub, &store).await;
}

/// Removed at the end of the test.
struct Container(String);

impl Drop for Container {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["rm", "--force", &self.0]).output();
    }
}

#[tokio::test]
#[ignore = "needs Docker: GAME_IMAGE=$(PACKAGE=guessing-game bash slo-lambda/package image)"]
async fn the_image_is_the_game() {
    let (stub, store) = (Stub::start().await, Store::start().await);
    // The network of this machine, because both listen on its loopback only.
    let mut docker = Command::new("docker");
    docker.args(["run", "--detach", "--network", "host"]);
    for (name, value) in VARIABLES {
        docker.args(["--env", &format!("{name}={value}")]);
    }
    docker.args(["--env", &format!("AWS_LAMBDA_RUNTIME_API={}", stub.address)]);
    // By a name, which a static binary has to look up without the libraries of a distribution.
    let url = store.url.replace("127.0.0.1", "localhost");
    docker.args(["--env", &format!("AWS_ENDPOINT_URL_DYNAMODB={url}"), &named("GAME_IMAGE")]);
    let started = docker.output().expect("docker runs");
    assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
    let _container = Container(String::from_utf8_lossy(&started.stdout).trim().to_owned());
    plays(&stub, &store).await;
}

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

/// A whole game that is won, over HTTP and by an event in turn; one that is lost, by events; and the budget of all that.
pub(crate) async fn plays(stub: &Stub, store: &Store) {
    let client = slo_dynamo::client::connect(Some(&store.url)).await;
    DynamoGames::new(client, "games").create_table().await.expect("a table");
    stub.ready().await.expect("it initialises");
    let event = async |event: Value| stub.invoke(&event).await.expect("an answer");
    let guess = async |game: &Value, guess: u64| {
        event(json!({"kind": "guessSubmitted", "id": game["id"], "guess": guess})).await
    };
    let http = async |method: &str, path: &str, body: Option<Value>| {
        let answer = event(rest(method, path, &[], body.as_ref())).await;
        let body: Value = serde_json::from_str(answer["body"].as_str().expect("text")).expect("JSON");
        (answer["statusCode"].as_u64().expect("a status"), body)
    };
    let (created, game) = http("POST", "/games", None).await;
    assert_eq!((created, &game["status"], &game["randomNumber"]), (201, &json!("ongoing"), &Value::Null), "{game}");
    let path = format!("/games/{}", game["id"].as_str().expect("an id"));
    // Who may invoke the function is told the number.
    let told = event(json!({"kind": "gameInfoRequested", "id": game["id"]})).await;
    let number = told["randomNumber"].as_u64().expect("the number");
    let [wrong, other] = [1, 2].map(|more| (number + more) % 11);
    let (status, body) = http("POST", &path, Some(json!({"guess": wrong}))).await;
    assert_eq!((status, &body["guesses"]), (200, &json!([wrong, null, null])), "{body}");
    assert_eq!(guess(&game, other).await["kind"], "guessEvaluated");
    let (status, body) = http("POST", &path, Some(json!({"guess": number}))).await;
    assert_eq!(
        (status, &body["status"], &body["guesses"]),
        (200, &json!("won"), &json!([wrong, other, number])),
        "{body}"
    );

    let game = event(json!({"kind": "gameRequested"})).await;
    let number = game["randomNumber"].as_u64().expect("the number");
    for (more, kind) in [(1, "guessEvaluated"), (2, "guessEvaluated"), (3, "gameLost")] {
        assert_eq!(guess(&game, (number + more) % 11).await["kind"], kind);
    }
    let (_, budget) = http("GET", "/health/error-budget", None).await;
    assert_eq!((&budget["good"], &budget["total"]), (&json!(9), &json!(9)), "{budget}");
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

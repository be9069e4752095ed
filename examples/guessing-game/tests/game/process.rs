//! The program, on this machine and as Lambda runs it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::function::Function;
use super::package::plays;
use super::store::Store;
use super::stub::Stub;

struct Server(Child, String);

impl Server {
    fn start(data: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_guessing-game"));
        command.args(["--listen", "127.0.0.1:0", "--data"]).arg(data).env_remove("AWS_LAMBDA_RUNTIME_API");
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        let url = line.trim().strip_prefix("guessing-game is ready at ").expect("it is ready").to_owned();
        Self(child, url)
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let answer = ureq::post(format!("{}{path}", self.1)).send_json(body);
        answer.expect("an answer").body_mut().read_json().expect("JSON")
    }

    fn get(&self, path: &str) -> Value {
        ureq::get(format!("{}{path}", self.1)).call().expect("an answer").body_mut().read_json().expect("JSON")
    }

    fn terminate(mut self) {
        let signalled = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().expect("kill runs");
        assert!(signalled.success() && self.0.wait().expect("it ends").success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn games_and_counts_survive_the_end_and_kill_9() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::start(directory.path());
    let game = server.post("/games", &json!({}));
    let href = game["links"]["guess"]["href"].as_str().expect("a link");
    let guessed = server.post(href, &json!({"guess": 5}));
    // Not flushed by a request: the end does it.
    server.terminate();

    let server = Server::start(directory.path());
    let again = server.get(href);
    assert_eq!([&again["guesses"], &again["status"]], [&guessed["guesses"], &guessed["status"]]);
    assert_eq!(server.get("/health/error-budget")["total"], 3);
    server.get(href);
    // kill -9: what was not flushed is lost, and nothing counts twice.
    drop(server);
    let server = Server::start(directory.path());
    server.get(href);
    assert_eq!(server.get("/health/error-budget")["total"], 4);
    server.terminate();
}

#[tokio::test]
async fn it_runs_as_lambda_runs_it() {
    let (stub, store) = (Stub::start().await, Store::start().await);
    let program = env!("CARGO_BIN_EXE_guessing-game");
    let _function = Function::start(&stub, program, &[("AWS_ENDPOINT_URL_DYNAMODB", &store.url)]);
    plays(&stub, &store).await;
}

/// It starts all the same, and says what is the matter when it is asked.
#[tokio::test]
async fn on_lambda_without_a_store_it_says_so() {
    let (stub, store) = (Stub::start().await, Store::absent().await);
    let program = env!("CARGO_BIN_EXE_guessing-game");
    let _function = Function::start(&stub, program, &[("AWS_ENDPOINT_URL_DYNAMODB", &store.url)]);
    stub.ready().await.expect("it initialises");
    let failure = stub.invoke(&json!({"kind": "gameRequested"})).await.expect_err("no store");
    assert_eq!(failure.kind, "Unavailable");
}

//! What `slo-lambda/package` makes, run as Lambda would.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::events::rest;
use super::function::{Function, VARIABLES};
use super::store::Store;
use super::stub::Stub;

/// Answers with and without the store.
async fn answers(stub: &Stub) {
    stub.ready().await.expect("it initialises");
    for (path, status) in [("/healthz", 200), ("/api/v1/objectives/nothing", 404)] {
        let answer = stub.invoke(&rest("GET", path, &[], None)).await.expect("an answer");
        assert_eq!(answer["statusCode"], status, "{answer}");
    }
}

fn named(variable: &str) -> String {
    env::var(variable).unwrap_or_else(|_| panic!("{variable} names it"))
}

#[tokio::test]
#[ignore = "needs a zip: SLO_LAMBDA_ZIP=$(bash slo-lambda/package zip)"]
async fn the_zip_has_a_function() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("zip");
    let _ = fs::remove_dir_all(&directory);
    let zip = fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(named("SLO_LAMBDA_ZIP")));
    let unzipped = Command::new("unzip").arg("-q").arg(zip.expect("it is there")).arg("-d").arg(&directory).status();
    assert!(unzipped.expect("unzip runs").success());
    assert_eq!(fs::read_dir(&directory).expect("a directory").count(), 1, "only the binary");

    let (stub, store) = (Stub::start().await, Store::start().await);
    let mut function =
        Function::start(&stub, directory.join("bootstrap"), &[("AWS_ENDPOINT_URL_DYNAMODB", &store.url)]);
    answers(&stub).await;
    function.terminate();
    assert_eq!(function.exit().await.code(), Some(0));
}

/// Removed at the end of the test.
struct Container(String);

impl Drop for Container {
    fn drop(&mut self) {
        docker(&["rm", "--force", &self.0]);
    }
}

fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().expect("docker runs");
    assert!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[tokio::test]
#[ignore = "needs Docker: SLO_LAMBDA_IMAGE=$(bash slo-lambda/package image)"]
async fn the_image_is_a_function() {
    let (stub, store) = (Stub::start().await, Store::start().await);
    // The network of this machine, because both listen on its loopback only.
    let mut variables = VARIABLES.map(|(name, value)| format!("{name}={value}")).to_vec();
    variables.push(format!("AWS_LAMBDA_RUNTIME_API={}", stub.address));
    // By a name, which a static binary has to look up without the libraries of a distribution.
    variables.push(format!("AWS_ENDPOINT_URL_DYNAMODB={}", store.url.replace("127.0.0.1", "localhost")));
    let image = named("SLO_LAMBDA_IMAGE");
    let mut arguments = vec!["run", "--detach", "--network", "host"];
    arguments.extend(variables.iter().flat_map(|variable| ["--env", variable]));
    arguments.push(&image);
    let container = Container(docker(&arguments));
    answers(&stub).await;
    docker(&["stop", "--time", "5", &container.0]);
    assert_eq!(docker(&["inspect", "--format", "{{.State.ExitCode}}", &container.0]), "0");
}

//! The contract of the core's repositories, on the servers that people test against, in containers.
//!
//! One container a test; each clause has tables of its own in it. The environment may name another
//! image: `SLO_DYNAMODB_LOCAL_IMAGE`, `SLO_LOCALSTACK_IMAGE`. Without Docker or the image the tests
//! fail, and so they are run by name only, with the images that `localstack/image` finds:
//! `just containers`.

use std::env;
use std::error::Error;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::error::DisplayErrorContext;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};
use slo_core::testing::{Sample, definitions, measurements, states};
use slo_core::{Indicator, Objective, ServiceProfile, User};
use slo_dynamo::Store;
use slo_dynamo::client::connect;
use slo_dynamo::table::{TableNames, create_tables};
use testcontainers::core::{ContainerAsync, IntoContainerPort as _};
use testcontainers::runners::AsyncRunner as _;
use testcontainers::{GenericImage, ImageExt as _};
use tokio::time::{sleep, timeout};

/// A server that has been pulled already is up within seconds.
const TO_START: Duration = Duration::from_secs(120);
/// With pulling it.
const TO_PULL: Duration = Duration::from_secs(600);
const TO_ANSWER: Duration = Duration::from_secs(10);
/// No clause takes longer.
const TO_CHECK: Duration = Duration::from_secs(120);
/// How many clauses are checked at once.
const AT_ONCE: usize = 4;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Docker"]
async fn dynamodb_local() {
    let server = Server {
        image: set_in_environment("SLO_DYNAMODB_LOCAL_IMAGE").unwrap_or("amazon/dynamodb-local:3.3.1".into()),
        port: 8000,
        environment: vec![],
    };
    server.keeps_the_contract().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Docker"]
async fn localstack() {
    let token = set_in_environment("LOCALSTACK_AUTH_TOKEN").map(|token| ("LOCALSTACK_AUTH_TOKEN", token));
    let server = Server {
        // The last one that needs no token.
        image: set_in_environment("SLO_LOCALSTACK_IMAGE").unwrap_or("localstack/localstack:4.14".into()),
        port: 4566,
        environment: [("SERVICES", "dynamodb".into())].into_iter().chain(token).collect(),
    };
    server.keeps_the_contract().await;
}

fn set_in_environment(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

struct Server {
    image: String,
    port: u16,
    environment: Vec<(&'static str, String)>,
}

impl Server {
    async fn keeps_the_contract(&self) {
        let before = Instant::now();
        let container = self.start().await;
        let client = self.client(&container).await;
        println!("{} answers after {:.1?}", self.image, before.elapsed());

        let clauses = clauses(&client);
        let number = clauses.len();
        let failed: Vec<String> = stream::iter(clauses)
            .map(Clause::check)
            .buffer_unordered(AT_ONCE)
            .filter_map(async |failed| failed)
            .collect()
            .await;
        println!("{number} clauses after {:.1?}", before.elapsed());

        container.rm().await.expect("the container is removed");
        let failures = failed.len();
        assert!(failed.is_empty(), "{} breaks {failures} of {number} clauses:\n{}", self.image, failed.join("\n"));
    }

    async fn start(&self) -> ContainerAsync<GenericImage> {
        let (name, tag) = name_and_tag(&self.image);
        // No sign that the images have in common: whether it answers is asked over its port.
        let mut request = GenericImage::new(name, tag).with_exposed_port(self.port.tcp()).with_startup_timeout(TO_PULL);
        for (name, value) in &self.environment {
            request = request.with_env_var(*name, value);
        }
        let started = request.start().await;
        started.unwrap_or_else(|error| panic!("{} does not start: {error}", self.image))
    }

    /// A client of the server, once it answers.
    async fn client(&self, container: &ContainerAsync<GenericImage>) -> Client {
        match self.answers(container).await {
            Ok(client) => client,
            Err(error) => {
                let out = container.stdout_to_vec().await.unwrap_or_default();
                let err = container.stderr_to_vec().await.unwrap_or_default();
                let log = [out, err].concat();
                panic!("{} does not answer: {error}; its log:\n{}", self.image, String::from_utf8_lossy(&log));
            }
        }
    }

    async fn answers(&self, container: &ContainerAsync<GenericImage>) -> Result<Client, Box<dyn Error>> {
        let (host, port) = (container.get_host().await?, container.get_host_port_ipv4(self.port).await?);
        // The client that is shipped, but patient: an emulator on a busy machine is no measure of time.
        let limits = TimeoutConfig::builder().connect_timeout(TO_ANSWER).operation_attempt_timeout(TO_ANSWER).build();
        let shipped = connect(Some(&format!("http://{host}:{port}"))).await.config().to_builder();
        let config = shipped.timeout_config(limits);
        // By a client that repeats nothing, because the SDK's quota of retries is one for the process.
        let asking = Client::from_conf(config.clone().retry_config(RetryConfig::disabled()).build());
        let before = Instant::now();
        loop {
            match asking.list_tables().send().await {
                Ok(_) => return Ok(Client::from_conf(config.build())),
                Err(error) if before.elapsed() > TO_START || !container.is_running().await? => {
                    return Err(DisplayErrorContext(error).to_string().into());
                }
                Err(_) => sleep(Duration::from_millis(200)).await,
            }
        }
    }
}

/// The tag is behind the last colon, unless that colon is before a registry's port.
fn name_and_tag(image: &str) -> (&str, &str) {
    image.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).unwrap_or((image, "latest"))
}

/// One promise of the contract, and tables to try it on.
struct Clause {
    name: String,
    check: BoxFuture<'static, ()>,
}

impl Clause {
    /// What is wrong, if something is.
    async fn check(self) -> Option<String> {
        let Self { name, check } = self;
        let before = Instant::now();
        // On a task of its own, so that a panic ends this clause only.
        let wrong = match tokio::spawn(timeout(TO_CHECK, check)).await {
            Ok(Ok(())) => None,
            Ok(Err(late)) => Some(late.to_string()),
            Err(panicked) => Some(panicked.to_string()),
        };
        println!("{name} {} in {:.1?}", if wrong.is_some() { "FAILED" } else { "ok" }, before.elapsed());
        wrong.map(|wrong| format!("{name}: {wrong}"))
    }
}

fn clauses(client: &Client) -> Vec<Clause> {
    let mut all: Vec<Clause> = measurements::clauses()
        .into_iter()
        .map(|(clause, check)| {
            let (name, client) = (format!("measurements.{clause}"), client.clone());
            let prefix = format!("{name}.");
            Clause { name, check: Box::pin(async move { check(&store(client, &prefix).await.measurements()).await }) }
        })
        .collect();
    all.extend(states::clauses().into_iter().map(|(clause, check)| {
        let (name, client) = (format!("states.{clause}"), client.clone());
        let prefix = format!("{name}.");
        Clause { name, check: Box::pin(async move { check(&store(client, &prefix).await.states()).await }) }
    }));
    all.extend(of_definitions::<Indicator>("indicators", client));
    all.extend(of_definitions::<Objective>("objectives", client));
    all.extend(of_definitions::<User>("users", client));
    all.extend(of_definitions::<ServiceProfile>("services", client));
    all
}

fn of_definitions<D: Sample>(kind: &str, client: &Client) -> impl Iterator<Item = Clause> {
    definitions::clauses::<D>().into_iter().map(move |(clause, check)| {
        let (name, client) = (format!("{kind}.{clause}"), client.clone());
        let prefix = format!("{name}.");
        Clause { name, check: Box::pin(async move { check(&store(client, &prefix).await.definitions::<D>()).await }) }
    })
}

async fn store(client: Client, prefix: &str) -> Store {
    let tables = TableNames::with_prefix(prefix).expect("names of tables");
    create_tables(&client, &tables).await.expect("fresh tables");
    Store::builder(client).tables(tables).build()
}

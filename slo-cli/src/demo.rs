//! `slo demo`: a made-up shop with two months behind it.

mod sample;
mod traffic;

use clap::Args;
use indicatif::ProgressBar;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use slo_core::Json;

use crate::budget::time;
use crate::client::Client;
use crate::decimal::grouped;
use crate::error::{Error, Result};
use crate::ingest::measurement::Measurement;
use crate::ingest::send::Shipment;
use crate::output::Format;
use crate::progress;
use crate::resource::{Kind, Name};
use sample::{Decided, INDICATORS, Sample};

/// Fill an empty service with a made-up sample: four services, owners, an incident, a maintenance window, 60 days of minutes
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slo serve --memory --listen 127.0.0.1:9090
  slo --url http://127.0.0.1:9090 demo   # then open http://127.0.0.1:9090 in a browser")]
pub(crate) struct Demo {
    /// When the sample ends (RFC 3339); now when absent. The same end makes the same sample
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<Timestamp>,
}

/// What was made.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    services: usize,
    users: usize,
    indicators: usize,
    objectives: usize,
    minutes: u64,
    decisions: usize,
    dashboard: String,
    sprint: String,
}

/// Runs the command.
pub(crate) fn run(args: &Demo, client: Client, format: Format) -> Result {
    let now = args.until.unwrap_or_else(Timestamp::now);
    let sample = Sample::until(now);
    refuse_unless_empty(&client, &sample)?;
    for (kind, definitions) in [(Kind::User, &sample.users), (Kind::Indicator, &sample.indicators)] {
        create(&client, kind.path(), definitions)?;
    }
    let measured = INDICATORS.iter().filter(|indicator| indicator.events > 0).count();
    let bar = progress::minutes(u64::try_from(measured).unwrap_or(0) * traffic::MINUTES.unsigned_abs());
    let client = client.beside(&bar);
    let minutes = measure(&client, now, &bar);
    bar.finish_and_clear();
    let minutes = minutes?;
    create(&client, Kind::Objective.path(), &sample.objectives)?;
    for (objective, exclusion) in &sample.exclusions {
        client.post(&format!("/objectives/{objective}/exclusions"), exclusion)?;
    }
    for decided in &sample.decisions {
        decide(&client, decided)?;
    }
    let url = client.url();
    let made = Made {
        services: 4,
        users: sample.users.len(),
        indicators: sample.indicators.len(),
        objectives: sample.objectives.len(),
        minutes,
        decisions: sample.decisions.len(),
        dashboard: format!("{url}/"),
        sprint: format!("{url}/users/ana/sprint"),
    };
    let Made { services, users, objectives, dashboard, sprint, .. } = &made;
    let text = || {
        format!(
            "{services} services, {users} users, {objectives} objectives, {} minutes measured\n\
             May we ship?          {dashboard}\n\
             What may a sprint do? {sprint}",
            grouped(minutes)
        )
    };
    format.print(text, || &made)
}

/// The sample is made up: it must not stand among what is not.
fn refuse_unless_empty(client: &Client, sample: &Sample) -> Result {
    let mut found = Vec::new();
    for kind in [Kind::Indicator, Kind::Objective] {
        let page = client.read(&client.get(kind.path(), &[("limit", "1")])?)?;
        found.extend(page.items("items").first().map(|item| told(kind, item)));
    }
    for user in &sample.users {
        let name = Json::parse(user.as_bytes()).map_err(|error| client.nonsense(error))?;
        let path = format!("{}/{}", Kind::User.path(), name.get("name").and_then(Json::text).unwrap_or_default());
        found.extend(client.find(&path)?.map(|_| told(Kind::User, &name)));
    }
    match found.first() {
        None => Ok(()),
        Some(first) => Err(Error::Failed(format!(
            "this service is not empty, it has {first}; fill one that is: `slo serve --memory --listen 127.0.0.1:9090`, \
             then `slo demo --url http://127.0.0.1:9090`"
        ))),
    }
}

fn told(kind: Kind, item: &Json) -> String {
    format!("the {kind} {}", item.get("name").and_then(Json::text).unwrap_or_default())
}

fn create(client: &Client, path: &str, definitions: &[String]) -> Result {
    definitions.iter().try_for_each(|body| client.post(path, body).map(drop))
}

/// Sends two months of minutes; how many there were.
fn measure(client: &Client, now: Timestamp, bar: &ProgressBar) -> Result<u64> {
    let source: Name = "demo".parse()?;
    let mut minutes = 0;
    for indicator in INDICATORS {
        let measurements: Vec<Measurement> = indicator.minutes(now);
        let name: Name = indicator.name.parse()?;
        let shipment = Shipment { indicator: &name, source: &source, measurements: &measurements, unreadable: 0 };
        shipment.send_quietly(client, bar)?;
        minutes += u64::try_from(measurements.len()).unwrap_or(u64::MAX);
    }
    Ok(minutes)
}

/// Asks, and overrides where the sample says so.
fn decide(client: &Client, decided: &Decided) -> Result {
    let answer = client.read(&client.post("/decisions", &decided.question)?)?;
    let Some(reason) = decided.overridden else { return Ok(()) };
    let id = answer.get("id").and_then(Json::text).ok_or_else(|| client.nonsense("a decision without an id"))?;
    let expires = Timestamp::now() + SignedDuration::from_hours(24);
    let body = format!(r#"{{"verdict":"ship","reason":"{reason}","expiresAt":"{expires}"}}"#);
    client.post(&format!("/decisions/{id}/override"), &body).map(drop)
}

//! Walks the whole API through a gateway as a user would, and stops at the first thing that is not as it must be.

mod answer;
mod audit;
mod decision;
mod definition;
mod error_budget;
mod exclusion;
mod gateway;
mod indicator;
mod links;
mod measurement;
mod metrics;
mod objective;
mod openslo;
mod page;
mod race;
mod refusal;
mod service;
mod service_profile;
mod token;
mod user;
mod walk;

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;

use answer::Checked;
use walk::{Walk, say};

/// Prove that a deployment works: walk the whole API as a user would
#[derive(Parser)]
#[command(
    name = "smoke",
    after_help = "\
What it creates is called smoke-…, with another number in each run, and is removed at the end, but for its decisions and the audit: nothing
removes those. The policy is put back as it is, in another revision.
Exit codes: 0 all is well, 1 something is not, 2 usage."
)]
struct Args {
    /// The stage's URL: what stands before /api/v1
    url: String,
    /// Connect there, whatever the URL's host is
    #[arg(long, value_name = "HOST:PORT", env = "SMOKE_CONNECT")]
    connect: Option<String>,
    /// The token of an admin, where the service asks for tokens; better given as SLO_TOKEN, which no process list shows
    #[arg(long, env = "SLO_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let connect = args.connect.as_deref().filter(|place| !place.is_empty());
    let token = args.token.filter(|token| !token.is_empty());
    let mut walk = match Walk::new(&args.url, connect, token) {
        Ok(walk) => walk,
        Err(usage) => {
            eprintln!("smoke: {usage}");
            return ExitCode::from(2);
        }
    };
    let started = Instant::now();
    let walked = all(&mut walk);
    if let Err(failure) = &walked {
        eprintln!("FAILED after {} steps\n{failure}", walk.steps());
    }
    let (removed, left) = walk.clean_up();
    for (href, failure) in &left {
        eprintln!("COULD NOT REMOVE {href}\n{failure}");
    }
    if left.is_empty() {
        walk.passed(&format!("clean-up: removed {removed}, nothing is left"));
    }
    if walked.is_err() || !left.is_empty() {
        return ExitCode::FAILURE;
    }
    summary(&walk, started);
    ExitCode::SUCCESS
}

/// Every step, in the order in which they build on each other.
fn all(walk: &mut Walk) -> Checked {
    service::walk(walk)?;
    let user = user::walk(walk)?;
    token::walk(walk, &user)?;
    let indicators = indicator::walk(walk)?;
    let objectives = objective::walk(walk, &user, &indicators)?;
    service_profile::walk(walk)?;
    openslo::walk(walk)?;
    measurement::walk(walk, &indicators)?;
    error_budget::walk(walk, &objectives)?;
    error_budget::of_time(walk, &objectives)?;
    error_budget::of_many(walk, &user)?;
    metrics::walk(walk, &objectives)?;
    user::plan(walk, &user)?;
    indicator::suggested_target(walk, &indicators)?;
    exclusion::walk(walk, &objectives.availability)?;
    decision::walk(walk, &objectives)?;
    audit::walk(walk, &objectives.availability)?;
    refusal::walk(walk)?;
    race::walk(walk, &user)?;
    walk.explore("all that was linked")?;
    service::all_was_walked(walk)
}

fn summary(walk: &Walk, started: Instant) {
    let gateway = &walk.gateway;
    say("");
    for (kind, count, median, most) in gateway.latencies() {
        say(&format!("{kind:<18} {count:>5} requests   p50 {median:>8.1?}   p95 {most:>8.1?}"));
    }
    let (checks, steps, requests) = (gateway.checks(), walk.steps(), gateway.requests());
    let seconds = started.elapsed().as_secs();
    say(&format!("{checks} checks passed in {steps} steps and {requests} requests, {seconds} s"));
}

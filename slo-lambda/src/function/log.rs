//! The log: a line of JSON an event on standard output, as Lambda's log settings say.

use std::env;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::edge::observe::TARGET;

/// Where Lambda says how much to log.
pub(super) const LEVEL: &str = "AWS_LAMBDA_LOG_LEVEL";

/// Begins to log by `AWS_LAMBDA_LOG_LEVEL` and `AWS_LAMBDA_LOG_FORMAT`, which Lambda sets; JSON unless that says
/// Text. The line of each request is left to [`super::metrics`].
pub(super) fn start() {
    let text = env::var("AWS_LAMBDA_LOG_FORMAT").is_ok_and(|format| format.eq_ignore_ascii_case("text"));
    let level = threshold(&env::var(LEVEL).unwrap_or_default());
    let filter = Targets::new()
        .with_default(level)
        // At the finest level these write whole events, requests and answers, secrets included.
        .with_targets(
            [
                "lambda_runtime",
                "aws_smithy_runtime",
                "aws_smithy_runtime_api",
                "aws_sigv4",
                "aws_runtime",
                "hyper",
                "hyper_util",
            ]
            .map(|target| (target, level.min(LevelFilter::DEBUG))),
        )
        .with_target(TARGET, LevelFilter::OFF)
        // It calls every error of ours one of the handler, in the words of a debugger.
        .with_target("lambda_runtime::layers::panic", LevelFilter::OFF);
    let log = fmt::layer().with_ansi(false).log_internal_errors(false);
    // What Lambda filters by, level and timestamp, stands at the top of a JSON line.
    let log =
        if text { log.without_time().boxed() } else { log.json().flatten_event(true).with_span_list(false).boxed() };
    tracing_subscriber::registry().with(log.with_filter(filter)).init();
}

/// Lambda's levels; information when nothing is said.
fn threshold(level: &str) -> LevelFilter {
    match level.to_ascii_uppercase().as_str() {
        "TRACE" => LevelFilter::TRACE,
        "DEBUG" => LevelFilter::DEBUG,
        "WARN" => LevelFilter::WARN,
        "ERROR" | "FATAL" => LevelFilter::ERROR,
        _ => LevelFilter::INFO,
    }
}

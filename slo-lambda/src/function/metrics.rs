//! One line an invocation on standard output: what it was, and metrics in CloudWatch's embedded format.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lambda_runtime::Context;
use serde::Serialize;
use serde_json::value::RawValue;
use slo_core::meter::Consumed;

use super::failure::Failure;
use crate::edge::observe::{Observed, decimal};

/// Writes the lines.
pub(super) struct Metrics {
    /// CloudWatch's namespace; nothing is written without one.
    namespace: Option<String>,
    level: String,
    /// Until the first invocation.
    cold: AtomicBool,
}

/// What became of an invocation without HTTP.
pub(super) struct Outcome<'a> {
    pub(super) failure: Option<&'a Failure>,
    /// How many messages of a queue come again.
    pub(super) failed: usize,
}

/// Source: CloudWatch User Guide, "Specification: Embedded metric format". One set of metrics and no dimension:
/// each further dimension would be billed again. The other members are found by Logs Insights.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    #[serde(rename = "_aws")]
    aws: Directive<'a>,
    /// Without this and a level a line counts as information, which Lambda leaves out when it is told to log less.
    timestamp: jiff::Timestamp,
    level: &'a str,
    /// Microseconds in the handler.
    #[serde(rename = "Duration")]
    duration: u64,
    #[serde(rename = "StoreCalls")]
    calls: u64,
    #[serde(rename = "ReadUnits")]
    read_units: Option<Box<RawValue>>,
    #[serde(rename = "WriteUnits")]
    write_units: Option<Box<RawValue>>,
    /// 1 for an answer of 500 to 599, an error of Lambda, or messages that come again.
    #[serde(rename = "Errors")]
    errors: u8,
    #[serde(rename = "ColdStarts")]
    cold_starts: u8,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    x_ray_trace_id: Option<&'a str>,
    #[serde(flatten)]
    what: What<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum What<'a> {
    #[serde(rename_all = "camelCase")]
    Http { id: &'a str, method: &'a str, route: &'a str, path: &'a str, status: u16 },
    #[serde(rename_all = "camelCase")]
    Event {
        event: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        error_type: Option<&'a str>,
        /// Messages that come again.
        #[serde(skip_serializing_if = "is_zero")]
        failed_messages: usize,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive<'a> {
    timestamp: i64,
    cloud_watch_metrics: [Set<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Set<'a> {
    namespace: &'a str,
    dimensions: [[&'a str; 0]; 1],
    metrics: &'static [Metric],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metric {
    name: &'static str,
    unit: &'static str,
}

const METRICS: &[Metric] = &[
    Metric { name: "Duration", unit: "Microseconds" },
    Metric { name: "StoreCalls", unit: "Count" },
    Metric { name: "ReadUnits", unit: "Count" },
    Metric { name: "WriteUnits", unit: "Count" },
    Metric { name: "Errors", unit: "Count" },
    Metric { name: "ColdStarts", unit: "Count" },
];

impl Metrics {
    /// With the level that Lambda is told to log at.
    pub(super) fn new(namespace: Option<String>, level: Option<String>) -> Self {
        let level = level.filter(|level| !level.is_empty()).unwrap_or_else(|| "INFO".to_owned());
        Self { namespace, level, cold: AtomicBool::new(true) }
    }

    /// A request over HTTP.
    pub(super) fn http(&self, observed: &Observed, context: &Context) {
        let status = observed.status.as_u16();
        let what = What::Http {
            id: observed.id.to_str().unwrap_or_default(),
            method: observed.method.as_str(),
            route: observed.route.as_ref().map_or("", |route| route.as_str()),
            path: &observed.path,
            status,
        };
        self.write(what, status >= 500, observed.took, observed.consumed, context);
    }

    /// Any other invocation.
    pub(super) fn event(
        &self,
        event: &str,
        outcome: &Outcome<'_>,
        took: Duration,
        consumed: Consumed,
        context: &Context,
    ) {
        let Outcome { failure, failed } = *outcome;
        let what = What::Event { event, error_type: failure.map(Failure::name), failed_messages: failed };
        self.write(what, failure.is_some() || failed > 0, took, consumed, context);
    }

    fn write(&self, what: What<'_>, error: bool, took: Duration, consumed: Consumed, context: &Context) {
        let cold = self.cold.load(Ordering::Relaxed) && self.cold.swap(false, Ordering::Relaxed);
        let Some(namespace) = &self.namespace else { return };
        let timestamp = jiff::Timestamp::now();
        let line = Line {
            timestamp,
            level: &self.level,
            aws: Directive {
                timestamp: timestamp.as_millisecond(),
                cloud_watch_metrics: [Set { namespace, dimensions: [[]], metrics: METRICS }],
            },
            duration: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            calls: consumed.calls,
            read_units: thousandths(consumed.read_milli),
            write_units: thousandths(consumed.write_milli),
            errors: u8::from(error),
            cold_starts: u8::from(cold),
            request_id: &context.request_id,
            x_ray_trace_id: context.xray_trace_id.as_deref(),
            what,
        };
        let Ok(mut text) = serde_json::to_vec(&line) else { return };
        text.push(b'\n');
        // In one piece, so that lines of concurrent invocations stay whole. A closed output is nobody's loss here.
        let _ = std::io::stdout().lock().write_all(&text);
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// A number with its digits.
fn thousandths(units: u64) -> Option<Box<RawValue>> {
    RawValue::from_string(decimal(units)).ok()
}

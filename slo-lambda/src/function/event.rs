//! What an invocation brings: which of the shapes it has.

use aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayV2httpRequest};
use aws_lambda_events::sqs::SqsEvent;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::failure::{Failure, Reason};

/// An invocation's payload as it came: valid JSON, nothing more is known of it.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Payload(Box<RawValue>);

/// A payload that was recognised.
#[derive(Debug)]
pub(super) enum Event {
    /// A REST API's proxy event, version 1.0.
    Rest(Box<ApiGatewayProxyRequest>),
    /// An HTTP API's proxy event, version 2.0, or a function URL's.
    Http(Box<ApiGatewayV2httpRequest>),
    /// Messages of a queue.
    Batch(SqsEvent),
    /// What was asked for by its kind, directly or by a schedule: the whole text.
    Direct(String),
}

/// The members that tell the shapes apart.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Members {
    kind: Option<IgnoredAny>,
    version: Option<Box<RawValue>>,
    request_context: Option<IgnoredAny>,
    #[serde(rename = "Records")]
    records: Option<IgnoredAny>,
    #[serde(rename = "detail-type")]
    detail_type: Option<IgnoredAny>,
    detail: Option<Box<RawValue>>,
}

impl Payload {
    /// Looks once over the whole text and then reads the shape that it has, not one after the other.
    pub(super) fn recognise(&self) -> Result<Event, Failure> {
        let text = self.0.get();
        let members: Members = serde_json::from_str(text).map_err(|_| unknown())?;
        if members.kind.is_some() {
            return Ok(Event::Direct(text.to_owned()));
        }
        if members.records.is_some() {
            return Ok(Event::Batch(read(text, "batch of queue messages")?));
        }
        if members.request_context.is_some() {
            let second = members.version.is_some_and(|version| version.get() == "\"2.0\"");
            return Ok(if second {
                Event::Http(read(text, "proxy event, version 2.0")?)
            } else {
                Event::Rest(read(text, "proxy event, version 1.0")?)
            });
        }
        if members.detail_type.is_some() {
            return scheduled(members.detail.as_deref());
        }
        Err(unknown())
    }
}

/// A schedule without an input of its own sends an envelope; what is wanted is in its detail.
fn scheduled(detail: Option<&RawValue>) -> Result<Event, Failure> {
    #[derive(Deserialize)]
    struct Detail {
        #[serde(rename = "kind")]
        _kind: IgnoredAny,
    }
    // The Scheduler's detail is text, that of a rule is an object.
    let detail = detail.map(RawValue::get).unwrap_or_default();
    let detail = serde_json::from_str::<String>(detail).unwrap_or_else(|_| detail.to_owned());
    if serde_json::from_str::<Detail>(&detail).is_err() {
        let what = "this schedule does not say what to do; give its target the input {\"kind\":\"reconciliationRequested\"} or {\"kind\":\"alertEvaluationRequested\"}";
        return Err(Failure::new(Reason::UnknownEvent, what));
    }
    Ok(Event::Direct(detail))
}

fn read<'t, T: Deserialize<'t>>(text: &'t str, what: &str) -> Result<T, Failure> {
    serde_json::from_str(text)
        .map_err(|error| Failure::new(Reason::MalformedEvent, format!("this is no complete {what}: {error}")))
}

fn unknown() -> Failure {
    let what = "this event is none of those that are answered here: a proxy event of API Gateway or a function URL (requestContext), a batch of SQS (Records), a schedule's (detail-type), or a request with a kind such as {\"kind\":\"errorBudgetRequested\",\"objective\":\"checkout\"}";
    Failure::new(Reason::UnknownEvent, what)
}

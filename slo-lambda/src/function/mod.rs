//! The service as a Lambda function: proxy events go through the router, everything else is answered by its kind.

mod base_path;
mod batch;
mod direct;
mod event;
mod failure;
mod http;
mod log;
mod metrics;
mod settings;
mod start;
mod topic;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use aws_lambda_events::sqs::SqsEvent;
use axum::Router;
use futures_util::FutureExt;
use lambda_http::request::LambdaRequest;
use lambda_runtime::{Context, LambdaEvent};
use serde_json::value::RawValue;
use slo_core::meter::{Consumed, Meter};

use crate::App;
use direct::Request;
use event::{Event, Payload};
use failure::Failure;
use http::Taken;
use metrics::{Metrics, Outcome};
use topic::Topic;

pub use settings::VARIABLES;
pub use start::{run, run_on};

/// So long before the time limit an answer is given up, to say so.
const MARGIN: Duration = Duration::from_millis(500);
/// The longest that API Gateway waits.
const UNLIMITED: Duration = Duration::from_secs(29);

/// What every invocation works with.
pub(crate) struct Function {
    app: App,
    router: Router,
    metrics: Metrics,
    /// Who is told of alerts, if anybody.
    topic: Option<Topic>,
    /// See [`settings::Settings::mapping`].
    mapping: String,
}

impl Function {
    /// Answers one invocation, whatever becomes of it.
    async fn answer(self: Arc<Self>, event: LambdaEvent<Payload>) -> Result<Box<RawValue>, Failure> {
        let LambdaEvent { payload, context } = event;
        let (started, ids) = (Instant::now(), context.clone());
        // In here, so that what comes out is a typed error; the runtime's own would show the panic to the caller.
        let answered = AssertUnwindSafe(Arc::clone(&self).dispatch(&payload, context)).catch_unwind().await;
        let answered = answered.unwrap_or_else(|panic| {
            let failure = Failure::panicked(&*panic);
            let outcome = Outcome { failure: Some(&failure), failed: 0 };
            self.metrics.event("panic", &outcome, started.elapsed(), Consumed::default(), &ids);
            Err(failure)
        });
        if let Err(failure) = &answered {
            tracing::info!(error_type = failure.name(), error = failure.message, "not answered");
        }
        answered
    }

    async fn dispatch(self: Arc<Self>, payload: &Payload, context: Context) -> Result<Box<RawValue>, Failure> {
        let (started, left) = (Instant::now(), left(&context));
        let (name, event) = match payload.recognise() {
            Ok(Event::Rest(mut event)) => {
                let taken = Taken::from_rest(&mut event);
                ("http", taken.map(|taken| Recognised::Http(LambdaRequest::ApiGatewayV1(*event), taken)))
            }
            Ok(Event::Http(mut event)) => {
                let taken = Taken::from_http(&mut event, &self.mapping);
                ("http", taken.map(|taken| Recognised::Http(LambdaRequest::ApiGatewayV2(*event), taken)))
            }
            Ok(Event::Batch(batch)) => ("queue", Ok(Recognised::Batch(batch))),
            Ok(Event::Direct(text)) => match Request::read(&text) {
                Ok(request) => (request.kind.name(), Ok(Recognised::Direct(request))),
                Err(failure) => ("unknown", Err(failure)),
            },
            Err(failure) => ("unknown", Err(failure)),
        };
        let (meter, mut failed) = (Meter::default(), 0);
        let answered = match event {
            // It writes a line of its own.
            Ok(Recognised::Http(event, taken)) => return http::answer(&self, event, taken, context, left).await,
            Ok(Recognised::Batch(batch)) => {
                let written = meter.measure(batch::answer(&self, batch, left)).await;
                written.map(|(messages, answer)| {
                    failed = messages;
                    answer
                })
            }
            Ok(Recognised::Direct(request)) => {
                let answer = tokio::time::timeout(left, request.answer(&self, left));
                meter.measure(answer).await.unwrap_or_else(|_| Err(Failure::timed_out()))
            }
            Err(failure) => Err(failure),
        };
        let outcome = Outcome { failure: answered.as_ref().err(), failed };
        self.metrics.event(name, &outcome, started.elapsed(), meter.consumed(), &context);
        answered
    }
}

/// An event with what was taken out of it.
#[expect(clippy::large_enum_variant, reason = "there is one of it, on the way to its handler")]
enum Recognised {
    Http(LambdaRequest, Taken),
    Batch(SqsEvent),
    Direct(Request),
}

/// The time for an answer. A limit that was over before the event came is none: `cargo lambda watch` sends such.
fn left(context: &Context) -> Duration {
    let left = context.deadline().duration_since(SystemTime::now());
    left.map_or(UNLIMITED, |left| left.saturating_sub(MARGIN))
}

//! The answers of an HTTP service as measurements: a tower layer over [`slo_core::Recorder`].
//!
//! ```
//! use std::sync::Arc;
//!
//! use slo_core::Recorder;
//! use slo_recorder::RecordLayer;
//! use tower::{ServiceBuilder, service_fn};
//!
//! # fn main() -> Result<(), slo_core::NameError> {
//! # let uuid = "0c4f4e1e-6f0b-4d0c-9b3c-2f6c1f0e7a11";
//! // A source of its own for each start of the process.
//! let recorder = Arc::new(Recorder::new("site".parse()?, uuid.parse()?));
//! let service = ServiceBuilder::new()
//!     .layer(RecordLayer::new(Arc::clone(&recorder)).good(|status| status.is_success() || status == 404))
//!     .service(service_fn(|_: http::Request<()>| async { Ok::<_, std::io::Error>(http::Response::new(())) }));
//! // Every few seconds, and at the end: recorder.flush(&slo_service, Timestamp::now()).await
//! # drop(service);
//! # Ok(())
//! # }
//! ```

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Response, StatusCode};
use jiff::Timestamp;
use pin_project_lite::pin_project;
use slo_core::{Attempt, Recorder};
use tower_layer::Layer;
use tower_service::Service;

type Good = Arc<dyn Fn(StatusCode) -> bool + Send + Sync>;
type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Records every answer of a service, in the minute in which its request came.
///
/// An answer is good when its status is below 500, or as [`RecordLayer::good`] says. It is judged by its head: a body
/// that breaks off later is not noticed. An error of the service is bad, and so is a request that is dropped before its
/// answer, by a panic or because the client went away: nobody was served.
#[derive(Clone)]
pub struct RecordLayer {
    recorder: Arc<Recorder>,
    good: Good,
    clock: Clock,
}

impl RecordLayer {
    /// Counts with this recorder, by the clock of this machine.
    #[must_use]
    pub fn new(recorder: Arc<Recorder>) -> Self {
        let good = |status: StatusCode| !status.is_server_error();
        Self { recorder, good: Arc::new(good), clock: Arc::new(Timestamp::now) }
    }

    /// Which answers are good.
    #[must_use]
    pub fn good(self, good: impl Fn(StatusCode) -> bool + Send + Sync + 'static) -> Self {
        Self { good: Arc::new(good), ..self }
    }

    /// What time it is, for tests.
    #[must_use]
    pub fn clock(self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }
}

impl<S> Layer<S> for RecordLayer {
    type Service = Record<S>;

    fn layer(&self, inner: S) -> Record<S> {
        Record { inner, layer: self.clone() }
    }
}

/// A service whose answers are recorded; see [`RecordLayer`].
#[derive(Clone)]
pub struct Record<S> {
    inner: S,
    layer: RecordLayer,
}

impl<S, R, B> Service<R> for Record<S>
where
    S: Service<R, Response = Response<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Recording<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        // Before the call, which may panic too.
        let attempt = self.layer.recorder.begin((self.layer.clock)());
        Recording { inner: self.inner.call(request), attempt: Some(attempt), good: Arc::clone(&self.layer.good) }
    }
}

pin_project! {
    /// An answer under way; see [`RecordLayer`].
    pub struct Recording<F> {
        #[pin]
        inner: F,
        attempt: Option<Attempt>,
        good: Good,
    }
}

impl<F, B, E> Future for Recording<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let answer = ready!(this.inner.poll(context));
        if let Some(attempt) = this.attempt.take() {
            attempt.finish(answer.as_ref().is_ok_and(|answer| (this.good)(answer.status())));
        }
        Poll::Ready(answer)
    }
}

/// How to embed the library is compiled where all of its crates are at hand.
#[cfg(doctest)]
#[doc = include_str!("../../docs/embedding.md")]
struct Embedding;

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::panic::AssertUnwindSafe;

    use futures_util::FutureExt;
    use slo_core::Minute;
    use tower::{ServiceExt, service_fn};

    use super::*;

    /// How a service may end.
    #[derive(Clone, Copy)]
    enum End {
        Answer(u16),
        Error,
        Panic,
        Never,
    }

    async fn ending(end: End) -> Result<Response<()>, &'static str> {
        match end {
            End::Answer(status) => Ok(Response::builder().status(status).body(()).expect("a status")),
            End::Error => Err("broken"),
            End::Panic => panic!("a defect"),
            End::Never => pending().await,
        }
    }

    /// Good and total after each of these has been asked for once.
    fn counted(layer: impl Fn(RecordLayer) -> RecordLayer, ends: &[End]) -> (u128, u128) {
        let now = Minute::new(29_000_000).timestamp();
        let recorder = Arc::new(Recorder::new("site".parse().expect("a name"), "start".parse().expect("a name")));
        let recorded = layer(RecordLayer::new(Arc::clone(&recorder)).clock(move || now)).layer(service_fn(ending));
        for end in ends {
            let _ = AssertUnwindSafe(recorded.clone().oneshot(*end)).catch_unwind().now_or_never();
        }
        let batch = recorder.pending(now).expect("something was counted");
        let [minute] = batch.measurements() else { panic!("one minute") };
        (minute.counts.good(), minute.counts.total())
    }

    #[test]
    fn an_answer_is_good_below_500() {
        assert_eq!(counted(|layer| layer, &[200, 404, 429, 499, 500, 503].map(End::Answer)), (4, 6));
    }

    #[test]
    fn who_embeds_it_may_say_what_is_good() {
        let strict = |layer: RecordLayer| layer.good(|status| status.is_success());
        assert_eq!(counted(strict, &[200, 404, 500].map(End::Answer)), (1, 3));
    }

    #[test]
    fn whoever_gets_no_answer_was_not_served() {
        assert_eq!(counted(|layer| layer, &[End::Answer(200), End::Error, End::Panic, End::Never]), (1, 4));
    }
}

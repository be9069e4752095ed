//! The life of the process: everything that can be done before the first request, the loop, the end.

use std::env;
use std::error::Error;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Method;
use jiff::Timestamp;
use lambda_runtime::layers::TracingLayer;
use lambda_runtime::{LambdaInvocation, Runtime, Service, service_fn};
use lambda_runtime_api_client::{PooledClient, build_request};
use slo_dynamo::{Store, client};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::RwLock;
use tower::layer::layer_fn;

use super::settings::Settings;
use super::topic::Topic;
use super::{Function, Metrics, log};
use crate::{App, router};

type BoxError = Box<dyn Error + Send + Sync>;

/// So long the first look at the store may take; without it the first request opens the connection.
const WARM_UP: Duration = Duration::from_secs(2);
/// So long after SIGTERM what is in flight may take. Lambda kills after two seconds.
const DRAIN: Duration = Duration::from_millis(1_500);

/// Runs the function until Lambda ends it, on the DynamoDB tables that the environment names. The exit code is 0 after
/// SIGTERM.
#[must_use]
pub fn run() -> ExitCode {
    start(async |settings| open(settings).await)
}

/// Runs the function on repositories of one's own.
///
/// ```no_run
/// # use std::process::ExitCode;
/// fn main() -> ExitCode {
///     slo_lambda::function::run_on(slo_core::Service::in_memory())
/// }
/// ```
#[must_use]
pub fn run_on(service: slo_core::Service) -> ExitCode {
    start(async |_| Ok(service))
}

fn start(open: impl AsyncFnOnce(&Settings) -> Result<slo_core::Service, BoxError>) -> ExitCode {
    log::start();
    // One thread is all that a function with less than two virtual processors has, and starts sooner.
    let mut builder = match env::var("AWS_LAMBDA_MAX_CONCURRENCY") {
        Ok(_) => tokio::runtime::Builder::new_multi_thread(),
        Err(_) => tokio::runtime::Builder::new_current_thread(),
    };
    let runtime = match builder.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(error = &error as &dyn Error, "the async runtime cannot start");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(serve(open));
    // The poll for the next invocation is still open.
    runtime.shutdown_background();
    code
}

async fn serve(open: impl AsyncFnOnce(&Settings) -> Result<slo_core::Service, BoxError>) -> ExitCode {
    let function = match initialise(open).await {
        Ok(function) => Arc::new(function),
        Err(error) => {
            tracing::error!(error = &*error as &dyn Error, "the function cannot start");
            report(&*error).await;
            return ExitCode::FAILURE;
        }
    };
    let mut terminated = match signal(SignalKind::terminate()) {
        Ok(terminated) => terminated,
        Err(error) => {
            tracing::error!(error = &error as &dyn Error, "the function cannot hear the end coming");
            return ExitCode::FAILURE;
        }
    };
    let in_flight = Arc::new(RwLock::new(()));
    let counting = Arc::clone(&in_flight);
    let handler = service_fn(move |event| Arc::clone(&function).answer(event));
    let runtime = Runtime::new(handler)
        .layer(TracingLayer::new())
        .layer(layer_fn(move |inner| InFlight { inner, in_flight: Arc::clone(&counting) }));
    let polling = tokio::spawn(runtime.run_concurrent());
    tokio::select! {
        ended = polling => {
            let error = match ended {
                Ok(Ok(())) => "it ended by itself".into(),
                Ok(Err(error)) => error,
                Err(error) => error.into(),
            };
            tracing::error!(error = &*error as &dyn Error, "invocations can no longer be fetched");
            ExitCode::FAILURE
        }
        _ = terminated.recv() => {
            if tokio::time::timeout(DRAIN, in_flight.write()).await.is_err() {
                tracing::warn!("an invocation was still in flight at the end");
            }
            ExitCode::SUCCESS
        }
    }
}

/// Everything that requests would wait for: settings, routes, schemas, and a connection to the store.
async fn initialise(
    open: impl AsyncFnOnce(&Settings) -> Result<slo_core::Service, BoxError>,
) -> Result<Function, BoxError> {
    let settings = Settings::read(|name| env::var(name))?;
    let app = App::new(open(&settings).await?, Timestamp::now);
    let app = if settings.guarded { app.guarded() } else { app };
    let warm = app.clone();
    let warm_up = tokio::spawn(async move { tokio::time::timeout(WARM_UP, warm.warm_up()).await });
    // Lets the request go out before this thread is busy.
    tokio::task::yield_now().await;
    let router = router(app.clone());
    crate::edge::links::prepare();
    if !matches!(warm_up.await, Ok(Ok(Ok(())))) {
        tracing::warn!("the store did not answer at the start; the first request will try again");
    }
    let topic = match settings.topic {
        Some(arn) => Some(Topic::new(arn, &client::settings(None).await)),
        None => None,
    };
    Ok(Function {
        app,
        router,
        metrics: Metrics::new(settings.namespace, env::var(log::LEVEL).ok()),
        topic,
        mapping: settings.mapping,
    })
}

async fn open(settings: &Settings) -> Result<slo_core::Service, BoxError> {
    #[cfg(feature = "embedded")]
    if let Some(data) = &settings.data {
        let client = slo_dynamo::embedded::Engine::open(data)?.client();
        slo_dynamo::table::create_tables(&client, &settings.tables).await?;
        return Ok(Store::builder(client).tables(settings.tables.clone()).build().service());
    }
    Ok(Store::configured(&client::settings(None).await).tables(settings.tables.clone()).build().service())
}

/// Tells Lambda why the function cannot start, so that who invokes it is told too.
async fn report(error: &(dyn Error + Send + Sync)) {
    let body =
        serde_json::json!({ "errorType": "InitialisationFailed", "errorMessage": error.to_string(), "stackTrace": [] });
    let request = build_request()
        .method(Method::POST)
        .uri("/2018-06-01/runtime/init/error")
        .header("lambda-runtime-function-error-type", "Runtime.InitialisationFailed")
        .body(body.to_string().into());
    let Ok(request) = request else { return };
    if env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        return;
    }
    let sent = PooledClient::builder().build().call(request);
    if !matches!(tokio::time::timeout(Duration::from_secs(1), sent).await, Ok(Ok(_))) {
        tracing::warn!("Lambda did not take the report");
    }
}

/// Holds a lock for reading from the start of an invocation until its answer has been taken.
#[derive(Clone)]
struct InFlight<S> {
    inner: S,
    in_flight: Arc<RwLock<()>>,
}

impl<S> Service<LambdaInvocation> for InFlight<S>
where
    S: Service<LambdaInvocation, Future: Send + 'static>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let held = Arc::clone(&self.in_flight).try_read_owned();
        let work = self.inner.call(invocation);
        Box::pin(async move {
            let done = work.await;
            drop(held);
            done
        })
    }
}

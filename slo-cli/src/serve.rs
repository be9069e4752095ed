//! `slo serve`: the whole service on one machine.

use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use slo_core::{Reconciliation, Service, Stamp, TOKEN_RANDOM, TokenRequest, TokenText};
use slo_dynamo::embedded::Engine;
use slo_lambda::{App, router};
use tokio::net::TcpListener;

use crate::error::{Error, Result};
use crate::reconcile::DAYS;
use crate::storage::{Absent, Opened, Storage};

/// So long after the start nothing is looked after: who has started a server waits for its first answer.
const SETTLE: Duration = Duration::from_secs(10);
/// What has outlived its retention is removed this often.
const SWEEP: Duration = Duration::from_secs(24 * 60 * 60);
/// Days are looked after this often: those to which late data came, and so many times as seldom the newest ones.
const RECONCILE: (Duration, u64) = (Duration::from_secs(60), 60);
/// How long a request in flight may take after SIGTERM.
const DRAIN: Duration = Duration::from_secs(30);

/// Run the service on this machine
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slo serve
  slo serve --memory --listen 127.0.0.1:9090
  slo serve --endpoint http://127.0.0.1:8000 --table-prefix test-
  slo serve --auth token --listen 0.0.0.0:8080   # behind something that speaks TLS
  slo serve --table-prefix prod-                 # the real DynamoDB, with the AWS credentials of the environment

Tables in a DynamoDB-compatible server are created when they are absent; on AWS they must exist.")]
pub(crate) struct Serve {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", value_parser = address)]
    pub(crate) listen: SocketAddr,
    /// Keep everything in memory and forget it at the end
    #[arg(long, conflicts_with_all = ["data", "endpoint", "table_prefix"])]
    pub(crate) memory: bool,
    #[command(flatten)]
    pub(crate) storage: Storage,
    /// Who may call [default: none on a loopback address, token on any other]
    #[arg(long)]
    pub(crate) auth: Option<Auth>,
}

/// Where to listen; the parser's own words are about syntax.
fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "write an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080")
}

/// Who may call the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Auth {
    /// Anyone who can reach it; on loopback addresses only
    None,
    /// Who has a token; the first one is printed once
    Token,
}

/// Runs the command until SIGTERM or Ctrl-C.
pub(crate) fn run(args: Serve) -> Result {
    if args.auth == Some(Auth::None) && !args.listen.ip().is_loopback() {
        let text = format!(
            "without tokens anyone who reaches {} could change everything; use --auth token, or listen on a loopback address such as 127.0.0.1:{}",
            args.listen.ip(),
            args.listen.port()
        );
        return Err(Error::Failed(text));
    }
    log_to_stderr();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|source| Error::Start { what: "the async runtime", source: source.into() })?.block_on(serve(args))
}

/// Warnings and errors, or what `SLO_LOG` asks for (such as `info` for a line a request).
fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("SLO_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    // Its report of a failed write would panic: standard error is what failed.
    let log = tracing_subscriber::fmt().with_env_filter(filter).log_internal_errors(false);
    log.with_writer(std::io::stderr).with_ansi(false).init();
}

async fn serve(args: Serve) -> Result {
    let (service, kept) = open(&args).await?;
    let listener =
        TcpListener::bind(args.listen).await.map_err(|source| Error::Listen { address: args.listen, source })?;
    let address = listener.local_addr().map_err(|source| Error::Listen { address: args.listen, source })?;
    let stop = stop_signal()?;
    let guarded = args.auth.unwrap_or(if address.ip().is_loopback() { Auth::None } else { Auth::Token }) == Auth::Token;
    let first = if guarded { first_token(&service).await? } else { None };
    // One line, when it is ready: scripts wait for it.
    let mut out = std::io::stdout();
    let _ = writeln!(out, "slo is ready at http://{address} ({kept})").and_then(|()| out.flush());
    if let Some(token) = first {
        let _ =
            writeln!(out, "token of the user admin, shown this once: {}", token.reveal()).and_then(|()| out.flush());
    }
    let (stopping, stopped) = tokio::sync::oneshot::channel();
    let shutdown = async move {
        stop.await;
        let _ = stopping.send(());
    };
    let app = App::new(service, Timestamp::now);
    let app = if guarded { app.guarded() } else { app };
    let service = router(app).into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, service).with_graceful_shutdown(shutdown);
    let overdue = async {
        // Pending for ever when the server ended by itself.
        if stopped.await.is_err() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        ended = served.into_future() => ended.map_err(|source| Error::Listen { address, source }),
        () = overdue => {
            tracing::warn!("some connections were still open {} s after the signal", DRAIN.as_secs());
            Ok(())
        }
    }
}

/// A token of an admin where there is none: the first way in.
async fn first_token(service: &Service) -> Result<Option<TokenText>> {
    let start = |source: slo_core::Error| Error::Start { what: "the first token", source: source.into() };
    let now = Timestamp::now();
    if service.has_admin_token(now).await.map_err(start)? {
        return Ok(None);
    }
    let mut random = [0; TOKEN_RANDOM];
    getrandom::fill(&mut random).map_err(|source| Error::Start { what: "the first token", source: source.into() })?;
    let user = "admin".parse().expect("a name");
    let request = TokenRequest {
        description: Some("the first way in".to_owned().try_into().expect("a description")),
        ..TokenRequest::default()
    };
    let made = service.create_admin_token(&user, request, random, Stamp { at: now, by: None }).await;
    match made {
        Ok((_, text)) => Ok(Some(text)),
        Err(slo_core::Error::Invalid { .. }) => Err(Error::Failed(
            "no admin has a valid token, and the user admin is not an admin, or has too many tokens; run once with --auth none \
             on a loopback address and make one for another admin: slo token create USER"
                .to_owned(),
        )),
        Err(other) => Err(start(other)),
    }
}

/// The store that the arguments name, and how to say it.
async fn open(args: &Serve) -> Result<(Service, String)> {
    if args.memory {
        return Ok((Service::in_memory(), "in memory, forgotten at the end".to_owned()));
    }
    let Opened { service, kept, embedded } = args.storage.open(Absent::Create).await?;
    if let Some(engine) = embedded {
        tokio::spawn(sweep(engine));
        tokio::spawn(reconcile(service.clone()));
    }
    Ok((service, kept))
}

/// Completes what a crash has left half done, and condenses finished days. On tables elsewhere `slo reconcile`
/// does, or the Lambda's schedule.
async fn reconcile(service: Service) {
    let (pause, seldom) = RECONCILE;
    tokio::time::sleep(SETTLE).await;
    for round in 0_u64.. {
        let days = if round % seldom == 0 { DAYS } else { 0 };
        match service.reconcile(days, Timestamp::now()).await {
            Ok(Reconciliation { done, failed, .. }) => {
                if done.hours > 0 {
                    tracing::info!(hours = done.hours, "completed what writers had left half done");
                }
                for (indicator, error) in failed {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(indicator = indicator.as_str(), error, "could not reconcile");
                }
            }
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "could not reconcile"),
        }
        tokio::time::sleep(pause).await;
    }
}

/// Removes what has outlived its retention: the embedded engine does not do it by itself.
async fn sweep(engine: Engine) {
    tokio::time::sleep(SETTLE).await;
    loop {
        let now = u64::try_from(Timestamp::now().as_second()).unwrap_or(0);
        match engine.sweep_expired(now).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "removed items past their retention"),
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "could not remove old items"),
        }
        tokio::time::sleep(SWEEP).await;
    }
}

/// Completes at SIGTERM or Ctrl-C.
fn stop_signal() -> Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let mut terminate = {
        use tokio::signal::unix::{SignalKind, signal};
        signal(SignalKind::terminate())
            .map_err(|source| Error::Start { what: "the signal handler", source: source.into() })?
    };
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    })
}

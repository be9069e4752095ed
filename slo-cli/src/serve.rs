//! `slo serve`: the whole service on one machine.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use slo_core::Service;
use slo_dynamo::embedded::Engine;
use slo_dynamo::table::{TableNames, create_tables};
use slo_dynamo::{Store, client};
use slo_lambda::{App, CursorKey, router};
use tokio::net::TcpListener;

use crate::error::{Error, Result};

/// Where the embedded store is kept when nothing is said.
const DEFAULT_DATA: &str = "./slo-data";
/// What has outlived its retention is removed this often.
const SWEEP: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a request in flight may take after SIGTERM.
const DRAIN: Duration = Duration::from_secs(30);

/// Run the service on this machine
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slo serve
  slo serve --memory --listen 127.0.0.1:9090
  slo serve --endpoint http://127.0.0.1:8000 --table-prefix test-
  slo serve --table-prefix prod-      the real DynamoDB, with the AWS credentials of the environment

Tables in a DynamoDB-compatible server are created when they are absent; on AWS they must exist.")]
pub(crate) struct Serve {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// Directory of the embedded, durable store [default: ./slo-data]
    #[arg(long, value_name = "DIRECTORY", conflicts_with_all = ["memory", "endpoint", "table_prefix"])]
    pub(crate) data: Option<PathBuf>,
    /// Keep everything in memory and forget it at the end
    #[arg(long, conflicts_with_all = ["endpoint", "table_prefix"])]
    pub(crate) memory: bool,
    /// Store in the DynamoDB-compatible server at this address
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,
    /// Beginning of the names of the tables; without --endpoint, those of the real DynamoDB
    #[arg(long, value_name = "PREFIX")]
    pub(crate) table_prefix: Option<String>,
    /// Who may call; `none` is for loopback addresses only, and the only one of this version
    #[arg(long, default_value = "none")]
    pub(crate) auth: Auth,
}

/// Who may call the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Auth {
    /// Anyone who can reach it.
    None,
    /// Who has a token.
    Token,
}

/// Runs the command until SIGTERM or Ctrl-C.
pub(crate) fn run(args: Serve) -> Result {
    if args.auth == Auth::Token {
        return Err(Error::Failed(
            "tokens are not part of this version; use --auth none on a loopback address".to_owned(),
        ));
    }
    if !args.listen.ip().is_loopback() {
        let text = format!(
            "without tokens anyone who reaches {} could change everything; listen on a loopback address such as 127.0.0.1:{}",
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
    let (service, key, kept) = open(&args).await?;
    let listener =
        TcpListener::bind(args.listen).await.map_err(|source| Error::Listen { address: args.listen, source })?;
    let address = listener.local_addr().map_err(|source| Error::Listen { address: args.listen, source })?;
    let stop = stop_signal()?;
    // One line, when it is ready: scripts wait for it.
    let mut out = std::io::stdout();
    let _ = writeln!(out, "slo is ready at http://{address} ({kept})").and_then(|()| out.flush());
    let (stopping, stopped) = tokio::sync::oneshot::channel();
    let shutdown = async move {
        stop.await;
        let _ = stopping.send(());
    };
    let app = App::new(service, Timestamp::now, key);
    let served = axum::serve(listener, router(app)).with_graceful_shutdown(shutdown);
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

/// The store that the arguments name, the secret of its cursors, and how to say it.
async fn open(args: &Serve) -> Result<(Service, CursorKey, String)> {
    if args.memory {
        return Ok((Service::in_memory(), random_key(), "in memory, forgotten at the end".to_owned()));
    }
    let failed =
        |what: &'static str| move |source: Box<dyn std::error::Error + Send + Sync>| Error::Start { what, source };
    let names = args.table_prefix.as_deref().map_or_else(|| Ok(TableNames::default()), TableNames::with_prefix);
    let names = names.map_err(|e| failed("the names of the tables")(e.into()))?;
    let create = async |client: &_| create_tables(client, &names).await.map_err(|e| failed("the tables")(e.into()));
    if args.endpoint.is_some() || args.table_prefix.is_some() {
        let client = client::connect(args.endpoint.as_deref()).await;
        let kept = match &args.endpoint {
            Some(url) => {
                create(&client).await?;
                format!("in the DynamoDB at {url}")
            }
            None => "in DynamoDB on AWS".to_owned(),
        };
        let store = Store::builder(client).tables(names.clone()).build();
        return Ok((store.service(), random_key(), kept));
    }
    let directory = args.data.as_deref().unwrap_or_else(|| Path::new(DEFAULT_DATA));
    let engine = Engine::open(directory).map_err(|e| failed("the embedded store")(e.into()))?;
    let client = engine.client();
    create(&client).await?;
    tokio::spawn(sweep(engine));
    let key = stored_key(directory).map_err(|e| failed("the key of the cursors")(e.into()))?;
    let store = Store::builder(client).tables(names.clone()).build();
    Ok((store.service(), key, format!("in {}", directory.display())))
}

/// Removes what has outlived its retention: the embedded engine does not do it by itself.
async fn sweep(engine: Engine) {
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

/// 244 random bits.
fn random_key() -> CursorKey {
    CursorKey::new(&random_bytes()).expect("32 bytes are enough")
}

fn random_bytes() -> Vec<u8> {
    [uuid::Uuid::new_v4().into_bytes(), uuid::Uuid::new_v4().into_bytes()].concat()
}

/// The key beside the data, so that cursors outlive a restart.
fn stored_key(directory: &Path) -> std::io::Result<CursorKey> {
    let path = directory.join("cursor.key");
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let bytes = random_bytes();
            std::fs::write(&path, &bytes)?;
            bytes
        }
        Err(error) => return Err(error),
    };
    // A file cut short by a crash is of no use to anybody: cursors merely become invalid.
    Ok(CursorKey::new(&bytes).unwrap_or_else(random_key))
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

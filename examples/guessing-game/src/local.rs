//! The game on one machine: the same router, on the embedded engine below the SDK.

use std::future::{Future, IntoFuture as _};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use jiff::Timestamp;
use slo_core::Service;
use slo_dynamo::Store;
use slo_dynamo::embedded::Engine;
use slo_dynamo::table::{TableNames, create_tables};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::games::Games;
use crate::reliability::{INTERVAL, Reliability};
use crate::router::router;
use crate::table::DynamoGames;

/// Old games and counts are removed, and finished days of counts added up, this often.
const UPKEEP: Duration = Duration::from_secs(60 * 60);
/// So many days are looked after: today and those to which late counts come.
const DAYS: u16 = 3;
/// How long a request in flight may take after SIGTERM.
const DRAIN: Duration = Duration::from_secs(10);

/// Guess a number from 0 to 10 in three tries, over HTTP
#[derive(Debug, Parser)]
#[command(name = "guessing-game", version)]
struct Arguments {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// Directory of the games, and of what is measured
    #[arg(long, value_name = "DIRECTORY", default_value = "./guessing-game-data")]
    data: PathBuf,
}

/// Serves until SIGTERM or Ctrl-C.
///
/// # Errors
/// When the directory or the address cannot be used.
pub async fn run() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let arguments = Arguments::parse();
    let engine = Engine::open(&arguments.data)?;
    let (games, service) = open(&engine).await?;
    let reliability = Arc::new(Reliability::new(service.clone(), Timestamp::now));
    reliability.define().await?;
    let listener = TcpListener::bind(arguments.listen).await?;
    let mut out = std::io::stdout();
    // One line, when it is ready: scripts wait for it.
    let ready = writeln!(out, "guessing-game is ready at http://{}", listener.local_addr()?);
    let _ = ready.and_then(|()| out.flush());
    tokio::spawn(upkeep(engine, service));
    tokio::spawn(flush(Arc::clone(&reliability)));
    let (stopping, stopped) = tokio::sync::oneshot::channel();
    let stop = stop()?;
    let served = axum::serve(listener, router(games, &reliability)).with_graceful_shutdown(async {
        stop.await;
        let _ = stopping.send(());
    });
    let overdue = async {
        let _ = stopped.await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        ended = served.into_future() => ended?,
        () = overdue => tracing::warn!("some connections were still open at the end"),
    }
    reliability.flush().await?;
    Ok(())
}

/// The games and the library on one engine, with all tables.
///
/// # Errors
/// Those of the engine.
pub async fn open(engine: &Engine) -> Result<(Games, Service), Box<dyn std::error::Error + Send + Sync>> {
    let (client, tables) = (engine.client(), TableNames::default());
    create_tables(&client, &tables).await?;
    let games = DynamoGames::new(client.clone(), "games");
    games.create_table().await?;
    Ok((Games::new(games), Store::builder(client).tables(tables).build().service()))
}

async fn flush(reliability: Arc<Reliability>) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        reliability.flush_when_due().await;
    }
}

/// What DynamoDB does by itself, and what on AWS a schedule of the library's function does.
async fn upkeep(engine: Engine, service: Service) {
    loop {
        let now = Timestamp::now();
        if let Err(error) = service.reconcile(DAYS, now).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "could not reconcile");
        }
        if let Err(error) = engine.sweep_expired(u64::try_from(now.as_second()).unwrap_or(0)).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "could not remove old items");
        }
        tokio::time::sleep(UPKEEP).await;
    }
}

fn stop() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    })
}

//! The game: as a Lambda function where Lambda runs it, else on this machine.

use std::env;
use std::process::ExitCode;

use tracing_subscriber::filter::LevelFilter;

fn main() -> ExitCode {
    let on_lambda = env::var_os("AWS_LAMBDA_RUNTIME_API").is_some();
    let log = tracing_subscriber::fmt().with_max_level(LevelFilter::WARN).with_ansi(false).log_internal_errors(false);
    if on_lambda {
        log.json().flatten_event(true).with_span_list(false).init();
    } else {
        log.with_writer(std::io::stderr).init();
    }
    let done =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Into::into).and_then(|runtime| {
            let done = runtime
                .block_on(async { if on_lambda { guessing_game::function::run().await } else { local().await } });
            runtime.shutdown_background();
            done
        });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = &*error as &dyn std::error::Error, "the game cannot go on");
            ExitCode::FAILURE
        }
    }
}

#[cfg(feature = "local")]
async fn local() -> Result<(), lambda_runtime::Error> {
    guessing_game::local::run().await
}

#[cfg(not(feature = "local"))]
async fn local() -> Result<(), lambda_runtime::Error> {
    Err("this build runs on Lambda only; build it with the feature local to play on this machine".into())
}

//! `slo`: the error-budget service on one machine, and its command-line client.
//!
//! Results go to standard output and are stable; diagnostics go to standard error.
//! Exit codes: 0 all well, 1 an error, 2 wrong usage; `gate` says its verdict by 10 and 20.

mod apply;
mod budget;
mod calc;
mod client;
mod completions;
mod decimal;
mod demo;
mod error;
mod export;
mod gate;
mod get;
#[cfg(test)]
mod help;
mod ingest;
mod note;
mod output;
mod plan;
mod problem;
mod progress;
mod reconcile;
mod resource;
mod screen;
mod serve;
mod storage;
mod suggest;
mod table;
mod token;
mod words;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use client::{Client, Connection};
use error::Result;
use output::Format;
use screen::Color;

/// Error budgets: keep service level objectives, measure them, decide by what is left
#[derive(Debug, Parser)]
#[command(
    name = "slo",
    version,
    after_help = "\
Exit codes: 0 all well, 1 an error, 2 wrong usage; of `slo gate` also 10 caution, 20 hold.

Start with:
  slo serve &
  slo apply -f slo.yaml
  slo ingest site --access-log access.log
  slo budget"
)]
struct Cli {
    #[command(flatten)]
    connection: Connection,
    /// How results are printed
    #[arg(long, value_name = "FORMAT", default_value = "table", global = true, help_heading = "Output")]
    output: Format,
    /// Whether words that matter are coloured
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true, help_heading = "Output")]
    color: Color,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Apply(apply::Apply),
    Export(export::Export),
    Get(get::Get),
    Delete(get::Delete),
    Ingest(ingest::Ingest),
    Budget(budget::Budget),
    Demo(demo::Demo),
    Plan(plan::Plan),
    Gate(gate::Gate),
    Token(token::Token),
    Suggest(suggest::Suggest),
    Reconcile(reconcile::Reconcile),
    Calc(calc::Calc),
    Completions(completions::Completions),
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) if error.is_closed_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode> {
    let Cli { connection, output, color, command } = cli;
    screen::look(color);
    match command {
        Command::Gate(args) => return gate::run(&args, &Client::new(&connection)?, output),
        Command::Serve(args) => serve::run(args),
        Command::Reconcile(args) => reconcile::run(&args, output),
        Command::Calc(args) => calc::run(&args, output),
        Command::Completions(args) => completions::run(&args),
        Command::Apply(args) => apply::run(&args, &Client::new(&connection)?, output),
        Command::Export(args) => export::run(&args, Client::new(&connection)?, output),
        Command::Get(args) => get::run(&args, &Client::new(&connection)?, output),
        Command::Delete(args) => get::delete(&args, &Client::new(&connection)?, output),
        Command::Ingest(args) => ingest::run(&args, Client::new(&connection)?, output),
        Command::Demo(args) => demo::run(&args, Client::new(&connection)?, output),
        Command::Budget(args) => budget::run(&args, &Client::new(&connection)?, output),
        Command::Plan(args) => plan::run(&args, &Client::new(&connection)?, output),
        Command::Token(args) => token::run(&args, &Client::new(&connection)?, output),
        Command::Suggest(args) => suggest::run(&args, &Client::new(&connection)?, output),
    }
    .map(|()| ExitCode::SUCCESS)
}

/// An error and its causes, outermost first.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        let said = source.to_string();
        // Some libraries repeat their source in their own text.
        if !text.ends_with(&said) {
            text.push_str(&format!(": {said}"));
        }
        cause = source.source();
    }
    text
}

//! What can go wrong, in words that say what to do next.

use std::io;
use std::path::PathBuf;

use crate::problem::Problem;

/// The result of a command.
pub(crate) type Result<T = (), E = Error> = std::result::Result<T, E>;

/// Why a command failed. `Display` leaves out the source; `main` prints the chain.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The service did not take the connection.
    #[error("cannot reach the service at {url}; start it with `slo serve`, or say where it is with --url or SLO_URL")]
    Unreachable {
        /// The service's address.
        url: String,
        /// What the network said.
        #[source]
        source: ureq::Error,
    },
    /// The service took too long.
    #[error("the service at {url} did not answer in time; look whether it is overloaded, then run this again")]
    TimedOut {
        /// The service's address.
        url: String,
        /// Which limit it was.
        #[source]
        source: ureq::Error,
    },
    /// The answer was not HTTP, not text, or too long.
    #[error("cannot make sense of the answer from {url}; is this the address of the SLO service? (--url or SLO_URL)")]
    Answer {
        /// The service's address.
        url: String,
        /// What was wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The service points elsewhere; the token must not follow it there.
    #[error(
        "{url} redirects to {location}, and the token is not carried elsewhere; if you trust that address, give it as --url or SLO_URL"
    )]
    Redirected {
        /// The service's address.
        url: String,
        /// Where it points.
        location: String,
    },
    /// The service asked to wait longer than a command should hang.
    #[error("the service is unavailable and asks to wait {seconds} seconds; run this again after that")]
    LongWait {
        /// The `Retry-After`.
        seconds: u64,
    },
    /// It stayed unavailable.
    #[error("gave up after {tries} tries; run this again when the service is well")]
    GaveUp {
        /// How many times it was tried.
        tries: u32,
        /// The last failure.
        #[source]
        last: Box<Error>,
    },
    /// The service refused.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// A file could not be read.
    #[error("cannot read {}; check its name, and whether you may read it", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A document that `apply` cannot use.
    #[error("{place}: {fault}")]
    Document {
        /// File and document.
        place: String,
        /// What is wrong and what to do.
        fault: String,
    },
    /// Documents that the service refused, each fault with its file and line.
    #[error("{said}{}", faults.iter().map(|fault| format!("\n  {fault}")).collect::<String>())]
    Documents {
        /// What happened.
        said: String,
        /// `file:line: pointer: what to do`
        faults: Vec<String>,
    },
    /// `ingest` failed half-way.
    #[error("stopped after {done} of {all}; {advice}")]
    Stopped {
        /// How many were sent.
        done: String,
        /// Of how many of what.
        all: String,
        /// What to do.
        advice: String,
        /// Why.
        #[source]
        source: Box<Error>,
    },
    /// Standard output could not be written.
    #[error("cannot write to standard output; look whether its disk is full")]
    Output(#[source] io::Error),
    /// `serve` could not open the address.
    #[error("cannot listen on {address}; choose another port with --listen, or 0 for a free one")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// `serve` could not get ready.
    #[error("cannot start because of {what}; correct what is said here, then start again")]
    Start {
        /// What failed.
        what: &'static str,
        /// Why, and what to do.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The data directory is locked.
    #[error("another process uses {}; stop it or choose another --data", directory.display())]
    InUse {
        /// The directory.
        directory: PathBuf,
    },
    /// The tables of a DynamoDB could not be used.
    #[error("cannot use the tables {kept}; {advice}")]
    Tables {
        /// Where they are.
        kept: String,
        /// What to do.
        advice: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Anything else that has no cause of its own.
    #[error("{0}")]
    Failed(String),
}

impl Error {
    /// Whether the same command may succeed later: the network or the service failed, not the request.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::LongWait { .. } | Self::GaveUp { .. } => true,
            Self::Problem(problem) => problem.status == 429 || problem.status >= 500,
            _ => false,
        }
    }

    /// Whether the reader of our output went away, as `head` does: no failure of ours.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

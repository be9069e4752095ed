//! Errors of a direct invocation: a type for programs, and one sentence.

use std::error::Error;

use lambda_runtime::Diagnostic;
use slo_core::RepositoryError;

use crate::games::GameError;

/// An invocation that has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// `errorType`
    pub kind: &'static str,
    /// `errorMessage`: what to do about it.
    pub message: String,
}

impl Failure {
    fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// What cannot be read.
    pub(crate) fn malformed(error: &dyn Error) -> Self {
        let what = "send a proxy event, or one such as {\"kind\":\"gameRequested\"}, \
                    {\"kind\":\"guessSubmitted\",\"id\":…,\"guess\":5} or {\"kind\":\"gameInfoRequested\",\"id\":…}";
        Self::new("MalformedEvent", format!("{what}: {error}"))
    }

    /// The time limit is near.
    pub(crate) fn timed_out() -> Self {
        Self::new("TimedOut", "the store took too long; look again: what you sent may have been done")
    }

    /// A defect: the log has it.
    pub(crate) fn internal() -> Self {
        Self::new("Internal", "this is a defect; the log of the request says more")
    }

    /// Whether it is our fault and not that of the event.
    pub(crate) fn is_ours(&self) -> bool {
        ["TimedOut", "Internal", "Unavailable"].contains(&self.kind)
    }
}

impl From<GameError> for Failure {
    fn from(error: GameError) -> Self {
        match error {
            GameError::NotFound(_) => Self::new("GameNotFound", error.to_string()),
            GameError::Finished(_) => Self::new("GameFinished", error.to_string()),
            GameError::Repository(RepositoryError::Unavailable(source)) => {
                tracing::warn!(error = &*source as &dyn Error, "the store is not available");
                let what = "the store is busy or out of reach; look again: what you sent may have been done";
                Self::new("Unavailable", what)
            }
            GameError::Repository(error) => {
                tracing::error!(error = &error as &dyn Error, "the store refused");
                Self::internal()
            }
        }
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self { error_type: failure.kind.to_owned(), error_message: failure.message }
    }
}

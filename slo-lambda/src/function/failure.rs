//! Errors as Lambda reports them: a type for programs, and one sentence.

use std::any::Any;

use lambda_runtime::Diagnostic;
use slo_core::{Error, Fault, RepositoryError};

use crate::router::said;

/// An invocation that has no answer.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(super) reason: Reason,
    /// What to do about it; the cause once.
    pub(super) message: String,
}

/// The error types there are; each is a decision for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// No shape that is known.
    UnknownEvent,
    /// A known shape that cannot be read.
    MalformedEvent,
    /// Readable, but against the rules.
    InvalidEvent,
    /// It names something that does not exist.
    NotFound,
    /// The store or a topic is busy or out of reach: again later.
    Unavailable,
    /// The time limit is near.
    TimedOut,
    /// It is in the log.
    Internal,
}

impl Reason {
    /// Its name on the wire.
    const fn name(self) -> &'static str {
        match self {
            Self::UnknownEvent => "UnknownEvent",
            Self::MalformedEvent => "MalformedEvent",
            Self::InvalidEvent => "InvalidEvent",
            Self::NotFound => "NotFound",
            Self::Unavailable => "Unavailable",
            Self::TimedOut => "TimedOut",
            Self::Internal => "Internal",
        }
    }
}

impl Failure {
    pub(super) fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }

    /// Its type on the wire.
    pub(super) const fn name(&self) -> &'static str {
        self.reason.name()
    }

    /// All faults of an event in one sentence, as many as anybody reads.
    pub(super) fn invalid(faults: &[Fault]) -> Self {
        const SHOWN: usize = 20;
        let mut message = faults.iter().take(SHOWN).map(Fault::to_string).collect::<Vec<_>>().join("; ");
        if faults.len() > SHOWN {
            message.push_str(&format!("; and {} more", faults.len() - SHOWN));
        }
        Self::new(Reason::InvalidEvent, message)
    }

    /// The time limit is near.
    pub(super) fn timed_out() -> Self {
        let what = "this took longer than the function may run; raise its time limit, or ask for less at once";
        Self::new(Reason::TimedOut, what)
    }

    /// A handler panicked; what it said goes into the log.
    pub(super) fn panicked(panic: &(dyn Any + Send)) -> Self {
        tracing::error!(panic = said(panic), "a handler panicked");
        Self::internal()
    }

    /// A defect: the log has it.
    pub(super) fn internal() -> Self {
        Self::new(Reason::Internal, "this is a defect; the log of the request says more")
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid { faults } => Self::invalid(&faults),
            Error::NotFound { .. } | Error::NoExclusion { .. } => Self::new(Reason::NotFound, error.to_string()),
            Error::Repository(RepositoryError::Unavailable(source)) => {
                tracing::warn!(error = &*source, "the store is not available");
                Self::new(
                    Reason::Unavailable,
                    "the store is busy or out of reach; send the same again, it is safe to repeat",
                )
            }
            Error::Repository(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the store refused");
                Self::internal()
            }
            rule => Self::new(Reason::InvalidEvent, rule.to_string()),
        }
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self { error_type: failure.name().to_owned(), error_message: failure.message }
    }
}

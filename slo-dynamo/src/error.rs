//! Why a request or an item was of no use, and what that means to the core.

use std::error::Error;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use slo_core::{RepositoryError, Source};

/// What goes wrong in here; [`RepositoryError`] is made of it and nothing else.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Not reached, not answered in time, throttled or busy. A write may have happened.
    #[error("DynamoDB did not answer, or asked to come back later")]
    Later(#[source] Source),
    /// The same request would be refused again.
    #[error("DynamoDB refused the request")]
    Refused {
        /// What to do about it.
        what: &'static str,
        #[source]
        source: Source,
    },
    /// Others were faster, each time.
    #[error("gave up after {0} attempts because of other writers")]
    Contended(usize),
    /// What is stored was not written by this version.
    #[error("cannot read {attribute} of the item {key}: {why}")]
    Item { key: String, attribute: String, why: String },
    /// What was to be stored has no form.
    #[error("cannot write {what}")]
    Value {
        what: &'static str,
        #[source]
        source: Source,
    },
}

impl From<Failure> for RepositoryError {
    fn from(failure: Failure) -> Self {
        let what = match &failure {
            Failure::Later(_) | Failure::Contended(_) => return Self::Unavailable(Box::new(failure)),
            Failure::Refused { what, .. } => what,
            Failure::Item { .. } => {
                "an item of its tables cannot be read; use the version that wrote it, or restore or delete the item"
            }
            Failure::Value { .. } => "the value cannot be stored; make it smaller",
        };
        Self::Broken { what, source: Box::new(failure) }
    }
}

impl<E> From<SdkError<E>> for Failure
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    fn from(error: SdkError<E>) -> Self {
        let advice = match &error {
            SdkError::ServiceError(answer) if answer.raw().status().is_server_error() => None,
            SdkError::ServiceError(answer) => refusal(answer.err().code().unwrap_or_default()),
            SdkError::ConstructionFailure(_) => {
                Some("no request could be made; check region, endpoint and credentials of the client")
            }
            // Timeouts, broken connections, answers that are not DynamoDB's.
            _ => None,
        };
        match advice {
            None => Self::Later(Box::new(error)),
            Some(what) => Self::Refused { what, source: Box::new(error) },
        }
    }
}

/// What to do about an error; `None` when it is to try again later.
fn refusal(code: &str) -> Option<&'static str> {
    Some(match code {
        "ProvisionedThroughputExceededException"
        | "RequestLimitExceeded"
        | "ThrottlingException"
        | "Throttling"
        | "LimitExceededException"
        | "InternalServerError"
        | "TransactionConflictException"
        | "TransactionInProgressException"
        | "ReplicatedWriteConflictException" => return None,
        "ResourceNotFoundException" => {
            "a table or an index does not exist; create the tables, or check their names and the region"
        }
        "AccessDeniedException" => "access is denied; allow the role to use both tables and their indexes",
        "UnrecognizedClientException" | "ExpiredTokenException" | "InvalidSignatureException" => {
            "the credentials are not accepted; renew them or check the clock"
        }
        "ValidationException" => "DynamoDB finds the request invalid; compare the tables with those of this version",
        _ => "DynamoDB refused the request; see the cause",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_by_itself_is_no_refusal() {
        for code in ["ThrottlingException", "RequestLimitExceeded", "TransactionInProgressException"] {
            assert_eq!(refusal(code), None, "{code}");
        }
        for code in ["ResourceNotFoundException", "AccessDeniedException", "ValidationException", "New", ""] {
            assert!(refusal(code).is_some(), "{code}");
        }
    }

    #[test]
    fn an_unreadable_item_says_what_to_do_and_why() {
        let item = Failure::Item { key: "indicator site".into(), attribute: "doc".into(), why: "it is missing".into() };
        let error = RepositoryError::from(item);
        assert!(error.to_string().ends_with("or restore or delete the item"), "{error}");
        let source = error.source().expect("the cause is kept").to_string();
        assert_eq!(source, "cannot read doc of the item indicator site: it is missing");
    }
}

//! From an operation's name and JSON body to the engine's method and back.

use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

const API: &str = "DynamoDB_20120810.";
const UNKNOWN_OPERATION: &str = r#"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#;

pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// Runs a request; blocks until the database has answered.
pub(super) fn answer(database: &Database, target: &str, body: &[u8]) -> Reply {
    let operation = target.strip_prefix(API).unwrap_or_default();
    match run(database, operation, body) {
        Some(Ok(body)) => Reply { status: 200, body },
        Some(Err(error)) => Reply { status: error.status_code(), body: error.to_json().into_bytes() },
        None => Reply { status: 400, body: UNKNOWN_OPERATION.into() },
    }
}

/// None for an operation that is not in the list.
fn run(database: &Database, operation: &str, body: &[u8]) -> Option<Result<Vec<u8>, DynoxideError>> {
    macro_rules! operations {
        ($($name:literal => $method:ident,)+) => {
            match operation {
                $($name => Some(read(body).and_then(|r| database.$method(r)).and_then(|a| write(&a))),)+
                _ => None,
            }
        };
    }
    operations! {
        "UpdateItem" => update_item,
        "GetItem" => get_item,
        "PutItem" => put_item,
        "DeleteItem" => delete_item,
        "Query" => query,
        "BatchGetItem" => batch_get_item,
        "BatchWriteItem" => batch_write_item,
        "TransactWriteItems" => transact_write_items,
        "TransactGetItems" => transact_get_items,
        "Scan" => scan,
        "CreateTable" => create_table,
        "DescribeTable" => describe_table,
        "DeleteTable" => delete_table,
        "ListTables" => list_tables,
        "UpdateTimeToLive" => update_time_to_live,
        "DescribeTimeToLive" => describe_time_to_live,
    }
}

/// The SDK sends well-typed JSON, so what fails here is a value that DynamoDB refuses, such as an
/// empty set. The engine's readers say so in a marker before the message.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, DynoxideError> {
    serde_json::from_slice(body).map_err(|e| {
        let text = e.to_string();
        let text = text.split(" at line ").next().unwrap_or_default();
        match text.split_once(':') {
            Some(("SERIALIZATION" | "SERIALIZATION_AS_READ", message)) => {
                DynoxideError::SerializationException(message.into())
            }
            Some(("VALIDATION" | "VALIDATION_AS_READ" | "VALIDATION_REQUEST", message)) => {
                DynoxideError::ValidationException(message.into())
            }
            _ => DynoxideError::ValidationException(text.into()),
        }
    })
}

fn write(answer: &impl Serialize) -> Result<Vec<u8>, DynoxideError> {
    serde_json::to_vec(answer).map_err(|e| DynoxideError::InternalServerError(e.to_string()))
}

//! Games in DynamoDB.
//!
//! | Item | `id` | Attributes |
//! |---|---|---|
//! | a game | its id | `number`, `guesses` (a list), `version` (their number), `marks` (one a guess), `ttl` |
//!
//! Each write is conditional on the version. The SDK sends a request again whose answer was lost, and may then meet what it
//! wrote itself: so each guess has a random mark of its own, which stays when others guess after it.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use slo_core::RepositoryError;
use uuid::Uuid;

use crate::game::{Game, GameId};
use crate::number::Number;
use crate::repository::GameRepository;

/// The partition key.
pub const KEY: &str = "id";
/// The attribute with the epoch second after which DynamoDB may delete a game.
pub const TTL: &str = "ttl";
/// So long a game is kept after its beginning.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Games in a table whose partition key is [`KEY`], a string.
#[derive(Clone, Debug)]
pub struct DynamoGames {
    client: Client,
    table: String,
}

type Item = std::collections::HashMap<String, AttributeValue>;

impl DynamoGames {
    /// Nothing is sent. The limits of time are those of the client; see [`slo_dynamo::client`].
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Creates the table where there is none, for local use.
    ///
    /// # Errors
    /// [`RepositoryError`] when DynamoDB refuses.
    #[cfg(feature = "local")]
    pub async fn create_table(&self) -> Result<(), RepositoryError> {
        use aws_sdk_dynamodb::operation::create_table::CreateTableError;
        use aws_sdk_dynamodb::types::{
            AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, TimeToLiveSpecification,
        };
        let key = KeySchemaElement::builder().attribute_name(KEY).key_type(KeyType::Hash).build();
        let text = AttributeDefinition::builder().attribute_name(KEY).attribute_type(ScalarAttributeType::S).build();
        let create = self.client.create_table().table_name(&self.table).billing_mode(BillingMode::PayPerRequest);
        let create = create.key_schema(key.expect("complete")).attribute_definitions(text.expect("complete"));
        match create.send().await {
            Ok(_) => {}
            Err(error) if error.as_service_error().is_some_and(CreateTableError::is_resource_in_use_exception) => {
                return Ok(());
            }
            Err(error) => return Err(failed(error)),
        }
        let ttl = TimeToLiveSpecification::builder().attribute_name(TTL).enabled(true).build().expect("complete");
        let ttl = self.client.update_time_to_live().table_name(&self.table).time_to_live_specification(ttl);
        ttl.send().await.map(drop).map_err(failed)
    }

    async fn item(&self, id: GameId) -> Result<Option<Item>, RepositoryError> {
        let get = self.client.get_item().table_name(&self.table).key(KEY, text(id)).consistent_read(true);
        Ok(get.send().await.map_err(failed)?.item)
    }
}

#[async_trait]
impl GameRepository for DynamoGames {
    async fn create(&self, id: GameId, game: &Game) -> Result<(), RepositoryError> {
        let expires = Timestamp::now().as_second().saturating_add_unsigned(KEPT.as_secs());
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .item(KEY, text(id))
            .item("number", number(game.number()))
            .item("guesses", AttributeValue::L(game.made().iter().copied().map(number).collect()))
            .item("version", number(game.made().len()))
            .item("marks", AttributeValue::L(Vec::new()))
            .item(TTL, number(expires))
            .condition_expression("attribute_not_exists(id)");
        match put.send().await {
            // No other game has its id: an earlier attempt of this very request has written it.
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                Ok(())
            }
            other => other.map(drop).map_err(failed),
        }
    }

    async fn read(&self, id: GameId) -> Result<Option<Game>, RepositoryError> {
        self.item(id).await?.map(|item| game(&item).ok_or_else(|| unreadable(id))).transpose()
    }

    async fn advance(&self, id: GameId, game: &Game) -> Result<bool, RepositoryError> {
        let Some((guess, before)) = game.made().split_last() else { return Ok(false) };
        let mark = Uuid::new_v4().simple().to_string();
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key(KEY, text(id))
            .update_expression(
                "SET guesses = list_append(guesses, :guess), marks = list_append(marks, :mark), #version = :next",
            )
            .condition_expression("#version = :version")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":guess", AttributeValue::L(vec![number(*guess)]))
            .expression_attribute_values(":mark", AttributeValue::L(vec![text(&mark)]))
            .expression_attribute_values(":next", number(game.made().len()))
            .expression_attribute_values(":version", number(before.len()));
        match update.send().await {
            Ok(_) => Ok(true),
            Err(error)
                if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                let marks = self.item(id).await?.and_then(|mut item| item.remove("marks"));
                let ours = marks.as_ref().and_then(|marks| marks.as_l().ok()?.get(before.len()));
                Ok(ours == Some(&text(mark)))
            }
            Err(error) => Err(failed(error)),
        }
    }
}

fn text(text: impl ToString) -> AttributeValue {
    AttributeValue::S(text.to_string())
}

fn number(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn read_number(value: &AttributeValue) -> Option<Number> {
    Number::new(value.as_n().ok()?.parse().ok()?)
}

/// A stored game; `None` when it is none.
fn game(item: &Item) -> Option<Game> {
    let guesses: Option<Vec<_>> = item.get("guesses")?.as_l().ok()?.iter().map(read_number).collect();
    Game::restore(read_number(item.get("number")?)?, &guesses?)
}

fn unreadable(id: GameId) -> RepositoryError {
    let source = format!("the item {id} is no game").into();
    RepositoryError::Broken { what: "an item cannot be read; use the version that wrote it, or delete it", source }
}

/// What a request that failed means: refused for good, or to be tried again.
fn failed<E>(error: SdkError<E>) -> RepositoryError
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let refused = error.as_service_error().and_then(ProvideErrorMetadata::code).is_some_and(|code| {
        let refusals = ["AccessDenied", "ResourceNotFound", "UnrecognizedClient", "Validation"];
        refusals.iter().any(|refusal| code.starts_with(refusal))
    });
    if refused || matches!(error, SdkError::ConstructionFailure(_)) {
        let what = "DynamoDB refused a request; look at the table's name, its key, the region and the role";
        RepositoryError::Broken { what, source: Box::new(error) }
    } else {
        RepositoryError::Unavailable(Box::new(error))
    }
}

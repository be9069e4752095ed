//! What can be done next from an answer, and where.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde_json::{Map, Value, json};

use crate::game::{GameId, Status};
use crate::number::Number;

/// What stands before our routes in the URL that the client used: a stage, a base path, or nothing. A request extension.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base(pub String);

impl<S: Sync> FromRequestParts<S> for Base {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}

impl Base {
    fn link(&self, method: &str, path: &str) -> Value {
        json!({ "method": method, "href": format!("{}{path}", self.0) })
    }

    /// Where there is no game: another one can be begun.
    pub(crate) fn without_game(&self) -> Value {
        json!({ "newGame": self.link("POST", "/games") })
    }

    /// Where it is not known how the game stands: it can be looked at.
    pub(crate) fn beside_game(&self, id: &str) -> Value {
        match id.parse::<GameId>() {
            Ok(id) => json!({ "self": self.link("GET", &format!("/games/{id}")) }),
            Err(_) => self.without_game(),
        }
    }

    /// From the root.
    pub(crate) fn root(&self) -> Value {
        json!({ "newGame": self.link("POST", "/games"), "errorBudget": self.link("GET", "/health/error-budget") })
    }

    /// From a game as it stands: to guess while it goes on, another game when it is over.
    pub(crate) fn of_game(&self, id: GameId, status: Status) -> Value {
        let path = format!("/games/{id}");
        let mut links = Map::new();
        links.insert("self".to_owned(), self.link("GET", &path));
        if status == Status::Ongoing {
            let mut guess = self.link("POST", &path);
            guess["body"] = body();
            links.insert("guess".to_owned(), guess);
        } else {
            links.insert("newGame".to_owned(), self.link("POST", "/games"));
        }
        links.into()
    }
}

/// The JSON Schema of a guess.
fn body() -> Value {
    json!({
        "type": "object",
        "properties": { "guess": { "type": "integer", "minimum": 0, "maximum": Number::MAX } },
        "required": ["guess"],
        "additionalProperties": false,
    })
}

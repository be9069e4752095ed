//! The game without HTTP: what is asked for by its kind on direct invocation, and what is answered.

use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::game::{Game, GameId, Status, TRIES};
use crate::games::Games;
use crate::number::Number;

/// What is asked for.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub enum Event {
    /// A new game.
    GameRequested {},
    /// A guess.
    GuessSubmitted {
        /// Of which game.
        id: String,
        /// What is guessed.
        guess: Number,
    },
    /// How a game stands.
    GameInfoRequested {
        /// Which game.
        id: String,
    },
}

/// What has happened. Whoever may invoke the function is trusted with the number.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    kind: &'static str,
    id: GameId,
    guesses: [Option<Number>; TRIES],
    random_number: Number,
    status: Status,
}

impl Event {
    /// Reads an event.
    ///
    /// # Errors
    /// [`Failure`] when it is none.
    pub fn read(text: &str) -> Result<Self, Failure> {
        serde_json::from_str(text).map_err(|error| Failure::malformed(&error))
    }

    /// Does it.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn answer(self, games: &Games) -> Result<Told, Failure> {
        let (kind, (id, game)) = match self {
            Self::GameRequested {} => ("gameCreated", games.request().await?),
            Self::GameInfoRequested { id } => ("gameInfoProvided", games.info(&id).await?),
            Self::GuessSubmitted { id, guess } => {
                let (id, game) = games.guess(&id, guess).await?;
                (evaluated(&game), (id, game))
            }
        };
        let (guesses, random_number, status) = (game.guesses(), game.number(), game.status());
        Ok(Told { kind, id, guesses, random_number, status })
    }
}

fn evaluated(game: &Game) -> &'static str {
    match game.status() {
        Status::Ongoing => "guessEvaluated",
        Status::Won => "gameWon",
        Status::Lost => "gameLost",
    }
}

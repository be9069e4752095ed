//! What can be done with games.

use std::sync::Arc;

use slo_core::RepositoryError;

use crate::game::{Finished, Game, GameId};
use crate::number::Number;
use crate::repository::GameRepository;

/// The use cases over a repository. Clone it freely; any number of them may share the same table.
#[derive(Clone)]
pub struct Games {
    repository: Arc<dyn GameRepository>,
    draw: Arc<dyn Fn() -> Number + Send + Sync>,
}

/// Why a game did not go on.
#[derive(Debug, thiserror::Error)]
pub enum GameError {
    /// There is none of that id.
    #[error("there is no game {0:?}; request one, and use its id")]
    NotFound(String),
    /// It is over.
    #[error(transparent)]
    Finished(#[from] Finished),
    /// The store did not answer, or refused.
    #[error("the store did not do it")]
    Repository(#[from] RepositoryError),
}

impl Games {
    /// Games with random numbers.
    pub fn new(repository: impl GameRepository + 'static) -> Self {
        Self { repository: Arc::new(repository), draw: Arc::new(Number::random) }
    }

    /// The same games with numbers from elsewhere, for tests.
    #[must_use]
    pub fn drawing(self, draw: impl Fn() -> Number + Send + Sync + 'static) -> Self {
        Self { draw: Arc::new(draw), ..self }
    }

    /// Begins a game.
    ///
    /// # Errors
    /// [`GameError::Repository`].
    pub async fn request(&self) -> Result<(GameId, Game), GameError> {
        let (id, game) = (GameId::random(), Game::new((self.draw)()));
        self.repository.create(id, &game).await?;
        Ok((id, game))
    }

    /// The game as it is now.
    ///
    /// # Errors
    /// [`GameError::NotFound`], [`GameError::Repository`].
    pub async fn info(&self, id: &str) -> Result<(GameId, Game), GameError> {
        let not_found = || GameError::NotFound(id.chars().take(80).collect());
        let parsed = id.parse().map_err(|_| not_found())?;
        let game = self.repository.read(parsed).await?;
        Ok((parsed, game.ok_or_else(not_found)?))
    }

    /// Guesses. The answer is the game right after this guess, whatever others do meanwhile.
    ///
    /// # Errors
    /// All of [`GameError`]. After [`GameError::Repository`] the guess may have been counted: look at the game.
    pub async fn guess(&self, id: &str, guess: Number) -> Result<(GameId, Game), GameError> {
        // Whenever somebody else was faster the game has a guess more, and it has no more than three: this ends.
        loop {
            let (id, game) = self.info(id).await?;
            let next = game.guess(guess)?;
            if self.repository.advance(id, &next).await? {
                return Ok((id, next));
            }
        }
    }
}

//! Where games are kept.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use slo_core::RepositoryError;

use crate::game::{Game, GameId};

/// Keeps games, whose version is the number of their guesses.
///
/// # Contract
/// 1. What was acknowledged is durable, and every later read sees it.
/// 2. Of those who add the same guess, the first for instance, one is told that it did, the others that they did not.
/// 3. An error says nothing about whether a write has happened.
#[async_trait]
pub trait GameRepository: Send + Sync {
    /// Keeps a new game.
    async fn create(&self, id: GameId, game: &Game) -> Result<(), RepositoryError>;

    /// The game as it is now.
    async fn read(&self, id: GameId) -> Result<Option<Game>, RepositoryError>;

    /// Replaces a game by the same game after one more guess; `false` when somebody else has guessed meanwhile.
    async fn advance(&self, id: GameId, game: &Game) -> Result<bool, RepositoryError>;
}

/// Games in the memory of this process.
#[derive(Debug, Default)]
pub struct MemoryGames(Mutex<HashMap<GameId, Game>>);

#[async_trait]
impl GameRepository for MemoryGames {
    async fn create(&self, id: GameId, game: &Game) -> Result<(), RepositoryError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, game.clone());
        Ok(())
    }

    async fn read(&self, id: GameId) -> Result<Option<Game>, RepositoryError> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned())
    }

    async fn advance(&self, id: GameId, game: &Game) -> Result<bool, RepositoryError> {
        let mut games = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let stored = games.get_mut(&id).filter(|stored| stored.made().len() + 1 == game.made().len());
        let expected = stored.is_some();
        if let Some(stored) = stored {
            stored.clone_from(game);
        }
        Ok(expected)
    }
}

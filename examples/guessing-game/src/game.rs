//! The game: guess a number in three tries.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::number::Number;

/// How often one may guess.
pub const TRIES: usize = 3;

/// Names a game: 122 random bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GameId(Uuid);

impl GameId {
    /// One that no other game has.
    #[must_use]
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

/// Why a text names no game.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id is that of the answer in which its game was created")]
pub struct NoGameId;

impl FromStr for GameId {
    type Err = NoGameId;

    /// As it is written out, and not as else a UUID may look: one game has one name.
    fn from_str(text: &str) -> Result<Self, NoGameId> {
        let id = Uuid::try_parse(text).map(Self).map_err(|_| NoGameId)?;
        if id.to_string() == text { Ok(id) } else { Err(NoGameId) }
    }
}

impl fmt::Display for GameId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl Serialize for GameId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A game after some guesses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Game {
    number: Number,
    guesses: Vec<Number>,
}

/// How a game stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// There are tries left.
    Ongoing,
    /// The number was guessed.
    Won,
    /// It was not.
    Lost,
}

/// The game is over: no more guesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the game is {}: it took {guesses} of {TRIES} guesses and takes no more; request another game", if *won { "won" } else { "lost" })]
pub struct Finished {
    /// Whether the number was guessed.
    pub won: bool,
    /// How many guesses there were.
    pub guesses: usize,
}

impl Game {
    /// Nobody has guessed yet.
    #[must_use]
    pub const fn new(number: Number) -> Self {
        Self { number, guesses: Vec::new() }
    }

    /// A game that was stored; `None` when there cannot be such a one.
    #[must_use]
    pub fn restore(number: Number, guesses: &[Number]) -> Option<Self> {
        guesses.iter().try_fold(Self::new(number), |game, guess| game.guess(*guess).ok())
    }

    /// The number to be guessed.
    #[must_use]
    pub const fn number(&self) -> Number {
        self.number
    }

    /// The guesses so far, in order.
    #[must_use]
    pub fn made(&self) -> &[Number] {
        &self.guesses
    }

    /// All tries, those to come as `None`.
    #[must_use]
    pub fn guesses(&self) -> [Option<Number>; TRIES] {
        std::array::from_fn(|i| self.guesses.get(i).copied())
    }

    /// How it stands.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.guesses.last() {
            Some(last) if *last == self.number => Status::Won,
            _ if self.guesses.len() == TRIES => Status::Lost,
            _ => Status::Ongoing,
        }
    }

    /// The game after one more guess.
    ///
    /// # Errors
    /// [`Finished`].
    pub fn guess(&self, guess: Number) -> Result<Self, Finished> {
        let status = self.status();
        if status != Status::Ongoing {
            return Err(Finished { won: status == Status::Won, guesses: self.guesses.len() });
        }
        let mut next = self.clone();
        next.guesses.push(guess);
        Ok(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(numbers: &[u64]) -> Vec<Number> {
        numbers.iter().map(|number| Number::new(*number).expect("a number")).collect()
    }

    #[test]
    fn a_game_is_won_lost_or_goes_on() {
        for (guesses, status) in [
            (&[][..], Status::Ongoing),
            (&[7], Status::Won),
            (&[5], Status::Ongoing),
            (&[5, 5], Status::Ongoing),
            (&[5, 5, 7], Status::Won),
            (&[0, 10, 6], Status::Lost),
        ] {
            let game = Game::restore(numbers(&[7])[0], &numbers(guesses)).expect("it can be");
            assert_eq!(game.status(), status, "{guesses:?}");
            assert_eq!(game.guess(numbers(&[1])[0]).is_ok(), status == Status::Ongoing, "{guesses:?}");
        }
        for impossible in [&[7, 1][..], &[1, 2, 3, 4]] {
            assert_eq!(Game::restore(numbers(&[7])[0], &numbers(impossible)), None);
        }
    }

    #[test]
    fn one_game_has_one_name() {
        let id = GameId::random();
        assert_eq!(id.to_string().parse(), Ok(id));
        let text = id.to_string();
        for other in
            [text.replace('-', ""), format!("{{{text}}}"), format!("urn:uuid:{text}"), String::new(), "7".into()]
        {
            assert!(other.parse::<GameId>().is_err(), "{other}");
        }
    }
}

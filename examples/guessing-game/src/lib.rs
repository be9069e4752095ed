//! Guess a number from 0 to 10 in three tries: a small service that embeds the library, and is measured by it.
//!
//! | Module | What it holds |
//! |---|---|
//! | [`number`], [`game`] | the rules, pure |
//! | [`repository`], [`table`] | where games are kept, and how in DynamoDB |
//! | [`games`] | what can be done with them |
//! | [`reliability`] | the library as it is embedded |
//! | [`event`], [`failure`] | direct invocation |
//! | [`router`], [`links`] | HTTP |
//! | [`function`] | both on Lambda |
//! | `local` | HTTP on one machine (feature `local`) |

pub mod event;
pub mod failure;
pub mod function;
pub mod game;
pub mod games;
pub mod links;
#[cfg(feature = "local")]
pub mod local;
pub mod number;
mod problem;
pub mod reliability;
pub mod repository;
pub mod router;
pub mod table;

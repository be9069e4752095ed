//! The whole API as a client meets it; the files mirror the routes.

mod access;
mod alerts;
mod audit;
mod common;
mod decisions;
mod definitions;
mod document;
mod edge;
mod exclusions;
mod measurements;
mod plan;
mod suggestions;

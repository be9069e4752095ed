//! The whole API as a client meets it; the files mirror the routes.

mod alerts;
mod badge;
mod common;
mod decisions;
mod definitions;
mod document;
mod edge;
mod exclusions;
mod measurements;
mod pages;
mod plan;
mod style;
mod suggestions;

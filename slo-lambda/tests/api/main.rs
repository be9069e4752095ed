//! The whole API as a client meets it; the files mirror the routes.

mod access;
mod alerts;
mod answers;
mod audit;
mod badge;
mod common;
mod decisions;
mod definitions;
mod document;
mod edge;
mod exclusions;
mod forms;
mod guarded;
mod lost;
mod measurements;
mod metrics;
mod open_metrics;
mod openslo;
mod pages;
mod plan;
mod reference;
mod services;
mod sign_in;
mod style;
mod suggestions;
mod tokens;

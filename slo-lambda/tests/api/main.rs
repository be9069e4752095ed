//! The whole API as a client meets it; the files mirror the routes.

mod common;
mod definitions;
mod edge;
mod measurements;

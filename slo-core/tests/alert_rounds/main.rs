//! Rounds of alerts: whoever is told, whatever fails and wherever a round ends.

mod chaos;
mod coverage;
mod room;
mod rounds;
mod world;

//! What happened, in words.

use std::fmt::{self, Display};

use super::scenario::Scenario;
use super::store::{Answer, Image, Item, Place, Request, Set, Total, When, members};
use super::world::{Action, Actor};

/// One line: what was done, and what the store answered.
pub(crate) fn line(action: Action, request: Option<Request>, answer: Option<Answer>) -> String {
    let request = request.map(|request| request.to_string()).unwrap_or_default();
    let answer = answer.map(|answer| answer.to_string()).unwrap_or_default();
    match action {
        Action::Step(actor) => format!("{actor}: {request} -> {answer}"),
        Action::Repeat(actor) => format!("{actor}: {request} -> {answer}; the answer is lost, the request is repeated"),
        Action::Abandon(writer) => format!("writer {writer}: begins again; nobody waits for: {request}"),
        Action::Arrive(_) => format!("late: {request} -> {answer}"),
        Action::Resend(writer) => format!("another process sends the batch of writer {writer}"),
    }
}

impl Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        self.without.iter().flatten().try_for_each(|guard| write!(f, ", without {guard:?}"))
    }
}

impl Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Writer(writer) => write!(f, "writer {writer}"),
            Self::Sealer(sealer) => write!(f, "sealer {sealer}"),
            Self::Reader => f.write_str("reader"),
        }
    }
}

impl Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::WriteHour(place, batch) => write!(f, "write {} to {place}", set(batch)),
            Self::WriteDay(place, image) => write!(f, "write {image} of {place} to its day"),
            Self::Unseal(When::Always) => f.write_str("unseal the sum"),
            Self::Unseal(When::Is(generation)) => write!(f, "unseal the sum if it has generation {generation}"),
            Self::Unmark(place, image, mark) => write!(f, "write {image} of {place} to its day, remove mark {mark}"),
            Self::Mark(source, mark) => write!(f, "mark the day of source {source} with {mark}"),
            Self::WritePack(pack) => write!(f, "write pack {} with {}", pack.generation, counted(pack.minutes)),
            Self::Seal(generation, sums) => {
                write!(f, "seal the sum with {} if it has generation {generation}", counted(sums))
            }
            Self::ReadHour(place) => write!(f, "read {place}"),
            Self::ReadDay(source) => write!(f, "read the day of source {source}"),
            Self::ReadSum => f.write_str("read the sum"),
            Self::ReadPack => f.write_str("read the pack"),
        }
    }
}

impl Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.applied {
            f.write_str("refused: ")?;
        }
        match self.item {
            Item::Hour(image) => image.fmt(f),
            Item::Day(day) if !day.exists() => f.write_str("no day"),
            Item::Day(day) => {
                for (hour, digest) in day.digests.iter().enumerate().filter(|(_, digest)| digest.n > 0) {
                    write!(f, "hour {hour} {digest}, ")?;
                }
                if day.mark > 0 { write!(f, "mark {}", day.mark) } else { f.write_str("no mark") }
            }
            Item::Sum(sum) => {
                write!(f, "generation {}, ", sum.generation)?;
                match sum.sealed {
                    Some(sums) => write!(f, "sealed with {}", counted(sums)),
                    None => f.write_str("not sealed"),
                }
            }
            Item::Pack(pack) => write!(f, "generation {}, {}", pack.generation, counted(pack.minutes)),
        }
    }
}

impl Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hour {} of source {}", self.hour, self.source)
    }
}

impl Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "image {} {}", self.n, set(self.held))
    }
}

fn set(held: Set) -> String {
    let ids: Vec<String> = members(held).map(|id| id.to_string()).collect();
    format!("{{{}}}", ids.join(", "))
}

/// A measurement that is counted twice is named twice.
pub(crate) fn counted(total: Total) -> String {
    let ids = (0..8).flat_map(|id| (0..total >> (4 * id) & 15).map(move |_| id.to_string()));
    format!("{{{}}}", ids.collect::<Vec<_>>().join(", "))
}

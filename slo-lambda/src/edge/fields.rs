//! Reads a body member by member and gathers every fault on the way.

use std::fmt::Display;
use std::str::FromStr;

use jiff::Timestamp;
use slo_core::{Fault, Json};

use super::query::{TIME_SYNTAX, parse_time};

/// A value and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) json: &'a Json,
    pub(crate) pointer: &'a str,
}

/// What is wrong so far.
pub(crate) type Faults = Vec<Fault>;

impl At<'_> {
    pub(crate) fn wrong(&self, wanted: &str) -> Fault {
        Fault::new(self.pointer, "wrongType", format!("write {wanted} here, not {}", self.json.kind()))
    }

    pub(crate) fn invalid(&self, detail: impl Display) -> Fault {
        Fault::new(self.pointer, "invalid", detail)
    }
}

/// Text that becomes a `T`.
pub(crate) fn text<T: TryFrom<String, Error: Display>>(at: At<'_>, faults: &mut Faults) -> Option<T> {
    // In a line with others they would turn those too, and with them what a figure says.
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if matches!(at.json, Json::String(text) if text.contains(turns)) {
        faults.push(
            at.invalid("leave out the marks that turn the direction of writing: U+202A to U+202E, U+2066 to U+2069"),
        );
        return None;
    }
    let Json::String(text) = at.json else {
        faults.push(at.wrong("a string"));
        return None;
    };
    T::try_from(text.clone()).map_err(|error| faults.push(at.invalid(error))).ok()
}

/// An exact decimal, as a number or as a string.
pub(crate) fn decimal<T: FromStr<Err: Display>>(at: At<'_>, faults: &mut Faults) -> Option<T> {
    let (Json::Number(text) | Json::String(text)) = at.json else {
        faults.push(at.wrong("a number"));
        return None;
    };
    text.parse().map_err(|error| faults.push(at.invalid(error))).ok()
}

/// A whole number from 0 to `max`, written with digits only.
pub(crate) fn integer(max: u64) -> impl Fn(At<'_>, &mut Faults) -> Option<u64> {
    move |at, faults| {
        let Json::Number(digits) = at.json else {
            faults.push(at.wrong("a whole number"));
            return None;
        };
        let number = digits.parse().ok().filter(|n| *n <= max);
        if number.is_none() {
            faults.push(at.invalid(format!("write a whole number from 0 to {max}, with digits only")));
        }
        number
    }
}

pub(crate) fn boolean(at: At<'_>, faults: &mut Faults) -> Option<bool> {
    let Json::Bool(value) = at.json else {
        faults.push(at.wrong("true or false"));
        return None;
    };
    Some(*value)
}

/// One of some words.
pub(crate) fn choice<T: Copy, const N: usize>(
    words: [(&'static str, T); N],
) -> impl Fn(At<'_>, &mut Faults) -> Option<T> {
    move |at, faults| {
        let Json::String(word) = at.json else {
            faults.push(at.wrong("a string"));
            return None;
        };
        let found = words.iter().find(|(w, _)| w == word).map(|(_, value)| *value);
        if found.is_none() {
            faults.push(at.invalid(format!("write one of {}", words.map(|(w, _)| w).join(", "))));
        }
        found
    }
}

/// An array of at most `max` items; `None` when one of them is at fault.
pub(crate) fn list<T>(
    max: usize,
    read: impl Fn(At<'_>, &mut Faults) -> Option<T>,
) -> impl Fn(At<'_>, &mut Faults) -> Option<Vec<T>> {
    move |at, faults| {
        let Json::Array(items) = at.json else {
            faults.push(at.wrong("an array"));
            return None;
        };
        if items.len() > max {
            faults.push(at.invalid(format!("at most {max} items")));
            return None;
        }
        let read = |(i, json): (usize, &Json)| read(At { json, pointer: &format!("{}/{i}", at.pointer) }, faults);
        let items: Vec<Option<T>> = items.iter().enumerate().map(read).collect();
        items.into_iter().collect()
    }
}

/// The members of an object. Each is asked for by name; what nobody asked for is a fault.
pub(crate) struct Fields<'a> {
    members: Vec<(&'a str, &'a Json)>,
    pointer: &'a str,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// Opens an object; `None` and a fault when it is none.
    pub(crate) fn open(at: At<'a>, faults: &mut Faults) -> Option<Self> {
        let Json::Object(members) = at.json else {
            faults.push(at.wrong("an object"));
            return None;
        };
        let members = members.iter().map(|(name, json)| (name.as_str(), json)).collect();
        Some(Self { members, pointer: at.pointer, known: Vec::new() })
    }

    /// Where a member stands.
    pub(crate) fn pointer(&self, name: &str) -> String {
        child(self.pointer, name)
    }

    fn find(&mut self, name: &'static str) -> Option<&'a Json> {
        self.known.push(name);
        self.members.iter().find(|(n, _)| *n == name).map(|(_, json)| *json)
    }

    /// A member that must be there.
    pub(crate) fn required<T>(
        &mut self,
        name: &'static str,
        faults: &mut Faults,
        read: impl Fn(At<'_>, &mut Faults) -> Option<T>,
    ) -> Option<T> {
        let pointer = self.pointer(name);
        let Some(json) = self.find(name) else {
            faults.push(Fault::new(pointer, "required", format!("{name} is missing")));
            return None;
        };
        read(At { json, pointer: &pointer }, faults)
    }

    /// A member that may be absent or null; the outer `None` when it is at fault.
    pub(crate) fn optional<T>(
        &mut self,
        name: &'static str,
        faults: &mut Faults,
        read: impl Fn(At<'_>, &mut Faults) -> Option<T>,
    ) -> Option<Option<T>> {
        let pointer = self.pointer(name);
        match self.find(name) {
            None | Some(Json::Null) => Some(None),
            Some(json) => read(At { json, pointer: &pointer }, faults).map(Some),
        }
    }

    /// Members that answers carry and bodies need not: what was read may be sent back.
    pub(crate) fn ignore(&mut self, names: &[&'static str]) {
        self.known.extend(names);
    }

    /// Takes a member out: one that is refused, so that those who look for the right one are not led to it.
    pub(crate) fn remove(&mut self, name: &str) -> Option<&'a Json> {
        let found = self.members.iter().find(|(n, _)| *n == name).map(|(_, json)| *json);
        self.members.retain(|(n, _)| *n != name);
        found
    }

    /// Members with names of the sender's choice.
    pub(crate) fn rest(mut self) -> Vec<(&'a str, &'a Json)> {
        self.members.retain(|(name, _)| !self.known.contains(name));
        self.members
    }

    /// Whatever was not asked for is a fault.
    pub(crate) fn close(self, faults: &mut Faults) {
        let pointer = self.pointer;
        let known = self.known.join(", ");
        for (name, _) in self.rest() {
            let detail = format!("there is no such member; the members are {known}");
            faults.push(Fault::new(child(pointer, name), "unknownField", detail));
        }
    }
}

impl At<'_> {
    pub(crate) fn child(&self, name: &str) -> String {
        child(self.pointer, name)
    }
}

/// A fault for every member that stands in an object more than once, at any depth.
pub(crate) fn repeated(at: At<'_>, faults: &mut Faults) {
    for name in at.json.repeated() {
        faults.push(Fault::new(at.child(name), "repeated", "this member stands here twice; keep one"));
    }
    match at.json {
        Json::Object(members) => {
            for (name, json) in members {
                repeated(At { json, pointer: &at.child(name) }, faults);
            }
        }
        Json::Array(items) => {
            for (i, json) in items.iter().enumerate() {
                repeated(At { json, pointer: &format!("{}/{i}", at.pointer) }, faults);
            }
        }
        _ => {}
    }
}

/// RFC 6901: `~` and `/` are escaped.
pub(crate) fn child(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// An RFC 3339 time.
pub(crate) fn time(at: At<'_>, faults: &mut Faults) -> Option<Timestamp> {
    let time = parse_time(&text::<String>(at, faults)?);
    if time.is_none() {
        faults.push(at.invalid(TIME_SYNTAX));
    }
    time
}

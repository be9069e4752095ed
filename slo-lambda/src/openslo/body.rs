//! The body that the API itself takes, and where each member of it came from.

use slo_core::{Fault, Json};

use crate::edge::fields::{At, Faults, Fields};

/// A value as it was given, and where.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) json: Json,
    pub(crate) pointer: String,
}

/// Takes a value as it is: who reads the body judges it.
pub(crate) fn given(at: At<'_>, _: &mut Faults) -> Option<Given> {
    Some(Given { json: at.json.clone(), pointer: at.pointer.to_owned() })
}

impl Given {
    pub(crate) fn at(&self) -> At<'_> {
        At { json: &self.json, pointer: &self.pointer }
    }

    /// Says that it cannot be taken.
    pub(crate) fn fault(&self, code: &'static str, detail: impl std::fmt::Display) -> Fault {
        Fault::new(&self.pointer, code, detail)
    }
}

/// The members that are there are a fault: what OpenSLO means by them is not kept here.
pub(crate) fn refuse(fields: &mut Fields<'_>, faults: &mut Faults, members: &[(&str, &str)]) {
    for (member, why) in members {
        if fields.remove(member).is_some_and(|json| *json != Json::Null) {
            faults.push(Fault::new(fields.pointer(member), super::NOT_KEPT, why));
        }
    }
}

/// A body in the making.
#[derive(Clone, Debug, Default)]
pub(crate) struct Body {
    members: Vec<(String, Json)>,
    origins: Vec<Origin>,
}

/// Where a member of the body came from.
#[derive(Clone, Debug)]
struct Origin {
    /// The pointer into the body.
    member: String,
    /// The pointer into the documents.
    pointer: String,
    /// Whether what is below the member is below that place too.
    whole: bool,
}

impl Body {
    /// A member that is what stands there, with all that is in it.
    pub(crate) fn take(&mut self, member: &str, value: Option<Given>) {
        if let Some(Given { json, pointer }) = value {
            self.set(member, json);
            self.origin(member, pointer, true);
        }
    }

    /// A member that was made of what stands there.
    pub(crate) fn make(&mut self, member: &str, json: Json, pointer: impl Into<String>) {
        self.set(member, json);
        self.origin(member, pointer, false);
    }

    /// A member in the place of one whose fault was told already: it breaks no rule, so that the rest is judged as well.
    pub(crate) fn filled(&mut self, member: &str, json: Option<Json>) {
        if let Some(json) = json {
            self.set(member, json);
        }
    }

    /// A label beside those that are there; false when another one has its key.
    pub(crate) fn label(&mut self, key: &str, Given { json, pointer }: Given) -> bool {
        if !self.has("labels") {
            self.set("labels", Json::Object(Vec::new()));
        }
        let labels = self.members.iter_mut().find(|(name, _)| name == "labels");
        // What is no object is told where it stands.
        let Some((_, Json::Object(labels))) = labels else { return true };
        if let Some((_, other)) = labels.iter().find(|(name, _)| name == key) {
            return *other == json;
        }
        labels.push((key.to_owned(), json));
        self.origin(&below("labels", key), pointer, false);
        true
    }

    fn set(&mut self, member: &str, json: Json) {
        self.members.push((member.to_owned(), json));
    }

    /// A member that is made of bodies by themselves; each knows where it came from.
    pub(crate) fn list(&mut self, member: &str, items: &[Self]) -> Json {
        for (i, item) in items.iter().enumerate() {
            let inner = item
                .origins
                .iter()
                .map(|origin| Origin { member: format!("/{member}/{i}{}", origin.member), ..origin.clone() });
            self.origins.extend(inner);
        }
        Json::Array(items.iter().map(Self::json).collect())
    }

    /// Where a member would stand; `member` may be a path.
    pub(crate) fn origin(&mut self, member: &str, pointer: impl Into<String>, whole: bool) {
        self.origins.push(Origin { member: format!("/{member}"), pointer: pointer.into(), whole });
    }

    pub(crate) fn has(&self, member: &str) -> bool {
        self.members.iter().any(|(name, _)| name == member)
    }

    pub(crate) fn get(&self, member: &str) -> Option<&Json> {
        self.members.iter().find(|(name, _)| name == member).map(|(_, json)| json)
    }

    pub(crate) fn json(&self) -> Json {
        Json::Object(self.members.clone())
    }

    /// The place in the documents that a pointer into the body means; the longest origin that it begins with says it.
    pub(crate) fn place(&self, pointer: &str) -> String {
        let below = |origin: &&Origin| {
            let rest = pointer.strip_prefix(&origin.member);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let nearest = self.origins.iter().filter(below).max_by_key(|origin| origin.member.len());
        nearest.map_or_else(String::new, |Origin { member, pointer: place, whole }| {
            if *whole { format!("{place}{}", &pointer[member.len()..]) } else { place.clone() }
        })
    }

    /// The fault where it stands in the documents.
    pub(crate) fn told(&self, fault: Fault) -> Fault {
        Fault { pointer: self.place(&fault.pointer), ..fault }
    }
}

/// A pointer one step further down.
pub(crate) fn below(pointer: &str, step: &str) -> String {
    crate::edge::fields::child(pointer, step)
}

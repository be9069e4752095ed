//! Advice of the service on an objective.

use serde::Serialize;
use slo_core::Json;

/// What its author may not have meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Note {
    pointer: String,
    code: String,
    detail: String,
}

impl Note {
    /// Those of an answer.
    pub(crate) fn all(answer: &Json) -> Vec<Self> {
        let text = |note: &Json, name| note.get(name).and_then(Json::text).unwrap_or_default().to_owned();
        let note = |note: &Json| Self {
            pointer: text(note, "pointer"),
            code: text(note, "code"),
            detail: text(note, "detail"),
        };
        answer.items("notes").iter().map(note).collect()
    }
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "note: {}: {}", crate::table::printable(&self.pointer), crate::table::printable(&self.detail))
    }
}

//! Advice in answers.

use serde::Serialize;
use slo_core::Fault;
use utoipa::ToSchema;

/// What its author may not have meant: worth a look, not a fault.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = Note)]
struct NoteDto {
    /// Which member of the objective it is about (RFC 6901).
    #[schema(example = "/timeWindow/duration")]
    pointer: String,
    /// A stable word: weekdaySkew, alertFactorBelowOne, alertLeftOut, alertUnreachable or budgetBelowOne.
    #[schema(value_type = String, example = "weekdaySkew")]
    code: &'static str,
    /// What to do.
    detail: String,
}

/// Advice on an objective.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = Notes)]
pub(crate) struct NotesDto(Vec<NoteDto>);

impl NotesDto {
    pub(crate) fn show(notes: Vec<Fault>) -> Self {
        let show = |Fault { pointer, code, detail }| NoteDto { pointer, code, detail };
        Self(notes.into_iter().map(show).collect())
    }
}

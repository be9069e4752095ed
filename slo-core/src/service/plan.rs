//! What a sprint may spend.

use super::Service;
use super::evaluate::evaluation;
use crate::error::Error;
use crate::objective::Objective;
use crate::plan::{Plan, PlanSpan};
use crate::revision::Versioned;
use crate::toil::Toil;

/// What an objective's budget lets a team spend, and what it went into so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// What may be spent.
    pub plan: Plan,
    /// What was.
    pub toil: Toil,
}

impl Service {
    /// The plan of an objective for a span of days, and the incidents of its current window.
    ///
    /// # Errors
    /// [`Error::Repository`].
    pub async fn plan(&self, objective: &Versioned<Objective>, span: &PlanSpan) -> Result<Planned, Error> {
        let evaluation = evaluation(objective);
        let elapsed = objective.value.time_window.period_at(span.at()).elapsed;
        let series = &objective.value.series;
        let buckets = self.read(series, evaluation.plan_reading(span)).await?;
        let buckets = self.with_bad_minutes(series, buckets, elapsed).await?;
        let plan = evaluation.plan(span, &buckets);
        let toil = Toil::new(&plan, evaluation.incidents(elapsed.start, span.at(), &buckets));
        Ok(Planned { plan, toil })
    }
}

//! A thousand objectives of a service in memory, each of its own indicator.

use std::hint::black_box;

use futures_util::FutureExt;
use slo_core::{
    Batch, BudgetingMethod, Evaluation, Indicator, IndicatorKind, Measurement, Minute, Name, Objective, Service, Stamp,
    Versioned, WhatIf,
};

use crate::month;

/// A service with its objectives.
pub(crate) struct Thousand {
    service: Service,
    objectives: Vec<Versioned<Objective>>,
}

/// Minutes between two measurements: the hours are as many as if there were one every minute, and the
/// memory of a small machine holds them.
const STEP: usize = 20;

/// Filled with a month of measurements.
pub(crate) fn service() -> Thousand {
    let (service, at) = (Service::in_memory(), month::END.timestamp());
    let stamp = Stamp { at, by: None };
    let name = |text: String| -> Name { text.parse().expect("a name") };
    let objective = |number: u32| {
        let indicator = name(format!("indicator-{number}"));
        let kept = Indicator::new(indicator.clone(), name("web".to_owned()), IndicatorKind::Ratio);
        let kept = now(service.create(kept, stamp.clone())).expect("a new indicator");
        let mut objective = month::objective(BudgetingMethod::Occurrences);
        (objective.name, objective.series.indicator) = (name(format!("objective-{number}")), indicator);
        let objective = now(service.create(objective, stamp.clone())).expect("a new objective");
        let period = Evaluation::of(&objective.value).reading(at).period;
        let minutes = (period.start.get()..period.end.get()).step_by(STEP).map(Minute::new);
        let measurements: Vec<Measurement> =
            minutes.map(|start| Measurement { start, counts: month::counts(start), revision: 0 }).collect();
        for day in measurements.chunks(1_000) {
            let batch = Batch::new(day.to_vec(), at).expect("a valid batch");
            now(service.record(&kept, &name("default".to_owned()), &batch, at)).expect("memory writes");
        }
        objective
    };
    let objectives = (0..1_000).map(objective).collect();
    Thousand { service, objectives }
}

impl Thousand {
    /// The budget of each.
    pub(crate) fn budgets(&self) {
        let at = month::END.timestamp();
        for objective in &self.objectives {
            let budget = now(self.service.error_budget(objective, at, WhatIf::default(), at));
            black_box(budget.expect("a budget"));
        }
    }
}

/// Memory never waits.
fn now<F: Future>(work: F) -> F::Output {
    work.now_or_never().expect("memory never waits")
}

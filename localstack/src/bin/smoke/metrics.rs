//! `/metrics`

use crate::answer::Checked;
use crate::gateway::Ask;
use crate::objective::Objectives;
use crate::walk::Walk;

/// The figures that the resources have, as text, through whatever the gateway does to text.
pub(crate) fn walk(walk: &mut Walk, objectives: &Objectives) -> Checked {
    let href = walk.root()?.link("metrics")?;
    let mine = format!("{href}?service={}", walk.run);
    let metrics = walk.get(&mine)?.status(200)?.store_asked()?;
    let labels = format!("{{objective=\"{}\",service=\"{}\"}}", walk.name("availability"), walk.run);
    let budget = walk.follow(&objectives.availability, "errorBudget")?;
    for (name, member) in [
        ("slo_objective_target_ratio", "/target"),
        ("slo_sli_ratio", "/sli"),
        ("slo_error_budget_remaining_ratio", "/budget/remainingRatio"),
    ] {
        let line = format!("{name}{labels} {}", budget.at(member)?);
        metrics.demand(metrics.text.lines().any(|found| found == line), || format!("the line {line}"))?;
    }
    let plain = walk.gateway.exchange(&Ask::get(&mine).header("accept", "text/plain"))?.status(200)?;
    plain.demand(plain.header("content-type").starts_with("text/plain; version=0.0.4"), || "plain text".to_owned())?;
    walk.get(format!("{href}?colour=red"))?.problem(400, "invalid-parameter")?;
    walk.passed("metrics: the figures of the budgets, in both formats");
    Ok(())
}

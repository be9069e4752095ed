//! What if the target were another one?

use maud::{Markup, html};
use slo_core::{BudgetReport, Target};

use super::super::overview::{left, status};
use super::super::words;
use super::Told;
use crate::edge::links::Base;
use crate::edge::query::Query;

/// The usual ones, to choose from: the steps of the slider, from the first.
const USUAL: [&str; 8] = ["0.9", "0.95", "0.99", "0.995", "0.999", "0.9995", "0.9999", "0.99999"];

/// The target that is asked about: written, or by its step on the slider.
pub(super) fn asked(query: &mut Query) -> Option<Target> {
    let written = query.parse("target");
    let usual = query.number("usual", 1..=USUAL.len()).map(|step| of_step(step - 1));
    if written.is_some() && usual.is_some() {
        query.fault("usual", "the target is written already; give one of target and usual".to_owned());
    }
    written.or(usual)
}

fn of_step(step: usize) -> Target {
    USUAL[step].parse().expect("usual ones are targets")
}

/// Where the slider stands: at the target, or at the last one below it.
fn step_of(target: Target) -> usize {
    (0..USUAL.len()).rfind(|step| of_step(*step) <= target).unwrap_or(0)
}

pub(super) fn section(told: &Told, base: &Base) -> Markup {
    let path = base.href(&format!("/objectives/{}", told.objective.value.name));
    let asked = told.what_if.as_ref().map(|(target, _)| *target);
    let action = format!("{path}#what-if");
    let shown = asked.unwrap_or(told.report.target);
    html! {
        section #what-if aria-labelledby="what-if-title" {
            h2 #what-if-title { "What if" }
            form.filter.slider method="get" action=(action) {
                label for="step" { "Slide to a usual target" }
                div.ladder {
                    input #step name="usual" type="range" min="1" max=(USUAL.len()) value=(step_of(shown) + 1) list="steps"
                        autocomplete="off" aria-describedby="ladder";
                    datalist #steps { @for step in 1..=USUAL.len() { option value=(step) {} } }
                    // What the slider stands at is not said without a script, so that all of it is.
                    ol #ladder { @for step in 0..USUAL.len() { li { (words::target(of_step(step))) } } }
                }
                button type="submit" { "Ask" }
            }
            form.filter method="get" action=(action) {
                label for="target" { "Or write it" }
                input #target name="target" value=(shown) list="usual" inputmode="decimal"
                    autocomplete="off" maxlength="11" aria-describedby="target-hint";
                datalist #usual { @for target in USUAL { option value=(target) {} } }
                button type="submit" { "Ask" }
                @if asked.is_some() { a href=(path) { "Forget it" } }
                span.note #target-hint { "A ratio such as 0.999, which is 99.9 %. Nothing is changed." }
            }
            @if let Some((target, report)) = &told.what_if { (compared(told, *target, report)) }
        }
    }
}

fn compared(told: &Told, target: Target, report: &BudgetReport) -> Markup {
    let objective = &told.objective.value;
    let unit = report.budget.unit;
    html! {
        table {
            caption { "With a target of " (words::target(target)) ", everything else as it was" }
            thead { tr {
                td {}
                th scope="col" { "As promised, " (words::target(told.report.target)) }
                th scope="col" { "If it were " (words::target(target)) }
            } }
            tbody {
                tr { th scope="row" { "Status" } @for report in [&told.report, report] { td { (status(report.status)) } } }
                tr { th scope="row" { "May fail" } @for report in [&told.report, report] { td { (unit.at_least(report.budget.total)) } } }
                tr { th scope="row" { "Left" } @for report in [&told.report, report] { td { (left(report)) } } }
                tr { th scope="row" { "Outlook" } @for report in [&told.report, report] { td { (words::outlook(objective, report)) } } }
            }
        }
    }
}

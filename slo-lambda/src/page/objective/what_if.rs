//! What if the target were another one?

use maud::{Markup, html};
use slo_core::{BudgetReport, Target};

use super::super::overview::{left, status};
use super::super::words;
use super::Told;
use crate::edge::links::Base;

/// The usual ones, to choose from.
const USUAL: [&str; 8] = ["0.9", "0.95", "0.99", "0.995", "0.999", "0.9995", "0.9999", "0.99999"];

pub(super) fn section(told: &Told, base: &Base) -> Markup {
    let path = base.href(&format!("/objectives/{}", told.objective.value.name));
    let asked = told.what_if.as_ref().map(|(target, _)| *target);
    html! {
        section #what-if aria-labelledby="what-if-title" {
            h2 #what-if-title { "What if" }
            form.filter method="get" action=(format!("{path}#what-if")) {
                label for="target" { "If the target were" }
                input #target name="target" value=(asked.unwrap_or(told.report.target)) list="usual" inputmode="decimal"
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

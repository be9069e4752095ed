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

/// What cannot be a target, as it was written, and why.
pub(super) struct Refused {
    written: String,
    why: String,
}

/// The target that is asked about: written, or by its step on the slider.
pub(super) fn asked(query: &mut Query) -> Result<Option<Target>, Refused> {
    let written = query.text("target");
    let usual = query.number("usual", 1..=USUAL.len()).map(|step| of_step(step - 1));
    if written.is_some() && usual.is_some() {
        query.fault("usual", "the target is written already; give one of target and usual".to_owned());
    }
    let Some(written) = written else { return Ok(usual) };
    let target = as_ratio(&written).parse::<Target>();
    target.map(Some).map_err(|why| Refused { written, why: why.to_string() })
}

/// A ratio as people write it too: with a comma, or in per cent, with or without the sign.
fn as_ratio(written: &str) -> String {
    let text = written.replace(',', ".");
    let number = text.trim_end_matches('%').trim_end();
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole = whole.trim_start_matches('0');
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    // No ratio has two digits before its point.
    let per_cent = text.ends_with('%') || whole.len() > 1;
    if !(per_cent && digits(whole) && digits(fraction)) {
        return text;
    }
    let whole = format!("{whole:0>3}");
    let (ones, hundredths) = whole.split_at(whole.len() - 2);
    format!("{ones}.{hundredths}{fraction}")
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
    let refused = told.refused.as_ref();
    let written = refused.map_or_else(|| shown.to_string(), |refused| refused.written.clone());
    html! {
        // On paper nobody asks, and only an answer is worth a heading.
        section #what-if .screen[asked.is_none()] aria-labelledby="what-if-title" {
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
                input #target name="target" value=(written) list="usual" inputmode="decimal" autocomplete="off" maxlength="16"
                    aria-invalid=[refused.map(|_| "true")] aria-describedby=(refused.map_or("target-hint", |_| "target-fault"));
                datalist #usual { @for target in USUAL { option value=(target) {} } }
                button type="submit" { "Ask" }
                @if asked.is_some() { a href=(path) { "Forget it" } }
                @if let Some(refused) = refused { p.fault #target-fault role="alert" { (words::sentence(&refused.why)) } }
                span.note #target-hint { "0.999 and 99.9 % are the same. Nothing is changed." }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_read_as_people_write_it() {
        for written in ["0.999", "0,999", "99.9", "99,9 %", "99.9%", "099.90\u{a0}%", ".999"] {
            let read = as_ratio(written).parse::<Target>().unwrap_or_else(|error| panic!("{written}: {error}"));
            assert_eq!(read, "0.999".parse().expect("a target"), "{written}");
        }
        assert_eq!([as_ratio("0.5 %"), as_ratio("99.9999999")], ["0.005", "0.999999999"]);
        for wrong in ["100 %", "100", "%", "1", "9.9", "-5 %", "ninety", "99.9.9 %", "1e2 %"] {
            assert!(as_ratio(wrong).parse::<Target>().is_err(), "{wrong}");
        }
    }
}

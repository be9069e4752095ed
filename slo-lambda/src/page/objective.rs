//! `/objectives/{name}`: how one promise is kept, and why.

mod history;
mod plots;
mod what_if;

use axum::extract::State;
use futures_util::future::{try_join, try_join3, try_join4};
use http::StatusCode;
use jiff::Timestamp;
use maud::{Markup, html};
use slo_core::{
    Alert, BudgetReport, BurnDownPoint, Change, ChangeKind, DecisionFilter, DecisionRecord, Error, EventCounts,
    Evidence, HeldBack, Incident, Judgement, Managed, Minute, Objective, Period, Policy, ServiceProfile, Shorthand,
    Status, Target, TimeWindow, Unit, Versioned, WhatIf,
};

use super::layout::{Frame, frame};
use super::overview::{bar, called, left, status};
use super::reason::{alert, because};
use super::{Page, Visitor, icon, words};
use crate::edge::links::Base;
use crate::edge::problem::Problem;
use crate::edge::query::Query;
use crate::resource::definition::{AppState, PathName};

/// So many changes and decisions are listed.
const LISTED: usize = 10;
/// So many incidents are listed: most spells are too small to be talked about.
const INCIDENTS: usize = 5;

/// All that is told of an objective.
struct Told {
    now: Timestamp,
    objective: Versioned<Objective>,
    report: BudgetReport,
    policy: Policy,
    /// What its rules see.
    evidence: Evidence,
    /// What it says of a feature.
    judgement: Judgement,
    /// With another target, and that.
    what_if: Option<(Target, BudgetReport)>,
    /// What was asked about and cannot be.
    refused: Option<what_if::Refused>,
    points: Vec<BurnDownPoint>,
    /// The steps of the points that have data.
    counts: Vec<(Minute, EventCounts)>,
    step: i64,
    /// Largest share first.
    incidents: Vec<Incident>,
    alerts: Vec<Alert>,
    changes: Vec<Change<Objective>>,
    decisions: Vec<DecisionRecord>,
    /// What people are told of its service, if anything.
    profile: Option<ServiceProfile>,
}

/// The objective now, how it came to that, and what was decided.
pub(crate) async fn get(
    State(app): AppState,
    base: Base,
    visitor: Visitor,
    name: PathName,
    query: Query,
) -> Result<(StatusCode, Page), Problem> {
    let mut query = query.of_form();
    let (target, refused) = match what_if::asked(&mut query) {
        Ok(target) => (target, None),
        Err(refused) => (None, Some(refused)),
    };
    query.close()?;
    let (now, service) = ((app.clock)(), &app.service);
    let objective = service.get::<Objective>(&name.0).await?;
    let elapsed = objective.value.time_window.period_at(now).elapsed;
    let (step, width) = step(elapsed);
    let what_if = async {
        let Some(target) = target else { return Ok(None) };
        let what_if = WhatIf { target: Some(target), ..WhatIf::default() };
        service.error_budget(&objective, now, what_if, now).await.map(|report| Some((target, report)))
    };
    let filter = DecisionFilter { objective: Some(name.0.clone()), ..DecisionFilter::default() };
    let today = try_join3(
        service.error_budget(&objective, now, WhatIf::default(), now),
        service.alerts(&objective, now, now),
        service.incidents(&objective, None, now, now),
    );
    let past = try_join3(
        service.burn_down(&objective, None, now, Some(step), now),
        service.counts(&objective.value.series.indicator, elapsed, step),
        what_if,
    );
    let profile = async {
        let profile = ServiceProfile::repository(service).get(&objective.value.service).await;
        profile.map(|stored| stored.map(|stored| stored.value)).map_err(Error::from)
    };
    let said = try_join4(
        service.policy(),
        service.changes::<Objective>(&name.0, None, LISTED),
        service.decisions(&filter, None, LISTED),
        profile,
    );
    // In this task, because the meter is the task's.
    let ((report, alerts, incidents), ((points, counts, what_if), ((policy, _), changes, decisions, profile))) =
        try_join(today, try_join(past, said)).await?;
    let evidence = Evidence::new(&objective, &report, &alerts, &incidents);
    let judgement = policy.judge(ChangeKind::Feature, std::slice::from_ref(&evidence));
    let decisions = decisions.items;
    let told = Told {
        now,
        objective,
        report,
        policy,
        evidence,
        judgement,
        what_if,
        refused,
        points,
        counts,
        step: width,
        incidents,
        alerts,
        changes,
        decisions,
        profile,
    };
    let title = called(&told.objective.value).to_owned();
    let status = if told.refused.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let frame_of = Frame { base: &base, title: &title, visitor: visitor.name() };
    Ok((status, Page(frame(&frame_of, &content(&told, &base, &visitor)))))
}

/// The step of the curves, and its minutes: some hundred points, whatever the window.
fn step(elapsed: Period) -> (Shorthand, i64) {
    let (number, unit, width) = match elapsed.minutes() {
        0..=2_880 => (5, Unit::Minute, 5),
        2_881..=64_800 => (1, Unit::Hour, 60),
        _ => (1, Unit::Day, 1_440),
    };
    (Shorthand::new(number, unit).expect("above zero"), width)
}

impl Told {
    /// What the plots show: the whole of a calendar window, so that one sees how much of it is to come.
    fn shown(&self) -> Period {
        let period = self.report.period.elapsed;
        let end = if rolls(&self.objective.value) { period.end } else { self.report.period.full_end };
        Period::new(period.start, end)
    }
}

fn content(told: &Told, base: &Base, visitor: &Visitor) -> Markup {
    html! {
        (head(told, base))
        (facts(told))
        (plots::section(told))
        (incidents(told))
        (what_if::section(told, base))
        (alerts(told))
        (history::exclusions(told))
        (history::decisions(told))
        (history::changes(told))
        // The API does not take the cookie.
        @if visitor.name().is_none() {
            p.screen { a href=(base.href(&format!("/api/v1/objectives/{}/error-budget", told.objective.value.name))) { "The same as JSON" } }
        }
        (words::as_of(told.now))
    }
}

fn head(told: &Told, base: &Base) -> Markup {
    let value = &told.objective.value;
    let service = told.profile.as_ref().and_then(|profile| profile.display_name.as_ref());
    let service = service.map_or_else(|| value.service.as_str(), |name| name.as_str());
    let verdict = told.judgement.verdict;
    html! {
        div.answer.(verdict.name()) {
            h1 { (icon::verdict(verdict)) " " (called(value)) ": " (words::verdict(verdict).to_lowercase()) " (" (state(told)) ")" }
            p.lead {
                (words::sentence(&left(&told.report))) " "
                "For a feature: " strong { (words::verdict(verdict).to_lowercase()) } "."
            }
            @if !told.judgement.reasons.is_empty() {
                ul.why { @for reason in &told.judgement.reasons {
                    li { "It " (because(reason, &told.policy, &told.evidence, told.now)) "." @if reason.aspirational { " It is aspirational and only informs." } }
                } }
            }
            @if let Some(part) = words::unmeasured(&told.report) { p { (words::sentence(&part)) } }
        }
        p { "Promised: " (words::promise(value)) "." @if let Some(text) = &value.description { " " bdi { (text) } } }
        p.note {
            "Service " a href=(base.href(&format!("/?service={}", value.service))) { (service) }
            @for (i, owner) in value.owners.iter().enumerate() {
                @if i == 0 { " · sprint of " } @else { ", " }
                a href=(base.href(&format!("/users/{owner}/sprint"))) { (owner) }
            }
            " · indicator " (value.series.indicator)
            @if value.public_badge { " · " a href=(base.href(&format!("/badges/{}.svg", value.name))) { "badge" } }
        }
    }
}

/// The state of the budget, and what makes the verdict another one than it alone would.
fn state(told: &Told) -> String {
    let state = words::status(told.report.status).to_lowercase();
    let (reasons, verdict) = (&told.judgement.reasons, told.judgement.verdict);
    let alert = reasons.iter().filter(|reason| !reason.aspirational).find_map(|reason| alert(reason, &told.policy));
    let informs = reasons.iter().any(|reason| reason.aspirational && reason.verdict > verdict);
    match alert {
        _ if informs => format!("{state}, but aspirational"),
        Some(alert) if told.report.status == Status::Ok => format!("{state}, but a {} alert fires", alert.name()),
        Some(alert) => format!("{state}, and a {} alert fires", alert.name()),
        None => state,
    }
}

fn facts(told: &Told) -> Markup {
    let (value, report) = (&told.objective.value, &told.report);
    let hour = report.burn_rates.iter().find(|burn| burn.lookback.name() == "1h").and_then(|burn| burn.rate);
    let target = report.target;
    html! {
        dl.facts {
            div.large {
                dt { "Budget left" }
                dd {
                    (bar(report, value.warning_threshold.into())) (status(report.status)) ", " (left(report))
                    span.note { "warning when " (words::percent(value.warning_threshold.into(), 1)) " is left, at the line in the bar" }
                }
            }
            div { dt { "Level reached" } dd { (words::sli(report.sli, target)) span.note { "target " (words::target(target)) } } }
            div { dt { "Burn rate, 1 h" } dd { (words::rate(hour)) span.note { "1 lands exactly on the target" } } }
            div { dt { "Runs out or recovers" } dd { (words::outlook(value, report)) } }
            div {
                dt { "Coverage" }
                dd {
                    (words::percent_or_dash(report.coverage, 1))
                    @if let Some(newest) = report.watermark {
                        span.note { "newest data " (words::stamp(newest.timestamp(), told.now)) }
                    }
                }
            }
            @if let Some((sla, remaining)) = report.sla {
                div { dt { "Against the SLA" } dd { (remaining.map_or_else(|| "–".to_owned(), words::left_or_used)) span.note { "agreed " (words::target(sla)) } } }
            }
        }
    }
}

fn incidents(told: &Told) -> Markup {
    let all = told.incidents.len();
    html! {
        section aria-labelledby="incidents" {
            h2 #incidents { "Incidents" }
            @if all == 0 {
                p { @if told.report.status == Status::NoData { "Nothing was measured, so nothing is known." } @else { "No minute spent more than its share." } }
            } @else {
                table.lines {
                    caption { (words::counted(all, "incident")) " in the window, the largest first" @if all > INCIDENTS { "; the " (INCIDENTS) " largest are listed" } }
                    thead { tr {
                        th.number scope="col" { "No." }
                        th scope="col" { "When" }
                        th.number scope="col" { "How long" }
                        th.number scope="col" { "Failed" }
                        th.number scope="col" { "Share of the budget" }
                    } }
                    tbody { @for (i, incident) in told.incidents.iter().take(INCIDENTS).enumerate() {
                        tr {
                            th.number scope="row" data-label="Incident" { (i + 1) }
                            td { (words::period(incident.period, told.now)) @if incident.postmortem_required { span.note { "postmortem due" } } }
                            td.number data-label="How long" { (words::minutes(incident.period.minutes())) }
                            td.number data-label="Failed" { (words::grouped(i128::try_from(incident.counts.bad()).unwrap_or(i128::MAX))) }
                            td.number data-label="Share of the budget" { (words::share(incident.share)) }
                        }
                    } }
                }
            }
        }
    }
}

fn alerts(told: &Told) -> Markup {
    let state = |alert: &Alert| match (alert.firing, alert.held_back) {
        (true, _) => "firing",
        (false, Some(HeldBack::Unreachable)) => "can never fire",
        (false, Some(HeldBack::MinimumEvents)) => "held back: too few events",
        (false, Some(HeldBack::Coverage)) => "held back: too little data",
        (false, None) => "quiet",
    };
    html! {
        section aria-labelledby="alerts" {
            h2 #alerts { "Alerts" }
            @if told.alerts.is_empty() { p { "No alert applies to a window this short." } } @else {
                table {
                    caption { "An alert fires when both of its burn rates are above its threshold" }
                    thead { tr {
                        th scope="col" { "Alert" }
                        th.number scope="col" { "Long window" }
                        th.number scope="col" { "Short window" }
                        th.number scope="col" { "Threshold" }
                        th scope="col" { "State" }
                    } }
                    tbody { @for alert in &told.alerts {
                        tr {
                            th scope="row" { (alert.severity.name()) " " (alert.long_window) " / " (alert.short_window) }
                            td.number { (words::rate(alert.long_burn_rate)) }
                            td.number { (words::rate(alert.short_burn_rate)) }
                            td.number { (words::rate(Some(alert.threshold))) }
                            td {
                                @if alert.firing { strong.status.exhausted { (icon::status(Status::Exhausted)) " firing" } } @else { (state(alert)) }
                                @if let Some(since) = alert.since { " since " (words::stamp(since, told.now)) }
                            }
                        }
                    } }
                }
            }
        }
    }
}

/// Whether the objective's window rolls on.
fn rolls(objective: &Objective) -> bool {
    matches!(objective.time_window, TimeWindow::Rolling(_))
}

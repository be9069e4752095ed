//! `/users/{name}/sprint`: what a sprint may spend, as a hand-out.

use axum::extract::State;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use maud::{Markup, html};
use slo_core::{
    BudgetUnit, Error, Filter, MAX_PAGE, Minute, Name, Objective, Plan, PlanSpan, Planned, Ratio, Status, Toil, User,
    Versioned,
};

use super::layout::{Frame, frame};
use super::overview::{called, status};
use super::{Page, Visitor, words};
use crate::edge::links::Base;
use crate::edge::problem::Problem;
use crate::edge::query::{Paging, Query};
use crate::resource::definition::{AppState, PathName};
use crate::resource::error_budget::AT_ONCE;
use crate::resource::plan::span;

/// How many days a sprint lasts when nothing is said.
const SPRINT: i64 = 14;

type Row = (Objective, Planned);

/// The planning report of a user's objectives.
pub(crate) async fn get(
    State(app): AppState,
    base: Base,
    visitor: Visitor,
    name: PathName,
    query: Query,
) -> Result<Page, Problem> {
    let now = (app.clock)();
    let mut query = query.of_form();
    query.assume("limit", &MAX_PAGE.to_string());
    let end = Minute::floor(now).on_grid(1_440) + SPRINT * 1_440;
    query.assume("to", &end.to_string());
    let span = span(&mut query, now);
    let path = format!("/users/{}/sprint", name.0);
    let filter = Filter { owner: Some(name.0.clone()), ..Filter::default() };
    let key = app.cursor_key().await?;
    let paging = Paging::of(query, &path, filter, &key)?;
    let span = span.ok_or_else(Problem::internal)?;
    let user = app.service.get::<User>(&name.0).await?.value;
    let page = app.service.list::<Objective>(&paging.filter, paging.after.clone(), paging.limit).await?;
    let plan = async |objective: Versioned<Objective>| {
        let planned = app.service.plan(&objective, &span).await?;
        Ok::<_, Error>((objective.value, planned))
    };
    // In this task, because the meter is the task's.
    let mut rows: Vec<Row> = stream::iter(page.items).map(plan).buffered(AT_ONCE).try_collect().await?;
    // Those that only inform come after those that count.
    rows.sort_by_key(|(objective, planned)| {
        let left = planned.plan.budget.remaining_ratio.filter(|_| planned.plan.expected.is_some());
        (objective.aspirational, left.is_none(), left)
    });
    let days = base.href(&format!("{path}?from={}&to={}&limit={}", span.from(), span.to(), paging.limit));
    let next = page.next.as_ref().map(|name| format!("{days}&cursor={}", paging.next(&key, name)));
    let part = next.is_some() || paging.after.is_some();
    let title = format!("Sprint of {}", user.display_name);
    let content = html! {
        h1 { (title) }
        p.lead {
            "What the error budgets of " (words::counted(rows.len(), "objective")) @if part { " on this page" }
            " let the team spend from " (words::stamp(span.from(), now)) " to " (words::stamp(span.to(), now)) "."
            @if part { " There are more pages." }
        }
        (form(&base.href(&path), &span))
        @if rows.is_empty() {
            p { "No objective names " (user.name) " as an owner: add " code { "owners" } " to one." }
        } @else {
            (plans(&rows, &base))
            (toil(&rows, part, now))
        }
        @if part {
            nav.pages aria-label="Pages" {
                @if paging.after.is_some() { a href=(days) { "First page" } }
                @if let Some(next) = &next { a rel="next" href=(next) { "Next page" } }
            }
        }
        (words::as_of(now))
    };
    Ok(Page(frame(&Frame { base: &base, title: &title, visitor: visitor.name() }, &content)))
}

fn form(action: &str, span: &PlanSpan) -> Markup {
    let day = |at: jiff::Timestamp| jiff::tz::TimeZone::UTC.to_datetime(at).date().to_string();
    html! {
        form.filter method="get" action=(action) aria-label="Days of the sprint" {
            label for="from" { "From" }
            input #from type="date" name="from" value=(day(span.from()));
            label for="to" { "To" }
            input #to type="date" name="to" value=(day(span.to()));
            button type="submit" { "Plan" }
        }
    }
}

fn plans(rows: &[Row], base: &Base) -> Markup {
    html! {
        table.lines.plans {
            caption { "What may be spent, least left first, aspirational objectives last. What burns anyway is rounded up, all else down" }
            thead {
                tr {
                    th scope="col" { "Status" }
                    th scope="col" { "Objective" }
                    th.number scope="col" { "Left now" }
                    th.number scope="col" { "Comes back" }
                    th.number scope="col" { "May be spent" }
                    th.number scope="col" { "Burns anyway" }
                    th.number scope="col" { "Free for you" }
                }
            }
            tbody {
                @for (objective, Planned { plan, .. }) in rows {
                    @let unknown = plan.status == Status::NoData && plan.expected.is_none();
                    @let amount = |amount: Option<Ratio>| amount_of(plan, amount.filter(|_| !unknown), Round::Down);
                    tr.(plan.status.name()) {
                        td { (status(plan.status)) @if objective.aspirational { span.note { "aspirational" } } }
                        th scope="row" {
                            a href=(base.href(&format!("/objectives/{}", objective.name))) { (called(objective)) }
                            span.note { (words::sentence(&plan.summary())) }
                        }
                        td.number data-label="Left now" { (amount(Some(plan.budget.remaining))) }
                        td.number data-label="Comes back" { (amount(plan.comes_back)) }
                        td.number data-label="May be spent" { (amount(plan.spendable)) }
                        td.number data-label="Burns anyway" { (amount_of(plan, plan.expected, Round::Up)) }
                        td.number data-label="Free for you" { (amount(plan.discretionary)) }
                    }
                }
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Round {
    Down,
    Up,
}

/// Events as they are, times as finely as the sentences have them: in seconds, minutes, then hours.
fn amount_of(plan: &Plan, amount: Option<Ratio>, round: Round) -> String {
    let Some(amount) = amount else { return "–".to_owned() };
    let whole = |grain: i128| match Ratio::new(amount.numerator(), amount.denominator().saturating_mul(grain)) {
        Some(amount) if round == Round::Up => amount.times_up(1),
        Some(amount) => amount.times_down(1),
        None => 0,
    };
    let count = whole(1);
    let little = count == 0 && !amount.is_zero_or_less();
    match plan.budget.unit {
        BudgetUnit::Events if little => "below 1 failed".to_owned(),
        BudgetUnit::Events => format!("{} failed", words::grouped(count)),
        BudgetUnit::Seconds if little => "below 1 s".to_owned(),
        BudgetUnit::Seconds => {
            let sign = if count < 0 { "-" } else { "" };
            let grain = match count.unsigned_abs() {
                0..120 => return format!("{count} s"),
                120..=172_800 => 1,
                _ => 60,
            };
            let minutes = u64::try_from(whole(60 * grain).unsigned_abs()).unwrap_or(u64::MAX);
            format!("{sign}{}", words::minutes(minutes.saturating_mul(u64::try_from(grain).unwrap_or(1))))
        }
    }
}

/// What consumed most.
fn toil(rows: &[Row], part: bool, now: jiff::Timestamp) -> Markup {
    let all: Vec<(&Name, &Toil)> = rows.iter().map(|(objective, planned)| (&objective.name, &planned.toil)).collect();
    let found =
        |name: &Name| rows.iter().find(|(objective, _)| objective.name == *name).map(|(objective, _)| objective);
    let aspires = |name: &Name| found(name).is_some_and(|objective| objective.aspirational);
    let mut ranked = Toil::ranked(all);
    ranked.sort_by_key(|(name, _)| aspires(name));
    html! {
        section.toil aria-labelledby="toil" {
            h2 #toil { "What the budgets went into" }
            @if part { p { "Of the objectives on this page." } }
            @if ranked.is_empty() { p { "Nothing failed." } }
            ol {
                @for (name, toil) in ranked {
                    li {
                        strong { (found(name).map(called).unwrap_or_default()) } @if aspires(name) { " (aspirational)" } ": " (toil.summary()) "."
                        @if !toil.incidents.is_empty() {
                            ul {
                                @for incident in &toil.incidents {
                                    li {
                                        (words::period(incident.period, now)) ", "
                                        (words::minutes(incident.period.minutes())) ": " (words::share(incident.share))
                                        " of the budget"
                                        @if incident.postmortem_required { ", " strong { "postmortem due" } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

//! `/`: may we ship, and what stands in the way?

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use maud::{Markup, html};
use slo_core::{
    BudgetReport, ChangeKind, Evidence, Filter, Judgement, MAX_PAGE, Name, Objective, Policy, Ratio, Status, Verdict,
    Versioned,
};

use super::layout::{Frame, frame};
use super::reason::because;
use super::{Page, Visitor, icon, words};
use crate::edge::links::Base;
use crate::edge::problem::Problem;
use crate::edge::query::{Paging, Query};
use crate::resource::definition::AppState;

const PATH: &str = "/";
/// Of so many objectives the page says why they stand in the way.
const NAMED: usize = 5;

/// What is told of an objective in a line.
struct Line {
    objective: Versioned<Objective>,
    report: BudgetReport,
    evidence: Evidence,
    /// What the policy says of a feature.
    judgement: Judgement,
}

/// A line each, worst first.
pub(crate) async fn get(
    State(app): AppState,
    base: Base,
    visitor: Visitor,
    query: Query,
) -> Result<(StatusCode, Page), Problem> {
    let now = (app.clock)();
    let key = app.cursor_key().await?;
    let mut query = query.of_form();
    // Names have no capitals, whatever a telephone makes of them.
    query.rewrite(
        |name, value| if matches!(name, "service" | "owner") { value.to_lowercase() } else { value.to_owned() },
    );
    let asked = Asked::of(&query);
    let page = |status, content| {
        Ok((status, Page(frame(&Frame { base: &base, title: "May we ship?", visitor: visitor.name() }, &content))))
    };
    if !asked.fits() {
        return page(StatusCode::BAD_REQUEST, refused(&asked, &base));
    }
    // All of most services; more are turned over.
    query.assume("limit", &MAX_PAGE.to_string());
    let paging = Paging::read(query, PATH, &key)?;
    let (policy, _) = app.service.policy().await?;
    let found = app.service.list::<Objective>(&paging.filter, paging.after.clone(), paging.limit).await?;
    let seen = app.service.all_seen_by(&policy, ChangeKind::Feature, &found.items, now, now).await?;
    let line = |(objective, (report, evidence)): (_, (_, Evidence))| {
        let judgement = policy.judge(ChangeKind::Feature, std::slice::from_ref(&evidence));
        Line { objective, report, evidence, judgement }
    };
    let mut lines: Vec<Line> = found.items.into_iter().zip(seen).map(line).collect();
    lines.sort_by_key(|line| {
        let left = line.report.budget.remaining_ratio.filter(|_| line.report.status != Status::NoData);
        (Reverse(line.judgement.verdict), left.is_none(), left)
    });
    // Since when an alert fires is told of those that are named, and looked for only there.
    let worst = lines.first().map(|line| line.judgement.verdict).filter(|worst| *worst > Verdict::Ship);
    for line in lines.iter_mut().take(NAMED).filter(|line| Some(line.judgement.verdict) == worst) {
        if line.evidence.alerts.iter().any(|alert| alert.firing) {
            let (_, evidence) = app.service.seen_by(&policy, ChangeKind::Feature, &line.objective, now, now).await?;
            line.judgement = policy.judge(ChangeKind::Feature, std::slice::from_ref(&evidence));
            line.evidence = evidence;
        }
    }
    let next = found.next.as_ref().map(|name| paging.next(&key, name));
    let part = next.is_some() || paging.after.is_some();
    let filter = &paging.filter;
    let content = html! {
        (answer(&lines, part, filter, &base, (&policy, now)))
        (form(&asked, &lines, &base))
        @if !lines.is_empty() { (table(&lines, &base)) }
        @if part {
            nav.pages aria-label="Pages" {
                @if paging.after.is_some() { a href=(href(&base, &paging, None)) { "First page" } }
                @if let Some(next) = &next { a rel="next" href=(href(&base, &paging, Some(next))) { "Next page" } }
            }
        }
        (words::as_of(now))
    };
    page(StatusCode::OK, content)
}

/// What the filter holds, as it was written.
struct Asked(Vec<(&'static str, String)>);

impl Asked {
    fn of(query: &Query) -> Self {
        let pair = |name| query.written(name).map(|value| (name, value.to_owned()));
        Self(["service", "owner", "label"].into_iter().filter_map(pair).collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(asked, _)| *asked == name).map(|(_, value)| value.as_str())
    }

    /// Whether what must be names can be.
    fn fits(&self) -> bool {
        ["service", "owner"].into_iter().filter_map(|name| self.get(name)).all(|name| name.parse::<Name>().is_ok())
    }

    /// All of it but one.
    fn without(&self, name: &str, base: &Base) -> String {
        address(base, self.0.iter().filter(|(asked, _)| *asked != name).cloned())
    }
}

fn refused(asked: &Asked, base: &Base) -> Markup {
    html! {
        div.answer.none {
            h1 { "Nothing can be called that" }
            p.lead { "Correct the filter below, or " a href=(base.href(PATH)) { "look at all objectives" } "." }
        }
        (form(asked, &[], base))
    }
}

/// A page of the same list.
fn href(base: &Base, paging: &Paging, cursor: Option<&str>) -> String {
    let Filter { service, owner, label, .. } = &paging.filter;
    let pairs = [
        service.as_ref().map(|service| ("service", service.to_string())),
        owner.as_ref().map(|owner| ("owner", owner.to_string())),
        label.as_ref().map(|(key, value)| ("label", format!("{key}:{value}"))),
        (paging.limit != MAX_PAGE).then(|| ("limit", paging.limit.to_string())),
        cursor.map(|cursor| ("cursor", cursor.to_owned())),
    ];
    address(base, pairs.into_iter().flatten())
}

fn address(base: &Base, pairs: impl Iterator<Item = (&'static str, String)>) -> String {
    let query: Vec<String> = pairs.map(|(name, value)| format!("{name}={}", words::escaped(&value))).collect();
    base.href(&if query.is_empty() { PATH.to_owned() } else { format!("{PATH}?{}", query.join("&")) })
}

/// What one wants to know, in a sentence.
fn answer(lines: &[Line], part: bool, filter: &Filter, base: &Base, (policy, now): (&Policy, Timestamp)) -> Markup {
    let with = |verdict| lines.iter().filter(|line| line.judgement.verdict == verdict).collect::<Vec<_>>();
    let (hold, caution) = (with(Verdict::Hold), with(Verdict::Caution));
    let all = words::counted(lines.len(), "objective");
    let place = if part { " on this page" } else { "" };
    let filtered = *filter != Filter::default();
    let (verdict, sentence) = match (hold.len(), caution.len()) {
        _ if lines.is_empty() && filtered => (None, "No objective is like that".to_owned()),
        _ if lines.is_empty() => (None, "Nothing is promised yet".to_owned()),
        // What a part says is no answer for the whole.
        (0, 0) if part => (None, "Nothing on this page holds features back; there are more pages".to_owned()),
        (0, 0) => (Some(Verdict::Ship), format!("Ship: none of {all} holds features back")),
        (0, n) => {
            let ask = if n == 1 { "asks" } else { "ask" };
            let care = if part { "" } else { "Ship with care: " };
            (Some(Verdict::Caution), format!("{care}{n} of {all}{place} {ask} to think twice"))
        }
        (n, _) => {
            let hold = if n == 1 { "holds" } else { "hold" };
            (Some(Verdict::Hold), format!("{n} of {all}{place} {hold} features back"))
        }
    };
    let named = if hold.is_empty() { &caution } else { &hold };
    html! {
        div.answer.(verdict.map_or("none", Verdict::name)) {
            h1 {
                @if let Some(verdict) = verdict { (icon::verdict(verdict)) " " }
                (sentence)
            }
            @if lines.is_empty() && filtered {
                p.lead { "Check the filter below, or " a href=(base.href(PATH)) { "look at all of them" } "." }
            } @else if lines.is_empty() {
                p.lead { "Apply your definitions with " code { "slo apply -f FILE" } ", or see everything alive with " code { "slo demo" } "." }
            } @else if !named.is_empty() {
                ul.why {
                    @for line in named.iter().take(NAMED) {
                        li {
                            a href=(link(base, line)) { (called(&line.objective.value)) }
                            @for (i, reason) in line.judgement.reasons.iter().enumerate() {
                                @if i > 0 { "; it " } @else { " " }
                                (because(reason, policy, &line.evidence, now))
                            }
                        }
                    }
                    @if named.len() > NAMED { li { "and " (named.len() - NAMED) " more, below" } }
                }
            }
            @if !hold.is_empty() {
                p.lead { "Changes for reliability and security may pass sooner: ask with " code { "slo gate" } "." }
            }
        }
    }
}

fn form(asked: &Asked, lines: &[Line], base: &Base) -> Markup {
    let services: BTreeSet<&Name> = lines.iter().map(|line| &line.objective.value.service).collect();
    let owners: BTreeSet<&Name> = lines.iter().flat_map(|line| &line.objective.value.owners).collect();
    let owner = asked.get("owner").filter(|owner| owner.parse::<Name>().is_ok());
    html! {
        form.filter method="get" action=(base.href(PATH)) role="search" aria-label="Filter objectives" {
            (field("service", "Service", asked.get("service"), &services))
            (field("owner", "Owner", asked.get("owner"), &owners))
            @if let Some(label) = asked.get("label") { input type="hidden" name="label" value=(label); }
            button type="submit" { "Filter" }
            // One link where there is one to take away, and otherwise one for each too.
            @if !asked.0.is_empty() { a href=(base.href(PATH)) { "Show all" } }
            @if asked.0.len() > 1 {
                @for (name, value) in &asked.0 { a href=(asked.without(name, base)) { "Without " (name) " " (value) } }
            }
            @if let Some(label) = asked.get("label") { span.note { "Only with the label " (label) } }
            @if let Some(owner) = owner {
                a href=(base.href(&format!("/users/{owner}/sprint"))) { "Sprint page of " (owner) }
            }
        }
    }
}

fn field(name: &str, label: &str, value: Option<&str>, known: &BTreeSet<&Name>) -> Markup {
    let list = format!("known-{name}");
    let fault = value.and_then(|value| value.parse::<Name>().err());
    let told = fault.map(|_| format!("{name}-fault"));
    html! {
        label for=(name) { (label) }
        input #(name) name=(name) value=[value] list=(list) autocomplete="off" autocapitalize="none" spellcheck="false"
            maxlength="63" aria-invalid=[fault.map(|_| "true")] aria-describedby=[told.as_ref()];
        @if let (Some(fault), Some(told)) = (fault, &told) {
            p.fault id=(told) role="alert" { (words::sentence(&fault.to_string())) }
        }
        datalist #(list) { @for name in known { option value=(name) {} } }
    }
}

fn link(base: &Base, line: &Line) -> String {
    base.href(&format!("/objectives/{}", line.objective.value.name))
}

/// How people call an objective.
pub(super) fn called(objective: &Objective) -> &str {
    objective.display_name.as_ref().map_or_else(|| objective.name.as_str(), |name| name.as_str())
}

fn table(lines: &[Line], base: &Base) -> Markup {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    lines.iter().for_each(|line| *names.entry(called(&line.objective.value)).or_default() += 1);
    let shared = |line: &Line| names[called(&line.objective.value)] > 1;
    html! {
        table.lines {
            caption { "Objectives, worst first. The line in a bar is where the warning begins; a hatched bar has nothing left" }
            thead {
                tr {
                    th scope="col" { "Status" }
                    th scope="col" { "Objective" }
                    th scope="col" { "Budget left" }
                    th.number scope="col" { "Burn rate, 1\u{a0}h" }
                    th scope="col" { "Runs out or recovers" }
                    th.number scope="col" { "Coverage" }
                }
            }
            tbody { @for line in lines { (row(line, base, shared(line))) } }
        }
    }
}

fn row(line: &Line, base: &Base, shared: bool) -> Markup {
    let Line { objective, report, judgement, .. } = line;
    let value = &objective.value;
    let hour = report.burn_rates.iter().find(|burn| burn.lookback.name() == "1h").and_then(|burn| burn.rate);
    html! {
        tr.(report.status.name()) {
            td {
                (status(report.status))
                @if judgement.verdict > Verdict::Ship {
                    span.note { (if judgement.verdict == Verdict::Hold { "holds features back" } else { "think twice" }) }
                }
                @if value.aspirational { span.note { "aspirational" } }
                @if let Some(part) = words::unmeasured(report) { span.note { (part) } }
            }
            th scope="row" {
                a href=(link(base, line)) { (called(value)) }
                span.note {
                    // Others are called so as well.
                    @if shared { code { (value.name) } " · " }
                    (value.service) " · " (words::target(value.target))
                    @for owner in &value.owners { " · " (owner) }
                }
            }
            td.budget {
                (bar(report, value.warning_threshold.into()))
                span.left { (left(report)) }
            }
            td.number data-label="Burn rate, 1 h" { (words::rate(hour)) }
            td data-label="Outlook" { (words::outlook(value, report)) }
            td.number data-label="Coverage" { (words::percent_or_dash(report.coverage, 1)) }
        }
    }
}

/// A status by shape, word and colour.
pub(super) fn status(status: Status) -> Markup {
    html! { span.status.(status.name()) { (icon::status(status)) " " (words::status(status)) } }
}

/// What is left, in natural units and as a share.
pub(super) fn left(report: &BudgetReport) -> String {
    if report.status == Status::NoData {
        return "no data".to_owned();
    }
    let left = report.budget.left();
    let share = report.budget.remaining_ratio.map(|ratio| {
        if ratio.is_zero_or_less() {
            words::share(Some(ratio.complement())) + " used"
        } else {
            words::percent(ratio, 0)
        }
    });
    // A number and its sign stay on one line.
    share.map_or_else(|| left.clone(), |share| format!("{left} ({})", share.replace(" %", "\u{a0}%")))
}

/// What is left as a bar with a mark where the warning begins; what is said beside it is the same.
pub(super) fn bar(report: &BudgetReport, warning: Ratio) -> Markup {
    let left = report.budget.remaining_ratio.filter(|_| report.status != Status::NoData);
    // In thousandths of the bar.
    let width = |ratio: Ratio| words::scaled(ratio, 1_000).clamp(0, 1_000);
    let mark = width(warning);
    let gone = left.is_some_and(Ratio::is_zero_or_less);
    let within = left.is_some_and(|left| width(left) > mark);
    html! {
        svg.bar viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            rect.track width="1000" height="10" {}
            @if gone {
                line.over x1="0" x2="1000" y1="5" y2="5" {}
            } @else {
                @if let Some(left) = left { rect.fill.(report.status.name()) width=(width(left).max(4)) height="10" {} }
                line.mark.within[within] x1=(mark) x2=(mark) y1="0" y2="10" {}
            }
        }
    }
}

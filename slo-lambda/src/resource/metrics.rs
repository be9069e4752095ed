//! `/metrics`: what is measured of the objectives, for whoever draws and keeps it.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use slo_core::{Alert, BudgetReport, Filter, MAX_PAGE, Objective, Ratio, Status, Versioned};

use super::definition::AppState;
use crate::App;
use crate::edge::exposition::{Exposition, Format, Kind};
use crate::edge::problem::{Problem, ProblemDto};
use crate::edge::query::Query;

/// Of so many objectives one answer tells: more would not be there before who asks has gone away.
const MOST: usize = 1_000;

/// An objective now.
struct Seen {
    objective: Versioned<Objective>,
    report: BudgetReport,
    alerts: Vec<Alert>,
}

/// A family with at most one sample an objective.
struct Figure {
    name: &'static str,
    unit: &'static str,
    help: &'static str,
    /// `None` where it is undefined, which is told by silence.
    of: fn(&Seen) -> Option<Ratio>,
}

const FIGURES: [Figure; 6] = [
    Figure {
        name: "slo_objective_target_ratio",
        unit: "ratio",
        help: "The level that is promised.",
        of: |seen| Some(seen.report.target.into()),
    },
    Figure {
        name: "slo_sli_ratio",
        unit: "ratio",
        help: "The level reached in the objective's window.",
        of: |seen| seen.report.sli,
    },
    Figure {
        name: "slo_objective_met",
        unit: "",
        help: "Whether the level reached is at least the target.",
        of: |seen| seen.report.met.map(|met| u64::from(met).into()),
    },
    Figure {
        name: "slo_error_budget_remaining_ratio",
        unit: "ratio",
        help: "The share of the error budget that is left; below zero when more is spent than there is.",
        of: |seen| seen.report.budget.remaining_ratio,
    },
    Figure {
        name: "slo_coverage_ratio",
        unit: "ratio",
        help: "The share of the minutes or slices of the window that have data.",
        of: |seen| seen.report.coverage,
    },
    Figure {
        name: "slo_watermark_timestamp_seconds",
        unit: "seconds",
        help: "The end of the newest minute with data, since the Unix epoch.",
        of: |seen| {
            let watermark = seen.report.watermark?.timestamp();
            u64::try_from(watermark.as_second()).ok().map(Ratio::from)
        },
    },
];

/// Level, budget, burn rates and firing alerts of each objective, now: OpenMetrics, or Prometheus' older text where only
/// that is accepted. Undefined figures are left out. More than 1,000 objectives are refused: scrape them in parts.
#[utoipa::path(get, path = "/metrics", operation_id = "metrics", tag = "service",
    params(("service" = Option<String>, Query, description = "only objectives of this service"),
        ("owner" = Option<String>, Query, description = "only those with this owner"),
        ("label" = Option<String>, Query, description = "only those with this label, key:value")),
    responses((status = 200, description = "The metrics", content(
            (String = "application/openmetrics-text; version=1.0.0; charset=utf-8"),
            (String = "text/plain; version=0.0.4; charset=utf-8"))),
        (status = 400, body = ProblemDto, content_type = "application/problem+json"),
        (status = 503, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn get(State(app): AppState, headers: HeaderMap, mut query: Query) -> Result<Response, Problem> {
    let filter = query.filter();
    query.close()?;
    let objectives = objectives(&app, &filter).await?;
    let now = (app.clock)();
    let glances = app.service.budgets_and_alerts(&objectives, now, now).await?;
    let seen = |(objective, (report, alerts))| Seen { objective, report, alerts };
    let seen: Vec<Seen> = objectives.into_iter().zip(glances).map(seen).collect();
    let format = Format::preferred(&headers);
    let headers = [(header::CONTENT_TYPE, format.content_type()), (header::VARY, "accept")];
    Ok((headers, written(format, &seen)).into_response())
}

/// All that match. That there are too many is said before any of their counts are read.
async fn objectives(app: &App, filter: &Filter) -> Result<Vec<Versioned<Objective>>, Problem> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = app.service.list::<Objective>(filter, after, MAX_PAGE).await?;
        all.extend(page.items);
        if all.len() > MOST {
            let detail =
                format!("there are more than {MOST} objectives here; scrape them in parts, by service, owner or label");
            return Err(Problem::invalid_parameters(vec![("service".to_owned(), detail)]));
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(all),
        }
    }
}

fn written(format: Format, all: &[Seen]) -> String {
    let mut text = Exposition::new(format);
    text.family("slo_objective", Kind::Info, "", "What people call an objective, and what it is about.");
    for seen in all {
        let value = &seen.objective.value;
        let called = value.display_name.as_ref().map_or(value.name.as_str(), |name| name.as_str());
        let window = value.time_window.duration().to_string();
        let about = [("display_name", called), ("indicator", value.series.indicator.as_str()), ("window", &window)];
        text.sample(&[&labels(seen)[..], &about].concat(), 1);
    }
    for Figure { name, unit, help, of } in &FIGURES {
        text.family(name, Kind::Gauge, unit, help);
        for (seen, figure) in all.iter().filter_map(|seen| Some((seen, of(seen)?))) {
            text.sample(&labels(seen), figure);
        }
    }
    text.family("slo_burn_rate", Kind::Gauge, "", "How fast the budget is spent; 1 lands exactly on the target.");
    for seen in all {
        for (lookback, rate) in seen.report.burn_rates.iter().filter_map(|burn| Some((burn.lookback, burn.rate?))) {
            text.sample(&[&labels(seen)[..], &[("lookback", lookback.name())]].concat(), rate);
        }
    }
    text.family("slo_status", Kind::StateSet, "", "Whether to ship, in one word.");
    for seen in all {
        for status in Status::ALL {
            let labels = [&labels(seen)[..], &[("slo_status", status.name())]].concat();
            text.sample(&labels, u8::from(seen.report.status == status));
        }
    }
    text.family("slo_alert_firing", Kind::Gauge, "", "Whether a condition of the alert policy fires.");
    for seen in all {
        for (i, alert) in seen.alerts.iter().enumerate() {
            // Two conditions may differ in nothing but the threshold; a set of labels stands for both.
            let alike = |other: &&Alert| windows(other) == windows(alert);
            if seen.alerts[..i].iter().any(|other| alike(&other)) {
                continue;
            }
            let firing = seen.alerts.iter().filter(alike).any(|alert| alert.firing);
            let (severity, long, short) = windows(alert);
            let own = [("severity", severity), ("long_window", &long), ("short_window", &short)];
            text.sample(&[&labels(seen)[..], &own].concat(), u8::from(firing));
        }
    }
    text.finish()
}

fn labels(seen: &Seen) -> [(&'static str, &str); 2] {
    let value = &seen.objective.value;
    [("objective", value.name.as_str()), ("service", value.service.as_str())]
}

fn windows(alert: &Alert) -> (&'static str, String, String) {
    (alert.severity.name(), alert.long_window.to_string(), alert.short_window.to_string())
}

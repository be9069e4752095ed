//! `/indicators/{name}/suggested-target`

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use slo_core::{
    BudgetingMethod, CalendarWindow, Indicator, MAX_PERIODS, Name, NoData, PartsPerBillion, PastPeriod, Proposal,
    Ratio, RollingWindow, Shorthand, SliceWidth, Target, TimeWindow, Unit, Zone,
};
use utoipa::ToSchema;

use super::definition::{AppState, PathName, item};
use crate::edge::links::{Base, Links};
use crate::edge::problem::{Problem, ProblemDto};
use crate::edge::query::Query;

/// What the past of an indicator says about an objective on it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SuggestedTarget)]
pub(crate) struct SuggestedTargetDto {
    /// The indicator.
    #[schema(value_type = String)]
    indicator: Name,
    /// The window that was tried.
    #[schema(value_type = String, example = "28d")]
    time_window: Shorthand,
    /// A target that every one of these periods met, as people write one: the allowed failure rounded up
    /// to two digits, and to no less than one event or slice of the quietest period. Null without data, or
    /// when everything may fail.
    #[schema(value_type = Option<f64>)]
    suggested_target: Option<Ratio>,
    /// The strictest target that all of them met, to nine decimals.
    #[schema(value_type = Option<f64>)]
    strictest_target: Option<Ratio>,
    /// The target that the periods are judged by: the proposed one, or the suggested one.
    #[schema(value_type = Option<f64>)]
    target: Option<Ratio>,
    /// How many periods have data.
    judged: usize,
    /// How many of them broke that target.
    broken: usize,
    /// The newest first.
    periods: Vec<PastPeriodDto>,
    /// What can be done next.
    links: Links,
}

/// A finished period of the past.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PastPeriod)]
struct PastPeriodDto {
    /// Its first instant.
    start: Timestamp,
    /// Its end.
    end: Timestamp,
    /// The level reached; null without data.
    #[schema(value_type = Option<f64>)]
    sli: Option<Ratio>,
    /// Good events.
    good: u128,
    /// All events.
    total: u128,
    /// Minutes or slices with data of all of them.
    #[schema(value_type = Option<f64>)]
    coverage: Option<Ratio>,
    /// Which share of the budget it consumed at that target.
    #[schema(value_type = Option<f64>)]
    consumed_ratio: Option<Ratio>,
    /// Whether it met that target; null without data.
    met: Option<bool>,
}

fn show(past: &PastPeriod) -> PastPeriodDto {
    PastPeriodDto {
        start: past.period.start.timestamp(),
        end: past.period.end.timestamp(),
        sli: past.sli,
        good: past.counts.good(),
        total: past.counts.total(),
        coverage: past.coverage,
        consumed_ratio: past.consumed_ratio,
        met: past.met,
    }
}

/// The window to be tried: civil units are calendar windows of a zone, others roll unless they must not.
fn window(query: &mut Query) -> Option<TimeWindow> {
    let length: Option<Shorthand> = query.required("timeWindow", "write how long the window is, such as 28d or 1M");
    let rolling = query.choice("isRolling", [("true", true), ("false", false)]);
    let zone: Option<String> = query.parse("timeZone");
    let length = length?;
    let civil = matches!(length.unit(), Unit::Month | Unit::Quarter | Unit::Year);
    let window = if rolling.unwrap_or(!civil) {
        if zone.is_some() {
            query.fault("timeZone", "a rolling window has no zone; leave it out or set isRolling to false".to_owned());
        }
        RollingWindow::new(length).map(TimeWindow::Rolling)
    } else {
        let zone = zone.map_or_else(|| Some(Zone::default()), |name| Zone::new(&name));
        let Some(zone) = zone else {
            query.fault("timeZone", "write an IANA time zone such as Europe/Berlin or UTC".to_owned());
            return None;
        };
        // Weeks begin on Monday.
        let monday = jiff::civil::date(2024, 1, 1).at(0, 0, 0, 0);
        CalendarWindow::new(length, monday, zone).map(TimeWindow::Calendar)
    };
    window.map_err(|error| query.fault("timeWindow", error.to_string())).ok()
}

fn method(query: &mut Query) -> Option<BudgetingMethod> {
    let words = ["Occurrences", "Timeslices", "RatioTimeslices"];
    let word = query.choice("budgetingMethod", words.map(|word| (word, word))).unwrap_or("Occurrences");
    let target: Option<PartsPerBillion> = query.parse("timeSliceTarget");
    let slices: Option<Shorthand> = query.parse("timeSliceWindow");
    if word == "Occurrences" {
        for (name, given) in [("timeSliceTarget", target.is_some()), ("timeSliceWindow", slices.is_some())] {
            if given {
                query.fault(
                    name,
                    "Occurrences have no slices; leave it out or choose another budgetingMethod".to_owned(),
                );
            }
        }
    }
    let width = slices.map_or(Some(SliceWidth::MINUTE), |slices| slices.minutes().and_then(SliceWidth::new));
    let Some(width) = width else {
        query.fault("timeSliceWindow", "a slice must divide the day: 1m, 5m, 15m, 1h, …".to_owned());
        return None;
    };
    match (word, target) {
        ("RatioTimeslices", _) => Some(BudgetingMethod::RatioTimeslices { width }),
        ("Timeslices", Some(target)) if target.get() > 0 => Some(BudgetingMethod::Timeslices { target, width }),
        ("Timeslices", _) => {
            query.fault(
                "timeSliceTarget",
                "Timeslices need the ratio, above 0 and at most 1, that makes a slice good".to_owned(),
            );
            None
        }
        _ => Some(BudgetingMethod::Occurrences),
    }
}

/// Which target the past periods would have met, and how often a proposed one would have been broken.
#[utoipa::path(get, path = "/api/v1/indicators/{name}/suggested-target", operation_id = "suggestedTarget", tag = "indicators",
    params(("name" = String, Path), ("timeWindow" = String, Query, description = "how long the window is, such as 28d; 1M, 1Q and 1Y are civil"),
        ("isRolling" = Option<bool>, Query, description = "false for a civil day or week"),
        ("timeZone" = Option<String>, Query, description = "of a civil window; UTC when absent"),
        ("periods" = Option<usize>, Query, description = "how many finished periods are tried, 1 to 24; 4, or as many as fit, when absent"),
        ("target" = Option<f64>, Query, description = "a proposed target to judge them by; the suggested one when absent"),
        ("budgetingMethod" = Option<String>, Query, description = "Occurrences (when absent), Timeslices or RatioTimeslices"),
        ("timeSliceTarget" = Option<f64>, Query, description = "the ratio that makes a slice good; needed for Timeslices"),
        ("timeSliceWindow" = Option<String>, Query, description = "the width of a slice; 1m when absent"),
        ("noData" = Option<String>, Query, description = "what a slice without data means: ignore (when absent), good or bad"),
        ("at" = Option<Timestamp>, Query, description = "now when absent; not in the future")),
    responses((status = 200, body = SuggestedTargetDto), (status = 400, body = ProblemDto, content_type = "application/problem+json"),
        (status = 404, body = ProblemDto, content_type = "application/problem+json"),
        (status = 503, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn get(
    State(app): AppState,
    base: Base,
    name: PathName,
    mut query: Query,
) -> Result<Response, Problem> {
    let (time_window, method) = (window(&mut query), method(&mut query));
    let no_data = query.choice("noData", NoData::ALL).unwrap_or_default();
    let target: Option<Target> = query.parse("target");
    let periods = query.number("periods", 1..=MAX_PERIODS);
    let at = query.time("at");
    query.close()?;
    let unread = "what cannot be read has left a fault";
    let (time_window, method) = (time_window.expect(unread), method.expect(unread));
    let now = (app.clock)();
    let indicator = app.service.get::<Indicator>(&name.0).await?;
    let duration = time_window.duration();
    let proposal = Proposal { time_window, method, no_data, target, periods };
    let backtest = app.service.backtest(&indicator, &proposal, at.unwrap_or(now), now).await?;
    let path = base.href(&item::<Indicator>(&name.0));
    let links = Links::default()
        .add("measurements", "GET", format!("{path}/measurements"))
        .add("indicator", "GET", path)
        .add_with_body("createObjective", "POST", base.href("/api/v1/objectives"), "Objective");
    let answer = SuggestedTargetDto {
        indicator: name.0,
        time_window: duration,
        suggested_target: backtest.suggested.map(Into::into),
        strictest_target: backtest.strictest.map(Into::into),
        target: backtest.judged.map(Into::into),
        judged: backtest.periods.iter().filter(|period| period.sli.is_some()).count(),
        broken: backtest.broken,
        periods: backtest.periods.iter().map(show).collect(),
        links,
    };
    Ok(JsonAnswer(answer).into_response())
}

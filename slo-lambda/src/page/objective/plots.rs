//! The burn-down, and the level against its target.

use maud::{Markup, html};
use slo_core::{Incident, Minute, Period, Ratio};

use super::super::plot::{NUMBERED, Plot};
use super::super::words;
use super::Told;

/// So many incidents are marked, and those only that took a hundredth of the budget: more would cover the curve.
const MARKED: usize = 20;

type Points = Vec<(Minute, Option<Ratio>)>;

pub(super) fn section(told: &Told) -> Markup {
    let value = &told.objective.value;
    let shown = told.shown();
    let measured = Measured::of(told);
    let remaining = measured.points(|point| point.remaining_ratio);
    let level = measured.points(|point| point.sli);
    let excluded: Vec<Period> = told.objective.annex.iter().flat_map(|exclusion| exclusion.periods(shown)).collect();
    let incidents: Vec<Period> =
        told.incidents.iter().take(MARKED).filter(marked).map(|incident| incident.period).collect();
    let plot = |id, title, description: &str, points: &Points, goal, from_zero| {
        Plot {
            id,
            title,
            description,
            period: shown,
            points,
            goal,
            from_zero,
            excluded: &excluded,
            incidents: &incidents,
        }
        .markup()
    };
    let target = told.report.target;
    html! {
        section aria-labelledby="burn-down" {
            h2 #burn-down { "Burn-down" }
            figure {
                (plot("budget", "Share of the budget that was left", &described(told, &remaining, 1), &remaining, Ratio::ZERO, true))
                figcaption {
                    "What was left of the budget at each time, " (words::until(&value.time_window)) "; days and times are UTC. "
                    (legend(told, "nothing left", &excluded))
                }
            }
        }
        section aria-labelledby="level" {
            h2 #level { "Level against target" }
            figure {
                (plot("level", "Level reached, against the target", &described(told, &level, 4), &level, target.into(), false))
                figcaption { "The level reached over the same span; days and times are UTC. " (legend(told, "the target", &excluded)) }
            }
        }
    }
}

fn marked(incident: &&Incident) -> bool {
    incident.share.is_none_or(|share| share >= Ratio::new(1, 100).expect("a hundredth"))
}

fn legend(told: &Told, goal: &str, excluded: &[Period]) -> Markup {
    html! {
        span.key { span.swatch.goal {} (goal) }
        @if told.incidents.first().is_some_and(|largest| marked(&largest)) { span.key { span.swatch.incident {} "incident" } }
        @if !excluded.is_empty() { span.key { span.swatch.excluded {} "excluded" } }
        span.key { "no line: no data" }
    }
}

/// The points with what was measured just before each.
struct Measured<'t> {
    told: &'t Told,
}

impl<'t> Measured<'t> {
    const fn of(told: &'t Told) -> Self {
        Self { told }
    }

    /// A figure at each point, where the step before it has data.
    fn points(&self, figure: impl Fn(&slo_core::BurnDownPoint) -> Option<Ratio>) -> Points {
        let Told { points, counts, step, .. } = self.told;
        let has_data = |end: Minute| {
            let start = (end - 1).on_grid(*step);
            counts.binary_search_by_key(&start, |(minute, _)| *minute).is_ok_and(|i| counts[i].1.total() > 0)
        };
        points.iter().map(|point| (point.end, figure(point).filter(|_| has_data(point.end)))).collect()
    }
}

/// What the curve shows, for who cannot see it.
fn described(told: &Told, points: &Points, decimals: u32) -> String {
    let seen: Vec<(Minute, Ratio)> = points.iter().filter_map(|(at, value)| value.map(|value| (*at, value))).collect();
    let (Some(first), Some(last)) = (seen.first(), seen.last()) else { return "There is no data.".to_owned() };
    let lowest = seen.iter().min_by_key(|(_, value)| *value).unwrap_or(last);
    let said = |(at, value): &(Minute, Ratio)| {
        format!("{} on {}", words::percent(*value, decimals), words::minute(*at, told.now))
    };
    let gaps = points.split(|(_, value)| value.is_some()).filter(|gap| !gap.is_empty()).count();
    let mut text = format!("From {} to {}, lowest {}.", said(first), said(last), said(lowest));
    if gaps > 0 {
        text.push_str(&format!(" {} without data.", words::counted(gaps, "stretch").replace("stretchs", "stretches")));
    }
    for (i, incident) in told.incidents.iter().filter(marked).take(NUMBERED).enumerate() {
        let start = words::minute(incident.period.start, told.now);
        text.push_str(&format!(" Incident {} on {start} took {}.", i + 1, words::share(incident.share)));
    }
    text
}

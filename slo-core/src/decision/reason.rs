//! Whether a rule matches an objective, and why.

use serde::{Deserialize, Serialize};

use super::evidence::{Evidence, SeenBurnRate};
use super::fraction::Fraction;
use crate::duration::Shorthand;
use crate::name::Name;
use crate::policy::{Condition, Limit, Rule, Verdict};
use crate::ratio::Ratio;

/// Why a rule speaks against shipping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionReason {
    /// The objective that it matched.
    pub objective: Name,
    /// The rule.
    pub rule: Name,
    /// What the rule says.
    pub verdict: Verdict,
    /// Whether the objective only informs: then the verdict does not follow.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub aspirational: bool,
    /// What was seen; `None` when it has no figure.
    pub observed: Option<Figure>,
    /// What the rule compares with; `None` when it compares with none.
    pub limit: Option<Figure>,
    /// The same in a sentence, without its final stop.
    pub detail: String,
}

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Figure {
    /// A ratio, a share or a rate.
    Ratio(Fraction),
    /// A time in seconds.
    Seconds(u64),
    /// A status.
    Word(String),
}

/// A match: what was seen, what it was compared with, and a sentence.
type Found = (Option<Figure>, Option<Figure>, String);

impl DecisionReason {
    /// The reason that a rule finds in what is known of an objective, if it matches.
    pub(super) fn find(rule: &Rule, seen: &Evidence) -> Option<Self> {
        let (observed, limit, detail) = rule.condition.find(seen)?;
        Some(Self {
            objective: seen.objective.clone(),
            rule: rule.name.clone(),
            verdict: rule.verdict,
            aspirational: seen.aspirational,
            observed,
            limit,
            detail,
        })
    }
}

impl Condition {
    /// What matches. All comparisons are of exact numbers.
    fn find(&self, seen: &Evidence) -> Option<Found> {
        let name = &seen.objective;
        match self {
            Self::RemainingRatio(limit) => {
                let (left, bound) = (seen.remaining_ratio?.ratio(), limit.ratio()?);
                let matches = if limit.inclusive { left <= bound } else { left < bound };
                matches.then_some(())?;
                let (observed, least) = percents(left, bound);
                let words = if limit.inclusive { "at most" } else { "less than" };
                Some(ratios(left, bound, format!("{name} has {observed} of its budget left: {words} {least}")))
            }
            Self::BurnRate { lookback, limit } => {
                let (rate, bound) = (burning(seen, *lookback)?.rate?.ratio(), limit.ratio()?);
                beyond(rate, bound, *limit).then_some(())?;
                let words = if limit.inclusive { "at least" } else { "more than" };
                let sentence = format!(
                    "{name} burns its budget {} times as fast as it lasts, seen over {lookback}: {words} {bound}",
                    short(rate, bound)
                );
                Some(ratios(rate, bound, sentence))
            }
            Self::TimeToExhaustion { lookback, shorter_than } => {
                let seconds = burning(seen, *lookback)?.seconds_to_exhaustion?;
                let bound = shorter_than.minutes()? * 60;
                (seconds < bound).then_some(())?;
                let when = match seconds {
                    0 => "has no budget left".to_owned(),
                    _ => format!("{} at the rate of the last {lookback}", lasts(seconds)),
                };
                let sentence = format!("{name} {when}: it should last {shorter_than}");
                Some((Some(Figure::Seconds(seconds)), Some(Figure::Seconds(bound)), sentence))
            }
            Self::Alert(severity) => {
                let mut firing = seen.alerts.iter().filter(|alert| alert.firing && alert.severity == *severity);
                let alert = firing.next()?;
                let since = alert.since.map_or_else(String::new, |since| format!(" since {since}"));
                let sentence =
                    format!("a {} alert of {name} fires{since}, by its {} window", severity.name(), alert.long_window);
                let rate = alert.long_burn_rate.map(Figure::Ratio);
                Some((rate, Some(Figure::Ratio(alert.threshold)), sentence))
            }
            Self::IncidentShare(share) => {
                let bound = Limit { value: *share, inclusive: false }.ratio()?;
                // The largest is the first.
                let incident = seen.incidents.iter().find(|incident| incident.share.is_some())?;
                let took = incident.share?.ratio();
                (took > bound).then_some(())?;
                let (observed, most) = percents(took, bound);
                let sentence = format!(
                    "an incident at {} took {observed} of the budget of {name}: more than {most}",
                    incident.start
                );
                Some(ratios(took, bound, sentence))
            }
            Self::Coverage(floor) => {
                let bound = Limit { value: *floor, inclusive: false }.ratio()?;
                let covered = seen.coverage?.ratio();
                (covered < bound).then_some(())?;
                let (observed, least) = percents(covered, bound);
                Some(ratios(covered, bound, format!("{name} has data for {observed} of its time: less than {least}")))
            }
            Self::Status(list) => {
                list.contains(&seen.status).then_some(())?;
                let word = |text: &str| Some(Figure::Word(text.to_owned()));
                let left = seen.remaining_ratio.map(|left| short(percent(left.ratio()), Ratio::ZERO));
                let sentence = match (seen.status, left) {
                    (crate::budget::Status::NoData, _) => format!("{name} has no data: nobody knows how it is"),
                    (crate::budget::Status::Exhausted, Some(left)) => {
                        format!("{name} has exhausted its budget: {left} % of it is left")
                    }
                    (_, Some(left)) => format!("{name} has {left} % of its budget left, which its objective warns of"),
                    (status, None) => format!("the budget of {name} is {}", status.name()),
                };
                let names: Vec<&str> = list.iter().map(|status| status.name()).collect();
                Some((word(seen.status.name()), word(&names.join(", ")), sentence))
            }
        }
    }
}

fn beyond(observed: Ratio, bound: Ratio, limit: Limit) -> bool {
    if limit.inclusive { observed >= bound } else { observed > bound }
}

fn burning(seen: &Evidence, lookback: Shorthand) -> Option<&SeenBurnRate> {
    seen.burn_rates.iter().find(|burn| burn.lookback.minutes() == lookback.minutes())
}

fn ratios(observed: Ratio, limit: Ratio, detail: String) -> Found {
    (Some(Figure::Ratio(observed.into())), Some(Figure::Ratio(limit.into())), detail)
}

/// A hundred times as much; shares are far below 2^100.
fn percent(ratio: Ratio) -> Ratio {
    let scaled = ratio.numerator().checked_mul(100).and_then(|top| Ratio::new(top, ratio.denominator()));
    scaled.unwrap_or_else(|| Ratio::nearest(&(ratio.big() * Ratio::from(100).big())))
}

fn percents(observed: Ratio, limit: Ratio) -> (String, String) {
    let (observed, limit) = (percent(observed), percent(limit));
    (format!("{} %", short(observed, limit)), format!("{limit} %"))
}

/// Towards zero to two decimals, but never so that it looks like the limit that it is not.
fn short(number: Ratio, limit: Ratio) -> String {
    let rounded = number.numerator().checked_mul(100).and_then(|top| Ratio::new(top / number.denominator(), 100));
    match rounded {
        Some(rounded) if number == limit || rounded != limit && rounded.numerator() != 0 => rounded.to_string(),
        Some(rounded) if rounded == number => rounded.to_string(),
        _ => number.to_string(),
    }
}

/// `runs out of budget in 3 h 20 min`, rounded down to a minute.
fn lasts(seconds: u64) -> String {
    let minutes = seconds / 60;
    let (days, hours, minutes) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
    let parts = [(days, "d"), (hours, "h"), (minutes, "min")];
    let parts: Vec<String> = parts.into_iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n} {unit}")).collect();
    let time = if parts.is_empty() { "less than a minute".to_owned() } else { parts.join(" ") };
    format!("runs out of budget in {time}")
}

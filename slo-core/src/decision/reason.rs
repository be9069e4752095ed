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
                let words = if limit.inclusive { "at most" } else { "less than" };
                let sentence = format!("{name} has {} of its budget left: {words} {}", down(left), percent(bound));
                Some(ratios(left, bound, sentence))
            }
            Self::BurnRate { lookback, limit } => {
                let (rate, bound) = (burning(seen, *lookback)?.rate?.ratio(), limit.ratio()?);
                beyond(rate, bound, *limit).then_some(())?;
                let words = if limit.inclusive { "at least" } else { "more than" };
                let sentence = format!(
                    "{name} burns its budget {} times as fast as it lasts, seen over {lookback}: {words} {bound}",
                    hundredths(rate.times_up(100))
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
                let sentence = format!(
                    "an incident at {} took {} of the budget of {name}: more than {}",
                    incident.start,
                    up(took),
                    percent(bound)
                );
                Some(ratios(took, bound, sentence))
            }
            Self::Coverage(floor) => {
                let bound = Limit { value: *floor, inclusive: false }.ratio()?;
                let covered = seen.coverage?.ratio();
                (covered < bound).then_some(())?;
                let sentence =
                    format!("{name} has data for {} of its time: less than {}", down(covered), percent(bound));
                Some(ratios(covered, bound, sentence))
            }
            Self::Status(list) => {
                list.contains(&seen.status).then_some(())?;
                let word = |text: &str| Some(Figure::Word(text.to_owned()));
                let left = seen.remaining_ratio.map(|left| left.ratio());
                let sentence = match (seen.status, left) {
                    (crate::budget::Status::NoData, _) => format!("{name} has no data: nobody knows how it is"),
                    (crate::budget::Status::Exhausted, Some(left)) => {
                        format!("{name} has exhausted its budget: {} of it is used", up(left.complement()))
                    }
                    (_, Some(left)) => {
                        format!("{name} has {} of its budget left, which its objective warns of", down(left))
                    }
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

/// A limit in per cent, all of it.
fn percent(limit: Ratio) -> String {
    format!("{} %", Ratio::new(limit.numerator() * 100, limit.denominator()).expect("above zero"))
}

/// A share in per cent, rounded down to two decimals: what is said to be there is there.
fn down(share: Ratio) -> String {
    match share.times_down(10_000) {
        0 if !share.is_zero_or_less() => "less than 0.01 %".to_owned(),
        share => format!("{} %", hundredths(share)),
    }
}

/// Likewise, rounded up: it was not more than that.
fn up(share: Ratio) -> String {
    format!("{} %", hundredths(share.times_up(10_000)))
}

fn hundredths(number: i128) -> Ratio {
    Ratio::new(number, 100).expect("above zero")
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

//! Values to store.

use std::collections::BTreeMap;

use jiff::civil::date;

use crate::alert_policy::{AlertCondition, AlertPolicy, AlertThreshold, Severity, default_coverage_floor};
use crate::decimal::PartsPerBillion;
use crate::exclusion::{Exclusion, ExclusionMode, MAX_EXCLUSIONS};
use crate::indicator::{Indicator, IndicatorKind, MetricQuery, MetricRole, MetricSource, Operator, Threshold};
use crate::measurement::Series;
use crate::name::Name;
use crate::objective::{BudgetingMethod, NoData, Objective, Sla, SliceWidth};
use crate::repository::Definition;
use crate::revision::{Revision, Stamp};
use crate::service_profile::ServiceProfile;
use crate::text::{DisplayName, Labels, Text};
use crate::token::{MAX_SCOPES, MAX_TOKENS, TOKEN_RANDOM, Token, TokenRequest};
use crate::user::{Access, Email, Role, User};
use crate::window::{CalendarWindow, RollingWindow, TimeWindow, Zone};

/// A definition of which the contract kit can make as many as it needs.
pub trait Sample: Definition {
    /// A valid value with every optional member. Numbers make distinct values, and neighbours differ
    /// in everything that a list can be filtered by.
    fn sample(name: Name, number: usize) -> Self;

    /// A valid value with nothing optional.
    fn bare(name: Name) -> Self;

    /// A value about as large as it may be.
    fn large(name: Name, number: usize) -> Self;

    /// An annex with something in it, where there is more than `()`. Numbers make distinct ones.
    fn annex(_number: usize) -> Self::Annex {
        Self::Annex::default()
    }

    /// An annex as large as it may be.
    fn large_annex(_number: usize) -> Self::Annex {
        Self::Annex::default()
    }

    /// One of its labels, to filter by.
    fn label(&self) -> Option<(String, String)> {
        None
    }
}

/// One of its own for each number below `of`, and again from the start.
fn pick(what: &str, number: usize, of: usize) -> Name {
    super::reference::name(&format!("{what}-{}", number % of))
}

fn text<const MAX: usize>(text: impl Into<String>) -> Text<MAX> {
    Text::try_from(text.into()).expect("a sample's text is valid")
}

/// As many characters of four bytes as fit.
fn long<const MAX: usize>() -> Text<MAX> {
    text("\u{1d11e}".repeat(MAX))
}

/// Two labels, the second with characters that need escaping somewhere.
fn labels(number: usize) -> Labels {
    let pairs = [("team/tier", format!("tier {}", number % 5)), ("note", format!("<{number}> \"ä\\\u{1f4a9}\" #&%"))];
    Labels::try_from(pairs.map(|(key, value)| (key.to_owned(), value)).into_iter().collect::<BTreeMap<_, _>>())
        .expect("a sample's labels are valid")
}

/// 64 labels of about a kilobyte each.
fn long_labels() -> Labels {
    let pairs = (0..64).map(|i| (format!("{i:063}"), "\u{1d11e}".repeat(256)));
    Labels::try_from(pairs.collect::<BTreeMap<_, _>>()).expect("64 labels are valid")
}

fn tier(labels: &Labels) -> Option<(String, String)> {
    let (key, value) = labels.pairs().get_key_value("team/tier")?;
    Some((key.clone(), value.clone()))
}

impl Sample for Indicator {
    fn sample(name: Name, number: usize) -> Self {
        let (_, op) = Operator::ALL[number / 2 % Operator::ALL.len()];
        let limit = format!("{number}.250").parse().expect("a decimal");
        let kind = if number.is_multiple_of(2) {
            IndicatorKind::Ratio
        } else {
            IndicatorKind::Threshold(Threshold { op, value: limit })
        };
        let query = |role: &str| MetricQuery {
            kind: text("Prometheus"),
            spec: format!(r#"{{"query":"sum(rate(http_{role}_total{{code!~\"5..\"}}[1m]))","n":{number}.0}}"#),
        };
        Self {
            display_name: Some(text(format!("Indicator №{number}"))),
            description: Some(text(format!("First line of {number}\n\tand the second."))),
            unit: Some(text("µs")),
            metric_source: MetricSource(
                [(MetricRole::Good, query("good")), (MetricRole::Total, query("total"))].into_iter().collect(),
            ),
            labels: labels(number),
            owner: Some(pick("user", number, 3)),
            ..Self::new(name, pick("service", number, 2), kind)
        }
    }

    fn bare(name: Name) -> Self {
        Self::new(name, pick("bare", 0, 1), IndicatorKind::Ratio)
    }

    fn large(name: Name, number: usize) -> Self {
        Self { description: Some(long()), labels: long_labels(), ..Self::sample(name, number) }
    }

    fn label(&self) -> Option<(String, String)> {
        tier(&self.labels)
    }
}

impl Sample for Objective {
    fn sample(name: Name, number: usize) -> Self {
        let born = Revision::new(number as u64 + 1).expect("above zero");
        let series = Series { indicator: pick("indicator", number, 4), born };
        let target = format!("0.99{:07}", number % 9_999_999).parse().expect("a target below one");
        let sla =
            Sla { target: "0.9".parse().expect("a target"), description: Some(text(format!("Contract {number}"))) };
        let condition = |severity, long: &str, short: &str, threshold| AlertCondition {
            severity,
            long_window: long.parse().expect("shorthand"),
            short_window: short.parse().expect("shorthand"),
            threshold,
            minimum_events: Some(number as u64),
        };
        let fraction = AlertThreshold::BudgetFraction(PartsPerBillion::new(20_000_000).expect("a ratio"));
        let rate = AlertThreshold::BurnRate("6.50".parse().expect("a decimal"));
        Self {
            display_name: Some(text(format!("Objective №{number}"))),
            description: Some(text(format!("First line of {number}\n\tand the second."))),
            method: match number % 3 {
                0 => BudgetingMethod::Occurrences,
                1 => BudgetingMethod::Timeslices {
                    target: PartsPerBillion::new(950_000_001).expect("a ratio"),
                    width: SliceWidth::new(5).expect("a divisor"),
                },
                _ => BudgetingMethod::RatioTimeslices { width: SliceWidth::MINUTE },
            },
            no_data: NoData::ALL[number % NoData::ALL.len()].1,
            warning_threshold: PartsPerBillion::new(100_000_001).expect("a ratio"),
            owners: (0..3).map(|i| pick("user", number + i, 7)).collect(),
            sla: Some(sla),
            alert_policy: Some(AlertPolicy {
                conditions: vec![
                    condition(Severity::Page, "1h", "5m", fraction),
                    condition(Severity::Ticket, "6h", "30m", rate),
                ],
                coverage_floor: default_coverage_floor(),
            }),
            labels: labels(number),
            ..Self::new(name, pick("service", number, 2), series, target, window(number))
        }
    }

    fn bare(name: Name) -> Self {
        let series = Series { indicator: pick("bare", 0, 1), born: Revision::FIRST };
        Self::new(name, pick("bare", 0, 1), series, "0.5".parse().expect("a target"), window(0))
    }

    fn large(name: Name, number: usize) -> Self {
        Self { description: Some(long()), labels: long_labels(), ..Self::sample(name, number) }
    }

    fn annex(number: usize) -> Vec<Exclusion> {
        (0..=number % 3).map(|i| exclusion(number, i)).collect()
    }

    fn large_annex(number: usize) -> Vec<Exclusion> {
        let longest = |i: usize| super::reference::name(&format!("{i:0>length$}", length = Name::MAX_LENGTH));
        let large = |i: usize| {
            let full = exclusion(number, 2 * i + 1);
            let created = Stamp { by: Some(longest(i)), ..full.created };
            Exclusion { id: longest(i), reason: long(), created, ..full }
        };
        (0..MAX_EXCLUSIONS).map(large).collect()
    }

    fn label(&self) -> Option<(String, String)> {
        tier(&self.labels)
    }
}

/// With everything optional where `i` is odd.
fn exclusion(number: usize, i: usize) -> Exclusion {
    let odd = !i.is_multiple_of(2);
    let created = super::state::stamp(number);
    let from = created.at + jiff::SignedDuration::from_hours(i64::try_from(i).expect("few"));
    let rule = || serde_json::from_str(r#""FREQ=WEEKLY;INTERVAL=2;BYDAY=SU""#).expect("a rule as it is stored");
    Exclusion {
        id: super::reference::name(&format!("exclusion-{number}-{i}")),
        from,
        to: from + jiff::SignedDuration::from_mins(90),
        mode: ExclusionMode::ALL[number % 2].1,
        reason: text(format!("Maintenance №{number}.{i}:\n\t\"new\\disks\" \u{1f4a9}")),
        recurrence: odd.then(rule),
        zone: odd.then(|| Zone::new("America/Argentina/ComodRivadavia").expect("a zone of the bundled database")),
        created,
    }
}

fn window(number: usize) -> TimeWindow {
    if number.is_multiple_of(2) {
        TimeWindow::Rolling(RollingWindow::new("4w".parse().expect("shorthand")).expect("a month"))
    } else {
        let zone = Zone::new("America/New_York").expect("a zone of the bundled database");
        let anchor = date(2024, 1, 1).at(9, 30, 0, 0);
        TimeWindow::Calendar(CalendarWindow::new("1M".parse().expect("shorthand"), anchor, zone).expect("a month"))
    }
}

impl Sample for User {
    fn sample(name: Name, number: usize) -> Self {
        Self {
            display_name: text(format!("Zoë №{number}")),
            email: email(format!("zoe.{number}+slo@example.org")),
            role: Role::ALL[number % Role::ALL.len()].1,
            access: Access::ALL[number % Access::ALL.len()].1,
            name,
        }
    }

    fn bare(name: Name) -> Self {
        Self {
            display_name: text("Z"),
            email: email("z@z".to_owned()),
            role: Role::Engineer,
            access: Access::Viewer,
            name,
        }
    }

    fn large(name: Name, number: usize) -> Self {
        let display_name: DisplayName = long();
        Self { display_name, email: email(format!("{number:0>242}@example.org")), ..Self::sample(name, number) }
    }

    fn annex(number: usize) -> Vec<Token> {
        (0..=number % 3).map(|i| token(number, i, TokenRequest::default())).collect()
    }

    fn large_annex(number: usize) -> Vec<Token> {
        let scope = |i: usize| format!("ingest:{i:0>length$}", length = Name::MAX_LENGTH).parse().expect("a scope");
        let full = || TokenRequest {
            description: Some(long()),
            scopes: (0..MAX_SCOPES).map(scope).collect(),
            expires_at: Some(super::state::stamp(number).at),
        };
        (0..MAX_TOKENS).map(|i| token(number, i, full())).collect()
    }
}

impl Sample for ServiceProfile {
    fn sample(name: Name, number: usize) -> Self {
        Self {
            display_name: Some(text(format!("Service №{number}"))),
            description: Some(text(format!("First line of {number}\n\tand the second."))),
            labels: labels(number),
            ..Self::new(name)
        }
    }

    fn bare(name: Name) -> Self {
        Self::new(name)
    }

    fn large(name: Name, number: usize) -> Self {
        Self { description: Some(long()), labels: long_labels(), ..Self::sample(name, number) }
    }

    fn label(&self) -> Option<(String, String)> {
        tier(&self.labels)
    }
}

/// Used where `i` is odd.
fn token(number: usize, i: usize, request: TokenRequest) -> Token {
    let stamp = super::state::stamp(number);
    let used = stamp.at;
    let mut random = [0; TOKEN_RANDOM];
    random[..8].copy_from_slice(&(number as u64).to_le_bytes());
    random[8] = u8::try_from(i).expect("few");
    let (mut token, _) = Token::new(&pick("user", number, 3), request, random, stamp);
    token.last_used_at = (i % 2 == 1).then_some(used);
    token
}

fn email(address: String) -> Email {
    Email::try_from(address).expect("a sample's address is valid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objectives_are_valid_and_distinct() {
        let sample = |number| Objective::sample(pick("o", 0, 1), number);
        for number in 0..50 {
            assert_eq!(sample(number).faults(), [], "{number}");
            assert_ne!(sample(number), sample(number + 1));
        }
    }

    #[test]
    fn annexes_are_distinct_and_large_ones_full() {
        for number in 0..50 {
            assert_ne!(Objective::annex(number), Objective::annex(number + 1));
            assert_ne!(User::annex(number), User::annex(number + 1));
        }
        let large = Objective::large_annex(1);
        assert_eq!(large.len(), MAX_EXCLUSIONS);
        assert_ne!(large, Objective::large_annex(2));
        assert!(serde_json::to_string(&large).expect("json").len() > 100 * 1_024);
        let large = User::large_annex(1);
        assert_eq!(large.len(), MAX_TOKENS);
        assert!((100 * 1_024..200 * 1_024).contains(&serde_json::to_string(&large).expect("json").len()));
    }

    #[test]
    fn a_large_definition_with_labels_is_above_64_kilobytes() {
        let large = |value: serde_json::Result<String>| value.expect("json").len();
        assert!(large(serde_json::to_string(&Indicator::large(pick("i", 0, 1), 1))) > 65_536);
        assert!(large(serde_json::to_string(&Objective::large(pick("o", 0, 1), 1))) > 65_536);
        assert!(large(serde_json::to_string(&ServiceProfile::large(pick("s", 0, 1), 1))) > 65_536);
        assert!(large(serde_json::to_string(&User::large(pick("u", 0, 1), 1))) > 1_024);
    }
}

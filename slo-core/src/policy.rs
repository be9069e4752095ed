//! When to ship: an ordered list of rules about error budgets.

use serde::{Deserialize, Serialize};

use crate::alert_policy::Severity;
use crate::budget::Status;
use crate::burn_rate::LOOKBACKS;
use crate::decimal::Decimal;
use crate::duration::Shorthand;
use crate::fault::Fault;
use crate::name::Name;
use crate::ratio::Ratio;

/// The most rules of one policy.
pub const MAX_RULES: usize = 50;

/// What a service does about its error budgets: rules that each apply on their own.
///
/// The verdict is the worst that a matching rule says, and every matching rule gives a reason.
///
/// ```
/// use slo_core::{ChangeKind, Policy, Verdict};
///
/// let policy = Policy::default();
/// assert_eq!(policy.faults(), []);
/// let exhausted = &policy.rules[0];
/// assert_eq!((exhausted.name.as_str(), exhausted.verdict), ("exhausted", Verdict::Hold));
/// assert_eq!(exhausted.changes, [ChangeKind::Feature]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// Always [`Policy::name`]: there is one.
    pub name: Name,
    /// In the order of their reasons.
    pub rules: Vec<Rule>,
}

/// One rule: what it says of which changes, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// Its name in the policy; reasons say it.
    pub name: Name,
    /// The kinds of change that it is about.
    pub changes: Vec<ChangeKind>,
    /// When it matches.
    pub condition: Condition,
    /// What it then says: caution or hold.
    pub verdict: Verdict,
}

/// What is to be shipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ChangeKind {
    /// Something new.
    Feature,
    /// A correction.
    Fix,
    /// What makes the service more reliable.
    Reliability,
    /// What makes it safer.
    Security,
}

impl ChangeKind {
    /// All, with their names on the wire.
    pub const ALL: [(&'static str, Self); 4] = [
        ("feature", Self::Feature),
        ("fix", Self::Fix),
        ("reliability", Self::Reliability),
        ("security", Self::Security),
    ];

    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Feature => "feature",
            Self::Fix => "fix",
            Self::Reliability => "reliability",
            Self::Security => "security",
        }
    }
}

/// May we ship? The later, the worse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Nothing speaks against it.
    #[default]
    Ship,
    /// Somebody should think twice.
    Caution,
    /// Not now.
    Hold,
}

impl Verdict {
    /// All, with their names on the wire.
    pub const ALL: [(&'static str, Self); 3] = [("ship", Self::Ship), ("caution", Self::Caution), ("hold", Self::Hold)];

    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ship => "ship",
            Self::Caution => "caution",
            Self::Hold => "hold",
        }
    }
}

/// An exact limit, of at most nine decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// The number.
    pub value: Decimal,
    /// Whether the number itself is beyond the limit.
    pub inclusive: bool,
}

impl Limit {
    /// `value`, for the comparison; `None` with more than nine decimals.
    #[must_use]
    pub fn ratio(self) -> Option<Ratio> {
        Ratio::new(self.value.billionths()?, 1_000_000_000)
    }
}

/// When a rule matches an objective. What is undefined matches no number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Condition {
    /// The remaining ratio of the budget is below the limit, at most 1.
    RemainingRatio(Limit),
    /// The burn rate of a look-back is above the limit.
    BurnRate {
        /// One of [`LOOKBACKS`]; an objective whose window is shorter than that has no such rate.
        lookback: Shorthand,
        /// 0 or more.
        limit: Limit,
    },
    /// At the burn rate of a look-back the budget lasts less than this.
    #[serde(rename_all = "camelCase")]
    TimeToExhaustion {
        /// One of [`LOOKBACKS`].
        lookback: Shorthand,
        /// In m, h, d or w; at most 366 days.
        shorter_than: Shorthand,
    },
    /// An alert of this severity fires.
    Alert(Severity),
    /// An incident of the budget's period took more than this share of the budget.
    IncidentShare(Decimal),
    /// Less than this of what elapsed has data; in (0, 1].
    Coverage(Decimal),
    /// The status is one of these; `ok` cannot be among them.
    Status(#[serde(with = "statuses")] Vec<Status>),
}

impl Policy {
    /// The policy's name: a service has one.
    ///
    /// # Panics
    /// Never: it is a name.
    #[must_use]
    pub fn name() -> Name {
        "policy".parse().expect("it is a name")
    }

    /// The conditions under which a rule says something of such a change.
    pub(crate) fn conditions(&self, kind: ChangeKind) -> impl Iterator<Item = &Condition> {
        self.rules.iter().filter(move |rule| rule.changes.contains(&kind)).map(|rule| &rule.condition)
    }

    /// What is wrong with the rules; empty when nothing is.
    ///
    /// - At most [`MAX_RULES`], each with a name of its own and a verdict that is not `ship`.
    /// - Kinds of change and statuses are named once, and some are.
    /// - Numbers have at most nine decimals and can be reached.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.rules.len() > MAX_RULES {
            faults.push(Fault::new("/rules", "tooMany", format!("write at most {MAX_RULES} rules")));
        }
        let mut names = std::collections::HashSet::new();
        for (i, rule) in self.rules.iter().enumerate() {
            let at = |member: &str| format!("/rules/{i}/{member}");
            if !names.insert(&rule.name) {
                faults.push(Fault::new(at("name"), "repeated", "give each rule a name of its own"));
            }
            if rule.verdict == Verdict::Ship {
                faults.push(Fault::new(at("verdict"), "invalid", "write caution or hold; ship needs no rule"));
            }
            faults.extend(listed(&at("changes"), &rule.changes, "kind of change"));
            rule.condition.faults(&at("condition"), &mut faults);
        }
        faults
    }
}

/// That a list names something, and everything once.
fn listed<T: PartialEq>(pointer: &str, list: &[T], what: &str) -> Vec<Fault> {
    if list.is_empty() {
        return vec![Fault::new(pointer, "empty", format!("name at least one {what}"))];
    }
    let again = (0..list.len()).filter(|i| list[..*i].contains(&list[*i]));
    again.map(|i| Fault::new(format!("{pointer}/{i}"), "repeated", format!("name each {what} once"))).collect()
}

/// The longest time to exhaustion that a rule may ask about, in minutes: the longest window.
const LONGEST: u64 = 366 * 1_440;

impl Condition {
    fn faults(&self, pointer: &str, faults: &mut Vec<Fault>) {
        let mut wrong = |member: &str, detail: &str| {
            faults.push(Fault::new(format!("{pointer}/{member}"), "invalid", detail));
        };
        let within = |value: Decimal, low: i128, high: i128| {
            value.billionths().is_some_and(|n| (low * BILLION..=high * BILLION).contains(&n))
        };
        let known = |lookback: &Shorthand| {
            let minutes = lookback.minutes().and_then(|minutes| i64::try_from(minutes).ok());
            LOOKBACKS.iter().any(|known| Some(known.minutes()) == minutes)
        };
        match self {
            Self::RemainingRatio(limit) => {
                if !within(limit.value, -1_000, 1) {
                    wrong("value", "write a ratio from -1000 to 1 with at most 9 decimals; 0 is an exhausted budget");
                }
            }
            Self::BurnRate { lookback, limit } => {
                if !known(lookback) {
                    wrong("lookback", LOOKBACK);
                }
                if !within(limit.value, 0, 1_000_000_000) {
                    wrong("value", "write a burn rate from 0 to 1000000000 with at most 9 decimals");
                }
            }
            Self::TimeToExhaustion { lookback, shorter_than } => {
                if !known(lookback) {
                    wrong("lookback", LOOKBACK);
                }
                if shorter_than.minutes().is_none_or(|minutes| minutes > LONGEST) {
                    wrong("shorterThan", "write a duration up to 366d in m, h, d or w, such as 3d");
                }
            }
            Self::Alert(_) => {}
            Self::IncidentShare(share) => {
                if !within(*share, 0, 1_000) {
                    wrong("value", "write a share of the budget from 0 to 1000 with at most 9 decimals, such as 0.2");
                }
            }
            Self::Coverage(floor) => {
                if !within(*floor, 0, 1) || floor.billionths() == Some(0) {
                    wrong("value", "write a ratio above 0 and up to 1 with at most 9 decimals");
                }
            }
            Self::Status(list) => {
                faults.extend(listed(&format!("{pointer}/in"), list, "status"));
                for i in (0..list.len()).filter(|i| list[*i] == Status::Ok) {
                    let detail = "write noData, exhausted or warning; ok is no reason";
                    faults.push(Fault::new(format!("{pointer}/in/{i}"), "invalid", detail));
                }
            }
        }
    }
}

const LOOKBACK: &str = "write one of 5m, 30m, 1h, 2h, 6h, 24h, 72h";
const BILLION: i128 = 1_000_000_000;

/// What applies until a service has said something else; its revision is 0.
///
/// Source: SRE Workbook, appendix B, "Example Error Budget Policy": with the budget exhausted, only reliability
/// and security go on. It never changes: decisions refer to it by its revision.
impl Default for Policy {
    fn default() -> Self {
        use ChangeKind::{Feature, Fix, Reliability, Security};
        let rule = |name: &str, changes: &[ChangeKind], condition, verdict| Rule {
            name: name.parse().expect("it is a name"),
            changes: changes.to_vec(),
            condition,
            verdict,
        };
        let status = |status| Condition::Status(vec![status]);
        let rules = vec![
            rule("exhausted", &[Feature], status(Status::Exhausted), Verdict::Hold),
            rule("exhausted-fix", &[Fix], status(Status::Exhausted), Verdict::Caution),
            rule("page-alert", &[Feature, Fix, Reliability, Security], Condition::Alert(Severity::Page), Verdict::Hold),
            rule("warning", &[Feature, Fix], status(Status::Warning), Verdict::Caution),
            rule("no-data", &[Feature, Fix], status(Status::NoData), Verdict::Caution),
        ];
        Self { name: Self::name(), rules }
    }
}

/// Statuses by their names on the wire.
mod statuses {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::budget::Status;

    pub(super) fn serialize<S: Serializer>(list: &[Status], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(list.iter().map(|status| status.name()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Status>, D::Error> {
        let words: Vec<String> = Vec::deserialize(deserializer)?;
        let status = |word: &String| Status::ALL.into_iter().find(|status| status.name() == word);
        words.iter().map(|word| status(word).ok_or_else(|| D::Error::custom("an unknown status"))).collect()
    }
}

#[cfg(test)]
mod tests;

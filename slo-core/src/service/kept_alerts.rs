//! What the rounds of alerts keep: what fires, and what people are still to be told.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::alert_change::{AlertChange, AlertState};
use crate::alert_policy::Severity;
use crate::duration::Shorthand;
use crate::error::Error;
use crate::name::Name;
use crate::ratio::Ratio;
use crate::repository::RepositoryError;
use crate::revision::Revision;

/// The form of what is written here; another one is not read.
const FORM: u32 = 1;

/// One piece of shared state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    form: u32,
    /// How many changes there have ever been: the last part of their ids.
    changes: u64,
    /// What fires, and nothing else.
    pub(super) firing: BTreeMap<Name, Spells>,
    /// What people are still to be told, for each condition in order.
    outbox: Vec<Waiting>,
}

/// The conditions of an objective that fire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Spells {
    /// The life of the objective.
    pub(super) born: Revision,
    /// For who is told when the objective is no more.
    pub(super) service: Name,
    pub(super) conditions: Vec<Spell>,
}

/// A condition that fires.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Spell {
    pub(super) severity: Severity,
    pub(super) long: Shorthand,
    pub(super) short: Shorthand,
    /// How many of the same severity and windows stand before it in the policy.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) nth: u32,
    #[serde(with = "exact")]
    pub(super) threshold: Ratio,
    pub(super) since: Timestamp,
    /// Since when its state is only kept, because coverage is below the floor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) held: Option<Timestamp>,
}

/// Whose change it is, for the order of delivery.
pub(super) type Condition = (Name, Severity, Shorthand, Shorthand);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
struct Waiting(#[serde(with = "Form")] AlertChange);

/// How a change is written.
#[derive(Serialize, Deserialize)]
#[serde(remote = "AlertChange", deny_unknown_fields)]
struct Form {
    id: String,
    objective: Name,
    service: Name,
    severity: Severity,
    #[serde(rename = "long")]
    long_window: Shorthand,
    #[serde(rename = "short")]
    short_window: Shorthand,
    #[serde(with = "exact")]
    threshold: Ratio,
    #[serde(rename = "longBurnRate", with = "exact_if_any")]
    long_burn_rate: Option<Ratio>,
    #[serde(rename = "shortBurnRate", with = "exact_if_any")]
    short_burn_rate: Option<Ratio>,
    #[serde(with = "StateForm")]
    state: AlertState,
    since: Timestamp,
    at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "AlertState", rename_all = "lowercase")]
enum StateForm {
    Firing,
    Resolved,
}

impl Default for Kept {
    fn default() -> Self {
        Self { form: FORM, changes: 0, firing: BTreeMap::new(), outbox: Vec::new() }
    }
}

impl Kept {
    /// Reads what [`Kept::encode`] wrote.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        /// What every form has.
        #[derive(Deserialize)]
        struct Any {
            form: u32,
        }
        let unreadable = |source| RepositoryError::Broken {
            what: "the kept state of the alerts cannot be read; use the version that wrote it, or delete it and be told \
                   anew of what fires",
            source,
        };
        let Any { form } = serde_json::from_slice(bytes).map_err(|why| unreadable(why.into()))?;
        if form != FORM {
            return Err(unreadable(format!("it is of form {form}, not {FORM}").into()).into());
        }
        Ok(serde_json::from_slice(bytes).map_err(|why| unreadable(why.into()))?)
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("names are keys, and numbers have a form")
    }

    pub(super) fn outbox(&self) -> impl Iterator<Item = &AlertChange> {
        self.outbox.iter().map(|Waiting(change)| change)
    }

    /// Whether all that people were told, or are to be told, of a condition ends with its firing.
    fn awaits_end(&self, change: &AlertChange) -> bool {
        let of_condition = |waiting: &&AlertChange| condition(waiting) == condition(change);
        let last = self.outbox().filter(of_condition).last();
        change.state == AlertState::Resolved && last.is_some_and(|last| last.state == AlertState::Firing)
    }

    /// Puts what fires of an objective in the place of what did, and changes into the outbox; where nobody is
    /// `told`, only the end of a spell whose beginning waits there.
    pub(super) fn replace(&mut self, objective: &Name, spells: Option<Spells>, changes: &[AlertChange], told: bool) {
        match spells {
            Some(spells) => self.firing.insert(objective.clone(), spells),
            None => self.firing.remove(objective),
        };
        for change in changes {
            self.changes += 1;
            if told || self.awaits_end(change) {
                let id = format!("{}-{}", change.at.as_second(), self.changes);
                self.outbox.push(Waiting(AlertChange { id, ..change.clone() }));
            }
        }
    }

    /// Without what people have been told; what they could not be told now goes to the end, so that it does
    /// not keep others waiting.
    pub(super) fn after(&self, told: &BTreeSet<String>, refused: &[Condition]) -> Self {
        let left = self.outbox.iter().filter(|Waiting(change)| !told.contains(&change.id)).cloned();
        let (last, mut outbox): (Vec<_>, Vec<_>) =
            left.partition(|Waiting(change)| refused.contains(&condition(change)));
        outbox.extend(last);
        Self { outbox, firing: self.firing.clone(), ..*self }
    }
}

/// Changes of one condition are told in order. A new life of the objective's name goes on where the one
/// before ended.
pub(super) fn condition(change: &AlertChange) -> Condition {
    (change.objective.clone(), change.severity, change.long_window, change.short_window)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(nth: &u32) -> bool {
    *nth == 0
}

/// A ratio as its two parts: it is printed rounded, and kept exactly.
mod exact {
    use num_integer::Integer as _;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::ratio::Ratio;

    pub(super) fn serialize<S: Serializer>(ratio: &Ratio, serializer: S) -> Result<S::Ok, S::Error> {
        let (numerator, denominator) = (ratio.numerator(), ratio.denominator());
        let divisor = numerator.gcd(&denominator);
        (numerator / divisor, denominator / divisor).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Ratio, D::Error> {
        let (numerator, denominator) = Deserialize::deserialize(deserializer)?;
        Ratio::new(numerator, denominator).ok_or_else(|| D::Error::custom("a denominator is above zero"))
    }
}

/// The same where there may be none.
mod exact_if_any {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::ratio::Ratio;

    #[derive(Serialize, Deserialize)]
    #[serde(transparent)]
    struct Exact(#[serde(with = "super::exact")] Ratio);

    #[expect(clippy::ref_option, reason = "serde passes a reference")]
    pub(super) fn serialize<S: Serializer>(ratio: &Option<Ratio>, serializer: S) -> Result<S::Ok, S::Error> {
        ratio.map(Exact).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Ratio>, D::Error> {
        Ok(Option::<Exact>::deserialize(deserializer)?.map(|Exact(ratio)| ratio))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().expect("a name")
    }

    fn change(objective: &str, state: AlertState, at: &str) -> AlertChange {
        AlertChange {
            id: String::new(),
            objective: name(objective),
            service: name("web"),
            severity: Severity::Page,
            long_window: "1h".parse().expect("a length"),
            short_window: "5m".parse().expect("a length"),
            threshold: Ratio::new(144, 10).expect("a ratio"),
            long_burn_rate: Ratio::new(i128::MAX, i128::MAX - 1),
            short_burn_rate: None,
            state,
            since: "2026-11-20T12:00:00Z".parse().expect("a time"),
            at: at.parse().expect("a time"),
        }
    }

    fn spells() -> Spells {
        let change = change("shop", AlertState::Firing, "2026-11-20T12:05:00Z");
        let (severity, long, short) = (change.severity, change.long_window, change.short_window);
        let spell =
            Spell { severity, long, short, nth: 0, threshold: change.threshold, since: change.since, held: None };
        let held = Spell { nth: 1, held: Some(change.at), ..spell.clone() };
        Spells { born: Revision::FIRST, service: change.service, conditions: vec![spell, held] }
    }

    /// Literally: who changes it changes what other versions read.
    #[test]
    fn is_kept_like_this() {
        let mut kept = Kept::default();
        assert_eq!(kept.encode(), br#"{"form":1,"changes":0,"firing":{},"outbox":[]}"#);
        let firing = change("shop", AlertState::Firing, "2026-11-20T12:05:00.5Z");
        kept.replace(&name("shop"), Some(spells()), &[firing], true);
        let text = [
            r#"{"form":1,"changes":1,"firing":{"shop":{"born":1,"service":"web","conditions":["#,
            r#"{"severity":"page","long":"1h","short":"5m","threshold":[72,5],"since":"2026-11-20T12:00:00Z"},"#,
            r#"{"severity":"page","long":"1h","short":"5m","nth":1,"threshold":[72,5],"since":"2026-11-20T12:00:00Z","#,
            r#""held":"2026-11-20T12:05:00Z"}]}},"outbox":["#,
            r#"{"id":"1795176300-1","objective":"shop","service":"web","severity":"page","long":"1h","short":"5m","#,
            r#""threshold":[72,5],"longBurnRate":[170141183460469231731687303715884105727,"#,
            r#"170141183460469231731687303715884105726],"shortBurnRate":null,"state":"firing","#,
            r#""since":"2026-11-20T12:00:00Z","at":"2026-11-20T12:05:00.5Z"}]}"#,
        ];
        assert_eq!(String::from_utf8(kept.encode()).expect("text"), text.concat());
        assert_eq!(Kept::decode(&kept.encode()).expect("it is readable"), kept);
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let cases: [(&[u8], &str); 6] = [
            (br#"{"form":2,"firing":[]}"#, "it is of form 2, not 1"),
            (b"", "EOF"),
            (b"\xff\xfe", "expected value"),
            (br#"{"changes":0,"firing":{},"outbox":[]}"#, "missing field `form`"),
            (br#"{"form":1,"changes":0,"firing":{},"outbox":[],"more":1}"#, "unknown field `more`"),
            (br#"{"form":1,"changes":0,"firing":{"Shop":{}},"outbox":[]}"#, "a name is 1 to 63"),
        ];
        for (bytes, why) in cases {
            let error = Kept::decode(bytes).expect_err("it is not readable");
            let Error::Repository(broken @ RepositoryError::Broken { .. }) = error else { panic!("{error:?}") };
            assert!(broken.to_string().contains("use the version that wrote it"), "{broken}");
            let source = std::error::Error::source(&broken).expect("a cause").to_string();
            assert!(source.contains(why), "{source}");
        }
    }

    #[test]
    fn ids_are_of_one_change_each_whoever_is_told() {
        let mut kept = Kept::default();
        let at = "2026-11-20T12:05:00Z";
        for told in [true, false, true, true] {
            kept.replace(&name("shop"), None, &[change("shop", AlertState::Firing, at)], told);
        }
        assert_eq!(kept.outbox().map(|change| &change.id[11..]).collect::<Vec<_>>(), ["1", "3", "4"]);
    }

    #[test]
    fn where_nobody_is_told_the_end_of_what_waits_still_waits() {
        use AlertState::{Firing, Resolved};
        let mut kept = Kept::default();
        let at = "2026-11-20T12:05:00Z";
        kept.replace(&name("shop"), None, &[change("shop", Firing, at)], true);
        for (objective, state) in [("other", Resolved), ("shop", Resolved), ("shop", Firing), ("shop", Resolved)] {
            kept.replace(&name(objective), None, &[change(objective, state, at)], false);
        }
        let waiting: Vec<_> = kept.outbox().map(|change| (change.objective.as_str(), change.state)).collect();
        assert_eq!(waiting, [("shop", Firing), ("shop", Resolved)]);
    }
}

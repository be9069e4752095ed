//! Decisions to store.

use jiff::{SignedDuration, Timestamp};

use super::reference::name;
use crate::alert_policy::Severity;
use crate::budget::Status;
use crate::decision::{
    Decision, DecisionId, Evidence, Fraction, MAX_DECISION, Override, ProposedChange, SeenAlert, SeenBurnRate,
    SeenIncident,
};
use crate::policy::{ChangeKind, Policy, Verdict};
use crate::ratio::Ratio;
use crate::revision::{Revision, Stamp};
use crate::text::Text;

fn text<const MAX: usize>(text: impl Into<String>) -> Text<MAX> {
    Text::try_from(text.into()).expect("a sample's text is valid")
}

fn fraction(numerator: i128, denominator: i128) -> Option<Fraction> {
    Ratio::new(numerator, denominator).map(Fraction::from)
}

/// A valid decision, with every optional member where the number is odd. Numbers make distinct ones, a minute apart,
/// and neighbours differ in everything that a list can be filtered by.
#[must_use]
pub fn decision(number: usize) -> Decision {
    let first: Timestamp = "2026-11-20T12:00:00.123456789Z".parse().expect("a timestamp");
    decision_at(first + SignedDuration::from_mins(i64::try_from(number).expect("few")), number)
}

/// The same at a time.
pub(super) fn decision_at(at: Timestamp, number: usize) -> Decision {
    let odd = !number.is_multiple_of(2);
    let counted = i128::try_from(number).expect("few");
    let evidence: Vec<Evidence> = (number..=number + usize::from(odd)).map(|i| evidence(at, i, counted)).collect();
    let (_, kind) = ChangeKind::ALL[number / 3 % 2];
    Decision {
        id: DecisionId::new(at, [u8::try_from(number % 251).expect("a byte"); 10]),
        service: odd.then(|| name("web")),
        change: ProposedChange {
            kind, description: odd.then(|| text(format!("№{number}: \"checkout\"\n\u{1f680}")))
        },
        at: at - SignedDuration::from_hours(1),
        decided: Stamp { at, by: odd.then(|| name("ann")) },
        policy_revision: 0,
        judgement: Policy::default().judge(kind, &evidence),
        evidence,
    }
}

fn evidence(at: Timestamp, number: usize, figure: i128) -> Evidence {
    let bad = number.is_multiple_of(3);
    let duration = |text: &str| text.parse().expect("a duration");
    Evidence {
        objective: name(&format!("objective-{}", number % 3)),
        revision: Revision::FIRST,
        aspirational: number % 5 == 4,
        status: if bad { Status::Exhausted } else { [Status::Ok, Status::Warning][number % 2] },
        remaining_ratio: fraction(1 - figure, 7),
        coverage: fraction(i128::MAX - figure, i128::MAX),
        burn_rates: vec![
            SeenBurnRate { lookback: duration("5m"), rate: None, seconds_to_exhaustion: None },
            SeenBurnRate { lookback: duration("1h"), rate: fraction(figure, 3), seconds_to_exhaustion: Some(u64::MAX) },
        ],
        alerts: vec![SeenAlert {
            severity: Severity::Page,
            long_window: duration("1h"),
            long_burn_rate: fraction(figure, 3),
            threshold: fraction(72, 5).expect("above zero"),
            firing: number % 7 == 6,
            since: (number % 7 == 6).then_some(at),
        }],
        incidents: vec![SeenIncident { start: at, end: at, share: fraction(1, 4), postmortem_required: true }],
    }
}

/// An override of a decision, so many minutes after it.
#[must_use]
pub fn override_of(decision: &Decision, number: u8) -> Override {
    let at = decision.decided.at + SignedDuration::from_mins(i64::from(number));
    Override {
        id: DecisionId::new(at, [number; 10]),
        verdict: [Verdict::Ship, Verdict::Caution, Verdict::Hold][usize::from(number) % 3],
        reason: text(format!("because of \u{1f4a9} {number}")),
        expires_at: at + SignedDuration::from_hours(1),
        granted: Stamp { at, by: None },
    }
}

/// One of almost [`MAX_DECISION`] bytes.
pub(super) fn large_decision(number: usize) -> Decision {
    let mut decision = decision(number);
    let size = |decision: &Decision| serde_json::to_string(decision).expect("JSON").len();
    let before = size(&decision);
    let one = decision.evidence[0].incidents[0].clone();
    decision.evidence[0].incidents.push(one.clone());
    let each = size(&decision) - before;
    let room = (MAX_DECISION - size(&decision)) / each;
    decision.evidence[0].incidents.extend(std::iter::repeat_n(one, room));
    assert!((MAX_DECISION - each..=MAX_DECISION).contains(&size(&decision)));
    decision
}

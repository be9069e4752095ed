//! Who did what, and when.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::decision::{Decision, DecisionId, Override};
use crate::name::Name;
use crate::repository::{Definition, Kind};
use crate::revision::{Revision, Stamp, Versioned};

/// What somebody did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AuditAction {
    /// Created a definition, or created it again.
    Created,
    /// Replaced a definition.
    Replaced,
    /// Deleted a definition.
    Deleted,
    /// Added an exclusion to an objective.
    ExclusionAdded,
    /// Took an exclusion from an objective.
    ExclusionDeleted,
    /// Made a token for a user.
    TokenCreated,
    /// Revoked a token of a user.
    TokenRevoked,
    /// Asked for a decision.
    Decided,
    /// Overrode a decision.
    Overridden,
}

impl AuditAction {
    /// All, with their names on the wire.
    pub const ALL: [(&'static str, Self); 9] = [
        ("created", Self::Created),
        ("replaced", Self::Replaced),
        ("deleted", Self::Deleted),
        ("exclusionAdded", Self::ExclusionAdded),
        ("exclusionDeleted", Self::ExclusionDeleted),
        ("tokenCreated", Self::TokenCreated),
        ("tokenRevoked", Self::TokenRevoked),
        ("decided", Self::Decided),
        ("overridden", Self::Overridden),
    ];
}

/// The kind of what was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AuditKind {
    /// An indicator.
    Indicator,
    /// An objective, or an exclusion of it.
    Objective,
    /// A user, or a token of theirs.
    User,
    /// The policy.
    Policy,
    /// A decision, or an override of it.
    Decision,
    /// The profile of a service.
    Service,
}

impl AuditKind {
    /// All, with their names on the wire.
    pub const ALL: [(&'static str, Self); 6] = [
        ("indicator", Self::Indicator),
        ("objective", Self::Objective),
        ("user", Self::User),
        ("policy", Self::Policy),
        ("decision", Self::Decision),
        ("service", Self::Service),
    ];

    /// In the singular, lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Indicator => Kind::Indicator.name(),
            Self::Objective => Kind::Objective.name(),
            Self::User => Kind::User.name(),
            Self::Policy => Kind::Policy.name(),
            Self::Decision => "decision",
            Self::Service => Kind::Service.name(),
        }
    }
}

impl From<Kind> for AuditKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Indicator => Self::Indicator,
            Kind::Objective => Self::Objective,
            Kind::User => Self::User,
            Kind::Policy => Self::Policy,
            Kind::Service => Self::Service,
        }
    }
}

/// What the writing of an annex tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// Who did it, and when.
    pub stamp: Stamp,
    /// What was done.
    pub action: AuditAction,
    /// The identifier of the exclusion or token.
    pub part: Name,
}

/// One thing that somebody did.
///
/// It is made of what is written and of nothing else, so that a repeated request makes the same entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// When, and by whom.
    pub stamp: Stamp,
    /// What was done.
    pub action: AuditAction,
    /// The kind of what was changed.
    pub kind: AuditKind,
    /// Its name, or a decision's identifier.
    pub name: Name,
    /// The identifier of the exclusion, token or override.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Name>,
    /// The definition's revision from then on, which exclusions and tokens leave as it is; decisions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<Revision>,
    /// How often the definition's annex was written in that life by then.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub annexed: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl AuditEntry {
    /// That a version was written.
    #[must_use]
    pub fn written<D: Definition>(version: &Versioned<D>) -> Self {
        let first = version.born == version.revision;
        Self {
            stamp: version.updated.clone(),
            action: if first { AuditAction::Created } else { AuditAction::Replaced },
            kind: D::KIND.into(),
            name: version.value.name().clone(),
            part: None,
            revision: Some(version.revision),
            annexed: version.annexed,
        }
    }

    /// That a definition was deleted, which made this revision.
    #[must_use]
    pub fn deleted<D: Definition>(name: &Name, revision: Revision, stamp: Stamp) -> Self {
        Self {
            stamp,
            action: AuditAction::Deleted,
            kind: D::KIND.into(),
            name: name.clone(),
            part: None,
            revision: Some(revision),
            annexed: 0,
        }
    }

    /// That an annex was written, as it is beside this version now.
    #[must_use]
    pub fn annexed<D: Definition>(version: &Versioned<D>, deed: Deed) -> Self {
        let Deed { stamp, action, part } = deed;
        Self { stamp, action, part: Some(part), ..Self::written(version) }
    }

    /// That a decision was made.
    #[must_use]
    pub fn decided(decision: &Decision) -> Self {
        Self {
            stamp: decision.decided.clone(),
            action: AuditAction::Decided,
            kind: AuditKind::Decision,
            name: decision.id.into(),
            part: None,
            revision: None,
            annexed: 0,
        }
    }

    /// That a decision was overridden.
    #[must_use]
    pub fn overridden(id: DecisionId, granted: &Override) -> Self {
        Self {
            stamp: granted.granted.clone(),
            action: AuditAction::Overridden,
            kind: AuditKind::Decision,
            name: id.into(),
            part: Some(granted.id.into()),
            revision: None,
            annexed: 0,
        }
    }

    /// Its place among all entries; no two have the same.
    #[must_use]
    pub fn place(&self) -> AuditPlace {
        let turn = match (self.revision, &self.part) {
            // Each write of a definition or its annex makes a higher pair of numbers.
            (Some(revision), _) => format!("{:020}-{:020}", revision.get(), self.annexed),
            (None, part) => part.as_ref().map(ToString::to_string).unwrap_or_default(),
        };
        AuditPlace(format!("{}#{}#{}#{turn}", AuditPlace::time(self.stamp.at), self.kind.name(), self.name))
    }
}

/// Where an entry is: the order is that of time, then of kind and name, then that in which they were written.
///
/// Times are compared as text, so the order is right from the year 0 on.
///
/// ```
/// use slo_core::AuditPlace;
///
/// let text = "2026-11-20T12:00:00.000000000Z#objective#fast#00000000000000000002-00000000000000000000";
/// let place: AuditPlace = text.parse()?;
/// assert_eq!(place.as_str(), text);
/// assert!("2026#objective#fast#2".parse::<AuditPlace>().is_err());
/// # Ok::<(), slo_core::AuditPlaceError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuditPlace(String);

/// Why a text is no [`AuditPlace`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the place of an audit entry is its time with nine decimals, kind, name and turn with # between them")]
pub struct AuditPlaceError;

impl AuditPlace {
    /// With which the places of an instant begin: it is above all places before that instant, and below all others.
    #[must_use]
    pub fn time(at: Timestamp) -> String {
        format!("{at:.9}")
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AuditPlace {
    type Err = AuditPlaceError;

    fn from_str(text: &str) -> Result<Self, AuditPlaceError> {
        let mut parts = text.split('#');
        let mut part = || parts.next().ok_or(AuditPlaceError);
        let (time, kind, name, turn) = (part()?, part()?, part()?, part()?);
        let at: Timestamp = time.parse().map_err(|_| AuditPlaceError)?;
        let valid = AuditPlace::time(at) == time
            && AuditKind::ALL.iter().any(|(known, _)| *known == kind)
            && name.parse::<Name>().is_ok()
            && (turn.is_empty() || turn.parse::<Name>().is_ok())
            && parts.next().is_none();
        if valid { Ok(Self(text.to_owned())) } else { Err(AuditPlaceError) }
    }
}

impl fmt::Display for AuditPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indicator::Indicator;
    use crate::testing::{Sample as _, decision, override_of};

    fn stamp(at: &str) -> Stamp {
        Stamp { at: at.parse().expect("a time"), by: None }
    }

    /// All entries of a decision and of the lives of a name, in the order of writing, at these times.
    fn entries(times: [&str; 6]) -> Vec<AuditEntry> {
        let site = |number| Indicator::sample("site".parse().expect("a name"), number);
        let [first, second, third, fourth, fifth, sixth] = times.map(stamp);
        let deed = |stamp| Deed { stamp, action: AuditAction::ExclusionAdded, part: "a".parse().expect("a name") };
        let created = Versioned::first(site(1), Revision::FIRST, first);
        let annexed = created.clone().with_annex(());
        let replaced = annexed.replaced(site(2), third);
        let again = replaced.clone().with_annex(());
        let deleted = again.revision.next();
        let reborn = Versioned::first(site(3), deleted.next(), sixth);
        vec![
            AuditEntry::written(&created),
            AuditEntry::annexed(&annexed, deed(second)),
            AuditEntry::written(&replaced),
            AuditEntry::annexed(&again, deed(fourth)),
            AuditEntry::deleted::<Indicator>(&site(1).name, deleted, fifth),
            AuditEntry::written(&reborn),
        ]
    }

    #[test]
    fn places_are_in_order_of_time_and_then_of_writing() {
        let same = entries(["2026-11-20T12:00:00Z"; 6]);
        let apart = entries([
            "0000-01-01T00:00:00Z",
            "1970-01-01T00:00:00Z",
            "2026-11-20T12:00:00Z",
            "2026-11-20T12:00:00.000000001Z",
            "2026-11-20T12:00:00.1Z",
            "2026-11-20T12:00:01Z",
        ]);
        for entries in [same, apart] {
            let places: Vec<AuditPlace> = entries.iter().map(AuditEntry::place).collect();
            assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "{places:#?}");
            for (place, entry) in places.iter().zip(&entries) {
                assert_eq!(place.as_str().parse().as_ref(), Ok(place));
                let time = AuditPlace::time(entry.stamp.at);
                assert!(*time < *place.as_str());
            }
        }
        let made = decision(1);
        let places = [AuditEntry::decided(&made), AuditEntry::overridden(made.id, &override_of(&made, 0))];
        let [decided, overridden] = places.map(|entry| entry.place());
        assert!(decided < overridden, "of one instant");
        assert_eq!(decided.as_str().parse(), Ok(decided));
        assert_eq!(overridden.as_str().parse(), Ok(overridden));
    }

    #[test]
    fn names_on_the_wire_are_those_of_the_documents() {
        for (name, action) in AuditAction::ALL {
            assert_eq!(serde_json::to_string(&action).ok(), Some(format!("{name:?}")));
        }
        for (name, kind) in AuditKind::ALL {
            assert_eq!((serde_json::to_string(&kind).ok(), kind.name()), (Some(format!("{name:?}")), name));
        }
    }

    #[test]
    fn other_texts_are_no_places() {
        let good = "2026-11-20T12:00:00.000000000Z#decision#a#";
        assert!(good.parse::<AuditPlace>().is_ok());
        for bad in [
            "",
            "#",
            "2026-11-20T12:00:00Z#decision#a#",
            "2026-11-20T12:00:00.000000000Z#decision#a",
            "2026-11-20T12:00:00.000000000Z#decision##",
            "2026-11-20T12:00:00.000000000Z#month#a#",
            "2026-11-20T12:00:00.000000000Z#decision#a#b#c",
            "2026-11-20T12:00:00.000000000Z#decision#a#~",
        ] {
            assert_eq!(bad.parse::<AuditPlace>(), Err(AuditPlaceError), "{bad}");
        }
    }
}

//! Entity tags: a definition's tag is its revision.

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use slo_core::{Precondition, Revision};

use super::problem::{Kind, Problem};

/// The strong tag of a revision.
pub(crate) fn tag(revision: Revision) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{revision}\"")).expect("digits in quotes are a header")
}

/// `If-Match` and `If-None-Match` of a request.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    pub(crate) if_match: Option<Tags>,
    pub(crate) if_none_match: Option<Tags>,
}

/// `*` or a list of tags; a tag that is no revision of ours is `None` and never matches.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Tags {
    Any,
    List(Vec<Option<Revision>>),
}

/// A revision that no definition reaches: matches nothing.
fn never() -> Precondition {
    Precondition::Revision(Revision::new(u64::MAX).expect("above zero"))
}

impl Tags {
    /// Whether one of them is the revision.
    pub(crate) fn matches(&self, revision: Revision) -> bool {
        match self {
            Self::Any => true,
            Self::List(tags) => tags.contains(&Some(revision)),
        }
    }

    fn parse(name: &HeaderName, headers: &HeaderMap, weak: bool) -> Result<Option<Self>, Problem> {
        let malformed = || {
            let detail = format!("write {name} as * or as tags in double quotes, such as {name}: \"3\"");
            Problem::new(Kind::InvalidHeader, detail)
        };
        let mut tags = Vec::new();
        let mut values = headers.get_all(name).iter().peekable();
        if values.peek().is_none() {
            return Ok(None);
        }
        for value in values {
            let value = value.to_str().map_err(|_| malformed())?;
            for part in value.split(',').map(str::trim).filter(|part| !part.is_empty()) {
                if part == "*" {
                    return Ok(Some(Self::Any));
                }
                let (strong, part) = part.strip_prefix("W/").map_or((true, part), |part| (false, part));
                let text = part.strip_prefix('"').and_then(|p| p.strip_suffix('"')).ok_or_else(malformed)?;
                // If-Match compares strongly: a weak tag never matches.
                let digits = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
                let revision = text.parse().ok().and_then(Revision::new).filter(|_| digits && (strong || weak));
                tags.push(revision);
            }
        }
        if tags.is_empty() { Err(malformed()) } else { Ok(Some(Self::List(tags))) }
    }
}

impl Conditions {
    /// Whether [`Conditions::precondition`] must know what is stored: lists of tags must be settled.
    pub(crate) fn need_current(&self, put: bool) -> bool {
        let several = matches!(&self.if_match, Some(Tags::List(tags)) if tags.len() > 1);
        several || put && matches!(self.if_none_match, Some(Tags::List(_)))
    }

    /// What a write demands. `If-None-Match` counts for a PUT only: nothing, or nothing of these, is there.
    pub(crate) fn precondition(&self, put: bool, current: Option<Revision>) -> Option<Precondition> {
        match self.if_none_match.as_ref().filter(|_| put) {
            Some(Tags::Any) => return Some(Precondition::Absent),
            Some(tags) if current.is_some_and(|revision| tags.matches(revision)) => return Some(never()),
            _ => {}
        }
        Some(match self.if_match.as_ref()? {
            Tags::Any => Precondition::Present,
            Tags::List(tags) => match tags.as_slice() {
                [only] => only.map_or_else(never, Precondition::Revision),
                _ => {
                    let matching = current.filter(|revision| tags.contains(&Some(*revision)));
                    matching.map_or_else(never, Precondition::Revision)
                }
            },
        })
    }
}

impl<S: Sync> FromRequestParts<S> for Conditions {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Ok(Self {
            if_match: Tags::parse(&header::IF_MATCH, &parts.headers, false)?,
            if_none_match: Tags::parse(&header::IF_NONE_MATCH, &parts.headers, true)?,
        })
    }
}

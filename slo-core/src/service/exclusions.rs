//! The exclusions of an objective: its annex.

use super::Service;
use super::annexes::{Becomes, change};
use crate::audit::{AuditAction, Deed};
use crate::error::Error;
use crate::exclusion::{Exclusion, MAX_EXCLUSIONS};
use crate::fault::Fault;
use crate::name::Name;
use crate::objective::Objective;
use crate::revision::Stamp;

impl Service {
    /// Adds an exclusion to an objective. Safe to repeat: one with its identifier is there already
    /// when the answer of the first time was lost, and is the answer.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`] when the objective has [`MAX_EXCLUSIONS`] of them,
    /// [`Error::Repository`].
    pub async fn add_exclusion(&self, objective: &Name, exclusion: Exclusion) -> Result<Exclusion, Error> {
        change::<Objective, _>(self, objective, |mut exclusions| {
            if let Some(known) = exclusions.iter().find(|known| known.id == exclusion.id) {
                return Ok(Becomes::Kept(known.clone()));
            }
            if exclusions.len() >= MAX_EXCLUSIONS {
                let detail = format!(
                    "{objective} has {MAX_EXCLUSIONS} exclusions already; delete old ones, or use a recurring one"
                );
                return Err(Error::Invalid { faults: vec![Fault::new("", "tooMany", detail)] });
            }
            exclusions.push(exclusion.clone());
            let (stamp, part) = (exclusion.created.clone(), exclusion.id.clone());
            let deed = Deed { stamp, action: AuditAction::ExclusionAdded, part };
            Ok(Becomes::Changed(exclusions, deed, exclusion.clone()))
        })
        .await
    }

    /// Takes an exclusion from an objective.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::NoExclusion`], [`Error::Repository`].
    pub async fn delete_exclusion(&self, objective: &Name, id: &Name, stamp: Stamp) -> Result<(), Error> {
        change::<Objective, _>(self, objective, |mut exclusions| {
            let before = exclusions.len();
            exclusions.retain(|exclusion| exclusion.id != *id);
            if exclusions.len() == before {
                return Err(Error::NoExclusion { objective: objective.clone(), id: id.clone() });
            }
            let deed = Deed { stamp: stamp.clone(), action: AuditAction::ExclusionDeleted, part: id.clone() };
            Ok(Becomes::Changed(exclusions, deed, ()))
        })
        .await
    }
}

//! The exclusions of an objective: its annex.

use super::Service;
use crate::audit::{AuditAction, Deed};
use crate::error::Error;
use crate::exclusion::{Exclusion, MAX_EXCLUSIONS};
use crate::fault::Fault;
use crate::name::Name;
use crate::objective::Objective;
use crate::repository::RepositoryError;
use crate::revision::Stamp;

/// How often a change is begun again because others were faster.
const ATTEMPTS: usize = 32;

/// What becomes of an objective's exclusions.
enum Decision<T> {
    /// They stay as they are.
    Keep(T),
    /// They are to be these, and what somebody did is this.
    Write(Vec<Exclusion>, Deed, T),
}

impl Service {
    /// Adds an exclusion to an objective. Safe to repeat: one with its identifier is there already
    /// when the answer of the first time was lost, and is the answer.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`] when the objective has [`MAX_EXCLUSIONS`] of them,
    /// [`Error::Repository`].
    pub async fn add_exclusion(&self, objective: &Name, exclusion: Exclusion) -> Result<Exclusion, Error> {
        self.change_exclusions(objective, |mut exclusions| {
            if let Some(known) = exclusions.iter().find(|known| known.id == exclusion.id) {
                return Ok(Decision::Keep(known.clone()));
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
            Ok(Decision::Write(exclusions, deed, exclusion.clone()))
        })
        .await
    }

    /// Takes an exclusion from an objective.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::NoExclusion`], [`Error::Repository`].
    pub async fn delete_exclusion(&self, objective: &Name, id: &Name, stamp: Stamp) -> Result<(), Error> {
        self.change_exclusions(objective, |mut exclusions| {
            let before = exclusions.len();
            exclusions.retain(|exclusion| exclusion.id != *id);
            if exclusions.len() == before {
                return Err(Error::NoExclusion { objective: objective.clone(), id: id.clone() });
            }
            let deed = Deed { stamp: stamp.clone(), action: AuditAction::ExclusionDeleted, part: id.clone() };
            Ok(Decision::Write(exclusions, deed, ()))
        })
        .await
    }

    /// Decides on what is there, and again when somebody else wrote in between.
    async fn change_exclusions<T>(
        &self,
        objective: &Name,
        decide: impl Fn(Vec<Exclusion>) -> Result<Decision<T>, Error>,
    ) -> Result<T, Error> {
        for _ in 0..ATTEMPTS {
            let stored = self.get::<Objective>(objective).await?;
            let seen = stored.seen();
            let (exclusions, deed, answer) = match decide(stored.annex)? {
                Decision::Keep(answer) => return Ok(answer),
                Decision::Write(exclusions, deed, answer) => (exclusions, deed, answer),
            };
            match self.objectives.annex(objective, exclusions, seen, Some(deed)).await {
                Ok(_) => return Ok(answer),
                Err(RepositoryError::Precondition { .. }) => {}
                Err(other) => return Err(other.into()),
            }
        }
        let why = format!("gave up after {ATTEMPTS} attempts because others changed the exclusions of {objective}");
        Err(RepositoryError::Unavailable(why.into()).into())
    }
}

//! What is kept beside a definition: changed as it was seen, and again when somebody else was faster.

use super::{Managed, Service};
use crate::audit::Deed;
use crate::error::Error;
use crate::name::Name;
use crate::repository::RepositoryError;

/// How often a change is begun again because others were faster.
const ATTEMPTS: usize = 32;

/// What becomes of an annex, and the answer.
pub(super) enum Becomes<A, T> {
    /// It stays as it is.
    Kept(T),
    /// It is to be this, and what somebody did is this.
    Changed(A, Deed, T),
}

/// Decides on what is there, and again when somebody else wrote in between.
pub(super) async fn change<D: Managed, T>(
    service: &Service,
    name: &Name,
    decide: impl Fn(D::Annex) -> Result<Becomes<D::Annex, T>, Error>,
) -> Result<T, Error> {
    for _ in 0..ATTEMPTS {
        let stored = service.get::<D>(name).await?;
        let seen = stored.seen();
        let (annex, deed, answer) = match decide(stored.annex)? {
            Becomes::Kept(answer) => return Ok(answer),
            Becomes::Changed(annex, deed, answer) => (annex, deed, answer),
        };
        match D::repository(service).annex(name, annex, seen, Some(deed)).await {
            Ok(_) => return Ok(answer),
            Err(RepositoryError::Precondition { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    let why = format!("gave up after {ATTEMPTS} attempts because others changed what is beside the {} {name}", D::KIND);
    Err(RepositoryError::Unavailable(why.into()).into())
}

//! What all processes of a service use in common.

use super::Service;
use crate::error::Error;
use crate::name::Name;
use crate::repository::RepositoryError;

impl Service {
    /// What everybody uses under a key: what is stored there, or else `proposal`, which is stored. Of those
    /// who propose at the same time all get the same answer, and it never changes.
    ///
    /// ```
    /// use slo_core::Service;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (service, key) = (Service::in_memory(), "cursor-key".parse()?);
    /// assert_eq!(service.agreed(&key, b"first").await?, b"first");
    /// assert_eq!(service.agreed(&key, b"second").await?, b"first");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Repository`]; after one, ask again.
    pub async fn agreed(&self, key: &Name, proposal: &[u8]) -> Result<Vec<u8>, Error> {
        if let Some((_, value)) = self.states.read(key).await? {
            return Ok(value);
        }
        match self.states.write(key, None, proposal.to_vec()).await {
            Ok(_) => Ok(proposal.to_vec()),
            // Somebody else was faster.
            Err(RepositoryError::Precondition { .. }) => match self.states.read(key).await? {
                Some((_, value)) => Ok(value),
                None => Err(RepositoryError::Unavailable(format!("{key} was there and is gone").into()).into()),
            },
            Err(other) => Err(other.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::future::join_all;

    use super::*;
    use crate::repository::mocks::MockStateRepository;
    use crate::revision::Revision;

    fn key() -> Name {
        "cursor-key".parse().expect("a name")
    }

    fn service(states: MockStateRepository) -> Service {
        Service { states: Arc::new(states), ..Service::in_memory() }
    }

    #[tokio::test]
    async fn the_faster_one_is_agreed_upon() {
        let mut states = MockStateRepository::new();
        let mut looks = 0;
        states.expect_read().times(2).returning(move |_| {
            looks += 1;
            Ok((looks == 2).then(|| (Revision::FIRST, b"theirs".to_vec())))
        });
        let refused = || RepositoryError::Precondition { current: Some(Revision::FIRST) };
        states.expect_write().times(1).returning(move |_, expected, _| {
            assert_eq!(expected, None);
            Err(refused())
        });
        assert_eq!(service(states).agreed(&key(), b"ours").await.expect("an answer"), b"theirs");
    }

    #[tokio::test]
    async fn nothing_is_agreed_upon_by_who_does_not_know() {
        let mut states = MockStateRepository::new();
        states.expect_read().times(1).returning(|_| Ok(None));
        states.expect_write().times(1).returning(|_, _, _| Err(RepositoryError::Unavailable("no answer".into())));
        let answer = service(states).agreed(&key(), b"ours").await;
        assert!(matches!(answer, Err(Error::Repository(RepositoryError::Unavailable(_)))), "{answer:?}");
    }

    #[tokio::test]
    async fn many_at_once_agree() {
        let service = Service::in_memory();
        let (one, other) = (key(), "other".parse().expect("a name"));
        let proposals: Vec<[u8; 1]> = (0..8).map(|i| [i]).collect();
        let answers = join_all(proposals.iter().map(|proposal| service.agreed(&one, proposal))).await;
        let answers: Vec<Vec<u8>> = answers.into_iter().map(|answer| answer.expect("an answer")).collect();
        assert!(answers.iter().all(|answer| *answer == answers[0] && proposals.contains(&[answer[0]])), "{answers:?}");
        assert_eq!(service.agreed(&other, b"x").await.expect("an answer"), b"x");
    }
}

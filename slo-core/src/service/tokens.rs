//! Tokens of users: their annex.

use jiff::Timestamp;

use super::Service;
use super::annexes::{Becomes, change};
use crate::audit::{AuditAction, Deed};
use crate::caller::Caller;
use crate::error::Error;
use crate::fault::Fault;
use crate::name::Name;
use crate::objective::Reference;
use crate::repository::{Kind, RepositoryError};
use crate::revision::{Annexed, Precondition, Stamp, Versioned};
use crate::text::DisplayName;
use crate::token::{MAX_TOKENS, TOKEN_RANDOM, Token, TokenRequest, TokenText};
use crate::user::{Access, Email, Role, User};

/// Who a valid token belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// Who asks.
    pub caller: Caller,
    /// The first instant at which the token is no longer valid.
    pub expires_at: Option<Timestamp>,
    /// What [`Service::note_use`] takes, when the use is worth a note.
    pub unnoted: Option<UnnotedUse>,
}

/// A use of a token that is to be noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnnotedUse {
    user: Name,
    tokens: Vec<Token>,
    seen: Annexed,
}

impl Service {
    /// Makes a token of a user. What has expired makes room for it.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Invalid`] when it is to expire in the past, a scope names an indicator that does
    /// not exist, or the user has [`MAX_TOKENS`] of them; [`Error::Repository`].
    pub async fn create_token(
        &self,
        user: &Name,
        request: TokenRequest,
        random: [u8; TOKEN_RANDOM],
        stamp: Stamp,
    ) -> Result<(Token, TokenText), Error> {
        self.check(&request, stamp.at).await?;
        self.make_token(user, request, random, stamp).await
    }

    /// What is wrong with a request, whoever's token it is to be.
    async fn check(&self, request: &TokenRequest, now: Timestamp) -> Result<(), Error> {
        let mut faults = Vec::new();
        if request.expires_at.is_some_and(|end| end <= now) {
            faults.push(Fault::new("/expiresAt", "past", "it must lie in the future; leave it out for no end"));
        }
        let named = |(i, name): (usize, &Name)| Reference {
            pointer: format!("/scopes/{i}"),
            kind: Kind::Indicator,
            name: name.clone(),
        };
        let scopes = request.scopes.iter().enumerate();
        let named: Vec<Reference> = scopes.filter_map(|(i, scope)| Some((i, scope.indicator()?))).map(named).collect();
        faults.extend(self.missing(&named).await?);
        if faults.is_empty() { Ok(()) } else { Err(Error::Invalid { faults }) }
    }

    async fn make_token(
        &self,
        user: &Name,
        request: TokenRequest,
        random: [u8; TOKEN_RANDOM],
        stamp: Stamp,
    ) -> Result<(Token, TokenText), Error> {
        let now = stamp.at;
        let (token, text) = Token::new(user, request, random, stamp.clone());
        let deed = Deed { stamp, action: AuditAction::TokenCreated, part: token.id.clone() };
        change::<User, _>(self, user, |mut tokens| {
            tokens.retain(|token| token.is_live(now));
            if tokens.len() >= MAX_TOKENS {
                let detail = format!("{user} has {MAX_TOKENS} tokens already; revoke those that nobody uses");
                return Err(Error::Invalid { faults: vec![Fault::new("", "tooMany", detail)] });
            }
            tokens.push(token.clone());
            Ok(Becomes::Changed(tokens, deed.clone(), ()))
        })
        .await?;
        Ok((token, text))
    }

    /// The tokens of a user, oldest first.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Repository`].
    pub async fn tokens(&self, user: &Name) -> Result<Vec<Token>, Error> {
        Ok(self.get::<User>(user).await?.annex)
    }

    /// Revokes a token: nobody gets in with it any more.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::NoToken`], [`Error::Repository`].
    pub async fn revoke_token(&self, user: &Name, id: &Name, stamp: Stamp) -> Result<(), Error> {
        let deed = Deed { stamp, action: AuditAction::TokenRevoked, part: id.clone() };
        change::<User, _>(self, user, |mut tokens| {
            let before = tokens.len();
            tokens.retain(|token| token.id != *id);
            if tokens.len() == before {
                return Err(Error::NoToken { user: user.clone(), id: id.clone() });
            }
            Ok(Becomes::Changed(tokens, deed.clone(), ()))
        })
        .await
    }

    /// Who shows this token; `None` when it is not valid, for whatever reason. Costs one read.
    ///
    /// # Errors
    /// [`Error::Repository`].
    pub async fn admit(&self, text: &TokenText, now: Timestamp) -> Result<Option<Admitted>, Error> {
        let (user, id) = text.claim();
        let Some(stored) = self.users.get(&user).await? else { return Ok(None) };
        let seen = stored.seen();
        let Versioned { value, annex: mut tokens, .. } = stored;
        let Some(token) = tokens.iter_mut().find(|token| token.id == id && token.is(text)) else { return Ok(None) };
        if !token.is_live(now) {
            return Ok(None);
        }
        let caller = Caller { user: Some(user), access: value.access, scopes: token.scopes.clone() };
        let expires_at = token.expires_at;
        let anew = token.is_used_anew(now);
        token.last_used_at = Some(now);
        let unnoted = anew.then_some(UnnotedUse { user: value.name, tokens, seen });
        Ok(Some(Admitted { caller, expires_at, unnoted }))
    }

    /// Notes when a token was last used. Nothing depends on it: who has no time for it leaves it to the next use.
    ///
    /// # Errors
    /// [`Error::Repository`]; with `Precondition` somebody else was faster.
    pub async fn note_use(&self, used: UnnotedUse) -> Result<(), Error> {
        self.users.annex(&used.user, used.tokens, used.seen, None).await?;
        Ok(())
    }

    /// Whether an admin has a token that is valid at an instant and not limited.
    ///
    /// # Errors
    /// [`Error::Repository`].
    pub async fn has_admin_token(&self, now: Timestamp) -> Result<bool, Error> {
        let mut after = None;
        loop {
            let page = self.users.list(&crate::Filter::default(), after, crate::MAX_PAGE).await?;
            let lets_in = |token: &Token| token.is_live(now) && token.scopes.is_empty();
            let admin = |user: &Versioned<User>| user.value.access == Access::Admin && user.annex.iter().any(lets_in);
            if page.items.iter().any(admin) {
                return Ok(true);
            }
            match page.next {
                None => return Ok(false),
                next => after = next,
            }
        }
    }

    /// Makes a token of an admin, who is created if absent: the first way in. Only who already has power over the
    /// whole service may be let near it.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the user is there and is no admin; those of [`Service::create_token`].
    pub async fn create_admin_token(
        &self,
        user: &Name,
        request: TokenRequest,
        random: [u8; TOKEN_RANDOM],
        stamp: Stamp,
    ) -> Result<(Token, TokenText), Error> {
        // Before anybody is created.
        self.check(&request, stamp.at).await?;
        let first = User {
            name: user.clone(),
            display_name: DisplayName::try_from("Administrator".to_owned()).expect("it is a display name"),
            email: Email::try_from("admin@localhost".to_owned()).expect("it is an address"),
            role: Role::Engineer,
            access: Access::Admin,
        };
        let existing = match self.users.put(first, Precondition::Absent, stamp.clone()).await {
            Ok(created) => created,
            Err(RepositoryError::Precondition { .. }) => self.get::<User>(user).await?,
            Err(other) => return Err(other.into()),
        };
        if existing.value.access != Access::Admin {
            let detail = format!("{user} is there and is no admin; name another user");
            return Err(Error::Invalid { faults: vec![Fault::new("/user", "noAdmin", detail)] });
        }
        self.make_token(user, request, random, stamp).await
    }
}

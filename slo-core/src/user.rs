//! The person who decides.

use serde::{Deserialize, Serialize};

use crate::name::Name;
use crate::text::DisplayName;

/// A product manager or an engineer, with an access level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The identifier.
    pub name: Name,
    /// How people call them.
    pub display_name: DisplayName,
    /// Where to reach them.
    pub email: Email,
    /// What they decide about.
    pub role: Role,
    /// What they may do here.
    pub access: Access,
}

/// What a user decides about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Promises and plans.
    ProductManager,
    /// Builds and operates.
    Engineer,
}

impl Role {
    /// All, with their names on the wire.
    pub const ALL: [(&'static str, Self); 2] = [("productManager", Self::ProductManager), ("engineer", Self::Engineer)];
}

/// What a user may do; each level includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Access {
    /// Reads.
    Viewer,
    /// Writes definitions and measurements.
    Editor,
    /// Overrides decisions.
    Approver,
    /// Manages users and policy.
    Admin,
}

impl Access {
    /// All, with their names on the wire.
    pub const ALL: [(&'static str, Self); 4] =
        [("viewer", Self::Viewer), ("editor", Self::Editor), ("approver", Self::Approver), ("admin", Self::Admin)];

    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::ALL[self as usize].0
    }
}

/// An e-mail address: something, one `@`, a host; no spaces; at most 254 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

/// Why a text is no [`Email`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write an e-mail address such as ana@example.org")]
pub struct EmailError;

impl Email {
    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Email {
    type Error = EmailError;

    fn try_from(text: String) -> Result<Self, EmailError> {
        let odd = |c: char| c.is_whitespace() || c.is_control();
        match text.split_once('@') {
            Some((user, host))
                if !user.is_empty()
                    && !host.is_empty()
                    && !host.contains('@')
                    && !text.contains(odd)
                    && text.len() <= 254 =>
            {
                Ok(Self(text))
            }
            _ => Err(EmailError),
        }
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_access_has_its_own_name() {
        assert!(Access::ALL.iter().all(|(name, access)| access.name() == *name));
    }

    #[test]
    fn an_address_has_a_user_and_a_host() {
        for (text, valid) in [
            ("ana@example.org", true),
            ("a@b", true),
            ("@b", false),
            ("a@", false),
            ("a b@c", false),
            ("a@b@c", false),
            ("", false),
        ] {
            assert_eq!(Email::try_from(text.to_owned()).is_ok(), valid, "{text}");
        }
    }
}

//! What a person or a program shows to be let in.

mod scope;

pub use scope::{Scope, ScopeError};

use std::fmt::{self, Write as _};
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::name::Name;
use crate::revision::Stamp;
use crate::text::Text;

/// The most tokens of one user, those that have expired left out.
pub const MAX_TOKENS: usize = 50;
/// The most scopes of one token.
pub const MAX_SCOPES: usize = 20;
/// Random bytes of a new token: 48 bits tell it apart, 256 bits are its secret.
pub const TOKEN_RANDOM: usize = IDENTIFIER + SECRET;
/// When a token was last used is kept so coarsely that using it costs next to no writes.
pub const LAST_USED_STEP: SignedDuration = SignedDuration::from_mins(15);

/// Bytes of an identifier.
const IDENTIFIER: usize = 6;
/// Bytes of a secret.
const SECRET: usize = 32;
/// How every token begins: scanners of leaked secrets look for such words.
const BEGIN: &str = "slo";

/// What a token is for.
pub type TokenDescription = Text<256>;

/// A token as it is kept: who has it can recognise it, and not use it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// The identifier among the tokens of its user.
    pub id: Name,
    /// SHA-256 of the whole token. There is no salt and no slow function: nobody guesses 256 random bits.
    hash: TokenHash,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<TokenDescription>,
    /// What it is limited to; with none it may do whatever its user may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<Scope>,
    /// When and by whom it was made.
    pub created: Stamp,
    /// The first instant at which it is no longer valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// About when it was last used: see [`LAST_USED_STEP`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
}

/// What is wanted of a new token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenRequest {
    /// See [`Token::description`].
    pub description: Option<TokenDescription>,
    /// See [`Token::scopes`].
    pub scopes: Vec<Scope>,
    /// See [`Token::expires_at`].
    pub expires_at: Option<Timestamp>,
}

impl Token {
    /// A token of a user from random bytes, and its secret text, which is nowhere else.
    ///
    /// ```
    /// use slo_core::{Stamp, Token, TokenRequest, TOKEN_RANDOM};
    ///
    /// let stamp = Stamp { at: "2026-11-20T12:00:00Z".parse()?, by: None };
    /// let (token, secret) = Token::new(&"ana".parse()?, TokenRequest::default(), [7; TOKEN_RANDOM], stamp);
    /// assert!(secret.reveal().starts_with("slo_ana_070707070707_0707"));
    /// assert_eq!(token.prefix(&"ana".parse()?), "slo_ana_070707070707");
    /// assert!(token.is(&secret));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new(user: &Name, request: TokenRequest, random: [u8; TOKEN_RANDOM], created: Stamp) -> (Self, TokenText) {
        let (identifier, secret) = random.split_at(IDENTIFIER);
        let id: Name = hexadecimal(identifier).parse().expect("hexadecimal digits are a name");
        let text = TokenText(format!("{BEGIN}_{user}_{id}_{}", hexadecimal(secret)));
        let TokenRequest { description, scopes, expires_at } = request;
        let token = Self { id, hash: text.hash(), description, scopes, created, expires_at, last_used_at: None };
        (token, text)
    }

    /// How its text begins: enough to recognise it, of no use to get in.
    #[must_use]
    pub fn prefix(&self, user: &Name) -> String {
        format!("{BEGIN}_{user}_{}", self.id)
    }

    /// Whether a text is this token; takes the same time wherever they differ.
    #[must_use]
    pub fn is(&self, text: &TokenText) -> bool {
        self.hash.0.ct_eq(&text.hash().0).into()
    }

    /// Whether it is still valid at an instant.
    #[must_use]
    pub fn is_live(&self, at: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| at < end)
    }

    /// Whether its use at an instant is worth a note.
    #[must_use]
    pub fn is_used_anew(&self, at: Timestamp) -> bool {
        self.last_used_at.is_none_or(|last| at.duration_since(last) >= LAST_USED_STEP)
    }
}

/// The text of a token: `slo_`, its user, its identifier and 64 hexadecimal digits. Nothing but [`reveal`](Self::reveal)
/// shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenText(String);

/// A text that is no token; it does not say why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no token")]
pub struct TokenTextError;

impl TokenText {
    /// The secret itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whose it says it is, and which.
    #[must_use]
    pub fn claim(&self) -> (Name, Name) {
        let mut parts = self.0.split('_').skip(1).filter_map(|part| part.parse().ok());
        let mut next = || parts.next().expect("it was read so");
        (next(), next())
    }

    /// SHA-256 of it.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl FromStr for TokenText {
    type Err = TokenTextError;

    fn from_str(text: &str) -> Result<Self, TokenTextError> {
        let [begin, user, id, secret] = text.split('_').collect::<Vec<_>>()[..] else { return Err(TokenTextError) };
        let hexadecimal =
            |text: &str, bytes| text.len() == 2 * bytes && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let ours = begin == BEGIN
            && user.parse::<Name>().is_ok()
            && hexadecimal(id, IDENTIFIER)
            && hexadecimal(secret, SECRET);
        if ours { Ok(Self(text.to_owned())) } else { Err(TokenTextError) }
    }
}

impl fmt::Debug for TokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenText(…)")
    }
}

/// A SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenHash([u8; SECRET]);

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

impl From<TokenHash> for String {
    fn from(hash: TokenHash) -> Self {
        hexadecimal(&hash.0)
    }
}

impl TryFrom<String> for TokenHash {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let pair = |pair: &[u8]| Some(digit(pair[0])? << 4 | digit(pair[1])?);
        let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(|two| pair(two.get(..2)?)).collect();
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or("a SHA-256 is 64 hexadecimal digits")
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(fill: u8) -> (Token, TokenText) {
        let stamp = Stamp { at: Timestamp::UNIX_EPOCH, by: None };
        Token::new(&"ana-2".parse().expect("a name"), TokenRequest::default(), [fill; TOKEN_RANDOM], stamp)
    }

    #[test]
    fn a_token_is_its_own_text_only() {
        let (one, text) = token(1);
        assert_eq!(text.reveal().parse(), Ok(text.clone()));
        assert_eq!(text.claim(), ("ana-2".parse().expect("a name"), one.id.clone()));
        assert!(one.is(&text) && !one.is(&token(2).1));
        // One digit of the secret, the user, the identifier.
        let altered = [(text.reveal().len() - 1, "2"), (4, "b"), (10, "1")];
        for (at, digit) in altered {
            let mut other = text.reveal().to_owned();
            other.replace_range(at..=at, digit);
            assert!(!one.is(&other.parse().expect("it looks like one")), "{at}");
        }
    }

    #[test]
    fn what_is_kept_and_shown_has_no_secret() {
        let (token, text) = token(0xab);
        let secret = &text.reveal()[text.reveal().len() - 64..];
        let kept = serde_json::to_string(&token).expect("json");
        assert!(!format!("{kept} {token:?} {text:?}").contains(&secret[..16]), "{kept}");
        assert_eq!(serde_json::from_str::<Token>(&kept).expect("it is read as written"), token);
        for hash in ["", "00", &"g".repeat(64), &"0".repeat(66)] {
            assert!(TokenHash::try_from(hash.to_owned()).is_err(), "{hash}");
        }
    }

    #[test]
    fn other_texts_are_no_token() {
        let (_, text) = token(1);
        let good = text.reveal();
        let bad = [
            String::new(),
            "slo_ana".to_owned(),
            good.to_uppercase(),
            format!("{good}0"),
            format!(" {good}"),
            good.replacen("slo", "abc", 1),
            good.replacen("ana-2", "Ana", 1),
            good.replacen("ana-2", "", 1),
            format!("{good}_x"),
        ];
        for text in bad {
            assert!(text.parse::<TokenText>().is_err(), "{text}");
        }
    }

    #[test]
    fn it_ends_when_it_expires_and_its_use_is_noted_now_and_then() {
        let (mut token, _) = token(1);
        let at = |minutes| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes);
        assert!(token.is_live(Timestamp::MAX) && token.is_used_anew(at(0)));
        (token.expires_at, token.last_used_at) = (Some(at(60)), Some(at(0)));
        assert!(token.is_live(at(59)) && !token.is_live(at(60)));
        assert!(!token.is_used_anew(at(14)) && token.is_used_anew(at(15)));
    }
}

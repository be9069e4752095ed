//! Signed cursors: a place in one list, and in no other.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::problem::{Kind, Problem};

/// Half of SHA-256: 128 bits cannot be guessed.
const SIGNATURE: usize = 16;

/// The secret that cursors are signed with.
#[derive(Clone)]
pub(crate) struct CursorKey(Hmac<Sha256>);

impl CursorKey {
    pub(crate) fn new(secret: &[u8]) -> Self {
        Self(Hmac::new_from_slice(secret).expect("a secret of any length will do"))
    }

    fn sign(&self, list: &str, place: &str) -> Vec<u8> {
        let mut mac = self.0.clone();
        mac.update(list.as_bytes());
        mac.update(&[0]);
        mac.update(place.as_bytes());
        mac.finalize().into_bytes()[..SIGNATURE].to_vec()
    }

    /// A cursor for `place` in `list`; the list's name holds its path and filters.
    pub(crate) fn seal(&self, list: &str, place: &str) -> String {
        let mut bytes = self.sign(list, place);
        bytes.extend_from_slice(place.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place in `list` that a cursor of ours names.
    pub(crate) fn open(&self, list: &str, cursor: &str) -> Result<String, Problem> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).unwrap_or_default();
        let place = bytes.get(SIGNATURE..).and_then(|place| std::str::from_utf8(place).ok());
        let genuine = place.filter(|place| {
            // Compared in constant time by the MAC's own verification.
            let mut mac = self.0.clone();
            mac.update(list.as_bytes());
            mac.update(&[0]);
            mac.update(place.as_bytes());
            mac.verify_truncated_left(&bytes[..SIGNATURE]).is_ok()
        });
        genuine.map(str::to_owned).ok_or_else(|| {
            Problem::new(
                Kind::InvalidCursor,
                "use the cursor of an answer of this very list, with the same filters, or begin without one",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_only_its_own_list() {
        let key = CursorKey::new(&[7; 32]);
        let cursor = key.seal("/objectives?owner=ana", "checkout");
        assert_eq!(key.open("/objectives?owner=ana", &cursor).expect("genuine"), "checkout");
        assert!(key.open("/objectives?owner=bob", &cursor).is_err());
        assert!(CursorKey::new(&[8; 32]).open("/objectives?owner=ana", &cursor).is_err());
        for i in 0..cursor.len() {
            let mut tampered = cursor.clone().into_bytes();
            tampered[i] = if tampered[i] == b'A' { b'B' } else { b'A' };
            assert!(key.open("/objectives?owner=ana", &String::from_utf8(tampered).expect("ascii")).is_err());
        }
        assert!(key.open("/objectives?owner=ana", "").is_err());
    }
}

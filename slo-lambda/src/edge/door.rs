//! Who is known at the door, and who has knocked in vain too often.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use slo_core::{Caller, TokenHash};

/// So long a valid token is not looked up again: what is revoked, or has less access, is so everywhere after it.
pub(crate) const RECALL: SignedDuration = SignedDuration::from_secs(30);
/// So many tokens of one source may be not valid within [`SPAN`].
pub(crate) const MAX_FAILURES: u32 = 10;
const SPAN: SignedDuration = SignedDuration::from_mins(1);
/// More than come within those times, and little memory.
const MAX_KEPT: usize = 10_000;

/// Where a request comes from; `None` when nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Source(Option<IpAddr>);

impl Source {
    /// Of IPv6 the network of 64 bits, which is as much as one customer has at least.
    pub(crate) fn new(address: Option<IpAddr>) -> Self {
        Self(address.map(|address| match address.to_canonical() {
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
            v4 => v4,
        }))
    }
}

/// What one process knows of tokens.
#[derive(Debug, Default)]
pub(crate) struct Door {
    /// Tokens that were valid, and whose they are for as long as nobody has to look again.
    known: Mutex<HashMap<TokenHash, Option<(Caller, Span)>>>,
    failures: Mutex<HashMap<Source, (u32, Span)>>,
    /// How often everything was forgotten.
    forgotten: AtomicU64,
}

/// From an instant up to another.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: Timestamp,
    to: Timestamp,
}

impl Span {
    fn starting(from: Timestamp, length: SignedDuration) -> Self {
        Self { from, to: from.saturating_add(length).unwrap_or(Timestamp::MAX) }
    }

    /// A clock that was set back does not make it longer.
    fn holds(self, at: Timestamp) -> bool {
        (self.from..self.to).contains(&at)
    }
}

/// Before a token is looked up: what is found must not outlive what is changed meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Before(u64);

impl Door {
    /// Whose token this is, if it was valid a moment ago.
    pub(crate) fn recall(&self, token: &TokenHash, now: Timestamp) -> Option<Caller> {
        let known = lock(&self.known);
        let (caller, span) = known.get(token)?.as_ref()?;
        span.holds(now).then(|| caller.clone())
    }

    /// Whether a token may be looked up: always if it was valid once, otherwise as long as its source has not failed too
    /// often; then how many seconds that has to wait.
    pub(crate) fn may_try(&self, token: Option<&TokenHash>, source: Source, now: Timestamp) -> Result<Before, u64> {
        let before = Before(self.forgotten.load(Ordering::SeqCst));
        if token.is_some_and(|token| lock(&self.known).contains_key(token)) {
            return Ok(before);
        }
        match lock(&self.failures).get(&source) {
            Some((count, span)) if *count >= MAX_FAILURES && span.holds(now) => {
                let left = span.to.duration_since(now);
                Err(left.as_secs().unsigned_abs() + u64::from(left.subsec_nanos() > 0))
            }
            _ => Ok(before),
        }
    }

    /// Remembers a valid token for a while, unless something about users has changed since it was looked up.
    pub(crate) fn admitted(
        &self,
        token: TokenHash,
        caller: &Caller,
        expires_at: Option<Timestamp>,
        now: Timestamp,
        before: Before,
    ) {
        let mut span = Span::starting(now, RECALL);
        span.to = expires_at.map_or(span.to, |end| end.min(span.to));
        let mut known = lock(&self.known);
        let current = Before(self.forgotten.load(Ordering::SeqCst)) == before;
        let value = current.then(|| (caller.clone(), span));
        keep(&mut known, token, value, |value| value.as_ref().is_some_and(|(_, span)| span.holds(now)));
    }

    /// Counts a token of a source that is not valid; whether it is the one after which the source has to wait.
    pub(crate) fn failed(&self, token: Option<&TokenHash>, source: Source, now: Timestamp) -> bool {
        token.map(|token| lock(&self.known).remove(token));
        let mut failures = lock(&self.failures);
        if let Some((count, span)) = failures.get_mut(&source)
            && span.holds(now)
        {
            *count += 1;
            return *count == MAX_FAILURES;
        }
        keep(&mut failures, source, (1, Span::starting(now, SPAN)), |(_, span)| span.holds(now));
        false
    }

    /// Looks everybody up again: something about users has changed.
    pub(crate) fn forget(&self) {
        let mut known = lock(&self.known);
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        known.values_mut().for_each(|value| *value = None);
    }
}

/// Inserts, and lets go of what has ended when there is much; of everything if need be.
fn keep<K: Eq + Hash, V>(map: &mut HashMap<K, V>, key: K, value: V, live: impl Fn(&V) -> bool) {
    if map.len() >= MAX_KEPT {
        map.retain(|_, value| live(value));
    }
    if map.len() >= MAX_KEPT {
        map.clear();
    }
    map.insert(key, value);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + seconds).expect("a time")
    }

    fn source(address: &str) -> Source {
        Source::new(Some(address.parse().expect("an address")))
    }

    fn hash(digit: u8) -> TokenHash {
        format!("{digit:064x}").try_into().expect("a hash")
    }

    fn admit(door: &Door, digit: u8, expires_at: Option<Timestamp>, now: Timestamp) {
        let before = door.may_try(Some(&hash(digit)), source("::1"), now).expect("nobody has failed");
        door.admitted(hash(digit), &Caller::anyone(), expires_at, now, before);
    }

    #[test]
    fn a_token_is_known_for_half_a_minute_or_until_it_ends() {
        let door = Door::default();
        admit(&door, 1, None, at(0));
        admit(&door, 2, Some(at(10)), at(0));
        let known = |digit, seconds| door.recall(&hash(digit), at(seconds)).is_some();
        assert!(known(1, 0) && known(1, 29) && !known(1, 30) && !known(1, -1));
        assert!(known(2, 9) && !known(2, 10) && !known(3, 0));
        door.forget();
        assert!(!known(1, 0));
    }

    #[test]
    fn what_was_looked_up_before_a_change_is_not_remembered_after_it() {
        let door = Door::default();
        let before = door.may_try(Some(&hash(1)), source("::1"), at(0)).expect("nobody has failed");
        door.forget();
        door.admitted(hash(1), &Caller::anyone(), None, at(0), before);
        assert!(door.recall(&hash(1), at(0)).is_none());
    }

    #[test]
    fn who_fails_too_often_waits_and_nobody_else_does() {
        let door = Door::default();
        let (one, other) = (source("192.0.2.1"), source("192.0.2.2"));
        admit(&door, 1, None, at(-600));
        for count in 1..=MAX_FAILURES {
            assert!(door.may_try(None, one, at(0)).is_ok());
            assert_eq!(door.failed(Some(&hash(9)), one, at(0)), count == MAX_FAILURES);
        }
        assert_eq!(door.may_try(Some(&hash(2)), one, at(0)), Err(60));
        assert_eq!(door.may_try(None, one, at(59)), Err(1));
        // Who was let in before is looked up, however long ago, until that fails too.
        assert!(door.may_try(Some(&hash(1)), one, at(0)).is_ok());
        door.failed(Some(&hash(1)), one, at(0));
        assert!(door.may_try(Some(&hash(1)), one, at(0)).is_err());
        assert!(door.may_try(None, other, at(0)).is_ok());
        assert!(door.may_try(None, Source::new(None), at(0)).is_ok());
        assert!(door.may_try(None, one, at(60)).is_ok());
    }

    #[test]
    fn a_source_of_ipv6_is_a_network() {
        assert_eq!(source("2001:db8:1:2::1"), source("2001:db8:1:2:ffff::"));
        assert_ne!(source("2001:db8:1:2::1"), source("2001:db8:1:3::1"));
        assert_eq!(source("::ffff:192.0.2.1"), source("192.0.2.1"));
        assert_ne!(source("192.0.2.1"), source("192.0.2.2"));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let door = Door::default();
        for i in 0..2 * u32::try_from(MAX_KEPT).expect("few") {
            door.failed(None, Source::new(Some(IpAddr::from(i.to_be_bytes()))), at(0));
        }
        assert!(lock(&door.failures).len() <= MAX_KEPT);
    }
}

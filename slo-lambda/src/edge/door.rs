//! Who is known at the door, and who has knocked in vain too often.

use std::collections::HashMap;
use std::hash::Hash as Hashable;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use slo_core::{Admitted, Caller, Hash};

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
    known: Mutex<HashMap<Hash, (Caller, Span)>>,
    failures: Mutex<HashMap<Source, (u32, Span)>>,
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

impl Door {
    /// Whose token this is, if it was valid a moment ago.
    pub(crate) fn recall(&self, token: &Hash, now: Timestamp) -> Option<Caller> {
        let known = lock(&self.known);
        known.get(token).filter(|(_, span)| span.holds(now)).map(|(caller, _)| caller.clone())
    }

    /// Remembers a valid token for a while, and gives its attempt back.
    pub(crate) fn admitted(&self, token: Hash, admitted: Admitted, source: Source, now: Timestamp) -> Caller {
        if let Some((count, _)) = lock(&self.failures).get_mut(&source) {
            *count = count.saturating_sub(1);
        }
        let mut span = Span::starting(now, RECALL);
        span.to = admitted.expires_at.map_or(span.to, |end| end.min(span.to));
        keep(&mut lock(&self.known), token, (admitted.caller.clone(), span), |(_, span)| span.holds(now));
        admitted.caller
    }

    /// Forgets all valid tokens: something about users has changed.
    pub(crate) fn forget(&self) {
        lock(&self.known).clear();
    }

    /// Counts an attempt of a source, which fails unless it is told to be [`admitted`](Self::admitted); otherwise how many
    /// seconds it has to wait.
    pub(crate) fn attempt(&self, source: Source, now: Timestamp) -> Result<(), u64> {
        let mut failures = lock(&self.failures);
        match failures.get_mut(&source) {
            Some((count, span)) if span.holds(now) => {
                if *count >= MAX_FAILURES {
                    let left = span.to.duration_since(now);
                    return Err(left.as_secs().unsigned_abs() + u64::from(left.subsec_nanos() > 0));
                }
                *count += 1;
            }
            _ => keep(&mut failures, source, (1, Span::starting(now, SPAN)), |(_, span)| span.holds(now)),
        }
        Ok(())
    }
}

/// Inserts, and lets go of what has ended when there is much; of everything if need be.
fn keep<K: Eq + Hashable, V>(map: &mut HashMap<K, V>, key: K, value: V, live: impl Fn(&V) -> bool) {
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

    fn hash(digit: u8) -> Hash {
        format!("{digit:064x}").try_into().expect("a hash")
    }

    fn ana(expires_at: Option<Timestamp>) -> Admitted {
        Admitted { caller: Caller::anyone(), expires_at }
    }

    #[test]
    fn a_token_is_known_for_half_a_minute_or_until_it_ends() {
        let door = Door::default();
        door.admitted(hash(1), ana(None), source("::1"), at(0));
        door.admitted(hash(2), ana(Some(at(10))), source("::1"), at(0));
        let known = |digit, seconds| door.recall(&hash(digit), at(seconds)).is_some();
        assert!(known(1, 0) && known(1, 29) && !known(1, 30) && !known(1, -1));
        assert!(known(2, 9) && !known(2, 10) && !known(3, 0));
        door.forget();
        assert!(!known(1, 0));
    }

    #[test]
    fn who_fails_too_often_waits_and_nobody_else_does() {
        let door = Door::default();
        let (one, other) = (source("192.0.2.1"), source("192.0.2.2"));
        for _ in 0..MAX_FAILURES {
            assert_eq!(door.attempt(one, at(0)), Ok(()));
        }
        assert_eq!(door.attempt(one, at(0)), Err(60));
        assert_eq!(door.attempt(one, at(59)), Err(1));
        assert_eq!(door.attempt(other, at(0)), Ok(()));
        assert_eq!(door.attempt(Source::new(None), at(0)), Ok(()));
        assert_eq!(door.attempt(one, at(60)), Ok(()));
        // Success is no failure.
        for _ in 0..3 * MAX_FAILURES {
            assert_eq!(door.attempt(other, at(1)), Ok(()));
            door.admitted(hash(1), ana(None), other, at(1));
        }
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
            let source = Source::new(Some(IpAddr::from(i.to_be_bytes())));
            assert_eq!(door.attempt(source, at(0)), Ok(()));
        }
        assert!(lock(&door.failures).len() <= MAX_KEPT);
    }
}

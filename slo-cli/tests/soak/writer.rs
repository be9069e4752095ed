//! One of the writers: sends each batch until it is acknowledged.

use std::net::SocketAddr;
use std::ops::AddAssign;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::books::Books;
use super::plan::{Plan, Sending};
use super::wire::{Answer, Fault, Wire, planned};

/// How often one batch reaches a server before the writer gives up.
const ATTEMPTS: u64 = 60;
/// How long a writer waits when nobody listens, or when it is asked to come back.
const PAUSE: Duration = Duration::from_millis(20);

/// What all writers share.
pub(crate) struct Run<'a> {
    pub(crate) seed: u64,
    pub(crate) path: &'a str,
    pub(crate) plan: &'a Plan,
    pub(crate) books: &'a Books,
    /// Where the server listens, or did before it was killed.
    pub(crate) address: Mutex<SocketAddr>,
    /// When everything must be over.
    pub(crate) deadline: Instant,
    /// The batch that the next free writer takes.
    pub(crate) next: AtomicUsize,
    /// How many measurements of all batches are acknowledged.
    pub(crate) acknowledged: AtomicU64,
    /// Why all of it stops.
    pub(crate) failure: OnceLock<String>,
}

/// What became of requests.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) requests: u64,
    /// Measurements in requests.
    pub(crate) sent: u64,
    /// Connections closed before the answer came.
    pub(crate) cut: u64,
    /// Answers that the writer did not learn.
    pub(crate) unheard: u64,
    /// Requests that broke off in the middle.
    pub(crate) half: u64,
    /// Requests that died with the server.
    pub(crate) broken: u64,
    /// Requests that are to come again later.
    pub(crate) unavailable: u64,
    /// Measurements of answers, also of those that nobody heard.
    pub(crate) accepted: u64,
    pub(crate) replayed: u64,
    pub(crate) stale: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.sent += other.sent;
        self.cut += other.cut;
        self.unheard += other.unheard;
        self.half += other.half;
        self.broken += other.broken;
        self.unavailable += other.unavailable;
        self.accepted += other.accepted;
        self.replayed += other.replayed;
        self.stale += other.stale;
    }
}

#[derive(Deserialize)]
struct Receipt {
    accepted: u64,
    replayed: u64,
    stale: u64,
}

impl Run<'_> {
    /// Sends batches until none is left. When that fails, everybody stops.
    pub(crate) fn write(&self) -> Tally {
        let (mut tally, mut wire) = (Tally::default(), Wire::default());
        loop {
            let number = self.next.fetch_add(1, Relaxed);
            let Some(sending) = self.plan.sendings.get(number) else { return tally };
            let place = u64::try_from(number).expect("small") * ATTEMPTS;
            if let Err(failure) = self.send(sending, place, &mut wire, &mut tally) {
                // The first one says why.
                let _ = self.failure.set(format!("batch {number}: {failure}"));
                return tally;
            }
        }
    }

    fn send(&self, sending: &Sending, place: u64, wire: &mut Wire, tally: &mut Tally) -> Result<(), String> {
        let body = self.plan.body(sending);
        let length = u64::try_from(sending.length).expect("small");
        // It was answered, though the writer did not learn it.
        let mut settled = false;
        for attempt in 0..ATTEMPTS {
            self.connect(wire)?;
            let fault = planned(!self.seed, place + attempt);
            tally.requests += 1;
            tally.sent += length;
            let answer = match wire.post(self.path, &body, fault) {
                Ok(Some(answer)) => answer,
                Ok(None) => {
                    *(if fault == Some(Fault::Half) { &mut tally.half } else { &mut tally.cut }) += 1;
                    continue;
                }
                Err(_) => {
                    tally.broken += 1;
                    continue;
                }
            };
            let Some(receipt) = receipt(&answer)? else {
                tally.unavailable += 1;
                sleep(PAUSE);
                continue;
            };
            let Receipt { accepted, replayed, stale } = receipt;
            if accepted + replayed + stale != length {
                return Err(format!("{accepted} + {replayed} + {stale} are not the {length} that were sent"));
            }
            if settled && accepted > 0 {
                return Err(format!("{accepted} of {length} were accepted again"));
            }
            tally.accepted += accepted;
            tally.replayed += replayed;
            tally.stale += stale;
            // From now on it must be there, whether the writer learns it or not.
            self.books.acknowledge(self.plan, sending);
            if fault == Some(Fault::Unheard) {
                tally.unheard += 1;
                settled = true;
                continue;
            }
            self.acknowledged.fetch_add(length, Relaxed);
            return Ok(());
        }
        Err(format!("not acknowledged in {ATTEMPTS} attempts"))
    }

    /// Waits until somebody listens.
    fn connect(&self, wire: &mut Wire) -> Result<(), String> {
        while self.failure.get().is_none() && Instant::now() < self.deadline {
            let address = *self.address.lock().unwrap_or_else(PoisonError::into_inner);
            if wire.connect(address).is_ok() {
                return Ok(());
            }
            sleep(PAUSE);
        }
        Err("the time is over, SOAK_SECONDS gives more".to_owned())
    }
}

/// What was done; None when it is to be sent again.
fn receipt(answer: &Answer) -> Result<Option<Receipt>, String> {
    match answer.status {
        200 => serde_json::from_str(&answer.body).map(Some).map_err(|error| format!("{error}: {}", answer.body)),
        503 => Ok(None),
        status => Err(format!("{status}: {}", answer.body)),
    }
}

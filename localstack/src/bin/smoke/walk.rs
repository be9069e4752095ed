//! What all steps share: the gateway, the names of this run, what is to be removed at the end.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Write as _;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp, TimestampRound, Unit};
use serde_json::Value;

use crate::answer::{Answer, Checked, Failure};
use crate::gateway::{Ask, Gateway};

/// A line for who reads along; who no longer does must not keep us from cleaning up.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// A walk through the API.
pub(crate) struct Walk {
    pub(crate) gateway: Gateway,
    /// Before every name of this run; also its service, so that lists show what is ours.
    pub(crate) run: String,
    /// The whole hour from which on we measured: some hours ago.
    pub(crate) hour: Timestamp,
    /// The hrefs of what may have to be removed, in the order in which it was created.
    created: Vec<String>,
    steps: usize,
    since: Instant,
}

impl Walk {
    /// Through the stage at `url`, as an admin where a token is given.
    pub(crate) fn new(url: &str, connect: Option<&str>, token: Option<String>) -> Result<Self, String> {
        // Each process has random keys of its own.
        let random = RandomState::new().build_hasher().finish();
        let run = format!("smoke-{:08x}", random >> 32);
        let gateway = Gateway::new(url, connect, token, &run)?;
        let now = Timestamp::now() - SignedDuration::from_hours(3);
        let down = TimestampRound::new().smallest(Unit::Hour).mode(jiff::RoundMode::Trunc);
        let hour = now.round(down).map_err(|error| error.to_string())?;
        Ok(Self { gateway, run, hour, created: Vec::new(), steps: 0, since: Instant::now() })
    }

    /// Who does what this walk does, as the service says it: the user of the token, if there is one.
    pub(crate) fn by(&self) -> Value {
        self.gateway.token.as_deref().and_then(|token| token.split('_').nth(1)).into()
    }

    /// A name of this run.
    pub(crate) fn name(&self, what: &str) -> String {
        format!("{}-{what}", self.run)
    }

    /// The minute so many minutes after the hour.
    pub(crate) fn minute(&self, minutes: i64) -> String {
        (self.hour + SignedDuration::from_mins(minutes)).to_string()
    }

    /// The root of the API: the one path, with `/healthz`, that one must know.
    pub(crate) fn root(&self) -> Checked<Answer> {
        self.get(format!("{}/api/v1", self.gateway.prefix))?.status(200)
    }

    pub(crate) fn send(&self, ask: &Ask) -> Checked<Answer> {
        self.gateway.send(ask)
    }

    pub(crate) fn get(&self, href: impl Into<String>) -> Checked<Answer> {
        self.send(&Ask::get(href))
    }

    /// Follows the link of this relation, which must be there and lead somewhere.
    pub(crate) fn follow(&self, from: &Answer, rel: &str) -> Checked<Answer> {
        self.get(from.link(rel)?)?.status(200)
    }

    /// Creates what is removed at the end; `rel` is the root's link for it.
    pub(crate) fn create(&mut self, rel: &str, body: &Value) -> Checked<Answer> {
        let collection = self.root()?.link(rel)?;
        // Before it is sent: an answer that never comes may still mean that it is there.
        self.will_create(format!("{collection}/{}", body["name"].as_str().unwrap_or_default()));
        self.send(&Ask::post(collection, body))?.created()?.says(body)
    }

    /// Remembers what is about to be created.
    pub(crate) fn will_create(&mut self, href: String) {
        self.created.push(href);
    }

    /// Says that a step went well, and how long it took.
    pub(crate) fn passed(&mut self, what: &str) {
        let took = self.since.elapsed().as_millis();
        say(&format!("ok {took:>6} ms  {what}"));
        self.steps += 1;
        self.since = Instant::now();
    }

    /// How many steps went well.
    pub(crate) fn steps(&self) -> usize {
        self.steps
    }

    /// Follows every link that was offered so far, those of the answers included, each once.
    pub(crate) fn explore(&mut self, of: &str) -> Checked {
        let mut followed = 0;
        loop {
            let Some(link) = self.gateway.links().next() else { break };
            let answer = self.get(&link.href)?;
            let fine = if link.leads { answer.status == 200 } else { answer.status < 500 };
            let wanted = if link.leads { "status 200" } else { "no status of 500 or more" };
            answer.demand(fine, || format!("{wanted}, because it is linked in the answer to {}", link.offered_by))?;
            followed += 1;
        }
        self.passed(&format!("{of}: followed {followed} links"));
        Ok(())
    }

    /// Removes what was created, as far as possible, the newest first; says how much, and what is left and why.
    pub(crate) fn clean_up(&mut self) -> (usize, Vec<(String, Failure)>) {
        self.gateway.begin_cleaning();
        let (mut removed, mut left) = (0, Vec::new());
        for href in std::mem::take(&mut self.created).into_iter().rev() {
            // Whatever else is wrong with the answer was found before.
            let answer = self.gateway.exchange(&Ask::delete(&href).if_match("*"));
            // 412: it is not there (any more).
            let gone = answer.and_then(|answer| match answer.status {
                204 | 412 => Ok(answer.status),
                _ => Err(answer.failure("status 204, or 412 when it is gone already")),
            });
            match gone {
                Ok(status) => removed += usize::from(status == 204),
                Err(failure) => left.push((href, failure)),
            }
        }
        (removed, left)
    }
}

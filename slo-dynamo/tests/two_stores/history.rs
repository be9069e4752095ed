//! What happened to one definition, and whether one store could have answered so.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use jiff::Timestamp;
use slo_core::{Change, Indicator, Revision};

/// An order of beginnings and ends.
#[derive(Debug, Default)]
pub(crate) struct Clock(AtomicU64);

impl Clock {
    pub(crate) fn tick(&self) -> u64 {
        self.0.fetch_add(1, SeqCst)
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum What {
    /// It had this revision, or did not exist.
    Read(Option<Revision>),
    /// A write was acknowledged: its stamp, the revision it demanded, and the one it made unless it deleted.
    Wrote { at: Timestamp, over: Option<Revision>, revision: Option<Revision> },
}

/// It took place at one moment between the two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) begun: u64,
    pub(crate) ended: u64,
    pub(crate) what: What,
}

/// A write with its place in the history.
#[derive(Clone, Copy, Debug)]
struct Write {
    event: Event,
    revision: Revision,
    deletes: bool,
}

/// Panics unless the events are those of one definition that changes at one moment at a time.
pub(crate) fn check(events: &[Event], changes: &[Change<Indicator>]) {
    let mut by_stamp: BTreeMap<Timestamp, &Change<Indicator>> = BTreeMap::new();
    for change in changes {
        assert!(by_stamp.insert(change.stamp.at, change).is_none(), "written twice: {change:?}");
    }
    let mut writes = Vec::new();
    for event in events {
        let What::Wrote { at, over, revision } = event.what else { continue };
        let change = by_stamp.remove(&at).unwrap_or_else(|| panic!("acknowledged and not in the history: {event:?}"));
        assert_eq!(change.value.is_none(), revision.is_none(), "{event:?}");
        assert!(revision.is_none_or(|revision| revision == change.revision), "{event:?} is {change:?}");
        // So no revision is demanded twice with success.
        assert!(over.is_none_or(|over| over.next() == change.revision), "{event:?} is {change:?}");
        writes.push(Write { event: *event, revision: change.revision, deletes: change.value.is_none() });
    }
    assert!(by_stamp.is_empty(), "in the history and never acknowledged: {by_stamp:?}");
    assert!(writes.len() > 20 && writes.iter().any(|write| write.deletes), "hardly anything happened");

    writes.sort_by_key(|write| write.revision);
    for (number, write) in (1..).zip(&writes) {
        assert_eq!(write.revision.get(), number, "revisions are without gaps");
    }
    for (i, write) in writes.iter().enumerate() {
        let later_first = writes[i + 1..].iter().find(|later| later.event.ended < write.event.begun);
        assert!(later_first.is_none(), "{write:?} was over after {later_first:?} began");
    }
    let reads: Vec<_> = events.iter().filter_map(|event| read(event).map(|revision| (event, revision))).collect();
    for (event, revision) in &reads {
        check_read(event, *revision, &writes);
        let newer = |(earlier, seen): &&(&Event, Option<Revision>)| earlier.ended < event.begun && *seen > *revision;
        if revision.is_some() {
            let newer = reads.iter().find(newer);
            assert!(newer.is_none(), "{event:?} is older than {newer:?}");
        }
    }
}

fn read(event: &Event) -> Option<Option<Revision>> {
    if let What::Read(revision) = event.what { Some(revision) } else { None }
}

/// Neither older than what was acknowledged before, nor newer than what had begun.
fn check_read(event: &Event, revision: Option<Revision>, writes: &[Write]) {
    let acknowledged = writes.iter().rfind(|write| write.event.ended < event.begun);
    let begun = |write: &&Write| write.event.begun < event.ended;
    match (revision, acknowledged) {
        (Some(revision), acknowledged) => {
            let seen = writes.iter().filter(begun).find(|write| write.revision == revision && !write.deletes);
            assert!(seen.is_some(), "{event:?} of what nobody wrote");
            assert!(acknowledged.is_none_or(|write| write.revision <= revision), "{event:?} after {acknowledged:?}");
        }
        (None, Some(acknowledged)) => {
            let deleted =
                writes.iter().filter(begun).find(|write| write.deletes && write.revision >= acknowledged.revision);
            assert!(deleted.is_some(), "{event:?} of nothing after {acknowledged:?}");
        }
        (None, None) => {}
    }
}

//! The last clauses of [`AuditRepository`](crate::AuditRepository)'s contract: its lists.

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};

use super::audit::{all, annex, emptied, entry, stamp};
use super::reference::name;
use super::{Sample, decision};
use crate::audit::{AuditAction, AuditEntry, AuditKind, Deed};
use crate::decision::{Decision, DecisionId};
use crate::indicator::Indicator;
use crate::name::Name;
use crate::objective::Objective;
use crate::policy::Verdict;
use crate::repository::AuditFilter;
use crate::revision::{Precondition, Stamp};
use crate::service::Service;
use crate::user::User;

fn identifier(at: Timestamp, number: usize) -> DecisionId {
    DecisionId::new(at, [u8::try_from(number).expect("few"); 10])
}

/// 5: Lists are newest first, by the time that is told and not by that of writing.
pub async fn audits_are_listed_newest_first(service: &Service) {
    let times = [
        "1970-01-01T00:00:00Z",
        "2015-12-31T23:59:59.999999999Z",
        "2016-01-01T00:00:00Z",
        "2026-11-01T00:00:00Z",
        "2026-11-01T00:00:00.000000001Z",
        "2026-11-01T00:00:00.1Z",
        "2100-02-28T00:00:00Z",
    ];
    let stamps = times.map(|at| Stamp { at: at.parse().expect("the kit's times are valid"), by: None });
    for place in [3, 0, 6, 1, 5, 2, 4] {
        let stamp = stamps[place].clone();
        // Of one instant: three kinds, two names of one of them, and two writes of a name.
        for text in ["b", "a"] {
            let value = User::bare(name(&format!("user-{place}-{text}")));
            service.users.put(value, Precondition::Absent, stamp.clone()).await.expect("it is written");
        }
        for number in 0..2 {
            let value = Indicator::sample(name(&format!("site-{place}")), number);
            let precondition = if number == 0 { Precondition::Absent } else { Precondition::Present };
            service.indicators.put(value, precondition, stamp.clone()).await.expect("it is written");
        }
        let id = identifier(stamp.at, place);
        let made = Decision { id, decided: stamp, ..decision(place) };
        service.decisions.append(made).await.expect("it is kept");
    }
    let mut wanted = Vec::new();
    for (place, stamp) in stamps.into_iter().enumerate().rev() {
        let of = |action, kind, text: String, revision| entry(stamp.clone(), action, kind, &text, revision);
        for text in ["b", "a"] {
            wanted.push(of(AuditAction::Created, AuditKind::User, format!("user-{place}-{text}"), 1));
        }
        wanted.push(of(AuditAction::Replaced, AuditKind::Indicator, format!("site-{place}"), 2));
        wanted.push(of(AuditAction::Created, AuditKind::Indicator, format!("site-{place}"), 1));
        let id = identifier(stamp.at, place).to_string();
        wanted.push(of(AuditAction::Decided, AuditKind::Decision, id, 0));
    }
    for limit in [1, 2, 3, 34, 35, 200] {
        assert_eq!(all(service, &AuditFilter::default(), limit).await, wanted, "{limit} a page");
    }
    let filter = AuditFilter::default();
    for (i, last) in wanted.iter().enumerate() {
        let page = service.audit.list(&filter, Some(last.place()), 2).await.expect("a list succeeds");
        assert_eq!(page.items, wanted[i + 1..].iter().take(2).cloned().collect::<Vec<_>>(), "those before {last:?}");
    }
}

/// 5: Lists are complete, with more entries than two of the largest pages hold. (They are too small to exceed what an
/// answer of a store holds by writing them one by one in a test: a store does so in its own way.)
pub async fn audits_are_complete(service: &Service) {
    // 16 times 28 entries of half a kilobyte.
    let long = |start: &str, number: usize| name(&format!("{start}{number:0>62}"));
    let ever = |number: u64| Stamp { by: Some(long("u", 0)), ..stamp(number) };
    let writer = async |lane: usize| {
        let of = long("n", lane);
        let put = service.users.put(User::bare(of.clone()), Precondition::Absent, ever(lane as u64));
        let mut current = put.await.expect("it is written");
        for number in 1..28 {
            let (stamp, part) = (ever(lane as u64 + 16 * number), long("p", lane));
            let deed = Deed { stamp, action: AuditAction::TokenCreated, part };
            current = emptied(&*service.users, &current, deed).await.expect("it is written");
        }
    };
    join_all((0..16).map(writer)).await;
    let everything = all(service, &AuditFilter::default(), 200).await;
    let wanted: Vec<(Timestamp, Name)> = (0..16 * 28)
        .rev()
        .map(|number| (stamp(number).at, long("n", usize::try_from(number % 16).expect("few"))))
        .collect();
    let got: Vec<_> = everything.iter().map(|entry| (entry.stamp.at, entry.name.clone())).collect();
    assert_eq!(got.len(), wanted.len());
    assert!(got == wanted, "they are others");
    // The oldest alone, behind all others.
    let oldest = AuditFilter { action: Some(AuditAction::Created), name: Some(long("n", 0)), ..AuditFilter::default() };
    assert_eq!(all(service, &oldest, 10).await, everything[everything.len() - 1..]);
}

/// 6: A list shows what matches its filter, all of it, and nothing else.
pub async fn audits_are_filtered(service: &Service) {
    let mut number = 0;
    for life in 0..2 {
        for text in ["ann", "bob"] {
            let precondition = if life == 0 { Precondition::Absent } else { Precondition::Present };
            number += 1;
            let value = User::sample(name(text), life);
            service.users.put(value, precondition, stamp(number)).await.expect("it is written");
            number += 1;
            let value = Indicator::sample(name(text), life);
            service.indicators.put(value, precondition, stamp(number)).await.expect("it is written");
            number += 1;
            let value = Objective::sample(name(text), life);
            let current = service.objectives.put(value, precondition, stamp(number)).await.expect("it is written");
            number += 1;
            annex(&*service.objectives, current, number, Some(AuditAction::ExclusionAdded), &mut Vec::new()).await;
        }
        number += 1;
        let id = DecisionId::new(stamp(number).at, [7; 10]);
        let mut made = Decision { id, decided: stamp(number), ..decision(1) };
        made.judgement.verdict = Verdict::Ship;
        service.decisions.append(made).await.expect("it is kept");
    }
    let everything = all(service, &AuditFilter::default(), 200).await;
    assert_eq!(everything.len(), usize::try_from(number).expect("few"));
    let any = AuditFilter::default;
    let exactly = stamp(7).at;
    let nanosecond = SignedDuration::from_nanos(1);
    let mut filters = vec![
        AuditFilter { from: Some(exactly), ..any() },
        AuditFilter { to: Some(exactly), ..any() },
        AuditFilter { from: Some(exactly + nanosecond), ..any() },
        AuditFilter { to: Some(exactly + nanosecond), ..any() },
        AuditFilter { from: Some(exactly), to: Some(stamp(12).at), ..any() },
        AuditFilter { from: Some(exactly), to: Some(exactly + nanosecond), ..any() },
        AuditFilter { to: Some(stamp(0).at), ..any() },
        AuditFilter { from: Some(stamp(number + 1).at), ..any() },
        AuditFilter { user: Some(name("nobody")), ..any() },
    ];
    filters.extend(AuditKind::ALL.map(|(_, kind)| AuditFilter { kind: Some(kind), ..any() }));
    filters.extend(AuditAction::ALL.map(|(_, action)| AuditFilter { action: Some(action), ..any() }));
    for text in ["user-1", "user-2", "user-3"] {
        filters.push(AuditFilter { user: Some(name(text)), ..any() });
        filters.push(AuditFilter { user: Some(name(text)), kind: Some(AuditKind::Objective), ..any() });
    }
    for text in ["ann", "bob"] {
        filters.push(AuditFilter { name: Some(name(text)), ..any() });
        let (kind, action) = (Some(AuditKind::User), Some(AuditAction::Replaced));
        filters.push(AuditFilter { name: Some(name(text)), kind, action, from: Some(exactly), ..any() });
    }
    for filter in filters {
        let wanted: Vec<AuditEntry> = everything.iter().filter(|entry| filter.matches(entry)).cloned().collect();
        assert!(wanted.len() < everything.len(), "the filter leaves nothing out");
        for limit in [1, 3, 200] {
            assert_eq!(all(service, &filter, limit).await, wanted, "{filter:?}");
        }
    }
}

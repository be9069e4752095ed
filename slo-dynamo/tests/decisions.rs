//! What decisions cost, as DynamoDB would bill them, and what becomes of them when answers are lost.

mod common;
#[path = "common/faulty.rs"]
mod faults;

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use aws_sdk_dynamodb::Client;
use common::{Checked, client, cost};
use faults::{Fault, faulty};
use slo_core::testing::{decision, override_of};
use slo_core::{
    AuditAction, AuditEntry, AuditFilter, AuditRepository as _, Decision, DecisionFilter, DecisionId,
    DecisionRepository as _, RepositoryError,
};
use slo_dynamo::Store;

#[tokio::test]
async fn a_decision_costs_what_it_weighs() -> Checked {
    let store = Store::builder(client().await).build();
    let decisions = store.decisions();
    // The names and keys of an item, and what it holds; a unit for each kilobyte.
    let units = |made: &Decision| {
        let size = 2 + "decision#2026-11".len() + 2 + 36 + 3 + serde_json::to_string(made).expect("JSON").len();
        // A transaction is twice as much, and puts the entry of the audit too.
        u64::try_from(2 * size.div_ceil(1_024) + 2).expect("few") * 1_000
    };
    // The first of a month tells the month.
    assert_eq!(cost(decisions.append(decision(2))).await.1, (2, 0, 1_000 + units(&decision(2))));
    assert_eq!(cost(decisions.append(decision(3))).await.1, (1, 0, units(&decision(3))));
    assert_eq!(cost(store.decisions().append(decision(4))).await.1, (1, 0, units(&decision(4))), "the month is known");
    assert_eq!([units(&decision(2)), units(&decision(3))], [4_000, 6_000], "one objective, and two");
    // Again: refused, and read.
    let (again, (calls, read, _)) = cost(decisions.append(decision(2))).await;
    again?;
    assert_eq!((calls, read), (2, 1_000));
    assert_eq!(cost(decisions.get(decision(4).id)).await.1, (1, 1_000, 0));
    // An override looks for its decision first.
    assert_eq!(
        cost(decisions.append_override(decision(4).id, override_of(&decision(4), 1))).await.1,
        (2, 1_000, 4_000)
    );
    assert_eq!(cost(decisions.get(decision(1).id)).await.1, (1, 1_000, 0), "nothing");
    // The months, and the three of this one with their override.
    let (page, cost_of) = cost(decisions.list(&DecisionFilter::default(), None, 50)).await;
    let page = page?;
    assert_eq!((page.items.len(), page.next), (3, None));
    assert_eq!(cost_of, (2, 3_000, 0), "a unit for the months, one for each four kilobytes");
    // A span outside all months is only looked up.
    let filter = DecisionFilter { to: Some("2026-01-01T00:00:00Z".parse()?), ..DecisionFilter::default() };
    assert_eq!(cost(decisions.list(&filter, None, 50)).await.1, (1, 1_000, 0));
    Ok(())
}

#[tokio::test]
async fn a_rare_match_is_found_over_several_pages() -> Checked {
    let store = Store::builder(client().await).build();
    let decisions = store.decisions();
    // So many months that one page does not look at all of them.
    let mut ids = Vec::new();
    for year in 2000..2004 {
        for month in 1..=12 {
            let at: jiff::Timestamp = format!("{year}-{month:02}-15T00:00:00Z").parse()?;
            let mut made = Decision { id: DecisionId::new(at, [7; 10]), ..decision(2) };
            made.decided.at = at;
            ids.push(made.id);
            decisions.append(made).await?;
        }
    }
    let other = decision(2).judgement.verdict;
    let verdicts = [slo_core::Verdict::Ship, slo_core::Verdict::Caution, slo_core::Verdict::Hold];
    let absent = verdicts.into_iter().find(|verdict| *verdict != other);
    let filter = DecisionFilter { verdict: absent, ..DecisionFilter::default() };
    let (mut before, mut pages) = (None, 0);
    loop {
        let page = decisions.list(&filter, before, 10).await?;
        assert_eq!(page.items, []);
        pages += 1;
        let Some(next) = page.next else { break };
        assert!(before.is_none_or(|before| next < before));
        before = Some(next);
    }
    assert_eq!(pages, 3, "48 months, 20 requests a page");
    Ok(())
}

#[tokio::test]
async fn what_is_not_ours_is_not_taken_for_a_decision() -> Checked {
    let client = client().await;
    let store = Store::builder(client.clone()).build();
    let (decisions, made) = (store.decisions(), decision(1));
    decisions.append(made.clone()).await?;
    let key = [("pk", "decision#2026-11".to_owned()), ("sk", made.id.to_string())];
    let item = key.into_iter().chain([("doc", "{}".to_owned())]);
    let item = item.map(|(name, value)| (name.to_owned(), aws_sdk_dynamodb::types::AttributeValue::S(value)));
    client.put_item().table_name("slo").set_item(Some(item.collect())).send().await?;
    assert!(matches!(decisions.get(made.id).await, Err(RepositoryError::Broken { .. })));
    // Nor an entry that is elsewhere than it says for an entry of the audit.
    let filter = AuditFilter::default();
    assert_eq!(store.audit().list(&filter, None, 10).await?.items, [AuditEntry::decided(&made)]);
    let doc = serde_json::to_string(&AuditEntry::decided(&made))?;
    let place = AuditEntry::decided(&decision(2)).place().to_string();
    let item = [("pk", "audit".to_owned()), ("sk", place), ("doc", doc)];
    let item = item.map(|(name, value)| (name.to_owned(), aws_sdk_dynamodb::types::AttributeValue::S(value)));
    client.put_item().table_name("slo").set_item(Some(item.into())).send().await?;
    assert!(matches!(store.audit().list(&filter, None, 10).await, Err(RepositoryError::Broken { .. })));
    Ok(())
}

/// What the audit says, oldest first.
async fn told(client: &Client) -> Vec<AuditAction> {
    let page = Store::builder(client.clone()).build().audit().list(&AuditFilter::default(), None, 200).await;
    page.expect("a read succeeds").items.into_iter().rev().map(|entry| entry.action).collect()
}

fn unavailable<T: std::fmt::Debug>(answer: &Result<T, RepositoryError>) {
    assert!(matches!(answer, Err(RepositoryError::Unavailable(_))), "{answer:?}");
}

#[tokio::test]
async fn a_decision_is_told_once_whatever_becomes_of_its_answers() -> Checked {
    let good = client().await;
    let decisions = |client: &Client| Store::builder(client.clone()).build().decisions();
    let transaction = |fault: Fault, times: usize| {
        let sent = AtomicUsize::new(0);
        faulty(&good, move |operation, _| {
            (operation == "TransactWriteItems" && sent.fetch_add(1, Relaxed) < times).then_some(fault)
        })
    };
    let granted = override_of(&decision(1), 1);
    // Each attempt is applied and none answered; then the same again.
    unavailable(&decisions(&transaction(Fault::Lost, usize::MAX)).append(decision(1)).await);
    decisions(&good).append(decision(1)).await?;
    let lossy = decisions(&transaction(Fault::Lost, usize::MAX));
    unavailable(&lossy.append_override(decision(1).id, granted.clone()).await);
    let record = decisions(&good).append_override(decision(1).id, granted.clone()).await?;
    assert_eq!(record.overrides, [granted]);
    assert_eq!(told(&good).await, [AuditAction::Decided, AuditAction::Overridden]);
    for (number, reason) in [(2, "TransactionConflict"), (3, "ThrottlingError")] {
        let (answer, (calls, ..)) =
            cost(decisions(&transaction(Fault::Cancelled(reason), usize::MAX)).append(decision(number))).await;
        unavailable(&answer);
        assert_eq!(calls, 33, "{reason}: 32 times, after the month");
        assert_eq!(decisions(&good).get(decision(number).id).await?, None);
        decisions(&transaction(Fault::Cancelled(reason), 4)).append(decision(number)).await?;
    }
    // Refused, and there is nothing that refuses it.
    let odd = decisions(&transaction(Fault::Cancelled("ConditionalCheckFailed"), 1)).append(decision(4)).await;
    assert!(matches!(odd, Err(RepositoryError::Precondition { .. })), "{odd:?}");
    assert_eq!(told(&good).await.len(), 4);
    Ok(())
}

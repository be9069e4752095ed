//! What decisions cost, as DynamoDB would bill them, and what becomes of them when answers are lost.

mod common;

use common::{Checked, client, cost};
use slo_core::testing::{decision, override_of};
use slo_core::{Decision, DecisionFilter, DecisionId, DecisionRepository as _, RepositoryError};
use slo_dynamo::Store;

#[tokio::test]
async fn a_decision_costs_what_it_weighs() -> Checked {
    let store = Store::builder(client().await).build();
    let decisions = store.decisions();
    // The names and keys of an item, and what it holds; a unit for each kilobyte.
    let units = |made: &Decision| {
        let size = 2 + "decision#2026-11".len() + 2 + 36 + 3 + serde_json::to_string(made).expect("JSON").len();
        u64::try_from(size.div_ceil(1_024)).expect("few") * 1_000
    };
    // The first of a month tells the month.
    assert_eq!(cost(decisions.append(decision(2))).await.1, (2, 0, 1_000 + units(&decision(2))));
    assert_eq!(cost(decisions.append(decision(3))).await.1, (1, 0, units(&decision(3))));
    assert_eq!(cost(store.decisions().append(decision(4))).await.1, (1, 0, units(&decision(4))), "the month is known");
    assert_eq!([units(&decision(2)), units(&decision(3))], [1_000, 2_000], "one objective, and two");
    // Again: refused, and read.
    assert_eq!(cost(decisions.append(decision(2))).await.1, (2, 1_000, 1_000));
    assert_eq!(cost(decisions.get(decision(4).id)).await.1, (1, 1_000, 0));
    // An override looks for its decision first.
    assert_eq!(
        cost(decisions.append_override(decision(4).id, override_of(&decision(4), 1))).await.1,
        (2, 1_000, 1_000)
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
    let decisions = Store::builder(client.clone()).build().decisions();
    let made = decision(1);
    decisions.append(made.clone()).await?;
    let key = [("pk", "decision#2026-11".to_owned()), ("sk", made.id.to_string())];
    let item = key.into_iter().chain([("doc", "{}".to_owned())]);
    let item = item.map(|(name, value)| (name.to_owned(), aws_sdk_dynamodb::types::AttributeValue::S(value)));
    client.put_item().table_name("slo").set_item(Some(item.collect())).send().await?;
    assert!(matches!(decisions.get(made.id).await, Err(RepositoryError::Broken { .. })));
    Ok(())
}

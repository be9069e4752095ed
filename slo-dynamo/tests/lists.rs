//! Long lists, page by page, while others create and delete.

mod common;

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use common::{cost, name, service, stamp};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::to_string;
use slo_core::testing::Sample as _;
use slo_core::{
    AuditAction, AuditEntry, AuditFilter, AuditKind, AuditRepository as _, Filter, Labels, MAX_PAGE, Name, Objective,
    Precondition, RepositoryError, Revision, Service, Stamp,
};
use slo_dynamo::Store;

/// Sent at once when the list is filled.
const AT_ONCE: usize = 32;
/// One in so many is rare.
const RARE: usize = 97;
/// Thousandths of read units that one call may use: a page and one more item, of a kilobyte each. A page
/// of a megabyte would use 256,000, or half of them.
const CALL_MILLI: u64 = 51_000;

/// Of one of two services and of one of three first owners; all have another owner.
fn objective(name: Name, number: usize) -> Objective {
    let mut objective = Objective::bare(name);
    objective.service = common::name(["web", "shop"][number % 2]);
    objective.owners = vec![common::name(["ana", "ben", "eve"][number % 3]), common::name("zoe")];
    if number.is_multiple_of(RARE) {
        let rare = std::iter::once(("kind".to_owned(), "rare".to_owned()));
        objective.labels = Labels::try_from(rare.collect::<std::collections::BTreeMap<_, _>>()).expect("a label");
    }
    objective
}

/// What a list is asked for, which of the lasting ones it shows, and how many calls a page may take.
struct List {
    filter: Filter,
    shows: fn(usize) -> bool,
    calls: u64,
}

fn lists(count: usize) -> [List; 6] {
    let all = Filter::default();
    let label = Some(("kind".to_owned(), "rare".to_owned()));
    // Looks at so many of which few match.
    let looks = u64::try_from(count / MAX_PAGE).expect("few") + 2;
    [
        List { filter: all.clone(), shows: |_| true, calls: 1 },
        List { filter: Filter { service: Some(name("web")), ..all.clone() }, shows: |i| i % 2 == 0, calls: 1 },
        List { filter: Filter { owner: Some(name("ben")), ..all.clone() }, shows: |i| i % 3 == 1, calls: 1 },
        List { filter: Filter { owner: Some(name("zoe")), ..all.clone() }, shows: |_| true, calls: 1 },
        // Names and then what they are of, a hundred at a time; some are gone meanwhile.
        List { filter: Filter { indicator: Some(name("bare-0")), ..all.clone() }, shows: |_| true, calls: 10 },
        List {
            filter: Filter { service: Some(name("web")), label, ..all },
            shows: |i| i % 2 == 0 && i.is_multiple_of(RARE),
            calls: looks,
        },
    ]
}

fn lasting(number: usize) -> Name {
    name(&format!("o{number:05}"))
}

/// Follows a list to its end and gives the names it shows.
async fn walk(service: &Service, List { filter, calls: most, .. }: &List) -> Vec<Name> {
    let mut shown: Vec<Name> = Vec::new();
    let mut after = None;
    loop {
        let (page, (calls, read, _)) = cost(service.list::<Objective>(filter, after, MAX_PAGE)).await;
        let page = page.expect("a list succeeds");
        assert!((1..=*most).contains(&calls), "{calls} calls for a page of {filter:?}");
        assert!(read <= calls * CALL_MILLI, "{calls} calls of {read} milliunits for a page of {filter:?}");
        assert!(page.items.len() <= MAX_PAGE, "{} items of {filter:?}", page.items.len());
        assert!(page.items.iter().all(|item| filter.matches(&item.value)), "{filter:?} shows another");
        shown.extend(page.items.into_iter().map(|item| item.value.name));
        let Some(next) = page.next else { return shown };
        assert_eq!(shown.last(), Some(&next), "where the next page of {filter:?} begins");
        after = Some(next);
    }
}

/// Creates and deletes between the lasting ones until it is told to stop; how often it did.
async fn churn(service: Service, count: usize, stop: &AtomicBool) -> Result<usize, RepositoryError> {
    for round in 0.. {
        // Now here, now there; a few are alive at a time.
        let passing = |round: usize| {
            let number = round * 7_919 % count;
            (name(&format!("o{number:05}-{}", round % 10)), number)
        };
        let (created, number) = passing(round);
        service.objectives.put(objective(created, number), Precondition::Absent, stamp()).await?;
        if let Some(earlier) = round.checked_sub(5) {
            service.objectives.delete(&passing(earlier).0, Precondition::Present, stamp()).await?;
        }
        if stop.load(Relaxed) {
            return Ok(round);
        }
    }
    unreachable!("there is always another round")
}

/// So many objectives are shown once by each list that they belong to, whatever comes and goes.
async fn pages_through(count: usize) -> Result<(), RepositoryError> {
    let service = service().await;
    // In no order.
    let numbers = (0..count).map(|i| i * 7_919 % count);
    let puts = numbers.map(|i| {
        let service = service.clone();
        async move { service.objectives.put(objective(lasting(i), i), Precondition::Absent, stamp()).await.map(drop) }
    });
    stream::iter(puts).buffer_unordered(AT_ONCE).try_collect::<()>().await?;

    let stop = AtomicBool::new(false);
    let walks = async {
        for list in lists(count) {
            let shown = walk(&service, &list).await;
            assert!(shown.is_sorted_by(|a, b| a < b), "{:?} shows one twice or out of order", list.filter);
            let of_old = shown.into_iter().filter(|name| name.as_str().len() == lasting(0).as_str().len());
            let expected: Vec<Name> = (0..count).filter(|i| (list.shows)(*i)).map(lasting).collect();
            assert!(!expected.is_empty());
            assert_eq!(of_old.collect::<Vec<_>>(), expected, "{:?}", list.filter);
        }
        stop.store(true, Relaxed);
    };
    let ((), rounds) = tokio::join!(walks, churn(service.clone(), count, &stop));
    assert!(rounds? > 20, "nothing came and went");
    Ok(())
}

#[tokio::test]
async fn a_long_list_pages_through_while_others_come_and_go() -> Result<(), RepositoryError> {
    pages_through(1_500).await
}

/// So many entries, each of half a kilobyte, as the stores put them; oldest first.
async fn entries(client: &Client, count: i64) -> Result<Vec<AuditEntry>, Box<dyn Error>> {
    let long = |start: &str, number: i64| name(&format!("{start}{number:0>62}"));
    let entry = |number: i64| AuditEntry {
        stamp: Stamp { at: stamp().at + jiff::SignedDuration::from_secs(number), by: Some(long("u", number)) },
        action: if number == 0 { AuditAction::Created } else { AuditAction::ExclusionAdded },
        kind: AuditKind::Objective,
        name: long("n", number),
        part: Some(long("p", number)),
        revision: Some(Revision::FIRST),
        annexed: number.unsigned_abs(),
    };
    let entries: Vec<AuditEntry> = (0..count).map(entry).collect();
    for some in entries.chunks(25) {
        let mut puts = Vec::new();
        for entry in some {
            let texts = [("pk", "audit".to_owned()), ("sk", entry.place().to_string()), ("doc", to_string(entry)?)];
            let item = texts.map(|(name, text)| (name.to_owned(), AttributeValue::S(text)));
            let put = PutRequest::builder().set_item(Some(item.into())).build()?;
            puts.push(WriteRequest::builder().put_request(put).build());
        }
        client.batch_write_item().request_items("slo", puts).send().await?;
    }
    Ok(entries)
}

#[tokio::test]
async fn the_audit_pages_through_megabytes() -> Result<(), Box<dyn Error>> {
    let client = common::client().await;
    let mut entries = entries(&client, 5_300).await?;
    assert!(entries.iter().map(|entry| to_string(entry).map_or(0, |text| text.len())).sum::<usize>() > 1 << 20);
    entries.reverse();
    let audit = Store::builder(client).build().audit();
    // A page costs by what it shows, wherever it begins.
    let (mut shown, mut before) = (Vec::new(), None);
    loop {
        let (page, (calls, read, _)) = cost(audit.list(&AuditFilter::default(), before, MAX_PAGE)).await;
        let page = page?;
        assert_eq!((calls, page.items.len()), (1, MAX_PAGE.min(entries.len() - shown.len())));
        assert!(read <= 30_000, "{read} milliunits for 200 of half a kilobyte");
        shown.extend(page.items);
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert!(shown == entries, "others, or in another order");
    // The oldest is found on the second page: one looks at 5,000 at most.
    let filter = AuditFilter { action: Some(AuditAction::Created), ..AuditFilter::default() };
    let (page, (calls, read, _)) = cost(audit.list(&filter, None, 10)).await;
    let page = page?;
    assert_eq!((page.items, page.next.is_some(), calls), (Vec::new(), true, 10));
    assert!(read <= 650_000, "{read} milliunits for 2.5 MB");
    let (page, (calls, ..)) = cost(audit.list(&filter, page.next, 10)).await;
    let page = page?;
    assert_eq!((&page.items[..], page.next, calls), (&entries[5_299..], None, 1));
    // A span is only looked at where it is.
    let (from, to) = (entries[3_000].stamp.at, entries[2_997].stamp.at);
    let filter = AuditFilter { from: Some(from), to: Some(to), ..AuditFilter::default() };
    let (page, (calls, read, _)) = cost(audit.list(&filter, None, 10)).await;
    assert_eq!((&page?.items[..], calls, read), (&entries[2_998..3_001], 1, 1_000));
    Ok(())
}

#[tokio::test]
#[ignore = "minutes: 10,000 objectives"]
async fn a_list_of_ten_thousand_pages_through_while_others_come_and_go() -> Result<(), RepositoryError> {
    pages_through(10_000).await
}

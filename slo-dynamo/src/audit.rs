//! Who did what, in the definitions table.
//!
//! | Item | `pk` | `sk` | Attributes |
//! |---|---|---|---|
//! | an entry | `audit` | its place: time with nine decimals, kind, name and turn, with `#` between them | `doc` |
//!
//! Nothing else is in that partition, and nobody but the writers of definitions and decisions puts an item there: as one
//! more action of the transaction that writes what the entry tells of, under the condition that there is none. So there
//! are both or neither, whenever a process is killed. The place is made of what is written, so a request that is repeated
//! writes the same entry or nothing. No role may delete one.
//!
//! One partition is enough for what people do. The table has no local index, so there is no limit to what one partition
//! key holds; a partition takes 1,000 write units a second, which is 500 changes a second for ever.
//!
//! A list is a query backward from where the page begins; what does not match is read and left out, for at most
//! [`REQUESTS`] requests a page. It is read strongly consistently.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use slo_core::{AuditEntry, AuditFilter, AuditPage, AuditPlace, AuditRepository, RepositoryError};

use crate::error::Failure;
use crate::item::{Item, key, limit, s, text, unreadable};
use crate::table::SORT_KEY;

/// Where the entries are.
const PARTITION: &str = "audit";
const DOC: &str = "doc";
/// How many queries one page may take.
const REQUESTS: usize = 10;
/// How many entries a query looks at when not all of them will match: a quarter of a megabyte at most.
const LOOK: usize = 500;
/// Below all places, and above all.
const ENDS: [&str; 2] = ["-", "~"];

/// Who did what; written by [`DynamoDefinitions`](crate::DynamoDefinitions) and
/// [`DynamoDecisions`](crate::DynamoDecisions).
#[derive(Clone, Debug)]
pub struct DynamoAudit {
    client: Client,
    table: String,
}

impl DynamoAudit {
    pub(crate) fn new(client: Client, table: &str) -> Self {
        Self { client, table: table.to_owned() }
    }

    async fn page(
        &self,
        filter: &AuditFilter,
        before: Option<AuditPlace>,
        wanted: usize,
    ) -> Result<AuditPage, Failure> {
        let first = filter.from.map_or_else(|| ENDS[0].to_owned(), AuditPlace::time);
        let to = filter.to.map_or_else(|| ENDS[1].to_owned(), AuditPlace::time);
        let last = before.as_ref().map(AuditPlace::as_str).filter(|before| **before < *to).unwrap_or(&to);
        let mut items: Vec<AuditEntry> = Vec::new();
        // `BETWEEN` refuses ends that are none.
        if *first > *last {
            return Ok(AuditPage { items, next: None });
        }
        let rest = AuditFilter { from: None, to: None, ..filter.clone() };
        let all_match = rest == AuditFilter::default();
        // Where to go on: everything from here on was looked at.
        let (mut seen, mut from) = (before.clone(), None);
        for _ in 0..REQUESTS {
            // One more than wanted tells whether there is more, and `BETWEEN` includes `before`.
            let look = if all_match { wanted - items.len() + 2 } else { LOOK };
            let query = self.client.query().table_name(&self.table).consistent_read(true).scan_index_forward(false);
            let query = query
                .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
                .expression_attribute_values(":pk", s(PARTITION))
                .expression_attribute_values(":first", s(first.as_str()))
                .expression_attribute_values(":last", s(last));
            let answer = query.limit(limit(look)).set_exclusive_start_key(from).send().await?;
            for item in answer.items() {
                let (place, entry) = read(item)?;
                if before.as_ref() == Some(&place) {
                    continue;
                }
                if filter.matches(&entry) {
                    if items.len() == wanted {
                        let next = items.last().map(AuditEntry::place);
                        return Ok(AuditPage { items, next });
                    }
                    items.push(entry);
                }
                seen = Some(place);
            }
            from = answer.last_evaluated_key;
            if from.is_none() {
                return Ok(AuditPage { items, next: None });
            }
        }
        Ok(AuditPage { items, next: seen })
    }
}

#[async_trait]
impl AuditRepository for DynamoAudit {
    async fn list(
        &self,
        filter: &AuditFilter,
        before: Option<AuditPlace>,
        limit: usize,
    ) -> Result<AuditPage, RepositoryError> {
        Ok(self.page(filter, before, limit).await?)
    }
}

/// An entry, to be put in the transaction of what it tells of.
pub(crate) fn item(entry: &AuditEntry) -> Result<Item, Failure> {
    let text = serde_json::to_string(entry).map_err(|source| Failure::Value { what: "JSON", source: source.into() })?;
    let mut item = key(PARTITION, entry.place().as_str());
    item.insert(DOC.to_owned(), s(text));
    Ok(item)
}

fn read(item: &Item) -> Result<(AuditPlace, AuditEntry), Failure> {
    let entry: AuditEntry = serde_json::from_str(text(item, DOC)?).map_err(|why| unreadable(item, DOC, why))?;
    let place = entry.place();
    if text(item, SORT_KEY)? == place.as_str() {
        Ok((place, entry))
    } else {
        Err(unreadable(item, DOC, "it is of another place"))
    }
}

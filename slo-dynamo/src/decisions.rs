//! Decisions in the definitions table.
//!
//! | Item | `pk` | `sk` | Attributes |
//! |---|---|---|---|
//! | a decision | `decision#` and its month, `2026-11` | its identifier | `doc` |
//! | an override | the same | the decision's identifier, `#`, its own | `doc` |
//! | a month with decisions | `decision` | the month | |
//!
//! Every item is put once, under the condition that there is none, and never changed nor deleted; a decision or an
//! override in a transaction with its entry of the audit (see `audit`). The month of a
//! decision is in its identifier, so `get` is one query of it and its overrides. A list looks at the months there
//! are, newest first; what does not match is read and left out, for at most [`REQUESTS`] requests a page. A month is
//! told before its first decision, once by each process. Everything is read strongly consistently.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use serde::Serialize;
use serde::de::DeserializeOwned;
use slo_core::{
    AuditEntry, Decision, DecisionFilter, DecisionId, DecisionPage, DecisionRecord, DecisionRepository, Override,
    RepositoryError, Revision,
};

use crate::audit;
use crate::backoff;
use crate::error::Failure;
use crate::item::{Item, key, limit, s, text, unreadable};
use crate::table::SORT_KEY;
use crate::transaction::{self, ABSENT, Outcome, outcome};

/// Where the months are.
const MONTHS: &str = "decision";
const DOC: &str = "doc";
/// How many queries of decisions one page may take.
const REQUESTS: usize = 20;
/// How often a write is begun again because others were at the same items.
const ATTEMPTS: usize = 32;
/// The last sort key of a decision's items begins with its identifier and this.
const AFTER: &str = "~";

/// Decisions and their overrides, each written once.
#[derive(Clone, Debug)]
pub struct DynamoDecisions {
    client: Client,
    table: String,
    /// The months that this process has told.
    told: Arc<Mutex<BTreeSet<String>>>,
}

/// There is something else under that identifier.
const TAKEN: RepositoryError = RepositoryError::Precondition { current: Some(Revision::FIRST) };

impl DynamoDecisions {
    pub(crate) fn new(client: Client, table: &str) -> Self {
        Self { client, table: table.to_owned(), told: Arc::default() }
    }

    /// Puts an item and its entry of the audit, both or neither; whether there was none.
    async fn put(&self, item: Item, entry: &AuditEntry) -> Result<bool, Failure> {
        let entry = audit::item(entry)?;
        for attempt in 0..ATTEMPTS {
            let actions = [item.clone(), entry.clone()].map(|item| transaction::put(&self.table, item, ABSENT));
            let sent = self.client.transact_write_items().set_transact_items(Some(actions.into())).send().await;
            match sent.map_err(outcome) {
                Ok(_) => return Ok(true),
                Err(Outcome::Raced) => return Ok(false),
                // Nothing was written: others were at it.
                Err(Outcome::Busy) => backoff::pause(attempt).await,
                Err(Outcome::Failed(failure)) => return Err(failure),
            }
        }
        Err(Failure::Contended(ATTEMPTS))
    }

    /// Puts the item of a month if there is none.
    async fn put_month(&self, item: Item) -> Result<(), Failure> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        match put.condition_expression(ABSENT).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a month known.
    async fn tell(&self, month: String) -> Result<(), Failure> {
        let known =
            |told: &Mutex<BTreeSet<String>>| told.lock().unwrap_or_else(PoisonError::into_inner).contains(&month);
        if !known(&self.told) {
            self.put_month(key(MONTHS, month.as_str())).await?;
            self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(month);
        }
        Ok(())
    }

    fn query(&self, partition: &str) -> QueryFluentBuilder {
        let query = self.client.query().table_name(&self.table).consistent_read(true);
        query.expression_attribute_values(":pk", s(partition))
    }

    /// A decision and its overrides, which follow it.
    async fn record(&self, id: DecisionId) -> Result<Option<DecisionRecord>, Failure> {
        let (mut items, mut from) = (Vec::new(), None);
        loop {
            let query = self
                .query(&partition(id))
                .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
                .expression_attribute_values(":first", s(id.to_string()))
                .expression_attribute_values(":last", s(format!("{id}{AFTER}")));
            let answer = query.set_exclusive_start_key(from).send().await?;
            items.extend(answer.items.unwrap_or_default());
            from = answer.last_evaluated_key;
            if from.is_none() {
                break;
            }
        }
        let Some((first, others)) = items.split_first() else { return Ok(None) };
        let overrides = others.iter().map(doc).collect::<Result<_, _>>()?;
        Ok(Some(DecisionRecord { decision: doc(first)?, overrides }))
    }

    /// The months with decisions up to one, newest first.
    async fn months(&self, first: &str, last: &str) -> Result<Vec<String>, Failure> {
        let (mut months, mut from) = (Vec::new(), None);
        loop {
            let query = self
                .query(MONTHS)
                .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
                .expression_attribute_values(":first", s(first))
                .expression_attribute_values(":last", s(last));
            let answer = query.scan_index_forward(false).set_exclusive_start_key(from).send().await?;
            for item in answer.items() {
                months.push(text(item, SORT_KEY)?.to_owned());
            }
            from = answer.last_evaluated_key;
            if from.is_none() {
                return Ok(months);
            }
        }
    }

    async fn page(
        &self,
        filter: &DecisionFilter,
        before: Option<DecisionId>,
        wanted: usize,
    ) -> Result<DecisionPage, Failure> {
        // Nothing of the last millisecond is left out: the filter looks closer.
        let last = filter.to.map(|to| to.saturating_add(jiff::SignedDuration::from_millis(1)).unwrap_or(to));
        let last = last.map(DecisionId::first_at);
        let end = [before, last].into_iter().flatten().min();
        let first = filter.from.map(DecisionId::first_at);
        let lowest = first.map_or_else(|| "0".to_owned(), |first| first.to_string());
        let (oldest, newest) =
            (first.map_or_else(|| "0".to_owned(), month), end.map_or_else(|| "9999-99".to_owned(), month));
        let mut found: Vec<DecisionRecord> = Vec::new();
        // `BETWEEN` includes its ends, and refuses those that are none.
        let highest = end.map_or_else(|| AFTER.to_owned(), |end| below(&end.to_string()));
        if oldest > newest || lowest > highest {
            return Ok(DecisionPage { items: found, next: None });
        }
        let mut requests = 0;
        // Where to go on: everything from here on was looked at.
        let mut seen = before;
        for month in self.months(&oldest, &newest).await? {
            // Newest first, overrides come before their decision.
            let mut overrides = Vec::new();
            let mut from = None;
            loop {
                if requests >= REQUESTS && seen != before {
                    return Ok(DecisionPage { items: found, next: seen });
                }
                requests += 1;
                let query = self
                    .query(&format!("{MONTHS}#{month}"))
                    .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
                    .expression_attribute_values(":first", s(lowest.as_str()))
                    .expression_attribute_values(":last", s(highest.as_str()));
                let look = if *filter == DecisionFilter::default() { wanted + 1 - found.len() } else { 200 };
                let query = query.scan_index_forward(false).limit(limit(look)).set_exclusive_start_key(from);
                let answer = query.send().await?;
                for item in answer.items() {
                    if text(item, SORT_KEY)?.contains('#') {
                        overrides.insert(0, doc(item)?);
                        continue;
                    }
                    let record = DecisionRecord { decision: doc(item)?, overrides: std::mem::take(&mut overrides) };
                    if filter.matches(&record.decision) {
                        if found.len() == wanted {
                            let next = found.last().map(|last| last.decision.id);
                            return Ok(DecisionPage { items: found, next });
                        }
                        found.push(record.clone());
                    }
                    seen = Some(record.decision.id);
                }
                from = answer.last_evaluated_key;
                if from.is_none() {
                    break;
                }
            }
        }
        Ok(DecisionPage { items: found, next: None })
    }
}

#[async_trait]
impl DecisionRepository for DynamoDecisions {
    async fn append(&self, decision: Decision) -> Result<(), RepositoryError> {
        let id = decision.id;
        // First, so that no decision is in a month that nobody knows of.
        self.tell(month(id)).await?;
        let entry = AuditEntry::decided(&decision);
        if self.put(item(partition(id), id.to_string(), &decision)?, &entry).await? {
            return Ok(());
        }
        match self.record(id).await? {
            Some(stored) if stored.decision == decision => Ok(()),
            _ => Err(TAKEN),
        }
    }

    async fn append_override(&self, id: DecisionId, granted: Override) -> Result<DecisionRecord, RepositoryError> {
        let missing = RepositoryError::Precondition { current: None };
        let Some(mut record) = self.record(id).await? else { return Err(missing) };
        let item = item(partition(id), format!("{id}#{}", granted.id), &granted)?;
        if !self.put(item, &AuditEntry::overridden(id, &granted)).await? {
            // Under that identifier is another one, or what an earlier attempt wrote.
            record = self.record(id).await?.ok_or(missing)?;
            return if record.overrides.contains(&granted) { Ok(record) } else { Err(TAKEN) };
        }
        let place = record.overrides.partition_point(|other| other.id < granted.id);
        record.overrides.insert(place, granted);
        Ok(record)
    }

    async fn get(&self, id: DecisionId) -> Result<Option<DecisionRecord>, RepositoryError> {
        Ok(self.record(id).await?)
    }

    async fn list(
        &self,
        filter: &DecisionFilter,
        before: Option<DecisionId>,
        limit: usize,
    ) -> Result<DecisionPage, RepositoryError> {
        Ok(self.page(filter, before, limit).await?)
    }
}

/// The month of an identifier, in UTC.
fn month(id: DecisionId) -> String {
    id.at().to_string()[..7].to_owned()
}

fn partition(id: DecisionId) -> String {
    format!("{MONTHS}#{}", month(id))
}

/// A text below another one, and above all that is shorter or less: an identifier ends with a hexadecimal digit.
fn below(text: &str) -> String {
    let (rest, digit) = text.split_at(text.len() - 1);
    let digit = char::from(digit.as_bytes()[0] - 1);
    format!("{rest}{digit}{AFTER}")
}

fn item(partition: String, sort: String, value: &impl Serialize) -> Result<Item, Failure> {
    let text = serde_json::to_string(value).map_err(|source| Failure::Value { what: "JSON", source: source.into() })?;
    let mut item = key(partition, sort);
    item.insert(DOC.to_owned(), s(text));
    Ok(item)
}

fn doc<T: DeserializeOwned>(item: &Item) -> Result<T, Failure> {
    serde_json::from_str(text(item, DOC)?).map_err(|why| unreadable(item, DOC, why))
}

//! Lists: always a query of the one partition that holds what may match, never a scan.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use slo_core::{Definition, Filter, Name, Page, Versioned};

use super::{DynamoDefinitions, item};
use crate::error::Failure;
use crate::item::{Item, MAX_KEYS, get_all, limit, s, text};
use crate::table::{BY_OWNER, BY_SERVICE, Index, SORT_KEY};

/// How many items a query looks at when not all of them will match.
const LOOK: usize = 200;

/// Where a list is read.
enum Route {
    /// The current versions themselves.
    All,
    /// An index, and the partition in it.
    Index(Index, String),
    /// The references to an indicator; they hold names only.
    Uses(String),
}

impl Route {
    /// The narrowest partition, and what of the filter it leaves to be checked.
    fn of<D: Definition>(filter: &Filter) -> (Self, Filter) {
        let mut rest = filter.clone();
        let route = if let Some(indicator) = rest.indicator.take() {
            Self::Uses(item::uses_partition(&indicator))
        } else if let Some(service) = rest.service.take() {
            Self::Index(BY_SERVICE, item::index_key(D::KIND, &service))
        } else if let Some(owner) = rest.owner.take() {
            Self::Index(BY_OWNER, item::index_key(D::KIND, &owner))
        } else {
            Self::All
        };
        (route, rest)
    }
}

impl<D: Definition> DynamoDefinitions<D> {
    pub(super) async fn page(
        &self,
        filter: &Filter,
        after: Option<&Name>,
        wanted: usize,
    ) -> Result<Page<Versioned<D>>, Failure> {
        let (route, rest) = Route::of::<D>(filter);
        let all_match = rest == Filter::default();
        let mut found: Vec<Versioned<D>> = Vec::new();
        let mut from = None;
        // One more than wanted tells whether there is more.
        while found.len() <= wanted {
            let missing = wanted.saturating_add(1) - found.len();
            let look = if all_match { missing } else { missing.max(LOOK) };
            let look = if matches!(route, Route::Uses(_)) { look.min(MAX_KEYS) } else { look };
            let query = self.query(&route, after).limit(limit(look)).set_exclusive_start_key(from);
            let answer = query.send().await?;
            from = answer.last_evaluated_key;
            let mut items = answer.items.unwrap_or_default();
            if matches!(route, Route::Uses(_)) {
                items = self.referred(&items).await?;
            }
            for item in &items {
                let version: Versioned<D> = item::doc(item)?;
                if filter.matches(&version.value) && found.len() <= wanted {
                    found.push(version);
                }
            }
            if from.is_none() {
                break;
            }
        }
        let more = found.len() > wanted;
        found.truncate(wanted);
        let next = found.last().filter(|_| more).map(|last| last.value.name().clone());
        Ok(Page { items: found, next })
    }

    fn query(&self, route: &Route, after: Option<&Name>) -> QueryFluentBuilder {
        let query = self.client.query().table_name(&self.table);
        let (partition_key, partition) = match route {
            Route::All => ("pk", D::KIND.name()),
            Route::Uses(partition) => ("pk", partition.as_str()),
            Route::Index(index, partition) => (index.partition_key, partition.as_str()),
        };
        let query = match route {
            // An index cannot be read consistently.
            Route::Index(index, _) => query.index_name(index.name),
            Route::All | Route::Uses(_) => query.consistent_read(true),
        };
        let query = query.expression_attribute_names("#pk", partition_key);
        let query = query.expression_attribute_values(":pk", s(partition));
        match after {
            None => query.key_condition_expression("#pk = :pk"),
            Some(after) => query
                .key_condition_expression("#pk = :pk AND sk > :after")
                .expression_attribute_values(":after", s(after.as_str())),
        }
    }

    /// The current versions of what refers to an indicator, in order of name.
    async fn referred(&self, references: &[Item]) -> Result<Vec<Item>, Failure> {
        let mut keys = Vec::with_capacity(references.len());
        for reference in references {
            keys.push(crate::item::key(D::KIND.name(), text(reference, SORT_KEY)?));
        }
        let mut items = get_all(&self.client, &self.table, keys, true).await?;
        items.sort_by(|a, b| a[SORT_KEY].as_s().ok().cmp(&b[SORT_KEY].as_s().ok()));
        Ok(items)
    }
}

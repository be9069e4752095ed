//! Definitions as items.

use serde::Serialize;
use serde::de::DeserializeOwned;
use slo_core::{Change, Definition, Kind, Name, Revision, Versioned};

use crate::error::Failure;
use crate::item::{Item, key, n, s, text, unreadable};
use crate::table::{BY_OWNER, BY_SERVICE};

pub(super) const REVISION: &str = "rev";
pub(super) const ANNEXED: &str = "ann";
const DOC: &str = "doc";

/// The key of a name's current version.
pub(super) fn current_key<D: Definition>(name: &Name) -> Item {
    key(D::KIND.name(), name.as_str())
}

/// A name's current version: also what lists by service and by the first owner show.
pub(super) fn current<D: Definition>(version: &Versioned<D>) -> Result<Item, Failure> {
    let value = &version.value;
    let mut item = current_key::<D>(value.name());
    item.insert(REVISION.to_owned(), n(version.revision));
    if version.annexed > 0 {
        item.insert(ANNEXED.to_owned(), n(version.annexed));
    }
    item.insert(DOC.to_owned(), s(json(version)?));
    if let Some(service) = value.service() {
        item.insert(BY_SERVICE.partition_key.to_owned(), s(index_key(D::KIND, service)));
    }
    if let Some(owner) = value.owners().first() {
        item.insert(BY_OWNER.partition_key.to_owned(), s(index_key(D::KIND, owner)));
    }
    Ok(item)
}

/// The partition of a service or an owner in their index.
pub(super) fn index_key(kind: Kind, of: &Name) -> String {
    format!("{kind}#{of}")
}

/// The key of the copy by which a further owner's list shows the definition.
pub(super) fn share_key<D: Definition>(name: &Name, owner: &Name) -> Item {
    key(format!("{}@{owner}", D::KIND), name.as_str())
}

pub(super) fn share<D: Definition>(version: &Versioned<D>, owner: &Name) -> Result<Item, Failure> {
    let mut item = share_key::<D>(version.value.name(), owner);
    item.insert(DOC.to_owned(), s(json(version)?));
    item.insert(BY_OWNER.partition_key.to_owned(), s(index_key(D::KIND, owner)));
    Ok(item)
}

/// Where the versions of a name are, past and present.
pub(super) fn history_partition<D: Definition>(name: &Name) -> String {
    format!("{}#{name}", D::KIND)
}

pub(super) fn history_sort(revision: Revision) -> String {
    format!("R#{:020}", revision.get())
}

/// One version of a name.
pub(super) fn change<D: Definition>(name: &Name, change: &Change<D>) -> Result<Item, Failure> {
    let mut item = key(history_partition::<D>(name), history_sort(change.revision));
    item.insert(DOC.to_owned(), s(json(change)?));
    Ok(item)
}

/// Where the names are whose definitions are measured by an indicator.
pub(super) fn uses_partition(indicator: &Name) -> String {
    format!("uses#{indicator}")
}

/// Says that a definition is measured by an indicator. Names only, so that a new version writes it
/// only when the indicator is another one.
pub(super) fn reference(name: &Name, indicator: &Name) -> Item {
    key(uses_partition(indicator), name.as_str())
}

/// Reads what [`current`], [`share`] or [`change`] wrote.
pub(super) fn doc<T: DeserializeOwned>(item: &Item) -> Result<T, Failure> {
    serde_json::from_str(text(item, DOC)?).map_err(|why| unreadable(item, DOC, why))
}

fn json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|source| Failure::Value { what: "JSON", source: source.into() })
}

//! The two tables: their names, keys and indexes, and their creation for local use.
//!
//! On AWS, Terraform creates them, with point-in-time recovery and deletion protection;
//! [`create_tables`] makes the same keys and indexes on an embedded engine or a local server.

mod create;
mod names;

pub use create::{TableError, create_tables};
pub use names::{TableNameError, TableNames};

/// Partition key of both tables and attribute name, a string.
pub const PARTITION_KEY: &str = "pk";
/// Sort key of both tables and of both indexes, a string.
pub const SORT_KEY: &str = "sk";
/// The attribute of the counts table with the epoch second after which an item may be deleted.
pub const TTL_ATTRIBUTE: &str = "ttl";

/// An index of the definitions table: all attributes, sorted by [`SORT_KEY`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// The name that a query gives.
    pub name: &'static str,
    /// Its partition key; an item without this attribute is not in the index.
    pub partition_key: &'static str,
}

/// Current definitions by service.
pub const BY_SERVICE: Index = Index { name: "by-service", partition_key: "service_key" };
/// Current definitions by owner.
pub const BY_OWNER: Index = Index { name: "by-owner", partition_key: "owner_key" };

#[cfg(all(test, feature = "embedded"))]
mod tests;

//! The repositories of `slo-core` on DynamoDB.
//!
//! ```
//! # #[cfg(feature = "embedded")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use slo_core::{Indicator, IndicatorKind, Stamp};
//! use slo_dynamo::{Store, embedded::Engine, table::{TableNames, create_tables}};
//!
//! // Any client of the SDK will do. On AWS: `slo_dynamo::client::connect(None).await`, which has limits, and
//! // tables made by Terraform.
//! let client = Engine::memory()?.client();
//! let tables = TableNames::with_prefix("prod-")?;
//! create_tables(&client, &tables).await?;
//!
//! let service = Store::builder(client).tables(tables).retention_days(400).build().service();
//! let site = Indicator::new("site".parse()?, "web".parse()?, IndicatorKind::Ratio);
//! let stamp = Stamp { at: "2026-11-20T12:00:00Z".parse()?, by: None };
//! assert_eq!(service.create(site, stamp).await?.revision.get(), 1);
//!
//! // Every hour or so: what a crash has left half done, and finished days of many sources.
//! service.reconcile(3, "2026-11-20T13:00:00Z".parse()?).await?;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "embedded"))] fn main() {}
//! ```
//!
//! | Module or type | What it holds |
//! |---|---|
//! | [`Store`] | the repositories on one pair of tables |
//! | [`DynamoDefinitions`] | indicators, objectives, users and the policy, every version of them |
//! | [`DynamoMeasurements`] | counts by minute, exactly once, and their sums |
//! | [`DynamoDecisions`] | decisions and their overrides, each written once |
//! | [`DynamoAudit`] | who did what: an entry beside each write of the two above |
//! | [`DynamoStates`] | small pieces of state that processes share |
//! | [`client`] | the SDK client for AWS or a DynamoDB-compatible server, with its timeouts |
//! | [`table`] | the two tables: names, keys, indexes, creation for local use |
//! | [`meter`] | what each request cost, as DynamoDB reports it |
//! | `embedded` | a DynamoDB engine inside this process (feature `embedded`) |

mod audit;
mod backoff;
pub mod client;
mod decisions;
mod definitions;
#[cfg(feature = "embedded")]
pub mod embedded;
mod error;
mod item;
mod measurements;
pub mod meter;
mod states;
mod store;
pub mod table;
mod transaction;
mod varint;

pub use audit::DynamoAudit;
pub use decisions::DynamoDecisions;
pub use definitions::DynamoDefinitions;
pub use measurements::DynamoMeasurements;
pub use states::DynamoStates;
pub use store::{RETENTION_DAYS, Store, StoreBuilder};

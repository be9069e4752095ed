//! The whole adapter against the store in memory: any operations, the same answers.
//!
//! `PROPTEST_CASES` raises how many sequences are tried.

#[path = "model/both.rs"]
mod both;
mod common;
#[path = "model/operation.rs"]
mod operation;
#[path = "model/questions.rs"]
mod questions;
#[path = "model/values.rs"]
mod values;

use std::sync::LazyLock;

use both::Both;
use proptest::prelude::*;
use tokio::runtime::Runtime;

/// One for all cases: the engine's threads live on in it.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

/// So many cases, unless `PROPTEST_CASES` says how many.
fn config(cases: u32) -> ProptestConfig {
    let usual = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { usual.cases } else { cases };
    // A case takes most of a second, and shrinking tries thousands.
    ProptestConfig { cases, failure_persistence: None, max_shrink_time: 60_000, ..usual }
}

proptest! {
    #![proptest_config(config(16))]

    #[test]
    fn the_store_answers_like_its_model(operations in operation::operations()) {
        RUNTIME.block_on(async {
            let mut both = Both::new().await?;
            for operation in &operations {
                both.apply(operation).await?;
            }
            both.all().await
        })?;
    }
}

//! Each clause of the contract kit catches the stores that break it.
//!
//! A broken store is a healthy one with one fault. The tables name the clause that must fail for
//! each fault; a clause without a broken store fails the test too.

mod annexes;
mod audit;
mod decisions;
mod definitions;
mod measurements;
mod states;

use std::collections::BTreeSet;

use slo_core::testing::Running;

/// Whether a clause ends without a panic on a store.
async fn keeps<S: Send + Sync + 'static>(store: S, clause: impl FnOnce(&S) -> Running<'_> + Send + 'static) -> bool {
    match tokio::spawn(async move { clause(&store).await }).await {
        Ok(()) => true,
        Err(error) => {
            assert!(error.is_panic(), "the clause was not finished: {error}");
            false
        }
    }
}

/// One fault and what its clause said of the broken and of the healthy store.
struct Row {
    clause: &'static str,
    fault: String,
    broken_passes: bool,
    healthy_passes: bool,
}

/// Every row's clause fails on the broken store and passes on the healthy one; every clause has a row.
fn judge(clauses: &[&str], rows: &[Row]) {
    let mut wrong = Vec::new();
    for row in rows {
        if row.broken_passes {
            wrong.push(format!("{} does not notice {}", row.clause, row.fault));
        }
        if !row.healthy_passes {
            wrong.push(format!("{} fails on a healthy store", row.clause));
        }
    }
    let covered: BTreeSet<&str> = rows.iter().map(|row| row.clause).collect();
    wrong.extend(clauses.iter().filter(|c| !covered.contains(*c)).map(|c| format!("{c} has no broken store")));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

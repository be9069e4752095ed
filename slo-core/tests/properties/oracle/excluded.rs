//! Which minutes are excluded, by asking each exclusion.

use slo_core::{Exclusion, ExclusionMode, Minute};

/// What becomes of a minute; `None` for most.
pub(crate) fn mode(exclusions: &[Exclusion], minute: Minute) -> Option<ExclusionMode> {
    let start = i128::from(minute.get()) * 60_000_000_000;
    let inside = |e: &&Exclusion| e.from.as_nanosecond() <= start && start < e.to.as_nanosecond();
    let modes: Vec<ExclusionMode> = exclusions.iter().filter(inside).map(|e| e.mode).collect();
    if modes.contains(&ExclusionMode::Remove) { Some(ExclusionMode::Remove) } else { modes.first().copied() }
}

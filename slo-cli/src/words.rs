//! Numbers as people say them.

use crate::decimal::grouped;

/// `1 minute`, `2 minutes`, from the plural.
pub(crate) fn counted(count: u64, plural: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { singular(plural) } else { plural })
}

/// `event` of `events`.
pub(crate) fn singular(plural: &str) -> &str {
    plural.strip_suffix('s').unwrap_or(plural)
}

/// Seconds as `1d 2h 3m 4s`.
pub(crate) fn duration(seconds: u64) -> String {
    let parts = [(seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let told: Vec<_> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{}{unit}", grouped(*n))).collect();
    if told.is_empty() { "0s".to_owned() } else { told.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular() {
        assert_eq!(
            [0, 1, 2_000].map(|n| counted(n, "bad events")),
            ["0 bad events", "1 bad event", "2,000 bad events"]
        );
    }

    #[test]
    fn durations_leave_out_zeros() {
        assert_eq!([0, 61, 90_000, 5_644_800].map(duration), ["0s", "1m 1s", "1d 1h", "65d 8h"]);
    }
}

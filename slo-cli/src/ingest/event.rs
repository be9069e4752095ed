//! What an access log tells of one event.

use std::borrow::Cow;
use std::time::Duration;

/// An event of an access log. Texts are as logged, in the format's own escaping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event<'a> {
    /// The status of the answer, 0 if there was none.
    pub(super) status: u16,
    /// The size of the answer, 0 if there was none.
    pub(super) bytes: u64,
    /// How long it took; `None` when that is not known.
    pub(super) duration: Option<Duration>,
    /// The request's method.
    pub(super) method: Cow<'a, str>,
    /// What was asked for: path and query.
    pub(super) path: Cow<'a, str>,
    /// Who asked.
    pub(super) host: Cow<'a, str>,
}

/// Reads a status: three digits.
pub(super) fn status(text: &str) -> Result<u16, String> {
    let digits = text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit());
    let status = digits.then(|| text.parse().ok()).flatten();
    status.ok_or_else(|| format!("the status is {text:?}, not three digits"))
}

/// Reads a status, `-` where nothing was answered.
pub(super) fn status_if_any(text: &str) -> Result<u16, String> {
    if text == "-" { Ok(0) } else { status(text) }
}

/// Reads a size, `-` for none.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    match text {
        "-" => Ok(0),
        digits if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            digits.parse().map_err(|_| format!("too many bytes: {digits}"))
        }
        other => Err(format!("the bytes are {other:?}, neither a number nor `-`")),
    }
}

/// Seconds such as `0.086`, exactly; `None` for what is no such number, or finer than a nanosecond.
pub(super) fn seconds(text: &str) -> Option<Duration> {
    nanoseconds(text, 9)
}

/// Milliseconds such as `86` or `0.5`, likewise.
pub(super) fn milliseconds(text: &str) -> Option<Duration> {
    nanoseconds(text, 6)
}

/// A decimal number of units of `10^places` nanoseconds.
fn nanoseconds(text: &str, places: u32) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let all_digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let missing = places.checked_sub(u32::try_from(fraction.len()).ok()?)?;
    let fraction: u64 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let whole = whole.parse::<u64>().ok()?.checked_mul(10_u64.pow(places))?;
    whole.checked_add(fraction * 10_u64.pow(missing)).map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_exact() {
        for (text, nanoseconds) in [
            ("0", Some(0)),
            ("0.000", Some(0)),
            ("0.086", Some(86_000_000)),
            ("12.000000001", Some(12_000_000_001)),
            ("1.5000000000000", Some(1_500_000_000)),
            ("0.0000000001", None),
            ("-1", None),
            ("", None),
            (".5", None),
            ("1.", None),
            ("1e3", None),
            ("99999999999999", None),
        ] {
            assert_eq!(seconds(text), nanoseconds.map(Duration::from_nanos), "{text}");
        }
        assert_eq!(milliseconds("300.25"), Some(Duration::from_micros(300_250)));
        assert_eq!(milliseconds("0.0000001"), None);
    }

    #[test]
    fn a_status_is_three_digits_or_none() {
        for (text, read) in [("200", Some(200)), ("000", Some(0)), ("-", None), ("20", None), ("+20", None), ("", None)]
        {
            assert_eq!(status(text).ok(), read, "{text}");
        }
        assert_eq!(status_if_any("-"), Ok(0));
    }

    #[test]
    fn sizes_are_counts_or_nothing() {
        for (text, read) in [("0", Some(0)), ("-", Some(0)), ("", None), ("-1", None), ("99999999999999999999", None)] {
            assert_eq!(bytes(text).ok(), read, "{text}");
        }
    }
}

//! Metrics as text: OpenMetrics 1.0, and the format of Prometheus before it (0.0.4).

use std::fmt::{Display, Write as _};

use http::{HeaderMap, header};

/// In which of the two a client is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    OpenMetrics,
    Prometheus,
}

impl Format {
    /// That which the client prefers by its `Accept` (RFC 9110, section 12.5.1); `OpenMetrics` where it has no preference.
    pub(crate) fn preferred(headers: &HeaderMap) -> Self {
        let accept: Vec<&str> =
            headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
        let accept = if accept.is_empty() { "*/*".to_owned() } else { accept.join(",") };
        let open = quality(&accept, "application", "openmetrics-text");
        if quality(&accept, "text", "plain") > open { Self::Prometheus } else { Self::OpenMetrics }
    }

    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// How much a media type is wanted, in thousandths: what the most specific range says that it is in.
fn quality(accept: &str, kind: &str, subtype: &str) -> u16 {
    let range = |range: &str| {
        let mut parts = range.split(';').map(str::trim);
        let (a, b) = parts.next()?.split_once('/')?;
        let is = |given: &str, wanted: &str| given.eq_ignore_ascii_case(wanted);
        let specific = match (is(a, kind), is(b, subtype)) {
            (true, true) => 2,
            (true, false) if b == "*" => 1,
            _ if (a, b) == ("*", "*") => 0,
            _ => return None,
        };
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        Some((specific, weight.map_or(1_000, thousandths)))
    };
    accept.split(',').filter_map(|one| range(one.trim())).max().map_or(0, |(_, weight)| weight)
}

/// `0.5` is 500; what is no weight is none.
fn thousandths(text: &str) -> u16 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.len() <= 3 && fraction.bytes().all(|b| b.is_ascii_digit());
    match whole {
        "1" if fraction.bytes().all(|b| b == b'0') => 1_000,
        "0" if digits => format!("{fraction:0<3}").parse().unwrap_or(0),
        _ => 0,
    }
}

/// What the samples of a family are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Gauge,
    /// One of some states is 1, the others are 0. Its label has the name of the family.
    StateSet,
    /// Labels alone; always 1. Its sample's name ends in `_info`.
    Info,
}

/// A text that grows by family and by sample.
pub(crate) struct Exposition {
    format: Format,
    text: String,
    /// What the samples of the present family are called.
    name: String,
}

impl Exposition {
    pub(crate) const fn new(format: Format) -> Self {
        Self { format, text: String::new(), name: String::new() }
    }

    /// Begins a family. Its name ends in the unit, where there is one; the help is a plain sentence.
    pub(crate) fn family(&mut self, name: &str, kind: Kind, unit: &str, help: &str) {
        let info = if kind == Kind::Info { "_info" } else { "" };
        self.name = format!("{name}{info}");
        let (family, word) = match (self.format, kind) {
            (Format::OpenMetrics, Kind::Gauge) => (name, "gauge"),
            (Format::OpenMetrics, Kind::StateSet) => (name, "stateset"),
            (Format::OpenMetrics, Kind::Info) => (name, "info"),
            // It knows no other kind, and no suffix.
            (Format::Prometheus, _) => (self.name.as_str(), "gauge"),
        };
        self.text.push_str(&format!("# HELP {family} {help}\n# TYPE {family} {word}\n"));
        if self.format == Format::OpenMetrics && !unit.is_empty() {
            self.text.push_str(&format!("# UNIT {family} {unit}\n"));
        }
    }

    /// Adds a sample to the family begun last.
    pub(crate) fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.text.push_str(&self.name);
        for (i, (name, value)) in labels.iter().enumerate() {
            self.text.push_str(if i == 0 { "{" } else { "," });
            self.text.push_str(name);
            self.text.push_str("=\"");
            escape(value, &mut self.text);
            self.text.push('"');
        }
        let end = if labels.is_empty() { "" } else { "}" };
        writeln!(self.text, "{end} {value}").expect("a string takes all that is written to it");
    }

    /// The whole text.
    pub(crate) fn finish(mut self) -> String {
        if self.format == Format::OpenMetrics {
            self.text.push_str("# EOF\n");
        }
        self.text
    }
}

/// As it stands between the quotes of a label; the rules of both formats are the same.
fn escape(value: &str, text: &mut String) {
    for c in value.chars() {
        match c {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_label_is_escaped() {
        for (value, escaped) in
            [("plain", "plain"), ("a\"b", "a\\\"b"), ("a\\", "a\\\\"), ("a\nb\tc\u{1f4a9}", "a\\nb\tc\u{1f4a9}")]
        {
            let mut text = String::new();
            escape(value, &mut text);
            assert_eq!(text, escaped);
        }
    }

    #[test]
    fn a_family_is_written_in_both_formats() {
        let write = |format| {
            let mut text = Exposition::new(format);
            text.family("a_ratio", Kind::Gauge, "ratio", "How much.");
            text.sample(&[], "0.1");
            text.family("b", Kind::StateSet, "", "Which.");
            text.sample(&[("b", "x"), ("of", "\"y\"")], 1);
            text.family("c", Kind::Info, "", "What.");
            text.sample(&[("of", "y")], 1);
            text.finish()
        };
        let open = "# HELP a_ratio How much.\n# TYPE a_ratio gauge\n# UNIT a_ratio ratio\na_ratio 0.1\n\
            # HELP b Which.\n# TYPE b stateset\nb{b=\"x\",of=\"\\\"y\\\"\"} 1\n\
            # HELP c What.\n# TYPE c info\nc_info{of=\"y\"} 1\n# EOF\n";
        assert_eq!(write(Format::OpenMetrics), open);
        let older = "# HELP a_ratio How much.\n# TYPE a_ratio gauge\na_ratio 0.1\n\
            # HELP b Which.\n# TYPE b gauge\nb{b=\"x\",of=\"\\\"y\\\"\"} 1\n\
            # HELP c_info What.\n# TYPE c_info gauge\nc_info{of=\"y\"} 1\n";
        assert_eq!(write(Format::Prometheus), older);
    }

    #[test]
    fn the_client_chooses_the_format() {
        use Format::{OpenMetrics, Prometheus};
        // As Prometheus 3 asks.
        let prometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
            application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        for (accept, format) in [
            (None, OpenMetrics),
            (Some(""), OpenMetrics),
            (Some("*/*"), OpenMetrics),
            (Some("image/png"), OpenMetrics),
            (Some(prometheus), OpenMetrics),
            (Some("text/html, application/xml;q=0.9, */*;q=0.8"), OpenMetrics),
            (Some("text/plain, application/openmetrics-text"), OpenMetrics),
            (Some("text/plain;version=0.0.4"), Prometheus),
            (Some("text/*"), Prometheus),
            (Some("Text/Plain; q=0.3, */*;q=0.1"), Prometheus),
            (Some("*/*, application/openmetrics-text;q=0"), Prometheus),
            (Some("text/plain;q=0, */*"), OpenMetrics),
            (Some("text/plain;q=0.0001"), OpenMetrics),
        ] {
            let headers = accept.map(|accept| (header::ACCEPT, accept.parse().expect("a header")));
            assert_eq!(Format::preferred(&headers.into_iter().collect()), format, "{accept:?}");
        }
    }
}

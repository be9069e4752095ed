//! What the environment says.

use std::env::VarError;

use slo_dynamo::table::TableNames;

/// The variables of the environment that the function itself reads, whatever its features.
pub const VARIABLES: [&str; 5] = [TABLE_PREFIX, NAMESPACE, TOPIC, BASE_PATH, AUTH];

const TABLE_PREFIX: &str = "SLO_TABLE_PREFIX";
const NAMESPACE: &str = "SLO_METRICS_NAMESPACE";
const TOPIC: &str = "SLO_ALERT_TOPIC_ARN";
const BASE_PATH: &str = "SLO_BASE_PATH";
const AUTH: &str = "SLO_AUTH";

/// CloudWatch's namespace when nothing is said.
const DEFAULT_NAMESPACE: &str = "ErrorBudgets";

/// The settings of the function, checked. AWS's own variables (region, credentials, endpoints) are the SDK's.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Settings {
    /// `SLO_TABLE_PREFIX`: how the names of the tables begin.
    pub(super) tables: TableNames,
    /// `SLO_METRICS_NAMESPACE`: where metrics go; set to nothing, there are none.
    pub(super) namespace: Option<String>,
    /// `SLO_ALERT_TOPIC_ARN`: which SNS topic is told of alerts, if any.
    pub(super) topic: Option<String>,
    /// `SLO_BASE_PATH`: the key of the mapping by which a domain of one's own leads to an HTTP API, with its slash.
    pub(super) mapping: String,
    /// `SLO_AUTH`: whether HTTP requests have to show a token (`token`, the default), or whoever reaches the function may
    /// do everything (`none`).
    pub(super) guarded: bool,
    /// `SLO_DATA`: the directory of an embedded store, in builds that have one.
    #[cfg(feature = "embedded")]
    pub(super) data: Option<std::path::PathBuf>,
}

/// A setting that cannot be used, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{variable} cannot be used: {detail}")]
pub(super) struct SettingError {
    variable: &'static str,
    detail: String,
}

impl Settings {
    /// Reads them with a lookup, the environment's for instance.
    pub(super) fn read(lookup: impl Fn(&str) -> Result<String, VarError>) -> Result<Self, SettingError> {
        let text = |variable: &'static str| match lookup(variable) {
            Ok(text) => Ok(Some(text)),
            Err(VarError::NotPresent) => Ok(None),
            Err(error) => Err(SettingError { variable, detail: error.to_string() }),
        };
        let prefix = text(TABLE_PREFIX)?.unwrap_or_default();
        let tables = TableNames::with_prefix(&prefix)
            .map_err(|error| SettingError { variable: TABLE_PREFIX, detail: error.to_string() })?;
        let namespace = text(NAMESPACE)?.unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned());
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_.-/#: ".contains(&b);
        if namespace.len() > 255 || !namespace.bytes().all(allowed) || namespace.starts_with("AWS/") {
            let detail =
                "write at most 255 letters, digits and .-_/#: that do not begin with AWS/, or nothing for no metrics";
            return Err(SettingError { variable: NAMESPACE, detail: detail.to_owned() });
        }
        let topic = text(TOPIC)?.filter(|topic| !topic.is_empty());
        if topic.as_ref().is_some_and(|topic| !(topic.starts_with("arn:") && topic.split(':').nth(2) == Some("sns"))) {
            let detail = "write the ARN of an SNS topic, such as arn:aws:sns:eu-west-1:111122223333:alerts";
            return Err(SettingError { variable: TOPIC, detail: detail.to_owned() });
        }
        let mapping = text(BASE_PATH)?.unwrap_or_default();
        let mapping = mapping.trim_matches('/');
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"$-_.+!*'()/".contains(&b);
        if !mapping.bytes().all(allowed) {
            let detail = "write the path before /api/v1 in the URLs of your domain, such as slo, or nothing";
            return Err(SettingError { variable: BASE_PATH, detail: detail.to_owned() });
        }
        let guarded = match text(AUTH)?.as_deref() {
            None | Some("" | "token") => true,
            Some("none") => false,
            Some(_) => {
                let detail = "write token, or none where something else decides who may reach the function";
                return Err(SettingError { variable: AUTH, detail: detail.to_owned() });
            }
        };
        Ok(Self {
            guarded,
            tables,
            namespace: Some(namespace).filter(|namespace| !namespace.is_empty()),
            topic,
            mapping: if mapping.is_empty() { String::new() } else { format!("/{mapping}") },
            #[cfg(feature = "embedded")]
            data: text("SLO_DATA")?.filter(|data| !data.is_empty()).map(Into::into),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variable: &str, value: &str) -> Result<Settings, String> {
        let lookup = |name: &str| if name == variable { Ok(value.to_owned()) } else { Err(VarError::NotPresent) };
        Settings::read(lookup).map_err(|error| error.to_string())
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let settings = read("", "").expect("all have a default");
        assert_eq!(settings.tables, TableNames::default());
        assert_eq!((settings.namespace.as_deref(), settings.topic), (Some("ErrorBudgets"), None));
        assert_eq!(read("SLO_TABLE_PREFIX", "prod-").expect("a prefix").tables.counts(), "prod-counts");
        assert_eq!(read("SLO_METRICS_NAMESPACE", "").expect("none").namespace, None);
        assert_eq!(settings.mapping, "");
        assert!(settings.guarded && read("SLO_AUTH", "token").expect("a word").guarded);
        assert!(!read("SLO_AUTH", "none").expect("a word").guarded);
        assert_eq!(read("SLO_BASE_PATH", "slo/").expect("a path").mapping, "/slo");
        let topic = "arn:aws-cn:sns:cn-north-1:111122223333:alerts";
        assert_eq!(read("SLO_ALERT_TOPIC_ARN", topic).expect("a topic").topic.as_deref(), Some(topic));
        for (variable, value) in [
            ("SLO_TABLE_PREFIX", "no/slash"),
            ("SLO_METRICS_NAMESPACE", "AWS/Lambda"),
            ("SLO_METRICS_NAMESPACE", "größe"),
            ("SLO_BASE_PATH", "a b"),
            ("SLO_ALERT_TOPIC_ARN", "alerts"),
            ("SLO_AUTH", "None"),
            ("SLO_ALERT_TOPIC_ARN", "arn:aws:sqs:eu-west-1:111122223333:alerts"),
        ] {
            let refused = read(variable, value).expect_err(value);
            assert!(refused.starts_with(variable), "{refused}");
        }
    }
}

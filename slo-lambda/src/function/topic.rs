//! An SNS topic that is told of alerts.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sns::Client;

use aws_sdk_sns::types::MessageAttributeValue;
use jiff::Timestamp;
use serde::Serialize;
use slo_core::{AlertChange, AlertState, Name, Notifier, Ratio, Severity, Shorthand, Source};
use slo_dynamo::client::SdkConfig;
use tokio::time::{Instant, timeout_at};

/// One message may take so long.
const EACH: Duration = Duration::from_secs(2);
/// So much of a round's time is for the record of what was told.
const RECORDING: Duration = Duration::from_millis(1_500);

/// Publishes each change as a message.
pub(super) struct Topic {
    client: Client,
    arn: String,
}

/// The message, as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    kind: &'static str,
    /// For people.
    summary: String,
    /// The same each time that this change is told.
    id: &'a str,
    objective: &'a Name,
    service: &'a Name,
    severity: Severity,
    state: &'static str,
    long_window: Shorthand,
    short_window: Shorthand,
    long_burn_rate: Option<Ratio>,
    short_burn_rate: Option<Ratio>,
    threshold: Ratio,
    since: Timestamp,
    at: Timestamp,
}

impl Topic {
    pub(super) fn new(arn: String, config: &SdkConfig) -> Self {
        Self { client: Client::new(config), arn }
    }
}

/// A topic in one round, which leaves time to record what it was told: what is told and not recorded is told again.
pub(super) struct Telling<'a> {
    topic: &'a Topic,
    until: Instant,
}

impl<'a> Telling<'a> {
    /// For a round that may take so long.
    pub(super) fn new(topic: &'a Topic, left: Duration) -> Self {
        Self { topic, until: Instant::now() + left.saturating_sub(RECORDING) }
    }
}

#[async_trait]
impl Notifier for Telling<'_> {
    async fn notify(&self, change: &AlertChange) -> Result<(), Source> {
        let limit = self.until.min(Instant::now() + EACH);
        timeout_at(limit, self.topic.publish(change)).await?
    }
}

impl Topic {
    async fn publish(&self, change: &AlertChange) -> Result<(), Source> {
        let summary = summary(change);
        // A subject has fewer than 100 characters.
        let subject: String = summary.chars().take(99).collect();
        let message = Message {
            kind: "alertChanged",
            summary,
            id: &change.id,
            objective: &change.objective,
            service: &change.service,
            severity: change.severity,
            state: change.state.name(),
            long_window: change.long_window,
            short_window: change.short_window,
            long_burn_rate: change.long_burn_rate,
            short_burn_rate: change.short_burn_rate,
            threshold: change.threshold,
            since: change.since,
            at: change.at,
        };
        let mut publish = self.client.publish().topic_arn(&self.arn).subject(subject);
        // What subscriptions filter by.
        for (name, value) in [
            ("objective", change.objective.as_str()),
            ("service", change.service.as_str()),
            ("severity", change.severity.name()),
            ("state", change.state.name()),
        ] {
            let value = MessageAttributeValue::builder().data_type("String").string_value(value).build()?;
            publish = publish.message_attributes(name, value);
        }
        // Such a topic keeps the order of each objective's changes and drops what is told twice.
        if self.arn.ends_with(".fifo") {
            publish = publish.message_group_id(change.objective.as_str()).message_deduplication_id(&change.id);
        }
        publish.message(serde_json::to_string(&message)?).send().await?;
        Ok(())
    }
}

/// One sentence for the subject of a mail.
fn summary(change: &AlertChange) -> String {
    let AlertChange { objective, severity, long_window, short_window, .. } = change;
    let severity = severity.name();
    match change.state {
        AlertState::Firing => {
            format!("{severity}: {objective} burns its error budget too fast ({long_window} and {short_window})")
        }
        AlertState::Resolved => {
            format!("resolved: {objective}, {severity} ({long_window} and {short_window})")
        }
    }
}

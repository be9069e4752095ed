//! The measured aspect of behaviour (SLI).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::counts::EventCounts;
use crate::decimal::Decimal;
use crate::name::Name;
use crate::text::{Description, DisplayName, Labels, Text};

/// What is measured, and when an event is good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Indicator {
    /// Its identifier.
    pub name: Name,
    /// How people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<DisplayName>,
    /// What it measures and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// The service it belongs to.
    pub service: Name,
    /// How events become good or bad.
    pub kind: IndicatorKind,
    /// The unit of raw values, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Text<64>>,
    /// Where the numbers come from, as OpenSLO says it.
    #[serde(default, skip_serializing_if = "MetricSource::is_empty")]
    pub metric_source: MetricSource,
    /// Free labels.
    #[serde(default)]
    pub labels: Labels,
    /// The user who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Name>,
}

impl Indicator {
    /// An indicator of that kind, with nothing optional.
    #[must_use]
    pub fn new(name: Name, service: Name, kind: IndicatorKind) -> Self {
        Self {
            name,
            display_name: None,
            description: None,
            service,
            kind,
            unit: None,
            metric_source: MetricSource::default(),
            labels: Labels::default(),
            owner: None,
        }
    }
}

/// The two kinds of indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IndicatorKind {
    /// Good and total events are counted by the sender.
    Ratio,
    /// Raw values are sent and judged here.
    Threshold(Threshold),
}

/// The condition under which a raw value is good: `value op limit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Threshold {
    /// The comparison.
    pub op: Operator,
    /// What is compared with.
    pub value: Decimal,
}

/// OpenSLO's comparison operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operator {
    /// Less than.
    Lt,
    /// Less than or equal.
    Lte,
    /// Greater than.
    Gt,
    /// Greater than or equal.
    Gte,
}

impl Operator {
    /// All, with their names on the wire.
    pub const ALL: [(&'static str, Self); 4] =
        [("lt", Self::Lt), ("lte", Self::Lte), ("gt", Self::Gt), ("gte", Self::Gte)];

    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lt => "lt",
            Self::Lte => "lte",
            Self::Gt => "gt",
            Self::Gte => "gte",
        }
    }
}

impl Threshold {
    /// Whether a value is good. Both are exact decimals, so `0.3` is not above `0.3`.
    ///
    /// ```
    /// use slo_core::{Operator, Threshold};
    ///
    /// let fast = Threshold { op: Operator::Lte, value: "0.3".parse()? };
    /// assert!(fast.is_good("0.3".parse()?));
    /// assert_eq!(fast.judge(&["0.1".parse()?, "0.30000000000000004".parse()?]).bad(), 1);
    /// # Ok::<(), slo_core::DecimalError>(())
    /// ```
    #[must_use]
    pub fn is_good(&self, value: Decimal) -> bool {
        match self.op {
            Operator::Lt => value < self.value,
            Operator::Lte => value <= self.value,
            Operator::Gt => value > self.value,
            Operator::Gte => value >= self.value,
        }
    }

    /// Good and total of some values.
    #[must_use]
    pub fn judge(&self, values: &[Decimal]) -> EventCounts {
        let one = |good| EventCounts::new(u64::from(good), 1).expect("one event");
        values.iter().map(|value| one(self.is_good(*value))).sum()
    }
}

/// OpenSLO's metric sources by their role (`good`, `bad`, `total`, `threshold`), kept as given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MetricSource(pub BTreeMap<MetricRole, MetricQuery>);

impl MetricSource {
    /// Whether none is given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What a metric query counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MetricRole {
    /// Good events.
    Good,
    /// Bad events.
    Bad,
    /// All events.
    Total,
    /// Raw values.
    Threshold,
}

impl MetricRole {
    /// All, with their names on the wire.
    pub const ALL: [(&'static str, Self); 4] =
        [("good", Self::Good), ("bad", Self::Bad), ("total", Self::Total), ("threshold", Self::Threshold)];
}

/// The longest [`MetricQuery::spec`], in bytes: four of them fit any store's item with room to spare.
pub const MAX_SPEC_BYTES: usize = 16_384;

/// One query against a source of metrics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricQuery {
    /// The kind of source, `Prometheus` for instance.
    #[serde(rename = "type")]
    pub kind: Text<256>,
    /// The text of a JSON object that only a collector for that kind of source understands; at most
    /// [`MAX_SPEC_BYTES`].
    pub spec: String,
}

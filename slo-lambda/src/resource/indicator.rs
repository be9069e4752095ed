//! `/indicators`

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use slo_core::{
    Decimal, Description, DisplayName, Fault, Indicator, IndicatorKind, Labels, MAX_SPEC_BYTES, MetricQuery,
    MetricRole, MetricSource, Name, Operator, Reference, Text, Threshold, Versioned,
};
use utoipa::ToSchema;

use super::definition::{Resource, definition_routes, item};
use crate::edge::fields::{At, Faults, Fields, choice, decimal, text};
use crate::edge::links::{Base, Links};
use slo_core::Json;

/// A measured aspect of behaviour (SLI).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Indicator)]
pub(crate) struct IndicatorDto {
    /// The identifier: an RFC 1123 label.
    #[schema(value_type = String, pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", example = "site")]
    name: Name,
    /// How people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 256)]
    display_name: Option<DisplayName>,
    /// What it measures and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 1050)]
    description: Option<Description>,
    /// The service it belongs to.
    #[schema(value_type = String, example = "web")]
    service: Name,
    /// How events become good: counted by the sender, or judged here.
    kind: KindDto,
    /// The unit of raw values.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 64)]
    unit: Option<Text<64>>,
    /// Needed when kind is threshold: a value is good when `value op threshold.value`.
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<ThresholdDto>,
    /// OpenSLO's metric sources, kept as given.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(required = false)]
    metric_source: BTreeMap<&'static str, MetricQueryDto>,
    /// Free labels.
    #[serde(skip_serializing_if = "no_labels")]
    #[schema(value_type = BTreeMap<String, String>, required = false)]
    labels: Labels,
    /// The user who answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    owner: Option<Name>,
    /// When it was created.
    #[schema(read_only)]
    created_at: Timestamp,
    /// When this revision was written.
    #[schema(read_only)]
    updated_at: Timestamp,
    /// The revision; its ETag.
    #[schema(read_only)]
    revision: u64,
    /// What can be done next.
    #[schema(read_only)]
    links: Links,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = IndicatorKind)]
enum KindDto {
    Ratio,
    Threshold,
}

/// The condition under which a value is good.
#[derive(Serialize, ToSchema)]
#[schema(as = Threshold)]
struct ThresholdDto {
    /// lt, lte, gt or gte.
    #[schema(value_type = String, example = "lte")]
    op: Operator,
    /// The limit, an exact decimal.
    #[schema(value_type = f64, example = 300)]
    value: Box<RawValue>,
}

/// A query against a source of metrics.
#[derive(Serialize, ToSchema)]
#[schema(as = MetricQuery)]
struct MetricQueryDto {
    /// The kind of source.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "Prometheus")]
    kind: Text<256>,
    /// What a collector for it understands.
    #[schema(value_type = Object)]
    spec: Box<RawValue>,
}

pub(super) fn no_labels(labels: &Labels) -> bool {
    labels.pairs().is_empty()
}

/// Text that is JSON already.
fn raw(text: String) -> Box<RawValue> {
    RawValue::from_string(text).unwrap_or_default()
}

impl Resource for Indicator {
    type Dto = IndicatorDto;

    const SCHEMA: &'static str = "Indicator";

    fn show(stored: &Versioned<Self>, links: Links) -> IndicatorDto {
        let value = stored.value.clone();
        let (kind, threshold) = match value.kind {
            IndicatorKind::Ratio => (KindDto::Ratio, None),
            IndicatorKind::Threshold(Threshold { op, value }) => {
                (KindDto::Threshold, Some(ThresholdDto { op, value: raw(value.to_string()) }))
            }
        };
        let role = |role: MetricRole| MetricRole::ALL.iter().find(|(_, r)| *r == role).map_or("", |(word, _)| word);
        let query = |(r, query): (MetricRole, MetricQuery)| {
            (role(r), MetricQueryDto { kind: query.kind, spec: raw(query.spec) })
        };
        IndicatorDto {
            name: value.name,
            display_name: value.display_name,
            description: value.description,
            service: value.service,
            kind,
            unit: value.unit,
            threshold,
            metric_source: value.metric_source.0.into_iter().map(query).collect(),
            labels: value.labels,
            owner: value.owner,
            created_at: stored.created_at,
            updated_at: stored.updated.at,
            revision: stored.revision.get(),
            links,
        }
    }

    fn read(
        name: Option<Name>,
        fields: &mut Fields<'_>,
        faults: &mut Faults,
        _references: &mut Vec<Reference>,
    ) -> Option<Self> {
        let display_name = fields.optional("displayName", faults, text);
        let description = fields.optional("description", faults, text);
        let service = fields.required("service", faults, text);
        let kind = fields.required("kind", faults, choice([("ratio", false), ("threshold", true)]));
        let unit = fields.optional("unit", faults, text);
        let threshold = fields.optional("threshold", faults, threshold);
        let metric_source = fields.optional("metricSource", faults, metric_source);
        let labels = fields.optional("labels", faults, labels);
        let owner = fields.optional("owner", faults, text);
        let kind = match (kind?, threshold?) {
            (false, None) => IndicatorKind::Ratio,
            (true, Some(threshold)) => IndicatorKind::Threshold(threshold),
            (true, None) => {
                faults.push(Fault::new(
                    "/threshold",
                    "required",
                    "a threshold indicator says which values are good: op and value",
                ));
                return None;
            }
            (false, Some(_)) => {
                faults.push(Fault::new(
                    "/threshold",
                    "notAllowed",
                    "a ratio indicator has no threshold; leave it out or set kind to threshold",
                ));
                return None;
            }
        };
        Some(Self {
            name: name?,
            display_name: display_name?,
            description: description?,
            service: service?,
            kind,
            unit: unit?,
            metric_source: metric_source?.unwrap_or_default(),
            labels: labels?.unwrap_or_default(),
            owner: owner?,
        })
    }

    fn links(name: &Name, base: &Base, links: Links) -> Links {
        let measurements = base.href(&format!("{}/measurements", item::<Self>(name)));
        links
            .add("measurements", "GET", measurements.clone())
            .add(
                "suggestedTarget",
                "GET",
                base.href(&format!("{}/suggested-target?timeWindow=28d", item::<Self>(name))),
            )
            .add_with_body("record", "POST", measurements, "MeasurementBatch")
            .add_with_body("promise", "POST", base.href("/api/v1/objectives"), "Objective")
    }
}

fn threshold(at: At<'_>, faults: &mut Faults) -> Option<Threshold> {
    let mut fields = Fields::open(at, faults)?;
    let op = fields.required("op", faults, choice(Operator::ALL));
    let value = fields.required("value", faults, decimal::<Decimal>);
    fields.close(faults);
    Some(Threshold { op: op?, value: value? })
}

fn metric_source(at: At<'_>, faults: &mut Faults) -> Option<MetricSource> {
    let mut fields = Fields::open(at, faults)?;
    let mut queries = BTreeMap::new();
    let mut whole = true;
    for (word, role) in MetricRole::ALL {
        match fields.optional(word, faults, metric_query) {
            Some(query) => queries.extend(query.map(|query| (role, query))),
            None => whole = false,
        }
    }
    fields.close(faults);
    whole.then_some(MetricSource(queries))
}

fn metric_query(at: At<'_>, faults: &mut Faults) -> Option<MetricQuery> {
    let mut fields = Fields::open(at, faults)?;
    let kind = fields.required("type", faults, text);
    let spec = fields.required("spec", faults, |at, faults| {
        Fields::open(at, faults)?;
        let spec = at.json.to_string();
        let fits = spec.len() <= MAX_SPEC_BYTES;
        if !fits {
            let detail =
                format!("a spec is at most {MAX_SPEC_BYTES} bytes; keep the query where it runs and name it here");
            faults.push(Fault::new(at.pointer, "tooLong", detail));
        }
        fits.then_some(spec)
    });
    fields.close(faults);
    Some(MetricQuery { kind: kind?, spec: spec? })
}

pub(super) fn labels(at: At<'_>, faults: &mut Faults) -> Option<Labels> {
    let mut pairs = BTreeMap::new();
    let mut valid = true;
    for (key, json) in Fields::open(at, faults)?.rest() {
        match json {
            // Each pair is judged by itself, so that every fault is named at its place.
            Json::String(value) => match Labels::try_from(BTreeMap::from([(key.to_owned(), value.clone())])) {
                Ok(_) => drop(pairs.insert(key.to_owned(), value.clone())),
                Err(error) => {
                    valid = false;
                    faults.push(Fault::new(at.child(key), "invalid", error));
                }
            },
            other => {
                valid = false;
                faults.push(Fault::new(
                    at.child(key),
                    "wrongType",
                    format!("write a string here, not {}", other.kind()),
                ));
            }
        }
    }
    if !valid {
        return None;
    }
    Labels::try_from(pairs).map_err(|error| faults.push(Fault::new(at.pointer, "invalid", error))).ok()
}

definition_routes!(Indicator, IndicatorDto, "indicators", "/api/v1/indicators", "/api/v1/indicators/{name}");

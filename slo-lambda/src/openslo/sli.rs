//! `SLI`: an indicator.

use slo_core::{Fault, Json, MetricRole};

use super::NOT_KEPT;
use super::annotation::{METRIC_SOURCE, OWNER, SERVICE, THRESHOLD_OP, THRESHOLD_VALUE, UNIT};
use super::body::{Body, Given, below, given, refuse};
use super::metadata::Metadata;
use crate::edge::fields::{At, Faults, Fields, boolean};

/// An SLI, as a body of ours that may still lack its service and its threshold.
#[derive(Debug)]
pub(crate) struct Sli {
    pub(crate) body: Body,
    /// The comparison and what is compared with, where annotations say it.
    pub(crate) threshold: (Option<Given>, Option<Given>),
    pub(crate) is_threshold: bool,
    /// Where its service stands or would stand.
    pub(crate) service_place: String,
    /// Where its spec stands.
    pub(crate) spec: String,
}

/// Reads an SLI's metadata and spec.
pub(crate) fn sli(metadata: Option<Metadata>, spec: At<'_>, faults: &mut Faults) -> Option<Sli> {
    let mut body = Body::default();
    let nameless = metadata.as_ref().is_none_or(|metadata| metadata.name.is_none());
    let mut metadata = metadata.unwrap_or_default();
    metadata.tell(&mut body);
    let mut fields = Fields::open(spec, faults)?;
    body.take("description", fields.optional("description", faults, given).flatten());
    let ratio = fields.optional("ratioMetric", faults, given).flatten();
    let threshold = fields.optional("thresholdMetric", faults, given).flatten();
    fields.close(faults);
    let is_threshold = ratio.is_none() && threshold.is_some();
    let mut sources = Vec::new();
    let kind = match (ratio, threshold) {
        (Some(ratio), None) => {
            ratio_metric(&ratio, &mut body, &mut sources, faults);
            "ratio"
        }
        (None, Some(threshold)) => {
            let mut fields = Fields::open(threshold.at(), faults)?;
            metric_source(&mut fields, MetricRole::Threshold, &mut body, &mut sources, faults);
            fields.close(faults);
            "threshold"
        }
        (ratio, _) => {
            let why = "write either ratioMetric or thresholdMetric";
            let place = ratio.map_or_else(|| spec.pointer.to_owned(), |ratio| ratio.pointer);
            faults.push(Fault::new(place, "required", why));
            "ratio"
        }
    };
    body.make("kind", Json::String(kind.to_owned()), spec.pointer);
    let mut annotations = metadata.annotations;
    let service_place = annotations.place(SERVICE);
    annotations.text(SERVICE, &mut body, "service");
    if nameless && !body.has("service") {
        // Nothing can use it by its name, so nothing else can say whose it is.
        body.filled("service", Some(Json::String("x".to_owned())));
    }
    annotations.text(UNIT, &mut body, "unit");
    annotations.text(OWNER, &mut body, "owner");
    let threshold = (annotations.take(THRESHOLD_OP), annotations.take(THRESHOLD_VALUE));
    if let Some(more) = annotations.take(METRIC_SOURCE) {
        other_sources(&more, &mut body, &mut sources, faults);
    }
    if !sources.is_empty() {
        body.make("metricSource", Json::Object(sources), spec.pointer);
    }
    annotations.close(faults);
    Some(Sli { body, threshold, is_threshold, service_place, spec: spec.pointer.to_owned() })
}

type Sources = Vec<(String, Json)>;

fn ratio_metric(ratio: &Given, body: &mut Body, sources: &mut Sources, faults: &mut Faults) {
    let Some(mut fields) = Fields::open(ratio.at(), faults) else { return };
    let place = fields.pointer("counter");
    if fields.required("counter", faults, boolean) == Some(false) {
        let why = "good and total are counts of events here, and counts only grow: write true, and queries that count";
        faults.push(Fault::new(place, NOT_KEPT, why));
    }
    let why = "a ratio that was computed elsewhere has no events to count: write good (or bad) and total";
    refuse(&mut fields, faults, &[("raw", why), ("rawType", why)]);
    for (role, word) in [(MetricRole::Good, "good"), (MetricRole::Bad, "bad"), (MetricRole::Total, "total")] {
        let Some(metric) = fields.optional(word, faults, given).flatten() else { continue };
        if role == MetricRole::Bad && sources.iter().any(|(role, _)| role == "good") {
            faults.push(metric.fault("invalid", "good and bad are one too many: keep one of them"));
            continue;
        }
        let Some(mut inner) = Fields::open(metric.at(), faults) else { continue };
        metric_source(&mut inner, role, body, sources, faults);
        inner.close(faults);
    }
    fields.close(faults);
}

fn metric_source(
    fields: &mut Fields<'_>,
    role: MetricRole,
    body: &mut Body,
    sources: &mut Sources,
    faults: &mut Faults,
) {
    let Some(source) = fields.optional("metricSource", faults, given).flatten() else { return };
    let Json::Object(mut members) = source.json else {
        faults.push(At { json: &source.json, pointer: &source.pointer }.wrong("an object"));
        return;
    };
    if let Some(at) = members.iter().position(|(name, _)| name == "metricSourceRef") {
        let why =
            "data sources are not kept here: write the type and spec of the source itself, and remove the reference";
        faults.push(Fault::new(below(&source.pointer, "metricSourceRef"), NOT_KEPT, why));
        members.remove(at);
        // The type would come from the reference.
        if members.iter().all(|(name, _)| name != "type") {
            return;
        }
    }
    let word = MetricRole::ALL.iter().find(|(_, known)| *known == role).map_or("", |(word, _)| word);
    sources.push((word.to_owned(), Json::Object(members)));
    body.origin(&format!("metricSource/{word}"), source.pointer, true);
}

/// The metric sources of roles for which the metric has no place, from the text of a JSON object.
fn other_sources(more: &Given, body: &mut Body, sources: &mut Sources, faults: &mut Faults) {
    let Some(Ok(Json::Object(members))) = more.json.text().map(|text| Json::parse(text.as_bytes())) else {
        let why = "write a JSON object of metric sources by their role, such as {\"bad\":{\"type\":\"…\",\"spec\":{}}}";
        faults.push(more.fault("invalid", why));
        return;
    };
    for (role, source) in members {
        if sources.iter().any(|(known, _)| *known == role) {
            faults.push(more.fault("repeated", format!("the metric source {role} stands in spec already; keep one")));
            continue;
        }
        body.origin(&format!("metricSource/{role}"), more.pointer.clone(), false);
        sources.push((role, source));
    }
}

//! Definitions as documents of OpenSLO.

use slo_core::{
    AlertCondition, Error, Filter, Indicator, IndicatorKind, Json, MAX_PAGE, Managed, Name, Objective, ServiceProfile,
    Versioned,
};

use super::VERSION;
use super::annotation::{
    ASPIRATIONAL, BUDGET_FRACTION, COVERAGE_FLOOR, METRIC_SOURCE, MINIMUM_EVENTS, NO_DATA, OWNER, OWNERS, PUBLIC_BADGE,
    SERVICE, SHORT_WINDOW, SLA_DESCRIPTION, SLA_TARGET, THRESHOLD_OP, THRESHOLD_VALUE, UNIT, WARNING_THRESHOLD,
};
use crate::App;
use crate::edge::links::Links;
use crate::edge::problem::Problem;
use crate::resource::definition::Resource;

/// The documents of all definitions, or of one service: services, SLIs and SLOs, each in order of name. The SLIs that the
/// SLOs use are there too, whatever their service.
pub(crate) async fn export(app: &App, service: Option<Name>) -> Result<Vec<Json>, Problem> {
    let filter = Filter { service, ..Filter::default() };
    let objectives = all::<Objective>(app, &filter).await?;
    let mut indicators = all::<Indicator>(app, &filter).await?;
    for objective in &objectives {
        let name = &objective.value.series.indicator;
        if indicators.iter().all(|indicator| indicator.value.name != *name) {
            // One that was deleted since is missed where the objective is read.
            indicators.extend(app.service.indicators.get(name).await.map_err(Error::from)?);
        }
    }
    indicators.sort_by(|one, other| one.value.name.cmp(&other.value.name));
    let mut documents = Vec::new();
    for profile in &profiles(app, &filter).await? {
        let shown = shown(profile)?;
        documents.push(document("Service", &shown, Members::new(), Members::new().same(&shown, "description")));
    }
    for indicator in &indicators {
        documents.push(sli(indicator)?);
    }
    for objective in &objectives {
        let indicator = indicators.iter().find(|one| one.value.name == objective.value.series.indicator);
        documents.push(slo(objective, indicator)?);
    }
    Ok(documents)
}

/// The services that have a profile, or the one.
async fn profiles(app: &App, filter: &Filter) -> Result<Vec<Versioned<ServiceProfile>>, Error> {
    match &filter.service {
        Some(name) => Ok(app.service.services.get(name).await?.into_iter().collect()),
        None => all(app, filter).await,
    }
}

async fn all<D: Managed>(app: &App, filter: &Filter) -> Result<Vec<Versioned<D>>, Error> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = app.service.list::<D>(filter, after, MAX_PAGE).await?;
        found.extend(page.items);
        after = page.next;
        if after.is_none() {
            return Ok(found);
        }
    }
}

/// What the API shows of a definition.
pub(crate) fn shown<D: Resource>(stored: &Versioned<D>) -> Result<Json, Problem> {
    let text = serde_json::to_vec(&D::show(stored, Links::default())).map_err(|_| Problem::internal())?;
    Json::parse(&text).map_err(|_| Problem::internal())
}

/// An object of what is there.
struct Members(Vec<(String, Json)>);

impl Members {
    const fn new() -> Self {
        Self(Vec::new())
    }

    fn with(mut self, name: &str, value: impl Into<Option<Json>>) -> Self {
        self.0.extend(value.into().map(|value| (name.to_owned(), value)));
        self
    }

    /// A member of the same name, as it is.
    fn same(self, from: &Json, name: &str) -> Self {
        let value = from.get(name).cloned();
        self.with(name, value)
    }

    /// An annotation: its text.
    fn text(self, name: &str, value: Option<&Json>) -> Self {
        let text = value.map(|value| value.text().map_or_else(|| value.to_string(), str::to_owned));
        self.with(name, text.map(Json::String))
    }

    /// `None` when nothing is there.
    fn some(self) -> Option<Json> {
        (!self.0.is_empty()).then_some(Json::Object(self.0))
    }

    fn object(self) -> Json {
        Json::Object(self.0)
    }
}

fn word(text: &str) -> Json {
    Json::String(text.to_owned())
}

fn document(kind: &str, shown: &Json, annotations: Members, spec: Members) -> Json {
    let metadata = Members::new()
        .same(shown, "name")
        .same(shown, "displayName")
        .same(shown, "labels")
        .with("annotations", annotations.some());
    Members::new()
        .with("apiVersion", word(VERSION))
        .with("kind", word(kind))
        .with("metadata", metadata.object())
        .with("spec", spec.object())
        .object()
}

fn sli(indicator: &Versioned<Indicator>) -> Result<Json, Problem> {
    let shown = shown(indicator)?;
    // Roles for which the metric has a place; OpenSLO takes one of good and bad.
    let places: &[&str] = match (indicator.value.kind, shown.at(&["metricSource", "good"])) {
        (IndicatorKind::Threshold(_), _) => &["threshold"],
        (IndicatorKind::Ratio, Some(_)) => &["good", "total"],
        (IndicatorKind::Ratio, None) => &["bad", "total"],
    };
    let (mut placed, mut others) = (Members::new(), Members::new());
    if let Some(Json::Object(sources)) = shown.get("metricSource") {
        for (role, source) in sources {
            if !places.contains(&role.as_str()) {
                others = others.with(role, source.clone());
            } else if role == "threshold" {
                placed = placed.with("metricSource", source.clone());
            } else {
                placed = placed.with(role, Members::new().with("metricSource", source.clone()).object());
            }
        }
    }
    let spec = Members::new().same(&shown, "description");
    let spec = match indicator.value.kind {
        IndicatorKind::Threshold(_) => spec.with("thresholdMetric", placed.object()),
        IndicatorKind::Ratio => {
            let mut counted = Members::new().with("counter", Json::Bool(true));
            counted.0.extend(placed.0);
            spec.with("ratioMetric", counted.object())
        }
    };
    let others = others.some();
    let annotations = Members::new()
        .text(SERVICE, shown.get("service"))
        .text(OWNER, shown.get("owner"))
        .text(UNIT, shown.get("unit"))
        .text(THRESHOLD_OP, shown.at(&["threshold", "op"]))
        .text(THRESHOLD_VALUE, shown.at(&["threshold", "value"]))
        .text(METRIC_SOURCE, others.as_ref());
    Ok(document("SLI", &shown, annotations, spec))
}

fn slo(objective: &Versioned<Objective>, indicator: Option<&Versioned<Indicator>>) -> Result<Json, Problem> {
    let shown = shown(objective)?;
    let threshold = match indicator.map(|indicator| indicator.value.kind) {
        Some(IndicatorKind::Threshold(threshold)) => Some(threshold),
        _ => None,
    };
    let one = Members::new()
        .with("op", threshold.map(|threshold| word(threshold.op.name())))
        .with("value", threshold.map(|threshold| Json::Number(threshold.value.to_string())))
        .same(&shown, "target")
        .same(&shown, "timeSliceTarget")
        .same(&shown, "timeSliceWindow");
    let policy = objective.value.alert_policy.as_ref();
    let policies = policy.map(|policy| {
        let conditions =
            policy.conditions.iter().zip(shown.at(&["alertPolicy"]).map_or(&[][..], |p| p.items("conditions")));
        let place = conditions.enumerate();
        Json::Array(place.map(|(i, (condition, shown))| alert_policy(objective, i, condition, shown)).collect())
    });
    let spec = Members::new()
        .same(&shown, "description")
        .same(&shown, "service")
        .with("indicatorRef", shown.get("indicator").cloned())
        .with("timeWindow", shown.get("timeWindow").map(|window| Json::Array(vec![window.clone()])))
        .same(&shown, "budgetingMethod")
        .with("objectives", Json::Array(vec![one.object()]))
        .with("alertPolicies", policies);
    let owners: Vec<&str> = shown.items("owners").iter().filter_map(Json::text).collect();
    let owners = (!owners.is_empty()).then(|| word(&owners.join(",")));
    let no_data = shown.get("noData").filter(|word| word.text() != Some("ignore"));
    let floor = shown.at(&["alertPolicy", "coverageFloor"]).filter(|floor| floor.text() != Some("0.9"));
    let annotations = Members::new()
        .text(OWNERS, owners.as_ref())
        .text(NO_DATA, no_data)
        .text(WARNING_THRESHOLD, shown.get("warningThreshold"))
        .text(SLA_TARGET, shown.at(&["sla", "target"]))
        .text(SLA_DESCRIPTION, shown.at(&["sla", "description"]))
        .text(COVERAGE_FLOOR, floor)
        .text(ASPIRATIONAL, shown.get("aspirational"))
        .text(PUBLIC_BADGE, shown.get("publicBadge"));
    Ok(document("SLO", &shown, annotations, spec))
}

/// A policy of one condition, where it is used.
fn alert_policy(objective: &Versioned<Objective>, i: usize, condition: &AlertCondition, shown: &Json) -> Json {
    // OpenSLO wants names; they are made anew each time, and fit however long the SLO's is.
    let slo: String = objective.value.name.as_str().chars().take(Name::MAX_LENGTH - 12).collect();
    let name = |what: &str| Members::new().with("name", word(&format!("{slo}-{what}-{}", i + 1)));
    let threshold = match shown.get("threshold") {
        Some(threshold) => Some(threshold.clone()),
        None => condition.factor_in(&objective.value.time_window).map(|k| Json::Number(k.to_string())),
    };
    let annotations = Members::new()
        .text(SHORT_WINDOW, shown.get("shortWindow"))
        .text(BUDGET_FRACTION, shown.get("budgetFraction"))
        .text(MINIMUM_EVENTS, shown.get("minimumEvents"));
    let burn_rate = Members::new()
        .with("kind", word("burnrate"))
        .with("op", word("gt"))
        .with("threshold", threshold)
        .with("lookbackWindow", shown.get("longWindow").cloned())
        .with("alertAfter", word("0m"));
    let watched = Members::new()
        .with("kind", word("AlertCondition"))
        .with("metadata", name("condition").with("annotations", annotations.some()).object())
        .with("spec", Members::new().same(shown, "severity").with("condition", burn_rate.object()).object());
    let spec = Members::new()
        .with("alertWhenBreaching", Json::Bool(true))
        .with("alertWhenResolved", Json::Bool(true))
        .with("alertWhenNoData", Json::Bool(false))
        .with("conditions", Json::Array(vec![watched.object()]))
        .with("notificationTargets", Json::Array(Vec::new()));
    Members::new()
        .with("kind", word("AlertPolicy"))
        .with("metadata", name("alert").object())
        .with("spec", spec.object())
        .object()
}

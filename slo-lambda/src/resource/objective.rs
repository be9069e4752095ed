//! `/objectives`

use jiff::Timestamp;
use serde::Serialize;
use slo_core::{
    BudgetingMethod, Change, Description, DisplayName, Error, Evaluation, Fault, Kind, Labels, MAX_OWNERS, Name,
    NoData, Objective, PartsPerBillion, Ratio, Reference, Revision, RollingWindow, Series, Shorthand, Sla, SliceWidth,
    Target, TimeWindow, Versioned, WhatIf, default_warning_threshold,
};
use utoipa::ToSchema;

use super::alert_policy::{AlertPolicyDto, alert_policy};
use super::definition::{Resource, definition_routes, item};
use super::indicator::{labels, no_labels};
use super::note::NotesDto;
use super::time_window::{TimeWindowDto, time_window};
use crate::App;
use crate::edge::fields::{At, Faults, Fields, boolean, choice, decimal, list as list_of, text};
use crate::edge::links::{Base, Links};

/// A promise (SLO).
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Objective)]
pub(crate) struct ObjectiveDto {
    /// The identifier: an RFC 1123 label.
    #[schema(value_type = String, pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", example = "checkout-availability")]
    name: Name,
    /// How people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 256)]
    display_name: Option<DisplayName>,
    /// What is promised, to whom and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 1050)]
    description: Option<Description>,
    /// The service it belongs to.
    #[schema(value_type = String, example = "web")]
    service: Name,
    /// The indicator it is measured by.
    #[schema(value_type = String, example = "site")]
    indicator: Name,
    /// The required ratio in (0,1), an exact decimal of at most 9 decimals; a string is accepted too.
    #[schema(value_type = f64, example = 0.999, exclusive_minimum = 0, exclusive_maximum = 1)]
    target: Ratio,
    /// The span of time it holds for.
    time_window: TimeWindowDto,
    /// How failure is counted.
    budgeting_method: MethodDto,
    /// The ratio that makes a slice good, in (0,1]; needed for Timeslices.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    time_slice_target: Option<Ratio>,
    /// The width of a slice; 1m when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "1m")]
    time_slice_window: Option<Shorthand>,
    /// What a slice without data means; ignore when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<NoDataDto>)]
    no_data: Option<NoData>,
    /// `warning` begins at this remaining ratio; 0.25 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 1)]
    warning_threshold: Option<Ratio>,
    /// The users who answer for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>, required = false, max_items = 16)]
    owners: Vec<Name>,
    /// The agreement inside which it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    sla: Option<SlaDto>,
    /// What replaces the default alert conditions.
    #[serde(skip_serializing_if = "Option::is_none")]
    alert_policy: Option<AlertPolicyDto>,
    /// Whether it is a wish rather than a promise: it informs decisions and never changes a verdict; false when absent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    aspirational: bool,
    /// Whether everybody may see its badge, `/badges/{name}.svg`: its name, its status and what is left of its budget; false
    /// when absent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    public_badge: bool,
    /// Free labels.
    #[serde(skip_serializing_if = "no_labels")]
    #[schema(value_type = BTreeMap<String, String>, required = false)]
    labels: Labels,
    /// When it was created.
    #[schema(read_only)]
    created_at: Timestamp,
    /// When this revision was written.
    #[schema(read_only)]
    updated_at: Timestamp,
    /// The revision; its ETag.
    #[schema(read_only)]
    revision: u64,
    /// What its author may not have meant.
    #[schema(read_only)]
    notes: NotesDto,
    /// What can be done next.
    #[schema(read_only)]
    links: Links,
}

/// How failure is counted (OpenSLO's words).
#[derive(Clone, Copy, Serialize, ToSchema)]
#[schema(as = BudgetingMethod)]
enum MethodDto {
    Occurrences,
    Timeslices,
    RatioTimeslices,
}

/// What a slice without data means.
#[derive(ToSchema)]
#[schema(as = NoData, rename_all = "camelCase")]
#[expect(dead_code, reason = "names the words of the schema")]
enum NoDataDto {
    Ignore,
    Good,
    Bad,
}

/// The agreement with a customer.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = Sla)]
struct SlaDto {
    /// The agreed ratio; below the objective's target.
    #[schema(value_type = f64)]
    target: Ratio,
    /// What was agreed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 1050)]
    description: Option<Description>,
}

impl Resource for Objective {
    type Dto = ObjectiveDto;

    const SCHEMA: &'static str = "Objective";

    const READ_ONLY: &'static [&'static str] = &["createdAt", "updatedAt", "revision", "notes", "links"];

    fn show(stored: &Versioned<Self>, links: Links) -> ObjectiveDto {
        let value = stored.value.clone();
        let notes = NotesDto::show(Evaluation::of(&value).notes());
        let (budgeting_method, time_slice_target) = match value.method {
            BudgetingMethod::Occurrences => (MethodDto::Occurrences, None),
            BudgetingMethod::Timeslices { target, .. } => (MethodDto::Timeslices, Some(target.into())),
            BudgetingMethod::RatioTimeslices { .. } => (MethodDto::RatioTimeslices, None),
        };
        let slices = value.method.slice_width();
        let width = |width: SliceWidth| {
            u32::try_from(width.minutes()).ok().and_then(|n| Shorthand::new(n, slo_core::Unit::Minute))
        };
        ObjectiveDto {
            name: value.name,
            display_name: value.display_name,
            description: value.description,
            service: value.service,
            indicator: value.series.indicator,
            target: value.target.into(),
            time_window: TimeWindowDto::show(&value.time_window),
            budgeting_method,
            time_slice_target,
            time_slice_window: slices.and_then(width),
            no_data: slices.map(|_| value.no_data),
            warning_threshold: (value.warning_threshold != default_warning_threshold())
                .then(|| value.warning_threshold.into()),
            owners: value.owners,
            sla: value.sla.map(|sla| SlaDto { target: sla.target.into(), description: sla.description }),
            alert_policy: value.alert_policy.map(AlertPolicyDto::show),
            aspirational: value.aspirational,
            public_badge: value.public_badge,
            labels: value.labels,
            created_at: stored.created_at,
            updated_at: stored.updated.at,
            revision: stored.revision.get(),
            notes,
            links,
        }
    }

    fn read(
        name: Option<Name>,
        fields: &mut Fields<'_>,
        faults: &mut Faults,
        references: &mut Vec<Reference>,
    ) -> Option<Self> {
        let display_name = fields.optional("displayName", faults, text);
        let description = fields.optional("description", faults, text);
        let service = fields.required("service", faults, text);
        let indicator = fields.required("indicator", faults, text);
        let target = fields.required("target", faults, decimal::<Target>);
        let time_window = fields.required("timeWindow", faults, time_window);
        let method = method(fields, faults);
        let no_data = fields.optional("noData", faults, choice(NoData::ALL));
        let warning_threshold = fields.optional("warningThreshold", faults, decimal::<PartsPerBillion>);
        let owners = fields.optional("owners", faults, list_of(MAX_OWNERS, text));
        let sla = fields.optional("sla", faults, sla);
        let alert_policy = fields.optional("alertPolicy", faults, alert_policy);
        let aspirational = fields.optional("aspirational", faults, boolean);
        let public_badge = fields.optional("publicBadge", faults, boolean);
        let labels = fields.optional("labels", faults, labels);
        let complete = [
            name.is_some(),
            display_name.is_some(),
            description.is_some(),
            service.is_some(),
            indicator.is_some(),
            target.is_some(),
            time_window.is_some(),
            method.is_some(),
            no_data.is_some(),
            warning_threshold.is_some(),
            owners.is_some(),
            sla.is_some(),
            alert_policy.is_some(),
            aspirational.is_some(),
            public_badge.is_some(),
            labels.is_some(),
        ];
        let known_indicator = indicator.is_some();
        // What is at fault is filled in with what breaks no rule, so that the rest is judged as well.
        let filler = || "x".parse().expect("a name");
        let objective = Self {
            name: name.unwrap_or_else(filler),
            display_name: display_name.flatten(),
            description: description.flatten(),
            service: service.unwrap_or_else(filler),
            // The life of the indicator's name is found when the objective is stored.
            series: Series { indicator: indicator.unwrap_or_else(filler), born: Revision::FIRST },
            target: target.unwrap_or_else(|| "0.999999999".parse().expect("a target")),
            time_window: time_window.unwrap_or_else(|| {
                let longest = Shorthand::new(366, slo_core::Unit::Day).map(RollingWindow::new);
                TimeWindow::Rolling(longest.expect("above zero").expect("366 days"))
            }),
            method: method.unwrap_or(BudgetingMethod::Occurrences),
            no_data: no_data.flatten().unwrap_or_default(),
            warning_threshold: warning_threshold.flatten().unwrap_or_else(default_warning_threshold),
            owners: owners.flatten().unwrap_or_default(),
            sla: sla.flatten(),
            alert_policy: alert_policy.flatten(),
            aspirational: aspirational.flatten().unwrap_or_default(),
            public_badge: public_badge.flatten().unwrap_or_default(),
            labels: labels.flatten().unwrap_or_default(),
        };
        faults.extend(objective.faults());
        references.extend(objective.references().into_iter().filter(|r| known_indicator || r.kind != Kind::Indicator));
        complete.into_iter().all(|read| read).then_some(objective)
    }

    async fn advised(app: &App, stored: &Versioned<Self>, mut dto: ObjectiveDto) -> Result<ObjectiveDto, Error> {
        let now = (app.clock)();
        let report = app.service.error_budget(stored, now, WhatIf::default(), now).await?;
        dto.notes = NotesDto::show(report.notes);
        Ok(dto)
    }

    fn links(name: &Name, base: &Base, links: Links) -> Links {
        let path = item::<Self>(name);
        let exclusions = base.href(&format!("{path}/exclusions"));
        links
            .add("errorBudget", "GET", base.href(&format!("{path}/error-budget")))
            .add("series", "GET", base.href(&format!("{path}/error-budget/series")))
            .add("alerts", "GET", base.href(&format!("{path}/alerts")))
            .add("incidents", "GET", base.href(&format!("{path}/incidents")))
            .add("decisions", "GET", base.href(&format!("{}?objective={name}", super::decision::PATH)))
            .add("exclusions", "GET", exclusions.clone())
            .add_with_body("exclude", "POST", exclusions, "Exclusion")
            .add("revisions", "GET", base.href(&format!("{path}/revisions")))
    }
}

fn method(fields: &mut Fields<'_>, faults: &mut Faults) -> Option<BudgetingMethod> {
    let words = [
        ("Occurrences", MethodDto::Occurrences),
        ("Timeslices", MethodDto::Timeslices),
        ("RatioTimeslices", MethodDto::RatioTimeslices),
    ];
    let method = fields.required("budgetingMethod", faults, choice(words));
    let slice_target = fields.optional("timeSliceTarget", faults, decimal::<PartsPerBillion>);
    let width = fields.optional("timeSliceWindow", faults, |at, faults| {
        let shorthand: Shorthand = text(at, faults)?;
        let width = shorthand.minutes().and_then(SliceWidth::new);
        if width.is_none() {
            faults.push(Fault::new(at.pointer, "notADivisor", "a slice must divide the day: 1m, 5m, 15m, 1h, …"));
        }
        width
    });
    let width = width?.unwrap_or(SliceWidth::MINUTE);
    match (method?, slice_target?) {
        (MethodDto::Occurrences, _) => Some(BudgetingMethod::Occurrences),
        (MethodDto::RatioTimeslices, _) => Some(BudgetingMethod::RatioTimeslices { width }),
        (MethodDto::Timeslices, Some(target)) if target.get() > 0 => {
            Some(BudgetingMethod::Timeslices { target, width })
        }
        (MethodDto::Timeslices, _) => {
            faults.push(Fault::new(
                "/timeSliceTarget",
                "required",
                "Timeslices need the ratio, above 0 and at most 1, that makes a slice good",
            ));
            None
        }
    }
}

fn sla(at: At<'_>, faults: &mut Faults) -> Option<Sla> {
    let mut fields = Fields::open(at, faults)?;
    let target = fields.required("target", faults, decimal::<Target>);
    let description = fields.optional("description", faults, text);
    fields.close(faults);
    Some(Sla { target: target?, description: description? })
}

definition_routes!(Objective, ObjectiveDto, "objectives", "/api/v1/objectives", "/api/v1/objectives/{name}");

/// One version of an objective.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ObjectiveRevision)]
pub(crate) struct RevisionDto {
    /// The revision.
    revision: u64,
    /// When it was written.
    at: Timestamp,
    /// Who wrote it; null when nobody had to say.
    #[schema(value_type = Option<String>)]
    by: Option<Name>,
    /// What it said; null when it was deleted.
    objective: Option<serde_json::Value>,
}

/// The members of an objective that a revision is about.
fn said(stored: &Versioned<Objective>) -> Option<serde_json::Value> {
    let mut value = serde_json::to_value(Objective::show(stored, Links::default())).ok()?;
    let members = value.as_object_mut()?;
    for member in Objective::READ_ONLY {
        members.remove(*member);
    }
    Some(value)
}

/// Every version of an objective, newest first, those of a deleted one too.
#[utoipa::path(get, path = "/api/v1/objectives/{name}/revisions", operation_id = "objectiveRevisions", tag = "objectives",
    params(("name" = String, Path), ("limit" = Option<usize>, Query, minimum = 1, maximum = 200, description = "1 to 200; 50 when absent"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before")),
    responses((status = 200, body = PageDto<RevisionDto>), (status = 400, body = ProblemDto, content_type = "application/problem+json"), (status = 404, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn revisions(axum::extract::State(app): AppState, base: Base, name: PathName, query: Query) -> Answer {
    let said = |change: Change<Objective>| {
        let (revision, stamp) = (change.revision, change.stamp);
        let objective = change.value.map(|value| Versioned::first(value, revision, stamp.clone()));
        RevisionDto {
            revision: revision.get(),
            at: stamp.at,
            by: stamp.by,
            objective: objective.and_then(|version| said(&version)),
        }
    };
    let of = item::<Objective>(&name.0);
    definition::revisions::<Objective, _>(&app, &base, &name.0, ("objective", &of), query, said).await
}

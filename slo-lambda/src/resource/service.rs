//! `/services`

use jiff::Timestamp;
use serde::Serialize;
use slo_core::{Description, DisplayName, Labels, Name, Reference, ServiceProfile, Versioned};
use utoipa::ToSchema;

use super::definition::{Resource, definition_routes};
use super::indicator::{labels, no_labels};
use crate::edge::fields::{Faults, Fields, text};
use crate::edge::links::{Base, Links};

/// What people are told of a service. Indicators and objectives may name one that has none.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Service)]
pub(crate) struct ServiceDto {
    /// The service, as indicators and objectives name it: an RFC 1123 label.
    #[schema(value_type = String, pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", example = "web")]
    name: Name,
    /// How people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 256)]
    display_name: Option<DisplayName>,
    /// What it does, and for whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 1050)]
    description: Option<Description>,
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
    /// What can be done next.
    #[schema(read_only)]
    links: Links,
}

impl Resource for ServiceProfile {
    type Dto = ServiceDto;

    const SCHEMA: &'static str = "Service";

    fn show(stored: &Versioned<Self>, links: Links) -> ServiceDto {
        let value = stored.value.clone();
        ServiceDto {
            name: value.name,
            display_name: value.display_name,
            description: value.description,
            labels: value.labels,
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
        let labels = fields.optional("labels", faults, labels);
        Some(Self {
            name: name?,
            display_name: display_name?,
            description: description?,
            labels: labels?.unwrap_or_default(),
        })
    }

    fn links(name: &Name, base: &Base, links: Links) -> Links {
        let of = |list: &str| base.href(&format!("/api/v1/{list}?service={name}"));
        links.add("objectives", "GET", of("objectives")).add("indicators", "GET", of("indicators")).add(
            "errorBudgets",
            "GET",
            of("error-budgets"),
        )
    }
}

definition_routes!(ServiceProfile, ServiceDto, "services", "/api/v1/services", "/api/v1/services/{name}");

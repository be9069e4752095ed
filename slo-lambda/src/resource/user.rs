//! `/users`

use jiff::Timestamp;
use serde::Serialize;
use slo_core::{Access, DisplayName, Email, Name, Reference, Role, User, Versioned};
use utoipa::ToSchema;

use super::definition::{Resource, definition_routes, item};
use crate::edge::fields::{Faults, Fields, choice, text};
use crate::edge::links::{Base, Links};

/// A product manager or an engineer, with an access level.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = User)]
pub(crate) struct UserDto {
    /// The identifier: an RFC 1123 label.
    #[schema(value_type = String, pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", example = "ana")]
    name: Name,
    /// How people call them.
    #[schema(value_type = String, max_length = 256, example = "Ana Lima")]
    display_name: DisplayName,
    /// Where to reach them.
    #[schema(value_type = String, format = "email", example = "ana@example.org")]
    email: Email,
    /// productManager or engineer.
    #[schema(value_type = RoleDto)]
    role: Role,
    /// viewer, editor, approver or admin; each includes those before it.
    #[schema(value_type = AccessDto)]
    access: Access,
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

/// What a user decides about.
#[derive(ToSchema)]
#[schema(as = Role, rename_all = "camelCase")]
#[expect(dead_code, reason = "names the words of the schema")]
enum RoleDto {
    ProductManager,
    Engineer,
}

/// What a user may do.
#[derive(ToSchema)]
#[schema(as = Access, rename_all = "camelCase")]
#[expect(dead_code, reason = "names the words of the schema")]
enum AccessDto {
    Viewer,
    Editor,
    Approver,
    Admin,
}

impl Resource for User {
    type Dto = UserDto;

    const SCHEMA: &'static str = "User";

    fn show(stored: &Versioned<Self>, links: Links) -> UserDto {
        let value = stored.value.clone();
        UserDto {
            name: value.name,
            display_name: value.display_name,
            email: value.email,
            role: value.role,
            access: value.access,
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
        let display_name = fields.required("displayName", faults, text);
        let email = fields.required("email", faults, text);
        let role = fields.required("role", faults, choice(Role::ALL));
        let access = fields.required("access", faults, choice(Access::ALL));
        Some(Self { name: name?, display_name: display_name?, email: email?, role: role?, access: access? })
    }

    fn links(name: &Name, base: &Base, links: Links) -> Links {
        // A duration and no date: the strong ETag is one of the revision, so nothing here may depend on today.
        links
            .add("objectives", "GET", base.href(&format!("/api/v1/objectives?owner={name}")))
            .add("plan", "GET", base.href(&format!("{}/error-budgets?to=14d", item::<Self>(name))))
            .add("tokens", "GET", base.href(&format!("{}/tokens", item::<Self>(name))))
    }
}

definition_routes!(User, UserDto, "users", "/api/v1/users", "/api/v1/users/{name}");

//! What indicators, objectives, services and users have in common: create, read, replace, patch, delete, list.

mod judged;

use axum::Json as JsonAnswer;
use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{StatusCode, header};
use serde::Serialize;
use slo_core::{Change, Error, Managed, Name, Precondition, Reference, Revision, Versioned, Written};
use utoipa::ToSchema;

use crate::App;
use crate::edge::access::By;
use crate::edge::body::JsonBody;
use crate::edge::etag::{Conditions, tag};
use crate::edge::fields::{Faults, Fields};
use crate::edge::links::{Base, Links};
use crate::edge::problem::{Kind, Problem};
use crate::edge::query::{Paging, Query, page_links};
use judged::decode;
pub(crate) use judged::{Judged, judge};
use slo_core::Json;

/// A definition as the API shows it.
pub(crate) trait Resource: Managed {
    /// Its form on the wire.
    type Dto: Serialize + Send;

    /// Domain to wire.
    fn show(stored: &Versioned<Self>, links: Links) -> Self::Dto;

    /// Wire to domain: the members besides `name`. What could be read of the names of other definitions
    /// goes into `references`, also when something else is at fault.
    fn read(
        name: Option<Name>,
        fields: &mut Fields<'_>,
        faults: &mut Faults,
        references: &mut Vec<Reference>,
    ) -> Option<Self>;

    /// Adds what only a look at the counts can say about one that is not stored yet.
    fn advised(
        _app: &App,
        _stored: &Versioned<Self>,
        dto: Self::Dto,
    ) -> impl Future<Output = Result<Self::Dto, Error>> + Send {
        async move { Ok(dto) }
    }

    /// What can be done with one besides reading and writing it.
    fn links(name: &Name, base: &Base, links: Links) -> Links;

    /// The name of its schema in the OpenAPI document.
    const SCHEMA: &'static str;

    /// The members that only answers carry; a body may send them back, they are not read.
    const READ_ONLY: &'static [&'static str] = &["createdAt", "updatedAt", "revision", "links"];
}

/// Part of a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct PageDto<T> {
    /// In the order of the list: by name where nothing else is said.
    pub(crate) items: Vec<T>,
    /// The cursor of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
    /// What can be done next.
    pub(crate) links: Links,
}

/// The name in the path. What cannot be a name cannot exist either.
pub(crate) struct PathName(pub(crate) Name);

impl<S: Sync + Send> FromRequestParts<S> for PathName {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::<String>::from_request_parts(parts, state).await;
        let text = path.map(|axum::extract::Path(text)| text).unwrap_or_default();
        text.parse().map(Self).map_err(|error| {
            if parts.method == http::Method::PUT {
                Problem::invalid_body(vec![slo_core::Fault::new("/name", "invalid", error)])
            } else {
                Problem::new(Kind::NotFound, format!("{error}; check the name in the path"))
            }
        })
    }
}

fn collection<D: Managed>() -> String {
    format!("/api/v1/{}s", D::KIND)
}

pub(crate) fn item<D: Managed>(name: &Name) -> String {
    format!("/api/v1/{}s/{name}", D::KIND)
}

fn shown<D: Resource>(stored: &Versioned<D>, base: &Base) -> D::Dto {
    let name = stored.value.name();
    let (path, list) = (base.href(&item::<D>(name)), base.href(&collection::<D>()));
    let links = Links::default()
        .add("self", "GET", path.clone())
        .add("collection", "GET", list)
        .add_with_body("replace", "PUT", path.clone(), D::SCHEMA)
        .add_with_body("patch", "PATCH", path.clone(), D::SCHEMA)
        .add("delete", "DELETE", path);
    D::show(stored, D::links(name, base, links))
}

fn answer<D: Resource>(status: StatusCode, stored: &Versioned<D>, base: &Base) -> Response {
    let mut response = (status, JsonAnswer(shown(stored, base))).into_response();
    response.headers_mut().insert(header::ETAG, tag(stored.revision));
    if status == StatusCode::CREATED {
        let location = base.href(&item::<D>(stored.value.name()));
        response.headers_mut().insert(header::LOCATION, location.parse().expect("a path of names is a header"));
    }
    response
}

pub(crate) async fn list<D: Resource>(app: &App, base: &Base, query: Query) -> Result<Response, Problem> {
    let path = collection::<D>();
    let key = app.cursor_key().await?;
    let paging = Paging::read(query, &path, &key)?;
    let page = app.service.list::<D>(&paging.filter, paging.after.clone(), paging.limit).await?;
    let show = |stored: &Versioned<D>| {
        D::show(stored, Links::default().add("self", "GET", base.href(&item::<D>(stored.value.name()))))
    };
    let next = page.next.as_ref().map(|name| paging.next(&key, name));
    let links = paging.links(base, next.as_deref()).add_with_body("create", "POST", base.href(&path), D::SCHEMA);
    Ok(JsonAnswer(PageDto { items: page.items.iter().map(show).collect(), next, links }).into_response())
}

pub(crate) async fn create<D: Resource>(app: &App, base: &Base, by: By, body: JsonBody) -> Result<Response, Problem> {
    let stored = app.service.create(decode::<D>(app, &body.0, None).await?, by.0).await?;
    Ok(answer(StatusCode::CREATED, &stored, base))
}

pub(crate) async fn get<D: Resource>(
    app: &App,
    base: &Base,
    name: &Name,
    conditions: &Conditions,
) -> Result<Response, Problem> {
    let stored = app.service.get::<D>(name).await?;
    if conditions.if_none_match.as_ref().is_some_and(|tags| tags.matches(stored.revision)) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag(stored.revision))]).into_response());
    }
    Ok(answer(StatusCode::OK, &stored, base))
}

/// What the request demands of the definition `name`.
async fn demanded<D: Resource>(
    app: &App,
    name: &Name,
    conditions: &Conditions,
    put: bool,
) -> Result<Option<Precondition>, Problem> {
    let current = if conditions.need_current(put) {
        D::repository(&app.service).get(name).await.map_err(Error::from)?.map(|stored| stored.revision)
    } else {
        None
    };
    Ok(conditions.precondition(put, current))
}

pub(crate) async fn put<D: Resource>(
    app: &App,
    base: &Base,
    name: &Name,
    conditions: &Conditions,
    mut query: Query,
    by: By,
    body: JsonBody,
) -> Result<Response, Problem> {
    let dry_run = query.choice("dryRun", [("true", true), ("false", false)]).unwrap_or_default();
    query.close()?;
    let definition = decode::<D>(app, &body.0, Some(name)).await?;
    let precondition = demanded::<D>(app, name, conditions, true).await?;
    if dry_run {
        let (stored, _) = app.service.try_put(definition, precondition, by.0).await?;
        let dto = D::advised(app, &stored, shown(&stored, base)).await?;
        return Ok(JsonAnswer(dto).into_response());
    }
    let (stored, written) = app.service.put(definition, precondition, by.0).await?;
    let status = if written == Written::Created { StatusCode::CREATED } else { StatusCode::OK };
    Ok(answer(status, &stored, base))
}

/// Merges the patch into what is stored, and replaces exactly that.
pub(crate) async fn patch<D: Resource>(
    app: &App,
    base: &Base,
    name: &Name,
    conditions: &Conditions,
    by: By,
    body: JsonBody,
) -> Result<Response, Problem> {
    let precondition = demanded::<D>(app, name, conditions, false).await?;
    let current = match app.service.get::<D>(name).await {
        Ok(current) => current,
        Err(Error::NotFound { kind, name }) if precondition.is_some() => {
            return Err(Error::PreconditionFailed { kind, name, current: None }.into());
        }
        Err(error) => return Err(error.into()),
    };
    let (kind, revision) = (D::KIND, current.revision);
    match precondition {
        None => return Err(Error::PreconditionRequired { kind, name: name.clone(), current: revision }.into()),
        Some(demanded) if !demanded.holds(Some(revision)) => {
            return Err(Error::PreconditionFailed { kind, name: name.clone(), current: Some(revision) }.into());
        }
        Some(_) => {}
    }
    let text = serde_json::to_vec(&D::show(&current, Links::default())).map_err(|_| Problem::internal())?;
    let shown = Json::parse(&text).map_err(|_| Problem::internal())?;
    JsonBody::decode(&body.0, |at, faults| Fields::open(at, faults).map(drop))?;
    let definition = decode::<D>(app, &shown.merge(body.0), Some(name)).await?;
    let (stored, _) = app.service.put(definition, Some(Precondition::Revision(revision)), by.0).await?;
    Ok(answer(StatusCode::OK, &stored, base))
}

pub(crate) async fn delete<D: Resource>(
    app: &App,
    name: &Name,
    conditions: &Conditions,
    by: By,
) -> Result<Response, Problem> {
    let precondition = demanded::<D>(app, name, conditions, false).await?;
    app.service.delete::<D>(name, precondition, by.0).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Every version of a definition, newest first, those of a deleted one too; `of` is the link to it.
pub(crate) async fn revisions<D: Managed, T: Serialize>(
    app: &App,
    base: &Base,
    name: &Name,
    (rel, of): (&'static str, &str),
    mut query: Query,
    said: impl Fn(Change<D>) -> T,
) -> Result<Response, Problem> {
    let (limit, cursor, raw) = (query.limit(), query.cursor(), query.raw.clone());
    query.close()?;
    let key = app.cursor_key().await?;
    let path = format!("{of}/revisions");
    let place = cursor.map(|cursor| key.open(&path, &cursor)).transpose()?;
    let before = place.and_then(|place| place.parse().ok()).and_then(Revision::new);
    let mut changes = match app.service.changes::<D>(name, before, limit + 1).await {
        // There is always a policy, if only the default.
        Err(Error::NotFound { kind: slo_core::Kind::Policy, .. }) => Vec::new(),
        changes => changes?,
    };
    let more = changes.len() > limit;
    changes.truncate(limit);
    let next = changes.last().filter(|_| more).map(|last| key.seal(&path, &last.revision.to_string()));
    let links = page_links(base, &path, &raw, next.as_deref()).add(rel, "GET", base.href(of));
    Ok(JsonAnswer(PageDto { items: changes.into_iter().map(said).collect(), next, links }).into_response())
}

/// The state every handler takes.
pub(crate) type AppState = State<App>;

/// The routes of one kind of definition, documented: what they say differs in names only.
macro_rules! definition_routes {
    ($type:ty, $dto:ty, $tag:literal, $collection:literal, $item:literal) => {
        use $crate::edge::access::By;
        use $crate::edge::body::JsonBody;
        use $crate::edge::etag::Conditions;
        use $crate::edge::problem::{Problem, ProblemDto};
        use $crate::edge::query::{NoQuery, Query};
        use $crate::resource::definition::{self, AppState, PageDto, PathName};

        type Answer = Result<axum::response::Response, Problem>;

        /// A page of the list, in order of name.
        #[utoipa::path(get, path = $collection, operation_id = concat!($tag, "List"), tag = $tag, params(
            ("limit" = Option<usize>, Query, minimum = 1, maximum = 200, description = "1 to 200; 50 when absent"),
            ("cursor" = Option<String>, Query, description = "`next` of the page before"),
            ("service" = Option<String>, Query, description = "only those of this service"),
            ("owner" = Option<String>, Query, description = "only those with this owner"),
            ("label" = Option<String>, Query, description = "only those with this label, key:value")),
            responses((status = 200, body = PageDto<$dto>), (status = 400, body = ProblemDto, content_type = "application/problem+json")))]
        pub(crate) async fn list(axum::extract::State(app): AppState, base: Base, query: Query) -> Answer {
            definition::list::<$type>(&app, &base, query).await
        }

        /// Creates one.
        #[utoipa::path(post, path = $collection, operation_id = concat!($tag, "Create"), tag = $tag, request_body = $dto, responses(
            (status = 201, body = $dto, headers(("ETag" = String), ("Location" = String))),
            (status = 400, body = ProblemDto, content_type = "application/problem+json"),
            (status = 409, body = ProblemDto, content_type = "application/problem+json"),
            (status = 413, body = ProblemDto, content_type = "application/problem+json"),
            (status = 415, body = ProblemDto, content_type = "application/problem+json"),
            (status = 422, body = ProblemDto, content_type = "application/problem+json")))]
        pub(crate) async fn create(axum::extract::State(app): AppState, base: Base, _: NoQuery, by: By, body: JsonBody) -> Answer {
            definition::create::<$type>(&app, &base, by, body).await
        }

        /// One by its name.
        #[utoipa::path(get, path = $item, operation_id = concat!($tag, "Get"), tag = $tag, params(("name" = String, Path), ("If-None-Match" = Option<String>, Header)), responses(
            (status = 200, body = $dto, headers(("ETag" = String))),
            (status = 304, description = "It is still in that revision"),
            (status = 404, body = ProblemDto, content_type = "application/problem+json")))]
        pub(crate) async fn get(
            axum::extract::State(app): AppState,
            base: Base,
            _: NoQuery,
            name: PathName,
            conditions: Conditions,
        ) -> Answer {
            definition::get::<$type>(&app, &base, &name.0, &conditions).await
        }

        /// Creates one under its name, or replaces it given its ETag. A dry run stores nothing.
        #[utoipa::path(put, path = $item, operation_id = concat!($tag, "Put"), tag = $tag, params(("name" = String, Path), ("dryRun" = Option<bool>, Query, description = "true: judge it, say what would be stored, and store nothing (200, without ETag)"),
            ("If-Match" = Option<String>, Header), ("If-None-Match" = Option<String>, Header)),
            request_body = $dto, responses(
            (status = 200, body = $dto, headers(("ETag" = String))),
            (status = 201, body = $dto, headers(("ETag" = String), ("Location" = String))),
            (status = 400, body = ProblemDto, content_type = "application/problem+json"),
            (status = 412, body = ProblemDto, content_type = "application/problem+json"),
            (status = 413, body = ProblemDto, content_type = "application/problem+json"),
            (status = 415, body = ProblemDto, content_type = "application/problem+json"),
            (status = 422, body = ProblemDto, content_type = "application/problem+json"),
            (status = 428, body = ProblemDto, content_type = "application/problem+json")))]
        pub(crate) async fn put(
            axum::extract::State(app): AppState,
            base: Base,
            query: Query,
            name: PathName,
            conditions: Conditions,
            by: By,
            body: JsonBody,
        ) -> Answer {
            definition::put::<$type>(&app, &base, &name.0, &conditions, query, by, body).await
        }

        /// Changes some members given its ETag: a JSON merge patch (RFC 7396).
        #[utoipa::path(patch, path = $item, operation_id = concat!($tag, "Patch"), tag = $tag, params(("name" = String, Path), ("If-Match" = String, Header)),
            request_body(content = Object, content_type = "application/merge-patch+json"), responses(
            (status = 200, body = $dto, headers(("ETag" = String))),
            (status = 404, body = ProblemDto, content_type = "application/problem+json"),
            (status = 400, body = ProblemDto, content_type = "application/problem+json"),
            (status = 412, body = ProblemDto, content_type = "application/problem+json"),
            (status = 413, body = ProblemDto, content_type = "application/problem+json"),
            (status = 415, body = ProblemDto, content_type = "application/problem+json"),
            (status = 422, body = ProblemDto, content_type = "application/problem+json"),
            (status = 428, body = ProblemDto, content_type = "application/problem+json")))]
        pub(crate) async fn patch(
            axum::extract::State(app): AppState,
            base: Base,
            _: NoQuery,
            name: PathName,
            conditions: Conditions,
            by: By,
            body: JsonBody,
        ) -> Answer {
            definition::patch::<$type>(&app, &base, &name.0, &conditions, by, body).await
        }

        /// Deletes one given its ETag. An indicator that an objective uses stays: 409.
        #[utoipa::path(delete, path = $item, operation_id = concat!($tag, "Delete"), tag = $tag, params(("name" = String, Path), ("If-Match" = String, Header)), responses(
            (status = 204, description = "It is gone"),
            (status = 404, body = ProblemDto, content_type = "application/problem+json"),
            (status = 409, body = ProblemDto, content_type = "application/problem+json"),
            (status = 412, body = ProblemDto, content_type = "application/problem+json"),
            (status = 428, body = ProblemDto, content_type = "application/problem+json")))]
        pub(crate) async fn delete(axum::extract::State(app): AppState, _: NoQuery, name: PathName, conditions: Conditions, by: By) -> Answer {
            definition::delete::<$type>(&app, &name.0, &conditions, by).await
        }
    };
}
pub(crate) use definition_routes;

//! `/users/{name}/tokens`

use axum::Json as JsonAnswer;
use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde::Serialize;
use slo_core::{Error, MAX_SCOPES, Name, Scope, Token, TokenDescription, TokenRequest, TokenText, User, Versioned};
use utoipa::ToSchema;

use super::definition::{AppState, PageDto, PathName, item};
use crate::edge::access::By;
use crate::edge::body::JsonBody;
use crate::edge::fields::{At, Faults, Fields, list as list_of, text, time};
use crate::edge::links::{Base, Links};
use crate::edge::problem::{Kind, Problem, ProblemDto};
use crate::edge::query::{NoQuery, Query, page_links};
use crate::edge::random::random;

/// What lets its user in: `Authorization: Bearer slo_…`. It allows what its user may do, at most.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Token)]
pub(crate) struct TokenDto {
    /// The identifier among the tokens of its user.
    #[schema(value_type = String, example = "1f0a22c94b7e", read_only)]
    id: Name,
    /// How its text begins, to recognise it by.
    #[schema(example = "slo_ana_1f0a22c94b7e", read_only)]
    prefix: String,
    /// Its text. It is in the answer that makes it and nowhere else: what is kept is its SHA-256.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, read_only)]
    token: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 256, example = "the collector in eu-west-1")]
    description: Option<TokenDescription>,
    /// What it is limited to: ingest:INDICATOR, the measurements of that indicator; ingest, those of all. With none it
    /// may do whatever its user may.
    #[schema(value_type = Option<Vec<String>>, max_items = 20, example = json!(["ingest:site"]))]
    scopes: Vec<Scope>,
    /// The first instant at which it is no longer valid; null: it stays valid until it is revoked.
    expires_at: Option<Timestamp>,
    /// About when it was last used, to a quarter of an hour; null: never.
    #[schema(read_only)]
    last_used_at: Option<Timestamp>,
    /// When it was made.
    #[schema(read_only)]
    created_at: Timestamp,
    /// Who made it; null: nobody is known.
    #[schema(value_type = Option<String>, read_only)]
    created_by: Option<Name>,
    /// What can be done next.
    #[schema(read_only)]
    links: Links,
}

/// The members that only answers carry.
const READ_ONLY: [&str; 7] = ["id", "prefix", "token", "lastUsedAt", "createdAt", "createdBy", "links"];

fn collection(user: &Name) -> String {
    format!("{}/tokens", item::<User>(user))
}

fn show(token: Token, text: Option<&TokenText>, user: &Name, base: &Base) -> TokenDto {
    let path = base.href(&format!("{}/{}", collection(user), token.id));
    TokenDto {
        prefix: token.prefix(user),
        token: text.map(|text| text.reveal().to_owned()),
        id: token.id,
        description: token.description,
        scopes: token.scopes,
        expires_at: token.expires_at,
        last_used_at: token.last_used_at,
        created_at: token.created.at,
        created_by: token.created.by,
        links: Links::default()
            .add("self", "GET", path.clone())
            .add("revoke", "DELETE", path)
            .add("collection", "GET", base.href(&collection(user)))
            .add("user", "GET", base.href(&item::<User>(user))),
    }
}

/// The user and the identifier in the path. What cannot be one cannot exist either.
pub(crate) struct PathToken(Name, Name);

impl<S: Sync + Send> FromRequestParts<S> for PathToken {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::<(String, String)>::from_request_parts(parts, state).await;
        let (user, id) = path.map(|axum::extract::Path(names)| names).unwrap_or_default();
        match (user.parse(), id.parse()) {
            (Ok(user), Ok(id)) => Ok(Self(user, id)),
            _ => Err(Problem::new(Kind::NotFound, "there is no such token; check user and identifier in the path")),
        }
    }
}

/// Reads what is wanted of a new token.
pub(crate) fn read(fields: &mut Fields<'_>, faults: &mut Faults) -> Option<TokenRequest> {
    let description = fields.optional("description", faults, text);
    let scopes = fields.optional("scopes", faults, list_of(MAX_SCOPES, text::<Scope>));
    let expires_at = fields.optional("expiresAt", faults, time);
    Some(TokenRequest { description: description?, scopes: scopes?.unwrap_or_default(), expires_at: expires_at? })
}

/// Makes a token of a user and shows it, once. At most 50 of a user are valid at a time.
#[utoipa::path(post, path = "/api/v1/users/{name}/tokens", operation_id = "tokensCreate", tag = "users",
    params(("name" = String, Path)), request_body = TokenDto, responses(
    (status = 201, body = TokenDto, headers(("Location" = String))),
    (status = 400, body = ProblemDto, content_type = "application/problem+json"),
    (status = 404, body = ProblemDto, content_type = "application/problem+json"),
    (status = 413, body = ProblemDto, content_type = "application/problem+json"),
    (status = 415, body = ProblemDto, content_type = "application/problem+json"),
    (status = 422, body = ProblemDto, content_type = "application/problem+json"),
    (status = 503, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn create(
    State(app): AppState,
    base: Base,
    _: NoQuery,
    name: PathName,
    By(stamp): By,
    body: JsonBody,
) -> Result<Response, Problem> {
    let request = JsonBody::decode(&body.0, |at: At<'_>, faults| {
        let mut fields = Fields::open(at, faults)?;
        fields.ignore(&READ_ONLY);
        let request = read(&mut fields, faults);
        fields.close(faults);
        request
    })?;
    let (token, text) = app.service.create_token(&name.0, request, random(), stamp).await?;
    let location = base.href(&format!("{}/{}", collection(&name.0), token.id));
    let mut response = (StatusCode::CREATED, JsonAnswer(show(token, Some(&text), &name.0, &base))).into_response();
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, location.parse().expect("a path of names is a header"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The tokens of a user, in order of their identifiers, without their texts. One sees one's own; an admin all.
#[utoipa::path(get, path = "/api/v1/users/{name}/tokens", operation_id = "tokensList", tag = "users",
    params(("name" = String, Path), ("limit" = Option<usize>, Query, minimum = 1, maximum = 200, description = "1 to 200; 50 when absent"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before")),
    responses((status = 200, body = PageDto<TokenDto>), (status = 400, body = ProblemDto, content_type = "application/problem+json"),
        (status = 404, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn list(
    State(app): AppState,
    base: Base,
    name: PathName,
    mut query: Query,
) -> Result<Response, Problem> {
    let (limit, cursor, raw) = (query.limit(), query.cursor(), query.raw.clone());
    query.close()?;
    let key = app.cursor_key().await?;
    let path = collection(&name.0);
    let after = cursor.map(|cursor| key.open(&path, &cursor)).transpose()?;
    let Versioned { annex: mut tokens, .. } = app.service.get::<User>(&name.0).await?;
    tokens.sort_by(|a, b| a.id.cmp(&b.id));
    tokens.retain(|token| after.as_ref().is_none_or(|after| token.id.as_str() > after.as_str()));
    let more = tokens.len() > limit;
    tokens.truncate(limit);
    let next = tokens.last().filter(|_| more).map(|last| key.seal(&path, last.id.as_str()));
    let links = page_links(&base, &path, &raw, next.as_deref())
        .add("user", "GET", base.href(&item::<User>(&name.0)))
        .add_with_body("create", "POST", base.href(&path), "Token");
    let items = tokens.into_iter().map(|token| show(token, None, &name.0, &base)).collect();
    Ok(JsonAnswer(PageDto { items, next, links }).into_response())
}

/// One token of a user, without its text.
#[utoipa::path(get, path = "/api/v1/users/{name}/tokens/{id}", operation_id = "tokensGet", tag = "users",
    params(("name" = String, Path), ("id" = String, Path)), responses((status = 200, body = TokenDto),
    (status = 404, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn get(
    State(app): AppState,
    base: Base,
    _: NoQuery,
    PathToken(user, id): PathToken,
) -> Result<Response, Problem> {
    let found = app.service.tokens(&user).await?.into_iter().find(|token| token.id == id);
    let token = found.ok_or_else(|| Error::NoToken { user: user.clone(), id })?;
    Ok(JsonAnswer(show(token, None, &user, &base)).into_response())
}

/// Revokes a token, without any precondition: within 30 s nobody gets in with it anywhere.
#[utoipa::path(delete, path = "/api/v1/users/{name}/tokens/{id}", operation_id = "tokensRevoke", tag = "users",
    params(("name" = String, Path), ("id" = String, Path)), responses((status = 204, description = "It is revoked"),
    (status = 404, body = ProblemDto, content_type = "application/problem+json"),
    (status = 503, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn revoke(
    State(app): AppState,
    _: NoQuery,
    PathToken(user, id): PathToken,
    By(stamp): By,
) -> Result<Response, Problem> {
    app.service.revoke_token(&user, &id, stamp).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

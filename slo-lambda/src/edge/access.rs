//! Who may use a route: the one place where requests are let in or turned away.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::LazyLock;

use axum::body::Body;
use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath, RawPathParams, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, Method, Request, header};
use slo_core::{Access, Caller, Name, Need, Stamp, TokenText};

use super::door::Source;
use super::problem::{Kind, Problem};
use crate::{App, ClientAddress, router};

/// What a route needs of who asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Nothing.
    Open,
    /// At least this access.
    Access(Access),
    /// At least this access, or to be the user whom the path names.
    Oneself(Access),
    /// At least this access; a token limited to the indicator that the path names will do.
    Ingest(Access),
}

pub(crate) const OPEN: Entry = Entry::Open;
pub(crate) const VIEWER: Entry = Entry::Access(Access::Viewer);
pub(crate) const EDITOR: Entry = Entry::Access(Access::Editor);
pub(crate) const APPROVER: Entry = Entry::Access(Access::Approver);
pub(crate) const ADMIN: Entry = Entry::Access(Access::Admin);
pub(crate) const ADMIN_OR_SELF: Entry = Entry::Oneself(Access::Admin);
pub(crate) const READS_COUNTS: Entry = Entry::Ingest(Access::Viewer);
pub(crate) const WRITES_COUNTS: Entry = Entry::Ingest(Access::Editor);

/// What each route needs, by its path and method.
static ENTRIES: LazyLock<BTreeMap<(&str, &str), Entry>> = LazyLock::new(|| router::entries().collect());

/// Lets a request in with who asks for it, or turns it away. Where nobody needs to say who they are, all are let in.
pub(crate) async fn guard(State(app): State<App>, request: Request<Body>, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let caller = match admit(&app, &mut parts).await {
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    let changes_users = !parts.method.is_safe() && parts.uri.path().starts_with("/api/v1/users");
    parts.extensions.insert(caller);
    let response = next.run(Request::from_parts(parts, body)).await;
    if let Some(door) = app.door.as_ref().filter(|_| changes_users) {
        door.forget();
    }
    response
}

async fn admit(app: &App, parts: &mut Parts) -> Result<Caller, Problem> {
    let Some(door) = &app.door else { return Ok(Caller::anyone()) };
    let path = parts.extensions.get::<MatchedPath>().cloned();
    let path = path.as_ref().map_or("", |path| path.as_str().trim_end_matches('/'));
    // What answers a GET answers a HEAD.
    let method = if parts.method == Method::HEAD { "get" } else { &*parts.method.as_str().to_ascii_lowercase() };
    let Some(entry) = ENTRIES.get(&(path, method)) else {
        // The router will say that there is no such method.
        return Ok(Caller { user: None, access: Access::Viewer, scopes: Vec::new() });
    };
    if *entry == Entry::Open {
        return Ok(Caller { user: None, access: Access::Viewer, scopes: Vec::new() });
    }
    let now = (app.clock)();
    let Some(header) = parts.headers.get(header::AUTHORIZATION) else { return Err(stranger()) };
    let token = bearer(header);
    let known = token.as_ref().and_then(|token| door.recall(&token.hash(), now));
    let caller = match known {
        Some(caller) => caller,
        None => {
            let address = address(parts);
            let source = Source::new(address);
            door.attempt(source, now).map_err(too_many)?;
            let admitted = match &token {
                Some(token) => app.service.admit(token, now).await?.map(|admitted| (token, admitted)),
                None => None,
            };
            let Some((token, admitted)) = admitted else {
                tracing::warn!(source = ?address, route = path, "a token was not valid");
                return Err(not_valid());
            };
            door.admitted(token.hash(), admitted, source, now)
        }
    };
    let name = named(parts).await;
    let allowed = match (*entry, &name) {
        (Entry::Open, _) => true,
        (Entry::Oneself(access), Some(name)) => caller.may(Need::Oneself(access, name)),
        (Entry::Ingest(access), Some(name)) => caller.may(Need::Ingest(access, name)),
        (Entry::Access(access) | Entry::Oneself(access) | Entry::Ingest(access), _) => caller.may(Need::Access(access)),
    };
    if allowed { Ok(caller) } else { Err(forbidden(*entry, &caller)) }
}

/// The name in the path, if it can be one.
async fn named(parts: &mut Parts) -> Option<Name> {
    let params = RawPathParams::from_request_parts(parts, &()).await.ok()?;
    params.iter().find(|(param, _)| *param == "name").and_then(|(_, name)| name.parse().ok())
}

/// The token of an `Authorization` header (RFC 6750), if it looks like one of ours.
fn bearer(header: &HeaderValue) -> Option<TokenText> {
    let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") { token.trim().parse().ok() } else { None }
}

/// Who is at the other end, as who serves the router knows it. Headers are not asked: anybody can write them.
fn address(parts: &Parts) -> Option<IpAddr> {
    let told = parts.extensions.get::<ClientAddress>().map(|address| address.0);
    told.or_else(|| parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip()))
}

/// A problem that says how to be let in.
fn challenge(problem: Problem, error: &'static str) -> Problem {
    problem.header(header::WWW_AUTHENTICATE, HeaderValue::from_static(error))
}

fn stranger() -> Problem {
    let detail = "send a token: Authorization: Bearer slo_…; an admin makes one with slo token create USER";
    challenge(Problem::new(Kind::Unauthenticated, detail), "Bearer realm=\"slo\"")
}

/// The same whatever is wrong with it: nobody learns from it which tokens there are.
fn not_valid() -> Problem {
    let detail = "this token is not valid: it is mistyped, has expired or was revoked; ask an admin for another one";
    challenge(Problem::new(Kind::Unauthenticated, detail), "Bearer realm=\"slo\", error=\"invalid_token\"")
}

fn too_many(seconds: u64) -> Problem {
    let detail = format!("too many tokens from your address were not valid; correct yours and wait {seconds} s");
    Problem::new(Kind::TooManyFailures, detail).header(header::RETRY_AFTER, HeaderValue::from(seconds))
}

fn forbidden(entry: Entry, caller: &Caller) -> Problem {
    let (access, unless) = match entry {
        Entry::Open => (Access::Viewer, ""),
        Entry::Access(access) => (access, ""),
        Entry::Oneself(access) => (access, ", or to be that user"),
        Entry::Ingest(access) => (access, ", within the scopes of the token"),
    };
    let needed = access.name();
    let who = caller.user.as_ref().map_or("nobody", Name::as_str);
    let detail = if caller.scopes.is_empty() {
        format!("this needs the access {needed}{unless}; {who} has {}: ask an admin", caller.access.name())
    } else {
        let scopes: Vec<String> = caller.scopes.iter().map(ToString::to_string).collect();
        format!(
            "this needs the access {needed}{unless}; this token is limited to {}, its user {who} has {}",
            scopes.join(", "),
            caller.access.name()
        )
    };
    let problem = Problem::new(Kind::Forbidden, detail).with("needed", needed);
    challenge(problem, "Bearer realm=\"slo\", error=\"insufficient_scope\"")
}

/// When something is written, and by whom.
pub(crate) struct By(pub(crate) Stamp);

impl FromRequestParts<App> for By {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let by = parts.extensions.get::<Caller>().and_then(|caller| caller.user.clone());
        Ok(Self(Stamp { at: (app.clock)(), by }))
    }
}

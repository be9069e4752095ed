//! Who may use a route: the one place where requests are let in or turned away.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::LazyLock;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath, RawPathParams, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, Method, Request, header};
use jiff::Timestamp;
use slo_core::meter::{Meter, record};
use slo_core::{Access, Admitted, Caller, Name, Need, Stamp, TokenText};

use super::door::{Door, Source};
use super::problem::{Kind, Problem};
use crate::page::sign_in;
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

/// So long a request waits for the note that its token was used.
const NOTE: Duration = Duration::from_millis(200);

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
    let path = path.as_ref().map_or("", MatchedPath::as_str);
    // What a client makes of the base path.
    let path = if path == "/api/v1/" { "/api/v1" } else { path };
    // What answers a GET answers a HEAD.
    let method = if parts.method == Method::HEAD { "get" } else { &*parts.method.as_str().to_ascii_lowercase() };
    let nobody = Caller { user: None, access: Access::Viewer, scopes: Vec::new() };
    let entry = match ENTRIES.get(&(path, method)) {
        Some(Entry::Open) => return Ok(nobody),
        Some(entry) => entry,
        None => return Err(stranger()),
    };
    let now = (app.clock)();
    // A cookie is for pages, which change nothing; who changes something must show a token, which no browser does by itself.
    let shown = match parts.headers.get(header::AUTHORIZATION) {
        Some(header) if is_bearer(header) || path.starts_with("/api/") => bearer(header),
        None if path.starts_with("/api/") => return Err(stranger()),
        // Other credentials are for whatever stands before us.
        _ => sign_in::token(&parts.headers).ok_or_else(stranger)?,
    };
    let caller = Knock::of(parts, path, now).admit(app, door, shown.as_ref()).await?;
    let name = named(parts).await;
    let allowed = match (*entry, &name) {
        (Entry::Open, _) => true,
        (Entry::Oneself(access), Some(name)) => caller.may(Need::Oneself(access, name)),
        (Entry::Ingest(access), Some(name)) => caller.may(Need::Ingest(access, name)),
        (Entry::Access(access) | Entry::Oneself(access) | Entry::Ingest(access), _) => caller.may(Need::Access(access)),
    };
    if allowed { Ok(caller) } else { Err(forbidden(*entry, &caller)) }
}

/// An attempt to be let in.
pub(crate) struct Knock {
    address: Option<IpAddr>,
    route: String,
    now: Timestamp,
}

impl Knock {
    fn of(parts: &Parts, route: &str, now: Timestamp) -> Self {
        Self { address: address(parts), route: route.to_owned(), now }
    }

    /// Whose token it is. One that is known is let in without being looked up; nothing lets nobody in.
    pub(crate) async fn admit(&self, app: &App, door: &Door, token: Option<&TokenText>) -> Result<Caller, Problem> {
        if let Some(caller) = token.and_then(|token| door.recall(&token.hash(), self.now)) {
            return Ok(caller);
        }
        let (source, hash) = (Source::new(self.address), token.map(TokenText::hash));
        let before = door.may_try(hash.as_ref(), source, self.now).map_err(too_many)?;
        // What looking up costs is told to who is let in only: it differs between users.
        let meter = Meter::default();
        let admitted = match token {
            Some(token) => meter.measure(app.service.admit(token, self.now)).await?,
            None => None,
        };
        if let (Some(Admitted { caller, expires_at, unnoted }), Some(hash)) = (admitted, hash) {
            record(meter.consumed());
            door.admitted(hash, &caller, expires_at, self.now, before);
            if let Some(used) = unnoted {
                // Who was faster has noted it; a store that has no time for it is left alone.
                let _ = tokio::time::timeout(NOTE, app.service.note_use(used)).await;
            }
            return Ok(caller);
        }
        tracing::warn!(source = ?self.address, route = self.route, "a token was not valid");
        if door.failed(hash.as_ref(), source, self.now) {
            tracing::warn!(source = ?self.address, "too many tokens were not valid; others of this source have to wait");
        }
        Err(not_valid())
    }
}

impl FromRequestParts<App> for Knock {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self::of(parts, sign_in::PATH, (app.clock)()))
    }
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

fn is_bearer(header: &HeaderValue) -> bool {
    header.as_bytes().get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "))
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

pub(crate) fn forbidden(entry: Entry, caller: &Caller) -> Problem {
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

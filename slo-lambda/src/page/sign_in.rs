//! `/sign-in` and `/sign-out`: a token becomes a cookie, which lets see pages and nothing else.
//!
//! The API never looks at the cookie and pages change nothing, so there is nothing to forge. Both forms are taken from our
//! own pages only: nobody is signed in as somebody else behind their back.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, FromRequestParts, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use maud::html;
use serde::Deserialize;
use slo_core::{Access, Caller, Need, TokenText};

use super::layout::{Frame, frame};
use super::{Page, words};
use crate::App;
use crate::edge::access::{Knock, VIEWER, forbidden};
use crate::edge::links::Base;
use crate::edge::problem::{Kind, Problem};
use crate::edge::query::Query;
use crate::resource::definition::AppState;

pub(crate) const PATH: &str = "/sign-in";
const COOKIE: &str = "slo-token";
/// How long a browser keeps the token; it may end before.
const WEEK: u32 = 7 * 24 * 60 * 60;

/// The token in the cookie, if there is one and it looks like ours.
pub(crate) fn token(headers: &HeaderMap) -> Option<Option<TokenText>> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, token)| token.parse().ok())
}

/// Where to sign in, and to come back from there.
pub(super) fn href(base: &Base, next: &str) -> String {
    base.href(&format!("{PATH}?next={}", words::escaped(next)))
}

/// A path of ours to go on to: never another host.
fn place(next: Option<String>) -> String {
    let ours = |next: &String| {
        let mut rest = next.bytes().skip(1);
        next.starts_with('/')
            && next.bytes().all(|b| b.is_ascii_graphic())
            && !matches!(rest.next(), Some(b'/' | b'\\'))
    };
    next.filter(ours).unwrap_or_else(|| "/".to_owned())
}

fn see_other(to: &str) -> Response {
    let to = HeaderValue::from_str(to).expect("a path of visible characters is a header");
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}

/// The form.
pub(crate) async fn get(State(app): AppState, base: Base, query: Query) -> Result<Response, Problem> {
    let mut query = query.of_form();
    let next = place(query.parse("next"));
    query.close()?;
    if app.door.is_none() {
        return Ok(see_other(&base.href(&next)));
    }
    Ok(form(&base, &next, None).into_response())
}

fn form(base: &Base, next: &str, fault: Option<&str>) -> Page {
    Page(frame(
        &Frame { base, title: "Sign in", visitor: None },
        &html! {
            h1 { "Sign in" }
            p.lead { "Error budgets are shown to who has a token. An admin makes one: " code { "slo token create USER" } "." }
            form.filter method="post" action=(base.href(PATH)) {
                // Whatever keeps passwords keeps them by a name.
                input type="text" name="user" value="token" autocomplete="username" hidden;
                label for="token" { "Token" }
                input #token name="token" type="password" required autocomplete="current-password" spellcheck="false"
                    aria-invalid=[fault.map(|_| "true")] aria-describedby=[fault.map(|_| "fault")];
                input type="hidden" name="next" value=(next);
                button { "Sign in" }
                @if let Some(fault) = fault { p #fault.fault role="alert" { (words::sentence(fault)) } }
            }
        },
    ))
}

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct Given {
    #[serde(default)]
    token: String,
    next: Option<String>,
}

/// A valid token of who may read becomes the cookie.
pub(crate) async fn post(
    State(app): AppState,
    base: Base,
    ours: Ours,
    knock: Knock,
    given: Result<Form<Given>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(Given { token, next }) =
        given.map_err(|_| Problem::new(Kind::InvalidParameter, "send the form of the page itself"))?;
    let next = place(next);
    let Some(door) = &app.door else { return Ok(see_other(&base.href(&next))) };
    let token: Option<TokenText> = token.trim().parse().ok();
    let caller = match knock.admit(&app, door, token.as_ref()).await.and_then(reader) {
        Ok(caller) => caller,
        Err(problem) if problem.status().is_client_error() => {
            let status = problem.status();
            let (headers, _, detail) = problem.told();
            return Ok((status, headers, form(&base, &next, Some(&detail))).into_response());
        }
        Err(problem) => return Err(problem),
    };
    tracing::info!(user = caller.user.as_ref().map(|user| user.as_str()), "signed in");
    let token = token.ok_or_else(Problem::internal)?;
    let mut response = see_other(&base.href(&next));
    set(&mut response, token.reveal(), WEEK, &base, ours.encrypted);
    Ok(response)
}

/// Who may see the pages.
fn reader(caller: Caller) -> Result<Caller, Problem> {
    if caller.may(Need::Access(Access::Viewer)) { Ok(caller) } else { Err(forbidden(VIEWER, &caller)) }
}

/// The cookie goes. The token stays valid: who wants it gone revokes it.
pub(crate) async fn out(base: Base, ours: Ours) -> Response {
    let mut response = see_other(&base.href(PATH));
    set(&mut response, "", 0, &base, ours.encrypted);
    response
}

/// No script can read it, and no other site's form or picture sends it.
fn set(response: &mut Response, value: &str, seconds: u32, base: &Base, encrypted: bool) {
    let path = base.href("/");
    let secure = if encrypted { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    let cookie = HeaderValue::from_str(&cookie).expect("a token and a path are a header");
    response.headers_mut().insert(header::SET_COOKIE, cookie);
}

/// A form of our own page, and not of another site's.
pub(crate) struct Ours {
    /// Whether the browser speaks TLS, to us or to what stands before us.
    encrypted: bool,
}

impl FromRequestParts<App> for Ours {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let ours = match (text("sec-fetch-site"), parts.headers.get(header::ORIGIN)) {
            (Some(site), _) => matches!(site, "same-origin" | "none"),
            // Browsers say less to a service without TLS; `null` is nobody.
            (None, Some(origin)) => {
                let host = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
                host.is_some() && host == text("host")
            }
            (None, None) => true,
        };
        if !ours {
            return Err(Problem::new(Kind::Forbidden, "this form came from another site; sign in on our own page"));
        }
        // The first is what the browser spoke.
        let forwarded = text("x-forwarded-proto").and_then(|schemes| schemes.split(',').next());
        Ok(Self { encrypted: forwarded.is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("https")) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_goes_on_to_our_own_pages_only() {
        for next in ["/", "/objectives/shop?target=0.9", "/?service=web&owner=ana"] {
            assert_eq!(place(Some(next.to_owned())), next);
        }
        for next in ["//evil.example", "/\\evil.example", "https://evil.example", "", "x", "/a b", "/a\r\nb", "/ä"] {
            assert_eq!(place(Some(next.to_owned())), "/", "{next}");
        }
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let text = format!("slo_ana_000000000000_{}", "0".repeat(64));
        let headers = |cookies: &[&str]| {
            let mut headers = HeaderMap::new();
            for cookie in cookies {
                headers.append(header::COOKIE, cookie.parse().expect("a header"));
            }
            headers
        };
        let ours = format!("a=b; slo-token={text}; c=d");
        for cookies in [&[ours.as_str()][..], &["a=b", &format!("slo-token={text}")]] {
            assert_eq!(token(&headers(cookies)), Some(text.parse().ok()));
        }
        assert_eq!(token(&headers(&["slo-token=nonsense"])), Some(None));
        assert_eq!(token(&headers(&["xslo-token=1"])), None);
    }
}

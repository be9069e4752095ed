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

/// The token in the cookie, if there is one: of several, which another path or domain may have set, the first that looks
/// like ours.
pub(crate) fn token(headers: &HeaderMap) -> Option<Option<TokenText>> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    let pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut shown = pairs.filter(|(name, _)| *name == COOKIE).map(|(_, token)| token.parse().ok());
    let first = shown.next()?;
    Some(first.or_else(|| shown.flatten().next()))
}

/// Where to sign in, and to come back from there.
fn href(base: &Base, next: &str) -> String {
    base.href(&format!("{PATH}?next={}", words::escaped(next)))
}

/// The way to the form for who is not let in. A cookie that is of no use goes, or every page would knock with it again.
pub(super) fn ask(base: &Base, next: &str, ended: bool) -> Response {
    let response = see_other(&format!("{}{}", href(base, next), if ended { "&ended=1" } else { "" }));
    if ended { without(response, base, false) } else { response }
}

/// A page of ours to go on to: never another host, nor the form again.
pub(super) fn place(next: Option<String>) -> String {
    let ours = |next: &String| {
        let mut rest = next.bytes().skip(1);
        let path = next.split(['?', '#']).next().unwrap_or_default();
        next.starts_with('/')
            && !matches!(path, PATH | "/sign-out")
            && next.bytes().all(|b| b.is_ascii_graphic())
            && !matches!(rest.next(), Some(b'/' | b'\\'))
    };
    next.filter(ours).unwrap_or_else(|| "/".to_owned())
}

pub(super) fn see_other(to: &str) -> Response {
    let to = HeaderValue::from_str(to).expect("a path of visible characters is a header");
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}

/// The form, for who has not signed in yet.
pub(crate) async fn get(
    State(app): AppState,
    base: Base,
    headers: HeaderMap,
    knock: Knock,
    query: Query,
) -> Result<Response, Problem> {
    let mut query = query.of_form();
    let next = place(query.parse("next"));
    let ended = query.parse::<String>("ended").is_some();
    query.close()?;
    let Some(door) = &app.door else { return Ok(see_other(&base.href(&next))) };
    if let Some(token) = token(&headers) {
        return Ok(match knock.admit(&app, door, token.as_ref()).await.and_then(reader) {
            Ok(_) => see_other(&base.href(&next)),
            Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => {
                without(form(&base, &next, Some(ENDED)).into_response(), &base, false)
            }
            Err(_) => form(&base, &next, None).into_response(),
        });
    }
    Ok(form(&base, &next, ended.then_some(ENDED)).into_response())
}

const ENDED: &str = "your sign-in has ended: the token has expired or was revoked; show a token that is valid";

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
    without(see_other(&base.href(PATH)), &base, ours.encrypted)
}

fn without(mut response: Response, base: &Base, encrypted: bool) -> Response {
    set(&mut response, "", 0, base, encrypted);
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
        // The first is what the browser spoke; it says so itself, whatever stands between.
        let forwarded = text("x-forwarded-proto").and_then(|schemes| schemes.split(',').next());
        let encrypted = forwarded.is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("https"))
            || text("origin").is_some_and(|origin| origin.starts_with("https://"));
        Ok(Self { encrypted })
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
        for form in ["/sign-in", "/sign-in?next=%2Fsign-in", "/sign-out"] {
            assert_eq!(place(Some(form.to_owned())), "/", "one is sent round in circles");
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
        for cookies in [&["slo-token=nonsense", &ours][..], &[&format!("slo-token=x; slo-token=; {ours}; slo-token=y")]]
        {
            assert_eq!(token(&headers(cookies)), Some(text.parse().ok()), "the first that can be one");
        }
        assert_eq!(token(&headers(&["xslo-token=1"])), None);
    }
}

//! Pages for people: the same use cases as the resources, as HTML that needs no script.
//!
//! A page changes nothing: its forms only ask. What a page says is computed by the use cases and put into words here.

pub(crate) mod badge;
mod icon;
mod layout;
pub(crate) mod objective;
pub(crate) mod overview;
mod plot;
mod reason;
pub(crate) mod reference;
pub(crate) mod sign_in;
pub(crate) mod sprint;
pub(crate) mod style;
mod words;

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri, header};
use maud::{Markup, html};
use slo_core::{Caller, Name};

use crate::edge::links::Base;
use crate::edge::problem::Problem;
use layout::{Frame, frame};

/// A page on its way out.
pub(crate) struct Page(Markup);

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut response = self.0.into_string().into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        response
    }
}

/// Who has signed in, if anybody has to.
pub(crate) struct Visitor(Option<Name>);

impl Visitor {
    fn name(&self) -> Option<&Name> {
        self.0.as_ref()
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.get::<Caller>().and_then(|caller| caller.user.clone())))
    }
}

/// Nothing but our own stylesheet is loaded, nothing is run, nobody frames it, and forms come back to us.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
);

/// Around every page: a problem becomes a page that says what to do, and the browser is told how little may happen.
pub(crate) async fn dressed(request: Request<Body>, next: Next) -> Response {
    let base = Base::of(request.extensions());
    let place = request.uri().path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
    let signed_in = sign_in::token(request.headers()).is_some();
    let mut response = next.run(request).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        response = if problem.status() == StatusCode::UNAUTHORIZED {
            sign_in::ask(&base, &place, signed_in)
        } else {
            failed(problem, &base)
        };
    }
    dress(response)
}

/// What nothing is found for, or not that way: a page for who asks for one, and the problem itself for the others.
pub(crate) fn lost(problem: Problem, uri: &Uri, headers: &HeaderMap, base: &Base) -> Response {
    let reads = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    if uri.path().starts_with("/api/") || !reads.is_some_and(|reads| reads.contains("text/html")) {
        return problem.into_response();
    }
    dress(match meant(uri).filter(|_| problem.status() == StatusCode::NOT_FOUND) {
        Some(page) => sign_in::see_other(&base.href(&page)),
        None if problem.status() == StatusCode::NOT_FOUND => {
            let detail = "the address may be mistyped, or cut off";
            told(StatusCode::NOT_FOUND, HeaderMap::new(), "There is no such page", detail, base)
        }
        None => failed(problem, base),
    })
}

/// The page that somebody meant who wrote a stroke too much, or cut an address where its list would be.
fn meant(uri: &Uri) -> Option<String> {
    let path = uri.path().trim_end_matches('/');
    match path {
        "/objectives" => Some("/".to_owned()),
        _ if path == uri.path() => None,
        _ => {
            let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
            Some(sign_in::place(Some(format!("{path}{query}"))))
        }
    }
}

fn dress(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    // What is left of a budget is not for a cache.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A problem as a page.
fn failed(problem: Problem, base: &Base) -> Response {
    let status = problem.status();
    let (headers, title, detail) = problem.told();
    told(status, headers, title, &detail, base)
}

fn told(status: StatusCode, headers: HeaderMap, title: &str, detail: &str, base: &Base) -> Response {
    let page = Page(frame(
        &Frame { base, title, visitor: None },
        &html! {
            h1 { (title) }
            p.lead { (words::sentence(detail)) }
            p { a href=(base.href("/")) { "All objectives" } }
        },
    ));
    (status, headers, page).into_response()
}

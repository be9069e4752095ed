//! The one stylesheet.

use std::sync::LazyLock;

use axum::extract::RawQuery;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header;
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("style.css");

/// Its path; another stylesheet has another one, so that it may be kept for ever.
static HREF: LazyLock<String> = LazyLock::new(|| {
    let digest = Sha256::digest(STYLE.as_bytes());
    format!("/style.css?v={}", URL_SAFE_NO_PAD.encode(&digest[..9]))
});

pub(super) fn href() -> &'static str {
    &HREF
}

/// The stylesheet, whatever version was asked for: there is one. Under the name of another it is not kept, because that one
/// may be served by a process that is newer.
pub(crate) async fn get(RawQuery(version): RawQuery) -> Response {
    let own = href().split_once('?').map(|(_, version)| version) == version.as_deref();
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, if own { "public, max-age=31536000, immutable" } else { "no-cache" }),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, STYLE).into_response()
}

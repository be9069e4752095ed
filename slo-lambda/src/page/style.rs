//! The one stylesheet.

use std::sync::LazyLock;

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

/// The stylesheet, whatever version was asked for: there is one.
pub(crate) async fn get() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, STYLE).into_response()
}

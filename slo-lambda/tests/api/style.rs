//! `/style.css`: the colours are read as easily as they must be, in light and in dark.

use std::collections::BTreeMap;

use crate::common::Api;
use axum::body::Body;
use http::Method;

async fn style() -> String {
    let api = Api::new();
    let page = api.page("/").await;
    let href = page.text.split("rel=\"stylesheet\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
    let href = href.expect("a stylesheet").to_owned();
    let answer = api.send(Method::GET, &href, &[], Body::empty()).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "text/css; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
    for other in ["/style.css", "/style.css?v=", "/style.css?v=another"] {
        let answer = api.send(Method::GET, other, &[], Body::empty()).await;
        assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-cache"), "{other}");
    }
    answer.text
}

/// The custom properties of a block of rules.
fn colours(block: &str) -> BTreeMap<&str, [u8; 3]> {
    let pairs = block.split([';', '{', '}']).filter_map(|rule| rule.trim().strip_prefix("--")?.split_once(": #"));
    let byte = |hex: &str, at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("a colour");
    pairs.map(|(name, hex)| (name, [byte(hex, 0), byte(hex, 2), byte(hex, 4)])).collect()
}

/// WCAG 2.2, relative luminance.
#[expect(clippy::float_arithmetic, reason = "the definition is in floats, and nothing else follows from it")]
fn luminance(colour: [u8; 3]) -> f64 {
    let linear = |part: u8| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    let [red, green, blue] = colour.map(linear);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[expect(clippy::float_arithmetic, reason = "likewise")]
fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[tokio::test]
async fn text_and_shapes_stand_out_in_both_schemes() {
    // The definition itself: black on white is 21 to 1, and this grey the darkest that fails.
    assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-9 && contrast([119; 3], [255; 3]) < 4.5);
    let style = style().await;
    let (light, rest) = style.split_once("@media screen and (prefers-color-scheme: dark)").expect("two schemes");
    let (dark, _) = rest.split_once("\n}").expect("it ends");
    let (light, dark) = (colours(light), colours(dark));
    assert!(light.len() > 15 && light.keys().eq(dark.keys()), "every colour has its pair");
    let texts =
        ["ink", "soft", "link", "ok", "warning", "exhausted", "no-data", "incident"].map(|text| (text, "paper"));
    let tints = [("ink", "raised"), ("ink", "ok-tint"), ("ink", "warning-tint"), ("ink", "exhausted-tint")];
    let links = ["raised", "ok-tint", "warning-tint", "exhausted-tint"].map(|tint| ("link", tint));
    let statuses = [("ok", "ok-tint"), ("warning", "warning-tint"), ("exhausted", "exhausted-tint")];
    // Graphics must reach 3 to 1.
    let shapes = [("curve", "paper"), ("focus", "paper")];
    // What is left in a bar, and the line where the warning begins, beside it and on it.
    let bars = [("ok", "track"), ("warning", "track"), ("exhausted", "track"), ("soft", "track"), ("paper", "ok")];
    for (scheme, colours) in [("light", light), ("dark", dark)] {
        let pairs = texts.iter().chain(&tints).chain(&links).chain(&statuses).map(|pair| (pair, 4.5));
        for ((front, back), least) in pairs.chain(shapes.iter().chain(&bars).map(|pair| (pair, 3.0))) {
            let found = contrast(colours[front], colours[back]);
            assert!(found >= least, "{scheme}: {front} on {back} is {found:.2} to 1, needs {least}");
        }
    }
}

#[tokio::test]
async fn nothing_is_loaded_and_motion_is_not_asked_for() {
    let style = style().await;
    for odd in ["@import", "url(", "http", "animation", "transition"] {
        assert!(!style.contains(odd), "{odd}");
    }
    // Nor are the colours of legends left out on paper.
    assert!(style.contains(".swatch { print-color-adjust: exact; forced-color-adjust: none;"));
    assert!(style.contains(":focus-visible") && style.contains("@media print"));
}

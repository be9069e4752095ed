//! Errors as a user meets them, and what a URL must escape.

use serde_json::{Value, json};
use ureq::http::Method;

use crate::answer::Checked;
use crate::gateway::Ask;
use crate::indicator::{ODD_LABEL, ratio};
use crate::walk::Walk;

pub(crate) fn walk(walk: &mut Walk) -> Checked {
    let root = walk.root()?.link("self")?;
    let unknown = walk.get(format!("{root}/nowhere"))?.problem(404, "unknown-route")?;
    walk.follow(&unknown, "api")?;
    let indicators = walk.root()?.link("indicators")?;
    let refused = walk.send(&Ask::delete(&indicators))?.problem(405, "method-not-allowed")?;
    let allowed: Vec<&str> = refused.header("allow").split(',').map(str::trim).collect();
    let all = ["GET", "POST"].iter().all(|method| allowed.contains(method)) && !allowed.contains(&"DELETE");
    refused.demand(all, || format!("Allow with GET and POST, not Allow: {}", allowed.join(", ")))?;
    walk.follow(&refused, "describedby")?;
    walk.passed("errors: unknown routes and methods");

    let post = |media: &str, body: &str| walk.send(&Ask::new(Method::POST, &indicators).body(media, body));
    let valid = ratio(walk, "refused").to_string();
    for malformed in ["{", "nul", r#"{"name":"a",}"#, "[[[["] {
        post("application/json", malformed)?.problem(400, "malformed-json")?;
    }
    post("text/plain", &valid)?.problem(415, "unsupported-media-type")?;
    post("application/json", "[]")?.points_at(&[""])?;
    walk.passed("errors: malformed JSON, another media type, another shape");

    // A byte above a mebibyte. Who hangs up while it is still being sent is heard first, where that is waited for.
    let padding = " ".repeat((1 << 20) + 1 - valid.len());
    let large = Ask::new(Method::POST, &indicators).body("application/json", valid.clone() + &padding);
    walk.gateway.exchange(&large.header("expect", "100-continue"))?.status(413)?;
    walk.get(format!("{indicators}/{}", walk.name("refused")))?.problem(404, "not-found")?;
    walk.passed("errors: a body above 1 MiB");

    for (query, parameter) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("label=team", "label"),
        ("service=A%20B", "service"),
        ("colour=red", "colour"),
    ] {
        let refused = walk.get(format!("{indicators}?{query}"))?.problem(400, "invalid-parameter")?;
        refused.says(&json!({"errors": [{"parameter": parameter}]}))?;
    }
    walk.get(format!("{indicators}?cursor=made-up"))?.problem(400, "invalid-cursor")?;
    walk.passed("errors: parameters that cannot be used");
    escapes(walk, &indicators)
}

/// What a gateway decodes must come out as it was meant.
fn escapes(walk: &mut Walk, indicators: &str) -> Checked {
    let site = json!([{"name": walk.name("site")}]);
    for (label, wanted) in [
        ("team:a%20b".to_owned(), site.clone()),
        ("team%3Aa%20b".to_owned(), site.clone()),
        (format!("odd:{}", ODD_LABEL.1), site),
        ("team:a%20c".to_owned(), Value::Array(Vec::new())),
        ("odd:1%2B1".to_owned(), Value::Array(Vec::new())),
    ] {
        let list = format!("{indicators}?service={}&label={label}", walk.run);
        walk.get(list)?.status(200)?.says(&json!({"items": wanted}))?;
    }
    let objectives = walk.root()?.link("objectives")?;
    for name in ["a%20b", "gr%C3%B6%C3%9Fe", "50%25", "a%2Bb", "a%3Fb"] {
        for below in ["", "/error-budget"] {
            // A gateway that decodes too much may lead elsewhere, but not out of the service.
            let refused = walk.get(format!("{objectives}/{}-{name}{below}", walk.run))?;
            refused.demand((400..500).contains(&refused.status), || "a status of 400 to 499".to_owned())?;
        }
    }
    walk.get(format!("{objectives}/{}-a%20b", walk.run))?.problem(404, "not-found")?;
    let spaced = json!({"service": walk.run, "kind": "ratio"});
    let put = walk.send(&Ask::put(format!("{indicators}/{}-a%20b", walk.run), &spaced))?;
    put.points_at(&["/name"])?;
    walk.passed("errors: what is escaped in a URL arrives as it was meant");
    Ok(())
}

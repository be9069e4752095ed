//! The life of a definition, which users, indicators, objectives and services have in common: every method, every precondition.

use serde_json::{Value, json};
use ureq::http::Method;

use crate::answer::Checked;
use crate::gateway::Ask;
use crate::walk::Walk;

/// Creates what `body` says under the root's link `rel`, changes it in every way, and deletes it.
pub(crate) fn live(walk: &mut Walk, kind: &str, rel: &str, body: &Value) -> Checked {
    let first = walk.create(rel, body)?.store_asked()?;
    let (href, tag) = (first.link("self")?, first.etag()?);
    let collection = walk.root()?.link(rel)?;
    let again = walk.send(&Ask::post(&collection, body))?.problem(409, "already-exists")?;
    let read = walk.follow(&again, "existing")?.store_asked()?.says(&json!({"name": body["name"], "revision": 1}))?;
    read.demand(read.etag()? == tag, || format!("ETag: {tag}"))?;
    walk.passed(&format!("{kind}: created {}, once", body["name"].as_str().unwrap_or_default()));

    let unless = |tag: &str| Ask::get(&href).header("if-none-match", tag);
    let same = walk.send(&unless(&tag))?.status(304)?;
    same.demand(same.etag()? == tag, || format!("ETag: {tag}"))?;
    walk.send(&unless("\"987654321\""))?.status(200)?;
    walk.passed(&format!("{kind}: If-None-Match gives 304 when nothing has changed"));

    let mut changed = body.clone();
    changed["displayName"] = json!("Changed");
    walk.send(&Ask::put(&href, &changed))?.problem(428, "precondition-required")?;
    walk.send(&Ask::put(&href, &changed).if_match("\"987654321\""))?.problem(412, "precondition-failed")?;
    walk.send(&Ask::put(&href, &changed).header("if-none-match", "*"))?.problem(412, "precondition-failed")?;
    let replaced = walk.send(&Ask::put(&href, &changed).if_match(&tag))?.status(200)?.says(&changed)?;
    let tag2 = replaced.says(&json!({"revision": 2}))?.etag()?;
    let stale = walk.send(&Ask::put(&href, body).if_match(&tag))?.problem(412, "precondition-failed")?;
    walk.follow(&stale.says(&json!({"current": 2}))?, "current")?.says(&changed)?;
    walk.passed(&format!("{kind}: replaced given If-Match, refused without (428) or with a stale one (412)"));

    let patch = json!({"displayName": "Patched"});
    walk.send(&Ask::patch(&href, &patch))?.problem(428, "precondition-required")?;
    walk.send(&Ask::patch(&href, &patch).if_match(&tag))?.problem(412, "precondition-failed")?;
    let patched = walk.send(&Ask::patch(&href, &patch).if_match(&tag2))?.status(200)?.says(&patch)?;
    let tag3 = patched.etag()?;
    let plain = Ask::new(Method::PATCH, &href).body("application/json", json!({"displayName": "Plain"}).to_string());
    let mut wanted = body.clone();
    wanted["displayName"] = json!("Plain");
    walk.send(&plain.if_match(&tag3))?.status(200)?.says(&wanted)?.says(&json!({"revision": 4}))?;
    let wrong = walk.send(&Ask::patch(&href, &json!({"displayName": 7, "colour": "red"})).if_match("*"))?;
    wrong.points_at(&["/colour", "/displayName"])?;
    walk.passed(&format!("{kind}: patched as a merge patch and as plain JSON"));

    put_creates(walk, kind, &collection, body)?;
    walk.explore(kind)?;

    walk.send(&Ask::delete(&href))?.problem(428, "precondition-required")?;
    walk.send(&Ask::delete(&href).if_match(&tag3))?.problem(412, "precondition-failed")?;
    walk.send(&Ask::delete(&href).if_match("\"4\""))?.status(204)?;
    let gone = walk.get(&href)?.problem(404, "not-found")?;
    walk.follow(&gone, "collection")?;
    walk.send(&Ask::delete(&href).if_match("*"))?.problem(412, "precondition-failed")?;
    // An old tag must never match what is there under the same name now.
    let reborn = walk.send(&Ask::post(&collection, body))?.created()?;
    let revision = reborn.at("/revision")?.as_u64().unwrap_or_default();
    reborn.demand(revision > 4, || "a revision above those of the deleted one".to_owned())?;
    walk.send(&Ask::delete(&href).if_match(&reborn.etag()?))?.status(204)?;
    walk.passed(&format!("{kind}: deleted given If-Match; a name that is used again continues its revisions"));
    Ok(())
}

/// PUT creates under the name of the path; a dry run stores nothing.
fn put_creates(walk: &mut Walk, kind: &str, collection: &str, body: &Value) -> Checked {
    let name = format!("{}-put", body["name"].as_str().unwrap_or_default());
    let href = format!("{collection}/{name}");
    let mut unnamed = body.clone();
    if let Some(members) = unnamed.as_object_mut() {
        members.remove("name");
    }
    walk.will_create(href.clone());
    let dry = walk.send(&Ask::put(format!("{href}?dryRun=true"), &unnamed))?.status(200)?;
    dry.says(&json!({"name": name, "revision": 1}))?;
    walk.get(&href)?.problem(404, "not-found")?;
    walk.send(&Ask::put(&href, &unnamed).if_match("*"))?.problem(412, "precondition-failed")?;
    walk.send(&Ask::put(&href, body))?.points_at(&["/name"])?;
    let new = walk.send(&Ask::put(&href, &unnamed).header("if-none-match", "*"))?.created()?;
    new.says(&json!({"name": name}))?;
    walk.passed(&format!("{kind}: PUT creates, and a dry run does not"));
    Ok(())
}

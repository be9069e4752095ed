//! `/users/{name}/tokens`

use std::thread::sleep;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::answer::{Answer, Checked};
use crate::gateway::Ask;
use crate::walk::Walk;

/// So long a token that was revoked may still let in, where another instance has just seen it.
const REVOKED_WITHIN: Duration = Duration::from_secs(60);

/// A token of this user: shown once, listed, of use where tokens are asked for, revoked.
pub(crate) fn walk(walk: &mut Walk, user: &Answer) -> Checked {
    let list = user.link("tokens")?;
    let create = walk.get(&list)?.status(200)?.says(&json!({"items": []}))?.link("create")?;
    let until = (Timestamp::now() + SignedDuration::from_hours(1)).to_string();
    let wanted = json!({"description": "a step of this walk", "expiresAt": until});
    let made = walk.send(&Ask::post(&create, &wanted))?.status(201)?.says(&wanted)?.store_asked()?;
    let made = made.says(&json!({"scopes": [], "lastUsedAt": null, "createdBy": walk.by()}))?;
    let own = made.link("self")?;
    made.demand(made.header("location") == own, || format!("Location: {own}"))?;
    let token = made.text_at("/token")?.to_owned();
    let secret = token.rsplit('_').next().unwrap_or_default();
    let prefix = made.text_at("/prefix")?.to_owned();
    made.demand(secret.len() == 64 && token == format!("{prefix}_{secret}"), || "a token of its prefix".to_owned())?;
    for href in [&list, &own] {
        let shown = walk.get(href)?.status(200)?;
        let safe = shown.text.contains(&prefix) && !shown.text.contains(secret);
        shown.demand(safe, || "the prefix of the token, and not its secret".to_owned())?;
    }
    let wrong = json!({"description": "", "expiresAt": "never", "scopes": ["everything"], "colour": "red"});
    let pointers = ["/colour", "/description", "/expiresAt", "/scopes/0"];
    walk.send(&Ask::post(&create, &wrong))?.points_at(&pointers)?;
    let unknown = json!({"scopes": [format!("ingest:{}", walk.name("nothing"))]});
    walk.send(&Ask::post(&create, &unknown))?.points_at(&["/scopes/0"])?;
    let gone = walk.get(format!("{list}/000000000000"))?.problem(404, "not-found")?;
    walk.follow(&gone, "tokens")?;
    walk.passed("tokens: made, shown once, listed without its secret; what makes no sense is refused");
    walk.explore("tokens")?;
    let guarded = walk.by() != Value::Null;
    if guarded {
        used(walk, &token)?;
    }
    walk.send(&Ask::delete(&own))?.status(204)?;
    walk.get(&own)?.problem(404, "not-found")?;
    walk.get(&list)?.status(200)?.says(&json!({"items": []}))?;
    if guarded {
        ends(walk, &token)?;
    }
    walk.passed("tokens: revoked, and of no use any more");
    Ok(())
}

/// It lets its user in, an editor, who may do less than an admin.
fn used(walk: &mut Walk, token: &str) -> Checked {
    let root = walk.root()?;
    let (policy, users) = (root.link("policy")?, root.link("createUser")?);
    walk.send(&Ask::get(&policy).token(token))?.status(200)?;
    let refused = walk.send(&Ask::post(users, &json!({})).token(token))?.problem(403, "forbidden")?;
    refused.says(&json!({"needed": "admin"}))?;
    let nobody = format!("slo_nobody_000000000000_{}", "0".repeat(64));
    let unknown = walk.send(&Ask::get(&policy).token(&nobody))?.problem(401, "unauthenticated")?;
    let wrong = format!("{}_{}", token.rsplit_once('_').unwrap_or_default().0, "0".repeat(64));
    let wrong = walk.send(&Ask::get(&policy).token(&wrong))?.problem(401, "unauthenticated")?;
    wrong.demand(wrong.json == unknown.json, || format!("what an unknown token gets: {}", unknown.text))?;
    walk.passed("tokens: it lets its user in, an admin's work is refused, a wrong one gets what an unknown one gets");
    Ok(())
}

/// Within a minute it is of no use anywhere.
fn ends(walk: &Walk, token: &str) -> Checked {
    let policy = Ask::get(walk.root()?.link("policy")?).token(token);
    let since = Instant::now();
    loop {
        let answer = walk.send(&policy)?;
        if answer.status == 401 {
            return Ok(());
        }
        answer.demand(since.elapsed() < REVOKED_WITHIN, || "status 401 within 60 s of the revocation".to_owned())?;
        sleep(Duration::from_secs(1));
    }
}

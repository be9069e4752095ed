//! `/policy` and `/decisions`: what a budget of which 3 of 10 events are spent lets us ship.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::answer::Checked;
use crate::gateway::Ask;
use crate::objective::Objectives;
use crate::page;
use crate::walk::Walk;

/// The rules that apply where nobody has said something else.
const DEFAULT: [&str; 5] = ["exhausted", "exhausted-fix", "page-alert", "warning", "no-data"];

pub(crate) fn walk(walk: &mut Walk, objectives: &Objectives) -> Checked {
    let (revision, default) = policy(walk)?;
    let decide = walk.root()?.link("decide")?;
    let [name, speed] = ["availability", "speed"].map(|what| walk.name(what));

    let question = json!({"objectives": [name], "at": walk.minute(10),
        "change": {"kind": "feature", "description": "a step of this walk"}});
    let made = walk.send(&Ask::post(&decide, &question))?.status(201)?.says(&question)?.store_asked()?;
    let own = made.link("self")?;
    made.demand(made.header("location") == own, || format!("Location: {own}"))?;
    let made = made.says(&json!({"by": walk.by(), "policyRevision": revision, "overrides": [],
        "postmortemRequired": [{"objective": name, "start": walk.minute(1), "end": walk.minute(2), "share": 0.3}]}))?;
    if default {
        made.compare_all(&json!({"verdict": "ship", "effectiveVerdict": "ship", "reasons": []}))?;
    }
    let read = walk.follow(&made, "self")?.store_asked()?;
    read.demand(read.json == made.json, || format!("the decision as it was made: {}", made.text))?;
    walk.passed("decisions: 0.7 of the budget is left: a feature may be shipped, and a postmortem is due");

    // Before anything was measured nobody knew.
    let early = json!({"objectives": [speed, name], "change": {"kind": "fix"}, "at": walk.minute(0)});
    let unknown = walk.send(&Ask::post(&decide, &early))?.status(201)?.says(&early)?;
    if default {
        let reason = |objective: &str| {
            json!({"objective": objective, "rule": "no-data", "verdict": "caution", "observed": "noData",
                "limit": "noData", "detail": format!("{objective} has no data: nobody knows how it is")})
        };
        unknown.compare_all(&json!({"verdict": "caution", "reasons": [reason(&speed), reason(&name)]}))?;
    }
    let service = json!({"service": walk.run, "change": {"kind": "security"}});
    walk.send(&Ask::post(&decide, &service))?.status(201)?.says(&service)?;
    refused(walk, &decide)?;
    walk.passed("decisions: of the past and of a service; what makes no sense is refused with every fault");

    let list = objectives.availability.link("decisions")?;
    let listed = page::all(walk, &list)?;
    made.demand(listed.iter().any(|item| item["id"] == made.json["id"]), || format!("it in {list}"))?;
    let cautions = walk.get(format!("{list}&verdict=caution"))?.status(200)?;
    let only = cautions.items()?.iter().all(|item| item["verdict"] == "caution");
    cautions.demand(only, || "nothing but cautions".to_owned())?;
    walk.get(format!("{list}&to=2000-01-01T00:00:00Z"))?.status(200)?.says(&json!({"items": []}))?;
    walk.get(format!("{list}&verdict=perhaps"))?.problem(400, "invalid-parameter")?;
    walk.passed("decisions: listed newest first, and filtered");

    let grant = made.link("override")?;
    let until = (Timestamp::now() + SignedDuration::from_hours(1)).to_string();
    let body = json!({"verdict": "hold", "reason": "a step of this walk", "expiresAt": until});
    let overridden = walk.send(&Ask::post(&grant, &body))?.status(201)?.says(&json!({"overrides": [body]}))?;
    overridden.compare_all(&json!({"verdict": made.json["verdict"], "effectiveVerdict": "hold"}))?;
    let read = walk.follow(&made, "self")?;
    read.demand(read.json == overridden.json, || format!("the decision with its override: {}", overridden.text))?;
    let wrong = json!({"verdict": "go", "reason": "", "expiresAt": "soon"});
    walk.send(&Ask::post(&grant, &wrong))?.points_at(&["/expiresAt", "/reason", "/verdict"])?;
    let past = json!({"verdict": "ship", "reason": "late", "expiresAt": walk.minute(0)});
    walk.send(&Ask::post(&grant, &past))?.points_at(&["/expiresAt"])?;
    walk.passed("decisions: an override stands beside the decision, which stays as it is");
    walk.explore("decisions")
}

/// Puts the policy as it is: its revision then, and whether it has the default's rules.
fn policy(walk: &mut Walk) -> Checked<(Value, bool)> {
    let href = walk.root()?.link("policy")?;
    let before = walk.get(&href)?.status(200)?.store_asked()?;
    let rules = before.at("/rules")?.clone();
    let names: Vec<&str> = rules.as_array().into_iter().flatten().filter_map(|rule| rule["name"].as_str()).collect();
    let default = names == DEFAULT;
    let body = json!({ "rules": rules });
    walk.send(&Ask::get(&href).header("if-none-match", before.etag()?))?.status(304)?;
    let put = walk.send(&Ask::put(&href, &body).if_match(&before.etag()?))?;
    let first = before.json["revision"] == 0;
    let put = put.status(if first { 201 } else { 200 })?.says(&body)?;
    put.demand(put.etag()? != before.etag()?, || "another ETag".to_owned())?;
    walk.send(&Ask::put(&href, &body).if_match(&before.etag()?))?.problem(412, "precondition-failed")?;
    walk.send(&Ask::put(&href, &body))?.problem(428, "precondition-required")?;
    let wrong =
        json!({"rules": [{"name": "No Name", "changes": [], "verdict": "ship", "condition": {"type": "luck"}}]});
    let refused = walk.send(&Ask::put(&href, &wrong).if_match("*"))?;
    refused.points_at(&["/rules/0/condition/type", "/rules/0/name"])?;
    let newest = walk.get(format!("{}?limit=1", put.link("revisions")?))?.status(200)?;
    let (revision, rules) = (&put.json["revision"], &put.json["rules"]);
    newest.says(&json!({"items": [{"revision": revision, "by": walk.by(), "rules": rules}]}))?;
    walk.passed("policy: read, and put back as it was under its revision, which its history shows");
    let revision = put.at("/revision")?.clone();
    Ok((revision, default))
}

fn refused(walk: &Walk, decide: &str) -> Checked {
    let wrong = json!({"objectives": [walk.name("nobody")], "at": "2999-01-01T00:00:00Z", "change": {"kind": "wish"},
        "colour": "red"});
    let pointers = ["/at", "/change/kind", "/colour", "/objectives/0"];
    walk.send(&Ask::post(decide, &wrong))?.points_at(&pointers)?;
    let unknown = walk.get(format!("{}/nobody", walk.root()?.link("decisions")?))?.problem(404, "not-found")?;
    walk.follow(&unknown, "decisions")?;
    Ok(())
}

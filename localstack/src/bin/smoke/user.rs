//! `/users`

use serde_json::{Value, json};

use crate::answer::{Answer, Checked};
use crate::gateway::Ask;
use crate::walk::Walk;
use crate::{definition, page};

fn user(name: &str) -> Value {
    json!({"name": name, "displayName": "Ana", "email": "ana@example.org", "role": "productManager", "access": "editor"})
}

/// A user that the rest of the walk needs.
pub(crate) fn walk(walk: &mut Walk) -> Checked<Answer> {
    definition::live(walk, "users", "createUser", &user(&walk.name("life")))?;
    let ana = walk.create("createUser", &user(&walk.name("ana")))?;
    let wrong = json!({"name": "No Name", "displayName": "", "email": "nowhere", "role": "boss", "access": "editor"});
    let refused = walk.send(&Ask::post(walk.root()?.link("createUser")?, &wrong))?;
    refused.points_at(&["/displayName", "/email", "/name", "/role"])?;
    walk.passed(&format!("users: created {}, refused another with four faults at once", walk.name("ana")));
    // Users have no service to filter by, so these are everybody's, and may be many: two pages will do.
    page::two(walk, &walk.root()?.link("users")?)?;
    walk.passed("users: listed page by page");
    Ok(ana)
}

/// What the objective of this user may spend: 10 of 10,000 events, of which 3 failed in the second minute.
pub(crate) fn plan(walk: &mut Walk, user: &Answer) -> Checked {
    let sprint = walk.follow(user, "plan")?.store_asked()?;
    let (path, objective) = (format!("{}/error-budgets", user.link("self")?), walk.name("availability"));
    let incident = json!({"start": walk.minute(1), "end": walk.minute(2), "minutes": 1, "good": 997, "total": 1_000,
        "bad": 3, "unit": "events", "consumed": 3, "share": 0.3, "postmortemRequired": true});
    sprint.says(&json!({"user": walk.name("ana"), "toilScope": "all", "toil": [
        {"objective": objective, "unit": "events", "consumed": 3, "consumedRatio": 0.3, "incidents": [incident]}]}))?;
    // That minute leaves the window when the window's first minute is the one after it.
    let four_weeks = 28 * 24 * 60;
    for (to, back) in [(four_weeks + 1, 0), (four_weeks + 2, 3)] {
        let to = walk.minute(to);
        let left = 7 + back;
        let plan = walk.get(format!("{path}?to={to}"))?.status(200)?.says(&json!({"to": to, "items": [
            {"objective": objective, "service": walk.run, "status": "ok", "unit": "events", "remaining": 7,
                "remainingRatio": 0.7, "comesBack": back, "spendable": left, "parts": [{"to": to, "spendable": left,
                "periods": 1, "estimate": false}]}]}))?;
        let words = plan.text_at("/items/0/summary")?;
        plan.demand(words.starts_with(&format!("about {left} failed events to spend before ")), || {
            format!("{left} failed events in words, not: {words}")
        })?;
    }
    for bad in ["from=2026-01-01", "to=yesterday", "to=2020-01-01", "to=400d", "to=14d&owner=bob"] {
        walk.get(format!("{path}?{bad}"))?.problem(400, "invalid-parameter")?;
    }
    walk.passed("users: the plan of a sprint has what is left, what comes back, and what consumed most");
    Ok(())
}

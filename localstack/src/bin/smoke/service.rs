//! `/healthz`, the root and the OpenAPI document.

use serde_json::json;

use crate::answer::Checked;
use crate::gateway::Ask;
use crate::walk::Walk;

pub(crate) fn walk(walk: &mut Walk) -> Checked {
    // A gateway may not have the patience that a first start takes.
    let health = Ask::get(format!("{}/healthz", walk.gateway.prefix)).repeatable("GET");
    let health = walk.send(&health)?.status(200)?.says(&json!({"status": "ok"}))?;
    walk.passed("service: it lives");
    let root = walk.follow(&health, "api")?;
    let own = walk.root()?.link("self")?;
    root.demand(root.link("self")? == own, || format!("the link to itself: {own}"))?;
    walk.follow(&root, "describedby")?.says(&json!({"info": {"title": "Error budgets"}}))?;
    walk.follow(&root, "docs")?;
    walk.passed("service: the root leads to everything, the OpenAPI document is there, for people too");
    walk.explore("service")
}

/// Every operation of the document that the deployment serves was asked for: a new route needs a new step.
pub(crate) fn all_was_walked(walk: &mut Walk) -> Checked {
    let document = walk.follow(&walk.root()?, "describedby")?;
    let routes = document.at("/paths")?.as_object().into_iter().flatten();
    let operations = routes.flat_map(|(route, methods)| {
        let methods = methods.as_object().into_iter().flatten().map(|(method, _)| method.as_str());
        let methods = methods.filter(|method| ["get", "put", "post", "delete", "patch"].contains(method));
        methods.map(move |method| (method, route.as_str()))
    });
    let mut count = 0;
    for (method, route) in operations {
        let asked = walk.gateway.has_asked(method, route);
        document.demand(asked, || format!("only operations that this walk knows, not {method} {route}"))?;
        count += 1;
    }
    walk.passed(&format!("service: all {count} operations of the document were walked"));
    Ok(())
}

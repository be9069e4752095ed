//! `/openslo`

use serde_json::{Value, json};
use ureq::http::Method;

use crate::answer::{Answer, Checked};
use crate::gateway::Ask;
use crate::walk::Walk;

/// What is exported changes nothing when it is applied; what is changed by hand is judged, then written.
pub(crate) fn walk(walk: &mut Walk) -> Checked {
    let href = walk.root()?.link("openslo")?;
    let applied = walk.root()?.link("applyOpenslo")?;
    let mine = format!("{href}?service={}", walk.run);
    let exported = walk.get(&mine)?.status(200)?.store_asked()?;
    let actions = |answer: &Answer| -> Vec<Value> {
        answer.json["items"].as_array().into_iter().flatten().map(|item| item["action"].clone()).collect()
    };
    let again = apply(walk, &applied, &exported.text)?.status(200)?;
    let kept = actions(&again);
    again.demand(kept.len() > 3 && kept.iter().all(|action| action == "unchanged"), || {
        "that nothing changes".to_owned()
    })?;
    let as_json = walk.send(&Ask::get(&mine).header("accept", "application/json"))?.status(200)?;
    let documents = as_json.items()?.len();
    as_json.demand(documents == kept.len(), || format!("{} documents", kept.len()))?;
    walk.send(&Ask::post(&applied, &as_json.json))?.status(200)?.says(&json!({"dryRun": false}))?;
    walk.passed(&format!("openslo: {documents} documents come out and go in again, and nothing changes"));

    let name = walk.name("openslo");
    walk.will_create(format!("{}/{name}", walk.root()?.link("indicators")?));
    walk.will_create(format!("{}/{name}", walk.root()?.link("objectives")?));
    let yaml = format!(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: {name}}}\nspec:\n  service: {}\n  indicator: {{metadata: {{name: {name}}}, spec: {{ratioMetric: {{counter: true}}}}}}\n  timeWindow: [{{duration: 28d, isRolling: true}}]\n  budgetingMethod: Occurrences\n  objectives: [{{target: 0.999}}]\n",
        walk.run
    );
    let item = |kind: &str| json!({"kind": kind, "name": name, "action": "created"});
    let both = json!([item("indicator"), item("objective")]);
    apply(walk, &format!("{applied}?dryRun=true"), &yaml)?
        .status(200)?
        .says(&json!({"dryRun": true, "items": both}))?;
    apply(walk, &applied, &yaml)?.status(200)?.says(&json!({"dryRun": false, "items": both}))?;
    let refused = apply(walk, &applied, &yaml.replace("0.999", "1.5").replace("counter: true", "counter: false"))?;
    let refused = refused.points_at(&["/0/spec/indicator/spec/ratioMetric/counter", "/0/spec/objectives/0/target"])?;
    refused.says(&json!({"errors": [{"line": 6}, {"line": 9}]}))?;
    apply(walk, &applied, "a: [")?.problem(400, "malformed-yaml")?;
    // The lists of budgets further on are of what was there before.
    for list in ["objectives", "indicators"] {
        let item = format!("{}/{name}", walk.root()?.link(list)?);
        walk.send(&Ask::delete(item).if_match("*"))?.status(204)?;
    }
    walk.passed("openslo: a document is judged, and written when nothing is wrong with it");
    Ok(())
}

fn apply(walk: &Walk, href: &str, yaml: &str) -> Checked<Answer> {
    walk.send(&Ask::new(Method::POST, href).body("application/yaml", yaml))
}

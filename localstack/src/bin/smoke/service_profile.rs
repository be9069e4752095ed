//! `/services`

use serde_json::{Value, json};

use crate::answer::Checked;
use crate::gateway::Ask;
use crate::walk::Walk;
use crate::{definition, page};

/// After the objectives: what the profile of their service leads to.
pub(crate) fn walk(walk: &mut Walk) -> Checked {
    let labels = json!({"run": walk.run});
    let life = json!({"name": walk.name("life"), "displayName": "Shop", "description": "Sells.", "labels": labels});
    definition::live(walk, "services", "createService", &life)?;
    let profile = walk.create("createService", &json!({"name": walk.run, "displayName": "Walk", "labels": labels}))?;
    let wrong = json!({"name": "No Name", "displayName": "", "owner": "ana"});
    let refused = walk.send(&Ask::post(walk.root()?.link("createService")?, &wrong))?;
    refused.points_at(&["/displayName", "/name", "/owner"])?;
    let list = walk.root()?.link("services")?;
    let mine = page::all(walk, &format!("{list}?label=run:{}", walk.run))?;
    let names: Vec<Value> = mine.into_iter().map(|mut item| item["name"].take()).collect();
    let wanted = [json!(walk.run), json!(walk.name("life-put"))];
    profile.demand(names == wanted, || format!("a list of {wanted:?}, not {names:?}"))?;
    for rel in ["objectives", "indicators", "errorBudgets"] {
        let found = walk.follow(&profile, rel)?.store_asked()?;
        found.demand(!found.items()?.is_empty(), || format!("the {rel} that name it"))?;
    }
    walk.passed(&format!("services: the profile of {} leads to what names it", walk.run));
    Ok(())
}

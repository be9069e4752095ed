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

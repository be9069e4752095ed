//! A body becomes a definition, or all that is wrong with it.

use slo_core::{Fault, Json, Name, Reference};

use super::Resource;
use crate::App;
use crate::edge::body::JsonBody;
use crate::edge::fields::{At, Faults, Fields, child, text};
use crate::edge::problem::Problem;

/// What a body says.
pub(crate) struct Judged<D> {
    /// The definition; `None` when something is at fault.
    pub(crate) definition: Option<D>,
    /// Everything that is wrong, but for references that lead nowhere.
    pub(crate) faults: Faults,
    /// What could be read of the names of other definitions.
    pub(crate) references: Vec<Reference>,
}

/// Reads a definition; nothing is looked up.
pub(crate) fn judge<D: Resource>(json: &Json, from_path: Option<&Name>) -> Judged<D> {
    let (mut faults, mut references) = (Faults::new(), Vec::new());
    let definition = JsonBody::judge(json, &mut faults, |at: At<'_>, faults| {
        let mut fields = Fields::open(at, faults)?;
        fields.ignore(D::READ_ONLY);
        let text = text::<Name>;
        let name = match from_path {
            None => fields.required("name", faults, text),
            Some(name) => {
                let given = fields.optional("name", faults, text).flatten();
                if given.is_some_and(|given| given != *name) {
                    let detail = format!(
                        "the path says {name}; leave the name out or write the same (a name cannot be changed)"
                    );
                    faults.push(Fault::new(child("", "name"), "differsFromPath", detail));
                }
                Some(name.clone())
            }
        };
        let definition = D::read(name, &mut fields, faults, &mut references);
        fields.close(faults);
        definition
    });
    Judged { definition: definition.filter(|_| faults.is_empty()), faults, references }
}

/// Reads a definition; everything that is wrong is said at once, references that lead nowhere included.
pub(super) async fn decode<D: Resource>(app: &App, json: &Json, from_path: Option<&Name>) -> Result<D, Problem> {
    let Judged { definition, mut faults, references } = judge(json, from_path);
    match definition {
        // The use case looks after the references of what is well-formed.
        Some(definition) => Ok(definition),
        None => {
            faults.extend(app.service.missing(&references).await?);
            Err(Problem::invalid_body(faults))
        }
    }
}

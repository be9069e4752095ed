//! What the OpenAPI document says of every route alike: who is let in, how one is turned away, and what statuses and
//! preconditions mean.

use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, PathItem, Ref, RefOr, ResponseBuilder};

use crate::edge::access::Entry;
use crate::router::entries;

/// The name of the scheme in the document.
const SCHEME: &str = "token";

/// What a status says where the route has no words of its own.
const MEANINGS: [(&str, &str); 13] = [
    ("200", "Here it is"),
    ("201", "It was created"),
    ("204", "It is done"),
    ("304", "It is still what you have"),
    ("400", "The request cannot be read, or a parameter is wrong"),
    ("404", "There is nothing of that name"),
    ("409", "It stands against what is stored"),
    ("412", "What is stored does not fit the precondition"),
    ("413", "The body is larger than 1 MiB"),
    ("415", "The body is of another media type than those that are taken"),
    ("422", "The body breaks the rules; nothing was stored"),
    ("428", "What is there changes only with If-Match"),
    ("503", "The store did not answer in time; send it again"),
];

/// Says of every answer and parameter what it is.
pub(crate) fn described(mut document: OpenApi) -> OpenApi {
    let methods = ["get", "put", "post", "patch", "delete"];
    for item in document.paths.paths.values_mut() {
        for method in methods {
            let Some(operation) = operation(item, method) else { continue };
            for parameter in operation.parameters.iter_mut().flatten() {
                let RefOr::T(parameter) = parameter else { continue };
                if parameter.description.is_none() {
                    parameter.description = meaning(parameter, method).map(str::to_owned);
                }
            }
            for (status, response) in &mut operation.responses.responses {
                let RefOr::T(response) = response else { continue };
                let meaning = MEANINGS.iter().find(|(known, _)| known == status).map(|(_, meaning)| *meaning);
                if let Some(meaning) = meaning.filter(|_| response.description.is_empty()) {
                    meaning.clone_into(&mut response.description);
                }
            }
        }
    }
    document
}

/// What a parameter is that many routes have.
fn meaning(parameter: &Parameter, method: &str) -> Option<&'static str> {
    match (&parameter.parameter_in, parameter.name.as_str(), method) {
        (ParameterIn::Path, "name", _) => Some("the name that its client has given it"),
        (ParameterIn::Path, "id", _) => Some("the identifier that it was given here"),
        (ParameterIn::Header, "If-Match", "put") => {
            Some("the ETag of what is replaced, or `*`: needed when it is there")
        }
        (ParameterIn::Header, "If-Match", _) => Some("the ETag of what is changed, or `*` for whatever is there"),
        (ParameterIn::Header, "If-None-Match", "put") => Some("`*`: only if nothing is there"),
        (ParameterIn::Header, "If-None-Match", _) => Some("an ETag: 304 as long as it is still that"),
        _ => None,
    }
}

/// Adds that routes need a token, unless they are open, and what is answered without one.
pub(crate) fn guarded(mut document: OpenApi) -> OpenApi {
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A token of a user, slo_…; where the service runs without tokens nobody is asked for one."));
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(SCHEME, SecurityScheme::Http(scheme.build()));
    document.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>(SCHEME, [])]);
    for ((path, method), entry) in entries() {
        let Some(operation) = document.paths.paths.get_mut(path).and_then(|item| operation(item, method)) else {
            continue;
        };
        if entry == Entry::Open {
            operation.security = Some(Vec::new());
            continue;
        }
        for (status, what) in [
            ("401", "There is no token, or it is not valid"),
            ("403", "The user of the token may do less than this"),
            ("429", "Too many tokens of this address were not valid"),
        ] {
            let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
            let refused = ResponseBuilder::new().description(what).content("application/problem+json", problem);
            operation.responses.responses.insert(status.to_owned(), refused.build().into());
        }
    }
    document
}

fn operation<'i>(item: &'i mut PathItem, method: &str) -> Option<&'i mut Operation> {
    let operation = match method {
        "get" => &mut item.get,
        "put" => &mut item.put,
        "post" => &mut item.post,
        "patch" => &mut item.patch,
        _ => &mut item.delete,
    };
    operation.as_mut()
}

//! What the OpenAPI document says of every route alike: who is let in, and how one is turned away.

use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, PathItem, Ref, ResponseBuilder};

use crate::edge::access::Entry;
use crate::router::entries;

/// The name of the scheme in the document.
const SCHEME: &str = "token";

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

fn operation<'i>(item: &'i mut PathItem, method: &str) -> Option<&'i mut utoipa::openapi::path::Operation> {
    let operation = match method {
        "get" => &mut item.get,
        "put" => &mut item.put,
        "post" => &mut item.post,
        "patch" => &mut item.patch,
        _ => &mut item.delete,
    };
    operation.as_mut()
}

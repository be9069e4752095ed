//! Who may do what: every route times everybody who may ask.

use std::collections::BTreeSet;

use serde_json::json;
use slo_core::Access;
use slo_lambda::{FILES, PAGES, ROUTES};

use super::guarded::{CALLERS, Guarded, everybody};
use Needs::{AdminOrSelf, Least, Nothing, Reads, Writes};

/// What a route needs.
#[derive(Clone, Copy, PartialEq)]
enum Needs {
    Nothing,
    Least(Access),
    AdminOrSelf,
    /// Of counts: a viewer, or a token for this indicator.
    Reads,
    /// Of counts: an editor, or a token for this indicator.
    Writes,
}

const VIEWER: Needs = Least(Access::Viewer);
const EDITOR: Needs = Least(Access::Editor);
const APPROVER: Needs = Least(Access::Approver);
const ADMIN: Needs = Least(Access::Admin);

/// Every route, as it is promised; written by hand, so that a route that is not in it fails.
const TABLE: [(&str, &str, Needs); 66] = [
    ("get", "/api/v1", VIEWER),
    ("get", "/api/v1/openapi.json", Nothing),
    ("get", "/healthz", Nothing),
    ("get", "/metrics", VIEWER),
    ("get", "/api/v1/indicators", VIEWER),
    ("post", "/api/v1/indicators", EDITOR),
    ("get", "/api/v1/indicators/{name}", VIEWER),
    ("put", "/api/v1/indicators/{name}", EDITOR),
    ("patch", "/api/v1/indicators/{name}", EDITOR),
    ("delete", "/api/v1/indicators/{name}", EDITOR),
    ("get", "/api/v1/indicators/{name}/measurements", Reads),
    ("post", "/api/v1/indicators/{name}/measurements", Writes),
    ("get", "/api/v1/indicators/{name}/suggested-target", VIEWER),
    ("get", "/api/v1/objectives", VIEWER),
    ("post", "/api/v1/objectives", EDITOR),
    ("get", "/api/v1/objectives/{name}", VIEWER),
    ("put", "/api/v1/objectives/{name}", EDITOR),
    ("patch", "/api/v1/objectives/{name}", EDITOR),
    ("delete", "/api/v1/objectives/{name}", EDITOR),
    ("get", "/api/v1/objectives/{name}/revisions", VIEWER),
    ("get", "/api/v1/objectives/{name}/exclusions", VIEWER),
    ("post", "/api/v1/objectives/{name}/exclusions", EDITOR),
    ("get", "/api/v1/objectives/{name}/exclusions/{id}", VIEWER),
    ("delete", "/api/v1/objectives/{name}/exclusions/{id}", EDITOR),
    ("get", "/api/v1/objectives/{name}/error-budget", VIEWER),
    ("get", "/api/v1/objectives/{name}/error-budget/series", VIEWER),
    ("get", "/api/v1/objectives/{name}/alerts", VIEWER),
    ("get", "/api/v1/objectives/{name}/incidents", VIEWER),
    ("get", "/api/v1/services", VIEWER),
    ("post", "/api/v1/services", EDITOR),
    ("get", "/api/v1/services/{name}", VIEWER),
    ("put", "/api/v1/services/{name}", EDITOR),
    ("patch", "/api/v1/services/{name}", EDITOR),
    ("delete", "/api/v1/services/{name}", EDITOR),
    ("get", "/api/v1/error-budgets", VIEWER),
    ("post", "/api/v1/error-budgets:batchGet", VIEWER),
    ("get", "/api/v1/openslo", VIEWER),
    ("post", "/api/v1/openslo", EDITOR),
    ("get", "/api/v1/policy", VIEWER),
    ("put", "/api/v1/policy", ADMIN),
    ("get", "/api/v1/policy/revisions", VIEWER),
    ("get", "/api/v1/decisions", VIEWER),
    ("post", "/api/v1/decisions", EDITOR),
    ("get", "/api/v1/decisions/{id}", VIEWER),
    ("post", "/api/v1/decisions/{id}/override", APPROVER),
    ("get", "/api/v1/audit", ADMIN),
    ("get", "/api/v1/users", VIEWER),
    ("post", "/api/v1/users", ADMIN),
    ("get", "/api/v1/users/{name}", VIEWER),
    ("put", "/api/v1/users/{name}", ADMIN),
    ("patch", "/api/v1/users/{name}", ADMIN),
    ("delete", "/api/v1/users/{name}", ADMIN),
    ("get", "/api/v1/users/{name}/error-budgets", VIEWER),
    ("get", "/api/v1/users/{name}/tokens", AdminOrSelf),
    ("post", "/api/v1/users/{name}/tokens", ADMIN),
    ("get", "/api/v1/users/{name}/tokens/{id}", AdminOrSelf),
    ("delete", "/api/v1/users/{name}/tokens/{id}", AdminOrSelf),
    ("get", "/", VIEWER),
    ("get", "/objectives/{name}", VIEWER),
    ("get", "/users/{name}/sprint", VIEWER),
    ("get", "/api/v1/docs", Nothing),
    ("get", "/sign-in", Nothing),
    ("post", "/sign-in", Nothing),
    ("post", "/sign-out", Nothing),
    ("get", "/style.css", Nothing),
    ("get", "/badges/{file}", Nothing),
];

/// What the table promises to a caller who asks about themselves, or about others.
fn allowed(needs: Needs, access: Option<Access>, scope: Option<&str>, own: bool) -> bool {
    let least = |least: Access| access.is_some_and(|access| access >= least);
    let site = matches!(scope, None | Some("ingest:site" | "ingest"));
    match needs {
        Nothing => true,
        Least(access) => least(access) && scope.is_none(),
        AdminOrSelf => (least(Access::Admin) || own && access.is_some()) && scope.is_none(),
        Reads => least(Access::Viewer) && site,
        Writes => least(Access::Editor) && site,
    }
}

#[test]
fn every_route_is_in_the_table_and_nothing_else() {
    let all = ROUTES.iter().chain(PAGES).chain(FILES);
    let served: BTreeSet<(&str, &str)> =
        all.flat_map(|(path, methods)| methods.iter().map(|method| (*path, *method))).collect();
    let promised: BTreeSet<(&str, &str)> = TABLE.iter().map(|(method, path, _)| (*path, *method)).collect();
    let missing: Vec<_> = served.difference(&promised).collect();
    assert!(missing.is_empty(), "say in the table who may use {missing:?}");
    let gone: Vec<_> = promised.difference(&served).collect();
    assert!(gone.is_empty() && promised.len() == TABLE.len(), "these are no routes, or are said twice: {gone:?}");
}

#[test]
fn the_openapi_document_says_who_is_let_in() {
    let document = serde_json::to_value(slo_lambda::openapi()).expect("JSON");
    assert_eq!(document["security"], json!([{"token": []}]));
    assert_eq!(document["components"]["securitySchemes"]["token"]["scheme"], "bearer");
    let documented = |path: &str| ROUTES.iter().any(|(route, _)| *route == path);
    for (method, path, needs) in TABLE.iter().filter(|(_, path, _)| documented(path)) {
        let operation = &document["paths"][path][method];
        let open = *needs == Nothing;
        assert_eq!(operation["security"] == json!([]), open, "{method} {path}");
        for status in ["401", "403", "429"] {
            assert_eq!(operation["responses"][status].is_null(), open, "{method} {path} {status}");
        }
    }
}

#[tokio::test]
async fn each_route_lets_in_whom_the_table_says_and_nobody_else() {
    let mut checked = 0;
    for (method, path, needs) in TABLE {
        for own in [false, true] {
            for (i, (who, access, scope)) in CALLERS.into_iter().enumerate() {
                // Fresh each time: what is let in changes things.
                let (service, shown) = everybody().await;
                let shown = &shown[i];
                let api = Guarded::new(&service);
                api.pass(2);
                // About oneself, or about somebody else; of indicators and objectives it is `site`.
                let user = path.contains("/users/");
                if !user && own {
                    continue;
                }
                let about = match (user, own) {
                    (true, true) => access.map_or("nobody", |access| access.name()),
                    (true, false) => "somebody-else",
                    (false, _) => "site",
                };
                let path = path.replace("{name}", about).replace("{id}", "none");
                // HEAD is answered as GET is.
                let methods: &[&str] = if method == "get" { &["head", "get"] } else { &[method] };
                for method in methods {
                    let answer = api.ask(method, &path, shown.as_deref(), &json!({"measurements": []})).await;
                    let status = answer.status.as_u16();
                    let what = format!("{method} {path} by {who} {scope:?}: {status} {}", answer.body);
                    let wanted = allowed(needs, access, scope, own);
                    // Who sees no page may sign in.
                    let signs_in = status == 303 && answer.header("location").starts_with("/sign-in?next=%2F");
                    let status = if signs_in { 401 } else { status };
                    let page = !path.starts_with("/api/") && path != "/metrics";
                    assert_eq!(!matches!(status, 401 | 403), wanted, "{what}");
                    assert_eq!(status == 401, !wanted && access.is_none(), "{what}");
                    if !wanted && !page {
                        let challenge = answer.header("www-authenticate");
                        assert!(challenge.starts_with("Bearer realm=\"slo\""), "{what}: {challenge}");
                    }
                    if status == 403 && *method != "head" && !page {
                        let least = match needs {
                            Least(least) => least,
                            AdminOrSelf => Access::Admin,
                            Reads => Access::Viewer,
                            Writes => Access::Editor,
                            Nothing => unreachable!("everybody is let in"),
                        };
                        assert_eq!(answer.body["needed"], least.name(), "{what}");
                        assert!(answer.body["detail"].as_str().expect("text").contains(least.name()), "{what}");
                    }
                    checked += 1;
                }
            }
        }
    }
    // Every route by everybody; a GET as a HEAD too, and what is about a user about oneself and about another.
    let times = |(method, path, _): &(&str, &str, Needs)| {
        CALLERS.len() * (1 + usize::from(*method == "get")) * (1 + usize::from(path.contains("/users/")))
    };
    assert_eq!(checked, TABLE.iter().map(times).sum::<usize>());
}

#[tokio::test]
async fn what_is_no_route_is_no_secret_and_no_way_in() {
    let (service, shown) = everybody().await;
    let api = Guarded::new(&service);
    let admin = shown[7].as_deref();
    for token in [None, shown[1].as_deref(), admin] {
        assert_eq!(api.ask("get", "/api/v1/nothing", token, &json!({})).await.status, 404);
        assert_eq!(api.ask("delete", "/api/v1/policy", token, &json!({})).await.status, 405);
    }
    assert_eq!(api.ask("get", "/api/v1/", None, &json!({})).await.status, 401);
    assert_eq!(api.ask("get", "/api/v1/", admin, &json!({})).await.status, 200);
}

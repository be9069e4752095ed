//! `/api/v1/docs`: all of the OpenAPI document, for people.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};
use slo_lambda::PAGES;

use super::common::{Answer, Api};

const PATH: &str = "/api/v1/docs";

/// The page's text as a browser shows it, without the marks of HTML.
fn shown(page: &Answer) -> String {
    let mut text = String::new();
    for part in page.text.split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, after)| after));
    }
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

fn ids(page: &Answer) -> BTreeSet<&str> {
    page.text.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[tokio::test]
async fn everything_of_the_document_is_there() {
    let api = Api::new();
    let page = api.page(PATH).await;
    assert_eq!(page.status, 200);
    let (text, ids) = (shown(&page), ids(&page));
    let document = api.get("/openapi.json").await.json();
    let mut said = 0;
    let mut must_say = |what: &str| {
        said += 1;
        assert!(text.contains(&what.replace('`', "")), "{what}");
    };
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("operations") {
            assert!(ids.contains(operation["operationId"].as_str().expect("an id")), "{operation}");
            must_say(&format!("{} {path}", method.to_uppercase()));
            must_say(operation["summary"].as_str().expect("a summary"));
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                must_say(parameter["name"].as_str().expect("a name"));
                must_say(parameter["description"].as_str().unwrap_or_default());
            }
            for answer in operation["responses"].as_object().expect("answers").values() {
                must_say(answer["description"].as_str().unwrap_or_default());
            }
        }
    }
    let mut members = 0;
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        let id = format!("schema-{name}");
        assert!(ids.contains(id.as_str()), "{name}");
        let section =
            page.text.split(&format!("<h3 id=\"{id}\"")).nth(1).and_then(|rest| rest.split("</section>").next());
        let section = section.expect("a section");
        for (member, property) in schema["properties"].as_object().into_iter().flatten() {
            members += 1;
            assert!(section.contains(&format!("<code>{member}</code>")), "{name}.{member}");
            must_say(property["description"].as_str().unwrap_or_default());
        }
    }
    assert!(said > 500 && members > 300, "{said} texts, {members} members");
}

#[tokio::test]
async fn its_links_lead_to_what_is_on_it() {
    let page = Api::new().page(PATH).await;
    let ids = ids(&page);
    let anchors: Vec<&str> = page.text.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(anchors.len() > 200, "{}", anchors.len());
    for anchor in anchors {
        assert!(ids.contains(anchor), "nothing is at #{anchor}");
    }
    let behind = Api::new().under("/prod").page(PATH).await;
    assert!(behind.text.contains("href=\"/prod/api/v1/openapi.json\""));
}

#[tokio::test]
async fn it_says_who_may_ask() {
    let page = Api::new().page(PATH).await;
    for (operation, needs) in [
        ("health", "Open to everybody."),
        ("usersCreate", "Needs an admin."),
        ("tokensGet", "Needs an admin, or the user whom the path names."),
        ("decisionsOverride", "Needs an approver."),
        ("measurementsRecord", "Needs an editor, or a token limited to this indicator."),
    ] {
        let section = page.text.split(&format!("<h3 id=\"{operation}\"")).nth(1).expect("a section");
        assert!(section.split("</section>").next().is_some_and(|section| section.contains(needs)), "{operation}");
    }
}

/// The commands of the page that have a body: method, path and body.
fn examples(page: &Answer) -> Vec<(Method, String, Value)> {
    let text = shown(page);
    let commands = text.split("curl -s -X ").skip(1).filter_map(|rest| {
        let (command, _) = rest.split_once("}'")?;
        let (method, rest) = command.split_once(" \"$SLO_URL")?;
        let (path, rest) = rest.split_once('"')?;
        let body = serde_json::from_str(&format!("{}}}", rest.split_once("-d '")?.1)).expect("JSON");
        Some((method.parse().expect("a method"), path.to_owned(), body))
    });
    commands.filter(|(_, path, _)| path.starts_with("/api/")).collect()
}

/// What the examples say is taken as it stands, once what they name is there.
#[tokio::test]
async fn its_examples_are_taken() {
    let api = Api::new();
    let page = api.page(PATH).await;
    let examples = examples(&page);
    let mut taken = 0;
    for (collection, name) in
        [("/users", "ana"), ("/indicators", "site"), ("/objectives", "shop"), ("/policy", "policy")]
    {
        for (method, path, mut body) in examples.iter().cloned() {
            let path = path.trim_start_matches("/api/v1").to_owned();
            if path != collection && path != format!("{collection}/NAME") {
                continue;
            }
            // Who follows the page gives names of their own.
            if collection != "/policy" && method != Method::PATCH {
                body["name"] = json!(name);
            }
            let answer = match method {
                Method::POST => api.post(&path, body).await,
                // No policy was put before.
                Method::PUT if collection == "/policy" => api.put(&path, "", body).await,
                Method::PUT => api.put(&path.replace("NAME", name), "*", body).await,
                Method::PATCH => api.patch(&path.replace("NAME", name), "*", body).await,
                other => panic!("{other} with a body"),
            };
            assert!(answer.status.is_success(), "{method} {path}: {}", answer.text);
            taken += 1;
        }
    }
    for (of, path, status) in [
        ("/objectives/NAME/exclusions", "/objectives/shop/exclusions", 201),
        ("/indicators/NAME/measurements", "/indicators/site/measurements", 200),
        ("/error-budgets:batchGet", "/error-budgets:batchGet", 200),
        ("/users/NAME/tokens", "/users/ana/tokens", 201),
        ("/decisions", "/decisions", 201),
    ] {
        let (_, _, body) = examples.iter().find(|(_, path, _)| path.ends_with(of)).expect(of);
        let answer = api.post(path, body.clone()).await;
        assert_eq!(answer.status, status, "{path} {body}: {}", answer.text);
        taken += 1;
    }
    assert!(taken >= 12, "{taken}");
}

/// It is asked for by people who have no token yet, and costs the store nothing.
#[tokio::test]
async fn it_is_open_and_free() {
    assert!(PAGES.contains(&(PATH, &["get"])));
    let api = Api::new();
    let page = api.page(PATH).await;
    assert!(page.header("server-timing").contains("calls=0"), "{}", page.header("server-timing"));
    assert_eq!(api.get("").await.json()["links"]["docs"]["href"], PATH);
    assert!(api.page("/").await.text.contains("href=\"/api/v1/docs\""));
    assert_eq!(
        api.page("/api/v1/docs?utm_source=mail").await.status,
        200,
        "what others write behind an address is not ours"
    );
}

//! The pages for people, without a browser.

use std::collections::BTreeSet;
use std::panic::Location;
use std::sync::Arc;

use crate::common::{Answer, Api, indicator, objective, user};
use axum::body::Body;
use http::Method;
use serde_json::{Value, json};
use slo_core::testing::MockDefinitionRepository;
use slo_core::{RepositoryError, Service};

/// What every page has, errors too.
pub(crate) fn is_a_page(answer: &Answer, caller: &Location<'_>) {
    let text = &answer.text;
    let say = |what: &str| format!("{what}, asked at {caller}: {text}");
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{}", say("HTML"));
    let policy = answer.header("content-security-policy");
    for rule in
        ["default-src 'none'", "style-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"]
    {
        assert!(policy.contains(rule), "{}", say(rule));
    }
    assert!(!policy.contains("unsafe"), "{}", say(policy));
    assert_eq!((answer.header("x-content-type-options"), answer.header("referrer-policy")), ("nosniff", "same-origin"));
    assert_eq!(answer.header("cache-control"), "no-store");
    for odd in ["http://", "https://", "<script", "javascript:", " style=", " onclick", "method=\"post\""] {
        assert!(!text.contains(odd), "{}", say(odd));
    }
    for once in [
        "<h1",
        "<main ",
        "<header ",
        "<footer ",
        "<nav aria-label=\"Main\"",
        "class=\"skip\"",
        "<title>",
        "lang=\"en\"",
    ] {
        // An SVG has titles too, with an id.
        assert_eq!(text.matches(once).count(), 1, "{}", say(once));
    }
    let ids: Vec<&str> = attributes(text, "id");
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{}", say("ids are unique"));
    for reference in ["for", "aria-labelledby", "aria-describedby", "list"] {
        for named in attributes(text, reference) {
            assert!(ids.contains(&named), "{}", say(&format!("{reference}={named}")));
        }
    }
    let labelled = attributes(text, "for");
    for input in text.split("<input").skip(1).map(|rest| rest.split('>').next().unwrap_or_default()) {
        assert!(attributes(&format!("<input{input}>"), "id").iter().all(|id| labelled.contains(id)), "{}", say(input));
    }
    assert_eq!(text.matches("<table").count(), text.matches("<caption").count(), "{}", say("captions"));
    for header in text.split("<th").skip(1).filter(|rest| !rest.starts_with("ead")) {
        assert!(header.split('>').next().is_some_and(|head| head.contains("scope=")), "{}", say("scope"));
    }
}

/// The values of an attribute, wherever it stands.
pub(crate) fn attributes<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    let begin = format!(" {name}=\"");
    text.split(begin.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// `shop` is exhausted since an incident on the 18th, `idle` has no data, `fine` is; all at noon of the 20th.
pub(crate) async fn with_three() -> Api {
    let api = Api::new();
    for name in ["site", "other", "good"] {
        assert_eq!(api.post("/indicators", indicator(name)).await.status, 201);
    }
    assert_eq!(api.post("/users", user("ana")).await.status, 201);
    for (name, measured, more) in [
        ("shop", "site", json!({"owners": ["ana"], "displayName": "The shop", "publicBadge": true})),
        ("idle", "other", json!({"service": "back"})),
        ("fine", "good", json!({})),
    ] {
        let mut body = objective(name);
        body["indicator"] = json!(measured);
        for (member, value) in more.as_object().expect("an object") {
            body[member] = value.clone();
        }
        assert_eq!(api.post("/objectives", body).await.status, 201);
    }
    let hour = |day: u32, hour: u32, bad: u32| {
        (0..60).map(move |minute| json!({"start": format!("2026-11-{day}T{hour:02}:{minute:02}:00Z"), "good": 100 - bad, "total": 100}))
    };
    // Two days of data, and between them a day without.
    for (name, bad) in [("site", 10), ("good", 0)] {
        let minutes: Vec<Value> = (0..24).flat_map(|at| hour(18, at, if at == 9 { bad } else { 0 })).collect();
        let later: Vec<Value> = (0..12).flat_map(|at| hour(20, at, 0)).collect();
        for batch in [minutes, later] {
            let answer = api.post(&format!("/indicators/{name}/measurements"), json!({"measurements": batch})).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
    }
    api
}

/// The objectives of an overview, in their order.
pub(crate) fn lines(page: &Answer) -> Vec<String> {
    let rows = page.text.split("<th scope=\"row\"><a href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    rows.map(|href| href.rsplit('/').next().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn the_overview_answers_first() {
    let api = with_three().await;
    let page = api.page("/").await;
    assert_eq!(page.status, 200);
    assert_eq!(lines(&page), ["shop", "idle", "fine"], "worst first, what is unknown before what is fine");
    let after_h1 = page.text.split("<h1>").nth(1).expect("one").split("</h1>").next().expect("it ends");
    assert!(after_h1.ends_with("1 of 3 objectives holds features back"), "{after_h1}");
    for said in [
        "The shop</a> has used 277.8 % of its budget<",
        "over by about 384 failed events (277.8\u{a0}% used)",
        "about 216 failed events left (100\u{a0}%)",
        "Nothing was measured",
        "holds features back",
        "think twice",
    ] {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    // Nothing left is not a full bar, and the line of the warning stands out on what is left.
    assert_eq!(["over", "fill ok", "mark within", "mark"].map(|class| marked(&page, class)), [1, 1, 1, 1]);
    // What a gate says of it.
    for (name, verdict) in [("shop", "hold"), ("idle", "caution"), ("fine", "ship")] {
        let decision = json!({"objectives": [name], "change": {"kind": "feature"}});
        assert_eq!(api.post("/decisions", decision).await.json()["verdict"], verdict, "{name}");
    }
}

/// How many shapes of a class there are.
fn marked(page: &Answer, class: &str) -> usize {
    page.text.matches(&format!("class=\"{class}\"")).count()
}

#[tokio::test]
async fn the_sentence_follows_the_policy() {
    let api = with_three().await;
    let rules = json!({"rules": [{"name": "large", "changes": ["feature"], "verdict": "caution",
        "condition": {"type": "incidentShare", "value": 0.5}}]});
    let put = api.put("/policy", "", rules).await;
    assert!(put.status.is_success(), "{}", put.text);
    let page = api.page("/").await;
    assert!(page.text.contains("Ship with care: 1 of 3 objectives asks to think twice"), "{}", page.text);
    assert_eq!(lines(&page)[0], "shop");
    let page = api.page("/?service=back").await;
    assert!(page.text.contains("Ship: none of 1 objective holds features back"), "{}", page.text);
}

#[tokio::test]
async fn filters_and_cursors_stay_together() {
    let api = with_three().await;
    assert_eq!(lines(&api.page("/?service=web&owner=").await), ["shop", "fine"], "a field left blank says nothing");
    let ana = api.page("/?service=&owner=ana").await;
    assert_eq!(lines(&ana), ["shop"]);
    assert!(ana.text.contains("value=\"ana\"") && ana.text.contains("href=\"/users/ana/sprint\""), "{}", ana.text);
    let none = api.page("/?service=nothing").await;
    assert!(none.text.contains("No objective is like that") && none.status == 200, "{}", none.text);

    let (mut seen, mut path) = (Vec::new(), "/?limit=1&service=web".to_owned());
    for _ in 0..4 {
        let page = api.page(&path).await;
        seen.extend(lines(&page));
        let next = page.text.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
        let Some(next) = next else { break };
        assert!(page.text.contains("on this page"), "{}", page.text);
        assert!(!page.text.contains("Ship"), "a part is no answer: {}", page.text);
        path = next.replace("&amp;", "&");
        assert!(path.contains("service=web") && path.contains("limit=1"), "{path}");
    }
    assert_eq!(seen, ["fine", "shop"]);
    let elsewhere = api.page(&path.replace("service=web", "service=back")).await;
    assert_eq!(elsewhere.status, 400, "a cursor of another list");
}

#[tokio::test]
async fn an_objective_with_all_that_is_known() {
    let api = with_three().await;
    let exclusion =
        json!({"from": "2026-11-20T03:00:00Z", "to": "2026-11-20T04:00:00Z", "mode": "remove", "reason": "A new disk"});
    assert_eq!(api.post("/objectives/shop/exclusions", exclusion).await.status, 201);
    let decision = json!({"service": "web", "change": {"kind": "feature", "description": "A new page"}});
    let id = api.post("/decisions", decision).await.json()["id"].as_str().expect("an id").to_owned();
    let granted = json!({"verdict": "ship", "reason": "It ends the outage", "expiresAt": "2026-11-21T00:00:00Z"});
    assert_eq!(api.post(&format!("/decisions/{id}/override"), granted).await.status, 201);

    let page = api.page("/objectives/shop").await;
    assert_eq!(page.status, 200);
    for said in [
        "The shop: hold (exhausted)",
        "Promised: at least 99.9 % of events good over the last 28 days.",
        "18 Nov 09:00",
        "60 min",
        "postmortem due",
        "A new disk",
        "A new page",
        "Overridden",
        "It ends the outage",
        "page 1h / 5m",
        "href=\"/badges/shop.svg\"",
        "href=\"/?service=web\"",
    ] {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    // Two plots in two sizes, each with its name and what there is to see.
    assert_eq!(page.text.matches("role=\"img\"").count(), 4);
    assert!(page.text.contains("Incident 1 on 18 Nov 09:00 took"), "{}", page.text);
    let plot =
        page.text.split("id=\"budget-wide-desc\"").nth(1).and_then(|rest| rest.split("</svg>").next()).expect("a plot");
    assert_eq!(curves(plot), 2, "the 19th has no data, and no curve: {plot}");
    assert_eq!(plot.matches("fill=\"#050505\"").count(), 1, "what is excluded is shaded");
    assert!(
        page.text.contains("18 Nov 09:00</time> to <time datetime=\"2026-11-18T10:00:00Z\">10:00"),
        "{}",
        page.text
    );
    assert!(plot.contains("fill=\"#060606\""), "the incident is marked");
    assert!(page.text.contains("1 stretch without data") || page.text.contains("stretches without data"));
}

/// Lines of the curve, by its colour.
fn curves(plot: &str) -> usize {
    plot.split("<polyline")
        .skip(1)
        .filter(|rest| rest.split('>').next().is_some_and(|head| head.contains("#030303")))
        .count()
}

#[tokio::test]
async fn what_if() {
    let api = with_three().await;
    let page = api.page("/objectives/shop?target=0.99").await;
    for said in ["If it were 99 %", "2,160 failed events", "about 1,560 failed events left (72\u{a0}%)", "Forget it"] {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    assert!(page.text.contains("The shop: hold (exhausted)"), "the promise stays what it is");
    assert_eq!(api.page("/objectives/shop?target=").await.status, 200);
    // The slider asks the same by its step, and stands where the answer is.
    let slid = api.page("/objectives/shop?usual=3").await;
    assert_eq!(slid.text, page.text);
    let slider = |page: &Answer| {
        let slider = page.text.split("<input").find(|input| input.contains("type=\"range\"")).expect("one").to_owned();
        attributes(&slider, "value")[0].to_owned()
    };
    assert_eq!([slider(&slid), slider(&api.page("/objectives/shop").await)], ["3", "5"]);
    let between = api.page("/objectives/shop?target=0.998").await;
    assert!(between.text.contains("With a target of 99.8 %"), "{}", between.text);
    assert_eq!(slider(&between), "4", "the last one below");
    assert_eq!(slider(&api.page("/objectives/shop?target=0.5").await), "1");
    let both = api.page("/objectives/shop?target=0.99&usual=3").await;
    assert_eq!(both.status, 400);
    assert!(both.text.contains("give one of target and usual"), "{}", both.text);
    assert_eq!(api.page("/objectives/shop?usual=9").await.status, 400);
}

#[tokio::test]
async fn a_sprint_is_the_plan_of_the_api() {
    let api = with_three().await;
    let page = api.page("/users/ana/sprint?from=&to=2026-12-04").await;
    let plan = api.get("/users/ana/error-budgets?to=2026-12-04").await.json();
    let summary = plan["items"][0]["summary"].as_str().expect("a sentence");
    let toil = plan["toil"][0]["summary"].as_str().expect("a sentence");
    assert!(summary.starts_with("nothing to spend"), "{summary}");
    for said in [&summary[1..], toil, "Sprint of Ana", "value=\"2026-12-04\""] {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    let now = api.page("/users/ana/sprint").await;
    assert!(now.text.contains("<time datetime=\"2026-12-04T00:00:00Z\">"), "two weeks, to midnight: {}", now.text);
    assert_eq!(api.page("/users/ana/sprint?to=2026-11-01").await.status, 400, "it is over");
}

#[tokio::test]
async fn errors_are_pages_that_say_what_to_do() {
    let api = with_three().await;
    for path in ["/objectives/nobody", "/objectives/NOBODY", "/users/nobody/sprint"] {
        let page = api.page(path).await;
        assert_eq!(page.status, 404, "{path}");
        assert!(
            page.text.contains("There is nothing of that name") && page.text.contains("href=\"/\""),
            "{}",
            page.text
        );
    }
    assert_eq!(api.page("/?limit=0").await.status, 400);
    // A form that changed something would be refused.
    api.send(Method::POST, "/", &[], Body::empty()).await.problem(405);

    let mut objectives = MockDefinitionRepository::new();
    objectives.expect_list().returning(|_, _, _| Err(RepositoryError::Unavailable("throttled".into())));
    let api = Api::with(Service { objectives: Arc::new(objectives), ..Service::in_memory() });
    let page = api.page("/").await;
    assert_eq!((page.status.as_u16(), page.header("retry-after")), (503, "1"));
    assert!(page.text.contains("it is safe to repeat") && !page.text.contains("throttled"), "{}", page.text);
}

#[tokio::test]
async fn a_service_is_called_as_its_profile_says() {
    let api = with_three().await;
    let link = |called: &str| format!("<a href=\"/?service=web\">{called}</a>");
    let shown = async || api.page("/objectives/shop").await.text;
    assert!(shown().await.contains(&link("web")), "without one by its name");
    assert_eq!(api.post("/services", json!({"name": "web", "description": "Sells."})).await.status, 201);
    assert!(shown().await.contains(&link("web")), "with one that has no other");
    assert_eq!(api.patch("/services/web", "*", json!({"displayName": "Our shop"})).await.status, 200);
    assert!(shown().await.contains(&link("Our shop")));
}

#[tokio::test]
async fn a_panic_is_a_page_too() {
    let mut objectives = MockDefinitionRepository::new();
    objectives.expect_list().returning(|_, _, _| panic!("the secret of the handler"));
    let api = Api::with(Service { objectives: Arc::new(objectives), ..Service::in_memory() });
    let page = api.page("/").await;
    assert_eq!(page.status, 500);
    assert!(page.text.contains("All objectives") && !page.text.contains("secret"), "{}", page.text);
    assert_eq!(api.page("/users/nobody/sprint").await.status, 404, "the next one works");
    api.get("/objectives").await.problem(500);
}

#[tokio::test]
async fn what_people_write_stays_text() {
    let hostile = "</title><script>alert(1)</script>\"'&<img src=x onerror=alert(1)>";
    let api = with_three().await;
    let patch = json!({"displayName": hostile, "description": hostile, "owners": ["ana"]});
    assert_eq!(api.patch("/objectives/shop", "*", patch).await.status, 200);
    assert_eq!(api.patch("/users/ana", "*", json!({"displayName": hostile})).await.status, 200);
    assert_eq!(api.post("/services", json!({"name": "web", "displayName": hostile})).await.status, 201);
    let exclusion = json!({"from": "2026-11-20T03:00:00Z", "to": "2026-11-20T04:00:00Z", "reason": hostile});
    assert_eq!(api.post("/objectives/shop/exclusions", exclusion).await.status, 201);
    let decision = json!({"objectives": ["shop"], "change": {"kind": "feature", "description": hostile}});
    assert_eq!(api.post("/decisions", decision).await.status, 201);
    for path in ["/", "/objectives/shop", "/users/ana/sprint"] {
        let page = api.page(path).await;
        assert!(page.text.contains("&lt;script&gt;") && !page.text.contains("<img"), "{path}: {}", page.text);
    }
}

#[tokio::test]
async fn links_carry_the_base_path() {
    let api = with_three().await.under("/prod");
    for path in ["/", "/objectives/shop?target=0.99", "/users/ana/sprint", "/objectives/nobody"] {
        let page = api.page(path).await;
        for href in attributes(&page.text, "href").into_iter().chain(attributes(&page.text, "action")) {
            let inside = href.starts_with("/prod/") || href.starts_with('#') || href == "data:,";
            assert!(inside, "{path}: {href}");
        }
    }
}

#[tokio::test]
async fn an_empty_service_says_how_to_begin() {
    let page = Api::new().page("/").await;
    assert!(page.text.contains("Nothing is promised yet") && page.text.contains("slo demo"), "{}", page.text);
}

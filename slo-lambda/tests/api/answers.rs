//! What the pages answer where a figure alone would mislead.

use axum::body::Body;
use http::Method;
use serde_json::{Value, json};

use crate::common::{Answer, Api, indicator, objective, user};
use crate::pages::with_three;

/// So many minutes before noon of the 20th, each with so many good ones of so many.
fn minutes(from: i64, to: i64, good: u64, total: u64) -> Vec<Value> {
    let noon: jiff::Timestamp = crate::common::NOW.parse().expect("a time");
    let start = |ago: i64| (noon - jiff::SignedDuration::from_mins(ago)).to_string();
    (to..from).map(|ago| json!({"start": start(ago + 1), "good": good, "total": total})).collect()
}

/// An objective with an indicator of its own and what is measured of it.
async fn add(api: &Api, name: &str, more: Value, measured: Vec<Value>) {
    assert_eq!(api.post("/indicators", indicator(name)).await.status, 201);
    let mut body = objective(name);
    body["indicator"] = json!(name);
    for (member, value) in more.as_object().expect("an object") {
        body[member] = value.clone();
    }
    let answer = api.post("/objectives", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    for batch in measured.chunks(1_440) {
        let answer = api.post(&format!("/indicators/{name}/measurements"), json!({"measurements": batch})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
}

fn hours(duration: &str, target: &str) -> Value {
    json!({"target": target, "timeWindow": {"duration": duration, "isRolling": true}})
}

fn says(page: &Answer, all: &[&str]) {
    assert_eq!(page.status, 200, "{}", page.text);
    for said in all {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
}

/// The class of the answer, and its heading with the first stroke of its shape.
fn answer(page: &Answer) -> (String, String) {
    let after = page.text.split("<div class=\"answer ").nth(1).expect("an answer");
    let class = after.split('"').next().unwrap_or_default().to_owned();
    let heading = after.split("<h1>").nth(1).and_then(|rest| rest.split("</h1>").next()).expect("a heading");
    (class, heading.to_owned())
}

const CHECK: &str = "M4.7 8.3";
const CROSS: &str = "M5 1h6";

#[tokio::test]
async fn heading_shape_and_colour_are_of_the_verdict() {
    let api = Api::new();
    let with_alert = [minutes(360, 30, 100, 100), minutes(30, 0, 98, 100)].concat();
    add(&api, "soon", hours("6h", "0.995"), with_alert).await;
    let mut wish = hours("6h", "0.995");
    wish["aspirational"] = json!(true);
    wish["publicBadge"] = json!(true);
    wish["sla"] = json!({"target": 0.99});
    add(&api, "wish", wish, minutes(360, 0, 98, 100)).await;
    let soon = api.page("/objectives/soon").await;
    let (class, heading) = answer(&soon);
    assert!(class == "hold" && heading.contains(CROSS), "{class} {heading}");
    assert!(heading.ends_with("soon: hold (on track, but a page alert fires)"), "{heading}");
    // When it began to fire is written as all times are.
    says(&soon, &["<li>It has a page alert firing since 20 Nov 11:", "(1h window).</li>"]);
    let wish = api.page("/objectives/wish").await;
    let (class, heading) = answer(&wish);
    assert!(class == "ship" && heading.contains(CHECK), "{class} {heading}");
    assert!(heading.ends_with("wish: ship (exhausted, but aspirational)"), "{heading}");
    says(&wish, &["<li>It has used 400 % of its budget.", "aspirational and only informs", "<dd>200 % used<"]);
    let badge = api.send(Method::GET, "/badges/wish.svg", &[], Body::empty()).await;
    says(&badge, &["exhausted, 400 % used<"]);
    says(&wish, &[": at least 99.5 % of events good over the last 6 hours.</li>"]);
    says(&api.page("/").await, &[">soon</a> has a page alert firing since 20 Nov 11:", "(400\u{a0}% used)"]);

    // A decision is kept as it was written, and no name is written with a capital.
    let decision = json!({"objectives": ["wish", "soon"], "change": {"kind": "feature"}});
    assert_eq!(api.post("/decisions", decision).await.status, 201);
    says(&api.page("/objectives/wish").await, &["<li>wish has exhausted its budget: 400 % of it is used.</li>"]);
}

#[tokio::test]
async fn a_part_of_the_list_is_no_answer_for_all_of_it() {
    let api = with_three().await;
    let (class, heading) = answer(&api.page("/?limit=1").await);
    assert_eq!(class, "none");
    assert_eq!(heading, "Nothing on this page holds features back; there are more pages");
    assert!(answer(&api.page("/?service=back&limit=1").await).1.contains("Ship with care: 1 of 1 objective asks"));
    let rules = json!({"rules": [{"name": "large", "changes": ["feature"], "verdict": "caution",
        "condition": {"type": "remainingRatio", "op": "lte", "value": 1}}]});
    let put = api.put("/policy", "", rules).await;
    assert!(put.status.is_success(), "{}", put.text);
    let page = api.page("/?limit=1").await;
    assert!(answer(&page).1.ends_with("1 of 1 objective on this page asks to think twice"), "{}", page.text);
    says(&page, &[">fine</a> has 100 % of its budget left"]);
}

#[tokio::test]
async fn what_a_rule_saw_is_said_in_the_words_of_the_page() {
    let api = with_three().await;
    says(&api.page("/objectives/idle").await, &["idle: think twice (no data)", "<li>It has no data.</li>"]);
    let rule = |name: &str, condition: Value| json!({"name": name, "changes": ["feature"], "verdict": "caution", "condition": condition});
    let rules = [
        rule("large", json!({"type": "incidentShare", "value": 0.5})),
        rule("covered", json!({"type": "coverage", "value": 0.9})),
    ];
    assert!(api.put("/policy", "", json!({"rules": rules})).await.status.is_success());
    let incident = "has lost 277.8 % of its budget in the incident of 18 Nov 09:00";
    let coverage = "it has data for 5.35 % of its time: less than 90 %";
    says(&api.page("/").await, &[&format!(">The shop</a> {incident}; {coverage}<")]);
    says(&api.page("/objectives/shop").await, &[&format!("<li>It {incident}.</li>")]);
}

#[tokio::test]
async fn a_little_is_not_nothing() {
    let api = Api::new();
    add(&api, "few", hours("7d", "0.999"), minutes(11, 0, 45, 45)).await;
    let page = api.page("/objectives/few").await;
    says(&page, &["few: ship (on track)", "Less than one failed event left (100\u{a0}%)."]);
    // And what was hardly measured is not known to be well.
    says(&page, &["<p>Measured less than 1 % of the time.</p>"]);
    says(&api.page("/").await, &["measured less than 1 % of the time"]);
    add(&api, "rare", hours("366d", "0.999"), minutes(11, 0, 45, 45)).await;
    says(&api.page("/objectives/rare").await, &["<dd>below 0.1 %<"]);
    add(&api, "well", hours("1h", "0.999"), minutes(54, 0, 1, 1)).await;
    let well = api.page("/objectives/well").await.text;
    assert!(
        !well.to_lowercase().contains("measured only") && well.contains("<dd>90 %<"),
        "nine tenths are enough: {well}"
    );
}

#[tokio::test]
async fn it_is_said_when_a_budget_comes_back() {
    let api = with_three().await;
    says(&api.page("/objectives/shop").await, &["Back on 16 Dec if nothing more fails"]);
    // 72 of 7,200 may fail, and 100 did half an hour ago.
    let incident = [minutes(360, 31, 20, 20), minutes(31, 29, 0, 50), minutes(29, 0, 20, 20)].concat();
    add(&api, "short", hours("6h", "0.99"), incident).await;
    says(&api.page("/objectives/short").await, &["Back 20 Nov 17:30 if nothing more fails"]);
    let brink = [minutes(360, 30, 100, 100), minutes(30, 0, 95, 100)].concat();
    add(&api, "brink", hours("6h", "0.995"), brink).await;
    says(&api.page("/objectives/brink").await, &["Runs out 20 Nov 13:12 at the pace of the last 6 hours"]);
}

#[tokio::test]
async fn a_hand_out_says_what_its_figures_are() {
    let api = Api::new();
    assert_eq!(api.post("/users", user("ana")).await.status, 201);
    let owned = |mut body: Value, more: Value| {
        body["owners"] = json!(["ana"]);
        for (member, value) in more.as_object().expect("an object") {
            body[member] = value.clone();
        }
        body
    };
    // 108 of 10,800 may fail; 1 failed, and one more is expected to, at most.
    let all = [minutes(10_080, 30, 1, 1), minutes(30, 29, 0, 1), minutes(29, 0, 1, 1)].concat();
    add(&api, "events", owned(hours("7d", "0.99"), json!({})), all.clone()).await;
    let slices = json!({"budgetingMethod": "Timeslices", "timeSliceTarget": 1, "timeSliceWindow": "1m"});
    add(&api, "slices", owned(hours("7d", "0.999"), slices), all).await;
    add(&api, "idle", owned(hours("7d", "0.99"), json!({})), Vec::new()).await;
    let wish = json!({"aspirational": true, "displayName": "The wish"});
    add(&api, "wish", owned(hours("7d", "0.99"), wish), minutes(10, 0, 0, 1)).await;

    let page = api.page("/users/ana/sprint?to=2026-11-23T12:00:00Z").await;
    let cells = |name: &str| {
        let row = page.text.split(&format!("href=\"/objectives/{name}\"")).nth(1).expect("a row");
        let row = row.split("</tr>").next().unwrap_or_default();
        let cells = row.split("data-label=\"").skip(1).filter_map(|cell| cell.split(['>', '<']).nth(1));
        cells.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(cells("events"), ["99 failed", "0 failed", "99 failed", "1 failed", "99 failed"]);
    assert_eq!(cells("slices"), ["9 min", "0 s", "9 min", "26 s", "8 min"]);
    assert_eq!(cells("idle"), ["–"; 5], "nothing is known of it");
    let at = |text: &str| page.text.find(text).unwrap_or_else(|| panic!("{text}: {}", page.text));
    assert!(at("/objectives/idle\"") < at("/objectives/wish\""), "what only informs comes last");
    assert!(page.text.matches("aspirational").count() >= 2, "{}", page.text);
    assert!(at("<strong>The wish</strong> (aspirational)") > at("<strong>events</strong>"));
    says(&page, &["As of <time datetime=\"2026-11-20T12:00:00Z\">20 Nov 2026 12:00 UTC</time>."]);

    let part = api.page("/users/ana/sprint?limit=2&to=2026-12-04").await;
    says(&part, &["of 2 objectives on this page let", "There are more pages.", "Of the objectives on this page."]);
    let next = part.text.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("more");
    let last = api.page(&next.replace("&amp;", "&")).await;
    says(&last, &["on this page", ">First page</a>"]);
    let first = last.text.split("\">First page").next().and_then(|before| before.rsplit('"').next()).expect("a link");
    assert_eq!(api.page(&first.replace("&amp;", "&")).await.text, part.text);
}

#[tokio::test]
async fn pages_say_when_they_were_made() {
    let api = with_three().await;
    for path in ["/", "/objectives/shop", "/users/ana/sprint?to=2026-12-04"] {
        says(&api.page(path).await, &["20 Nov 2026 12:00 UTC</time>"]);
    }
}

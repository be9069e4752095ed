//! `/metrics`

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use http::Method;
use serde_json::json;
use slo_core::{Indicator, IndicatorKind, Json, Name, Objective, RollingWindow, Series, Service, Stamp, TimeWindow};

use crate::common::{Answer, Api, NOW, indicator, objective};
use crate::open_metrics::{Family, Labels, read};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

async fn ask(api: &Api, query: &str, accept: &str) -> Answer {
    let headers = [("accept", accept)];
    let headers = if accept.is_empty() { &[][..] } else { &headers[..] };
    api.send(Method::GET, &format!("/metrics{query}"), headers, Body::empty()).await
}

/// The families of an answer by name.
async fn families(api: &Api, query: &str) -> BTreeMap<String, Family> {
    let answer = ask(api, query, "").await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, OPEN_METRICS), "{}", answer.text);
    let families = read(&answer.text).unwrap_or_else(|fault| panic!("{fault}\n{}", answer.text));
    families.into_iter().map(|family| (family.name.clone(), family)).collect()
}

/// Objectives of each kind: with little, much and nothing left, by events and by slices, and without data.
async fn with_objectives() -> Api {
    let api = Api::new().with_objective().await;
    assert_eq!(api.post("/indicators", indicator("silent")).await.status, 201);
    let minutes = (0..60).map(|i| {
        let good = if (40..43).contains(&i) { 2 } else { 10 };
        json!({"start": format!("2026-11-20T11:{i:02}:00Z"), "good": good, "total": 10})
    });
    let batch = json!({"measurements": minutes.collect::<Vec<_>>()});
    assert_eq!(api.post("/indicators/site/measurements", batch).await.status, 200);
    let mut easy = objective("easy");
    easy["target"] = json!(0.9);
    easy["displayName"] = json!("The \"easy\" one \\ of two\nlines {}, \u{1f4a9}");
    let mut slices = objective("slices");
    slices["budgetingMethod"] = json!("Timeslices");
    slices["timeSliceTarget"] = json!(0.5);
    slices["timeWindow"] = json!({"duration": "1M", "isRolling": false, "calendar": {"startTime": "2026-01-01 00:00:00", "timeZone": "Europe/Berlin"}});
    let mut quiet = objective("quiet");
    quiet["indicator"] = json!("silent");
    quiet["service"] = json!("other");
    quiet["timeWindow"] = json!({"duration": "1d", "isRolling": true});
    let mut twins = objective("twins");
    let condition =
        |threshold| json!({"severity": "ticket", "longWindow": "1h", "shortWindow": "30m", "threshold": threshold});
    twins["alertPolicy"] = json!({"conditions": [condition(999), condition(2)]});
    for body in [easy, slices, quiet, twins] {
        assert_eq!(api.post("/objectives", body.clone()).await.status, 201, "{body}");
    }
    api
}

const NAMES: [(&str, &str); 5] =
    [("easy", "web"), ("quiet", "other"), ("shop", "web"), ("slices", "web"), ("twins", "web")];

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A member as the service wrote it; a truth as a number.
fn figure(json: &Json, path: &[&str]) -> Option<String> {
    match json.at(path)?.to_string().as_str() {
        "null" => None,
        "true" => Some("1".to_owned()),
        "false" => Some("0".to_owned()),
        number => Some(number.to_owned()),
    }
}

#[tokio::test]
async fn each_figure_is_that_of_the_resource_to_the_digit() {
    let api = with_objectives().await;
    let families = families(&api, "").await;
    let mut wanted: BTreeMap<&str, BTreeMap<Labels, String>> = BTreeMap::new();
    for (name, service) in NAMES {
        let own = [("objective", name), ("service", service)];
        let with = |more: &[(&str, &str)]| labels(&[&own[..], more].concat());
        let resource = async |path: &str| {
            let answer = api.get(&format!("/objectives/{name}{path}")).await;
            Json::parse(answer.text.as_bytes()).expect("JSON")
        };
        let budget = resource("/error-budget").await;
        for (family, path) in [
            ("slo_objective_target_ratio", &["target"][..]),
            ("slo_sli_ratio", &["sli"]),
            ("slo_objective_met", &["met"]),
            ("slo_error_budget_remaining_ratio", &["budget", "remainingRatio"]),
            ("slo_coverage_ratio", &["coverage"]),
        ] {
            wanted.entry(family).or_default().extend(figure(&budget, path).map(|figure| (with(&[]), figure)));
        }
        let watermark = budget.at(&["watermark"]).and_then(Json::text);
        let seconds = |time: &str| time.parse::<jiff::Timestamp>().expect("a time").as_second().to_string();
        let family = wanted.entry("slo_watermark_timestamp_seconds").or_default();
        family.extend(watermark.map(|time| (with(&[]), seconds(time))));
        for burn in items(&budget, "burnRates") {
            let lookback = [("lookback", burn.at(&["lookback"]).and_then(Json::text).expect("text"))];
            let rate = figure(burn, &["burnRate"]).map(|rate| (with(&lookback), rate));
            wanted.entry("slo_burn_rate").or_default().extend(rate);
        }
        for status in ["noData", "exhausted", "warning", "ok"] {
            let is = budget.at(&["status"]).and_then(Json::text) == Some(status);
            wanted.entry("slo_status").or_default().insert(with(&[("slo_status", status)]), u8::from(is).to_string());
        }
        for alert in items(&resource("/alerts").await, "items") {
            let text = |member| alert.at(&[member]).and_then(Json::text).expect("text");
            let windows = [
                ("severity", text("severity")),
                ("long_window", text("longWindow")),
                ("short_window", text("shortWindow")),
            ];
            let firing = figure(alert, &["firing"]).expect("it is known");
            let seen = wanted.entry("slo_alert_firing").or_default().entry(with(&windows)).or_insert(firing.clone());
            *seen = (*seen).clone().max(firing);
        }
        let objective = api.get(&format!("/objectives/{name}")).await.json();
        let about = [
            ("display_name", objective["displayName"].as_str().unwrap_or(name)),
            ("indicator", objective["indicator"].as_str().expect("text")),
            ("window", objective["timeWindow"]["duration"].as_str().expect("text")),
        ];
        wanted.entry("slo_objective").or_default().insert(with(&about), "1".to_owned());
    }
    let told: BTreeMap<&str, BTreeMap<Labels, String>> =
        families.iter().map(|(name, family)| (name.as_str(), family.samples.clone())).collect();
    assert_eq!(told, wanted);
    // What the comparison would not see if nothing were there.
    let count = |family: &str| told[family].len();
    assert_eq!((count("slo_sli_ratio"), count("slo_objective_target_ratio"), count("slo_status")), (4, 5, 20));
    let left = &told["slo_error_budget_remaining_ratio"];
    assert_eq!(left[&labels(&[("objective", "shop"), ("service", "web")])], "-39");
    let twin = [
        ("objective", "twins"),
        ("service", "web"),
        ("severity", "ticket"),
        ("long_window", "1h"),
        ("short_window", "30m"),
    ];
    assert_eq!(told["slo_alert_firing"][&labels(&twin)], "1", "one of the two fires");
    let easy = families["slo_objective"].samples.keys().next().expect("the first");
    assert_eq!(easy["display_name"], "The \"easy\" one \\ of two\nlines {}, \u{1f4a9}");
}

fn items<'a>(json: &'a Json, member: &str) -> &'a [Json] {
    match json.get(member) {
        Some(Json::Array(items)) => items,
        other => panic!("{member}: {other:?}"),
    }
}

#[tokio::test]
async fn some_objectives_are_asked_for_by_filter() {
    let api = with_objectives().await;
    let of = async |query: &str| -> BTreeSet<String> {
        let families = families(&api, query).await;
        families["slo_status"].samples.keys().map(|labels| labels["objective"].clone()).collect()
    };
    assert_eq!(of("?service=other").await, BTreeSet::from(["quiet".to_owned()]));
    assert_eq!(of("?service=web").await.len(), 4);
    assert!(of("?service=nothing").await.is_empty());
    for query in ["?service=No+Name", "?at=2026-11-20T12:00:00Z", "?label=x"] {
        ask(&api, query, "").await.problem(400);
    }
    let posted = api.send(Method::POST, "/metrics", &[], Body::empty()).await;
    posted.problem(405);
}

#[tokio::test]
async fn the_older_text_is_for_who_takes_nothing_else() {
    let api = with_objectives().await;
    let open = ask(&api, "", "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3").await;
    assert_eq!((open.header("content-type"), open.header("vary")), (OPEN_METRICS, "accept"));
    let older = ask(&api, "", "text/plain").await;
    assert_eq!(older.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let samples =
        |text: &str| text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(samples(&older.text), samples(&open.text));
    let kinds = |line: &&str| line.starts_with("# TYPE");
    assert!(older.text.lines().filter(kinds).all(|line| line.ends_with(" gauge")), "{}", older.text);
    assert!(!older.text.contains("# UNIT") && !older.text.contains("# EOF"), "{}", older.text);
}

/// Objectives that share an indicator, as many as are told of, and one more.
#[tokio::test]
async fn too_many_objectives_are_refused() {
    let service = Service::in_memory();
    let name = |text: &str| text.parse::<Name>().expect("a name");
    let stamp = || Stamp { at: NOW.parse().expect("a time"), by: None };
    let site = Indicator::new(name("site"), name("web"), IndicatorKind::Ratio);
    let born = service.create(site, stamp()).await.expect("created").born;
    let window = RollingWindow::new("1d".parse().expect("a length")).expect("a window");
    let add = async |number: usize| {
        let series = Series { indicator: name("site"), born };
        let target = "0.9".parse().expect("a target");
        let of = if number == 0 { "one" } else { "many" };
        let window = TimeWindow::Rolling(window);
        let objective = Objective::new(name(&format!("o-{number:04}")), name(of), series, target, window);
        service.create(objective, stamp()).await.expect("created");
    };
    for number in 0..1_000 {
        add(number).await;
    }
    let api = Api::with(service.clone());
    assert_eq!(families(&api, "").await["slo_objective_target_ratio"].samples.len(), 1_000);
    add(1_000).await;
    let problem = ask(&api, "", "").await.problem(400);
    let detail = problem["errors"][0]["detail"].as_str().expect("text");
    assert!(detail.contains("more than 1000 objectives") && detail.contains("by service"), "{problem}");
    assert_eq!(families(&api, "?service=one").await["slo_objective_target_ratio"].samples.len(), 1);
    assert_eq!(families(&api, "?service=many").await["slo_objective_target_ratio"].samples.len(), 1_000);
}

/// What documents and the dashboard ask for is there, and what is there is in the documents.
#[tokio::test]
async fn the_documented_queries_ask_for_what_there_is() {
    let api = with_objectives().await;
    let there: BTreeMap<String, BTreeSet<String>> = families(&api, "")
        .await
        .into_values()
        .map(|family| (family.sample_name(), family.samples.into_keys().flat_map(Labels::into_keys).collect()))
        .collect();
    let read = |file: &str| {
        let path = format!("{}/../docs/{file}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    let page = read("monitoring.md");
    let dashboard: serde_json::Value = serde_json::from_str(&read("grafana-dashboard.json")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels").iter();
    let mut queries: Vec<&str> = panels
        .flat_map(|panel| panel["targets"].as_array().expect("queries"))
        .map(|target| target["expr"].as_str().expect("a query"))
        .collect();
    assert_eq!(queries.len(), 3);
    let variables = dashboard["templating"]["list"].as_array().expect("variables").iter();
    queries.extend(variables.filter_map(|variable| variable["query"]["query"].as_str()));
    queries.push(&page);
    for (query, metric, labels) in queries
        .into_iter()
        .flat_map(|query| asked(query).into_iter().map(move |(metric, labels)| (query, metric, labels)))
    {
        let known = there.get(&metric).unwrap_or_else(|| panic!("there is no {metric}: {query}"));
        let unknown: Vec<_> = labels.iter().filter(|label| !known.contains(*label)).collect();
        assert!(unknown.is_empty(), "{metric} has no {unknown:?}: {query}");
    }
    for metric in there.keys() {
        assert!(page.contains(&format!("\n| `{metric}` |")), "{metric} is not in the table");
    }
}

/// The metrics that a text names, with the labels by which it selects.
fn asked(text: &str) -> Vec<(String, Vec<String>)> {
    let in_name = |c: char| c.is_ascii_lowercase() || c == '_';
    let starts = text.match_indices("slo_").map(|(at, _)| at);
    let mut found = Vec::new();
    // Not in the middle of a word, and not the label of that name.
    for at in starts.filter(|at| !text[..*at].ends_with(|c: char| in_name(c) || c == '-')) {
        let end = text[at..].find(|c| !in_name(c)).map_or(text.len(), |length| at + length);
        let selector =
            text[end..].strip_prefix('{').and_then(|rest| rest.split_once('}')).map_or("", |(inner, _)| inner);
        let labels = selector
            .split(',')
            .filter_map(|pair| pair.split_once('='))
            .map(|(label, _)| label.trim_end_matches('!').to_owned());
        found.push((text[at..end].to_owned(), labels.collect()));
    }
    found
}

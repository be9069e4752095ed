//! Export, then import: the same definitions, whatever they are.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::{Map, Value, json};

use super::{apply, definition, export, told, with_users};
use crate::common::Api;

/// Text that a careless writer of YAML would spoil.
fn any_text(max: usize) -> impl Strategy<Value = String> {
    let odd = proptest::sample::select(vec![
        "yes",
        "no",
        "On",
        "null",
        "~",
        "1e3",
        "0x1F",
        "1_000",
        "12:30",
        "2026-01-01",
        ".5",
        "-",
        "- a",
        "a: b",
        "a #b",
        "&a",
        "*a",
        "!a",
        "| x",
        "> x",
        "%a",
        "@a",
        "\"",
        "'",
        "{a}",
        "[a]",
        "a\\",
        "two\nlines",
        "two\n\nlines\n",
        "ends \nin",
        " begins",
        "ends ",
        "\ta\n b",
        "a\r\nb",
        "\n",
        "\u{2028}",
        "\u{feff}x",
        "日本\n語",
        "😀",
        "…",
        "---",
        "---\na",
        "...\nb",
        "# c\nd",
    ]);
    prop_oneof![odd.prop_map(str::to_owned), "[ -~]{1,40}", "[a-z \n:#'\"-]{1,40}", "\\PC{1,12}"]
        .prop_map(move |text| text.chars().take(max).collect())
}

fn any_labels() -> impl Strategy<Value = BTreeMap<String, String>> {
    let key = prop_oneof![
        "[a-zA-Z0-9._/-]{1,20}",
        proptest::sample::select(vec!["yes", "1", "1.5", "null", "-", "no"]).prop_map(str::to_owned)
    ];
    // A label is one line.
    let value = any_text(60).prop_map(|text| text.chars().filter(|c| !c.is_control()).collect());
    proptest::collection::btree_map(key, value, 0..4)
}

fn any_spec() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any_text(50).prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
        any::<i32>().prop_map(Value::from)
    ];
    let inner = leaf.prop_recursive(3, 12, 3, |inner| {
        let members = proptest::collection::btree_map(any_text(12), inner.clone(), 0..3);
        prop_oneof![
            proptest::collection::vec(inner, 0..3).prop_map(Value::from),
            members.prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    proptest::collection::btree_map(any_text(12), inner, 0..3)
        .prop_map(|members| Value::Object(members.into_iter().collect()))
}

/// `{member: value}`, or nothing.
fn maybe<V: Into<Value> + std::fmt::Debug>(
    member: &'static str,
    value: impl Strategy<Value = V>,
) -> impl Strategy<Value = Value> {
    proptest::option::of(value)
        .prop_map(move |value| value.map_or_else(|| json!({}), |value| json!({member: value.into()})))
}

fn merged(parts: Vec<Value>) -> Value {
    let mut all = Map::new();
    for part in parts {
        let Value::Object(members) = part else { panic!("an object") };
        all.extend(members);
    }
    Value::Object(all)
}

fn labelled() -> impl Strategy<Value = Value> {
    let labels = any_labels().prop_map(|labels| json!({"labels": labels}));
    (maybe("displayName", any_text(256)), maybe("description", any_text(1050)), labels)
        .prop_map(|(name, description, labels)| merged(vec![name, description, labels]))
}

fn any_service() -> impl Strategy<Value = Value> {
    (0..3_u8, labelled()).prop_map(|(n, text)| merged(vec![text, json!({"name": format!("service-{n}")})]))
}

fn any_indicator() -> impl Strategy<Value = Value> {
    let values = ["300", "0.10", "-1.5", "1234567890123456789.012345678"];
    let threshold =
        (proptest::sample::select(vec!["lt", "lte", "gt", "gte"]), proptest::sample::select(values.to_vec()))
            .prop_map(|(op, value)| json!({"kind": "threshold", "threshold": {"op": op, "value": value}}));
    let kind = prop_oneof![Just(json!({"kind": "ratio"})), threshold];
    let roles = proptest::sample::subsequence(vec!["good", "bad", "total", "threshold"], 0..=4);
    let sources = (roles, any_text(100), any_spec()).prop_map(|(roles, kind, spec)| {
        let sources: BTreeMap<_, _> =
            roles.into_iter().map(|role| (role, json!({"type": kind, "spec": spec}))).collect();
        json!({"metricSource": sources})
    });
    (labelled(), kind, sources, maybe("unit", any_text(64)), maybe("owner", Just("cleo")), 0..3_u8).prop_map(
        |(text, kind, sources, unit, owner, service)| {
            merged(vec![text, kind, sources, unit, owner, json!({"service": format!("service-{service}")})])
        },
    )
}

fn any_window() -> impl Strategy<Value = Value> {
    let rolling = proptest::sample::select(vec!["1d", "7d", "28d", "4w", "30d", "366d", "720h"])
        .prop_map(|duration| json!({"duration": duration, "isRolling": true}));
    let calendar = (
        proptest::sample::select(vec!["1d", "1w", "1M", "1Q", "1Y"]),
        proptest::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York"]),
        proptest::sample::select(vec!["2026-01-05 00:00:00", "2020-02-29 12:30:59"]),
    );
    let calendar = calendar.prop_map(|(duration, zone, start)| {
        json!({"duration": duration, "isRolling": false, "calendar": {"startTime": start, "timeZone": zone}})
    });
    prop_oneof![rolling, calendar].prop_map(|window| json!({"timeWindow": window}))
}

fn any_method() -> impl Strategy<Value = Value> {
    let width = || maybe("timeSliceWindow", proptest::sample::select(vec!["1m", "5m", "30m", "1h", "1d"]));
    let no_data = || maybe("noData", proptest::sample::select(vec!["ignore", "good", "bad"]));
    let slice = proptest::sample::select(vec!["1", "0.95", "0.123456789"]);
    prop_oneof![
        Just(json!({"budgetingMethod": "Occurrences"})),
        (slice, width(), no_data()).prop_map(|(target, width, no_data)| {
            merged(vec![json!({"budgetingMethod": "Timeslices", "timeSliceTarget": target}), width, no_data])
        }),
        (width(), no_data()).prop_map(|(width, no_data)| merged(vec![
            json!({"budgetingMethod": "RatioTimeslices"}),
            width,
            no_data
        ])),
    ]
}

fn any_alert_policy() -> impl Strategy<Value = Value> {
    let windows =
        proptest::sample::select(vec![("1h", "5m"), ("6h", "30m"), ("24h", "2h"), ("3d", "6h"), ("1w", "1d")]);
    let threshold = prop_oneof![
        proptest::sample::select(vec!["14.4", "6", "1", "0.000000001", "1.234567891"])
            .prop_map(|k| json!({"threshold": k})),
        proptest::sample::select(vec!["0.02", "0.05", "0.1", "0.0000001"]).prop_map(|f| json!({"budgetFraction": f})),
    ];
    let condition =
        (proptest::sample::select(vec!["page", "ticket"]), windows, threshold, maybe("minimumEvents", 0..10_000_u32))
            .prop_map(|(severity, (long, short), threshold, least)| {
                merged(vec![json!({"severity": severity, "longWindow": long, "shortWindow": short}), threshold, least])
            });
    let floor = maybe("coverageFloor", proptest::sample::select(vec!["0", "0.9", "0.5", "1", "0.333333333"]));
    (proptest::collection::vec(condition, 0..4), floor)
        .prop_map(|(conditions, floor)| merged(vec![json!({"conditions": conditions}), floor]))
}

fn any_objective() -> impl Strategy<Value = Value> {
    let target = proptest::sample::select(vec!["0.99", "0.999999999", "0.995", "0.99990"]);
    let sla = (proptest::sample::select(vec!["0.9", "0.5", "0.987654321"]), maybe("description", any_text(100)))
        .prop_map(|(target, text)| merged(vec![json!({"target": target}), text]));
    let promise = (target, any_window(), any_method(), maybe("sla", sla), maybe("alertPolicy", any_alert_policy()))
        .prop_map(|(target, window, method, sla, alerts)| {
            merged(vec![json!({"target": target}), window, method, sla, alerts])
        });
    let owners = proptest::sample::subsequence(vec!["ana", "bob"], 0..=2)
        .prop_shuffle()
        .prop_map(|owners| json!({"owners": owners}));
    let rest = (
        owners,
        maybe("warningThreshold", proptest::sample::select(vec!["0", "0.25", "0.1", "1"])),
        maybe("aspirational", any::<bool>()),
        maybe("publicBadge", any::<bool>()),
        0..3_u8,
    );
    (labelled(), promise, rest, any::<proptest::sample::Index>()).prop_map(|(text, promise, rest, indicator)| {
        let (owners, warning, wish, badge, service) = rest;
        // The number of its indicator is known when those are.
        let names = json!({"service": format!("service-{service}"), "indicator": indicator.index(1_000)});
        merged(vec![text, promise, owners, warning, wish, badge, names])
    })
}

#[derive(Clone, Debug)]
struct Definitions {
    services: Vec<Value>,
    indicators: Vec<Value>,
    objectives: Vec<Value>,
}

fn any_definitions() -> impl Strategy<Value = Definitions> {
    use proptest::collection::vec as many;

    (many(any_service(), 0..3), many(any_indicator(), 1..4), many(any_objective(), 0..4)).prop_map(
        |(services, mut indicators, mut objectives)| {
            for (i, indicator) in indicators.iter_mut().enumerate() {
                indicator["name"] = json!(format!("indicator-{i}"));
            }
            for (i, objective) in objectives.iter_mut().enumerate() {
                let n = objective["indicator"].as_u64().unwrap_or(0) % indicators.len() as u64;
                objective["indicator"] = json!(format!("indicator-{n}"));
                // As long as names can be.
                objective["name"] = json!(format!("objective-{i}{}", "-x".repeat(i * 8)));
            }
            Definitions { services, indicators, objectives }
        },
    )
}

async fn comes_back(definitions: Definitions) -> Result<(), TestCaseError> {
    let api = with_users(Api::new()).await;
    let mut names = Vec::new();
    let lists = [
        ("service", &definitions.services),
        ("indicator", &definitions.indicators),
        ("objective", &definitions.objectives),
    ];
    for (kind, bodies) in lists {
        for body in bodies {
            let name = body["name"].as_str().expect("a name").to_owned();
            let answer = api.put(&format!("/{kind}s/{name}"), "", body.clone()).await;
            // A service may come twice, and an alert may be such that it can never fire; everything else must be new and right.
            let left_out = kind == "service" && answer.status == 428 || answer.text.contains("\"unreachable\"");
            prop_assert!(answer.status == 201 || left_out, "{body}: {}", answer.text);
            if answer.status == 201 {
                names.push((kind, name));
            }
        }
    }
    let yaml = export(&api, "").await;
    let same = told(&apply(&api, &yaml).await);
    prop_assert!(same.len() == names.len() && same.iter().all(|line| line.ends_with(" unchanged")), "{same:?}\n{yaml}");
    let empty = with_users(Api::new()).await;
    let made = told(&apply(&empty, &yaml).await);
    prop_assert!(made.len() == names.len() && made.iter().all(|line| line.ends_with(" created")), "{made:?}\n{yaml}");
    for (kind, name) in &names {
        let (before, after) = (definition(&api, kind, name).await, definition(&empty, kind, name).await);
        prop_assert_eq!(before.to_string(), after.to_string(), "{}", yaml);
    }
    prop_assert_eq!(export(&empty, "").await, yaml, "an export of it says the same to the byte");
    let json = [("accept", "application/json")];
    let items = api.send(http::Method::GET, "/api/v1/openslo", &json, axum::body::Body::empty()).await;
    let posted =
        api.send(http::Method::POST, "/api/v1/openslo", &[("content-type", "application/json")], items.text).await;
    prop_assert!(told(&posted).iter().all(|line| line.ends_with(" unchanged")), "{posted:?}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_exported_makes_the_same_definitions(definitions in any_definitions()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(comes_back(definitions))?;
    }
}

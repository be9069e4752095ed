//! What is asked for by its kind, directly or by a schedule.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::given::{Given, fixture, merge};

/// Ten minutes ago, so that a window up to now has it.
fn recently() -> String {
    let minute = Timestamp::now().as_second() / 60 - 10;
    Timestamp::from_second(minute * 60).expect("a time").to_string()
}

fn submitted(start: &str, good: u64) -> Value {
    json!({
        "kind": "measurementsSubmitted", "indicator": "site", "source": "eu-west-1a",
        "measurements": [{"start": start, "good": good, "total": 1_000}],
    })
}

#[tokio::test]
async fn measurements_come_back_as_a_budget() {
    let given = Given::new().await;
    let ask = async |event: &Value| Given::answered(given.stub.invoke(event).await);
    let start = recently();

    let recorded = ask(&submitted(&start, 996)).await;
    let expected = json!({"kind": "measurementsRecorded", "accepted": 1, "replayed": 0, "stale": 0, "conflicts": []});
    assert_eq!(recorded, expected);
    assert_eq!(ask(&submitted(&start, 996)).await["replayed"], 1);
    let conflicted = ask(&submitted(&start, 1)).await;
    assert_eq!(conflicted["kind"], "measurementsConflicted");
    assert_eq!(conflicted["conflicts"][0]["stored"], json!({"good": 996, "total": 1_000, "revision": 0}));

    let asked = json!({"kind": "measurementsRequested", "indicator": "site", "step": "1m"});
    let provided = ask(&asked).await;
    let items = json!([{"start": start, "good": 996, "total": 1_000}]);
    assert_eq!(provided, json!({"kind": "measurementsProvided", "items": items}));

    let budget = ask(&json!({"kind": "errorBudgetRequested", "objective": "shop"})).await;
    assert_eq!(budget["kind"], "errorBudgetProvided");
    assert_eq!((&budget["objective"], &budget["good"], &budget["total"]), (&json!("shop"), &json!(996), &json!(1_000)));
    assert_eq!(budget["budget"]["remaining"], 6);
    assert_eq!(budget["links"], Value::Null, "there is no HTTP here: {budget}");
    // The same figures over HTTP.
    let at = budget["at"].as_str().expect("an instant");
    let path = json!({"rawPath": "/api/v1/objectives/shop/error-budget", "rawQueryString": format!("at={at}")});
    let over_http = ask(&fixture("url", &path)).await;
    let mut over_http: Value = serde_json::from_str(over_http["body"].as_str().expect("a text")).expect("JSON");
    merge(&mut over_http, &json!({"links": null, "kind": "errorBudgetProvided"}));
    assert_eq!(budget, over_http);

    let what_if = json!({"kind": "errorBudgetRequested", "objective": "shop", "target": "0.995", "exclusions": false});
    assert_eq!(ask(&what_if).await["budget"]["remaining"], 1);
    let then = json!({"kind": "errorBudgetRequested", "objective": "shop", "at": "2026-01-01T00:00:00Z"});
    assert_eq!(ask(&then).await["status"], "noData");
}

#[tokio::test]
async fn an_error_has_a_type_and_names_its_cause_once() {
    let given = Given::new().await;
    let budget = |members: Value| {
        let mut event = json!({"kind": "errorBudgetRequested"});
        merge(&mut event, &members);
        event
    };
    for (event, kind, message) in [
        (
            budget(json!({"objective": "nothing"})),
            "NotFound",
            "there is no objective nothing; create it first or check the name",
        ),
        (budget(json!({})), "InvalidEvent", "/objective: objective is missing"),
        (
            budget(json!({"objective": "shop", "at": "today", "kid": 1})),
            "InvalidEvent",
            "/at: write a time in RFC 3339, such as 2026-11-20T12:00:00Z; /kid: there is no such member; the members are kind, objective, at, target, exclusions",
        ),
        (
            budget(json!({"objective": "shop", "at": "9000-01-01T00:00:00Z"})),
            "InvalidEvent",
            "the parameter at cannot be used: 9000-01-01T00:00:00Z lies in the future; ask for an instant up to now",
        ),
        (
            json!({"kind": "measurementsSubmitted", "indicator": "site", "measurements": [{"start": "2026-11-20T12:00:00Z", "good": 2, "total": 1}]}),
            "InvalidEvent",
            "/measurements/0/good: good is more than total; total counts every event, the good ones too",
        ),
        (
            json!({"kind": "measurementsSubmitted", "indicator": {}}),
            "InvalidEvent",
            "/indicator: write the name of an indicator",
        ),
        (
            json!({"kind": "measurementsSubmitted", "indicator": "nothing"}),
            "NotFound",
            "there is no indicator nothing; create it first or check the name",
        ),
        (
            json!({"kind": "measurementsRequested", "indicator": "site", "step": "2m"}),
            "InvalidEvent",
            "the parameter step cannot be used: use 1m, 5m, 1h or 1d",
        ),
        (
            json!({"kind": "reconciliationRequested", "days": -1}),
            "InvalidEvent",
            "/days: write a whole number from 0 to 1200, with digits only",
        ),
        (
            json!({"kind": "coffeeRequested"}),
            "UnknownEvent",
            "there is no kind \"coffeeRequested\"; there are errorBudgetRequested, measurementsSubmitted, measurementsRequested, adminTokenRequested, reconciliationRequested, alertEvaluationRequested",
        ),
    ] {
        let error = given.stub.invoke(&event).await.expect_err("it is wrong");
        assert_eq!((error.kind.as_str(), error.message.as_str()), (kind, message), "{event}");
    }
    let repeated = r#"{"kind":"errorBudgetRequested","objective":"shop","objective":"shop"}"#;
    let error = given.stub.invoke_text(repeated).await.expect_err("a member twice");
    assert_eq!(
        (error.kind.as_str(), error.message.as_str()),
        ("InvalidEvent", "/objective: this member stands here twice; keep one")
    );
}

#[tokio::test]
async fn what_is_no_event_of_ours_is_said_to_be_none() {
    let given = Given::new().await;
    for event in [json!({}), json!(null), json!([]), json!("text"), json!(5), json!({"objective": "shop"})] {
        let error = given.stub.invoke(&event).await.expect_err("nothing is asked");
        assert_eq!(error.kind, "UnknownEvent", "{event}");
        assert!(error.message.contains("none of those that are answered here"), "{error:?}");
    }
}

#[tokio::test]
async fn a_schedule_reconciles() {
    let given = Given::new().await;
    Given::answered(given.stub.invoke(&submitted(&recently(), 996)).await);
    let plain = json!({"kind": "reconciliationRequested"});
    for event in [plain, fixture("schedule", &json!({})), fixture("rule", &json!({}))] {
        let done = Given::answered(given.stub.invoke(&event).await);
        let expected = json!({"kind": "reconciliationDone", "indicators": 1, "repairedHours": 0, "condensedDays": 0});
        assert_eq!(done, expected);
    }
    for event in [
        fixture("schedule", &json!({"detail": "{}"})),
        fixture("schedule", &json!({"detail": null})),
        fixture("rule", &json!({"detail": {"kind": null}})),
    ] {
        let error = given.stub.invoke(&event).await.expect_err("it does not say what to do");
        assert_eq!(error.kind, "UnknownEvent");
        assert!(
            error.message.starts_with("this schedule does not say what to do; give its target the input"),
            "{error:?}"
        );
    }
}

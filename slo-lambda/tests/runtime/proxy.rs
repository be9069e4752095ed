//! Proxy events: whatever the way to the function, the router answers as it does everywhere.

use serde_json::{Value, json};

use super::given::{Given, fixture};

/// The body of an answer, as JSON.
fn body(answer: &Value) -> Value {
    assert_eq!(answer["isBase64Encoded"], false, "{answer}");
    serde_json::from_str(answer["body"].as_str().expect("a text")).expect("JSON")
}

/// A header of an answer of either version.
fn header<'a>(answer: &'a Value, name: &str) -> &'a str {
    let one = answer["headers"][name].as_str();
    one.or(answer["multiValueHeaders"][name][0].as_str()).unwrap_or_default()
}

/// What a custom domain changes of a REST API's event.
fn mapped(path: &str, proxy: &str) -> Value {
    json!({
        "path": path, "pathParameters": {"proxy": proxy},
        "requestContext": {"path": path, "domainName": "ourdomain.com"},
    })
}

#[tokio::test]
async fn links_lead_back_the_way_that_the_request_came() {
    let given = Given::new().await;
    let ignoring = Given::with(&[("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true")]).await;
    let own_domain = json!({"requestContext": {"domainName": "ourdomain.com", "domainPrefix": "ourdomain"}});
    let mapped_by_key = Given::with(&[("SLO_BASE_PATH", "slo")]).await;
    let answer = Given::answered(mapped_by_key.stub.invoke(&fixture("http", &own_domain)).await);
    assert_eq!(body(&answer)["links"]["self"]["href"], "/slo/api/v1/objectives/shop");
    for (about, event, base) in [
        ("REST, a stage", fixture("rest", &json!({})), "/prod"),
        ("REST, a custom domain", fixture("rest", &mapped("/api/v1/objectives/shop", "api/v1/objectives/shop")), ""),
        (
            "REST, its base path is the API's",
            fixture("rest", &mapped("/api/v1/objectives/shop", "v1/objectives/shop")),
            "",
        ),
        (
            "REST, a base path",
            fixture("rest", &mapped("/slo/api/v1/objectives/shop", "api/v1/objectives/shop")),
            "/slo",
        ),
        (
            "REST, a base path like the API's",
            fixture("rest", &mapped("/api/v1/api/v1/objectives/shop", "api/v1/objectives/shop")),
            "/api/v1",
        ),
        ("REST, an emulator that tells less", fixture("rest", &json!({"requestContext": {"path": null}})), ""),
        ("HTTP, a stage", fixture("http", &json!({})), "/prod"),
        (
            "HTTP, the default stage",
            fixture("http", &json!({"rawPath": "/api/v1/objectives/shop", "requestContext": {"stage": "$default"}})),
            "",
        ),
        (
            "HTTP, a base path, one route for all",
            fixture(
                "http",
                &json!({"rawPath": "/slo/api/v1/objectives/shop", "routeKey": "$default", "pathParameters": null}),
            ),
            "/slo",
        ),
        ("HTTP, a domain of one's own, which leads to a stage", fixture("http", &own_domain), ""),
        ("a function URL", fixture("url", &json!({})), ""),
    ] {
        for given in [&given, &ignoring] {
            let answer = Given::answered(given.stub.invoke(&event).await);
            assert_eq!(answer["statusCode"], 200, "{about}: {answer}");
            let shop = body(&answer);
            assert_eq!(shop["name"], "shop", "{about}");
            assert_eq!(shop["links"]["self"]["href"], format!("{base}/api/v1/objectives/shop"), "{about}");
        }
    }
}

#[tokio::test]
async fn other_routes_are_found_under_a_stage_too() {
    let given = Given::new().await;
    for (path, whole, status) in [
        ("/healthz", "/prod/healthz", 200),
        ("/nowhere", "/prod/nowhere", 404),
        ("/", "/prod", 200),
        ("/", "/prod/", 200),
        ("/objectives/shop", "/prod/objectives/shop", 200),
        ("/objectives/nobody", "/prod/objectives/nobody", 404),
    ] {
        // The root is a resource of its own, which no `{proxy+}` matches.
        let proxy = if path == "/" { Value::Null } else { json!({"proxy": &path[1..]}) };
        let rest = json!({"path": path, "pathParameters": proxy, "requestContext": {"path": whole}});
        for (event, base) in [
            (fixture("rest", &rest), "/prod"),
            (fixture("http", &json!({"rawPath": whole, "pathParameters": proxy})), "/prod"),
            (fixture("url", &json!({"rawPath": path})), ""),
        ] {
            let answer = Given::answered(given.stub.invoke(&event).await);
            assert_eq!(answer["statusCode"], status, "{whole}: {answer}");
            let text = answer["body"].as_str().expect("text");
            let found = if header(&answer, "content-type").starts_with("text/html") {
                text.contains(&format!("href=\"{base}/api/v1/docs\""))
                    && text.contains(&format!("href=\"{base}/style.css?v="))
            } else {
                body(&answer)["links"]["api"]["href"] == format!("{base}/api/v1")
            };
            assert!(found, "{whole}: {answer}");
        }
    }
}

/// A REST API hands on what is encoded as it is.
#[tokio::test]
async fn metrics_are_text_behind_every_gateway() {
    let given = Given::new().await;
    let path = "/metrics";
    let rest =
        json!({"path": path, "pathParameters": {"proxy": "metrics"}, "requestContext": {"path": "/prod/metrics"}});
    for event in [
        fixture("rest", &rest),
        fixture("http", &json!({"rawPath": "/prod/metrics"})),
        fixture("url", &json!({"rawPath": path})),
    ] {
        let answer = Given::answered(given.stub.invoke(&event).await);
        assert_eq!((&answer["statusCode"], &answer["isBase64Encoded"]), (&json!(200), &json!(false)), "{answer}");
        assert!(
            header(&answer, "content-type").starts_with("application/openmetrics-text; version=1.0.0;"),
            "{answer}"
        );
        let text = answer["body"].as_str().expect("text");
        assert!(
            text.contains("\nslo_objective_target_ratio{objective=\"shop\"") && text.ends_with("# EOF\n"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn an_answer_has_the_form_of_its_event() {
    let given = Given::new().await;
    let rest = Given::answered(given.stub.invoke(&fixture("rest", &json!({}))).await);
    assert_eq!(rest["headers"], json!({}), "they would be doubled: {rest}");
    assert_eq!(rest["multiValueHeaders"]["etag"], json!(["\"1\""]));
    let http = Given::answered(given.stub.invoke(&fixture("http", &json!({}))).await);
    assert_eq!(http["headers"]["etag"], "\"1\"");
    assert_eq!(http["cookies"], json!([]));
    for answer in [&rest, &http] {
        assert_eq!(header(answer, "content-type"), "application/json");
        assert!(header(answer, "server-timing").starts_with("store;dur="), "{answer}");
        // The log is searched by it.
        assert_eq!(header(answer, "x-request-id").len(), 36, "{answer}");
    }
    // Problems are text too.
    let event = fixture("url", &json!({"rawPath": "/api/v1/objectives/nothing"}));
    let problem = Given::answered(given.stub.invoke(&event).await);
    assert_eq!((&problem["statusCode"], body(&problem)["status"].as_u64()), (&json!(404), Some(404)));
    assert_eq!(header(&problem, "content-type"), "application/problem+json");
    let event = fixture("url", &json!({"headers": {"x-request-id": "mine"}}));
    assert_eq!(header(&Given::answered(given.stub.invoke(&event).await), "x-request-id"), "mine");
}

#[tokio::test]
async fn parameters_arrive_as_they_were_written() {
    let given = Given::new().await;
    let label = json!({
        "path": "/api/v1/objectives", "httpMethod": "GET", "pathParameters": {"proxy": "api/v1/objectives"},
        "requestContext": {"path": "/prod/api/v1/objectives"},
    });
    let rest = |one: Value, many: Value| {
        let mut patch = label.clone();
        patch["queryStringParameters"] = one;
        patch["multiValueQueryStringParameters"] = many;
        fixture("rest", &patch)
    };
    let http = |query: &str| fixture("url", &json!({"rawPath": "/api/v1/objectives", "rawQueryString": query}));
    let label = "team:a b&c=d+é%";
    for (about, event, status, said) in [
        ("REST", rest(json!({"label": label}), json!({"label": [label]})), 200, "label=team%3Aa"),
        ("REST, one value each", rest(json!({"label": label}), Value::Null), 200, "label=team%3Aa"),
        ("REST, given twice", rest(json!({"limit": "2"}), json!({"limit": ["1", "2"]})), 400, "limit: give it once"),
        ("URL", http("label=team:a%20b%26c%3Dd%2B%C3%A9%25"), 200, "label=team:a%20b"),
        ("URL, given twice", http("limit=1&limit=2"), 400, "limit: give it once"),
        ("URL, what no URL has", http("label=team:a b"), 200, "label=team:a%20b"),
        ("URL, nothing", http(""), 200, "/api/v1/objectives"),
    ] {
        let answer = Given::answered(given.stub.invoke(&event).await);
        assert_eq!(answer["statusCode"], status, "{about}: {answer}");
        let body = body(&answer);
        let text = if status == 200 { &body["links"]["self"]["href"] } else { &body["detail"] };
        assert!(text.as_str().is_some_and(|text| text.contains(said)), "{about}: {text}");
    }
}

#[tokio::test]
async fn several_values_of_a_header_all_count() {
    let given = Given::new().await;
    let rest = fixture(
        "rest",
        &json!({
            "headers": {"If-None-Match": "\"7\""}, "multiValueHeaders": {"If-None-Match": ["\"1\"", "\"7\""]},
        }),
    );
    let one = fixture("rest", &json!({"headers": {"If-None-Match": "\"1\""}, "multiValueHeaders": null}));
    let http = fixture("http", &json!({"headers": {"if-none-match": "\"1\",\"7\""}}));
    for event in [rest, one, http] {
        assert_eq!(Given::answered(given.stub.invoke(&event).await)["statusCode"], 304);
    }
}

#[tokio::test]
async fn a_path_may_come_decoded() {
    let given = Given::new().await;
    for name in ["a b", "größe", "50%", "a?b", "a#b", "..%2f", "a%20b"] {
        let path = format!("/api/v1/objectives/{name}");
        let rest = json!({"path": path, "pathParameters": null, "requestContext": {"path": format!("/prod{path}")}});
        for event in [fixture("rest", &rest), fixture("url", &json!({"rawPath": path}))] {
            let answer = Given::answered(given.stub.invoke(&event).await);
            assert_eq!(answer["statusCode"], 404, "{name}: {answer}");
            assert_eq!(body(&answer)["type"], "/problems/not-found", "{name}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_body_may_be_base64() {
    let given = Given::new().await;
    let sent = r#"{"source":"b","measurements":[{"start":"2026-11-20T12:00:00Z","good":1,"total":2}]}"#;
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, sent);
    let path = "/api/v1/indicators/site/measurements";
    let rest = |body: &str, is_base64: bool| {
        fixture(
            "rest",
            &json!({
                "httpMethod": "POST", "path": path, "pathParameters": {"proxy": &path[1..]}, "body": body,
                "isBase64Encoded": is_base64, "requestContext": {"path": format!("/prod{path}"), "httpMethod": "POST"},
            }),
        )
    };
    let url = |body: &str, is_base64: bool| {
        let context = json!({"http": {"method": "POST"}});
        fixture("url", &json!({"rawPath": path, "body": body, "isBase64Encoded": is_base64, "requestContext": context}))
    };
    for (i, event) in
        [rest(sent, false), rest(&encoded, true), url(sent, false), url(&encoded, true)].iter().enumerate()
    {
        let answer = Given::answered(given.stub.invoke(event).await);
        assert_eq!(answer["statusCode"], 200, "{answer}");
        assert_eq!(body(&answer)["accepted"], u8::from(i == 0), "{answer}");
    }
    for event in [rest("no base64!", true), url("no base64!", true)] {
        let error = given.stub.invoke(&event).await.expect_err("not base64");
        assert_eq!(error.kind, "MalformedEvent");
        assert!(error.message.starts_with("the body of this proxy event is not base64: "), "{error:?}");
    }
    // Not an event that cannot be read, but a request that is wrong.
    let answer = Given::answered(given.stub.invoke(&url("{", false)).await);
    assert_eq!((&answer["statusCode"], &body(&answer)["type"]), (&json!(400), &json!("/problems/malformed-json")));
}

#[tokio::test]
async fn a_host_is_not_needed() {
    let given = Given::new().await;
    let nobody = json!({"headers": null, "multiValueHeaders": null, "requestContext": {"domainName": null}});
    let odd = json!({
        "headers": {"Host": "no host"}, "multiValueHeaders": {"Host": ["no host"]}, "requestContext": {"domainName": "no host"},
    });
    let proto = json!({"headers": {"X-Forwarded-Proto": "::"}, "multiValueHeaders": {"X-Forwarded-Proto": ["::"]}});
    for patch in [nobody, odd, proto] {
        for name in ["rest", "http", "url"] {
            let answer = Given::answered(given.stub.invoke(&fixture(name, &patch)).await);
            assert_eq!(answer["statusCode"], 200, "{name} {patch}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_proxy_event_that_cannot_be_read_is_a_typed_error() {
    let given = Given::new().await;
    for (about, event) in [
        ("REST without a method", fixture("rest", &json!({"httpMethod": null}))),
        ("REST with a method of another type", fixture("rest", &json!({"httpMethod": 5}))),
        ("REST with headers that are none", fixture("rest", &json!({"multiValueHeaders": {"a b": ["c"]}}))),
        ("HTTP without a method", fixture("http", &json!({"requestContext": {"http": null}}))),
        ("REST with a path that is too long", fixture("rest", &json!({"path": "/a".repeat(40_000)}))),
        (
            "REST with a parameter that is too long",
            fixture("rest", &json!({"queryStringParameters": {"label": "é".repeat(15_000)}})),
        ),
        ("HTTP with a path that is too long", fixture("url", &json!({"rawPath": "/é".repeat(10_000)}))),
        ("HTTP with a query that is too long", fixture("url", &json!({"rawQueryString": "é".repeat(15_000)}))),
        ("HTTP with a body of another type", fixture("url", &json!({"body": {"a": 1}}))),
        ("a context alone", json!({"requestContext": null, "requestContext ": 0, "version": "2.0"})),
    ] {
        let error = given.stub.invoke(&event).await.expect_err(about);
        let kind = if about == "a context alone" { "UnknownEvent" } else { "MalformedEvent" };
        assert_eq!(error.kind, kind, "{about}: {error:?}");
        assert_eq!(error.message.matches("proxy event").count(), 1, "{about}: {error:?}");
    }
    // And the next one is answered.
    assert_eq!(Given::answered(given.stub.invoke(&fixture("rest", &json!({}))).await)["statusCode"], 200);
}

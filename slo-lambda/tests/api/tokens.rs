//! The life of a token: shown once, told to nobody, good until it is revoked.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::Arc;

use serde_json::{Value, json};
use slo_core::{Access, Service};

use super::common::NOW;
use super::guarded::{Guarded, everybody, plain};

#[tokio::test]
async fn nobody_learns_what_is_wrong_with_a_token() {
    let (service, shown) = everybody().await;
    let api = Guarded::new(&service);
    api.pass(2);
    let good = shown[4].as_deref().expect("a viewer's");
    assert_eq!(api.status("/api/v1/policy", good).await, 200);
    let last = &good[..good.len() - 1];
    let wrong = [
        // Another secret, another identifier, another user, no user.
        format!("{last}{}", if good.ends_with('0') { '1' } else { '0' }),
        good.replacen("slo_viewer_686868686868", "slo_viewer_000000000000", 1),
        good.replacen("viewer", "editor", 1),
        good.replacen("viewer", "nobody", 1),
        shown[1].clone().expect("never made"),
        shown[2].clone().expect("revoked"),
        shown[3].clone().expect("expired"),
        "slo_viewer".to_owned(),
        "x".to_owned(),
    ];
    let first = api.ask("get", "/api/v1/policy", Some(&wrong[0]), &json!({})).await.told();
    assert_eq!(first.0, 401);
    for token in &wrong {
        assert_ne!(token, good);
        assert_eq!(api.ask("get", "/api/v1/policy", Some(token), &json!({})).await.told(), first, "{token}");
    }
}

#[tokio::test]
async fn what_is_revoked_or_has_less_access_is_so_everywhere_within_a_minute() {
    let service = Service::in_memory();
    let (admin, editor) = (plain(&service, Access::Admin).await, plain(&service, Access::Editor).await);
    let (here, there) = (Guarded::new(&service), Guarded::new(&service));
    let policy = "/api/v1/policy";
    for api in [&here, &there] {
        assert_eq!(api.status(policy, &editor).await, 200);
    }
    let id = editor.split('_').nth(2).expect("an identifier");
    let path = format!("/api/v1/users/editor/tokens/{id}");
    assert_eq!(here.ask("delete", &path, Some(&admin), &json!({})).await.status, 204);
    assert_eq!(here.status(policy, &editor).await, 401, "at once where it was revoked");
    there.pass(59);
    assert_eq!(there.status(policy, &editor).await, 401);

    let approver = plain(&service, Access::Approver).await;
    let overriding = "/api/v1/decisions/none/override";
    for api in [&here, &there] {
        assert_eq!(api.ask("post", overriding, Some(&approver), &json!({})).await.status, 404);
    }
    let lowered = here.ask("patch", "/api/v1/users/approver", Some(&admin), &json!({"access": "viewer"})).await;
    assert_eq!(lowered.status, 200, "{}", lowered.body);
    assert_eq!(here.ask("post", overriding, Some(&approver), &json!({})).await.status, 403);
    there.pass(59);
    assert_eq!(there.ask("post", overriding, Some(&approver), &json!({})).await.status, 403);
}

#[tokio::test]
async fn who_fails_too_often_has_to_wait_and_who_is_known_does_not() {
    let (service, shown) = everybody().await;
    let api = Guarded::new(&service);
    let (viewer, editor) = (shown[4].as_deref(), shown[5].as_deref());
    let (one, other) = (Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2));
    let policy = "/api/v1/policy";
    let nothing = json!({});
    assert_eq!(api.ask_from(one, "get", policy, viewer, &nothing).await.status, 200);
    for _ in 0..10 {
        assert_eq!(api.ask_from(one, "get", policy, shown[1].as_deref(), &nothing).await.status, 401);
    }
    // Known long ago is known still.
    api.pass(31);
    assert_eq!(api.ask_from(one, "get", policy, viewer, &nothing).await.status, 200);
    // Right or wrong, the answer is the same.
    for token in [&shown[1], &shown[5]] {
        let refused = api.ask_from(one, "get", policy, token.as_deref(), &nothing).await;
        assert_eq!(refused.status, 429, "{}", refused.body);
        assert_eq!(refused.header("retry-after"), "29");
        assert_eq!(refused.body["type"], "/problems/too-many-failures");
    }
    assert_eq!(api.ask_from(one, "get", policy, viewer, &nothing).await.status, 200, "known a moment ago");
    assert_eq!(api.ask_from(one, "get", policy, None, &nothing).await.status, 401, "no token is no attempt");
    assert_eq!(api.ask_from(other, "get", policy, editor, &nothing).await.status, 200);
    api.pass(61);
    assert_eq!(api.ask_from(one, "get", policy, editor, &nothing).await.status, 200);
}

#[tokio::test]
async fn failures_are_logged_without_the_secret() {
    #[derive(Clone, Default)]
    struct Log(Arc<std::sync::Mutex<Vec<u8>>>);
    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("no panic").write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let (service, shown) = everybody().await;
    let api = Guarded::new(&service);
    // Another test may be the first to log this, and find that nobody listens, in the moment in which we begin to.
    api.ask("get", "/api/v1/policy", shown[1].as_deref(), &json!({})).await;
    tracing::callsite::rebuild_interest_cache();
    log.0.lock().expect("no panic").clear();
    for token in [&shown[1], &shown[2], &shown[7]] {
        api.ask_from(Ipv4Addr::new(192, 0, 2, 1), "get", "/api/v1/policy", token.as_deref(), &json!({})).await;
    }
    let text = String::from_utf8(log.0.lock().expect("no panic").clone()).expect("text");
    assert_eq!(text.matches("a token was not valid").count(), 2, "{text}");
    assert!(text.contains("192.0.2.1") && text.contains("/api/v1/policy"), "{text}");
    for token in shown.iter().flatten() {
        let secret = token.rsplit('_').next().expect("a secret");
        assert!(!text.contains(&secret[..16]), "{text}");
    }
}

#[tokio::test]
async fn a_token_is_shown_once_and_lives_until_it_is_revoked() {
    let service = Service::in_memory();
    let admin = plain(&service, Access::Admin).await;
    let viewer = plain(&service, Access::Viewer).await;
    let api = Guarded::new(&service);
    let path = "/api/v1/users/viewer/tokens";
    let wanted = json!({"description": "the collector", "expiresAt": "2026-12-01T00:00:00Z"});
    let made = api.ask("post", path, Some(&admin), &wanted).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.header("cache-control"), "no-store");
    let text = made.body["token"].as_str().expect("it is shown").to_owned();
    let (prefix, secret) = text.rsplit_once('_').expect("a secret");
    assert_eq!((secret.len(), made.body["prefix"].as_str()), (64, Some(prefix)));
    assert_eq!(made.body["createdBy"], "admin");
    assert_eq!(made.body["lastUsedAt"], Value::Null);
    assert_eq!(api.status("/api/v1/policy", &text).await, 200);
    let location = made.header("location").to_owned();
    for (path, who) in [(path, &viewer), (&*location, &text), (&*location, &admin)] {
        let answer = api.ask("get", path, Some(who), &json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let shown = answer.body.to_string();
        assert!(!shown.contains(secret) && !shown.contains("hash"), "{shown}");
        let token = if path == location { &answer.body } else { &answer.body["items"][0] };
        assert!(shown.contains(prefix) && token["id"].is_string(), "{shown}");
    }
    let seen = api.ask("get", &location, Some(&admin), &json!({})).await.body;
    assert_eq!((&seen["lastUsedAt"], &seen["expiresAt"]), (&json!(NOW), &json!("2026-12-01T00:00:00Z")));
    // One revokes one's own.
    assert_eq!(api.ask("delete", &location, Some(&text), &json!({})).await.status, 204);
    assert_eq!(api.status("/api/v1/policy", &text).await, 401);
    assert_eq!(api.ask("get", &location, Some(&admin), &json!({})).await.status, 404);
    let refused = api.ask("post", path, Some(&admin), &json!({"scopes": ["read", "ingest:none"], "x": 1})).await;
    assert_eq!(refused.status, 422);
    let pointers: Vec<&str> =
        refused.body["errors"].as_array().expect("errors").iter().filter_map(|e| e["pointer"].as_str()).collect();
    assert_eq!(pointers, ["/scopes/0", "/x"]);
    let refused = api.ask("post", path, Some(&admin), &json!({"scopes": ["ingest:none"]})).await;
    assert_eq!((refused.status.as_u16(), &refused.body["errors"][0]["pointer"]), (422, &json!("/scopes/0")));
}

#[tokio::test]
async fn everything_says_who_did_it() {
    let service = Service::in_memory();
    let (admin, editor) = (plain(&service, Access::Admin).await, plain(&service, Access::Editor).await);
    let approver = plain(&service, Access::Approver).await;
    let api = Guarded::new(&service);
    let done = async |method: &str, path: &str, token: &str, body: Value| {
        let answer = api.ask(method, path, Some(token), &body).await;
        assert!(answer.status.is_success(), "{method} {path}: {}", answer.body);
        answer
    };
    done("post", "/api/v1/indicators", &editor, json!({"name": "site", "service": "web", "kind": "ratio"})).await;
    let objective = json!({"name": "shop", "service": "web", "indicator": "site", "target": 0.9,
        "timeWindow": {"duration": "1d", "isRolling": true}, "budgetingMethod": "Occurrences"});
    done("post", "/api/v1/objectives", &editor, objective).await;
    done("patch", "/api/v1/objectives/shop", &admin, json!({"target": 0.95})).await;
    let span = json!({"from": "2026-11-20T02:00:00Z", "to": "2026-11-20T03:00:00Z", "reason": "disks"});
    let exclusion = done("post", "/api/v1/objectives/shop/exclusions", &editor, span).await;
    assert_eq!(exclusion.body["createdBy"], "editor", "{}", exclusion.body);
    let revisions = done("get", "/api/v1/objectives/shop/revisions", &editor, json!({})).await.body;
    assert_eq!((&revisions["items"][0]["by"], &revisions["items"][1]["by"]), (&json!("admin"), &json!("editor")));
    let policy = done("get", "/api/v1/policy", &admin, json!({})).await.body;
    done("put", "/api/v1/policy", &admin, json!({"rules": policy["rules"]})).await;
    let revisions = done("get", "/api/v1/policy/revisions", &editor, json!({})).await.body;
    assert_eq!((&revisions["items"][0]["by"], &revisions["items"][0]["revision"]), (&json!("admin"), &json!(1)));
    assert_eq!(revisions["items"][0]["rules"], policy["rules"]);
    let question = json!({"objectives": ["shop"], "change": {"kind": "feature"}});
    let decision = done("post", "/api/v1/decisions", &editor, question).await;
    assert_eq!(decision.body["by"], "editor");
    let wanted = json!({"verdict": "ship", "reason": "we know", "expiresAt": "2026-11-21T00:00:00Z"});
    let path = format!("{}/override", decision.header("location"));
    let overridden = done("post", &path, &approver, wanted).await;
    assert_eq!(overridden.body["overrides"][0]["by"], "approver");
    let made = done("post", "/api/v1/users/editor/tokens", &admin, json!({})).await;
    done("delete", made.header("location"), &editor, json!({})).await;
    let audit = done("get", "/api/v1/audit", &admin, json!({})).await.body;
    let told: BTreeSet<(&str, &str)> = audit["items"]
        .as_array()
        .expect("items")
        .iter()
        .filter_map(|entry| Some((entry["action"].as_str()?, entry["by"].as_str()?)))
        .collect();
    let wanted = [
        ("created", "admin"),
        ("created", "editor"),
        ("decided", "editor"),
        ("exclusionAdded", "editor"),
        ("overridden", "approver"),
        ("replaced", "admin"),
        ("tokenCreated", "admin"),
        ("tokenRevoked", "editor"),
    ];
    assert_eq!(told, wanted.into());
}

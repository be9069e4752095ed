//! One thing that is not as it should be, and what the client says of it.

use std::collections::HashSet;
use std::sync::Mutex;

use axum::http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::fails;
use crate::stage::{Asked, Gateway, Told};

/// A gateway that alters answers only.
struct Tells<F>(F);

impl<F: Fn(&Asked, &mut Told) + Send + Sync + 'static> Gateway for Tells<F> {
    fn tell(&self, asked: &Asked, told: &mut Told) {
        self.0(asked, told);
    }
}

/// Adds to a number of an answer.
fn add(body: &mut Value, member: &str, more: u64) {
    body[member] = json!(body[member].as_u64().unwrap_or_default() + more);
}

/// Loses the third measurement of a batch and says that all is well.
struct Drops;

impl Gateway for Drops {
    fn ask(&self, asked: &mut Asked) -> Option<StatusCode> {
        let measurements = asked.body.get_mut("measurements").and_then(Value::as_array_mut);
        if let Some(three) = measurements.filter(|all| all.len() == 3) {
            three.pop();
            asked.headers.insert("x-dropped", HeaderValue::from_static("1"));
        }
        None
    }

    fn tell(&self, asked: &Asked, told: &mut Told) {
        if asked.headers.contains_key("x-dropped") {
            let member = if told.body["accepted"] == 0 { "replayed" } else { "accepted" };
            add(&mut told.body, member, 1);
        }
    }
}

#[test]
fn a_measurement_is_lost() {
    fails(Drops, &["step=1m", "/items/2/good is 4000, not 1500"]);
}

#[test]
fn the_stage_is_not_in_the_links() {
    let tell = Tells(|_: &Asked, told: &mut Told| {
        let text = told.body.to_string().replace("/v1/api/v1", "/api/v1");
        told.body = serde_json::from_str(&text).expect("JSON still");
    });
    fails(tell, &["after 0 steps", "links below /v1/api/v1, not /api/v1"]);
}

#[test]
fn a_link_leads_nowhere() {
    let tell = Tells(|_: &Asked, told: &mut Told| {
        if let Some(href) = told.body.pointer_mut("/links/alerts/href") {
            *href = json!(href.as_str().expect("a link").replace("/alerts", "/alarms"));
        }
    });
    fails(tell, &["/alarms", "status 200, because it is linked in the answer to ", "404 application/problem+json"]);
}

#[test]
fn the_stage_is_not_in_the_location() {
    let tell = Tells(|asked: &Asked, told: &mut Told| {
        if told.status == StatusCode::CREATED {
            let own = told.body["links"]["self"]["href"].as_str().expect("a link").replacen("/v1", "", 1);
            assert!(own.starts_with(&asked.path), "{own}");
            told.headers.insert(header::LOCATION, own.parse().expect("a header"));
        }
    });
    fails(tell, &["not Location: /api/v1/users/smoke-"]);
}

#[test]
fn a_replay_is_told_as_accepted() {
    let tell = Tells(|asked: &Asked, told: &mut Told| {
        if asked.records() {
            let replayed = told.body["replayed"].take().as_u64().unwrap_or_default();
            add(&mut told.body, "accepted", replayed);
            told.body["replayed"] = json!(0);
        }
    });
    fails(tell, &["/accepted is 0, not 3"]);
}

#[test]
fn an_etag_is_weak() {
    let tell = Tells(|_: &Asked, told: &mut Told| {
        if let Some(tag) = told.headers.get(header::ETAG) {
            let weak = format!("W/{}", tag.to_str().expect("text"));
            told.headers.insert(header::ETAG, weak.parse().expect("a header"));
        }
    });
    fails(tell, &["a strong ETag such as \"3\", not ETag: W/\"1\""]);
}

#[test]
fn a_ratio_is_rounded() {
    let tell = Tells(|asked: &Asked, told: &mut Told| {
        let left = told.body.pointer_mut("/budget/remainingRatio");
        if let Some(left) = left.filter(|_| asked.path.ends_with("/error-budget")) {
            *left = json!(0.699_999_999_9);
        }
    });
    fails(tell, &["/budget/remainingRatio is 0.7, not 0.6999999999"]);
}

#[test]
fn a_plan_promises_more_than_there_is() {
    let tell = Tells(|asked: &Asked, told: &mut Told| {
        let back = told.body.pointer_mut("/items/0/comesBack");
        if let Some(back) = back.filter(|_| asked.path.starts_with("/api/v1/users/")) {
            *back = json!(3);
        }
    });
    fails(tell, &["/items/0/comesBack is 0, not 3"]);
}

#[test]
fn an_integer_became_a_float() {
    let tell = Tells(|asked: &Asked, told: &mut Told| {
        if asked.path.ends_with("/error-budget") {
            told.body["total"] = json!(10_000.0);
        }
    });
    fails(tell, &["/total is 10000, not 10000.0"]);
}

#[test]
fn a_problem_is_no_problem_json() {
    let tell = Tells(|_: &Asked, told: &mut Told| {
        if told.status.is_client_error() {
            told.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
    });
    fails(tell, &["Content-Type: application/problem+json", "409 application/json"]);
}

#[test]
fn answers_lose_a_header_on_the_way() {
    for (header, said) in [("x-request-id", "an X-Request-Id"), ("server-timing", "Server-Timing: store;dur=")] {
        let tell = Tells(move |_: &Asked, told: &mut Told| {
            told.headers.remove(header);
        });
        fails(tell, &[said]);
    }
}

/// Lets everybody write who comes while others do.
struct LastWins;

impl Gateway for LastWins {
    fn ask(&self, asked: &mut Asked) -> Option<StatusCode> {
        if asked.body["displayName"].as_str().is_some_and(|name| name.starts_with("Writer ")) {
            asked.headers.insert(header::IF_MATCH, HeaderValue::from_static("*"));
        }
        None
    }
}

#[test]
fn an_update_is_lost() {
    fails(LastWins, &["/revision is 2, not 17"]);
}

/// Counts what is sent again once more, and says that it does not.
#[derive(Default)]
struct Doubles(Mutex<HashSet<String>>);

impl Gateway for Doubles {
    fn ask(&self, asked: &mut Asked) -> Option<StatusCode> {
        let racing = asked.path.ends_with("-race/measurements") && asked.records();
        if racing && !self.0.lock().expect("no panic").insert(asked.body.to_string()) {
            let source = format!("{}-again", asked.body["source"].as_str().expect("a source"));
            asked.body["source"] = json!(source);
        }
        None
    }

    fn tell(&self, asked: &Asked, told: &mut Told) {
        if asked.body["source"].as_str().is_some_and(|source| source.ends_with("-again")) {
            told.body["accepted"] = json!(0);
            told.body["replayed"] = json!(1);
        }
    }
}

#[test]
fn a_replay_is_counted_twice() {
    fails(Doubles::default(), &["step=1h", "/items/0/good is 136001, not 272002"]);
}

#[test]
fn a_verdict_is_another() {
    let tell = Tells(|asked: &Asked, told: &mut Told| {
        if asked.path.ends_with("/decisions") && told.status == StatusCode::CREATED {
            told.body["verdict"] = json!("hold");
        }
    });
    fails(tell, &["/verdict is \"ship\", not \"hold\""]);
}

#[test]
fn an_override_changes_the_decision() {
    let tell = Tells(|asked: &Asked, told: &mut Told| {
        if asked.path.ends_with("/override") && told.status == StatusCode::CREATED {
            told.body["verdict"] = told.body["effectiveVerdict"].clone();
        }
    });
    fails(tell, &["/verdict is \"ship\", not \"hold\""]);
}

#[test]
fn the_service_fails() {
    let tell = Tells(|asked: &Asked, told: &mut Told| {
        if asked.path.ends_with("-race/measurements") && asked.records() {
            told.status = StatusCode::INTERNAL_SERVER_ERROR;
            told.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
            let links = told.body["links"].take();
            told.body = json!({"type": "/problems/internal", "title": "", "status": 500, "detail": "", "links": links});
        }
    });
    fails(tell, &["status 200", "500 application/problem+json"]);
}

#[test]
fn a_route_is_new() {
    let tell = Tells(|asked: &Asked, told: &mut Told| {
        if asked.path.ends_with("/openapi.json") {
            told.body["paths"]["/api/v1/tokens"] = json!({"get": {}});
        }
    });
    fails(tell, &["only operations that this walk knows, not get /api/v1/tokens"]);
}

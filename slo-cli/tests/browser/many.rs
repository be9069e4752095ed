//! What the first page takes with two hundred objectives, beside the same budgets as JSON.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::server::Server;
use crate::slo;

const OBJECTIVES: usize = 200;
const TIMES: usize = 9;
/// Two hundred objectives may take so many times what the fourteen of the sample take one by one; it is about once.
const RATIO: u32 = 3;

fn get(url: &str) -> (Duration, String, String) {
    let started = Instant::now();
    let mut answer = ureq::get(url).call().expect("an answer");
    let timing =
        answer.headers().get("server-timing").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let body = answer.body_mut().with_config().limit(64 << 20).read_to_string().expect("text");
    (started.elapsed(), timing, body)
}

/// The sample's objectives again and again under other names, until there are enough; the names of the sample.
fn multiply(url: &str) -> Vec<String> {
    let collection = format!("{url}/api/v1/objectives");
    let list: Value = serde_json::from_str(&get(&collection).2).expect("JSON");
    let mut items = list["items"].as_array().expect("items").clone();
    let sample = items.iter().map(|item| item["name"].as_str().expect("a name").to_owned()).collect();
    for item in &mut items {
        let members = item.as_object_mut().expect("an object");
        members
            .retain(|member, _| !["links", "notes", "revision", "createdAt", "updatedAt"].contains(&member.as_str()));
    }
    for i in items.len()..OBJECTIVES {
        let mut body = items[i % items.len()].clone();
        body["name"] = json!(format!("{}-{i}", body["name"].as_str().expect("a name")));
        ureq::post(&collection).send_json(&body).expect("it is created");
    }
    sample
}

#[test]
#[ignore = "takes half a minute in a release build, and means nothing in another"]
fn the_first_page_of_two_hundred_objectives() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::on(directory.path());
    slo(&server, "", &["demo"]);
    let sample = multiply(&server.url);
    let median = |path: &str| {
        let mut times: Vec<_> = (0..TIMES).map(|_| get(&format!("{}{path}", server.url))).collect();
        times.sort_by_key(|(took, ..)| *took);
        times.swap_remove(TIMES / 2)
    };
    let (json, json_timing, _) = median("/api/v1/error-budgets?limit=200");
    let (page, timing, text) = median("/");
    println!("200 objectives: page {page:?} ({timing}), the budgets as JSON {json:?} ({json_timing})");
    assert!(text.contains(" of 200 objectives hold features back"), "all are on the page");
    assert_eq!(text.matches("<th scope=\"row\">").count(), OBJECTIVES);
    // It reads what the sample's own budgets read, one by one, and little more.
    let singly: Duration = sample.iter().map(|name| median(&format!("/api/v1/objectives/{name}/error-budget")).0).sum();
    assert!(page < singly * RATIO, "the page takes {page:?}, the sample's budgets one by one {singly:?}");
    server.kill();
}

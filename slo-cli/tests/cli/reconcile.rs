//! `slo reconcile`: which data it works on.

use slo_dynamo::embedded::Engine;

use crate::loopback::{Loopback, Reply, nobody};
use crate::{Files, slo};

#[test]
fn reconcile_leaves_data_alone_that_a_server_uses() {
    let files = Files::new();
    let data = files.0.path().join("data");
    let reconcile = || slo("http://x", &["reconcile", "--data", data.to_str().expect("UTF-8")]);
    let (code, stdout, stderr) = reconcile();
    assert!(code == 1 && stdout.is_empty() && stderr.contains("there are no data in"), "{stderr}");
    assert!(!data.exists(), "a mistyped directory is not made");
    let _server = Engine::open(&data).expect("it opens");
    let (code, stdout, stderr) = reconcile();
    assert!(code == 1 && stdout.is_empty() && stderr.contains("the newest 3 days of its data by itself"), "{stderr}");
    assert!(stderr.contains("stop it and run this again") && stderr.lines().count() == 1, "{stderr}");
}

#[test]
fn reconcile_says_which_tables_it_cannot_use_and_makes_none() {
    let reconcile = |url: &str| slo("http://x", &["reconcile", "--endpoint", url, "--table-prefix", "x-"]);
    let (code, _, stderr) = reconcile("localhost:8000");
    assert!(code == 2 && stderr.contains("write it as in http://localhost:8000"), "{stderr}");
    let absent = Loopback::start(|_, _| {
        Reply::json(400, r#"{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"}"#)
    });
    for (url, why) in [(nobody(), "Connection refused"), (absent.url(), "a table or an index does not exist")] {
        let (code, stdout, stderr) = reconcile(&url);
        assert!(code == 1 && stdout.is_empty() && stderr.contains(why), "{stderr}");
        let advice = format!("in the DynamoDB at {url}; look whether it runs there, and at --endpoint");
        assert!(stderr.contains(&advice), "{stderr}");
    }
    let requests = absent.requests();
    assert!(requests.iter().all(|request| request.headers.iter().any(|header| header.ends_with(".Query"))));
}

//! The first way in: a token of an admin, for who may invoke the function directly.

use serde_json::{Value, json};

use super::function::Function;
use super::given::{Given, fixture};
use super::store::Store;
use super::stub::Stub;

async fn start(stub: &Stub, store: &Store) -> Function {
    // Tokens are asked for unless it is said otherwise.
    let variables = [("AWS_ENDPOINT_URL_DYNAMODB", store.url.as_str()), ("SLO_AUTH", "")];
    let function = Function::start(stub, env!("CARGO_BIN_EXE_bootstrap"), &variables);
    stub.ready().await.expect("it initialises");
    function
}

/// The status of a request with a token from an address.
async fn status(stub: &Stub, token: &str, address: &str) -> u64 {
    let patch = json!({"path": "/api/v1/policy", "pathParameters": {"proxy": "api/v1/policy"},
        "headers": null, "multiValueHeaders": {"Authorization": [format!("Bearer {token}")]},
        "requestContext": {"path": "/prod/api/v1/policy", "identity": {"sourceIp": address}}});
    let answer = Given::answered(stub.invoke(&fixture("rest", &patch)).await);
    if answer["statusCode"] == 401 {
        // The look-up is told to nobody who is not let in.
        let timing = &answer["multiValueHeaders"]["server-timing"][0];
        assert_eq!(*timing, r#"store;dur=0;desc="calls=0 rcu=0 wcu=0""#, "{answer}");
    }
    answer["statusCode"].as_u64().unwrap_or_else(|| panic!("{answer}"))
}

async fn asked(stub: &Stub, members: Value) -> Value {
    let mut event = json!({"kind": "adminTokenRequested"});
    super::given::merge(&mut event, &members);
    Given::answered(stub.invoke(&event).await)
}

#[tokio::test]
async fn who_may_invoke_the_function_is_let_in_and_nobody_else() {
    let (stub, store) = (Stub::start().await, Store::start().await);
    let function = start(&stub, &store).await;
    let nobody = format!("slo_admin_000000000000_{}", "0".repeat(64));
    assert_eq!(status(&stub, &nobody, "192.0.2.1").await, 401);
    let made = asked(&stub, json!({})).await;
    assert_eq!((&made["kind"], &made["user"]), (&json!("adminTokenProvided"), &json!("admin")));
    let token = made["token"].as_str().expect("a token").to_owned();
    assert_eq!(status(&stub, &token, "192.0.2.1").await, 200);
    // Another one, for the same or another admin, with an end.
    let second = asked(&stub, json!({"user": "root", "expiresAt": "2999-01-01T00:00:00Z"})).await;
    assert_eq!((&second["user"], &second["expiresAt"]), (&json!("root"), &json!("2999-01-01T00:00:00Z")));
    assert_eq!(status(&stub, second["token"].as_str().expect("a token"), "192.0.2.1").await, 200);
    for (wrong, pointer) in
        [(json!({"user": "No Name"}), "/user"), (json!({"expiresAt": "2000-01-01T00:00:00Z"}), "/expiresAt")]
    {
        let mut event = json!({"kind": "adminTokenRequested"});
        super::given::merge(&mut event, &wrong);
        let error = stub.invoke(&event).await.expect_err("it is wrong");
        assert_eq!(error.kind, "InvalidEvent");
        assert!(error.message.starts_with(pointer), "{}", error.message);
    }
    // The gateway knows who is at the other end: they wait, others do not.
    for _ in 0..9 {
        assert_eq!(status(&stub, &nobody, "192.0.2.1").await, 401);
    }
    assert_eq!(status(&stub, &nobody, "192.0.2.1").await, 429);
    assert_eq!(status(&stub, &nobody, "192.0.2.2").await, 401);
    // What was shown once is in no log.
    let log = [function.stdout(), function.stderr()].concat().join("\n");
    let secret = token.rsplit('_').next().expect("a secret");
    assert!(log.contains("a token was not valid") && !log.contains(&secret[..16]), "{log}");
}

#[tokio::test]
async fn a_message_of_a_queue_makes_no_token() {
    let (stub, store) = (Stub::start().await, Store::start().await);
    let _function = start(&stub, &store).await;
    let root = asked(&stub, json!({"user": "root"})).await;
    let record =
        |body: Value| json!({"Records": [{"messageId": "1", "body": body.to_string(), "eventSource": "aws:sqs"}]});
    let answer = Given::answered(stub.invoke(&record(json!({"kind": "adminTokenRequested"}))).await);
    assert_eq!(answer["batchItemFailures"][0]["itemIdentifier"], "1", "{answer}");
    let users = async |user: &str| {
        let patch = json!({"rawPath": format!("/api/v1/users/{user}"), "rawQueryString": "",
            "headers": {"authorization": format!("Bearer {}", root["token"].as_str().expect("a token"))}});
        let event = fixture("url", &patch);
        Given::answered(stub.invoke(&event).await)["statusCode"].clone()
    };
    assert_eq!((users("root").await, users("admin").await), (json!(200), json!(404)), "nobody was made for it");
}

//! Events as AWS sends them.

use serde_json::{Value, json};

/// A request through a REST API (payload version 1.0), stage `prod`.
pub(crate) fn rest(method: &str, path: &str, query: &[(&str, &str)], body: Option<&Value>) -> Value {
    let one = |value: &str| Value::from(value);
    let query_one: serde_json::Map<_, _> = query.iter().map(|(name, value)| ((*name).into(), one(value))).collect();
    let query_many: serde_json::Map<_, _> =
        query.iter().map(|(name, value)| ((*name).into(), json!([value]))).collect();
    let host = "abcdef1234.execute-api.eu-central-1.amazonaws.com";
    json!({
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": {
            "Accept": "*/*", "Content-Type": "application/json", "Host": host, "User-Agent": "curl/8.5.0",
            "X-Amzn-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700", "X-Forwarded-For": "192.0.2.1",
            "X-Forwarded-Port": "443", "X-Forwarded-Proto": "https",
        },
        "multiValueHeaders": {
            "Accept": ["*/*"], "Content-Type": ["application/json"], "Host": [host], "User-Agent": ["curl/8.5.0"],
            "X-Amzn-Trace-Id": ["Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700"], "X-Forwarded-For": ["192.0.2.1"],
            "X-Forwarded-Port": ["443"], "X-Forwarded-Proto": ["https"],
        },
        "queryStringParameters": if query.is_empty() { Value::Null } else { query_one.into() },
        "multiValueQueryStringParameters": if query.is_empty() { Value::Null } else { query_many.into() },
        "pathParameters": {"proxy": path.trim_start_matches('/')},
        "stageVariables": null,
        "requestContext": {
            "resourceId": "abc123", "resourcePath": "/{proxy+}", "httpMethod": method, "extendedRequestId": "Xyz=",
            "requestTime": "21/Nov/2026:12:00:00 +0000", "path": format!("/prod{path}"), "accountId": "123456789012",
            "protocol": "HTTP/1.1", "stage": "prod", "domainPrefix": "abcdef1234", "requestTimeEpoch": 1_795_262_400_000_u64,
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef", "domainName": host, "apiId": "abcdef1234",
            "identity": {"sourceIp": "192.0.2.1", "userAgent": "curl/8.5.0"},
        },
        "body": body.map(Value::to_string),
        "isBase64Encoded": false,
    })
}

//! The SDK client, for AWS or for a DynamoDB-compatible server.

mod trust;

use std::env;
use std::time::Duration;

pub use aws_config::SdkConfig;
use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedHttpClient};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext};

/// How often one operation is tried before its error reaches the caller, the first try included.
pub const MAX_ATTEMPTS: u32 = 3;

/// A client for the server at `endpoint`, or for AWS if there is none.
///
/// Without an endpoint, region and credentials come from the SDK's default chain: environment,
/// profile, container or instance role (no SSO, no credential processes), and so does an
/// `AWS_ENDPOINT_URL`; on Lambda the chain is cut short where the
/// environment has them. With an endpoint, credentials
/// come from the environment, or are a dummy pair if it has none, since local servers check no
/// signature; the region is `AWS_REGION`, `AWS_DEFAULT_REGION` or `us-east-1`.
///
/// Every call has limits (the SDK's default is a connect timeout only): 1 s to connect, 2 s for an
/// attempt, 6 s for the operation with its retries, [`MAX_ATTEMPTS`] attempts.
///
/// Nothing is sent here; the first request opens the connection.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let client = slo_dynamo::client::connect(Some("http://localhost:8000")).await;
/// assert_eq!(client.config().retry_config().map(|r| r.max_attempts()), Some(3));
/// # }
/// ```
pub async fn connect(endpoint: Option<&str>) -> Client {
    Client::new(&settings(endpoint).await)
}

/// What [`connect`] makes its client of, for clients of other AWS services beside it.
pub async fn settings(endpoint: Option<&str>) -> SdkConfig {
    let limits = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_secs(2))
        .operation_timeout(Duration::from_secs(6))
        .build();
    let mut loader =
        aws_config::defaults(behavior()).http_client(https()).timeout_config(limits).retry_config(retries());
    let elsewhere = set_in_environment("AWS_CONTAINER_CREDENTIALS_FULL_URI").is_some();
    if set_in_environment("AWS_LAMBDA_FUNCTION_NAME").is_some() && credentials_in_environment() && !elsewhere {
        // Where they are, unless the process is one of a snapshot; to make ready for all other places takes longer.
        loader = loader
            .credentials_provider(EnvironmentVariableCredentialsProvider::new())
            .region(EnvironmentVariableRegionProvider::new());
    }
    if let Some(url) = endpoint {
        // Naming the region here also keeps the chain from asking an instance metadata service.
        loader = loader.endpoint_url(url).region(local_region());
        if !credentials_in_environment() {
            loader = loader.credentials_provider(dummy_credentials());
        }
    }
    loader.load().await
}

/// A fixed date: `latest()` would let a dependency update change timeouts and retries.
pub(crate) fn behavior() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

pub(crate) fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS)
}

/// For servers that check no signature. The SDK refuses to sign without any.
pub(crate) fn dummy_credentials() -> Credentials {
    Credentials::new("local", "local", None, None, "slo-dynamo")
}

/// Ring, because aws-lc gathers entropy for 10 to 50 ms at the start of a Lambda.
fn https() -> SharedHttpClient {
    let trusted = TlsContext::builder().with_trust_store(trust::store()).build().expect("authorities that can be read");
    aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(trusted)
        .build_https()
}

fn local_region() -> Region {
    let named = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(set_in_environment);
    Region::new(named.unwrap_or_else(|| "us-east-1".into()))
}

fn credentials_in_environment() -> bool {
    ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].into_iter().all(|name| set_in_environment(name).is_some())
}

/// A variable that is set to nothing counts as unset, as in the SDK.
fn set_in_environment(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    #[tokio::test]
    async fn every_call_has_limits() {
        let client = connect(Some("http://localhost:8000")).await;
        let limits = client.config().timeout_config().expect("they are set");
        let seconds = |s| Some(Duration::from_secs(s));
        assert_eq!(limits.connect_timeout(), seconds(1));
        assert_eq!(limits.operation_attempt_timeout(), seconds(2));
        assert_eq!(limits.operation_timeout(), seconds(6));
    }

    #[tokio::test]
    async fn a_plain_http_server_is_asked_with_a_signature() -> Result<(), Box<dyn Error>> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let server = thread::spawn(move || -> std::io::Result<Vec<String>> {
            let (mut stream, _) = listener.accept()?;
            let head =
                BufReader::new(&stream).lines().take_while(|line| line.as_ref().is_ok_and(|l| !l.is_empty())).collect();
            let body = r#"{"TableNames":["counts"]}"#;
            let length = body.len();
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}")?;
            head
        });

        let tables = connect(Some(&endpoint)).await.list_tables().send().await?;
        assert_eq!(tables.table_names(), ["counts"]);
        let head = server.join().map_err(|_| "the server panicked")??;
        let has = |start: &str| head.iter().any(|line| line.starts_with(start));
        assert!(has("x-amz-target: DynamoDB_20120810.ListTables"), "{head:#?}");
        assert!(has("authorization: AWS4-HMAC-SHA256"), "{head:#?}");
        Ok(())
    }
}

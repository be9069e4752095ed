//! Which certificate authorities are trusted.

use std::env;
use std::ffi::OsString;

use aws_smithy_http_client::tls::TrustStore;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

/// What the names of those contain by which every endpoint of the partition `aws` can be verified: Amazon's four, and
/// Starfield's. Source: Amazon Trust Services, "Certification Authorities"; AWS asks its clients to trust all of them.
const AMAZON: [&[u8]; 2] = [b"Amazon Root CA ", b"Starfield Services Root Certificate Authority - G2"];

/// Partitions with authorities of their own, by the beginning of their regions.
const ELSEWHERE: [&str; 3] = ["cn-", "us-iso", "eu-iso"];

/// Those of the machine; on Lambda those of AWS, because to read a hundred and fifty takes longer than the whole rest
/// of the start. Who names certificates or another HTTPS endpoint in the environment gets those of the machine there too.
pub(super) fn store() -> TrustStore {
    if only_amazon(env::vars_os()) { amazon() } else { TrustStore::default() }
}

/// Whether nobody but AWS is asked.
fn only_amazon(variables: impl IntoIterator<Item = (OsString, OsString)>) -> bool {
    let mut on_lambda = false;
    for (name, value) in variables {
        let (name, value) = (name.to_string_lossy(), value.to_string_lossy());
        let other = match &*name {
            "AWS_LAMBDA_FUNCTION_NAME" => {
                on_lambda = true;
                false
            }
            "SSL_CERT_FILE" | "SSL_CERT_DIR" => !value.is_empty(),
            "AWS_REGION" => ELSEWHERE.iter().any(|start| value.starts_with(start)),
            // Whoever answers there instead of AWS.
            "HTTPS_PROXY" | "https_proxy" => !value.is_empty(),
            name => name.starts_with("AWS_ENDPOINT_URL") && value.starts_with("https:"),
        };
        if other {
            return false;
        }
    }
    on_lambda
}

fn amazon() -> TrustStore {
    let names = AMAZON.map(memmem::Finder::new);
    let of_amazon = |der: &&[u8]| names.iter().any(|name| name.find(der).is_some());
    let certificates = TLS_SERVER_ROOT_CERTS.iter().map(AsRef::as_ref).filter(of_amazon);
    certificates.fold(TrustStore::empty(), |store, der| {
        let text = STANDARD.encode(der);
        store.with_pem_certificate(format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_lambda_those_of_amazon_unless_somebody_else_is_asked() {
        let lambda = ("AWS_LAMBDA_FUNCTION_NAME", "slo");
        for (variables, expected) in [
            (vec![], false),
            (vec![lambda], true),
            (vec![lambda, ("AWS_REGION", "eu-west-1")], true),
            (vec![lambda, ("AWS_REGION", "us-gov-west-1")], true),
            (vec![lambda, ("AWS_REGION", "cn-north-1")], false),
            (vec![lambda, ("SSL_CERT_FILE", "/etc/own.pem")], false),
            (vec![("SSL_CERT_FILE", ""), lambda], true),
            (vec![lambda, ("HTTPS_PROXY", "http://proxy:3128")], false),
            (vec![lambda, ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:8000")], true),
            (vec![lambda, ("AWS_ENDPOINT_URL", "https://localhost:4566")], false),
        ] {
            let given = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
            assert_eq!(only_amazon(given), expected, "{variables:?}");
        }
    }

    #[test]
    fn all_of_amazons_are_there() {
        for name in
            ["Amazon Root CA 1", "Amazon Root CA 2", "Amazon Root CA 3", "Amazon Root CA 4", "Starfield Services"]
        {
            let found = TLS_SERVER_ROOT_CERTS.iter().filter(|der| memmem::find(der, name.as_bytes()).is_some());
            assert_eq!(found.count(), 1, "{name}");
        }
        assert_eq!(format!("{:?}", amazon()).matches("CertificatePEM").count(), 5);
        // They can be read: a certificate that cannot would end the process.
        let context = aws_smithy_http_client::tls::TlsContext::builder().with_trust_store(amazon()).build();
        assert!(context.is_ok());
    }
}

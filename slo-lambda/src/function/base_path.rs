//! Where the API begins in the URL that the client used.

/// A path as the client wrote it, in two parts: what the router knows, and the stage or base path before it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// `/prod`, `/slo`, or nothing.
    pub(super) base: String,
    /// From `/api/v1` on, or another route of the service.
    pub(super) path: String,
}

/// What is known of a request's path. All of it percent-encoded.
#[derive(Default)]
pub(super) struct Clues<'a> {
    /// The path as the client wrote it, stage or base path included.
    pub(super) whole: &'a str,
    /// The stage, unless it is the one that shows in no path.
    pub(super) stage: Option<&'a str>,
    /// What the gateway matched with `{proxy+}`, where it has such a route.
    pub(super) proxy: Option<&'a str>,
}

impl Place {
    /// Parts a path. `/api/v1` tells for itself; other routes are recognised by what the gateway says of stage and
    /// base path.
    pub(super) fn find(clues: &Clues<'_>) -> Self {
        let whole = clues.whole;
        let root = |at: &usize| matches!(whole.as_bytes().get(at + ROOT.len()), None | Some(b'/'));
        // A stage or base path may be called `api` too; the gateway's word comes first.
        let proxied = clues.proxy.map(|proxy| proxy.trim_start_matches('/')).and_then(|proxy| {
            let base = whole.strip_suffix(proxy)?.strip_suffix('/')?;
            let known = format!("/{proxy}/").starts_with("/api/v1/") || !whole.contains(ROOT);
            known.then_some(base.len())
        });
        let named = || whole.match_indices(ROOT).map(|(at, _)| at).find(root);
        let staged = || {
            let rest = whole.strip_prefix('/')?.strip_prefix(clues.stage?)?;
            (rest.is_empty() || rest.starts_with('/')).then(|| whole.len() - rest.len())
        };
        let (base, path) = whole.split_at(proxied.or_else(named).or_else(staged).unwrap_or(0));
        Self { base: base.to_owned(), path: if path.is_empty() { "/".to_owned() } else { path.to_owned() } }
    }
}

const ROOT: &str = "/api/v1";

/// A path of a URL: what gateways decoded is encoded again, what is encoded stays. It begins with one slash: two would
/// make a link that leads to another host.
pub(super) fn encoded(path: &str) -> String {
    let mut text = String::with_capacity(path.len() + 1);
    text.push('/');
    encode(path.trim_start_matches('/'), b"-._~!$&'()*+,;=:@/", &mut text);
    text
}

/// Likewise what comes after the question mark.
pub(super) fn encoded_query(query: &str) -> String {
    let mut text = String::with_capacity(query.len());
    encode(query, b"-._~!$&'()*+,;=:@/?", &mut text);
    text
}

fn encode(from: &str, plain: &[u8], into: &mut String) {
    let bytes = from.as_bytes();
    for (i, byte) in bytes.iter().enumerate() {
        let escape = || bytes.get(i + 1..i + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        if byte.is_ascii_alphanumeric() || plain.contains(byte) || *byte == b'%' && escape() {
            into.push(char::from(*byte));
        } else {
            into.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_is_what_stands_before_the_api() {
        let table = [
            // whole, stage, proxy; base, path
            ("/api/v1/objectives", None, None, "", "/api/v1/objectives"),
            ("/prod/api/v1/objectives", Some("prod"), Some("api/v1/objectives"), "/prod", "/api/v1/objectives"),
            ("/prod/api/v1", Some("prod"), None, "/prod", "/api/v1"),
            ("/slo/api/v1/objectives", Some("prod"), None, "/slo", "/api/v1/objectives"),
            ("/slo/team/api/v1/users/", Some("prod"), None, "/slo/team", "/api/v1/users/"),
            // A base path that looks like the API's own.
            ("/api/v1/api/v1/users", Some("prod"), Some("api/v1/users"), "/api/v1", "/api/v1/users"),
            ("/api/v1/users", Some("prod"), Some("v1/users"), "", "/api/v1/users"),
            ("/api/v1/users", Some("api"), Some("v1/users"), "", "/api/v1/users"),
            // Names that look like it are names.
            ("/api/v1/users/api/v1", None, None, "", "/api/v1/users/api/v1"),
            ("/api/v10/users", None, None, "", "/api/v10/users"),
            // What is not below it.
            ("/prod/healthz", Some("prod"), None, "/prod", "/healthz"),
            ("/prod", Some("prod"), None, "/prod", "/"),
            ("/prod/", Some("prod"), None, "/prod", "/"),
            ("/production/healthz", Some("prod"), None, "", "/production/healthz"),
            ("/slo/healthz", Some("prod"), Some("healthz"), "/slo", "/healthz"),
            ("/healthz", Some("prod"), Some("healthz"), "", "/healthz"),
            ("/healthz", None, None, "", "/healthz"),
            ("/", None, None, "", "/"),
        ];
        for (whole, stage, proxy, base, path) in table {
            let place = Place::find(&Clues { whole, stage, proxy });
            assert_eq!(place, Place { base: base.into(), path: path.into() }, "{whole} {stage:?} {proxy:?}");
        }
    }

    #[test]
    fn what_a_gateway_decoded_is_encoded_again() {
        for (given, path) in [
            ("/api/v1/users/a b", "/api/v1/users/a%20b"),
            ("/a%20b", "/a%20b"),
            ("/100%", "/100%25"),
            ("/a?b#c", "/a%3Fb%23c"),
            ("/größe", "/gr%C3%B6%C3%9Fe"),
            ("no/slash", "/no/slash"),
            ("//other.host/api/v1", "/other.host/api/v1"),
            ("", "/"),
        ] {
            assert_eq!(encoded(given), path, "{given}");
        }
        assert_eq!(encoded_query("a=b c&d=%20+?/"), "a=b%20c&d=%20+?/");
    }
}

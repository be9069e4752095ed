//! Tokens: made once, shown once, valid until they are not.

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use slo_core::{
    Access, Admitted, AuditAction, AuditFilter, AuditKind, Caller, Error, Indicator, IndicatorKind, LAST_USED_STEP,
    MAX_TOKENS, Name, Precondition, Role, Service, Stamp, TOKEN_RANDOM, TokenRequest, TokenText, User,
};

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

fn at(minutes: i64) -> Timestamp {
    "2026-11-20T12:00:00Z".parse::<Timestamp>().expect("a time") + SignedDuration::from_mins(minutes)
}

fn stamp(minutes: i64) -> Stamp {
    Stamp { at: at(minutes), by: Some(name("root")) }
}

fn user(text: &str, access: Access) -> User {
    User {
        name: name(text),
        display_name: text.to_owned().try_into().expect("text"),
        email: format!("{text}@example.org").try_into().expect("an address"),
        role: Role::Engineer,
        access,
    }
}

async fn service() -> Service {
    let service = Service::in_memory();
    service.create(user("ana", Access::Editor), stamp(0)).await.expect("created");
    service.create(user("ben", Access::Viewer), stamp(0)).await.expect("created");
    let site = Indicator::new(name("site"), name("web"), IndicatorKind::Ratio);
    service.create(site, stamp(0)).await.expect("created");
    service
}

async fn token(service: &Service, of: &str, request: TokenRequest, fill: u8) -> (Name, TokenText) {
    let made = service.create_token(&name(of), request, [fill; TOKEN_RANDOM], stamp(0)).await;
    made.map(|(token, text)| (token.id, text)).expect("it is made")
}

async fn admitted(service: &Service, text: &TokenText, minutes: i64) -> Option<Caller> {
    service.admit(text, at(minutes)).await.expect("the store answers").map(|admitted| admitted.caller)
}

fn pointers(error: Error) -> Vec<(String, &'static str)> {
    match error {
        Error::Invalid { faults } => faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_token_lets_its_user_in_and_nothing_else_does() {
    let service = service().await;
    let (_, ana) = token(&service, "ana", TokenRequest::default(), 1).await;
    let (_, ben) = token(&service, "ben", TokenRequest::default(), 2).await;
    for (text, user, access) in [(&ana, "ana", Access::Editor), (&ben, "ben", Access::Viewer)] {
        let caller = admitted(&service, text, 1).await.expect("it is valid");
        assert_eq!(caller, Caller { user: Some(name(user)), access, scopes: Vec::new() });
    }
    // Another secret, another identifier, another user, nobody.
    let text = ana.reveal();
    for other in [
        format!("{}2", &text[..text.len() - 1]),
        text.replacen("010101010101", "020202020202", 1),
        text.replacen("ana", "ben", 1),
        text.replacen("ana", "carl", 1),
    ] {
        assert_eq!(admitted(&service, &other.parse().expect("it looks like one"), 1).await, None, "{other}");
    }
    // What its user may do is what counts, now.
    service.put(user("ana", Access::Admin), Some(Precondition::Present), stamp(1)).await.expect("replaced");
    assert_eq!(admitted(&service, &ana, 1).await.map(|caller| caller.access), Some(Access::Admin));
}

#[tokio::test]
async fn it_ends_with_its_time_its_revocation_and_its_user() {
    let service = service().await;
    let hour = TokenRequest { expires_at: Some(at(60)), ..TokenRequest::default() };
    let (_, short) = token(&service, "ana", hour, 1).await;
    let (id, long) = token(&service, "ana", TokenRequest::default(), 2).await;
    let Admitted { expires_at, .. } = service.admit(&short, at(59)).await.expect("an answer").expect("it is valid");
    assert_eq!(expires_at, Some(at(60)));
    assert_eq!(admitted(&service, &short, 60).await, None);
    assert!(admitted(&service, &long, 60).await.is_some());
    service.revoke_token(&name("ana"), &id, stamp(61)).await.expect("revoked");
    assert_eq!(admitted(&service, &long, 61).await, None);
    let again = service.revoke_token(&name("ana"), &id, stamp(61)).await;
    assert!(matches!(again, Err(Error::NoToken { .. })), "{again:?}");
    let (_, third) = token(&service, "ana", TokenRequest::default(), 3).await;
    service.delete::<User>(&name("ana"), Some(Precondition::Present), stamp(2)).await.expect("deleted");
    service.create(user("ana", Access::Editor), stamp(3)).await.expect("created");
    assert_eq!(admitted(&service, &third, 4).await, None, "another life, other tokens");
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_at_once() {
    let service = service().await;
    let scopes = ["ingest:site", "ingest:nothing", "ingest"].map(|scope| scope.parse().expect("a scope")).to_vec();
    let request = TokenRequest { expires_at: Some(at(0)), scopes, ..TokenRequest::default() };
    let refused = service.create_token(&name("ana"), request, [1; TOKEN_RANDOM], stamp(0)).await.expect_err("refused");
    assert_eq!(pointers(refused), [("/expiresAt".to_owned(), "past"), ("/scopes/1".to_owned(), "unknown")]);
    let nobody = service.create_token(&name("carl"), TokenRequest::default(), [1; TOKEN_RANDOM], stamp(0)).await;
    assert!(matches!(nobody, Err(Error::NotFound { .. })), "{nobody:?}");
}

#[tokio::test]
async fn many_are_kept_up_to_the_limit_and_expired_ones_make_room() {
    let service = service().await;
    let ana = name("ana");
    let hour = || TokenRequest { expires_at: Some(at(60)), ..TokenRequest::default() };
    let fill = |i: usize| [u8::try_from(i).expect("few"); TOKEN_RANDOM];
    let made = join_all((0..MAX_TOKENS).map(|i| service.create_token(&ana, hour(), fill(i), stamp(0)))).await;
    let texts: Vec<TokenText> = made.into_iter().map(|made| made.expect("it is made").1).collect();
    for text in &texts {
        assert!(admitted(&service, text, 1).await.is_some());
    }
    let full = service.create_token(&ana, hour(), fill(99), stamp(59)).await.expect_err("there are too many");
    assert_eq!(pointers(full), [(String::new(), "tooMany")]);
    service.create_token(&ana, TokenRequest::default(), fill(99), stamp(60)).await.expect("there is room");
    assert_eq!(service.tokens(&ana).await.expect("a list").len(), 1);
}

#[tokio::test]
async fn its_use_is_noted_now_and_then() {
    let service = service().await;
    let (_, text) = token(&service, "ana", TokenRequest::default(), 1).await;
    let step = LAST_USED_STEP.as_mins();
    for (used, noted) in [(1, 1), (2, 1), (step, 1), (step + 1, step + 1), (step + 2, step + 1)] {
        let admitted = service.admit(&text, at(used)).await.expect("an answer").expect("it is valid");
        if let Some(used) = admitted.unnoted {
            service.note_use(used).await.expect("nobody else is at it");
        }
        let tokens = service.tokens(&name("ana")).await.expect("a list");
        assert_eq!(tokens[0].last_used_at, Some(at(noted)), "used at {used}");
    }
}

#[tokio::test]
async fn the_first_way_in_is_an_admin_who_is_made_for_it() {
    let service = service().await;
    let make = |user: &str, fill| {
        let (service, user) = (service.clone(), name(user));
        async move { service.create_admin_token(&user, TokenRequest::default(), [fill; TOKEN_RANDOM], stamp(0)).await }
    };
    assert!(!service.has_admin_token(at(0)).await.expect("an answer"));
    let (_, text) = make("admin", 1).await.expect("made");
    assert_eq!(admitted(&service, &text, 1).await.map(|caller| caller.access), Some(Access::Admin));
    assert!(service.has_admin_token(at(0)).await.expect("an answer"));
    let (_, second) = make("admin", 2).await.expect("made for who is there");
    assert!(admitted(&service, &second, 1).await.is_some());
    let refused = make("ana", 3).await.expect_err("she is an editor");
    assert_eq!(pointers(refused), [("/user".to_owned(), "noAdmin")]);
    assert_eq!(service.tokens(&name("ana")).await.expect("a list"), []);
    // A request that makes no sense makes nobody.
    let past = TokenRequest { expires_at: Some(at(0)), ..TokenRequest::default() };
    let refused = service.create_admin_token(&name("root"), past, [6; TOKEN_RANDOM], stamp(0)).await;
    assert_eq!(pointers(refused.expect_err("it ends before it begins")), [("/expiresAt".to_owned(), "past")]);
    assert!(matches!(service.get::<User>(&name("root")).await, Err(Error::NotFound { .. })));
    // Neither a limited token nor one that has ended is a way in.
    for token in service.tokens(&name("admin")).await.expect("a list") {
        service.revoke_token(&name("admin"), &token.id, stamp(1)).await.expect("revoked");
    }
    let limited = TokenRequest { scopes: vec!["ingest".parse().expect("a scope")], ..TokenRequest::default() };
    token(&service, "admin", limited, 4).await;
    let short = TokenRequest { expires_at: Some(at(60)), ..TokenRequest::default() };
    token(&service, "admin", short, 5).await;
    assert!(service.has_admin_token(at(59)).await.expect("an answer"));
    assert!(!service.has_admin_token(at(60)).await.expect("an answer"));
}

#[tokio::test]
async fn what_is_done_to_tokens_is_audited_and_their_use_is_not() {
    let service = service().await;
    let (id, text) = token(&service, "ana", TokenRequest::default(), 1).await;
    let used = service.admit(&text, at(1)).await.expect("an answer").and_then(|admitted| admitted.unnoted);
    service.note_use(used.expect("the first use")).await.expect("noted");
    service.revoke_token(&name("ana"), &id, stamp(2)).await.expect("revoked");
    let first = service.create_admin_token(&name("admin"), TokenRequest::default(), [2; TOKEN_RANDOM], stamp(3)).await;
    let admin = first.expect("made").0.id;
    let filter = AuditFilter { kind: Some(AuditKind::User), ..AuditFilter::default() };
    let page = service.audit(&filter, None, 200).await.expect("a page");
    let told: Vec<_> =
        page.items.into_iter().map(|entry| (entry.action, entry.name, entry.part, entry.stamp)).collect();
    let entry = |action, of: &str, part: Option<&Name>, minutes| (action, name(of), part.cloned(), stamp(minutes));
    let wanted = [
        entry(AuditAction::TokenCreated, "admin", Some(&admin), 3),
        entry(AuditAction::Created, "admin", None, 3),
        entry(AuditAction::TokenRevoked, "ana", Some(&id), 2),
        entry(AuditAction::TokenCreated, "ana", Some(&id), 0),
        entry(AuditAction::Created, "ben", None, 0),
        entry(AuditAction::Created, "ana", None, 0),
    ];
    let sorted = |mut entries: Vec<_>| {
        entries.sort_by_key(|entry: &(AuditAction, Name, Option<Name>, Stamp)| format!("{entry:?}"));
        entries
    };
    assert_eq!(sorted(told), sorted(wanted.to_vec()));
}

//! What people write into the forms of pages, and names that do not fit a line.

use serde_json::json;

use crate::common::{Api, indicator, objective};
use crate::pages::{attributes, lines, with_three};

#[tokio::test]
async fn a_filter_takes_names_as_people_write_them() {
    let api = with_three().await;
    for path in ["/?service=Web%20", "/?service=+web&utm_source=mail"] {
        let page = api.page(path).await;
        assert_eq!((page.status.as_u16(), lines(&page)), (200, vec!["shop".to_owned(), "fine".to_owned()]), "{path}");
    }
    let page = api.page("/?owner=Ana+Lima&service=web&label=a:b").await;
    assert_eq!(page.status, 400);
    assert!(page.text.contains("value=\"ana lima\"") && page.text.contains("value=\"web\""), "{}", page.text);
    assert!(page.text.contains("id=\"owner-fault\"") && !page.text.contains("id=\"service-fault\""), "{}", page.text);
    assert!(page.text.contains("A name is 1 to 63 characters") && page.text.contains("value=\"a:b\""), "{}", page.text);
    // The API is strict.
    api.get("/objectives?utm_source=mail").await.problem(400);
    api.get("/objectives?service=Web").await.problem(400);
}

#[tokio::test]
async fn a_filter_is_kept_whole_and_taken_away_in_parts() {
    let api = with_three().await;
    assert_eq!(api.patch("/objectives/shop", "*", json!({"labels": {"team": "a&b"}})).await.status, 200);
    let page = api.page("/?service=web&label=team:a%26b").await;
    assert_eq!(lines(&page), ["shop"]);
    assert!(page.text.contains("type=\"hidden\" name=\"label\" value=\"team:a&amp;b\""), "{}", page.text);
    assert!(page.text.contains("Only with the label team:a&amp;b"), "{}", page.text);
    let links = attributes(&page.text, "href");
    for rest in ["/?service=web", "/?label=team%3Aa%26b", "/"] {
        assert!(links.contains(&rest), "{rest}: {links:?}");
    }
    assert!(!api.page("/?service=web").await.text.contains("Without service"), "that would be all");
}

#[tokio::test]
async fn what_cannot_be_a_target_is_said_where_it_was_written() {
    let api = with_three().await;
    let page = api.page("/objectives/shop?target=0.99").await;
    for same in ["target=99", "target=99%25", "target=0,99", "target=+0.99+&utm_source=mail"] {
        assert_eq!(api.page(&format!("/objectives/shop?{same}")).await.text, page.text, "{same}");
    }
    let wrong = api.page("/objectives/shop?target=often").await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.text.contains("value=\"often\"") && wrong.text.contains("A target is a ratio"), "{}", wrong.text);
    assert!(wrong.text.contains("aria-describedby=\"target-fault\""), "{}", wrong.text);
    assert!(wrong.text.contains("The shop: hold (exhausted)"), "the page stays where it was");
    // On paper there is no form, and no heading of one.
    let empty = api.page("/objectives/shop").await;
    let hidden = |text: &str| text.contains("<section class=\"screen\" id=\"what-if\"");
    assert!(hidden(&empty.text) && !hidden(&page.text), "{}", empty.text);
}

#[tokio::test]
async fn objectives_of_one_name_are_told_apart() {
    let api = with_three().await;
    let slug = |text: &str, name: &str| text.contains(&format!("<code>{name}</code>"));
    let page = api.page("/").await;
    assert!(["shop", "fine", "idle"].iter().all(|name| !slug(&page.text, name)), "{}", page.text);
    assert_eq!(api.patch("/objectives/fine", "*", json!({"displayName": "The shop"})).await.status, 200);
    let page = api.page("/").await;
    assert_eq!(["shop", "fine", "idle"].map(|name| slug(&page.text, name)), [true, true, false], "{}", page.text);
}

#[tokio::test]
async fn no_name_turns_the_line_that_it_stands_in() {
    let api = with_three().await;
    for mark in ['\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}'] {
        for member in ["displayName", "description"] {
            let answer = api.patch("/objectives/shop", "*", json!({member: format!("left {mark}% 001")})).await;
            assert_eq!(answer.pointers(), [format!("/{member}")]);
            assert!(answer.text.contains("turn the direction of writing"), "{}", answer.text);
        }
    }
    // A name in Hebrew is one.
    let hebrew = json!({"displayName": "\u{5d7}\u{5e0}\u{5d5}\u{5ea}", "description": "\u{200f}x"});
    assert_eq!(api.patch("/objectives/shop", "*", hebrew).await.status, 200);
    let page = api.page("/objectives/shop").await;
    assert!(page.text.contains("<bdi>\u{200f}x</bdi>"), "{}", page.text);
}

#[tokio::test]
async fn exclusions_in_view_come_first() {
    let api = with_three().await;
    let add = async |from: &str, to: &str, reason: &str, rule: Option<&str>| {
        let mut body = json!({"from": from, "to": to, "reason": reason});
        if let Some(rule) = rule {
            body["rrule"] = json!(rule);
        }
        assert_eq!(api.post("/objectives/shop/exclusions", body).await.status, 201);
    };
    add("2026-08-01T03:00:00Z", "2026-08-01T04:00:00Z", "A new disk", None).await;
    let page = api.page("/objectives/shop").await.text;
    assert!(page.contains("None in the window.") && page.contains("1 exclusion outside of it"), "{page}");
    assert!(!page.contains("swatch excluded"), "nothing in the plots is");
    add("2026-08-02T03:00:00Z", "2026-08-02T04:00:00Z", "The backup", Some("FREQ=WEEKLY;INTERVAL=2")).await;
    let page = api.page("/objectives/shop").await.text;
    let (seen, others) = page.split_once("<details>").expect("what is out of view is folded");
    assert!(seen.contains("The backup") && seen.contains("and then every 2 weeks") && seen.contains("swatch excluded"));
    assert!(others.contains("A new disk") && !seen.contains("A new disk"), "{page}");
}

#[tokio::test]
async fn the_burn_down_of_a_calendar_window_begins_with_it() {
    let api = Api::new();
    assert_eq!(api.post("/indicators", indicator("site")).await.status, 201);
    let mut month = objective("month");
    month["timeWindow"] = json!({"duration": "1M", "isRolling": false,
        "calendar": {"startTime": "2026-01-01 00:00:00", "timeZone": "Europe/Berlin"}});
    assert_eq!(api.post("/objectives", month).await.status, 201);
    assert_eq!(api.post("/objectives", objective("rolling")).await.status, 201);
    for (name, said) in [
        ("month", "at each time, counted since its month began (Europe/Berlin);"),
        ("rolling", "at each time, counted over the 28 days before it;"),
    ] {
        let page = api.page(&format!("/objectives/{name}")).await;
        assert!(page.text.contains(said), "{}", page.text);
    }
}

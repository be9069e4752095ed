//! The dashboard in a real browser, on the sample of `slo demo`. `bash .ci/install-browser` says what is needed:
//! `cargo test --release --package slo-cli --test browser -- --ignored --nocapture`
//! With `UPDATE_OVERVIEW=1` it takes the picture of the README anew.

mod accessible;
mod driver;
mod many;
#[path = "../server/mod.rs"]
mod server;

use std::path::Path;
use std::process::Command;

use driver::{Browser, Driver, Scheme};
use fantoccini::Locator;
use server::{SLO, Server};

/// What a command prints, as the user of a token.
fn slo(server: &Server, token: &str, arguments: &[&str]) -> String {
    let output = Command::new(SLO).args(arguments).args(["--url", &server.url]).env("SLO_TOKEN", token).output();
    let output = output.expect("slo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("utf-8").trim_end().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: bash .ci/install-browser"]
async fn a_product_manager_walks_from_the_question_to_the_sprint() {
    let (server, admin) = Server::guarded(&["--memory"]);
    let admin = admin.expect("a first token");
    slo(&server, &admin, &["demo"]);
    let ana = slo(&server, &admin, &["token", "create", "ana"]);
    let driver = Driver::start();
    for (width, height) in [(1_440, 900), (360, 740)] {
        let browser = driver.browser(width, height).await;
        walk(&browser, &server.url, &ana).await;
        browser.close().await;
    }
    if std::env::var_os("UPDATE_OVERVIEW").is_some() {
        let browser = driver.browser(1_280, 880).await;
        browser.open(&format!("{}/", server.url)).await;
        browser.fill("#token", &ana).await;
        browser.follow("main button").await;
        browser.prefer(Scheme::Light);
        browser.picture(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/overview.png")).await;
        browser.close().await;
    }
    server.kill();
}

async fn walk(browser: &Browser, url: &str, token: &str) {
    // Who asks?
    browser.open(&format!("{url}/")).await;
    assert_eq!(browser.text("h1").await, "Sign in");
    looks_right(browser).await;
    browser.fill("#token", &token[1..]).await;
    browser.follow("main button").await;
    assert!(browser.text("#fault").await.contains("not valid"));
    looks_right(browser).await;
    browser.fill("#token", token).await;
    browser.follow("main button").await;

    // May we ship?
    let answer = browser.text("h1").await;
    assert_eq!(answer, "1 of 14 objectives holds features back");
    looks_right(browser).await;
    browser.skip_link_comes_first().await;

    // The worst one, which is the first line, and its incident.
    browser.follow("table.lines tbody tr:first-child th a").await;
    assert_eq!(browser.text("h1").await, "Checkout availability: hold (exhausted)");
    looks_right(browser).await;
    let marks = browser
        .list(
            "return [...document.querySelectorAll('svg.plot')].filter(plot => plot.getClientRects().length)
        .map(plot => [...plot.querySelectorAll('rect[fill=\"#060606\"]')].filter(mark => {
            const [mine, its] = [plot.getBoundingClientRect(), mark.getBoundingClientRect()];
            return its.width >= 1 && its.height > 50 && its.left >= mine.left && its.right <= mine.right;
        }).length + ': ' + plot.querySelector('desc').textContent)",
        )
        .await;
    assert_eq!(marks.len(), 2, "one size of each plot is shown: {marks:?}");
    for mark in &marks {
        assert!(mark.starts_with("1: ") && mark.contains(" 13:20 took "), "the incident is on the plot: {mark}");
    }

    // What if less had been promised? By keyboard, three steps back: from 99.95 % to 99 %.
    browser.press("#step", "\u{E012}\u{E012}\u{E012}").await;
    browser.follow("#what-if .slider button").await;
    assert!(browser.url().await.contains("usual=3"));
    assert!(browser.text("#what-if table caption").await.contains("With a target of 99 %"));
    looks_right(browser).await;

    // Or written.
    browser.fill("#target", "0.99").await;
    browser.follow("#what-if form:last-of-type button").await;
    assert!(browser.url().await.contains("target=0.99"));
    assert!(browser.text("#what-if table").await.contains("On track"));
    looks_right(browser).await;

    // What may the sprint of its owner do?
    browser.follow("a[href='/users/ana/sprint']").await;
    assert_eq!(browser.text("h1").await, "Sprint of Ana Lima");
    assert!(browser.text("section.toil ol > li").await.starts_with("Checkout availability: "));
    looks_right(browser).await;

    // And of one service only.
    browser.open(&format!("{url}/")).await;
    browser.fill("#service", "search").await;
    browser.follow(".filter button").await;
    assert_eq!(browser.client.find_all(Locator::Css("table.lines tbody tr")).await.expect("rows").len(), 3);
    looks_right(browser).await;

    // How is that asked for by a program?
    browser.follow("footer a[href='/api/v1/docs']").await;
    assert_eq!(browser.text("h1").await, "API reference");
    looks_right(browser).await;

    browser.open(&format!("{url}/objectives/nobody")).await;
    assert_eq!(browser.text("h1").await, "There is nothing of that name");
    looks_right(browser).await;

    browser.open(&format!("{url}/")).await;
    browser.follow(".top button").await;
    assert_eq!(browser.text("h1").await, "Sign in");
    browser.nothing_was_said_nor_asked_elsewhere(url);
}

/// In light and in dark.
async fn looks_right(browser: &Browser) {
    for scheme in [Scheme::Light, Scheme::Dark] {
        browser.prefer(scheme);
        let faults = browser.list(accessible::FAULTS).await;
        assert!(faults.is_empty(), "{} at {} px, {scheme:?}: {faults:#?}", browser.url().await, browser.width);
    }
}

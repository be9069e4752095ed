//! Chromium, through chromedriver.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

/// A running chromedriver; stopped at the end of the test, and its browsers with it.
pub(crate) struct Driver {
    child: Child,
    url: String,
}

/// What the reader's system prefers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scheme {
    Light,
    Dark,
}

impl Driver {
    pub(crate) fn start() -> Self {
        let started = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).spawn();
        let mut child = started.expect("chromedriver starts; bash .ci/install-browser installs it");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
        let port =
            lines.find_map(|line| line.split_once("started successfully on port ").map(|(_, port)| port.to_owned()));
        let port = port.expect("it says its port");
        let url = format!("http://127.0.0.1:{}", port.trim_end_matches('.'));
        // It would block once nobody reads.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url }
    }

    /// A browser with a screen of this size, that writes down what it asks for and what it says.
    pub(crate) async fn browser(&self, width: u32, height: u32) -> Browser {
        let capabilities = json!({
            "goog:chromeOptions": {
                // Root has no sandbox of Chromium's; nothing but our own pages is opened.
                "args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run"],
                "mobileEmulation": {"deviceMetrics": {"width": width, "height": height, "pixelRatio": 1, "mobile": false, "touch": false}},
            },
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        });
        let Value::Object(capabilities) = capabilities else { unreachable!("an object") };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder.capabilities(capabilities).connect(&self.url).await.expect("chromium starts");
        let session = client.session_id().await.expect("a session").expect("a session");
        Browser { client, width, session: format!("{}/session/{session}", self.url) }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One window.
pub(crate) struct Browser {
    pub(crate) client: Client,
    pub(crate) width: u32,
    session: String,
}

impl Browser {
    pub(crate) async fn open(&self, url: &str) {
        self.client.goto(url).await.expect("it opens");
    }

    pub(crate) async fn url(&self) -> String {
        self.client.current_url().await.expect("a URL").to_string()
    }

    /// What is shown of the first element that is like that.
    pub(crate) async fn text(&self, selector: &str) -> String {
        let element = self.client.find(Locator::Css(selector)).await.unwrap_or_else(|e| panic!("{selector}: {e}"));
        element.text().await.expect("text").trim().to_owned()
    }

    /// Clicks, and waits for the page that comes.
    pub(crate) async fn follow(&self, selector: &str) {
        let element = self.client.find(Locator::Css(selector)).await.unwrap_or_else(|e| panic!("{selector}: {e}"));
        self.client.execute("window.left = true", Vec::new()).await.expect("it runs");
        element.click().await.expect("it is clicked");
        for _ in 0..200 {
            let script = "return document.readyState === 'complete' && !window.left";
            if self.client.execute(script, Vec::new()).await.is_ok_and(|ready| ready == true) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{selector} leads nowhere");
    }

    pub(crate) async fn fill(&self, selector: &str, text: &str) {
        let field = self.client.find(Locator::Css(selector)).await.unwrap_or_else(|e| panic!("{selector}: {e}"));
        field.clear().await.expect("it is emptied");
        field.send_keys(text).await.expect("it is filled");
    }

    /// What is on the screen, as a PNG.
    pub(crate) async fn picture(&self, file: &Path) {
        let script = "document.documentElement.style.overflow = 'hidden'";
        self.client.execute(script, Vec::new()).await.expect("it has no scroll bar");
        let picture = self.client.screenshot().await.expect("a picture");
        std::fs::write(file, picture).expect("written");
    }

    pub(crate) async fn press(&self, selector: &str, keys: &str) {
        let field = self.client.find(Locator::Css(selector)).await.unwrap_or_else(|e| panic!("{selector}: {e}"));
        field.send_keys(keys).await.expect("it is pressed");
    }

    /// The texts that a script answers with.
    pub(crate) async fn list(&self, script: &str) -> Vec<String> {
        let answer = self.client.execute(script, Vec::new()).await.expect("the script runs");
        serde_json::from_value(answer).expect("a list of texts")
    }

    /// Who comes by keyboard may leave out the header.
    pub(crate) async fn skip_link_comes_first(&self) {
        let body = self.client.find(Locator::Css("body")).await.expect("a body");
        body.send_keys("\u{E004}").await.expect("Tab");
        let seen = self.list("const at = document.activeElement; return [at.className, at.getBoundingClientRect().left >= 0 ? 'seen' : 'hidden']");
        assert_eq!(seen.await, ["skip", "seen"]);
    }

    pub(crate) fn prefer(&self, scheme: Scheme) {
        let value = match scheme {
            Scheme::Light => "light",
            Scheme::Dark => "dark",
        };
        let params = json!({"features": [{"name": "prefers-color-scheme", "value": value}]});
        self.ask("goog/cdp/execute", &json!({"cmd": "Emulation.setEmulatedMedia", "params": params}));
    }

    /// No error was written, and all that was asked for was asked of us.
    pub(crate) fn nothing_was_said_nor_asked_elsewhere(&self, home: &str) {
        // The browser's own word on what is refused on purpose: a page that is not there, and a wrong token.
        let refused = [("/objectives/nobody", "404"), ("/sign-in", "401")];
        let expected = |entry: &Value| {
            let text = entry["message"].as_str().unwrap_or_default();
            refused.iter().any(|(path, status)| text.contains(path) && text.contains(status))
        };
        let said = self.ask("se/log", &json!({"type": "browser"}));
        let said: Vec<&Value> = said.as_array().expect("entries").iter().filter(|entry| !expected(entry)).collect();
        assert!(said.is_empty(), "{said:#?}");

        let entries = self.ask("se/log", &json!({"type": "performance"}));
        let message = |entry: &Value| serde_json::from_str::<Value>(entry["message"].as_str()?).ok();
        let messages: Vec<Value> = entries.as_array().expect("entries").iter().filter_map(message).collect();
        let sent = messages.iter().filter(|entry| entry["message"]["method"] == "Network.requestWillBeSent");
        let asked: Vec<&str> = sent.filter_map(|entry| entry["message"]["params"]["request"]["url"].as_str()).collect();
        assert!(asked.iter().any(|url| url.contains("/style.css?v=")), "{asked:?}");
        let own = |url: &&&str| url.starts_with(home) || url.starts_with("data:");
        let elsewhere: Vec<_> = asked.iter().filter(|url| !own(url)).collect();
        assert!(elsewhere.is_empty(), "{elsewhere:?}");
    }

    /// What WebDriver itself does not know.
    fn ask(&self, path: &str, body: &Value) -> Value {
        let sent = ureq::post(format!("{}/{path}", self.session)).send_json(body);
        let mut answer: Value = sent.expect("an answer").body_mut().read_json().expect("JSON");
        answer["value"].take()
    }

    pub(crate) async fn close(self) {
        self.client.close().await.expect("it closes");
    }
}

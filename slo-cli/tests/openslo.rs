//! `slo apply` of OpenSLO documents and `slo export`, with the real binary and a real service.

mod server;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use server::{SLO, Server};

const SLI: &str = "\
apiVersion: openslo/v1
kind: SLI
metadata:
  name: requests
spec:
  ratioMetric:
    counter: true
";

const ORDERS: &str = "\
# What the shop promises.
apiVersion: openslo/v1
kind: SLO
metadata:
  name: orders
spec:
  service: shop
  indicatorRef: requests
  timeWindow:
    - duration: 28d
      isRolling: true
  budgetingMethod: Occurrences
  objectives:
    - target: 0.9990
";

const ANA: &str = r#"{"name":"ana","displayName":"Ana","email":"ana@example.org","role":"engineer","access":"editor"}"#;

/// What a command said and how it ended.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

struct Fixture {
    server: Server,
    directory: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Self {
        Self { server: Server::start(&["--memory"]), directory: tempfile::tempdir().expect("a directory") }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    }

    /// Runs `slo` where the files are, with a text on standard input.
    fn run_with(&self, arguments: &[&str], input: &str) -> Said {
        let mut child = Command::new(SLO)
            .args(arguments)
            .args(["--url", &self.server.url])
            .env_remove("SLO_TOKEN")
            .current_dir(self.directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("slo runs");
        child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    fn run(&self, arguments: &[&str]) -> Said {
        self.run_with(arguments, "")
    }

    #[track_caller]
    fn has_nothing(&self, arguments: &[&str]) {
        let Said { code, out, err } = self.run(arguments);
        assert!(code == Some(0) && out.is_empty() && err.contains("there is nothing to export"), "{out}{err}");
    }

    #[track_caller]
    fn out(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{arguments:?}");
        said.out
    }
}

#[test]
fn files_refer_to_each_other_and_come_back_unchanged() {
    let slo = Fixture::new();
    slo.file("orders.yaml", ORDERS);
    slo.file("requests.yaml", SLI);
    let both = ["apply", "-f", "orders.yaml", "-f", "requests.yaml"];
    let dry = slo.out(&[&both[..], &["--dry-run"]].concat());
    assert!(dry.starts_with("indicator requests: would be created\n  /service: (nothing) -> \"shop\"\n"), "{dry}");
    assert!(
        dry.contains("objective orders: would be created\n") && dry.contains("  /target: (nothing) -> 0.999\n"),
        "{dry}"
    );
    slo.has_nothing(&["export"]);
    assert_eq!(slo.out(&both), "indicator requests: created\nobjective orders: created\n");
    assert_eq!(slo.out(&both), "indicator requests: unchanged\nobjective orders: unchanged\n");
    let yaml = slo.out(&["export"]);
    slo.file("all.yaml", &yaml);
    assert_eq!(slo.out(&["apply", "-f", "all.yaml"]), "indicator requests: unchanged\nobjective orders: unchanged\n");
    let piped = slo.run_with(&["apply", "-f", "-"], &yaml);
    assert_eq!((piped.code, piped.out.lines().count()), (Some(0), 2), "{}", piped.err);
    slo.file("all.json", &slo.out(&["export", "--output", "json"]));
    let json: Value = serde_json::from_str(&slo.out(&["apply", "-f", "all.json", "--output", "json"])).expect("JSON");
    assert_eq!(
        json["items"][1],
        serde_json::json!({"kind": "objective", "name": "orders", "action": "unchanged", "changes": [], "notes": []})
    );
    slo.has_nothing(&["export", "--service", "none"]);
    slo.file("orders.yaml", &ORDERS.replace("0.9990", "0.99"));
    let changed = slo.out(&[&both[..], &["--dry-run"]].concat());
    assert_eq!(
        changed,
        "indicator requests: unchanged\nobjective orders: would be updated\n  /target: 0.999 -> 0.99\n"
    );
}

#[test]
fn a_fault_is_told_with_its_file_and_line() {
    let slo = Fixture::new();
    slo.file("requests.yaml", &SLI.replace("true", "false"));
    slo.file("orders.yaml", &ORDERS.replace("0.9990", "99.9"));
    let refused = slo.run(&["apply", "-f", "requests.yaml", "orders.yaml"]);
    assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""));
    let lines: Vec<&str> = refused.err.lines().collect();
    assert!(lines[0].starts_with("slo: ") && lines[0].ends_with("nothing was stored"), "{}", refused.err);
    assert!(lines[1].starts_with("  requests.yaml:7: /spec/ratioMetric/counter: "), "{}", refused.err);
    assert!(lines[2].starts_with("  orders.yaml:14: /spec/objectives/0/target: "), "{}", refused.err);
    assert_eq!(lines.len(), 3);
    slo.file("broken.yaml", "a: [\n");
    assert!(slo.run(&["apply", "-f", "broken.yaml"]).err.starts_with("slo: broken.yaml: line 2, column "));
    slo.file("old.yaml", &SLI.replace("/v1", "/v1alpha"));
    assert!(slo.run(&["apply", "-f", "old.yaml"]).err.contains("old.yaml:1: /apiVersion: documents of openslo/v1"));
    let piped = slo.run_with(&["apply", "-f", "-"], &SLI.replace("kind: SLI", "kind: SLX"));
    assert!(piped.err.contains("standard input:2: /kind: write one of"), "{}", piped.err);
    slo.file("mixed.yaml", &format!("{SLI}---\n{ANA}\n"));
    assert!(
        slo.run(&["apply", "-f", "mixed.yaml"]).err.contains("mixed.yaml: documents of OpenSLO and of the API itself")
    );
    slo.has_nothing(&["export"]);
}

#[test]
fn documents_of_ours_stand_beside_those_of_openslo() {
    let slo = Fixture::new();
    slo.file("ana.json", ANA);
    slo.file("orders.yaml", &ORDERS.replace("name: orders", "name: orders\n  annotations: {slo/owners: ana}"));
    slo.file("requests.yaml", SLI);
    // An objective of ours, of an indicator that a document of OpenSLO describes.
    let cart = r#"{"name":"cart","service":"shop","indicator":"requests","target":0.99,"timeWindow":{"duration":"28d","isRolling":true},"budgetingMethod":"Occurrences"}"#;
    slo.file("cart.json", cart);
    let all = ["apply", "-f", "cart.json", "orders.yaml", "requests.yaml", "ana.json"];
    let dry = slo.run(&[&all[..], &["--dry-run"]].concat());
    assert_eq!(dry.code, Some(1));
    assert!(dry.out.starts_with("user ana: would be created"), "{}", dry.out);
    assert!(dry.err.contains("orders.yaml:6: ") && dry.err.contains("a dry run creates nothing"), "{}", dry.err);
    assert_eq!(
        slo.out(&all),
        "user ana: created\nindicator requests: created\nobjective orders: created\nobjective cart: created\n"
    );
    assert_eq!(slo.out(&[&all[..], &["--dry-run"]].concat()).matches(": unchanged\n").count(), 4);
}

//! The real binary as a server.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

pub(crate) const SLO: &str = env!("CARGO_BIN_EXE_slo");

/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running `slo serve`; killed at the end of the test.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) url: String,
    /// What else it prints.
    lines: mpsc::Receiver<String>,
}

impl Server {
    /// Starts it and waits for the line that says it is ready.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(SLO)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("slo starts");
        let out = BufReader::new(child.stdout.take().expect("piped"));
        let (said, lines) = mpsc::channel();
        thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| said.send(line)));
        let mut server = Self { child, url: String::new(), lines };
        let line = server.lines.recv_timeout(PATIENCE).expect("ready in time");
        server.url = line.split_whitespace().find(|word| word.starts_with("http://")).expect("the URL").to_owned();
        server
    }

    /// Starts one that asks for tokens; with the first one, if it prints it.
    #[allow(dead_code, reason = "most tests ask for none")]
    pub(crate) fn guarded(arguments: &[&str]) -> (Self, Option<String>) {
        let server = Self::start(&[&["--auth", "token"], arguments].concat());
        // It is printed at once, or not at all.
        let line = server.lines.recv_timeout(Duration::from_secs(2)).ok();
        (server, line.and_then(|line| line.split_whitespace().last().map(str::to_owned)))
    }

    #[allow(dead_code, reason = "not every test has a directory")]
    pub(crate) fn on(directory: &Path) -> Self {
        Self::start(&["--data", directory.to_str().expect("utf-8")])
    }

    #[allow(dead_code, reason = "not every test kills it")]
    /// SIGKILL: nothing is finished, nothing is flushed.
    #[allow(dead_code, reason = "most tests let it end with them")]
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! A newcomer's terminal, who follows one file from the top to the bottom.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::markdown::Document;
use crate::root;

const SLO: &str = env!("CARGO_BIN_EXE_slo");
/// How long a block may take, and a service until it answers.
const PATIENCE: Duration = Duration::from_secs(120);
/// The ports that the documentation names.
const NAMED: [&str; 2] = ["8080", "9090"];

/// A directory, a path, ports of its own, and what runs in the background.
pub(crate) struct Session {
    directory: TempDir,
    ports: Vec<(&'static str, String)>,
    /// The shells so far, also those that left something in the background; waited for at the end only, so that the
    /// numbers of their groups stay theirs.
    shells: Vec<Child>,
}

impl Session {
    /// Runs all of a file; says what is not as it is written.
    pub(crate) fn follow(document: &Document) -> Vec<String> {
        let mut failures = Vec::new();
        if document.runnable().next().is_none() {
            return failures;
        }
        let mut session = Self::begin();
        if !document.runnable().any(|(block, _)| serves(&block.text)) {
            failures.extend(session.run("slo serve --memory\n", None).err());
        }
        for (block, promised) in document.runnable() {
            let done = session.run(&block.text, promised.map(|promised| promised.text.as_str()));
            failures.extend(done.err().map(|fault| format!("{}:{}: {fault}", document.path, block.line)));
        }
        failures
    }

    fn begin() -> Self {
        let directory = TempDir::new().expect("a directory");
        let place = directory.path();
        for name in ["bin", "home", "work"] {
            std::fs::create_dir(place.join(name)).expect("made");
        }
        std::os::unix::fs::symlink(SLO, place.join("bin/slo")).expect("linked");
        std::os::unix::fs::symlink(root().join("examples"), place.join("work/examples")).expect("linked");
        std::fs::write(place.join("exported"), "").expect("written");
        let ports = NAMED.map(|named| (named, free())).to_vec();
        Self { directory, ports, shells: Vec::new() }
    }

    /// A text of the documentation with the commands and ports that are to be had here.
    fn translated(&self, text: &str) -> String {
        let text = text.replace("cargo run --release -- ", "slo ");
        self.ports.iter().fold(text, |text, (named, port)| text.replace(&format!(":{named}"), &format!(":{port}")))
    }

    fn run(&mut self, written: &str, promised: Option<&str>) -> Result<(), String> {
        let script = self.translated(written);
        let foreground = ends_in_service(written);
        let default = format!("slo serve --listen 127.0.0.1:{}", self.ports[0].1);
        let lines = script.lines().map(|line| {
            let silent = line.contains("slo serve") && !line.contains("--listen");
            if silent { line.replace("slo serve", &default) } else { line.to_owned() }
        });
        let script = lines.collect::<Vec<_>>().join("\n");
        let place = self.directory.path();
        // What runs in the background goes on writing to that of its block.
        let [out, err, end] = ["out", "err", "end"].map(|name| place.join(format!("{name}-{}", self.shells.len())));
        let shell = self.shell(&script, &end).stdout(create(&out)).stderr(create(&err)).spawn();
        self.shells.push(shell.expect("bash starts"));
        let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
        let said = || (read(&out), read(&err));
        let began = Instant::now();
        let ended = loop {
            if let Ok(status) = read(&end).trim().parse::<u8>() {
                break Some(status);
            }
            if foreground && said().0.contains("http://") && self.answers() {
                break None;
            }
            if began.elapsed() > PATIENCE {
                return Err(format!("it did not end\n{script}\n{}\n{}", said().0, said().1));
            }
            thread::sleep(Duration::from_millis(10));
        };
        let (out, err) = said();
        if let Some(status) = ended.filter(|status| foreground || *status != 0) {
            return Err(format!("it ended with {status}\n{script}\n{out}\n{err}"));
        }
        let Some(promised) = promised else { return Ok(()) };
        let promised = self.translated(promised);
        if alike(&promised.lines().collect::<Vec<_>>(), &out.lines().collect::<Vec<_>>()) {
            return Ok(());
        }
        Err(format!("{script}\n--- promised\n{promised}--- came\n{out}--- standard error\n{err}"))
    }

    /// A shell in which any command that fails ends the block, unless the block itself looks at it; what one block
    /// exports the next one has. How it ends is in a file.
    fn shell(&self, script: &str, end: &Path) -> Command {
        let place = self.directory.path();
        let (exported, end) = (place.join("exported"), end.display());
        let exported = exported.display();
        let mut shell = Command::new("bash");
        let around = format!(
            "trap 'echo $? > \"{end}\"' EXIT\n. '{exported}'\nset -e\n{script}\nset +e\nexport -p | grep -v ' BASH' > '{exported}'\ntrue\n"
        );
        shell.args(["-c", &around]).current_dir(place.join("work")).process_group(0).stdin(Stdio::null());
        let path = std::env::var("PATH").unwrap_or_default();
        shell.env_clear().env("PATH", format!("{}:{path}", place.join("bin").display()));
        shell.env("HOME", place.join("home")).env("LANG", "C.UTF-8");
        shell.env("SLO_URL", format!("http://127.0.0.1:{}", self.ports[0].1));
        shell
    }

    fn answers(&self) -> bool {
        self.ports.iter().any(|(_, port)| TcpStream::connect(format!("127.0.0.1:{port}")).is_ok())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        for shell in &mut self.shells {
            // Its group: what it left in the background is ended with it.
            let group = format!("-{}", shell.id());
            let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
            let _ = shell.wait();
        }
    }
}

fn create(path: &Path) -> File {
    File::create(path).expect("written")
}

fn free() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("bound").port().to_string()
}

/// Whether it starts a service.
fn serves(text: &str) -> bool {
    ["slo serve", "cargo run --release -- serve"].iter().any(|command| text.contains(command))
}

/// Whether the terminal belongs to the service afterwards.
fn ends_in_service(text: &str) -> bool {
    let last = text.lines().rev().find(|line| !line.trim().is_empty() && !line.starts_with('#'));
    last.is_some_and(|line| serves(line) && !line.trim_end().ends_with('&') && !line.contains("kill"))
}

/// What bash says against a script that is not run.
pub(crate) fn syntax(script: &str) -> Option<String> {
    let output = Command::new("bash").args(["-n", "-c", script]).output().expect("bash starts");
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Whether lines are as promised: `…` stands for anything in a line, and as a line for any lines.
fn alike(promised: &[&str], came: &[&str]) -> bool {
    match (promised.split_first(), came.split_first()) {
        (None, None) => true,
        (Some((&"…", rest)), _) => (0..=came.len()).any(|skipped| alike(rest, &came[skipped..])),
        (Some((one, promised)), Some((other, came))) => same(one, other) && alike(promised, came),
        _ => false,
    }
}

fn same(promised: &str, came: &str) -> bool {
    let mut parts = promised.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = came.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[test]
fn a_dot_dot_dot_stands_for_anything_and_nothing_else_does() {
    let alike =
        |promised: &str, came: &str| alike(&promised.lines().collect::<Vec<_>>(), &came.lines().collect::<Vec<_>>());
    assert!(alike("a\nb … d\n…\nz", "a\nb c d\n\nx\ny\nz") && alike("…", "") && alike("… b …", "a b c"));
    for (promised, came) in [("a", "a\nb"), ("a\nb", "a"), ("a…", "b"), ("a … c", "a c"), ("… b", "a b c"), ("", "a")]
    {
        assert!(!alike(promised, came), "{promised:?} {came:?}");
    }
    assert!(syntax("if true; then echo; fi").is_none() && syntax("if true; then").is_some());
}

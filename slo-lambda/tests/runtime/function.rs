//! A process that runs as Lambda would run it.

use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};

use super::stub::{PATIENCE, Stub};

/// What Lambda sets for a function on `provided.al2023`, but for the address of its Runtime API.
pub(crate) const VARIABLES: [(&str, &str); 21] = [
    ("AWS_ACCESS_KEY_ID", "test"),
    ("AWS_DEFAULT_REGION", "eu-central-1"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
    ("AWS_LAMBDA_FUNCTION_NAME", "slo"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/slo"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/21/[$LATEST]0123456789abcdef0123456789abcdef"),
    ("AWS_REGION", "eu-central-1"),
    ("AWS_SECRET_ACCESS_KEY", "test"),
    ("AWS_SESSION_TOKEN", "test"),
    ("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR"),
    ("AWS_XRAY_DAEMON_ADDRESS", "169.254.79.129:2000"),
    ("LAMBDA_RUNTIME_DIR", "/var/runtime"),
    ("LAMBDA_TASK_ROOT", "/var/task"),
    ("LANG", "en_US.UTF-8"),
    ("LD_LIBRARY_PATH", "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"),
    ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin"),
    ("TZ", ":UTC"),
    ("_HANDLER", "bootstrap"),
    // Most tests are about other things; `admitted` is about this.
    ("SLO_AUTH", "none"),
];

/// A running function; killed when dropped.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) child: Child,
    /// Just before the process was started.
    pub(crate) started: Instant,
    stdout: Lines,
    stderr: Lines,
    readers: Vec<thread::JoinHandle<()>>,
}

type Lines = Arc<Mutex<Vec<String>>>;

impl Function {
    /// Starts a program with Lambda's variables and these, and with nothing else.
    pub(crate) fn start(stub: &Stub, program: impl AsRef<Path>, variables: &[(&str, &str)]) -> Self {
        Self::spawn(stub, Command::new(program.as_ref()), variables)
    }

    /// Likewise a program with arguments.
    pub(crate) fn spawn(stub: &Stub, mut command: Command, variables: &[(&str, &str)]) -> Self {
        command
            .env_clear()
            .envs(VARIABLES)
            .env("AWS_LAMBDA_RUNTIME_API", stub.address.to_string())
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let started = Instant::now();
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (stdout, out) = keep(child.stdout.take().expect("piped"));
        let (stderr, err) = keep(child.stderr.take().expect("piped"));
        Self { child, started, stdout, stderr, readers: vec![out, err] }
    }

    /// The lines it has written to its standard output so far.
    pub(crate) fn stdout(&self) -> Vec<String> {
        self.stdout.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until it has written a line with this text, which may arrive a little later than an answer.
    pub(crate) async fn said(&self, text: &str) {
        let said = async {
            while !self.stdout().iter().any(|line| line.contains(text)) {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, said).await.unwrap_or_else(|_| panic!("it never said {text}"));
    }

    /// The lines it has written to its standard error so far.
    pub(crate) fn stderr(&self) -> Vec<String> {
        self.stderr.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) {
        let signalled = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(signalled.expect("kill runs").success());
    }

    /// Waits for its end, and for all that it has written.
    pub(crate) async fn exit(&mut self) -> ExitStatus {
        let ended = async {
            loop {
                if let Some(status) = self.child.try_wait().expect("it is a child") {
                    return status;
                }
                sleep(Duration::from_millis(5)).await;
            }
        };
        let status = timeout(PATIENCE, ended).await.expect("it ends in time");
        for reader in self.readers.drain(..) {
            reader.join().expect("it reads");
        }
        status
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // What it said is of use when a test has failed.
        if !thread::panicking() {
            return;
        }
        for line in self.stdout().iter().chain(&self.stderr()) {
            println!("function: {line}");
        }
    }
}

/// Reads on for as long as the function writes, so that it never waits for us.
fn keep(output: impl Read + Send + 'static) -> (Lines, thread::JoinHandle<()>) {
    let lines = Lines::default();
    let kept = Arc::clone(&lines);
    let reader = thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            kept.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    });
    (lines, reader)
}

//! A running function and what the kernel says of it.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::function::Function;
use super::stub::Stub;

pub(crate) struct Running {
    stub: Stub,
    function: Function,
    pub(crate) start: Start,
}

/// From the start of the process to its first `next`.
#[derive(Clone, Copy)]
pub(crate) struct Start {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
    pub(crate) memory: u64,
}

impl Running {
    pub(crate) async fn start(program: &Path, variables: &[(&str, &str)]) -> Self {
        let stub = Stub::start().await;
        let stage = [("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true"), ("AWS_LAMBDA_LOG_LEVEL", "WARN")];
        let function = Function::start(&stub, program, &[&stage, variables].concat());
        let ready = stub.ready().await.unwrap_or_else(|error| panic!("{}: {error:?}", program.display()));
        let id = function.child.id();
        let start = Start { wall: ready - function.started, cpu: cpu(id), memory: memory(id) };
        Self { stub, function, start }
    }

    pub(crate) async fn invoke(&self, event: &Value) -> Value {
        self.stub.invoke(event).await.unwrap_or_else(|error| panic!("{event}: {error:?}"))
    }

    /// Whether the status is 200.
    pub(crate) async fn answers(&self, event: &Value) -> bool {
        self.invoke(event).await["statusCode"] == 200
    }

    /// CPU and time for each of so many invocations, one after the other.
    pub(crate) async fn cpu_of(&self, events: &[Value], times: u32) -> (Duration, Duration) {
        let id = self.function.child.id();
        let (before, started) = (cpu(id), Instant::now());
        for event in events.iter().cycle().take(usize::try_from(times).expect("few")) {
            let answer = self.invoke(event).await;
            assert!(answer.get("statusCode").is_none_or(|status| status == 200), "{event}: {answer}");
        }
        ((cpu(id) - before) / times, started.elapsed() / times)
    }

    /// The most it has ever had.
    pub(crate) fn memory(&self) -> u64 {
        memory(self.function.child.id())
    }
}

/// Of all threads that live. Those of the functions live on.
fn cpu(process: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{process}/task")).expect("it runs");
    let spent = threads.filter_map(|thread| {
        let times = fs::read_to_string(thread.expect("a directory").path().join("schedstat")).ok()?;
        times.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(spent.sum())
}

/// `VmHWM`, in bytes.
fn memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it has memory");
    1_024 * line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number")
}

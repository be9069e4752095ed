//! What a terminal gets, and what everything else gets.

use std::process::{Command, Output};

use crate::loopback::{Loopback, Reply};

const BUDGET: &str = r#"{"items":[{"objective":"whoever-wants-to-pay-can-do-so-at-any-time-of-the-day-and-of-the-night",
    "status":"exhausted","target":0.99,"sli":0.9,"bad":1234567,"total":12345670,"budget":{"remainingRatio":-1}}]}"#;

fn server() -> Loopback {
    Loopback::start(|_, _| Reply::json(200, BUDGET))
}

/// A command line whose environment says nothing of colours.
fn plain(program: &str, url: &str) -> Command {
    let mut command = Command::new(program);
    command.env("SLO_URL", url).env("TERM", "xterm-256color").env("COLUMNS", "50");
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "SLO_TOKEN", "CI"] {
        command.env_remove(name);
    }
    command
}

fn text(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn a_pipe_gets_every_byte_and_no_escape_unless_told() {
    let server = server();
    let run = |args: &[&str], variable: Option<(&str, &str)>| {
        let mut command = plain(env!("CARGO_BIN_EXE_slo"), &server.url());
        text(command.arg("budget").args(args).envs(variable).output().expect("slo runs"))
    };
    let whole = "whoever-wants-to-pay-can-do-so-at-any-time-of-the-day-and-of-the-night  exhausted  -100 %";
    for (args, variable) in [
        (&[][..], None),
        (&["--color", "never"], Some(("CLICOLOR_FORCE", "1"))),
        (&[], Some(("NO_COLOR", "1"))),
        (&["--output", "json", "--color", "always"], None),
    ] {
        let told = run(args, variable);
        assert!(!told.contains('\u{1b}') && !told.contains('…'), "{args:?}: {told}");
        assert!(args.contains(&"json") || told.contains(whole), "{args:?}: {told}");
    }
    for (args, variable) in [(&["--color", "always"][..], None), (&[], Some(("CLICOLOR_FORCE", "1")))] {
        let told = run(args, variable);
        assert!(told.contains("\u{1b}[31mexhausted\u{1b}[0m") && !told.contains('…'), "{args:?}: {told}");
    }
}

/// With `script` of util-linux, which gives its command a terminal.
#[test]
fn a_terminal_gets_colours_and_what_fits() {
    let server = server();
    let run = |variable: Option<(&str, &str)>| {
        let slo = format!("'{}' budget", env!("CARGO_BIN_EXE_slo"));
        let mut command = plain("script", &server.url());
        command.args(["--quiet", "--return", "--command", &slo, "/dev/null"]).envs(variable);
        command.output().ok().map(|output| text(output).replace('\r', ""))
    };
    let Some(told) = run(None) else {
        eprintln!("skipped: there is no `script` here");
        return;
    };
    assert!(told.contains("whoever-…  \u{1b}[31mexhausted\u{1b}[0m  -100 %"), "{told:?}");
    assert!(told.contains("1,234,567  12,345,670"), "figures are whole: {told:?}");
    for variable in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let told = run(Some(variable)).expect("it was there");
        assert!(told.contains("whoever-…  exhausted") && !told.contains("\u{1b}[31m"), "{variable:?}: {told:?}");
    }
}

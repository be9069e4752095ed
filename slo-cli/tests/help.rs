//! The help of every command is checked in: what changes it is seen in a review.
//!
//! `UPDATE_HELP=1 cargo test --package slo-cli --test help` writes it anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The help of a command, which settings of whoever runs the tests do not change.
fn help(words: &[String]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slo"));
    command.args(words).arg("--help").env_remove("SLO_URL").env_remove("SLO_TOKEN").env("NO_COLOR", "1");
    let output = command.output().expect("slo runs");
    assert!(output.status.success() && output.stderr.is_empty(), "{words:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The commands that a help lists.
fn inner(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn help_is_as_checked_in() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help");
    let update = std::env::var_os("UPDATE_HELP").is_some();
    let mut open = vec![Vec::<String>::new()];
    let mut known = BTreeSet::new();
    while let Some(words) = open.pop() {
        let text = help(&words);
        open.extend(inner(&text).into_iter().map(|name| [&words[..], &[name]].concat()));
        let file = [&["slo".to_owned()], &words[..]].concat().join("-") + ".txt";
        let path = directory.join(&file);
        if update {
            fs::write(&path, &text).expect("written");
        }
        let advice = "run with UPDATE_HELP=1 and look at the difference";
        assert_eq!(fs::read_to_string(&path).unwrap_or_default(), text, "{file}: {advice}");
        known.insert(file);
    }
    assert!(known.len() > 15, "{known:?}");
    let kept: BTreeSet<_> = fs::read_dir(&directory)
        .expect("the directory")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    assert_eq!(kept, known, "one file a command");
}

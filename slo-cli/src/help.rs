//! What help texts show is what `slo` takes.

use clap::{Command, CommandFactory as _, Parser as _};

use crate::Cli;

/// The commands of `slo` in a line of examples, as a shell would run them.
fn commands(line: &str) -> Vec<Vec<String>> {
    // What is in `$(…)` is run by itself.
    let line = match line.split_once("$(") {
        Some((_, inside)) => inside.rsplit_once(')').map_or(inside, |(inside, _)| inside),
        None => line,
    };
    let words = shlex::split(line).unwrap_or_else(|| panic!("no shell reads {line}"));
    let pieces = words.split(|word| matches!(word.as_str(), "|" | "&" | "&&" | ";" | ">" | ">>"));
    let run = |piece: &[String]| piece.iter().position(|word| word == "slo").map(|start| piece[start..].to_vec());
    pieces.filter_map(run).collect()
}

/// All commands below one, itself included, by what is typed for them.
fn walk(command: &Command, typed: &str, found: &mut Vec<(String, Command)>) {
    found.push((typed.to_owned(), command.clone()));
    for inner in command.get_subcommands() {
        walk(inner, &format!("{typed} {}", inner.get_name()), found);
    }
}

#[test]
fn lines_are_split_as_a_shell_does() {
    let run = |line: &str| commands(line).iter().map(|words| words.join("+")).collect::<Vec<_>>();
    assert_eq!(run("  slo serve &"), ["slo+serve"]);
    assert_eq!(run("  slo plan ana   # of a sprint"), ["slo+plan+ana"]);
    assert_eq!(run("  slo get x | sed s/a/b/ | slo apply -f -"), ["slo+get+x", "slo+apply+-f+-"]);
    assert_eq!(run("  A=$(slo token create a --description 'b c')"), ["slo+token+create+a+--description+b c"]);
    assert_eq!(run("  zsh  slo completions zsh > ~/.zfunc/_slo"), ["slo+completions+zsh"]);
    assert!(run("  alb  a load balancer").is_empty());
}

#[test]
fn every_command_has_examples_that_it_takes() {
    let mut all = Vec::new();
    walk(&Cli::command(), "slo", &mut all);
    for (typed, command) in all {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let examples: Vec<_> = help.lines().filter(|line| line.starts_with("  ")).flat_map(commands).collect();
        let own = examples.iter().any(|words| words.join(" ").starts_with(&typed) || words.contains(&typed));
        // Options that all have may come first.
        let own = own || examples.iter().any(|words| words.last().is_some_and(|last| typed.ends_with(last.as_str())));
        assert!(own, "{typed} has no example of its own");
        for words in examples {
            if let Err(error) = Cli::try_parse_from(&words) {
                panic!("the help of `{typed}` shows `{}`: {error}", words.join(" "));
            }
        }
    }
}

//! `slo completions`, with the shell that is everywhere.

use std::process::Command;

use crate::slo;

/// What bash says when it runs `script` after having read the completions.
fn bash(script: &str) -> String {
    let (code, completions, stderr) = slo("http://x", &["completions", "bash"]);
    assert!(code == 0 && stderr.is_empty(), "{stderr}");
    let output = Command::new("bash").arg("-c").arg(format!("{completions}\n{script}")).output().expect("bash runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn bash_completes_commands_options_and_kinds() {
    let complete = |words: &str, word: &str, before: &str| {
        bash(&format!(
            r#"COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _slo slo "{word}" "{before}"; echo "${{COMPREPLY[@]}}""#
        ))
    };
    assert_eq!(complete("slo bud", "bud", "slo"), "budget\n");
    assert_eq!(complete("slo get obj", "obj", "get"), "objective\n");
    assert_eq!(complete("slo ingest site --access", "--access", "site"), "--access-log\n");
    assert_eq!(complete("slo gate --change sec", "sec", "--change"), "security\n");
    assert!(bash("complete -p slo").contains("-F _slo"));
}

#[test]
fn every_shell_has_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, stdout, stderr) = slo("http://x", &["completions", shell]);
        assert!(code == 0 && stdout.contains("reconcile") && stderr.is_empty(), "{shell}: {stderr}");
    }
}

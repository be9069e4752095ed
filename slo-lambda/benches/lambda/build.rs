//! The binaries as they are deployed.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The profile of `slo-lambda/package`.
const PROFILE: &str = "deploy";

/// The binary that the environment names, or one that is built now.
pub(crate) fn binary(variable: &str, name: &str) -> PathBuf {
    if let Some(named) = env::var_os(variable) {
        // Cargo runs a benchmark in its package; who names a binary is in the workspace.
        return Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(named);
    }
    let mut cargo = Command::new(env!("CARGO"));
    // What Cargo tells a benchmark would make build scripts run anew.
    for (name, _) in env::vars().filter(|(name, _)| name.starts_with("CARGO_PKG") || name.starts_with("CARGO_MANIFEST"))
    {
        cargo.env_remove(name);
    }
    let built = cargo
        .args(["build", "--profile", PROFILE, "--package", "slo-lambda", "--features", "bootstrap", "--bin", name])
        .status();
    assert!(built.expect("cargo runs").success());
    let this = env::current_exe().expect("this benchmark");
    this.ancestors().nth(3).expect("target").join(PROFILE).join(name)
}

/// How large it is as a zip, if there is `zip`.
pub(crate) fn zipped(binary: &Path) -> u64 {
    let zip = Command::new("zip").arg("-qj").arg("-").arg(binary).output();
    zip.map_or(0, |zip| zip.stdout.len().try_into().expect("small"))
}

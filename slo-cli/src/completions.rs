//! `slo completions`: what a shell needs to complete the arguments of `slo`.

use clap::{Args, CommandFactory as _};
use clap_complete::{Shell, generate};

use crate::Cli;
use crate::error::Result;
use crate::output::write;

/// Print what a shell needs to complete the arguments of `slo`
#[derive(Debug, Args)]
#[command(after_help = "\
Where to put it:
  bash        slo completions bash > ~/.local/share/bash-completion/completions/slo
  zsh         slo completions zsh > ~/.zfunc/_slo   # with fpath+=~/.zfunc before compinit in ~/.zshrc
  fish        slo completions fish > ~/.config/fish/completions/slo.fish
  elvish      slo completions elvish >> ~/.config/elvish/rc.elv
  powershell  slo completions powershell >> $PROFILE

Example, for this shell only:
  eval \"$(slo completions bash)\"")]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

/// Runs the command.
pub(crate) fn run(args: &Completions) -> Result {
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "slo", &mut script);
    write(&script)
}

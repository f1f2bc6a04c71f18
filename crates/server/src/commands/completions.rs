//! `forecourt completions`: what a shell needs to complete commands and options.

use std::io::stdout;

use clap::Args;
use clap_complete::{Shell, generate};

#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell whose script to print.
    #[arg(value_enum)]
    pub shell: Shell,
}

/// * `program`: the whole command line, as clap knows it.
pub fn run(mut program: clap::Command, args: &CompletionsArgs) {
    generate(args.shell, &mut program, "forecourt", &mut stdout());
}

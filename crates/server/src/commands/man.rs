//! `forecourt man`: the manual, made from the same words as `--help`.

use std::{
    fs,
    io::{Write as _, stdout},
    path::PathBuf,
};

use anyhow::Context as _;
use clap::Args;

#[derive(Debug, Args)]
pub struct ManArgs {
    /// Write a page for each command into this folder (`…/man1`), instead of printing the first one.
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
}

/// * `program`: the whole command line, as clap knows it.
pub fn run(program: clap::Command, args: &ManArgs) -> anyhow::Result<()> {
    match &args.to {
        Some(dir) => {
            fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
            clap_mangen::generate_to(program, dir).with_context(|| format!("cannot write into {}", dir.display()))?;
        }
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(program).render(&mut page)?;
            stdout().write_all(&page)?;
        }
    }
    Ok(())
}

//! The commands, one file each.

pub mod openapi;
pub mod replay;
pub mod serve;
pub mod source;
pub mod token;
pub mod user;

use std::path::PathBuf;

use clap::Args;

/// What every command on a data folder takes.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// The data folder.
    #[arg(long, value_name = "DIR", default_value = "./forecourt-data", global = true)]
    pub data: PathBuf,
    /// A file whose keys override `config.default.toml`.
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
}

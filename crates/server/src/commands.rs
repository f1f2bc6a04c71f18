//! The commands, one file each.

pub mod audit;
pub mod backup;
pub mod bench;
pub mod completions;
pub mod demo;
pub mod doctor;
pub mod duplicates;
pub mod export;
pub mod import;
pub mod man;
pub mod openapi;
pub mod profile;
pub mod query;
pub mod replay;
pub mod report;
pub mod restore;
pub mod score;
pub mod secrets;
pub mod segment;
pub mod serve;
pub mod source;
pub mod token;
pub mod user;

use std::path::PathBuf;

use clap::Args;

const DEFAULT_DATA: &str = "./forecourt-data";

/// What every command on a data folder takes.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// The data folder.
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA, global = true)]
    pub data: PathBuf,
    /// A file whose keys override `config.default.toml`.
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
}

impl Place {
    pub fn is_default(&self) -> bool {
        self.data.as_os_str() == DEFAULT_DATA
    }
}

//! What the server says while it runs, on standard error: for people on a terminal, as JSON lines elsewhere.

use std::io::{IsTerminal as _, stderr};

use anyhow::Context as _;
use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{LogFormat, Logging};

/// `RUST_LOG` wins over the configured filter.
pub fn start(logging: &Logging) -> anyhow::Result<()> {
    let filter = match EnvFilter::try_from_default_env() {
        Ok(filter) => filter,
        Err(_) => EnvFilter::try_new(&logging.filter).with_context(|| format!("`logging.filter` is `{}`", logging.filter))?,
    };
    let json = match logging.format {
        LogFormat::Json => true,
        LogFormat::Human => false,
        LogFormat::Auto => !stderr().is_terminal(),
    };
    let said = fmt().with_env_filter(filter).with_writer(stderr);
    // A second start in one process (tests) keeps the first.
    let _ = if json { said.json().flatten_event(true).try_init() } else { said.with_target(false).try_init() };
    Ok(())
}

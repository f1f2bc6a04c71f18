//! `forecourt restore`: a data folder out of a backup.

use std::path::PathBuf;

use clap::Args;
use forecourt_model::time::iso;
use serde_json::json;

use super::Place;
use crate::{
    backup::restore::restore,
    config::Config,
    output::{Format, Output},
};

#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The backup.
    pub file: PathBuf,
    /// A folder with the keys (a copy of `secrets/`), for a backup without them.
    #[arg(long, value_name = "DIR")]
    pub secrets: Option<PathBuf>,
    #[command(flatten)]
    pub output: Output,
}

/// Into the folder that `--data` names, which must be absent or empty.
pub async fn run(place: &Place, args: RestoreArgs) -> anyhow::Result<()> {
    let config = Config::load(place.config.as_deref())?;
    let summary = restore(&args.file, &place.data, args.secrets.as_deref(), &config).await?;
    let told = json!({
        "folder": place.data.display().to_string(),
        "taken_at": iso(summary.head.taken_us),
        "version": summary.head.program,
        "end_offset": summary.contents.end_offset,
        "files": summary.contents.files.len(),
        "sending_paused": true,
        "has_keys": summary.has_hash_key,
        "erasures_to_repeat": summary.erasures,
    });
    let columns = ["folder", "taken_at", "version", "end_offset", "files", "sending_paused", "has_keys", "erasures_to_repeat"];
    args.output.one(&told, &columns);
    if args.output.format == Format::Table {
        println!(
            "Every file is what was packed. Sending is paused: what was to be sent when the backup was taken may have gone out since."
        );
        println!("Look through it, then let sending go on: Settings → Backup.");
        println!("Erasures since the backup: {} noted beside it; the first start repeats them.", summary.erasures);
        println!("A backup that was moved has no such note: erase again who was erased since {}.", iso(summary.head.taken_us));
    }
    if !summary.has_hash_key {
        let secrets = place.data.join("secrets");
        eprintln!("the backup has no keys: copy yours into {} before the first start", secrets.display());
    }
    Ok(())
}

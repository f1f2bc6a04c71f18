//! `forecourt backup`: one file with everything, from a server that runs or from a folder at rest.

use std::{
    fs::{self, File},
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use clap::Args;
use indicatif::ProgressBar;
use serde_json::json;

use super::Place;
use crate::{backup::schedule::write_file, client::Client, doctor::size, output::Output};

#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The file to write, such as `forecourt.tar.zst`; it must not be there yet.
    pub file: PathBuf,
    /// The keys too. Whoever has them and the backup has everything: keep it as you keep them.
    #[arg(long)]
    pub with_secrets: bool,
    #[command(flatten)]
    pub output: Output,
}

/// The file stands under its name only once it is whole and durable.
pub async fn run(place: &Place, args: BackupArgs) -> anyhow::Result<()> {
    ensure!(!args.file.exists(), "{} is there already: name another file, or remove it", args.file.display());
    let mut name = args.file.clone().into_os_string();
    name.push(".part");
    let unfinished = PathBuf::from(name);
    let taken = take(place, &unfinished, args.with_secrets).await;
    if taken.is_err() {
        // What is left of it is of no use.
        let _ = fs::remove_file(&unfinished);
    }
    taken?;
    fs::rename(&unfinished, &args.file).with_context(|| format!("cannot name {}", args.file.display()))?;
    let folder = args.file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()?;
    let bytes = fs::metadata(&args.file)?.len();
    let told = json!({ "file": args.file.display().to_string(), "bytes": bytes, "size": size(bytes), "with_secrets": args.with_secrets });
    args.output.one(&told, &["file", "size", "with_secrets"]);
    if !args.with_secrets {
        eprintln!("the keys are not in it: keep a copy of {} apart from it", place.data.join("secrets").display());
    }
    Ok(())
}

async fn take(place: &Place, file: &Path, with_secrets: bool) -> anyhow::Result<()> {
    let client = Client::connect(place).await?;
    let taken = match &client {
        Client::Remote { http, running } => {
            let request = http.post(format!("{}/api/backups/download", running.address)).bearer_auth(&running.token);
            download(request.json(&json!({ "with_secrets": with_secrets })), file).await
        }
        Client::Here { node, .. } => {
            let bar = ProgressBar::new(0);
            let shown = bar.clone();
            let taken = write_file(node.taking(), file, with_secrets, move |done, total| {
                shown.set_length(total);
                shown.set_position(done);
            });
            let taken = taken.await;
            bar.finish_and_clear();
            taken.map(drop)
        }
    };
    client.close().await;
    taken
}

/// An answer that breaks off is an error of the transfer: what came of it is no backup.
async fn download(request: reqwest::RequestBuilder, file: &Path) -> anyhow::Result<()> {
    let mut answer = request.send().await.context("the server does not answer")?;
    let status = answer.status();
    if !status.is_success() {
        let told: serde_json::Value = answer.json().await.unwrap_or_default();
        anyhow::bail!("{}", told["error"]["message"].as_str().map_or_else(|| format!("the server answered {status}"), str::to_owned));
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = BufWriter::with_capacity(1 << 20, options.open(file).with_context(|| format!("cannot make {}", file.display()))?);
    let bar = ProgressBar::new_spinner();
    while let Some(piece) = answer.chunk().await.context("the backup broke off: the server's log says why")? {
        out.write_all(&piece).with_context(|| format!("cannot write {}", file.display()))?;
        bar.set_message(size(bar.position() + piece.len() as u64));
        bar.inc(piece.len() as u64);
    }
    bar.finish_and_clear();
    let out = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    Ok(out.sync_all()?)
}

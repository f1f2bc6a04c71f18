//! `forecourt profile erase|export|erasures`: what people can ask for of what is known of them.

use std::{io::Write as _, path::PathBuf, time::Duration};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::show;
use crate::{
    client::Client,
    commands::Place,
    output::{Format, Output, plain},
};

const POLL_EVERY: Duration = Duration::from_millis(200);

#[derive(Debug, Args)]
pub struct EraseArgs {
    /// The profile's id, or any identifier that only one profile has.
    id: String,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The profile's id, or any identifier that only one profile has.
    id: String,
    /// The file to write; without it the export is printed.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// JSON for programs, HTML for people.
    #[arg(long, value_enum, default_value = "json")]
    format: ProfileFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ProfileFormat {
    Json,
    Html,
}

pub async fn erase(place: &Place, args: EraseArgs) -> anyhow::Result<()> {
    let client = Client::connect(place).await?;
    let erased = erased(&client, &args).await;
    client.close().await;
    let told = erased?;
    args.output.one(&told, &["profile_id", "step", "records", "events", "identifiers", "entities", "messages", "dead_letters"]);
    if args.output.format == Format::Table && told["step"] == "old_files" {
        println!("The lake's old files go in some minutes, when no outside reader can be at them any more.");
    }
    Ok(())
}

/// Erases, and waits until nothing is left but old files that nobody lists any more.
async fn erased(client: &Client, args: &EraseArgs) -> anyhow::Result<Value> {
    let profile = show(client, &args.id).await?;
    let id = plain(&profile["profile_id"]);
    let before = erasures(client).await?.len();
    let mut outcome = client.post(&format!("/api/profiles/{id}/erase"), &json!({})).await?;
    while outcome["done"] == false && outcome["reason"].is_null() {
        let link = plain(&outcome["link"]);
        tokio::time::sleep(POLL_EVERY).await;
        outcome = client.get(&link).await?;
    }
    anyhow::ensure!(outcome["done"] == true, "{}", plain(&outcome["reason"]));
    loop {
        let erasures = erasures(client).await?;
        let new = erasures.len().saturating_sub(before);
        let ours = erasures.iter().take(new).find(|one| one["profile_id"] == profile["profile_id"]);
        match ours {
            Some(ours) if ["old_files", "done"].iter().any(|step| ours["step"] == *step) => return Ok(ours.clone()),
            Some(ours) if !ours["trouble"].is_null() => anyhow::bail!("the erasure waits: {}", plain(&ours["trouble"])),
            _ => tokio::time::sleep(POLL_EVERY).await,
        }
    }
}

async fn erasures(client: &Client) -> anyhow::Result<Vec<Value>> {
    Ok(client.get("/api/erasures").await?["erasures"].as_array().cloned().unwrap_or_default())
}

pub async fn export(place: &Place, args: ExportArgs) -> anyhow::Result<()> {
    let client = Client::connect(place).await?;
    let exported = exported(&client, &args).await;
    client.close().await;
    let bytes = exported?;
    match args.to {
        Some(path) => std::fs::write(&path, &bytes).with_context(|| format!("cannot write {}", path.display())),
        None => Ok(std::io::stdout().write_all(&bytes)?),
    }
}

async fn exported(client: &Client, args: &ExportArgs) -> anyhow::Result<bytes::Bytes> {
    let profile = show(client, &args.id).await?;
    let format = if args.format == ProfileFormat::Html { "html" } else { "json" };
    client.file(&format!("/api/profiles/{}/export?format={format}", plain(&profile["profile_id"]))).await
}

pub async fn list(place: &Place, output: Output) -> anyhow::Result<()> {
    let client = Client::connect(place).await?;
    let listed = erasures(&client).await;
    client.close().await;
    let columns = ["profile_id", "erased_at", "by", "step", "records", "events", "messages", "dead_letters", "finished_at", "trouble"];
    output.many(&listed?, &columns);
    Ok(())
}

//! `forecourt source`: what brings events in.

use clap::Subcommand;
use serde_json::json;

use super::Place;
use crate::{client::Client, output::Output};

#[derive(Debug, Subcommand)]
pub enum SourceCommand {
    /// Add a source and print its write key.
    Add {
        name: String,
        #[command(flatten)]
        output: Output,
    },
    /// List all sources.
    List {
        #[command(flatten)]
        output: Output,
    },
}

pub async fn run(place: &Place, command: SourceCommand) -> anyhow::Result<()> {
    let client = Client::connect(place).await?;
    match command {
        SourceCommand::Add { name, output } => {
            let source = client.post("/api/sources", &json!({ "name": name })).await?;
            output.one(&source, &["id", "name", "write_key"]);
        }
        SourceCommand::List { output } => {
            let answer = client.get("/api/sources").await?;
            let sources = answer["sources"].as_array().cloned().unwrap_or_default();
            output.many(&sources, &["id", "name", "kind", "enabled", "write_key", "created_at"]);
        }
    }
    client.close().await;
    Ok(())
}

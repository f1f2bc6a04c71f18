//! `forecourt profile`: one person.

mod erasure;
mod merging;

use clap::Subcommand;
use serde_json::Value;

use super::Place;
use crate::{
    client::Client,
    output::{Format, Output, plain},
};

#[derive(Debug, Subcommand)]
pub enum ProfileCommand {
    /// Show a profile by its id, or by any identifier that only one profile has.
    Show {
        id: String,
        /// Show why the identifiers are one person's, and what was refused.
        #[arg(long)]
        explain: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Say that two profiles are one person.
    Merge {
        one: String,
        other: String,
        /// Only say what it would do.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Say that an identifier is somebody else's: the profile is parted.
    Unmerge {
        id: String,
        /// The identifier that is somebody else's, such as `email:ana@example.com`.
        #[arg(long)]
        identifier: String,
        /// An identifier of whom it is told apart from; the strongest other one unless told.
        #[arg(long)]
        from: Option<String>,
        #[command(flatten)]
        output: Output,
    },
    /// Erase everything that is known of a person, for good.
    Erase(erasure::EraseArgs),
    /// Write everything that is known of a person, to be handed to that person.
    Export(erasure::ExportArgs),
    /// List who was erased, and how far that has come.
    Erasures {
        #[command(flatten)]
        output: Output,
    },
}

pub async fn run(place: &Place, command: ProfileCommand) -> anyhow::Result<()> {
    let client = async || Client::connect(place).await;
    match command {
        ProfileCommand::Show { id, explain: false, output } => {
            let client = client().await?;
            let shown = show(&client, &id).await;
            client.close().await;
            print(&shown?, output);
            Ok(())
        }
        ProfileCommand::Show { id, explain: true, output } => {
            let client = client().await?;
            let explained = merging::explain(&client, &id, output).await;
            client.close().await;
            explained
        }
        ProfileCommand::Merge { one, other, dry_run, output } => {
            let client = client().await?;
            let merged = merging::merge(&client, &one, &other, dry_run, output).await;
            client.close().await;
            merged
        }
        ProfileCommand::Unmerge { id, identifier, from, output } => {
            let client = client().await?;
            let parted = merging::unmerge(&client, &id, &identifier, from.as_deref(), output).await;
            client.close().await;
            parted
        }
        ProfileCommand::Erase(args) => erasure::erase(place, args).await,
        ProfileCommand::Export(args) => erasure::export(place, args).await,
        ProfileCommand::Erasures { output } => erasure::list(place, output).await,
    }
}

fn print(profile: &Value, output: Output) {
    if output.format == Format::Json {
        println!("{profile}");
        return;
    }
    output.one(profile, &["profile_id", "name", "email", "phone", "first_seen", "last_seen", "events", "channel", "region", "dealer"]);
    for (title, field, columns) in [
        ("identifiers", "identifiers", &["kind", "value", "events", "first_seen", "last_seen"][..]),
        ("traits", "traits", &["name", "value", "at", "source"]),
        ("leads", "leads", &["lead_id", "stage", "model", "dealer", "channel", "created_at"]),
        ("orders", "orders", &["order_id", "status", "revenue", "currency", "model", "dealer", "at"]),
        ("calls", "calls", &["call_id", "direction", "duration_s", "result", "at"]),
    ] {
        let things = profile[field].as_array().cloned().unwrap_or_default();
        if !things.is_empty() {
            println!("\n{title}");
            output.many(&things, columns);
        }
    }
}

async fn show(client: &Client, id: &str) -> anyhow::Result<Value> {
    let id = found(client, id).await?;
    let answer = client.get(&format!("/api/profiles/{id}")).await?;
    Ok(answer["profile"].clone())
}

/// The id of the one profile that is meant: by its id, or by any identifier.
async fn found(client: &Client, id: &str) -> anyhow::Result<String> {
    if id.parse::<i64>().is_ok() {
        return Ok(id.to_owned());
    }
    let query: String = form_encoded(id);
    let answer = client.get(&format!("/api/profiles?q={query}&limit=2")).await?;
    let profiles = answer["profiles"].as_array().cloned().unwrap_or_default();
    match profiles.as_slice() {
        [] => anyhow::bail!("no profile has `{id}`: try an e-mail, a phone, or a part of the name"),
        [one] => Ok(plain(&one["profile_id"])),
        _ => anyhow::bail!("more than one profile fits `{id}`: name it by its id or by a whole identifier"),
    }
}

fn form_encoded(text: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if safe(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

//! `forecourt profile`: one person.

mod erasure;

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
    match command {
        ProfileCommand::Show { id, output } => show(place, &id, output).await,
        ProfileCommand::Erase(args) => erasure::erase(place, args).await,
        ProfileCommand::Export(args) => erasure::export(place, args).await,
        ProfileCommand::Erasures { output } => erasure::list(place, output).await,
    }
}

async fn show(place: &Place, id: &str, output: Output) -> anyhow::Result<()> {
    let client = Client::connect(place).await?;
    let found = found(&client, id).await;
    client.close().await;
    let profile = found?;
    if output.format == Format::Json {
        println!("{profile}");
        return Ok(());
    }
    output.one(&profile, &["profile_id", "name", "email", "phone", "first_seen", "last_seen", "events", "channel", "region", "dealer"]);
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
    Ok(())
}

async fn found(client: &Client, id: &str) -> anyhow::Result<Value> {
    let mut id = id.to_owned();
    if id.parse::<i64>().is_err() {
        let query: String = form_encoded(&id);
        let answer = client.get(&format!("/api/profiles?q={query}&limit=2")).await?;
        let found = answer["profiles"].as_array().cloned().unwrap_or_default();
        match found.as_slice() {
            [] => anyhow::bail!("no profile has `{id}`: try an e-mail, a phone, or a part of the name"),
            [one] => id = plain(&one["profile_id"]),
            _ => anyhow::bail!("more than one profile fits `{id}`: name it by its id or by a whole identifier"),
        }
    }
    let answer = client.get(&format!("/api/profiles/{id}")).await?;
    Ok(answer["profile"].clone())
}

fn form_encoded(text: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if safe(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

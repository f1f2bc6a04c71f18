//! `forecourt segment`: named rules over people.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};

use super::{Place, report::read_spec};
use crate::{
    client::Client,
    output::{Format, Output, plain},
};

#[derive(Debug, Subcommand)]
pub enum SegmentCommand {
    /// List all segments with their sizes.
    List {
        #[command(flatten)]
        output: Output,
    },
    /// Show a segment: its rule, its size day by day, whom it shares people with.
    Show {
        id: String,
        #[command(flatten)]
        output: Output,
    },
    /// Make a segment, or change its rule: `{"segment_id": …, "name": …, "rule": …}`.
    Set {
        /// A file with the segment as JSON; `-` for standard input.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// Remove a segment that no other looks at.
    Remove { id: String },
    /// Say how many people a rule holds for, and change nothing.
    Preview {
        /// A file with the rule, or with a whole segment, as JSON; `-` for standard input.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// List who is in a segment.
    Profiles {
        id: String,
        /// At most so many, by their ids.
        #[arg(long, default_value = "1000")]
        limit: usize,
        #[command(flatten)]
        output: Output,
    },
}

const ITEM: [&str; 9] = ["segment_id", "name", "size", "state", "percent", "is_changing", "entered_7d", "left_7d", "changed_at"];
const PERSON: [&str; 7] = ["profile_id", "name", "email", "phone", "last_seen", "events", "entered_at"];
/// The most people of one answer.
const PAGE: usize = 200;

pub async fn run(place: &Place, command: SegmentCommand) -> anyhow::Result<()> {
    // Read before anything is opened: what does not read changes nothing.
    let given = match &command {
        SegmentCommand::Set { file, .. } | SegmentCommand::Preview { file, .. } => read_spec(file)?,
        _ => Value::Null,
    };
    let client = Client::connect(place).await?;
    let done = answer(&client, command, given).await;
    client.close().await;
    done
}

async fn answer(client: &Client, command: SegmentCommand, given: Value) -> anyhow::Result<()> {
    match command {
        SegmentCommand::List { output } => {
            let found = client.get("/api/segments").await?;
            output.many(found["segments"].as_array().map(Vec::as_slice).unwrap_or_default(), &ITEM);
        }
        SegmentCommand::Show { id, output } => show(&client.get(&format!("/api/segments/{id}")).await?, output),
        SegmentCommand::Set { output, .. } => output.one(&set(client, given).await?, &ITEM),
        SegmentCommand::Remove { id } => {
            client.delete(&format!("/api/segments/{id}")).await?;
            println!("{id} is removed");
        }
        SegmentCommand::Preview { output, .. } => {
            let asked = if given.get("rule").is_some() && given.get("if").is_none() {
                json!({ "rule": given["rule"], "tz": given["tz"] })
            } else {
                json!({ "rule": given })
            };
            let found = client.post("/api/segments/preview", &asked).await?;
            output.one(&found, &["size", "is_estimate", "low", "high", "of", "elapsed_ms", "as_of"]);
        }
        SegmentCommand::Profiles { id, limit, output } => output.many(&people(client, &id, limit).await?, &PERSON),
    }
    Ok(())
}

/// Makes the segment where there is none of its id, else its next version.
async fn set(client: &Client, mut segment: Value) -> anyhow::Result<Value> {
    let id = segment["segment_id"].as_str().map(str::to_owned);
    let Some(id) = id else { anyhow::bail!("the segment has no `segment_id`: lower-case letters, digits, `-` and `_`") };
    let held = client.get("/api/segments").await?;
    let is_there = held["segments"].as_array().into_iter().flatten().any(|held| held["segment_id"] == id.as_str());
    let answer = if is_there {
        if let Some(fields) = segment.as_object_mut() {
            fields.remove("segment_id");
        }
        client.put(&format!("/api/segments/{id}"), &segment).await?
    } else {
        client.post("/api/segments", &segment).await?
    };
    if answer.get("segment_id").is_none() {
        anyhow::bail!("the change is noted and waits to be folded: `forecourt segment show {id}` tells when it is there");
    }
    Ok(answer)
}

/// Who is in a segment, page by page.
pub async fn people(client: &Client, id: &str, limit: usize) -> anyhow::Result<Vec<Value>> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    while found.len() < limit {
        let page = client.get(&format!("/api/segments/{id}/profiles?limit={PAGE}&cursor={cursor}")).await?;
        found.extend(page["profiles"].as_array().cloned().unwrap_or_default());
        match page["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    found.truncate(limit);
    Ok(found)
}

fn show(segment: &Value, output: Output) {
    if output.format == Format::Json {
        println!("{segment}");
        return;
    }
    output.one(segment, &ITEM);
    println!("{:<12} {}", "rule", plain(&segment["rule"]));
    for (title, field, columns) in
        [("history", "history", &["day", "size", "entered", "left"][..]), ("overlap", "overlap", &["segment_id", "name", "profiles"])]
    {
        let rows = segment[field].as_array().cloned().unwrap_or_default();
        if !rows.is_empty() {
            println!("\n{title}");
            output.many(&rows, columns);
        }
    }
}

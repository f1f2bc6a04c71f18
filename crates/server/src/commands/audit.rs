//! `forecourt audit`: what people and programs did, and whether that log is whole.

use anyhow::bail;
use clap::Subcommand;

use super::Place;
use crate::{client::Client, output::Output};

#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// List what was done, the newest first.
    List {
        /// Part of an e-mail or of a token's name.
        #[arg(long)]
        actor: Option<String>,
        /// sign_in, profile_opened, sql_run, …
        #[arg(long)]
        action: Option<String>,
        /// Part of what it was done to.
        #[arg(long)]
        object: Option<String>,
        /// How many rows, at most 1000.
        #[arg(long, default_value_t = 100)]
        limit: u32,
        #[command(flatten)]
        output: Output,
    },
    /// Go through the whole log: is every row there, and as it was written?
    Verify {
        /// A head that an earlier `verify` printed, NUMBER:HASH: finds a log that somebody wrote anew.
        #[arg(long)]
        noted: Option<String>,
        #[command(flatten)]
        output: Output,
    },
}

pub async fn run(place: &Place, command: AuditCommand) -> anyhow::Result<()> {
    let client = Client::connect(place).await?;
    let done = ask(&client, command).await;
    client.close().await;
    done
}

async fn ask(client: &Client, command: AuditCommand) -> anyhow::Result<()> {
    match command {
        AuditCommand::List { actor, action, object, limit, output } => {
            let asked = [("actor", actor), ("action", action), ("object", object)];
            let given = asked.iter().filter_map(|(name, value)| Some(format!("&{name}={}", encoded(value.as_deref()?))));
            let answer = client.get(&format!("/api/audit?limit={limit}{}", given.collect::<String>())).await?;
            let rows = answer["items"].as_array().cloned().unwrap_or_default();
            output.many(&rows, &["number", "at", "actor", "address", "action", "object", "outcome"]);
        }
        AuditCommand::Verify { noted, output } => {
            let asked = noted.map(|noted| format!("?noted={}", encoded(&noted))).unwrap_or_default();
            let proof = client.get(&format!("/api/audit/proof{asked}")).await?;
            output.one(&proof, &["whole", "rows", "head", "broken"]);
            if let Some(broken) = proof["broken"].as_str() {
                bail!("the audit log is not whole: {broken}");
            }
        }
    }
    Ok(())
}

/// As it may stand behind the `?`.
fn encoded(text: &str) -> String {
    let kept = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    text.bytes().map(|byte| if kept(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

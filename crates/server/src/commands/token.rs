//! `forecourt token`: what programs show instead of signing in.

use clap::Subcommand;
use serde_json::json;

use super::Place;
use crate::{client::Client, output::Output};

#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token and print it; it is shown this once.
    Create {
        /// admin, marketer, analyst, operator or dealer.
        #[arg(long)]
        role: String,
        /// What it is for.
        #[arg(long, default_value = "command line")]
        name: String,
        /// For the role dealer: whose rows it sees.
        #[arg(long)]
        dealer: Option<String>,
        #[command(flatten)]
        output: Output,
    },
    /// List all tokens.
    List {
        #[command(flatten)]
        output: Output,
    },
}

pub async fn run(place: &Place, command: TokenCommand) -> anyhow::Result<()> {
    let client = Client::connect(place).await?;
    match command {
        TokenCommand::Create { role, name, dealer, output } => {
            let token = client.post("/api/tokens", &json!({ "name": name, "role": role, "dealer": dealer })).await?;
            output.one(&token, &["id", "role", "token"]);
        }
        TokenCommand::List { output } => {
            let answer = client.get("/api/tokens").await?;
            let tokens = answer["tokens"].as_array().cloned().unwrap_or_default();
            output.many(&tokens, &["id", "name", "role", "dealer", "prefix", "created_at", "last_used_at"]);
        }
    }
    client.close().await;
    Ok(())
}

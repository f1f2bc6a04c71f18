//! `forecourt user`: people who sign in.

use std::io::{IsTerminal as _, stdin};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use serde_json::json;

use super::Place;
use crate::{client::Client, output::Output};

#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add an account.
    Add {
        email: String,
        /// admin, marketer, analyst, operator or dealer.
        #[arg(long)]
        role: String,
        #[arg(long, default_value = "")]
        name: String,
        /// For the role dealer: whose rows it sees.
        #[arg(long)]
        dealer: Option<String>,
        /// Read the password from standard input: on the command line others could see it.
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        output: Output,
    },
    /// List all accounts.
    List {
        #[command(flatten)]
        output: Output,
    },
}

pub async fn run(place: &Place, command: UserCommand) -> anyhow::Result<()> {
    match command {
        UserCommand::Add { email, role, name, dealer, password_stdin, output } => {
            let password = read_password(password_stdin)?;
            let client = Client::connect(place).await?;
            let body = json!({ "email": email, "name": name, "role": role, "dealer": dealer, "password": password });
            let user = client.post("/api/users", &body).await?;
            output.one(&user, &["id", "email", "role", "dealer"]);
            client.close().await;
        }
        UserCommand::List { output } => {
            let client = Client::connect(place).await?;
            let answer = client.get("/api/users").await?;
            let users = answer["users"].as_array().cloned().unwrap_or_default();
            output.many(&users, &["id", "email", "name", "role", "dealer", "created_at", "last_seen_at"]);
            client.close().await;
        }
    }
    Ok(())
}

fn read_password(from_stdin: bool) -> anyhow::Result<String> {
    if !from_stdin {
        bail!("pass the password on standard input: `… --password-stdin < file`");
    }
    if stdin().is_terminal() {
        eprintln!("Password (it is shown as you type):");
    }
    let mut line = String::new();
    stdin().read_line(&mut line).context("cannot read the password from standard input")?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

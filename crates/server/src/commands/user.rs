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
    /// Print a one-time link that sets a new password: for when no e-mail can be sent. All sessions of the account end once it is used.
    Reset {
        email: String,
        /// Take the second factor away too, for somebody who lost the app and the recovery codes.
        #[arg(long)]
        second_factor: bool,
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
        UserCommand::Reset { email, second_factor, output } => {
            let client = Client::connect(place).await?;
            let users = client.get("/api/users").await?;
            let wanted = email.trim().to_lowercase();
            let found = users["users"].as_array().into_iter().flatten().find(|user| user["email"] == wanted.as_str());
            let id = found.and_then(|user| user["id"].as_str()).with_context(|| format!("there is no account for {wanted}"))?;
            if second_factor {
                client.delete(&format!("/api/users/{id}/second-factor")).await?;
            }
            let mut link = client.post(&format!("/api/users/{id}/reset-link"), &json!({})).await?;
            // Without `server.public_url` it is a path.
            if let Some(path) = link["link"].as_str().filter(|link| link.starts_with('/')) {
                link["link"] = format!("{}{path}", client.address()).into();
            }
            output.one(&link, &["email", "minutes", "link"]);
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

//! The binary `forecourt`: what is configured, wired and commanded. It holds no rules.

mod address;
mod checkpoints;
mod client;
mod clock;
mod commands;
mod config;
mod folder;
mod health;
mod listen;
mod logging;
mod node;
mod output;
mod sources;
mod ticks;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use commands::{Place, openapi, replay, serve, source, token, user};

/// A customer data platform for dealer groups: collects what happens, knows who it was, answers what came of it.
#[derive(Debug, Parser)]
#[command(name = "forecourt", version)]
struct Cli {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    Serve(serve::ServeArgs),
    /// Sources of events and their write keys.
    #[command(subcommand)]
    Source(source::SourceCommand),
    /// API tokens.
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Accounts of people.
    #[command(subcommand)]
    User(user::UserCommand),
    /// Fold the log again: to prove the store, or to rebuild it.
    Replay(replay::ReplayArgs),
    /// Print the description of the HTTP API.
    Openapi,
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("forecourt: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let place = &cli.place;
    runtime.block_on(async {
        match cli.command {
            Command::Serve(args) => serve::run(place, args).await,
            Command::Source(command) => source::run(place, command).await,
            Command::Token(command) => token::run(place, command).await,
            Command::User(command) => user::run(place, command).await,
            Command::Replay(args) => replay::run(place, args).await,
            Command::Openapi => openapi::run(),
        }
    })
}

//! The binary `forecourt`: what is configured, wired and commanded. It holds no rules.

mod ad_gate;
mod address;
mod alerts;
mod backup;
mod broadcasts;
mod channels;
mod checkpoints;
mod client;
mod clock;
mod commands;
mod config;
mod connections;
#[cfg(feature = "failpoints")]
mod crash;
mod delivery;
mod demo_form;
mod demo_leads;
mod demo_messages;
mod disk;
mod doctor;
mod duplicates;
mod erasure;
mod folder;
mod forms;
mod health;
mod history_job;
mod identity;
mod imports;
mod lead_scores;
mod listen;
mod logging;
mod node;
mod output;
mod paced_body;
mod packed_pages;
mod postgres;
mod retention;
mod secrets_key;
mod seeding;
mod segments;
mod sources;
mod ticks;
mod tls;
mod upgrade;
mod workers;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use commands::{
    Place, audit, bench, completions, demo, export, import, man, openapi, profile, query, replay, report, restore, score, secrets, segment,
    serve, source, token, user,
};

/// The system's allocator keeps what many threads once freed: half as much again in the resident size.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    /// Run a server with an invented dealer group to look at, and live traffic.
    Demo(demo::DemoArgs),
    /// Take in a file: CSV, XLSX, JSON lines or Parquet.
    Import(import::ImportArgs),
    /// Write a table as a file: Parquet, CSV, XLSX or JSON lines.
    Export(export::ExportArgs),
    /// Reports over what happened.
    #[command(subcommand)]
    Report(report::ReportCommand),
    /// Segments: named rules over people, always up to date.
    #[command(subcommand)]
    Segment(segment::SegmentCommand),
    /// Scores of leads: learn from those whose outcome is known, try, explain.
    #[command(subcommand)]
    Score(score::ScoreCommand),
    /// Ask by SQL: tables events, profiles, leads, orders, calls, ad_costs.
    Query(query::QueryArgs),
    /// One person: who it is and what is known.
    #[command(subcommand)]
    Profile(profile::ProfileCommand),
    /// Sources of events and their write keys.
    #[command(subcommand)]
    Source(source::SourceCommand),
    /// API tokens.
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Accounts of people.
    #[command(subcommand)]
    User(user::UserCommand),
    /// The key that secrets are sealed with.
    #[command(subcommand)]
    Secrets(secrets::SecretsCommand),
    /// What people and programs did, and whether that log is whole.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Fold the log again: to prove the store, or to rebuild it.
    Replay(replay::ReplayArgs),
    /// Write one file with everything of an installation, while it runs.
    Backup(commands::backup::BackupArgs),
    /// Make a data folder out of a backup.
    Restore(restore::RestoreArgs),
    /// Look for what is wrong with an installation, and say what to do.
    Doctor(commands::doctor::DoctorArgs),
    /// Find probable duplicates in a file of people.
    Duplicates(commands::duplicates::DuplicatesArgs),
    /// Measure this machine.
    #[command(subcommand)]
    Bench(bench::BenchCommand),
    /// Print the description of the HTTP API.
    Openapi,
    /// Print what a shell needs to complete commands.
    Completions(completions::CompletionsArgs),
    /// Print the manual page.
    Man(man::ManArgs),
}

fn main() -> ExitCode {
    // Every client and listener of this process speaks TLS by this one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("forecourt: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    #[cfg(feature = "failpoints")]
    crash::prepare()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let place = &cli.place;
    runtime.block_on(async {
        match cli.command {
            Command::Serve(args) => serve::run(place, args).await,
            Command::Demo(args) => demo::run(&cli.place, args).await,
            Command::Import(args) => import::run(place, args).await,
            Command::Export(args) => export::run(place, args).await,
            Command::Report(command) => report::run(place, command).await,
            Command::Segment(command) => segment::run(place, command).await,
            Command::Score(command) => score::run(place, command).await,
            Command::Query(args) => query::run(place, args).await,
            Command::Profile(command) => profile::run(place, command).await,
            Command::Source(command) => source::run(place, command).await,
            Command::Token(command) => token::run(place, command).await,
            Command::User(command) => user::run(place, command).await,
            Command::Secrets(command) => secrets::run(place, command).await,
            Command::Audit(command) => audit::run(place, command).await,
            Command::Replay(args) => replay::run(place, args).await,
            Command::Backup(args) => commands::backup::run(place, args).await,
            Command::Restore(args) => restore::run(place, args).await,
            Command::Doctor(args) => commands::doctor::run(place, args).await,
            Command::Duplicates(args) => commands::duplicates::run(args),
            Command::Bench(command) => bench::run(place, command).await,
            Command::Openapi => openapi::run(),
            Command::Completions(args) => {
                completions::run(Cli::command(), &args);
                Ok(())
            }
            Command::Man(args) => man::run(Cli::command(), &args),
        }
    })
}

//! `forecourt demo`: a dealer group to look at, seeded and alive.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;
use forecourt_model::Role as UserRole;
use forecourt_store::control::{Control, NewUser};
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::{Place, serve::Server};
use crate::{
    clock::now_us,
    config::Config,
    folder::{Folder, write_private},
    logging,
    node::Role,
    seeding::{Seeding, Size},
};

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Address and port.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// How many people to invent, at the first start.
    #[arg(long, default_value_t = 160_000)]
    profiles: u32,
    /// How many months of history, at the first start.
    #[arg(long, default_value_t = 14)]
    months: u32,
}

/// The account that the demonstration makes; kept, so that each start can print it.
#[derive(Serialize, Deserialize)]
struct Admin {
    email: String,
    password: String,
}

const DATA: &str = "./forecourt-demo";

pub async fn run(place: &Place, args: DemoArgs) -> anyhow::Result<()> {
    let mut config = Config::load(place.config.as_deref())?;
    config.server.listen = args.listen;
    if config.installation.name == "Forecourt" {
        config.installation.name = forecourt_demo::MAKER.to_owned();
    }
    logging::start(&config.logging)?;
    // The default of all other commands is an installation's own folder, which a demonstration must not fill.
    let data = if place.is_default() { PathBuf::from(DATA) } else { place.data.clone() };
    let folder = Folder::open(&data)?;
    let server = Server::open(folder.clone(), config, Role::All, true).await?;
    let admin = admin(&folder, &server.node.control).await?;
    println!("Forecourt is running at {}", server.url);
    println!("Sign in as {} with the password {}", admin.email, admin.password);
    println!("The data is invented and grows for some minutes: the first page shows how far it is. Ctrl-C stops.");

    let size = Size { profiles: args.profiles, months: args.months };
    let seeding = seeding(&server);
    let stop = server.stop.subscribe();
    let seeded = tokio::spawn(async move {
        if let Err(error) = seeding.run(size, stop).await {
            tracing::error!(error = format!("{error:#}"), "the demonstration's events stopped");
        }
    });
    server.run().await?;
    Ok(seeded.await?)
}

fn seeding(server: &Server) -> Seeding {
    let node = &server.node;
    let (sources_changed, mut changes) = watch::channel(());
    let keeper = node.sources.clone();
    tokio::spawn(async move {
        while changes.changed().await.is_ok() {
            keeper.note_change();
        }
    });
    Seeding {
        control: node.control.clone(),
        log: node.log.clone(),
        collector: node.collector.clone(),
        folded: node.folded(),
        sources_changed,
    }
}

async fn admin(folder: &Folder, control: &Control) -> anyhow::Result<Admin> {
    let path = folder.secret("demo-admin.json");
    if let Some(admin) = std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
        return Ok(admin);
    }
    let admin = Admin { email: "demo@example.com".to_owned(), password: random_password() };
    let user = NewUser {
        email: admin.email.clone(),
        name: "Demo".to_owned(),
        role: UserRole::Admin,
        dealer: None,
        password: admin.password.clone(),
    };
    control.add_user(user, now_us()).await?;
    write_private(&path, &serde_json::to_vec_pretty(&admin)?)?;
    Ok(admin)
}

/// Three groups of four: readable off a screen, 58 random bits.
fn random_password() -> String {
    const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let mut random = rand::rng();
    let mut group = || (0..4).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())])).collect::<String>();
    [group(), group(), group()].join("-")
}

//! `forecourt secrets`: the key that secrets are sealed with.

use clap::Subcommand;
use forecourt_model::audit::{Action, Actor, Outcome};
use forecourt_store::control::{AuditNote, Control};

use super::Place;
use crate::{
    clock::now_us,
    config::Config,
    folder::Folder,
    node::{control_database, open_control},
    secrets_key::{Origin, SecretsKey},
};

#[derive(Debug, Subcommand)]
pub enum SecretsCommand {
    /// Seal all secrets with a new key; the server must be stopped.
    Rotate,
    /// Drop all secrets whose key is lost: gateways' passwords, second factors, single sign-on. They have to be entered again.
    Forget {
        /// Say that you mean it.
        #[arg(long)]
        yes: bool,
    },
}

pub async fn run(place: &Place, command: SecretsCommand) -> anyhow::Result<()> {
    let folder = Folder::existing(&place.data)?;
    let config = Config::load(place.config.as_deref())?;
    let _lock = folder.lock()?;
    match command {
        SecretsCommand::Rotate => rotate(&folder, &config).await,
        SecretsCommand::Forget { yes } => {
            anyhow::ensure!(yes, "this drops all secrets for good: add `--yes`");
            let database = control_database(&folder, &config).await?;
            let dropped = Control::forget_secrets(&database).await?;
            database.close().await;
            println!("{dropped} secrets were dropped: enter them again in the settings");
            Ok(())
        }
    }
}

/// Both keys stand in the file while secrets are sealed anew: a crash at any point leaves all of them readable.
async fn rotate(folder: &Folder, config: &Config) -> anyhow::Result<()> {
    let mut key = SecretsKey::find(folder, config)?;
    // Whoever gives the key by other means has put the new one first.
    let ours = matches!(key.origin, Origin::File(_));
    if ours {
        // A lost key is told before a new one is made.
        open_control(folder, config).await?.close().await;
        let both = key.keyring.with_new_key();
        key.replace(both)?;
    }
    let control = open_control(folder, config).await?;
    let sealed = control.reseal_secrets(now_us()).await?;
    let note = AuditNote {
        actor: Actor::Machine,
        address: String::new(),
        action: Action::SettingChanged,
        object: "key of the secrets".to_owned(),
        outcome: Outcome::Done,
        details: String::new(),
    };
    control.note(&note, now_us()).await?;
    control.close().await;
    println!("{sealed} secrets are sealed with the key {}", key.keyring.current_id());
    if ours {
        let current = key.keyring.current_only();
        key.replace(current)?;
        println!("{} holds only this key now: back it up", key.origin.told());
    } else {
        println!("the older keys in {} are not needed any more", key.origin.told());
    }
    Ok(())
}

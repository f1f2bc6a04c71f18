//! The one-time link of the first start: whoever opens it becomes the first admin.

use forecourt_model::time::DAY_US;

use super::{AccountError, Control, NewUser, Secret, User, secrets, users};
use crate::{StoreError, Tx};

const LINK_LIFE_US: i64 = 2 * DAY_US;

impl Control {
    /// Makes a link and ends all earlier ones; the returned secret is all there is of it.
    pub async fn new_setup_link(&self, now_us: i64) -> Result<Secret, StoreError> {
        let secret = Secret::random("");
        let mut tx = self.database.begin().await?;
        tx.execute("DELETE FROM setup_links", vec![]).await?;
        let values = vec![secrets::hash(secret.reveal()).into(), (now_us + LINK_LIFE_US).into()];
        tx.execute("INSERT INTO setup_links (token_hash, expires_us) VALUES ($1, $2)", values).await?;
        tx.commit().await?;
        Ok(secret)
    }

    pub async fn setup_link_is_valid(&self, secret: &str, now_us: i64) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM setup_links WHERE token_hash = $1 AND $2 < expires_us AND NOT EXISTS (SELECT 1 FROM users)";
        Ok(!self.database.query(sql, vec![secrets::hash(secret).into(), now_us.into()]).await?.is_empty())
    }

    /// Makes the first admin; the link is used up by it, and not by a refusal.
    ///
    /// Errors: [`AccountError::Invalid`] for a link that is wrong, used or old, and as [`Control::add_user`].
    pub async fn use_setup_link(&self, secret: &str, user: NewUser, now_us: i64) -> Result<User, AccountError> {
        // Looked at first, so that a stranger cannot have passwords hashed at will.
        if !self.setup_link_is_valid(secret, now_us).await? {
            return Err(gone());
        }
        let (user, hash) = self.prepared(user, now_us).await?;
        let mut tx = self.database.begin().await?;
        if !use_up(&mut tx, secret, now_us).await? {
            return Err(gone());
        }
        users::insert(&mut tx, &user, hash).await?;
        tx.commit().await?;
        Ok(user)
    }
}

async fn use_up(tx: &mut Tx, secret: &str, now_us: i64) -> Result<bool, StoreError> {
    let sql = "DELETE FROM setup_links WHERE token_hash = $1 AND $2 < expires_us AND NOT EXISTS (SELECT 1 FROM users)";
    Ok(tx.execute(sql, vec![secrets::hash(secret).into(), now_us.into()]).await? != 0)
}

fn gone() -> AccountError {
    AccountError::Invalid(
        "the set-up link is used or has expired: sign in, or restart the server without any account to get a new one".into(),
    )
}

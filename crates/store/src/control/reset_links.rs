//! Passwords that are changed: by whoever knows the old one, or by a one-time link.

use forecourt_model::time::MINUTE_US;

use super::{
    AccountError, Control, Secret, User, passwords, secrets, sessions,
    throttle::{self, Subject},
    users,
};
use crate::StoreError;

pub const RESET_LINK_LIFE_US: i64 = 30 * MINUTE_US;

impl Control {
    /// Counts a request for a link, so that nobody's mailbox is flooded and addresses cannot be tried out.
    ///
    /// It counts alike for e-mails that nobody has. Errors: [`AccountError::Throttled`].
    pub async fn admit_reset(&self, email: &str, address: &str, now_us: i64) -> Result<(), AccountError> {
        let email: String = email.trim().to_lowercase().chars().take(254).collect();
        self.admit_to_account(&Subject::ResetAddress(address), now_us).await?;
        self.admit_to_account(&Subject::ResetAccount(&email), now_us).await
    }

    /// Makes a link for the account of an e-mail and ends its earlier ones; `None` when nobody has it.
    ///
    /// The returned secret is all there is of it: its hash is kept.
    pub async fn new_reset_link(&self, email: &str, now_us: i64) -> Result<Option<(User, Secret)>, StoreError> {
        let Some(user) = self.user_of_email(email).await? else { return Ok(None) };
        let secret = Secret::random("");
        let mut tx = self.database.begin().await?;
        tx.execute("DELETE FROM reset_links WHERE user_id = $1 OR expires_us < $2", vec![user.id.as_str().into(), now_us.into()]).await?;
        let sql = "INSERT INTO reset_links (token_hash, user_id, expires_us) VALUES ($1, $2, $3)";
        let hash = secrets::hash(secret.reveal());
        tx.execute(sql, vec![hash.into(), user.id.as_str().into(), (now_us + RESET_LINK_LIFE_US).into()]).await?;
        tx.commit().await?;
        Ok(Some((user, secret)))
    }

    /// Whose password a link changes, while it can be used.
    pub async fn user_of_reset_link(&self, secret: &str, now_us: i64) -> Result<Option<User>, StoreError> {
        let sql = format!(
            "SELECT {} FROM reset_links JOIN users ON users.id = reset_links.user_id WHERE token_hash = $1 AND $2 < expires_us",
            users::COLUMNS
        );
        let rows = self.database.query(&sql, vec![secrets::hash(secret).into(), now_us.into()]).await?;
        rows.first().map(User::read).transpose()
    }

    /// Sets the password by a link, uses the link up, and ends all sessions of the account.
    ///
    /// A second factor stays: a mailbox is not one. A refused password does not use the link up.
    ///
    /// Errors: [`AccountError::Invalid`] for a link that is wrong, used or old; [`AccountError::WeakPassword`].
    pub async fn use_reset_link(&self, secret: &str, password: String, now_us: i64) -> Result<User, AccountError> {
        // Looked at first, so that a stranger cannot have passwords hashed at will.
        let user = self.user_of_reset_link(secret, now_us).await?.ok_or_else(gone)?;
        passwords::check(&password, &user.email)?;
        let hash = self.hash_password(password).await?;
        let mut tx = self.database.begin().await?;
        let sql = "DELETE FROM reset_links WHERE token_hash = $1 AND $2 < expires_us";
        if tx.execute(sql, vec![secrets::hash(secret).into(), now_us.into()]).await? == 0 {
            return Err(gone());
        }
        tx.execute("DELETE FROM reset_links WHERE user_id = $1", vec![user.id.as_str().into()]).await?;
        tx.execute("UPDATE users SET password_hash = $2 WHERE id = $1", vec![user.id.as_str().into(), hash.into()]).await?;
        sessions::end_others(&mut tx, &user.id, "").await?;
        // Whoever was kept out by somebody else's guesses gets in with the new one.
        throttle::forgive(&mut tx, &Subject::Account(&user.email)).await?;
        tx.commit().await?;
        Ok(user)
    }

    /// Sets the password of a user who knows the old one, and ends all other sessions.
    ///
    /// * `session`: the id of the session that stays.
    /// * Returns `false` when the old password is wrong.
    ///
    /// Errors: [`AccountError::WeakPassword`], [`AccountError::Throttled`].
    pub async fn change_password(&self, user: &User, old: String, new: String, session: &str, now_us: i64) -> Result<bool, AccountError> {
        if !self.check_password(user, old, now_us).await? {
            return Ok(false);
        }
        passwords::check(&new, &user.email)?;
        let hash = self.hash_password(new).await?;
        let mut tx = self.database.begin().await?;
        tx.execute("UPDATE users SET password_hash = $2 WHERE id = $1", vec![user.id.as_str().into(), hash.into()]).await?;
        tx.execute("DELETE FROM reset_links WHERE user_id = $1", vec![user.id.as_str().into()]).await?;
        sessions::end_others(&mut tx, &user.id, session).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Asks a user who is signed in for the password again. Errors: [`AccountError::Throttled`].
    pub async fn check_password(&self, user: &User, password: String, now_us: i64) -> Result<bool, AccountError> {
        let subject = Subject::Account(&user.email);
        self.admit_to_account(&subject, now_us).await?;
        let rows = self.database.query("SELECT password_hash FROM users WHERE id = $1", vec![user.id.as_str().into()]).await?;
        let hash = rows.first().map(|row| row.text(0)).transpose()?;
        let password: String = password.chars().take(super::PASSWORD_CHARS_MAX + 1).collect();
        let right = self.verify_password(password, hash).await?;
        if right {
            let mut tx = self.database.begin().await?;
            throttle::forgive(&mut tx, &subject).await?;
            tx.commit().await?;
        }
        Ok(right)
    }

    pub(super) async fn admit_to_account(&self, subject: &Subject<'_>, now_us: i64) -> Result<(), AccountError> {
        let mut tx = self.database.begin().await?;
        if let Err(retry_after_us) = throttle::admit(&mut tx, subject, now_us).await? {
            return Err(AccountError::Throttled { retry_after_us });
        }
        throttle::clean(&mut tx, now_us).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn gone() -> AccountError {
    AccountError::Invalid("the link is used or has expired: ask for a new one".into())
}

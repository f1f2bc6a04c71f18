//! Single sign-on: which account of a provider is which user, and the attempts that are under way.

use forecourt_model::{Role, time::MINUTE_US};

use super::{AccountError, Control, Secret, User, secrets, users};
use crate::StoreError;

/// How long somebody may take at the provider.
const ATTEMPT_LIFE_US: i64 = 10 * MINUTE_US;
/// More at once are a flood; the oldest give way.
const ATTEMPTS_MAX: i64 = 10_000;

/// What is known of an attempt when the browser comes back from the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SsoAttempt {
    /// What the provider's token must name.
    pub nonce: String,
    /// What proves to the provider that the same party began and ends the attempt (PKCE).
    pub verifier: String,
    /// The page to go to afterwards.
    pub return_to: String,
}

impl Control {
    /// Notes an attempt, by the hash of its state and of what the browser keeps.
    pub async fn note_sso_attempt(&self, state: &str, browser: &Secret, attempt: &SsoAttempt, now_us: i64) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        tx.execute("DELETE FROM sso_attempts WHERE expires_us < $1", vec![now_us.into()]).await?;
        let sql = "DELETE FROM sso_attempts WHERE state_hash IN
            (SELECT state_hash FROM sso_attempts ORDER BY expires_us DESC LIMIT 1000 OFFSET $1)";
        tx.execute(sql, vec![ATTEMPTS_MAX.into()]).await?;
        let sql =
            "INSERT INTO sso_attempts (state_hash, browser_hash, nonce, verifier, return_to, expires_us) VALUES ($1, $2, $3, $4, $5, $6)";
        let values = vec![
            secrets::hash(state).into(),
            secrets::hash(browser.reveal()).into(),
            attempt.nonce.as_str().into(),
            attempt.verifier.as_str().into(),
            attempt.return_to.as_str().into(),
            (now_us + ATTEMPT_LIFE_US).into(),
        ];
        tx.execute(sql, values).await?;
        tx.commit().await
    }

    /// Takes an attempt out, once: `None` for a state that is unknown, used, old, or of another browser.
    pub async fn take_sso_attempt(&self, state: &str, browser: &str, now_us: i64) -> Result<Option<SsoAttempt>, StoreError> {
        let sql = "DELETE FROM sso_attempts WHERE state_hash = $1 AND browser_hash = $2 AND $3 < expires_us
            RETURNING nonce, verifier, return_to";
        let mut tx = self.database.begin().await?;
        let rows = tx.query(sql, vec![secrets::hash(state).into(), secrets::hash(browser).into(), now_us.into()]).await?;
        tx.commit().await?;
        let read = |row: &crate::Row| Ok(SsoAttempt { nonce: row.text(0)?, verifier: row.text(1)?, return_to: row.text(2)? });
        rows.first().map(read).transpose()
    }

    /// The user of a provider's account.
    pub async fn user_of_sso(&self, issuer: &str, subject: &str) -> Result<Option<User>, StoreError> {
        let sql = format!(
            "SELECT {} FROM sso_links JOIN users ON users.id = sso_links.user_id WHERE issuer = $1 AND subject = $2",
            users::COLUMNS
        );
        let rows = self.database.query(&sql, vec![issuer.into(), subject.into()]).await?;
        rows.first().map(User::read).transpose()
    }

    /// From now on the provider's account is this user.
    pub async fn link_sso(&self, user_id: &str, issuer: &str, subject: &str, now_us: i64) -> Result<(), StoreError> {
        let sql = "INSERT INTO sso_links (issuer, subject, user_id, linked_us) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        self.database.execute(sql, vec![issuer.into(), subject.into(), user_id.into(), now_us.into()]).await?;
        Ok(())
    }

    /// Adds an account without a password: it signs in by the provider, until a reset link gives it one.
    ///
    /// Errors: as [`Control::add_user`].
    pub async fn add_sso_user(
        &self,
        email: &str,
        name: &str,
        role: Role,
        dealer: Option<String>,
        now_us: i64,
    ) -> Result<User, AccountError> {
        let user = users::checked(email, name, role, dealer, now_us)?;
        let mut tx = self.database.begin().await?;
        users::insert(&mut tx, &user, String::new()).await?;
        tx.commit().await?;
        Ok(user)
    }
}

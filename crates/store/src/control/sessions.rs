//! Sessions: who is signed in, by a random token that only its hash is kept of.

use forecourt_model::time::{DAY_US, MINUTE_US};

use super::{
    Control, Secret, User, secrets,
    throttle::{self, Subject},
    users,
};
use crate::{StoreError, Tx};

/// A session ends when it was not used for this long, …
pub const SESSION_IDLE_US: i64 = 7 * DAY_US;
/// … and in any case this long after signing in.
pub const SESSION_LIFE_US: i64 = 30 * DAY_US;
/// Use is noted no more often than this: reading a page must not cost a write.
const NOTE_EVERY_US: i64 = MINUTE_US;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub user: User,
    /// What a page must send along to change anything: another site's page cannot know it.
    pub csrf: String,
}

#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    #[error("e-mail or password is wrong")]
    Wrong,
    #[error("too many attempts: wait {} s, then try again", (.retry_after_us + 999_999) / 1_000_000)]
    Throttled { retry_after_us: i64 },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Control {
    /// Begins a session for whoever knows the password.
    ///
    /// * `ip`: the caller's address; attempts are slowed down by it and by the account.
    pub async fn sign_in(&self, email: &str, password: &str, ip: &str, now_us: i64) -> Result<(Secret, Session), SignInError> {
        let email = email.trim().to_lowercase();
        let email: String = email.chars().take(254).collect();
        let subjects = [Subject::Address(ip), Subject::Account(&email)];
        self.admit(&subjects, now_us).await?;

        let rows = self.database.query("SELECT id, password_hash FROM users WHERE email = $1", vec![email.as_str().into()]).await?;
        let known = rows.first().map(|row| Ok::<_, StoreError>((row.text(0)?, row.text(1)?))).transpose()?;
        let (user_id, hash) = known.unzip();
        let password: String = password.chars().take(super::PASSWORD_CHARS_MAX + 1).collect();
        let right = self.verify_password(password, hash).await?;
        let Some(user_id) = user_id.filter(|_| right) else { return Err(SignInError::Wrong) };

        let mut tx = self.database.begin().await?;
        for subject in &subjects {
            throttle::forgive(&mut tx, subject).await?;
        }
        // Gone between the two transactions: removed by an admin.
        let begun = begin(&mut tx, &user_id, now_us).await?.ok_or(SignInError::Wrong)?;
        tx.commit().await?;
        Ok(begun)
    }

    async fn admit(&self, subjects: &[Subject<'_>], now_us: i64) -> Result<(), SignInError> {
        let mut tx = self.database.begin().await?;
        for subject in subjects {
            if let Err(retry_after_us) = throttle::admit(&mut tx, subject, now_us).await? {
                return Err(SignInError::Throttled { retry_after_us });
            }
        }
        throttle::clean(&mut tx, now_us).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Begins a session for a user who has proved to be one by other means.
    pub async fn begin_session(&self, user_id: &str, now_us: i64) -> Result<Option<(Secret, Session)>, StoreError> {
        let mut tx = self.database.begin().await?;
        let begun = begin(&mut tx, user_id, now_us).await?;
        tx.commit().await?;
        Ok(begun)
    }

    /// The session of a token, while it lasts.
    pub async fn session(&self, token: &str, now_us: i64) -> Result<Option<Session>, StoreError> {
        let sql = format!(
            "SELECT {}, sessions.csrf, sessions.last_us FROM sessions JOIN users ON users.id = sessions.user_id
             WHERE token_hash = $1 AND $2 < expires_us AND $3 < last_us",
            users::COLUMNS
        );
        let hash = secrets::hash(token);
        let rows = self.database.query(&sql, vec![hash.as_str().into(), now_us.into(), (now_us - SESSION_IDLE_US).into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let session = Session { user: User::read(row)?, csrf: row.text(7)? };
        if row.int(8)? + NOTE_EVERY_US < now_us {
            let mut tx = self.database.begin().await?;
            tx.execute("UPDATE sessions SET last_us = $2 WHERE token_hash = $1", vec![hash.into(), now_us.into()]).await?;
            tx.execute("UPDATE users SET last_seen_us = $2 WHERE id = $1", vec![session.user.id.as_str().into(), now_us.into()]).await?;
            tx.commit().await?;
        }
        Ok(Some(session))
    }

    pub async fn end_session(&self, token: &str) -> Result<(), StoreError> {
        self.database.execute("DELETE FROM sessions WHERE token_hash = $1", vec![secrets::hash(token).into()]).await?;
        Ok(())
    }
}

async fn begin(tx: &mut Tx, user_id: &str, now_us: i64) -> Result<Option<(Secret, Session)>, StoreError> {
    let sql = format!("UPDATE users SET last_seen_us = $2 WHERE id = $1 RETURNING {}", users::COLUMNS);
    let rows = tx.query(&sql, vec![user_id.into(), now_us.into()]).await?;
    let Some(user) = rows.first().map(User::read).transpose()? else { return Ok(None) };
    let token = Secret::random("");
    let session = Session { user, csrf: secrets::random_text(32) };
    tx.execute("DELETE FROM sessions WHERE expires_us < $1 OR last_us < $2", vec![now_us.into(), (now_us - SESSION_IDLE_US).into()])
        .await?;
    let sql = "INSERT INTO sessions (token_hash, user_id, csrf, created_us, last_us, expires_us) VALUES ($1, $2, $3, $4, $4, $5)";
    let hash = secrets::hash(token.reveal());
    let values = vec![hash.into(), user_id.into(), session.csrf.as_str().into(), now_us.into(), (now_us + SESSION_LIFE_US).into()];
    tx.execute(sql, values).await?;
    Ok(Some((token, session)))
}

//! Sessions: who is signed in, by a random token that only its hash is kept of.

use forecourt_model::time::{DAY_US, MINUTE_US};

use super::{
    AccountError, Control, SecondFactorPolicy, Secret, User, secrets,
    throttle::{self, Subject},
    users,
};
use crate::{Row, StoreError, Tx};

/// A session ends when it was not used for this long, …
pub const SESSION_IDLE_US: i64 = 7 * DAY_US;
/// … and in any case this long after signing in.
pub const SESSION_LIFE_US: i64 = 30 * DAY_US;
/// Use is noted no more often than this: reading a page must not cost a write.
const NOTE_EVERY_US: i64 = MINUTE_US;
/// What is kept of a browser's name for itself.
const AGENT_CHARS_MAX: usize = 300;

/// When sessions end, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    pub idle_us: i64,
    pub life_us: i64,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { idle_us: SESSION_IDLE_US, life_us: SESSION_LIFE_US }
    }
}

/// What somebody shows to sign in.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    pub email: &'a str,
    pub password: &'a str,
    /// Of the second factor, once it was asked for.
    pub code: Option<&'a str>,
}

/// What a session is recognised by in its owner's list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Device {
    /// Where the request came from.
    pub address: String,
    /// The browser's name for itself (`User-Agent`).
    pub agent: String,
}

/// How a session's owner proved to be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    Password,
    /// The provider asks for second factors as it likes.
    SingleSignOn,
}

impl Means {
    fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::SingleSignOn => "sso",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Names it in the list of sessions; lets nobody in.
    pub id: String,
    pub user: User,
    /// What a page must send along to change anything: another site's page cannot know it.
    pub csrf: String,
    /// The role needs a second factor and the account has none: nothing else is allowed before.
    pub must_enrol: bool,
}

/// A session as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSession {
    pub id: String,
    pub device: Device,
    pub created_us: i64,
    pub last_us: i64,
    /// `password` or `sso`.
    pub means: String,
}

#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    #[error("e-mail or password is wrong")]
    Wrong,
    /// The password is right; the account has a second factor.
    #[error("send the code of your authenticator app, or a recovery code, as `code`")]
    CodeNeeded,
    #[error("the code is wrong or was used: wait for the next one")]
    WrongCode,
    #[error("too many attempts: wait {} s, then try again", (.retry_after_us + 999_999) / 1_000_000)]
    Throttled { retry_after_us: i64 },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AccountError> for SignInError {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Throttled { retry_after_us } => Self::Throttled { retry_after_us },
            AccountError::Store(error) => Self::Store(error),
            AccountError::Invalid(told) | AccountError::WeakPassword(told) => Self::Store(StoreError::Invalid(told)),
        }
    }
}

impl Control {
    /// Begins a session for whoever knows the password, and has the second factor where there is one.
    ///
    /// Attempts are slowed down by the account and by the device's address.
    pub async fn sign_in(&self, shown: Credentials<'_>, device: &Device, now_us: i64) -> Result<(Secret, Session), SignInError> {
        let email = shown.email.trim().to_lowercase();
        let email: String = email.chars().take(254).collect();
        let subjects = [Subject::Address(&device.address), Subject::Account(&email)];
        self.admit(&subjects, now_us).await?;

        let sql = "SELECT id, password_hash, second_factor_us FROM users WHERE email = $1 AND disabled = 0";
        let rows = self.database.query(sql, vec![email.as_str().into()]).await?;
        let known = rows.first().map(|row| Ok::<_, StoreError>(((row.text(0)?, row.maybe_int(2)?), row.text(1)?))).transpose()?;
        let (user, hash) = known.unzip();
        let password: String = shown.password.chars().take(super::PASSWORD_CHARS_MAX + 1).collect();
        let right = self.verify_password(password, hash).await?;
        let Some((user_id, second_factor_us)) = user.filter(|_| right) else { return Err(SignInError::Wrong) };
        if second_factor_us.is_some() {
            self.ask_second_factor(&user_id, shown.code, &subjects[0], now_us).await?;
        }

        let policy = self.second_factor_policy().await?;
        let mut tx = self.database.begin().await?;
        for subject in &subjects {
            throttle::forgive(&mut tx, subject).await?;
        }
        // Gone between the two transactions: removed by an admin.
        let beginning = Beginning { device, means: Means::Password, limits: self.session_limits, policy: &policy, now_us };
        let begun = begin(&mut tx, &user_id, &beginning).await?.ok_or(SignInError::Wrong)?;
        tx.commit().await?;
        Ok(begun)
    }

    /// The account's own attempts are forgiven only when the code is right too: else a known password would buy guesses of it.
    async fn ask_second_factor(&self, user_id: &str, code: Option<&str>, from: &Subject<'_>, now_us: i64) -> Result<(), SignInError> {
        match code.filter(|code| !code.trim().is_empty()) {
            Some(code) if self.use_code(user_id, code, now_us).await? => Ok(()),
            Some(_) => Err(SignInError::WrongCode),
            None => {
                let mut tx = self.database.begin().await?;
                throttle::forgive(&mut tx, from).await?;
                tx.commit().await?;
                Err(SignInError::CodeNeeded)
            }
        }
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
    pub async fn begin_session(
        &self,
        user_id: &str,
        means: Means,
        device: &Device,
        now_us: i64,
    ) -> Result<Option<(Secret, Session)>, StoreError> {
        let policy = self.second_factor_policy().await?;
        let mut tx = self.database.begin().await?;
        let beginning = Beginning { device, means, limits: self.session_limits, policy: &policy, now_us };
        let begun = begin(&mut tx, user_id, &beginning).await?;
        tx.commit().await?;
        Ok(begun)
    }

    /// The session of a token, while it lasts.
    pub async fn session(&self, token: &str, now_us: i64) -> Result<Option<Session>, StoreError> {
        const OWN: usize = users::COLUMNS_COUNT;
        let sql = format!(
            "SELECT {}, sessions.csrf, sessions.last_us, sessions.id, sessions.must_enrol
             FROM sessions JOIN users ON users.id = sessions.user_id
             WHERE token_hash = $1 AND $2 < expires_us AND $3 < last_us AND users.disabled = 0",
            users::COLUMNS
        );
        let hash = secrets::hash(token);
        let idle_since_us = now_us - self.session_limits.idle_us;
        let rows = self.database.query(&sql, vec![hash.as_str().into(), now_us.into(), idle_since_us.into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let user = User::read(row)?;
        let session = Session { id: row.text(OWN + 2)?, user, csrf: row.text(OWN)?, must_enrol: row.int(OWN + 3)? != 0 };
        if row.int(OWN + 1)? + NOTE_EVERY_US < now_us {
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

    /// A user's sessions, the one used last first.
    pub async fn sessions_of(&self, user_id: &str, now_us: i64) -> Result<Vec<OpenSession>, StoreError> {
        let sql = "SELECT id, address, agent, created_us, last_us, means FROM sessions
            WHERE user_id = $1 AND $2 < expires_us AND $3 < last_us ORDER BY last_us DESC, id";
        let values = vec![user_id.into(), now_us.into(), (now_us - self.session_limits.idle_us).into()];
        let read = |row: &Row| {
            let device = Device { address: row.text(1)?, agent: row.text(2)? };
            Ok(OpenSession { id: row.text(0)?, device, created_us: row.int(3)?, last_us: row.int(4)?, means: row.text(5)? })
        };
        self.database.query(sql, values).await?.iter().map(read).collect()
    }

    /// Ends one of a user's own sessions; `false` when there was none of this id.
    pub async fn end_session_of(&self, user_id: &str, id: &str) -> Result<bool, StoreError> {
        let sql = "DELETE FROM sessions WHERE user_id = $1 AND id = $2";
        Ok(self.database.execute(sql, vec![user_id.into(), id.into()]).await? != 0)
    }

    /// Ends all of a user's sessions but one; with an empty id, all of them. Returns how many.
    pub async fn end_other_sessions(&self, user_id: &str, id: &str) -> Result<u64, StoreError> {
        let mut tx = self.database.begin().await?;
        let ended = end_others(&mut tx, user_id, id).await?;
        tx.commit().await?;
        Ok(ended)
    }
}

pub(super) async fn end_others(tx: &mut Tx, user_id: &str, id: &str) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM sessions WHERE user_id = $1 AND id <> $2", vec![user_id.into(), id.into()]).await
}

struct Beginning<'a> {
    device: &'a Device,
    means: Means,
    limits: SessionLimits,
    policy: &'a SecondFactorPolicy,
    now_us: i64,
}

async fn begin(tx: &mut Tx, user_id: &str, beginning: &Beginning<'_>) -> Result<Option<(Secret, Session)>, StoreError> {
    let Beginning { device, means, limits, policy, now_us } = *beginning;
    let sql = format!("UPDATE users SET last_seen_us = $2 WHERE id = $1 AND disabled = 0 RETURNING {}", users::COLUMNS);
    let rows = tx.query(&sql, vec![user_id.into(), now_us.into()]).await?;
    let Some(user) = rows.first().map(User::read).transpose()? else { return Ok(None) };
    let must_enrol = means == Means::Password && user.second_factor_us.is_none() && policy.requires(user.role);
    let token = Secret::random("");
    let session = Session { id: secrets::new_id("ses"), user, csrf: secrets::random_text(32), must_enrol };
    tx.execute("DELETE FROM sessions WHERE expires_us < $1 OR last_us < $2", vec![now_us.into(), (now_us - limits.idle_us).into()]).await?;
    let sql = "INSERT INTO sessions (token_hash, id, user_id, csrf, created_us, last_us, expires_us, means, agent, address, must_enrol)
        VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $10)";
    let agent: String = device.agent.chars().filter(|c| !c.is_control()).take(AGENT_CHARS_MAX).collect();
    let values = vec![
        secrets::hash(token.reveal()).into(),
        session.id.as_str().into(),
        user_id.into(),
        session.csrf.as_str().into(),
        now_us.into(),
        (now_us + limits.life_us).into(),
        means.as_str().into(),
        agent.into(),
        device.address.as_str().into(),
        must_enrol.into(),
    ];
    tx.execute(sql, values).await?;
    Ok(Some((token, session)))
}

//! The second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for the day it is lost.
//!
//! The secret is sealed in the vault; a code is taken once; guesses are slowed down like those of passwords.

use forecourt_model::{Role, time::SECOND_US};
use rand::Rng as _;
use totp_rs::{Builder, Totp};

use super::{
    AccountError, Control, Secret, User, secrets, sessions,
    throttle::{self, Subject},
};
use crate::{StoreError, Tx};

/// As RFC 4226 advises.
const SECRET_BYTES: usize = 20;
const RECOVERY_CODES: usize = 10;
const POLICY: &str = "second_factor";
/// Longer ones are no code.
const CODE_CHARS_MAX: usize = 64;

/// Which roles must have a second factor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecondFactorPolicy {
    pub required_for: Vec<Role>,
}

impl SecondFactorPolicy {
    pub fn requires(&self, role: Role) -> bool {
        self.required_for.contains(&role)
    }
}

impl Control {
    pub async fn second_factor_policy(&self) -> Result<SecondFactorPolicy, StoreError> {
        let names: Vec<String> = self.setting(POLICY).await?.unwrap_or_default();
        let read = |name: &String| Role::parse(name).ok_or_else(|| StoreError::Unreadable(format!("role `{name}`")));
        Ok(SecondFactorPolicy { required_for: names.iter().map(read).collect::<Result<_, _>>()? })
    }

    /// In force at once: whoever is signed in without one is led to enrol before anything else.
    pub async fn set_second_factor_policy(&self, policy: &SecondFactorPolicy) -> Result<(), StoreError> {
        let names: Vec<&str> = policy.required_for.iter().map(|role| role.as_str()).collect();
        self.put_setting(POLICY, &names).await?;
        let mut tx = self.database.begin().await?;
        tx.execute("UPDATE sessions SET must_enrol = 0", vec![]).await?;
        for name in names {
            let sql = "UPDATE sessions SET must_enrol = 1 WHERE means <> 'sso'
                AND user_id IN (SELECT id FROM users WHERE role = $1 AND second_factor_us IS NULL)";
            tx.execute(sql, vec![name.into()]).await?;
        }
        tx.commit().await
    }

    /// Makes a secret that is not in force yet; one that was made before is void.
    ///
    /// Errors: [`AccountError::Invalid`] when the account has a second factor: it has to be removed first.
    pub async fn begin_second_factor(&self, user: &User, now_us: i64) -> Result<Secret, AccountError> {
        if user.second_factor_us.is_some() {
            return Err(AccountError::Invalid("this account has a second factor already: remove it first".into()));
        }
        let mut bytes = [0_u8; SECRET_BYTES];
        rand::rng().fill(&mut bytes[..]);
        let secret = totp_rs::Secret::new_stack(bytes).to_base32();
        self.put_secret(&pending_place(&user.id), &secret, now_us).await?;
        Ok(Secret::from(secret))
    }

    /// Puts the secret in force by a code that it made, and ends the user's other sessions.
    ///
    /// * `session`: the id of the session that stays.
    /// * Returns the recovery codes, shown this once; `None` for a wrong code.
    ///
    /// Errors: [`AccountError::Throttled`], [`AccountError::Invalid`] when none was begun.
    pub async fn confirm_second_factor(
        &self,
        user: &User,
        code: &str,
        session: &str,
        now_us: i64,
    ) -> Result<Option<Vec<Secret>>, AccountError> {
        let subject = Subject::Code(&user.id);
        self.admit_to_account(&subject, now_us).await?;
        let secret = self.secret(&pending_place(&user.id)).await?;
        let secret = secret.ok_or_else(|| AccountError::Invalid("no second factor was begun: begin again".into()))?;
        let Some(step) = checked(&secret, code, now_us)? else { return Ok(None) };

        let mut tx = self.database.begin().await?;
        throttle::forgive(&mut tx, &subject).await?;
        let sql = "UPDATE users SET second_factor_us = $2, second_factor_step = $3 WHERE id = $1 AND second_factor_us IS NULL";
        if tx.execute(sql, vec![user.id.as_str().into(), now_us.into(), step.into()]).await? == 0 {
            return Err(AccountError::Invalid("this account has a second factor already: remove it first".into()));
        }
        self.put_secret_in(&mut tx, &place(&user.id), secret.reveal(), now_us).await?;
        tx.execute("DELETE FROM vault WHERE place = $1", vec![pending_place(&user.id).into()]).await?;
        tx.execute("UPDATE sessions SET must_enrol = 0 WHERE id = $1", vec![session.into()]).await?;
        sessions::end_others(&mut tx, &user.id, session).await?;
        let codes = renew_recovery_codes(&mut tx, &user.id).await?;
        tx.commit().await?;
        Ok(Some(codes))
    }

    /// Checks a code of the app or a recovery code, and uses it up.
    ///
    /// Errors: [`AccountError::Throttled`].
    pub async fn check_second_factor(&self, user_id: &str, code: &str, now_us: i64) -> Result<bool, AccountError> {
        let subject = Subject::Code(user_id);
        self.admit_to_account(&subject, now_us).await?;
        let right = self.use_code(user_id, code, now_us).await?;
        if right {
            let mut tx = self.database.begin().await?;
            throttle::forgive(&mut tx, &subject).await?;
            tx.commit().await?;
        }
        Ok(right)
    }

    /// New recovery codes instead of all that are left.
    pub async fn new_recovery_codes(&self, user_id: &str) -> Result<Vec<Secret>, StoreError> {
        let mut tx = self.database.begin().await?;
        let codes = renew_recovery_codes(&mut tx, user_id).await?;
        tx.commit().await?;
        Ok(codes)
    }

    pub async fn recovery_codes_left(&self, user_id: &str) -> Result<u64, StoreError> {
        let rows = self.database.query("SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1", vec![user_id.into()]).await?;
        rows.first().map_or(Ok(0), |row| row.int(0)).map(|count| count as u64)
    }

    /// Takes a second factor away; `false` when there is no such account.
    ///
    /// Nothing is asked: whoever calls this has made sure of who wants it.
    pub async fn remove_second_factor(&self, user_id: &str) -> Result<bool, StoreError> {
        let mut tx = self.database.begin().await?;
        let sql = "UPDATE users SET second_factor_us = NULL, second_factor_step = 0 WHERE id = $1";
        let touched = tx.execute(sql, vec![user_id.into()]).await?;
        forget(&mut tx, user_id).await?;
        tx.commit().await?;
        Ok(touched != 0)
    }

    /// Unlike [`Control::check_second_factor`] it does not slow anybody down: the caller does.
    pub(super) async fn use_code(&self, user_id: &str, code: &str, now_us: i64) -> Result<bool, StoreError> {
        let code: String = code.chars().filter(|c| !c.is_whitespace() && *c != '-').take(CODE_CHARS_MAX).collect();
        if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            let sql = "DELETE FROM recovery_codes WHERE user_id = $1 AND code_hash = $2";
            let hash = secrets::hash(&code.to_lowercase());
            return Ok(self.database.execute(sql, vec![user_id.into(), hash.into()]).await? != 0);
        }
        let Some(secret) = self.secret(&place(user_id)).await? else { return Ok(false) };
        let Some(step) = checked(&secret, &code, now_us)? else { return Ok(false) };
        // A code that somebody looked at over a shoulder, or that is sent twice at once, is taken once.
        let sql = "UPDATE users SET second_factor_step = $2 WHERE id = $1 AND second_factor_step < $2";
        Ok(self.database.execute(sql, vec![user_id.into(), step.into()]).await? != 0)
    }
}

/// Drops what belongs to a second factor, beside the columns of the account.
pub(super) async fn forget(tx: &mut Tx, user_id: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM recovery_codes WHERE user_id = $1", vec![user_id.into()]).await?;
    let places = vec![place(user_id).into(), pending_place(user_id).into()];
    tx.execute("DELETE FROM vault WHERE place IN ($1, $2)", places).await?;
    Ok(())
}

async fn renew_recovery_codes(tx: &mut Tx, user_id: &str) -> Result<Vec<Secret>, StoreError> {
    tx.execute("DELETE FROM recovery_codes WHERE user_id = $1", vec![user_id.into()]).await?;
    let mut codes = Vec::with_capacity(RECOVERY_CODES);
    for _ in 0..RECOVERY_CODES {
        // 80 random bits: a plain hash of them cannot be searched.
        let code = secrets::random_text(16);
        let sql = "INSERT INTO recovery_codes (user_id, code_hash) VALUES ($1, $2)";
        tx.execute(sql, vec![user_id.into(), secrets::hash(&code).into()]).await?;
        codes.push(Secret::from(format!("{}-{}-{}-{}", &code[..4], &code[4..8], &code[8..12], &code[12..])));
    }
    Ok(codes)
}

fn place(user_id: &str) -> String {
    format!("second_factor/{user_id}")
}

fn pending_place(user_id: &str) -> String {
    format!("second_factor/{user_id}/begun")
}

/// The 30-second step that a code is of: this one, the one before or the one after.
fn checked(secret: &Secret, code: &str, now_us: i64) -> Result<Option<i64>, StoreError> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).take(CODE_CHARS_MAX).collect();
    let totp = totp(secret.reveal())?;
    Ok(totp.check(&code, (now_us / SECOND_US) as u64).map(|step| step as i64))
}

fn totp(secret: &str) -> Result<Totp, StoreError> {
    let broken = |why: String| StoreError::Unreadable(format!("the secret of a second factor: {why}"));
    let secret = totp_rs::Secret::try_from_base32(secret).map_err(|error| broken(error.to_string()))?;
    Builder::new().with_secret(secret).build().map_err(|error| broken(error.to_string()))
}

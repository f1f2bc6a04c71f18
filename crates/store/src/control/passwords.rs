//! Passwords: which are taken, and how they are kept (Argon2id, 19 MiB, two passes, as OWASP advises).

use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};

use super::{AccountError, Control, guessed};
use crate::StoreError;

pub const PASSWORD_CHARS_MIN: usize = 10;
/// Longer ones are refused: hashing megabytes is a way to stop a server.
pub const PASSWORD_CHARS_MAX: usize = 256;

/// Says why a password is not taken. No rule on kinds of characters: they make passwords worse.
pub(super) fn check(password: &str, email: &str) -> Result<(), AccountError> {
    let chars = password.chars().count();
    let lower = password.to_lowercase();
    if chars < PASSWORD_CHARS_MIN {
        return Err(AccountError::WeakPassword(format!(
            "the password has {chars} characters: take {PASSWORD_CHARS_MIN} or more, 15 is better"
        )));
    }
    if PASSWORD_CHARS_MAX < chars {
        return Err(AccountError::WeakPassword(format!("the password is longer than {PASSWORD_CHARS_MAX} characters: take a shorter one")));
    }
    let mailbox = email.split('@').next().unwrap_or_default();
    if guessed::is_guessed_first(&lower) || lower == email || lower == mailbox {
        return Err(AccountError::WeakPassword("the password is among the first that anybody would guess: take another".into()));
    }
    Ok(())
}

impl Control {
    pub(super) async fn hash_password(&self, password: String) -> Result<String, StoreError> {
        let _permit = self.hashing.acquire().await.map_err(|_| broken("the server is stopping"))?;
        let hashed = tokio::task::spawn_blocking(move || Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string()));
        hashed.await.map_err(|_| broken("hashing was interrupted"))?.map_err(|error| broken(&error.to_string()))
    }

    /// Takes as long for an account that does not exist (`None`) or has no password (an empty hash) as for one that does.
    pub(super) async fn verify_password(&self, password: String, hash: Option<String>) -> Result<bool, StoreError> {
        let hash = hash.filter(|hash| !hash.is_empty());
        let _permit = self.hashing.acquire().await.map_err(|_| broken("the server is stopping"))?;
        let verify = move || match hash {
            Some(hash) => {
                PasswordHash::new(&hash).is_ok_and(|known| Argon2::default().verify_password(password.as_bytes(), &known).is_ok())
            }
            None => {
                // The work is done for its duration; there is nothing to compare with.
                let _ = Argon2::default().hash_password(password.as_bytes());
                false
            }
        };
        tokio::task::spawn_blocking(verify).await.map_err(|_| broken("hashing was interrupted"))
    }
}

fn broken(why: &str) -> StoreError {
    StoreError::Invalid(format!("the password could not be checked ({why}): try again"))
}

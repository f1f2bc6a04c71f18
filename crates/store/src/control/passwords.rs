//! Passwords: which are taken, and how they are kept (Argon2id, 19 MiB, two passes, as OWASP advises).

use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};

use super::{AccountError, Control};
use crate::StoreError;

pub const PASSWORD_CHARS_MIN: usize = 8;
/// Longer ones are refused: hashing megabytes is a way to stop a server.
pub const PASSWORD_CHARS_MAX: usize = 256;

/// What guessing begins with, of those long enough to be taken otherwise.
const GUESSED_FIRST: &[&str] = &[
    "password",
    "password1",
    "password12",
    "password123",
    "passw0rd",
    "p@ssw0rd",
    "12345678",
    "123456789",
    "1234567890",
    "123123123",
    "11111111",
    "00000000",
    "87654321",
    "11223344",
    "12341234",
    "1q2w3e4r",
    "1q2w3e4r5t",
    "1qaz2wsx",
    "q1w2e3r4",
    "qwertyui",
    "qwertyuiop",
    "qwerty12",
    "qwerty123",
    "qwerty1234",
    "asdfghjk",
    "asdfghjkl",
    "zxcvbnm1",
    "abcd1234",
    "abc12345",
    "a1234567",
    "a12345678",
    "iloveyou",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "superman",
    "trustno1",
    "welcome1",
    "letmein1",
    "changeme",
    "changeit",
    "admin123",
    "administrator",
    "forecourt",
    "forecourt1",
    "woaini1314",
    "5201314520",
    "йцукенгш",
    "qazwsxedc",
    "computer",
    "whatever",
    "starwars",
];

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
    if GUESSED_FIRST.contains(&lower.as_str()) || lower == email || lower == mailbox {
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

    /// Takes as long for an account that does not exist (`None`) as for one that does.
    pub(super) async fn verify_password(&self, password: String, hash: Option<String>) -> Result<bool, StoreError> {
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

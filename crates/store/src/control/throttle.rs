//! Slows down guessing: by account and by address, with a delay that doubles.

use forecourt_model::time::{HOUR_US, MINUTE_US, SECOND_US};

use crate::{StoreError, Tx};

/// Failures are forgotten after this long without another one.
const FORGET_AFTER_US: i64 = HOUR_US;
const DELAY_MAX_US: i64 = 15 * MINUTE_US;

/// Who is slowed down.
pub(super) enum Subject<'a> {
    /// By e-mail.
    Account(&'a str),
    Address(&'a str),
    /// Codes of a signed-in user's second factor, by user id.
    Code(&'a str),
    /// Reset links for an e-mail.
    ResetAccount(&'a str),
    /// Reset links asked for from an address.
    ResetAddress(&'a str),
}

impl Subject<'_> {
    fn key(&self) -> String {
        match self {
            Self::Account(email) => format!("account:{email}"),
            Self::Address(ip) => format!("address:{ip}"),
            Self::Code(user_id) => format!("code:{user_id}"),
            Self::ResetAccount(email) => format!("reset:{email}"),
            Self::ResetAddress(ip) => format!("reset_address:{ip}"),
        }
    }

    /// Failures that cost nothing: typing errors, and many people behind one address.
    fn free(&self) -> i64 {
        match self {
            Self::Account(_) | Self::Code(_) => 5,
            Self::Address(_) => 20,
            Self::ResetAccount(_) => 3,
            Self::ResetAddress(_) => 10,
        }
    }
}

/// Counts an attempt before its password is looked at, so that many at once do not pass for one.
///
/// Returns how long to wait, in microseconds, when it is too early; such an attempt is not counted.
pub(super) async fn admit(tx: &mut Tx, subject: &Subject<'_>, now_us: i64) -> Result<Result<(), i64>, StoreError> {
    let key = subject.key();
    let rows = tx.query("SELECT failures, last_us, until_us FROM login_attempts WHERE subject = $1", vec![key.as_str().into()]).await?;
    let (failures, last_us, until_us) = match rows.first() {
        Some(row) => (row.int(0)?, row.int(1)?, row.int(2)?),
        None => (0, now_us, 0),
    };
    if now_us < until_us {
        return Ok(Err(until_us - now_us));
    }
    let failures = if last_us + FORGET_AFTER_US < now_us { 1 } else { failures + 1 };
    let until_us = now_us + delay_us(failures - subject.free());
    let sql = "INSERT INTO login_attempts (subject, failures, last_us, until_us) VALUES ($1, $2, $3, $4)
        ON CONFLICT (subject) DO UPDATE SET failures = excluded.failures, last_us = excluded.last_us, until_us = excluded.until_us";
    tx.execute(sql, vec![key.into(), failures.into(), now_us.into(), until_us.into()]).await?;
    Ok(Ok(()))
}

/// The attempt was right: it was none.
pub(super) async fn forgive(tx: &mut Tx, subject: &Subject<'_>) -> Result<(), StoreError> {
    let sql = match subject {
        Subject::Account(_) | Subject::Code(_) => "DELETE FROM login_attempts WHERE subject = $1",
        // One right password must not pay for a thousand wrong ones from the same address.
        Subject::Address(_) | Subject::ResetAccount(_) | Subject::ResetAddress(_) => {
            "UPDATE login_attempts SET failures = failures - 1 WHERE subject = $1 AND 0 < failures"
        }
    };
    tx.execute(sql, vec![subject.key().into()]).await?;
    Ok(())
}

/// Drops what is forgotten.
pub(super) async fn clean(tx: &mut Tx, now_us: i64) -> Result<(), StoreError> {
    tx.execute("DELETE FROM login_attempts WHERE last_us < $1 AND until_us < $2", vec![(now_us - FORGET_AFTER_US).into(), now_us.into()])
        .await?;
    Ok(())
}

/// 1 s, 2 s, 4 s, …
fn delay_us(over: i64) -> i64 {
    match over {
        ..=0 => 0,
        1..=20 => (SECOND_US << (over - 1)).min(DELAY_MAX_US),
        _ => DELAY_MAX_US,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_a_quarter_of_an_hour() {
        let seconds: Vec<i64> = [-3, 0, 1, 2, 5, 10, 11, 1_000_000].map(|over| delay_us(over) / SECOND_US).into();
        assert_eq!(seconds, [0, 0, 1, 2, 16, 512, 900, 900]);
    }
}

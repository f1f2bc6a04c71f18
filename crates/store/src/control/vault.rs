//! The vault: secrets that must be shown again to others (a gateway's password, a TOTP seed), sealed in one table.
//!
//! A secret has a place, such as `gateway/gw_1/password`; the sealed bytes open in no other. What only has to be
//! recognised (passwords, tokens, links) is hashed instead and never comes here.

use super::{Control, Keyring, Secret, keyring};
use crate::{Database, StoreError, Tx};

/// Secrets are passwords and keys, not files.
const SECRET_BYTES_MAX: usize = 16 << 10;

impl Control {
    /// Keeps a secret at its place, instead of the one that was there.
    ///
    /// Errors: [`StoreError::Invalid`] for one over 16 KiB.
    pub async fn put_secret(&self, place: &str, secret: &str, now_us: i64) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        self.put_secret_in(&mut tx, place, secret, now_us).await?;
        tx.commit().await
    }

    /// As [`Control::put_secret`], in a transaction that does more.
    pub(super) async fn put_secret_in(&self, tx: &mut Tx, place: &str, secret: &str, now_us: i64) -> Result<(), StoreError> {
        if SECRET_BYTES_MAX < secret.len() {
            return Err(StoreError::Invalid(format!("a secret has at most {SECRET_BYTES_MAX} bytes")));
        }
        let sealed = self.keyring.seal(&bound_to(place), secret.as_bytes())?;
        note_key(tx, &self.keyring.current_id(), now_us).await?;
        put(tx, place, sealed, now_us).await
    }

    /// The secret at a place, to be handed to whom it is for; `None` when nothing is there.
    ///
    /// Errors: [`StoreError::Unreadable`] when the row was changed, or moved from another place.
    pub async fn secret(&self, place: &str) -> Result<Option<Secret>, StoreError> {
        let rows = self.database.query("SELECT sealed FROM vault WHERE place = $1", vec![place.into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        self.opened(place, &row.bytes(0)?).map(Some)
    }

    /// Whether there is one: all that the API tells of a secret.
    pub async fn has_secret(&self, place: &str) -> Result<bool, StoreError> {
        Ok(!self.database.query("SELECT 1 FROM vault WHERE place = $1", vec![place.into()]).await?.is_empty())
    }

    pub async fn remove_secret(&self, place: &str) -> Result<(), StoreError> {
        self.database.execute("DELETE FROM vault WHERE place = $1", vec![place.into()]).await?;
        Ok(())
    }

    /// Seals every secret anew with the keyring's first key; returns how many there are.
    ///
    /// All of them or none. Afterwards older keys are not needed any more.
    pub async fn reseal_secrets(&self, now_us: i64) -> Result<usize, StoreError> {
        let mut tx = self.database.begin().await?;
        let rows = tx.query("SELECT place, sealed, updated_us FROM vault ORDER BY place", vec![]).await?;
        for row in &rows {
            let (place, updated_us) = (row.text(0)?, row.int(2)?);
            let secret = self.opened(&place, &row.bytes(1)?)?;
            let sealed = self.keyring.seal(&bound_to(&place), secret.reveal().as_bytes())?;
            put(&mut tx, &place, sealed, updated_us).await?;
        }
        tx.execute("DELETE FROM vault_keys", vec![]).await?;
        note_key(&mut tx, &self.keyring.current_id(), now_us).await?;
        tx.commit().await?;
        Ok(rows.len())
    }

    fn opened(&self, place: &str, sealed: &[u8]) -> Result<Secret, StoreError> {
        let plain = self.keyring.open(&bound_to(place), sealed)?;
        let text = String::from_utf8(plain).map_err(|_| StoreError::Unreadable(format!("the secret of `{place}` is no text")))?;
        Ok(Secret::from(text))
    }
}

/// Refuses a keyring that lacks a key which secrets were sealed with.
pub(super) async fn check_keys(database: &Database, keys: &Keyring) -> Result<(), StoreError> {
    let rows = database.query("SELECT key_id FROM vault_keys ORDER BY key_id", vec![]).await?;
    for row in &rows {
        let key_id = row.text(0)?;
        if !keys.has(&key_id) {
            return Err(keyring::missing(&key_id));
        }
    }
    Ok(())
}

/// Drops secrets that no key opens any more, and the note of their keys. Returns how many there were.
pub(super) async fn forget(database: &Database) -> Result<u64, StoreError> {
    let mut tx = database.begin().await?;
    let dropped = tx.execute("DELETE FROM vault", vec![]).await?;
    tx.execute("DELETE FROM vault_keys", vec![]).await?;
    tx.commit().await?;
    Ok(dropped)
}

fn bound_to(place: &str) -> String {
    format!("vault/{place}")
}

async fn note_key(tx: &mut Tx, key_id: &str, now_us: i64) -> Result<(), StoreError> {
    let sql = "INSERT INTO vault_keys (key_id, noted_us) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    tx.execute(sql, vec![key_id.into(), now_us.into()]).await?;
    Ok(())
}

async fn put(tx: &mut Tx, place: &str, sealed: Vec<u8>, now_us: i64) -> Result<(), StoreError> {
    let sql = "INSERT INTO vault (place, sealed, updated_us) VALUES ($1, $2, $3)
        ON CONFLICT (place) DO UPDATE SET sealed = excluded.sealed, updated_us = excluded.updated_us";
    tx.execute(sql, vec![place.into(), sealed.into(), now_us.into()]).await?;
    Ok(())
}

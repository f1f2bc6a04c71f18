//! Definitions of conversions.

use forecourt_model::conversion::{Conversion, ConversionKind};

use super::{AccountError, Control};
use crate::{Row, StoreError, Value};

const COLUMNS: &str = "id, name, kind, event, condition_sql, value";
const NAME_CHARS_MAX: usize = 100;
const ID_BYTES_MAX: usize = 40;

fn read(row: &Row) -> Result<Conversion, StoreError> {
    let kind = row.text(2)?;
    Ok(Conversion {
        id: row.text(0)?,
        name: row.text(1)?,
        kind: ConversionKind::parse(&kind).ok_or_else(|| StoreError::Unreadable(format!("kind of conversion `{kind}`")))?,
        event: row.text(3)?,
        condition: row.maybe_text(4)?,
        value: row.maybe_real(5)?,
    })
}

impl Control {
    /// By kind, then by name.
    pub async fn conversions(&self) -> Result<Vec<Conversion>, StoreError> {
        let rows = self.database.query(&format!("SELECT {COLUMNS} FROM conversions ORDER BY kind DESC, name, id"), vec![]).await?;
        rows.iter().map(read).collect()
    }

    /// Adds a definition, under its id or, where that is empty, under one made of its event's name.
    ///
    /// Errors: [`AccountError::Invalid`] for a bad or taken id or name, no event, a value below 0.
    pub async fn add_conversion(&self, conversion: Conversion, now_us: i64) -> Result<Conversion, AccountError> {
        let held = self.conversions().await?;
        let mut conversion = checked(conversion)?;
        if conversion.id.is_empty() {
            conversion.id = free_id(&conversion.event, &held);
        }
        let sql = "INSERT INTO conversions (id, name, kind, event, condition_sql, value, created_us, updated_us)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT DO NOTHING";
        let mut values = values(&conversion);
        values.push(now_us.into());
        match self.database.execute(sql, values).await? {
            0 => Err(taken(&conversion)),
            _ => Ok(conversion),
        }
    }

    /// Puts a definition in the place of the one with its id; `None` when there is none.
    ///
    /// Errors: as [`Self::add_conversion`].
    pub async fn update_conversion(&self, conversion: Conversion, now_us: i64) -> Result<Option<Conversion>, AccountError> {
        let conversion = checked(conversion)?;
        if self.conversions().await?.iter().any(|held| held.name == conversion.name && held.id != conversion.id) {
            return Err(taken(&conversion));
        }
        let sql = "UPDATE conversions SET name = $2, kind = $3, event = $4, condition_sql = $5, value = $6, updated_us = $7 WHERE id = $1";
        let mut values = values(&conversion);
        values.push(now_us.into());
        Ok((self.database.execute(sql, values).await? != 0).then_some(conversion))
    }

    /// `false` when there was none.
    pub async fn remove_conversion(&self, id: &str) -> Result<bool, StoreError> {
        Ok(self.database.execute("DELETE FROM conversions WHERE id = $1", vec![id.into()]).await? != 0)
    }
}

fn values(conversion: &Conversion) -> Vec<Value> {
    vec![
        conversion.id.as_str().into(),
        conversion.name.as_str().into(),
        conversion.kind.as_str().into(),
        conversion.event.as_str().into(),
        Value::Text(conversion.condition.clone()),
        conversion.value.into(),
    ]
}

fn checked(conversion: Conversion) -> Result<Conversion, AccountError> {
    let invalid = |told: &str| Err(AccountError::Invalid(told.to_owned()));
    let name = conversion.name.trim().to_owned();
    if name.is_empty() || NAME_CHARS_MAX < name.chars().count() || name.chars().any(char::is_control) {
        return Err(AccountError::Invalid(format!("`name`: a conversion needs a name of 1 to {NAME_CHARS_MAX} characters")));
    }
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
    if ID_BYTES_MAX < conversion.id.len() || !conversion.id.bytes().all(plain) {
        return Err(AccountError::Invalid(format!("`id`: write at most {ID_BYTES_MAX} of the letters a-z, digits, `_` and `-`")));
    }
    if conversion.event.is_empty() {
        return invalid("`event`: name the event that is counted");
    }
    if conversion.value.is_some_and(|value| !value.is_finite() || value < 0.0) {
        return invalid("`value`: write a number that is not below 0, or leave it out: the event's own value then counts");
    }
    let condition = conversion.condition.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    Ok(Conversion { name, condition, ..conversion })
}

/// An id that reads like the event's name and is not taken.
fn free_id(event: &str, held: &[Conversion]) -> String {
    let word: String = event.to_lowercase().chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
    let word = word.trim_matches('_').chars().take(ID_BYTES_MAX - 4).collect::<String>();
    let word = if word.is_empty() { "conversion".to_owned() } else { word };
    let is_free = |id: &String| held.iter().all(|conversion| conversion.id != *id);
    std::iter::once(word.clone()).chain((2..).map(|number| format!("{word}_{number}"))).find(is_free).unwrap_or(word)
}

fn taken(conversion: &Conversion) -> AccountError {
    AccountError::Invalid(format!("`name`: there is a conversion `{}` already: take another name", conversion.name))
}

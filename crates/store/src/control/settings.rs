//! Settings: one JSON value per name.

use serde::{Serialize, de::DeserializeOwned};

use super::Control;
use crate::StoreError;

impl Control {
    /// Errors: [`StoreError::Unreadable`] for a value of another shape.
    pub async fn setting<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StoreError> {
        let rows = self.database.query("SELECT value FROM settings WHERE name = $1", vec![name.into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let read = serde_json::from_str(&row.text(0)?);
        read.map(Some).map_err(|error| StoreError::Unreadable(format!("setting `{name}`: {error}")))
    }

    pub async fn put_setting<T: Serialize>(&self, name: &str, value: &T) -> Result<(), StoreError> {
        let text = serde_json::to_string(value).map_err(|error| StoreError::Invalid(format!("setting `{name}`: {error}")))?;
        let sql = "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        self.database.execute(sql, vec![name.into(), text.into()]).await?;
        Ok(())
    }
}

//! Settings: one JSON value per name.

use forecourt_model::{Role, mask::MASKED_ROLES, retention::Retention};
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

    pub async fn drop_setting(&self, name: &str) -> Result<(), StoreError> {
        self.database.execute("DELETE FROM settings WHERE name = $1", vec![name.into()]).await?;
        Ok(())
    }

    /// Roles that see people masked.
    pub async fn masked_roles(&self) -> Result<Vec<Role>, StoreError> {
        Ok(self.setting("masked_roles").await?.unwrap_or_else(|| MASKED_ROLES.to_vec()))
    }

    pub async fn mask_for(&self, roles: &[Role]) -> Result<(), StoreError> {
        self.put_setting("masked_roles", &roles).await
    }

    /// For how long events are kept.
    pub async fn retention(&self) -> Result<Retention, StoreError> {
        Ok(self.setting("retention").await?.unwrap_or_default())
    }

    /// Errors: [`StoreError::Invalid`] for rules that do not hold.
    pub async fn retain(&self, retention: &Retention) -> Result<(), StoreError> {
        retention.check().map_err(StoreError::Invalid)?;
        self.put_setting("retention", retention).await
    }
}

//! Mappings of import files, kept by name.

use super::{AccountError, Control};
use crate::{Row, StoreError};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportMapping {
    pub name: String,
    /// What the rows are: `events`, `leads`, …
    pub kind: String,
    /// JSON.
    pub mapping: String,
    pub updated_by: String,
    pub updated_us: i64,
}

const COLUMNS: &str = "name, kind, mapping, updated_by, updated_us";
const NAME_CHARS_MAX: usize = 100;

impl ImportMapping {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { name: row.text(0)?, kind: row.text(1)?, mapping: row.text(2)?, updated_by: row.text(3)?, updated_us: row.int(4)? })
    }
}

impl Control {
    /// By name.
    pub async fn import_mappings(&self) -> Result<Vec<ImportMapping>, StoreError> {
        let rows = self.database.query(&format!("SELECT {COLUMNS} FROM import_mappings ORDER BY name"), vec![]).await?;
        rows.iter().map(ImportMapping::read).collect()
    }

    /// Keeps a mapping, in place of the one of its name.
    ///
    /// Errors: [`AccountError::Invalid`] for a name that is empty or too long.
    pub async fn put_import_mapping(&self, mapping: &ImportMapping) -> Result<(), AccountError> {
        let name = mapping.name.trim();
        if name.is_empty() || NAME_CHARS_MAX < name.chars().count() || name.chars().any(char::is_control) {
            return Err(AccountError::Invalid(format!("a mapping needs a name of 1 to {NAME_CHARS_MAX} characters")));
        }
        let sql = format!(
            "INSERT INTO import_mappings ({COLUMNS}) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO UPDATE SET
             kind = excluded.kind, mapping = excluded.mapping, updated_by = excluded.updated_by, updated_us = excluded.updated_us"
        );
        let values = vec![
            name.into(),
            mapping.kind.as_str().into(),
            mapping.mapping.as_str().into(),
            mapping.updated_by.as_str().into(),
            mapping.updated_us.into(),
        ];
        self.database.execute(&sql, values).await?;
        Ok(())
    }

    /// Whether there was one.
    pub async fn remove_import_mapping(&self, name: &str) -> Result<bool, StoreError> {
        Ok(self.database.execute("DELETE FROM import_mappings WHERE name = $1", vec![name.into()]).await? == 1)
    }
}

//! Sources: what brings events in. A source has a write key, which can only write.

use forecourt_model::hook::HookMapping;

use super::{AccountError, Control, secrets};
use crate::{Row, StoreError, Value};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub id: String,
    pub name: String,
    /// `segment` (SDKs and HTTP), `import` (files), `form`.
    pub kind: String,
    pub write_key: String,
    pub enabled: bool,
    pub created_us: i64,
    /// How bodies of another program's webhook are read.
    pub mapping: Option<HookMapping>,
}

const COLUMNS: &str = "id, name, kind, write_key, enabled, created_us, mapping";

/// The longest name, in characters.
const NAME_CHARS_MAX: usize = 100;

impl Source {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let mapping = Some(row.text(6)?).filter(|text| !text.is_empty());
        let read =
            |text: String| serde_json::from_str(&text).map_err(|error| StoreError::Unreadable(format!("a source's mapping: {error}")));
        Ok(Self {
            mapping: mapping.map(read).transpose()?,
            id: row.text(0)?,
            name: row.text(1)?,
            kind: row.text(2)?,
            write_key: row.text(3)?,
            enabled: row.int(4)? != 0,
            created_us: row.int(5)?,
        })
    }
}

impl Control {
    /// Errors: [`AccountError::Invalid`] for a name that is empty, too long or taken.
    pub async fn add_source(&self, name: &str, kind: &str, now_us: i64) -> Result<Source, AccountError> {
        let source = Source {
            id: secrets::new_id("src"),
            name: checked_name(name)?,
            kind: kind.to_owned(),
            write_key: secrets::random_text(32),
            enabled: true,
            created_us: now_us,
            mapping: None,
        };
        let sql =
            "INSERT INTO sources (id, name, kind, write_key, enabled, created_us) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
        let values: Vec<Value> = vec![
            source.id.as_str().into(),
            source.name.as_str().into(),
            source.kind.as_str().into(),
            source.write_key.as_str().into(),
            source.enabled.into(),
            now_us.into(),
        ];
        match self.database.execute(sql, values).await? {
            0 => Err(taken(&source.name)),
            _ => Ok(source),
        }
    }

    /// By name.
    pub async fn sources(&self) -> Result<Vec<Source>, StoreError> {
        let rows = self.database.query(&format!("SELECT {COLUMNS} FROM sources ORDER BY name, id"), vec![]).await?;
        rows.iter().map(Source::read).collect()
    }

    pub async fn source(&self, id: &str) -> Result<Option<Source>, StoreError> {
        let rows = self.database.query(&format!("SELECT {COLUMNS} FROM sources WHERE id = $1"), vec![id.into()]).await?;
        rows.first().map(Source::read).transpose()
    }

    /// Changes what is given; `None` when there is no such source.
    pub async fn update_source(&self, id: &str, name: Option<&str>, enabled: Option<bool>) -> Result<Option<Source>, AccountError> {
        let name = name.map(checked_name).transpose()?;
        let mut tx = self.database.begin().await?;
        if let Some(name) = &name {
            let others = tx.query("SELECT id FROM sources WHERE name = $1 AND id <> $2", vec![name.as_str().into(), id.into()]).await?;
            if !others.is_empty() {
                return Err(taken(name));
            }
        }
        let sql =
            format!("UPDATE sources SET name = COALESCE($2, name), enabled = COALESCE($3, enabled) WHERE id = $1 RETURNING {COLUMNS}");
        let rows = tx.query(&sql, vec![id.into(), Value::Text(name), Value::Int(enabled.map(i64::from))]).await?;
        tx.commit().await?;
        Ok(rows.first().map(Source::read).transpose()?)
    }

    /// Says how bodies of another program's webhook are read; `None` when there is no such source.
    pub async fn set_source_mapping(&self, id: &str, mapping: Option<&HookMapping>) -> Result<Option<Source>, StoreError> {
        let text = mapping.map(|mapping| serde_json::to_string(mapping).unwrap_or_default()).unwrap_or_default();
        let mut tx = self.database.begin().await?;
        let sql = format!("UPDATE sources SET mapping = $2 WHERE id = $1 RETURNING {COLUMNS}");
        let rows = tx.query(&sql, vec![id.into(), text.into()]).await?;
        tx.commit().await?;
        rows.first().map(Source::read).transpose()
    }

    /// Gives a source a new write key; the old one stops working. `None` when there is no such source.
    pub async fn rotate_write_key(&self, id: &str) -> Result<Option<Source>, StoreError> {
        let mut tx = self.database.begin().await?;
        let sql = format!("UPDATE sources SET write_key = $2 WHERE id = $1 RETURNING {COLUMNS}");
        let rows = tx.query(&sql, vec![id.into(), secrets::random_text(32).into()]).await?;
        tx.commit().await?;
        rows.first().map(Source::read).transpose()
    }
}

fn checked_name(name: &str) -> Result<String, AccountError> {
    let name = name.trim();
    let fits = !name.is_empty() && name.chars().count() <= NAME_CHARS_MAX && !name.chars().any(char::is_control);
    if fits {
        Ok(name.to_owned())
    } else {
        Err(AccountError::Invalid(format!("a source needs a name of 1 to {NAME_CHARS_MAX} characters")))
    }
}

fn taken(name: &str) -> AccountError {
    AccountError::Invalid(format!("there is a source `{name}` already: take another name"))
}

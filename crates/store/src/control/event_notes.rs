//! What people say of event names: what they mean, whose they are, whether they should come at all.

use std::collections::BTreeMap;

use super::{AccountError, Control};
use crate::{Row, StoreError};

/// What a team means to do with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventStatus {
    /// Not said.
    Unplanned,
    /// It is meant to come.
    Expected,
    /// It still comes, and nothing new should be built on it.
    Deprecated,
}

impl EventStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unplanned => "unplanned",
            Self::Expected => "expected",
            Self::Deprecated => "deprecated",
        }
    }

    fn read(text: &str) -> Result<Self, StoreError> {
        let known = [Self::Unplanned, Self::Expected, Self::Deprecated].into_iter().find(|status| status.as_str() == text);
        known.ok_or_else(|| StoreError::Unreadable(format!("event status `{text}`")))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventNote {
    pub description: String,
    /// Who answers questions about it: a person or a team, in words.
    pub owner: String,
    pub status: EventStatus,
    pub updated_us: i64,
    pub updated_by: String,
}

impl EventNote {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            description: row.text(1)?,
            owner: row.text(2)?,
            status: EventStatus::read(&row.text(3)?)?,
            updated_us: row.int(4)?,
            updated_by: row.text(5)?,
        })
    }
}

impl Control {
    /// By event name.
    pub async fn event_notes(&self) -> Result<BTreeMap<String, EventNote>, StoreError> {
        let sql = "SELECT event, description, owner, status, updated_us, updated_by FROM event_notes";
        let rows = self.database.query(sql, vec![]).await?;
        rows.iter().map(|row| Ok((row.text(0)?, EventNote::read(row)?))).collect()
    }

    /// Errors: [`AccountError::Invalid`] for words that are too long.
    pub async fn put_event_note(&self, event: &str, note: &EventNote) -> Result<(), AccountError> {
        if 2_000 < note.description.chars().count() || 200 < note.owner.chars().count() || 200 < event.chars().count() {
            return Err(AccountError::Invalid("a description has at most 2,000 characters, an owner 200".into()));
        }
        let sql = "INSERT INTO event_notes (event, description, owner, status, updated_us, updated_by) VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (event) DO UPDATE SET description = excluded.description, owner = excluded.owner, status = excluded.status,
            updated_us = excluded.updated_us, updated_by = excluded.updated_by";
        let values = vec![
            event.into(),
            note.description.trim().into(),
            note.owner.trim().into(),
            note.status.as_str().into(),
            note.updated_us.into(),
            note.updated_by.as_str().into(),
        ];
        self.database.execute(sql, values).await?;
        Ok(())
    }
}

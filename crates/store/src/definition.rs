//! Definitions that the fold goes by: what people configured and the log carries, so that a replay knows them too.

use std::sync::Arc;

use forecourt_model::{ChannelRules, channel::ChannelRule, form::Form, message::Sending};

use crate::{Row, Store, StoreError, Value, store::FoldTx};

/// A definition as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition<T> {
    pub body: T,
    /// 1 for the first.
    pub version: i64,
    pub created_us: i64,
    pub changed_us: i64,
    /// E-mail of the user, or the token's name.
    pub changed_by: String,
}

/// A definition to save.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinitionChange {
    pub kind: &'static str,
    pub definition_id: String,
    pub log_offset: u64,
    pub changed_us: i64,
    pub changed_by: String,
    /// JSON.
    pub body: String,
}

/// The kind of forms.
pub const FORM: &str = "form";
/// The kind of the switches over all sending; there is one.
pub const SENDING: &str = "sending";
/// The kind of the list of channel rules; there is one.
pub const CHANNEL_RULES: &str = "channel_rules";
/// The kind of the identity settings; there is one.
pub const IDENTITY: &str = "identity";

const SELECT: &str = "SELECT body, version, created_us, changed_us, changed_by FROM definitions WHERE kind = $1 ORDER BY definition_id";

fn definition<T: serde::de::DeserializeOwned>(row: &Row) -> Result<Definition<T>, StoreError> {
    let body = serde_json::from_str(&row.text(0)?).map_err(|error| StoreError::Unreadable(format!("a definition: {error}")))?;
    Ok(Definition { body, version: row.int(1)?, created_us: row.int(2)?, changed_us: row.int(3)?, changed_by: row.text(4)? })
}

impl FoldTx {
    /// All forms, by id.
    pub async fn forms(&mut self) -> Result<Vec<Form>, StoreError> {
        let rows = self.tx.query(SELECT, vec![FORM.into()]).await?;
        rows.iter().map(|row| definition(row).map(|definition| definition.body)).collect()
    }

    pub async fn sending(&mut self) -> Result<Sending, StoreError> {
        let rows = self.tx.query(SELECT, vec![SENDING.into()]).await?;
        Ok(rows.first().map(definition).transpose()?.map_or_else(Sending::default, |definition: Definition<Sending>| definition.body))
    }

    /// Saves definitions in the order of their changes; each change is a version.
    pub async fn save_definitions(&mut self, changes: &[DefinitionChange]) -> Result<(), StoreError> {
        const SQL: &str = "INSERT INTO definitions (kind, definition_id, version, log_offset, created_us, changed_us, changed_by, body)
            VALUES ($1, $2, 1, $3, $4, $4, $5, $6) ON CONFLICT (kind, definition_id) DO UPDATE SET version = definitions.version + 1,
            log_offset = excluded.log_offset, changed_us = excluded.changed_us, changed_by = excluded.changed_by, body = excluded.body";
        for change in changes {
            let parameters: Vec<Value> = vec![
                change.kind.into(),
                change.definition_id.as_str().into(),
                change.log_offset.into(),
                change.changed_us.into(),
                change.changed_by.as_str().into(),
                change.body.as_str().into(),
            ];
            self.tx.execute(SQL, parameters).await?;
        }
        Ok(())
    }
}

impl Store {
    /// All forms, by id.
    pub async fn forms(&self) -> Result<Vec<Definition<Form>>, StoreError> {
        self.db.query(SELECT, vec![FORM.into()]).await?.iter().map(definition).collect()
    }

    pub async fn form(&self, form_id: &str) -> Result<Option<Definition<Form>>, StoreError> {
        const SQL: &str =
            "SELECT body, version, created_us, changed_us, changed_by FROM definitions WHERE kind = $1 AND definition_id = $2";
        self.db.query(SQL, vec![FORM.into(), form_id.into()]).await?.first().map(definition).transpose()
    }

    /// The switches over all sending; safe mode is on until somebody switched it off.
    pub async fn sending(&self) -> Result<Sending, StoreError> {
        let rows = self.db.query(SELECT, vec![SENDING.into()]).await?;
        Ok(rows.first().map(definition).transpose()?.map_or_else(Sending::default, |definition: Definition<Sending>| definition.body))
    }

    /// The definition of a kind of which there is one; `None` while nobody changed the built-in one.
    pub(crate) async fn only_definition<T: serde::de::DeserializeOwned>(&self, kind: &str) -> Result<Option<Definition<T>>, StoreError> {
        self.db.query(SELECT, vec![kind.into()]).await?.first().map(definition).transpose()
    }

    /// Changes whenever a definition changed: an offset.
    pub async fn definitions_version(&self) -> Result<u64, StoreError> {
        Ok(self.fold_numbers().await?.get("definitions_version").copied().unwrap_or(0) as u64)
    }

    /// The list of channel rules as somebody changed it last; `None` while it is the built-in one.
    pub async fn changed_channel_rules(&self) -> Result<Option<Definition<Vec<ChannelRule>>>, StoreError> {
        self.db.query(SELECT, vec![CHANNEL_RULES.into()]).await?.first().map(definition).transpose()
    }

    /// The channel rules that the fold goes on with.
    pub async fn channel_rules(&self) -> Result<Arc<ChannelRules>, StoreError> {
        let Some(changed) = self.changed_channel_rules().await? else { return Ok(ChannelRules::built_in().clone()) };
        let rules = ChannelRules::read(changed.body).map(Arc::new);
        rules.map_err(|reason| StoreError::Unreadable(format!("the channel rules: {reason}")))
    }
}

//! Definitions that the fold goes by: what people configured and the log carries, so that a replay knows them too.

use std::sync::Arc;

use forecourt_model::{
    ChannelRules,
    broadcast::BroadcastOf,
    channel::ChannelRule,
    form::Form,
    gate::Gate,
    journey::{Journey, JourneyOf},
    lead::{LeadRules, LearnedScore},
    message::Sending,
    message_template::{MessageTemplate, TemplateHead},
    network::Dealer,
    owner::OwnerRules,
};

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
    /// JSON; empty to take it away.
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
/// The kind of templates as they are now.
pub const TEMPLATE: &str = "template";
/// The kind of templates as they were: see [`version_id`].
pub const TEMPLATE_VERSION: &str = "template_version";
/// The kind of the gate; there is one.
pub const GATE: &str = "gate";
/// The kind of broadcasts.
pub const BROADCAST: &str = "broadcast";
/// The kind of journeys as they are drawn.
pub const JOURNEY: &str = "journey";
/// The kind of journeys as they were published: see [`version_id`].
pub const JOURNEY_VERSION: &str = "journey_version";

/// The kind of dealers.
pub const DEALER: &str = "dealer";
/// The kind of what leads are dealt with by; there is one.
pub const LEAD_RULES: &str = "lead_rules";
/// The kind of what opens leads for owners; there is one.
pub const OWNER_RULES: &str = "owner_rules";
/// The kind of the learned score in force; there is one, or none.
pub const LEAD_SCORE: &str = "lead_score";

/// What a version of a template or a journey is kept under.
pub fn version_id(template_id: &str, version: u64) -> String {
    format!("{template_id}@{version}")
}

const SELECT_ONE: &str = "SELECT body, version, created_us, changed_us, changed_by FROM definitions WHERE kind = $1 AND definition_id = $2";
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

    /// All templates as the fold keeps them, by id.
    pub async fn template_heads(&mut self) -> Result<Vec<(String, TemplateHead)>, StoreError> {
        const SQL: &str = "SELECT body, log_offset FROM definitions WHERE kind = $1 ORDER BY definition_id";
        let rows = self.tx.query(SQL, vec![TEMPLATE.into()]).await?;
        let head = |row: &Row| {
            let template: MessageTemplate =
                serde_json::from_str(&row.text(0)?).map_err(|error| StoreError::Unreadable(format!("a template: {error}")))?;
            Ok((template.template_id.clone(), template.head(row.int(1)? as u64)))
        };
        rows.iter().map(head).collect()
    }

    pub async fn gate(&mut self) -> Result<Gate, StoreError> {
        let rows = self.tx.query(SELECT, vec![GATE.into()]).await?;
        Ok(rows.first().map(definition).transpose()?.map_or_else(Gate::default, |definition: Definition<Gate>| definition.body))
    }

    /// All broadcasts, by id.
    pub async fn broadcasts(&mut self) -> Result<Vec<BroadcastOf>, StoreError> {
        let rows = self.tx.query(SELECT, vec![BROADCAST.into()]).await?;
        rows.iter().map(|row| definition(row).map(|definition| definition.body)).collect()
    }

    /// All journeys, by id.
    pub async fn journeys(&mut self) -> Result<Vec<JourneyOf>, StoreError> {
        let rows = self.tx.query(SELECT, vec![JOURNEY.into()]).await?;
        rows.iter().map(|row| definition(row).map(|definition| definition.body)).collect()
    }

    /// All dealers, by id.
    pub async fn dealers(&mut self) -> Result<Vec<Dealer>, StoreError> {
        let rows = self.tx.query(SELECT, vec![DEALER.into()]).await?;
        rows.iter().map(|row| definition(row).map(|definition| definition.body)).collect()
    }

    pub async fn lead_rules(&mut self) -> Result<LeadRules, StoreError> {
        let rows = self.tx.query(SELECT, vec![LEAD_RULES.into()]).await?;
        Ok(rows.first().map(definition).transpose()?.map_or_else(LeadRules::default, |definition: Definition<LeadRules>| definition.body))
    }

    pub async fn owner_rules(&mut self) -> Result<OwnerRules, StoreError> {
        let rows = self.tx.query(SELECT, vec![OWNER_RULES.into()]).await?;
        Ok(rows.first().map(definition).transpose()?.map_or_else(OwnerRules::default, |definition: Definition<OwnerRules>| definition.body))
    }

    /// The learned score in force; `None` while leads are scored by points.
    pub async fn lead_score(&mut self) -> Result<Option<LearnedScore>, StoreError> {
        let rows = self.tx.query(SELECT, vec![LEAD_SCORE.into()]).await?;
        Ok(rows.first().map(definition).transpose()?.map(|definition: Definition<LearnedScore>| definition.body))
    }

    /// All versions of journeys that were ever published, with the offset of each.
    pub async fn journey_versions(&mut self) -> Result<Vec<(u64, Journey)>, StoreError> {
        const SQL: &str = "SELECT body, log_offset FROM definitions WHERE kind = $1 ORDER BY definition_id";
        let rows = self.tx.query(SQL, vec![JOURNEY_VERSION.into()]).await?;
        let version = |row: &Row| {
            let journey = serde_json::from_str(&row.text(0)?).map_err(|error| StoreError::Unreadable(format!("a journey: {error}")))?;
            Ok((row.int(1)? as u64, journey))
        };
        rows.iter().map(version).collect()
    }

    /// Saves definitions in the order of their changes; each change is a version, and an empty body takes one away.
    pub async fn save_definitions(&mut self, changes: &[DefinitionChange]) -> Result<(), StoreError> {
        const SQL: &str = "INSERT INTO definitions (kind, definition_id, version, log_offset, created_us, changed_us, changed_by, body)
            VALUES ($1, $2, 1, $3, $4, $4, $5, $6) ON CONFLICT (kind, definition_id) DO UPDATE SET version = definitions.version + 1,
            log_offset = excluded.log_offset, changed_us = excluded.changed_us, changed_by = excluded.changed_by, body = excluded.body";
        for change in changes {
            if change.body.is_empty() {
                const REMOVE: &str = "DELETE FROM definitions WHERE kind = $1 AND definition_id = $2";
                self.tx.execute(REMOVE, vec![change.kind.into(), change.definition_id.as_str().into()]).await?;
                continue;
            }
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
        self.one(FORM, form_id).await
    }

    async fn one<T: serde::de::DeserializeOwned>(&self, kind: &str, id: &str) -> Result<Option<Definition<T>>, StoreError> {
        self.db.query(SELECT_ONE, vec![kind.into(), id.into()]).await?.first().map(definition).transpose()
    }

    /// All templates as they are now, by id.
    pub async fn templates(&self) -> Result<Vec<Definition<MessageTemplate>>, StoreError> {
        self.db.query(SELECT, vec![TEMPLATE.into()]).await?.iter().map(definition).collect()
    }

    pub async fn template(&self, template_id: &str) -> Result<Option<Definition<MessageTemplate>>, StoreError> {
        self.one(TEMPLATE, template_id).await
    }

    /// A template as it was from the record at `version` on.
    pub async fn template_version(&self, template_id: &str, version: u64) -> Result<Option<MessageTemplate>, StoreError> {
        let kept = self.one(TEMPLATE_VERSION, &version_id(template_id, version)).await?;
        Ok(kept.map(|definition: Definition<MessageTemplate>| definition.body))
    }

    /// What messages are admitted by; the built-in rules until somebody changed them.
    pub async fn gate(&self) -> Result<Gate, StoreError> {
        Ok(self.only_definition(GATE).await?.map_or_else(Gate::default, |definition| definition.body))
    }

    /// All broadcasts, by id.
    pub async fn broadcasts(&self) -> Result<Vec<Definition<BroadcastOf>>, StoreError> {
        self.db.query(SELECT, vec![BROADCAST.into()]).await?.iter().map(definition).collect()
    }

    pub async fn broadcast(&self, broadcast_id: &str) -> Result<Option<Definition<BroadcastOf>>, StoreError> {
        self.one(BROADCAST, broadcast_id).await
    }

    /// All journeys, by id.
    pub async fn journeys(&self) -> Result<Vec<Definition<JourneyOf>>, StoreError> {
        self.db.query(SELECT, vec![JOURNEY.into()]).await?.iter().map(definition).collect()
    }

    pub async fn journey(&self, journey_id: &str) -> Result<Option<Definition<JourneyOf>>, StoreError> {
        self.one(JOURNEY, journey_id).await
    }

    /// A journey as it was published by the record at `version`.
    pub async fn journey_version(&self, journey_id: &str, version: u64) -> Result<Option<Journey>, StoreError> {
        let kept = self.one(JOURNEY_VERSION, &version_id(journey_id, version)).await?;
        Ok(kept.map(|definition: Definition<Journey>| definition.body))
    }

    /// All dealers, by id.
    pub async fn dealers(&self) -> Result<Vec<Definition<Dealer>>, StoreError> {
        self.db.query(SELECT, vec![DEALER.into()]).await?.iter().map(definition).collect()
    }

    pub async fn dealer(&self, dealer_id: &str) -> Result<Option<Definition<Dealer>>, StoreError> {
        self.one(DEALER, dealer_id).await
    }

    /// What leads are dealt with by; `None` while nobody changed the built-in rules, which are switched off.
    pub async fn lead_rules(&self) -> Result<Option<Definition<LeadRules>>, StoreError> {
        self.only_definition(LEAD_RULES).await
    }

    /// What opens leads for owners; `None` while nobody set it.
    pub async fn owner_rules(&self) -> Result<Option<Definition<OwnerRules>>, StoreError> {
        self.only_definition(OWNER_RULES).await
    }

    /// The learned score in force; `None` while leads are scored by points.
    pub async fn lead_score(&self) -> Result<Option<Definition<LearnedScore>>, StoreError> {
        self.only_definition(LEAD_SCORE).await
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

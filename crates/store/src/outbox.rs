//! The outbox: what the fold admitted to be said to people, and where each message stands.

use std::collections::BTreeMap;

use forecourt_model::{
    FragmentId,
    message::{Message, MessageChannel, MessageState},
};

use crate::{Row, Store, StoreError, Value, database::rows_list, store::FoldTx};

const COLUMNS: &str = "message_id, round, message_channel, definition, fragment_id, phone, recipient, body, state, reason,
    is_admitted, admitted_us, pending_offset, changed_us";

/// What to list. Empty and `None` ask for everything.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    pub message_channel: Option<MessageChannel>,
    pub state: Option<MessageState>,
    pub definition: Option<String>,
    /// Where the page before ended.
    pub before: Option<(i64, String)>,
    pub limit: u32,
}

/// An SMS that was admitted lately: what a repeat is told by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recent {
    pub definition: String,
    pub phone: String,
    pub fragment_id: i64,
    pub admitted_us: i64,
}

fn message(row: &Row) -> Result<Message, StoreError> {
    let unreadable = |what: &str, text: String| StoreError::Unreadable(format!("a message's {what} `{text}`"));
    let (channel, state) = (row.text(2)?, row.text(8)?);
    Ok(Message {
        message_id: row.text(0)?,
        round: row.int(1)?,
        message_channel: MessageChannel::parse(&channel).ok_or_else(|| unreadable("channel", channel))?,
        definition: row.text(3)?,
        fragment_id: row.int(4)?,
        phone: row.text(5)?,
        recipient: row.text(6)?,
        body: row.text(7)?,
        state: MessageState::parse(&state).ok_or_else(|| unreadable("state", state))?,
        reason: row.text(9)?,
        is_admitted: row.int(10)? != 0,
        admitted_us: row.int(11)?,
        pending_offset: row.int(12)? as u64,
        changed_us: row.int(13)?,
    })
}

impl FoldTx {
    pub async fn messages(&mut self, ids: &[String]) -> Result<Vec<Message>, StoreError> {
        let keys = ids.iter().map(|id| Value::from(id.as_str())).collect();
        let rows = self.tx.query_keys(&format!("SELECT {COLUMNS} FROM outbox WHERE message_id IN"), "", keys).await?;
        rows.iter().map(message).collect()
    }

    pub async fn save_messages(&mut self, messages: impl Iterator<Item = &Message>) -> Result<(), StoreError> {
        const TAIL: &str =
            "ON CONFLICT (message_id) DO UPDATE SET round = excluded.round, state = excluded.state, reason = excluded.reason,
            pending_offset = excluded.pending_offset, changed_us = excluded.changed_us";
        let parameters = messages
            .flat_map(|message| {
                [
                    Value::from(message.message_id.as_str()),
                    Value::from(message.round),
                    Value::from(message.message_channel.as_str()),
                    Value::from(message.definition.as_str()),
                    Value::from(message.fragment_id),
                    Value::from(message.phone.as_str()),
                    Value::from(message.recipient.as_str()),
                    Value::from(message.body.as_str()),
                    Value::from(message.state.as_str()),
                    Value::from(message.reason.as_str()),
                    Value::from(message.is_admitted),
                    Value::from(message.admitted_us),
                    Value::from(message.pending_offset),
                    Value::from(message.changed_us),
                ]
            })
            .collect();
        self.tx.execute_rows(&format!("INSERT INTO outbox ({COLUMNS})"), TAIL, 14, parameters).await?;
        Ok(())
    }

    /// Forgets messages that were settled long ago.
    pub async fn drop_messages_before(&mut self, admitted_us: i64) -> Result<(), StoreError> {
        self.tx.execute("DELETE FROM outbox WHERE admitted_us < $1 AND state <> 'pending'", vec![admitted_us.into()]).await?;
        Ok(())
    }
}

impl Store {
    /// SMS that were admitted to be sent at or after `since_us`.
    pub async fn recent_sms(&self, since_us: i64) -> Result<Vec<Recent>, StoreError> {
        // What was admitted stays admitted, whatever became of it; what never was had its reason then.
        const SQL: &str = "SELECT definition, phone, fragment_id, admitted_us FROM outbox
            WHERE $1 <= admitted_us AND message_channel = 'sms' AND is_admitted = 1 ORDER BY admitted_us, message_id";
        let rows = self.db.query(SQL, vec![since_us.into()]).await?;
        rows.iter()
            .map(|row| Ok(Recent { definition: row.text(0)?, phone: row.text(1)?, fragment_id: row.int(2)?, admitted_us: row.int(3)? }))
            .collect()
    }

    /// The channel's messages that wait to be sent, in the order they were admitted, after the one named.
    pub async fn pending_messages(&self, channel: MessageChannel, after: (u64, &str), limit: u32) -> Result<Vec<Message>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM outbox WHERE state = 'pending' AND message_channel = $1
             AND (pending_offset > $2 OR (pending_offset = $2 AND message_id > $3)) ORDER BY pending_offset, message_id LIMIT $4"
        );
        let parameters = vec![channel.as_str().into(), after.0.into(), after.1.into(), i64::from(limit).into()];
        self.db.query(&sql, parameters).await?.iter().map(message).collect()
    }

    pub async fn message(&self, message_id: &str) -> Result<Option<Message>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM outbox WHERE message_id = $1");
        self.db.query(&sql, vec![message_id.into()]).await?.first().map(message).transpose()
    }

    /// Messages to these fragments, or to these numbers; oldest first.
    pub async fn messages_to(&self, fragments: &[FragmentId], phones: &[String]) -> Result<Vec<Message>, StoreError> {
        let of_fragments: Vec<Value> = fragments.iter().map(|id| id.0.into()).collect();
        let of_phones: Vec<Value> = phones.iter().map(|phone| phone.as_str().into()).collect();
        let mut found: BTreeMap<(i64, String), Message> = BTreeMap::new();
        for (column, keys) in [("fragment_id", of_fragments), ("phone", of_phones)] {
            for chunk in keys.chunks(500) {
                let sql = format!("SELECT {COLUMNS} FROM outbox WHERE {column} IN {}", rows_list(1, chunk.len()));
                for row in self.db.query(&sql, chunk.to_vec()).await? {
                    let message = message(&row)?;
                    found.insert((message.admitted_us, message.message_id.clone()), message);
                }
            }
        }
        Ok(found.into_values().collect())
    }

    /// Newest first.
    pub async fn list_messages(&self, listing: &Listing) -> Result<Vec<Message>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM outbox WHERE ($1 = '' OR message_channel = $1) AND ($2 = '' OR state = $2) AND ($3 = '' OR definition = $3)
             AND (admitted_us < $4 OR (admitted_us = $4 AND message_id < $5)) ORDER BY admitted_us DESC, message_id DESC LIMIT $6"
        );
        let (before_us, before_id) = listing.before.clone().unwrap_or((i64::MAX, String::new()));
        let parameters = vec![
            listing.message_channel.map_or("", MessageChannel::as_str).into(),
            listing.state.map_or("", MessageState::as_str).into(),
            listing.definition.clone().unwrap_or_default().into(),
            before_us.into(),
            before_id.into(),
            i64::from(listing.limit).into(),
        ];
        self.db.query(&sql, parameters).await?.iter().map(message).collect()
    }

    /// How many messages stand where, of those admitted at or after `since_us`.
    pub async fn message_counts(&self, since_us: i64) -> Result<Vec<(MessageChannel, MessageState, i64)>, StoreError> {
        const SQL: &str =
            "SELECT message_channel, state, COUNT(*) FROM outbox WHERE $1 <= admitted_us GROUP BY message_channel, state ORDER BY 1, 2";
        let mut counts = Vec::new();
        for row in self.db.query(SQL, vec![since_us.into()]).await? {
            if let (Some(channel), Some(state)) = (MessageChannel::parse(&row.text(0)?), MessageState::parse(&row.text(1)?)) {
                counts.push((channel, state, row.int(2)?));
            }
        }
        Ok(counts)
    }
}

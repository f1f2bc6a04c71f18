//! The outbox: what the fold admitted to be said to people, and where each message stands.

use std::collections::BTreeMap;

use forecourt_model::{
    FragmentId, ProfileId,
    gate::Admitted,
    message::{Message, MessageChannel, MessageState},
};

use crate::{Row, Store, StoreError, Value, database::rows_list, store::FoldTx};

const COLUMNS: &str = "message_id, round, message_channel, definition, fragment_id, phone, recipient, body, state, reason,
    is_admitted, admitted_us, pending_offset, changed_us, purpose, variant, step, plan, due_us, read_us, clicked_us";
const COLUMNS_COUNT: usize = 21;

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
        plan: match row.text(17)? {
            plan if plan.is_empty() => None,
            plan => Some(serde_json::from_str(&plan).map_err(|error| StoreError::Unreadable(format!("a message's plan: {error}")))?),
        },
        due_us: some_us(row.int(18)?),
        read_us: some_us(row.int(19)?),
        clicked_us: some_us(row.int(20)?),
    })
}

/// Zero stands for none, so that indexes leave those out.
fn some_us(us: i64) -> Option<i64> {
    Some(us).filter(|us| *us != 0)
}

/// A message that was admitted to somebody, as far as the gate looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmittedTo {
    pub message_id: String,
    pub fragment_id: FragmentId,
    pub admitted: Admitted,
}

/// A message as far as reports look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageOf {
    pub profile_id: ProfileId,
    pub variant: String,
    pub step: i64,
    pub message_channel: MessageChannel,
    pub state: MessageState,
    pub reason: String,
    pub is_read: bool,
    pub is_clicked: bool,
    pub is_admitted: bool,
}

/// An order that followed a message.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderAfter {
    pub variant: String,
    pub profile_id: ProfileId,
    pub revenue: Option<f64>,
}

/// What happened with a definition's messages in one hour of UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageHour {
    pub at_us: i64,
    pub sent: i64,
    pub read: i64,
    pub clicked: i64,
}

/// A fragment as far as messages look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReachRow {
    pub fragment_id: FragmentId,
    pub profile_id: ProfileId,
    pub kind: String,
    pub value: String,
    pub generation: u32,
    pub last_us: i64,
    /// JSON of [`forecourt_model::FragmentState`].
    pub state: String,
}

/// Messages of one definition that came equally far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageCount {
    pub variant: String,
    pub step: i64,
    pub message_channel: MessageChannel,
    pub state: MessageState,
    /// Its code, without what stands behind a colon where it was sent.
    pub reason: String,
    pub messages: i64,
    /// Of these, read and clicked by people.
    pub read: i64,
    pub clicked: i64,
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
            is_admitted = excluded.is_admitted, admitted_us = excluded.admitted_us, pending_offset = excluded.pending_offset,
            changed_us = excluded.changed_us, fragment_id = excluded.fragment_id, recipient = excluded.recipient, phone = excluded.phone,
            body = excluded.body, plan = excluded.plan, due_us = excluded.due_us, read_us = excluded.read_us, clicked_us = excluded.clicked_us";
        let parameters = messages
            .flat_map(|message| {
                let plan = message.plan.as_deref();
                let plan_text = plan.map_or(String::new(), |plan| serde_json::to_string(plan).unwrap_or_default());
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
                    Value::from(message.purpose()),
                    Value::from(plan.map_or("", |plan| plan.variant.as_str())),
                    Value::from(plan.map_or(0, |plan| i64::from(plan.step))),
                    Value::from(plan_text.as_str()),
                    Value::from(message.due_us.unwrap_or(0)),
                    Value::from(message.read_us.unwrap_or(0)),
                    Value::from(message.clicked_us.unwrap_or(0)),
                ]
            })
            .collect();
        self.tx.execute_rows(&format!("INSERT INTO outbox ({COLUMNS})"), TAIL, COLUMNS_COUNT, parameters).await?;
        Ok(())
    }

    /// Messages whose time has come, in its order; of those due together who waits longest is first.
    pub async fn messages_due(&mut self, until_us: i64, limit: usize) -> Result<Vec<Message>, StoreError> {
        let sql =
            format!("SELECT {COLUMNS} FROM outbox WHERE due_us <> 0 AND due_us <= $1 ORDER BY due_us, admitted_us, message_id LIMIT $2");
        self.tx.query(&sql, vec![until_us.into(), (limit as i64).into()]).await?.iter().map(message).collect()
    }

    /// Messages made of templates that were admitted at or after `since_us` to any of these fragments.
    pub async fn admitted_to(&mut self, fragments: &[FragmentId], since_us: i64) -> Result<Vec<AdmittedTo>, StoreError> {
        let keys = fragments.iter().map(|id| id.0.into()).collect();
        let tail = format!("AND {since_us} <= admitted_us AND plan <> '' AND is_admitted = 1");
        const HEAD: &str = "SELECT message_id, fragment_id, admitted_us, message_channel, purpose FROM outbox WHERE fragment_id IN";
        let mut found = Vec::new();
        for row in self.tx.query_keys(HEAD, &tail, keys).await? {
            let Some(message_channel) = MessageChannel::parse(&row.text(3)?) else { continue };
            let admitted = Admitted { at_us: row.int(2)?, message_channel, purpose: row.text(4)? };
            found.push(AdmittedTo { message_id: row.text(0)?, fragment_id: FragmentId(row.int(1)?), admitted });
        }
        Ok(found)
    }

    /// To which of these fragments there are messages of a broadcast, whatever became of them.
    ///
    /// * `broadcast_id`: as it was checked when the broadcast was set.
    pub async fn reached_by(&mut self, broadcast_id: &str, fragments: &[FragmentId]) -> Result<Vec<FragmentId>, StoreError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if !broadcast_id.bytes().all(is_plain) {
            return Err(StoreError::Invalid(format!("`{broadcast_id}` is no broadcast's id")));
        }
        let keys = fragments.iter().map(|id| id.0.into()).collect();
        let tail = format!("AND definition = 'broadcast:{broadcast_id}'");
        let rows = self.tx.query_keys("SELECT fragment_id FROM outbox WHERE fragment_id IN", &tail, keys).await?;
        rows.iter().map(|row| row.int(0).map(FragmentId)).collect()
    }

    /// Messages made of templates to these fragments that are not sent yet.
    pub async fn unsent_to(&mut self, fragments: &[FragmentId]) -> Result<Vec<Message>, StoreError> {
        let keys = fragments.iter().map(|id| id.0.into()).collect();
        let head = format!("SELECT {COLUMNS} FROM outbox WHERE fragment_id IN");
        let rows = self.tx.query_keys(&head, "AND plan <> '' AND state IN ('pending', 'postponed')", keys).await?;
        rows.iter().map(message).collect()
    }

    /// Forgets messages that were settled long ago.
    pub async fn drop_messages_before(&mut self, admitted_us: i64) -> Result<(), StoreError> {
        self.tx
            .execute("DELETE FROM outbox WHERE admitted_us < $1 AND state NOT IN ('pending', 'postponed')", vec![admitted_us.into()])
            .await?;
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

    /// How far a definition's messages came.
    pub async fn counts_of(&self, definition: &str) -> Result<Vec<MessageCount>, StoreError> {
        const SQL: &str = "SELECT variant, step, message_channel, state, CASE WHEN state IN ('suppressed', 'postponed', 'held') THEN reason ELSE '' END AS why,
            COUNT(*), SUM(CASE WHEN read_us <> 0 THEN 1 ELSE 0 END), SUM(CASE WHEN clicked_us <> 0 THEN 1 ELSE 0 END)
            FROM outbox WHERE definition = $1 GROUP BY variant, step, message_channel, state, why ORDER BY 1, 2, 3, 4, 5";
        let mut counts = Vec::new();
        for row in self.db.query(SQL, vec![definition.into()]).await? {
            if let (Some(message_channel), Some(state)) = (MessageChannel::parse(&row.text(2)?), MessageState::parse(&row.text(3)?)) {
                counts.push(MessageCount {
                    variant: row.text(0)?,
                    step: row.int(1)?,
                    message_channel,
                    state,
                    reason: row.text(4)?,
                    messages: row.int(5)?,
                    read: row.int(6)?,
                    clicked: row.int(7)?,
                });
            }
        }
        Ok(counts)
    }

    /// Whether a message, a membership, a run, a lead or a vehicle waits for a time that has come by `until_us`.
    pub async fn is_anything_due(&self, until_us: i64) -> Result<bool, StoreError> {
        for sql in [
            "SELECT 1 FROM outbox WHERE due_us <> 0 AND due_us <= $1 LIMIT 1",
            "SELECT 1 FROM memberships WHERE turns_us <> 0 AND turns_us <= $1 LIMIT 1",
            "SELECT 1 FROM runs WHERE due_us <> 0 AND due_us <= $1 LIMIT 1",
            "SELECT 1 FROM handlings WHERE due_us <> 0 AND due_us <= $1 LIMIT 1",
            "SELECT 1 FROM vehicles WHERE due_us <> 0 AND due_us <= $1 LIMIT 1",
        ] {
            if !self.db.query(sql, vec![until_us.into()]).await?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// When, by `until_us`, something is due that nobody is to wait a minute for: a lead rings at the next, rules look at a vehicle.
    pub async fn next_pressing(&self, until_us: i64) -> Result<Option<i64>, StoreError> {
        let mut next = None;
        for sql in [
            "SELECT due_us FROM handlings WHERE due_us <> 0 AND due_us <= $1 AND queue = 'verification' ORDER BY due_us LIMIT 1",
            "SELECT due_us FROM vehicles WHERE due_us <> 0 AND due_us <= $1 ORDER BY due_us LIMIT 1",
        ] {
            let rows = self.db.query(sql, vec![until_us.into()]).await?;
            let due_us = rows.first().map(|row| row.int(0)).transpose()?;
            next = next.into_iter().chain(due_us).min();
        }
        Ok(next)
    }

    /// Each message of a definition as far as reports look at it, with whose it is.
    pub async fn messages_by_profile(&self, definition: &str) -> Result<Vec<MessageOf>, StoreError> {
        const SQL: &str =
            "SELECT f.profile_id, o.variant, o.step, o.message_channel, o.state, o.reason, o.read_us, o.clicked_us, o.is_admitted
            FROM outbox o JOIN fragments f ON f.fragment_id = o.fragment_id WHERE o.definition = $1";
        let mut found = Vec::new();
        for row in self.db.query(SQL, vec![definition.into()]).await? {
            if let (Some(message_channel), Some(state)) = (MessageChannel::parse(&row.text(3)?), MessageState::parse(&row.text(4)?)) {
                found.push(MessageOf {
                    profile_id: ProfileId(row.int(0)?),
                    variant: row.text(1)?,
                    step: row.int(2)?,
                    message_channel,
                    state,
                    reason: row.text(5)?,
                    is_read: row.int(6)? != 0,
                    is_clicked: row.int(7)? != 0,
                    is_admitted: row.int(8)? != 0,
                });
            }
        }
        Ok(found)
    }

    /// To how many people something of a definition was sent, or nothing on purpose, by variant.
    pub async fn people_of(&self, definition: &str) -> Result<BTreeMap<String, u64>, StoreError> {
        const SQL: &str = "SELECT o.variant, COUNT(DISTINCT f.profile_id) FROM outbox o JOIN fragments f ON f.fragment_id = o.fragment_id
            WHERE o.definition = $1 AND (o.is_admitted = 1 OR o.reason = 'holdout') GROUP BY o.variant";
        self.db.query(SQL, vec![definition.into()]).await?.iter().map(|row| Ok((row.text(0)?, row.int(1)? as u64))).collect()
    }

    /// Of each variant of a definition the profiles that ordered within `within_us` of their first message, and for how much.
    /// Who was held out counts from when that was decided.
    pub async fn orders_after(&self, definition: &str, within_us: i64) -> Result<Vec<OrderAfter>, StoreError> {
        const SQL: &str = "SELECT m.variant, m.profile_id, r.revenue FROM (
                SELECT o.variant, f.profile_id, MIN(o.admitted_us) AS at_us FROM outbox o JOIN fragments f ON f.fragment_id = o.fragment_id
                WHERE o.definition = $1 AND (o.is_admitted = 1 OR o.reason = 'holdout') GROUP BY o.variant, f.profile_id
            ) m JOIN (
                SELECT f.profile_id, r.at_us, r.revenue FROM orders r JOIN fragments f ON f.fragment_id = r.fragment_id WHERE r.status = 'confirmed'
            ) r ON r.profile_id = m.profile_id AND m.at_us <= r.at_us AND r.at_us < m.at_us + $2
            ORDER BY m.variant, m.profile_id";
        let read = |row: &Row| Ok(OrderAfter { variant: row.text(0)?, profile_id: ProfileId(row.int(1)?), revenue: row.maybe_real(2)? });
        self.db.query(SQL, vec![definition.into(), within_us.into()]).await?.iter().map(read).collect()
    }

    /// How many messages of a definition were admitted, read and clicked in each hour.
    pub async fn hours_of(&self, definition: &str) -> Result<Vec<MessageHour>, StoreError> {
        const HOUR_US: i64 = 3_600_000_000;
        let mut hours: BTreeMap<i64, MessageHour> = BTreeMap::new();
        for column in ["admitted_us", "read_us", "clicked_us"] {
            let sql = format!(
                "SELECT {column} / {HOUR_US}, COUNT(*) FROM outbox WHERE definition = $1 AND is_admitted = 1 AND {column} <> 0 GROUP BY 1 ORDER BY 1"
            );
            for row in self.db.query(&sql, vec![definition.into()]).await? {
                let (hour, count) = (row.int(0)?, row.int(1)?);
                let of = hours.entry(hour).or_insert(MessageHour { at_us: hour * HOUR_US, sent: 0, read: 0, clicked: 0 });
                match column {
                    "admitted_us" => of.sent = count,
                    "read_us" => of.read = count,
                    _ => of.clicked = count,
                }
            }
        }
        Ok(hours.into_values().collect())
    }

    /// What messages look at of the people of a range of ids: after `after`, up to and with `until`.
    pub async fn reach_between(&self, after: i64, until: i64) -> Result<Vec<ReachRow>, StoreError> {
        const SQL: &str = "SELECT fragment_id, profile_id, kind, value, generation, last_us, state FROM fragments
            WHERE ($1 < fragment_id AND fragment_id <= $2 AND profile_id = fragment_id)
               OR ($1 < profile_id AND profile_id <= $2 AND profile_id <> fragment_id) ORDER BY profile_id, fragment_id";
        let read = |row: &Row| {
            Ok(ReachRow {
                fragment_id: FragmentId(row.int(0)?),
                profile_id: ProfileId(row.int(1)?),
                kind: row.text(2)?,
                value: row.text(3)?,
                generation: row.int(4)? as u32,
                last_us: row.int(5)?,
                state: row.text(6)?,
            })
        };
        self.db.query(SQL, vec![after.into(), until.into()]).await?.iter().map(read).collect()
    }

    /// Messages made of templates that were admitted at or after `since_us` to people of a range of fragment ids.
    pub async fn admitted_since(&self, fragments: &[FragmentId], since_us: i64) -> Result<Vec<AdmittedTo>, StoreError> {
        let mut found = Vec::new();
        for chunk in fragments.chunks(500) {
            let sql = format!(
                "SELECT message_id, fragment_id, admitted_us, message_channel, purpose FROM outbox
                 WHERE {since_us} <= admitted_us AND plan <> '' AND is_admitted = 1 AND fragment_id IN {}",
                rows_list(1, chunk.len())
            );
            for row in self.db.query(&sql, chunk.iter().map(|id| id.0.into()).collect()).await? {
                let Some(message_channel) = MessageChannel::parse(&row.text(3)?) else { continue };
                let admitted = Admitted { at_us: row.int(2)?, message_channel, purpose: row.text(4)? };
                found.push(AdmittedTo { message_id: row.text(0)?, fragment_id: FragmentId(row.int(1)?), admitted });
            }
        }
        Ok(found)
    }
}

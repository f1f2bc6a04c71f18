//! Attempts to send: written by `deliver` alone, in a database of its own.
//!
//! An attempt is recorded before the provider is called. One that was begun and has no end when the worker starts was cut off
//! by a crash: whether the message went out is unknown, and is never found out by sending it again.

use std::collections::HashMap;

use forecourt_model::message::MessageState;

use crate::{Database, Row, StoreError, Tx, Value};

/// In the order they run; each runs once.
const MIGRATIONS: &[&str] = &[include_str!("../migrations/attempts/0001.sql"), include_str!("../migrations/attempts/0002.sql")];
/// Keys in one statement.
const KEYS: usize = 400;

/// A message and how often a person had it sent again: what attempts belong to.
pub type SendKey = (String, i64);

#[derive(Debug, Clone)]
pub struct Attempts {
    pub(crate) database: Database,
}

/// One try of sending one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub message_id: String,
    pub round: i64,
    /// 1 for the first of its round.
    pub number: i64,
    pub message_channel: String,
    pub started_us: i64,
    /// `None` while it is under way.
    pub ended_us: Option<i64>,
    /// `sent`, `refused` (for good), `failed` (for now), `unknown`.
    pub result: Option<String>,
    /// Of the HTTP answer.
    pub status: Option<i64>,
    pub detail: Option<String>,
    /// What was asked, without secrets.
    pub request: String,
    /// The beginning of the answer.
    pub answer: Option<String>,
    pub provider_id: Option<String>,
    /// When the next attempt is due.
    pub retry_us: Option<i64>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    pub ended_us: i64,
    pub result: &'static str,
    pub status: Option<i64>,
    pub detail: String,
    pub answer: Option<String>,
    pub provider_id: Option<String>,
    pub retry_us: Option<i64>,
}

/// What became of a round: told to the log by an event of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    pub message_id: String,
    pub round: i64,
    pub state: MessageState,
    pub reason: String,
    /// Whether nothing will ever reach this address.
    pub is_permanent: bool,
    pub at_us: i64,
    pub told: bool,
}

/// One thing to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    Begun(Attempt),
    Ended { key: SendKey, number: i64, ending: Ending, settled: Option<Settled> },
    Settled(Settled),
    Told(SendKey),
}

/// How far the attempts of a round have come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoundProgress {
    pub attempts: i64,
    pub first_us: Option<i64>,
    pub retry_us: Option<i64>,
    pub settled: Option<Settled>,
}

const ATTEMPT: &str =
    "message_id, round, number, message_channel, started_us, ended_us, result, status, detail, request, answer, provider_id, retry_us";
const SETTLED: &str = "message_id, round, state, reason, at_us, told, is_permanent";

fn attempt(row: &Row) -> Result<Attempt, StoreError> {
    Ok(Attempt {
        message_id: row.text(0)?,
        round: row.int(1)?,
        number: row.int(2)?,
        message_channel: row.text(3)?,
        started_us: row.int(4)?,
        ended_us: row.maybe_int(5)?,
        result: row.maybe_text(6)?,
        status: row.maybe_int(7)?,
        detail: row.maybe_text(8)?,
        request: row.text(9)?,
        answer: row.maybe_text(10)?,
        provider_id: row.maybe_text(11)?,
        retry_us: row.maybe_int(12)?,
    })
}

fn settled(row: &Row) -> Result<Settled, StoreError> {
    let state = row.text(2)?;
    Ok(Settled {
        message_id: row.text(0)?,
        round: row.int(1)?,
        state: MessageState::parse(&state).ok_or_else(|| StoreError::Unreadable(format!("a message's state `{state}`")))?,
        reason: row.text(3)?,
        is_permanent: row.int(6)? != 0,
        at_us: row.int(4)?,
        told: row.int(5)? != 0,
    })
}

impl Attempts {
    /// Takes over a database, creating or upgrading its tables.
    pub async fn open(database: Database) -> Result<Self, StoreError> {
        database.migrate(MIGRATIONS).await?;
        Ok(Self { database })
    }

    /// Writes all of it durably, or nothing.
    pub async fn record(&self, notes: &[Note]) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        for note in notes {
            match note {
                Note::Begun(attempt) => begin(&mut tx, attempt).await?,
                Note::Ended { key, number, ending, settled } => {
                    end(&mut tx, key, *number, ending).await?;
                    if let Some(settled) = settled {
                        settle(&mut tx, settled).await?;
                    }
                }
                Note::Settled(settled) => settle(&mut tx, settled).await?,
                Note::Told(key) => {
                    const SQL: &str = "UPDATE settled SET told = 1 WHERE message_id = $1 AND round = $2";
                    tx.execute(SQL, vec![key.0.as_str().into(), key.1.into()]).await?;
                }
            }
        }
        tx.commit().await
    }

    /// Settles as unknown every attempt that was begun and has no end. For the start, before anything is sent.
    ///
    /// Returns how many there were.
    pub async fn settle_cut_off(&self, now_us: i64) -> Result<usize, StoreError> {
        const END: &str =
            "UPDATE attempts SET ended_us = $1, result = 'unknown', detail = $2 WHERE ended_us IS NULL RETURNING message_id, round";
        const WHY: &str = "the server stopped between the sending and the answer";
        let mut tx = self.database.begin().await?;
        let rows = tx.query(END, vec![now_us.into(), WHY.into()]).await?;
        for row in &rows {
            let (message_id, round) = (row.text(0)?, row.int(1)?);
            let reason = WHY.to_owned();
            let unknown =
                Settled { message_id, round, state: MessageState::Unknown, reason, is_permanent: false, at_us: now_us, told: false };
            settle(&mut tx, &unknown).await?;
        }
        tx.commit().await?;
        Ok(rows.len())
    }

    /// What is settled and may not be in the log yet.
    pub async fn untold(&self) -> Result<Vec<Settled>, StoreError> {
        let sql = format!("SELECT {SETTLED} FROM settled WHERE told = 0 ORDER BY at_us, message_id");
        self.database.query(&sql, vec![]).await?.iter().map(settled).collect()
    }

    /// How far each of the rounds has come; one that is not named has not begun.
    pub async fn progress(&self, keys: &[SendKey]) -> Result<HashMap<SendKey, RoundProgress>, StoreError> {
        let mut found: HashMap<SendKey, RoundProgress> = HashMap::new();
        for chunk in keys.chunks(KEYS) {
            let marks = (1..=chunk.len()).map(|at| format!("${at}")).collect::<Vec<_>>().join(",");
            let ids: Vec<Value> = chunk.iter().map(|(id, _)| id.as_str().into()).collect();
            let sql = format!("SELECT {ATTEMPT} FROM attempts WHERE message_id IN ({marks}) ORDER BY message_id, round, number");
            for row in self.database.query(&sql, ids.clone()).await? {
                let attempt = attempt(&row)?;
                let progress = found.entry((attempt.message_id, attempt.round)).or_default();
                progress.attempts = progress.attempts.max(attempt.number);
                progress.first_us = progress.first_us.or(Some(attempt.started_us));
                progress.retry_us = attempt.retry_us;
            }
            let sql = format!("SELECT {SETTLED} FROM settled WHERE message_id IN ({marks})");
            for row in self.database.query(&sql, ids).await? {
                let settled = settled(&row)?;
                let key = (settled.message_id.clone(), settled.round);
                found.entry(key).or_default().settled = Some(settled);
            }
        }
        Ok(found)
    }

    /// All attempts of one message, in order.
    pub async fn of_message(&self, message_id: &str) -> Result<Vec<Attempt>, StoreError> {
        let sql = format!("SELECT {ATTEMPT} FROM attempts WHERE message_id = $1 ORDER BY round, number");
        self.database.query(&sql, vec![message_id.into()]).await?.iter().map(attempt).collect()
    }

    /// The message that a provider knows by an id of its own.
    pub async fn message_of_provider(&self, provider_id: &str) -> Result<Option<SendKey>, StoreError> {
        const SQL: &str = "SELECT message_id, round FROM attempts WHERE provider_id = $1 ORDER BY started_us DESC LIMIT 1";
        let rows = self.database.query(SQL, vec![provider_id.into()]).await?;
        rows.first().map(|row| Ok((row.text(0)?, row.int(1)?))).transpose()
    }

    /// Forgets what was begun and settled before then.
    pub async fn drop_before(&self, at_us: i64) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        tx.execute("DELETE FROM attempts WHERE started_us < $1 AND ended_us IS NOT NULL", vec![at_us.into()]).await?;
        tx.execute("DELETE FROM settled WHERE at_us < $1 AND told = 1", vec![at_us.into()]).await?;
        tx.commit().await
    }

    pub async fn close(&self) {
        self.database.close().await;
    }
}

async fn begin(tx: &mut Tx, attempt: &Attempt) -> Result<(), StoreError> {
    // An attempt that is there already was begun by somebody else: the write fails, and nothing is sent.
    let sql = "INSERT INTO attempts (message_id, round, number, message_channel, started_us, request) VALUES ($1, $2, $3, $4, $5, $6)";
    let parameters = vec![
        attempt.message_id.as_str().into(),
        attempt.round.into(),
        attempt.number.into(),
        attempt.message_channel.as_str().into(),
        attempt.started_us.into(),
        attempt.request.as_str().into(),
    ];
    tx.execute(sql, parameters).await?;
    Ok(())
}

async fn end(tx: &mut Tx, key: &SendKey, number: i64, ending: &Ending) -> Result<(), StoreError> {
    const SQL: &str =
        "UPDATE attempts SET ended_us = $4, result = $5, status = $6, detail = $7, answer = $8, provider_id = $9, retry_us = $10
        WHERE message_id = $1 AND round = $2 AND number = $3";
    let parameters = vec![
        key.0.as_str().into(),
        key.1.into(),
        number.into(),
        ending.ended_us.into(),
        ending.result.into(),
        ending.status.into(),
        ending.detail.as_str().into(),
        ending.answer.clone().into(),
        ending.provider_id.clone().into(),
        ending.retry_us.into(),
    ];
    tx.execute(SQL, parameters).await?;
    Ok(())
}

/// The first word stands.
async fn settle(tx: &mut Tx, settled: &Settled) -> Result<(), StoreError> {
    let sql = format!("INSERT INTO settled ({SETTLED}) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (message_id, round) DO NOTHING");
    let parameters = vec![
        settled.message_id.as_str().into(),
        settled.round.into(),
        settled.state.as_str().into(),
        settled.reason.as_str().into(),
        settled.at_us.into(),
        settled.told.into(),
        settled.is_permanent.into(),
    ];
    tx.execute(&sql, parameters).await?;
    Ok(())
}

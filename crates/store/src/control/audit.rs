//! The audit log: what people and programs did, in a chain that shows when somebody changed it.
//!
//! Rows are only ever appended. Each row's hash covers the row and the hash before it, and a head row says which the last
//! one is: a row that was changed, taken out or cut off at the end is found by [`Control::verify_audit`]. Whoever can write
//! the whole database can also write a whole new chain: that is found by comparing with a head that was noted elsewhere.

use forecourt_model::audit::{Action, Actor, Outcome};

use super::Control;
use crate::{Row, StoreError, Tx, Value};

/// The longest text in a row; the rest is cut off.
const TEXT_CHARS_MAX: usize = 4_000;
const VERIFIED_AT_ONCE: i64 = 2_000;

/// What is to be noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditNote {
    pub actor: Actor,
    /// Where the request came from; empty for commands on the machine itself.
    pub address: String,
    pub action: Action,
    /// What it was done to: an id, a name, the question asked.
    pub object: String,
    pub outcome: Outcome,
    /// JSON: `before` and `after` of a change, without secrets; empty where there is nothing to say.
    pub details: String,
}

/// A row of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// From 1, without gaps.
    pub number: i64,
    pub at_us: i64,
    pub actor_kind: String,
    pub actor_id: String,
    pub actor: String,
    pub address: String,
    pub action: String,
    pub object: String,
    pub outcome: String,
    pub details: String,
    pub hash: String,
}

/// Which rows are wanted; nothing set: all.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Part of an e-mail or of a token's name, in any case.
    pub actor: Option<String>,
    pub action: Option<String>,
    pub outcome: Option<String>,
    /// Part of the object, in any case.
    pub object: Option<String>,
    pub from_us: Option<i64>,
    /// The first moment that no longer counts.
    pub to_us: Option<i64>,
}

/// Where the chain ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditHead {
    /// Of the last row; 0 for none.
    pub number: i64,
    /// Empty for none.
    pub hash: String,
}

/// What looking through the whole chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditProof {
    pub head: AuditHead,
    /// What is wrong, with the number of the first row that shows it.
    pub broken: Option<String>,
}

const COLUMNS: &str = "number, at_us, actor_kind, actor_id, actor, address, action, object, outcome, details, hash";

impl AuditRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            number: row.int(0)?,
            at_us: row.int(1)?,
            actor_kind: row.text(2)?,
            actor_id: row.text(3)?,
            actor: row.text(4)?,
            address: row.text(5)?,
            action: row.text(6)?,
            object: row.text(7)?,
            outcome: row.text(8)?,
            details: row.text(9)?,
            hash: row.text(10)?,
        })
    }

    fn new(number: i64, note: &AuditNote, now_us: i64) -> Self {
        Self {
            number,
            at_us: now_us,
            actor_kind: note.actor.kind().to_owned(),
            actor_id: note.actor.id().to_owned(),
            actor: kept(note.actor.name()),
            address: kept(&note.address),
            action: note.action.as_str().to_owned(),
            object: kept(&note.object),
            outcome: note.outcome.as_str().to_owned(),
            details: kept(&note.details),
            hash: String::new(),
        }
    }

    /// Covers everything that the row says, and the hash before it. Lengths keep the fields apart.
    fn chained(&self, before: &str) -> String {
        let numbers = [self.number.to_string(), self.at_us.to_string()];
        let texts = [
            &numbers[0],
            &numbers[1],
            &self.actor_kind,
            &self.actor_id,
            &self.actor,
            &self.address,
            &self.action,
            &self.object,
            &self.outcome,
            &self.details,
        ];
        let mut hasher = blake3::Hasher::new_derive_key("forecourt audit log row 1");
        for text in std::iter::once(before).chain(texts.into_iter().map(String::as_str)) {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }
}

/// PostgreSQL holds no NUL, and no row may be without an end.
fn kept(text: &str) -> String {
    text.chars().take(TEXT_CHARS_MAX).map(|c| if c == '\0' { '\u{fffd}' } else { c }).collect()
}

impl Control {
    /// Appends a row; returns its number.
    pub async fn note(&self, note: &AuditNote, now_us: i64) -> Result<i64, StoreError> {
        let mut tx = self.database.begin().await?;
        // Taking the next number takes a lock on both databases: one after the other, the chain never forks.
        let rows = tx.query("UPDATE audit_head SET number = number + 1 WHERE name = 'head' RETURNING number, hash", vec![]).await?;
        let row = rows.first().ok_or_else(headless)?;
        let (number, before) = (row.int(0)?, row.text(1)?);
        let mut row = AuditRow::new(number, note, now_us);
        row.hash = row.chained(&before);
        tx.execute("UPDATE audit_head SET hash = $1 WHERE name = 'head'", vec![row.hash.as_str().into()]).await?;
        insert(&mut tx, row).await?;
        tx.commit().await?;
        Ok(number)
    }

    /// The newest first.
    ///
    /// * `before`: number of the last row of the page before.
    pub async fn audit(&self, wanted: &AuditFilter, before: Option<i64>, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
        let (condition, mut values) = conditions(wanted);
        values.push(before.unwrap_or(i64::MAX).into());
        values.push(i64::from(limit).into());
        let (at, most) = (values.len() - 1, values.len());
        let sql = format!("SELECT {COLUMNS} FROM audit WHERE {condition} number < ${at} ORDER BY number DESC LIMIT ${most}");
        self.database.query(&sql, values).await?.iter().map(AuditRow::read).collect()
    }

    pub async fn audit_head(&self) -> Result<AuditHead, StoreError> {
        let rows = self.database.query("SELECT number, hash FROM audit_head WHERE name = 'head'", vec![]).await?;
        let row = rows.first().ok_or_else(headless)?;
        Ok(AuditHead { number: row.int(0)?, hash: row.text(1)? })
    }

    /// Goes through the whole chain.
    ///
    /// * `noted`: a head of an earlier day that was kept elsewhere; the chain must still lead through it.
    pub async fn verify_audit(&self, noted: Option<&AuditHead>) -> Result<AuditProof, StoreError> {
        let head = self.audit_head().await?;
        let broken = self.first_break(&head, noted).await?;
        Ok(AuditProof { head, broken })
    }

    async fn first_break(&self, head: &AuditHead, noted: Option<&AuditHead>) -> Result<Option<String>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM audit WHERE $1 < number AND number <= $2 ORDER BY number LIMIT $3");
        let (mut last, mut before) = (0, String::new());
        let mut passed = noted.is_none_or(|noted| noted.number == 0);
        while last < head.number {
            let rows = self.database.query(&sql, vec![last.into(), head.number.into(), VERIFIED_AT_ONCE.into()]).await?;
            if rows.is_empty() {
                return Ok(Some(format!("the rows from {} to {} are gone", last + 1, head.number)));
            }
            for row in &rows {
                let row = AuditRow::read(row)?;
                if row.number != last + 1 {
                    return Ok(Some(format!("the rows from {} to {} are gone", last + 1, row.number - 1)));
                }
                if row.chained(&before) != row.hash {
                    return Ok(Some(format!("row {} was changed after it was written", row.number)));
                }
                if let Some(noted) = noted.filter(|noted| noted.number == row.number) {
                    if noted.hash != row.hash {
                        return Ok(Some(format!("row {} is not the one whose hash was noted: the chain was written anew", row.number)));
                    }
                    passed = true;
                }
                (last, before) = (row.number, row.hash);
            }
        }
        if before != head.hash {
            return Ok(Some(format!("row {last} is not the one that the log ended with")));
        }
        let beyond = self.database.query("SELECT MIN(number) FROM audit WHERE $1 < number", vec![head.number.into()]).await?;
        // Somebody may have appended since the head was read; a row far behind it was not put there by us.
        let now = self.audit_head().await?;
        if let Some(stray) = beyond.first().map(|row| row.maybe_int(0)).transpose()?.flatten().filter(|stray| now.number < *stray) {
            return Ok(Some(format!("row {stray} lies behind the end of the log")));
        }
        if !passed {
            return Ok(Some("the log ends before the row whose hash was noted".to_owned()));
        }
        Ok(None)
    }
}

async fn insert(tx: &mut Tx, row: AuditRow) -> Result<(), StoreError> {
    let sql = format!("INSERT INTO audit ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)");
    let AuditRow { number, at_us, actor_kind, actor_id, actor, address, action, object, outcome, details, hash } = row;
    let texts = [actor_kind, actor_id, actor, address, action, object, outcome, details, hash];
    let values = [number, at_us].into_iter().map(Value::from).chain(texts.into_iter().map(Value::from));
    tx.execute(&sql, values.collect()).await?;
    Ok(())
}

fn headless() -> StoreError {
    StoreError::Unreadable("the audit log has lost its head row: restore the accounts' database from a backup".to_owned())
}

/// Conditions, each with ` AND ` behind it, and their values.
fn conditions(wanted: &AuditFilter) -> (String, Vec<Value>) {
    let like = |text: &Option<String>| text.as_ref().map(|text| Value::from(format!("%{}%", escaped(text))));
    let parts = [
        ("lower(actor) LIKE lower($#) ESCAPE '!'", like(&wanted.actor)),
        ("lower(object) LIKE lower($#) ESCAPE '!'", like(&wanted.object)),
        ("action = $#", wanted.action.clone().map(Value::from)),
        ("outcome = $#", wanted.outcome.clone().map(Value::from)),
        ("$# <= at_us", wanted.from_us.map(Value::from)),
        ("at_us < $#", wanted.to_us.map(Value::from)),
    ];
    let mut sql = String::new();
    let mut values = Vec::new();
    for (text, value) in parts {
        if let Some(value) = value {
            values.push(value);
            sql.push_str(&text.replace('#', &values.len().to_string()));
            sql.push_str(" AND ");
        }
    }
    (sql, values)
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '!') {
            out.push('!');
        }
        out.push(if c == '\0' { '\u{fffd}' } else { c });
    }
    out
}

//! Erased people: what is taken out of the state, and what is kept so that an import does not bring them back.

use std::time::Duration;

use forecourt_model::{FragmentId, ProfileId, erasure::Sought};
use sqlx::{Row as _, SqliteConnection};

use crate::{Database, Row, Store, StoreError, Value, attempts::Attempts, dead_letter::DeadLetter, store::FoldTx};

/// One erasure as the fold decided it. It names nobody: what it holds are keyed hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Of the command. What came before it is erased, what comes after is somebody new.
    pub log_offset: u64,
    pub profile_id: ProfileId,
    pub erased_us: i64,
    /// Who asked for it.
    pub actor: String,
    /// All fragments of the person, later login intervals of devices among them.
    pub fragments: Vec<FragmentId>,
    /// What tells that a record is the person's.
    pub sought: Sought,
    /// Messages that were sent to the person, or were to be.
    pub message_ids: Vec<String>,
    /// Leads, orders and calls that are nobody's now.
    pub entities: u64,
    pub dead_letters: u64,
}

/// What a returning identifier is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suppressed {
    pub fragment_id: FragmentId,
    pub erased_us: i64,
    pub log_offset: u64,
}

const COLUMNS: &str = "log_offset, profile_id, erased_us, actor, fragments, sought, message_ids, entities, dead_letters";

fn erasure(row: &Row) -> Result<Erasure, StoreError> {
    Ok(Erasure {
        log_offset: row.int(0)? as u64,
        profile_id: ProfileId(row.int(1)?),
        erased_us: row.int(2)?,
        actor: row.text(3)?,
        fragments: read(&row.text(4)?)?,
        sought: read(&row.text(5)?)?,
        message_ids: read(&row.text(6)?)?,
        entities: row.int(7)? as u64,
        dead_letters: row.int(8)? as u64,
    })
}

fn read<T: serde::de::DeserializeOwned>(json: &str) -> Result<T, StoreError> {
    serde_json::from_str(json).map_err(|error| StoreError::Unreadable(format!("an erasure ({error})")))
}

fn written(value: &impl serde::Serialize) -> Result<Value, StoreError> {
    serde_json::to_string(value).map(Value::from).map_err(|error| StoreError::Invalid(error.to_string()))
}

fn suppressed(row: &Row) -> Result<Suppressed, StoreError> {
    Ok(Suppressed { fragment_id: FragmentId(row.int(0)?), erased_us: row.int(1)?, log_offset: row.int(2)? as u64 })
}

fn keys(ids: &[FragmentId]) -> Vec<Value> {
    ids.iter().map(|id| id.0.into()).collect()
}

/// Letters read at a time.
const LETTERS: i64 = 500;

impl FoldTx {
    pub async fn save_erasure(&mut self, erasure: &Erasure) -> Result<(), StoreError> {
        let parameters = vec![
            erasure.log_offset.into(),
            erasure.profile_id.0.into(),
            erasure.erased_us.into(),
            erasure.actor.as_str().into(),
            written(&erasure.fragments)?,
            written(&erasure.sought)?,
            written(&erasure.message_ids)?,
            erasure.entities.into(),
            erasure.dead_letters.into(),
        ];
        let sql = format!("INSERT INTO erasures ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
        self.tx.execute(&sql, parameters).await?;
        Ok(())
    }

    /// All identifiers that are suppressed.
    pub async fn suppressed(&mut self) -> Result<Vec<Suppressed>, StoreError> {
        self.tx.query("SELECT fragment_id, erased_us, log_offset FROM suppressed", vec![]).await?.iter().map(suppressed).collect()
    }

    pub async fn suppress(&mut self, ids: &[FragmentId], erased_us: i64, log_offset: u64) -> Result<(), StoreError> {
        let parameters = ids.iter().flat_map(|id| [id.0.into(), erased_us.into(), log_offset.into()]).collect();
        const TAIL: &str = "ON CONFLICT (fragment_id) DO UPDATE SET erased_us = excluded.erased_us, log_offset = excluded.log_offset";
        self.tx.execute_rows("INSERT INTO suppressed (fragment_id, erased_us, log_offset)", TAIL, 3, parameters).await?;
        Ok(())
    }

    pub async fn lift_suppression(&mut self, ids: &[FragmentId]) -> Result<(), StoreError> {
        self.delete("DELETE FROM suppressed WHERE fragment_id IN", keys(ids)).await.map(drop)
    }

    /// Notes the records that were dropped because an identifier is suppressed: they are to be overwritten.
    pub async fn note_suppressed_records(&mut self, offsets: &[u64]) -> Result<(), StoreError> {
        let parameters = offsets.iter().map(|offset| Value::from(*offset)).collect();
        self.tx.execute_rows("INSERT INTO suppressed_records (log_offset)", "", 1, parameters).await?;
        Ok(())
    }

    pub async fn forget_suppressed_records(&mut self, until: u64) -> Result<(), StoreError> {
        self.tx.execute("DELETE FROM suppressed_records WHERE log_offset < $1", vec![until.into()]).await?;
        Ok(())
    }

    /// Takes fragments out, with the evidence at them and the words that they are found by.
    pub async fn erase_fragments(&mut self, ids: &[FragmentId]) -> Result<(), StoreError> {
        for head in [
            "DELETE FROM fragments WHERE fragment_id IN",
            "DELETE FROM evidence WHERE a IN",
            "DELETE FROM evidence WHERE b IN",
            "DELETE FROM not_same WHERE a IN",
            "DELETE FROM not_same WHERE b IN",
            "DELETE FROM identity_ledger WHERE a IN",
            "DELETE FROM identity_ledger WHERE b IN",
            // Reads the table through: an index would be paid for by each name that comes in.
            "DELETE FROM name_words WHERE fragment_id IN",
            "DELETE FROM memberships WHERE profile_id IN",
            "DELETE FROM runs WHERE fragment_id IN",
            "DELETE FROM tasks WHERE fragment_id IN",
            "DELETE FROM handlings WHERE fragment_id IN",
            "DELETE FROM vehicle_owners WHERE fragment_id IN",
            "DELETE FROM household_members WHERE fragment_id IN",
        ] {
            self.delete(head, keys(ids)).await?;
        }
        Ok(())
    }

    /// Ids of the leads (or orders, or calls) of these fragments.
    pub async fn entity_ids_of(&mut self, kind: EntityKind, fragments: &[FragmentId]) -> Result<Vec<String>, StoreError> {
        let head = format!("SELECT {} FROM {} WHERE fragment_id IN", kind.key(), kind.table());
        let mut ids: Vec<String> =
            self.tx.query_keys(&head, "", keys(fragments)).await?.iter().map(|row| row.text(0)).collect::<Result<_, _>>()?;
        ids.sort_unstable();
        Ok(ids)
    }

    /// Ids of the tasks about these fragments.
    pub async fn task_ids_of(&mut self, fragments: &[FragmentId]) -> Result<Vec<String>, StoreError> {
        let rows = self.tx.query_keys("SELECT task_id FROM tasks WHERE fragment_id IN", "", keys(fragments)).await?;
        rows.iter().map(|row| row.text(0)).collect()
    }

    /// Makes a lead, an order or a call nobody's, under another id: what it counts for stays.
    pub async fn make_nobodys(&mut self, kind: EntityKind, id: &str, new_id: &str, nobody: FragmentId) -> Result<(), StoreError> {
        let sql = format!("UPDATE {} SET {key} = $2, fragment_id = $3 WHERE {key} = $1", kind.table(), key = kind.key());
        self.tx.execute(&sql, vec![id.into(), new_id.into(), nobody.0.into()]).await?;
        Ok(())
    }

    /// Has nobody's orders name a lead by its new id.
    pub async fn rename_lead_of_orders(&mut self, nobody: FragmentId, id: &str, new_id: &str) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE orders SET lead_id = $3 WHERE fragment_id = $1 AND lead_id = $2";
        self.tx.execute(SQL, vec![nobody.0.into(), id.into(), new_id.into()]).await?;
        Ok(())
    }

    /// Ids of the messages to these fragments, or to these numbers.
    pub async fn message_ids_to(&mut self, fragments: &[FragmentId], phones: &[String]) -> Result<Vec<String>, StoreError> {
        let mut ids = Vec::new();
        for (head, keys) in [
            ("SELECT message_id FROM outbox WHERE fragment_id IN", keys(fragments)),
            ("SELECT message_id FROM outbox WHERE phone IN", phones.iter().map(|phone| phone.as_str().into()).collect()),
        ] {
            for row in self.tx.query_keys(head, "", keys).await? {
                ids.push(row.text(0)?);
            }
        }
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }

    pub async fn erase_messages(&mut self, ids: &[String]) -> Result<(), StoreError> {
        self.delete("DELETE FROM outbox WHERE message_id IN", ids.iter().map(|id| id.as_str().into()).collect()).await.map(drop)
    }

    /// Takes out the dead letters that `is_theirs`; returns how many.
    pub async fn erase_dead_letters(&mut self, is_theirs: impl Fn(&DeadLetter) -> bool) -> Result<u64, StoreError> {
        let (mut after, mut erased) = (-1, 0);
        loop {
            let letters = self.dead_letters_after(after, LETTERS).await?;
            let theirs: Vec<Value> = letters.iter().filter(|letter| is_theirs(letter)).map(|letter| letter.log_offset.into()).collect();
            erased += self.delete("DELETE FROM dead_letters WHERE log_offset IN", theirs).await?;
            match letters.last() {
                Some(last) => after = last.log_offset as i64,
                None => return Ok(erased),
            }
        }
    }

    /// * `head`: ends before the list of keys.
    async fn delete(&mut self, head: &str, keys: Vec<Value>) -> Result<u64, StoreError> {
        let mut touched = 0;
        for chunk in keys.chunks(500) {
            let marks = (1..=chunk.len()).map(|at| format!("${at}")).collect::<Vec<_>>().join(",");
            touched += self.tx.execute(&format!("{head} ({marks})"), chunk.to_vec()).await?;
        }
        Ok(touched)
    }
}

/// What a person can have besides events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntityKind {
    Lead,
    Order,
    Call,
}

impl EntityKind {
    pub const ALL: [Self; 3] = [Self::Lead, Self::Order, Self::Call];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Order => "order",
            Self::Call => "call",
        }
    }

    fn table(self) -> &'static str {
        match self {
            Self::Lead => "leads",
            Self::Order => "orders",
            Self::Call => "calls",
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::Lead => "lead_id",
            Self::Order => "order_id",
            Self::Call => "call_id",
        }
    }
}

impl Store {
    /// All erasures, in the order of the log.
    pub async fn erasures(&self) -> Result<Vec<Erasure>, StoreError> {
        self.erasures_after(None).await
    }

    /// The erasures after the one at `offset`, in the order of the log.
    pub async fn erasures_after(&self, offset: Option<u64>) -> Result<Vec<Erasure>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM erasures WHERE log_offset > $1 ORDER BY log_offset");
        self.db.query(&sql, vec![offset.map_or(-1, |offset| offset as i64).into()]).await?.iter().map(erasure).collect()
    }

    /// Offsets of records that came in of erased people and were dropped, rising.
    pub async fn suppressed_records(&self) -> Result<Vec<u64>, StoreError> {
        let rows = self.db.query("SELECT log_offset FROM suppressed_records ORDER BY log_offset", vec![]).await?;
        rows.iter().map(|row| row.int(0).map(|offset| offset as u64)).collect()
    }

    /// How many items were dropped because an identifier is suppressed, in all.
    pub async fn suppressed_count(&self) -> Result<i64, StoreError> {
        const SQL: &str = "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM totals WHERE metric = 'suppressed'";
        let rows = self.db.query(SQL, vec![]).await?;
        rows.first().map_or(Ok(0), |row| row.int(0))
    }

    /// See [`Database::scrub`].
    pub async fn scrub(&self) -> Result<(), StoreError> {
        self.db.scrub().await
    }
}

impl Attempts {
    /// Forgets what was sent by these messages. Returns whether that is all: one that is under way has still to end.
    pub async fn erase(&self, message_ids: &[String]) -> Result<bool, StoreError> {
        let mut tx = self.database.begin().await?;
        let mut is_all = true;
        for chunk in message_ids.chunks(400) {
            let marks = (1..=chunk.len()).map(|at| format!("${at}")).collect::<Vec<_>>().join(",");
            let ids: Vec<Value> = chunk.iter().map(|id| id.as_str().into()).collect();
            for sql in [
                format!("DELETE FROM attempts WHERE ended_us IS NOT NULL AND message_id IN ({marks})"),
                format!("DELETE FROM settled WHERE told = 1 AND message_id IN ({marks})"),
            ] {
                tx.execute(&sql, ids.clone()).await?;
            }
            for table in ["attempts", "settled"] {
                let left = tx.query(&format!("SELECT COUNT(*) FROM {table} WHERE message_id IN ({marks})"), ids.clone()).await?;
                is_all &= left.first().map_or(Ok(0), |row| row.int(0))? == 0;
            }
        }
        tx.commit().await?;
        Ok(is_all)
    }

    /// See [`Database::scrub`].
    pub async fn scrub(&self) -> Result<(), StoreError> {
        self.database.scrub().await
    }
}

/// How often a reader that keeps the write-ahead log from being emptied is waited for, and how long each time.
const READERS_WAITED_FOR: u32 = 200;
const READER_WAIT: Duration = Duration::from_millis(50);

/// Empties the write-ahead log: pages that were written before are in it.
async fn empty_log(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    for _ in 0..READERS_WAITED_FOR {
        let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *connection).await?;
        if row.try_get::<i64, _>(0)? == 0 {
            return Ok(());
        }
        tokio::time::sleep(READER_WAIT).await;
    }
    Err(StoreError::Unavailable(sqlx::Error::PoolTimedOut))
}

impl Database {
    /// Writes the database anew, so that nothing of what was deleted is left in its file. The writer waits meanwhile.
    ///
    /// PostgreSQL gives the place of deleted rows to new ones; when the old bytes are gone is its own matter.
    pub async fn scrub(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite { write, .. } => {
                let mut connection = write.acquire().await?;
                // What is written anew is as large as the database: it does not go into memory meanwhile.
                sqlx::query("PRAGMA temp_store = FILE").execute(&mut *connection).await?;
                let written = sqlx::query("VACUUM").execute(&mut *connection).await;
                sqlx::query("PRAGMA temp_store = MEMORY").execute(&mut *connection).await?;
                written?;
                empty_log(&mut connection).await?;
            }
            Self::Postgres(pool) => {
                sqlx::query("VACUUM").execute(pool).await?;
            }
        }
        Ok(())
    }
}

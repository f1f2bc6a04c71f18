//! Where the keys of messages already seen are kept: sorted runs, cut into chunks.

use crate::{Store, StoreError, Value, database::rows_list, store::FoldTx};

/// Keys in one chunk, 8 bytes each.
pub const CHUNK_KEYS: usize = 4_096;

/// A sorted run of keys of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunRow {
    pub run: i64,
    /// Days since 1970 UTC of the log time at which they were seen; `i32::MAX` for those kept for ever.
    pub day: i32,
    pub level: u32,
    pub keys: u64,
}

impl FoldTx {
    /// Saves a run; `keys` rising.
    pub async fn save_run(&mut self, row: RunRow, keys: &[u64]) -> Result<(), StoreError> {
        let parameters = vec![row.run.into(), i64::from(row.day).into(), i64::from(row.level).into(), row.keys.into()];
        self.tx.execute("INSERT INTO dedupe_runs (run, day, level, keys) VALUES ($1, $2, $3, $4)", parameters).await?;
        for (group_number, group) in keys.chunks(CHUNK_KEYS * 16).enumerate() {
            let mut parameters = Vec::new();
            for (number, chunk) in group.chunks(CHUNK_KEYS).enumerate() {
                let body: Vec<u8> = chunk.iter().flat_map(|key| key.to_le_bytes()).collect();
                parameters.extend([
                    Value::from(row.run),
                    Value::from((group_number * 16 + number) as i64),
                    Value::from(chunk.first().copied().unwrap_or(0)),
                    Value::from(body),
                ]);
            }
            self.tx.execute_rows("INSERT INTO dedupe_chunks (run, number, first_key, body)", "", 4, parameters).await?;
        }
        Ok(())
    }

    pub async fn drop_runs(&mut self, runs: &[i64]) -> Result<(), StoreError> {
        for run in runs {
            self.tx.execute("DELETE FROM dedupe_chunks WHERE run = $1", vec![Value::from(*run)]).await?;
            self.tx.execute("DELETE FROM dedupe_runs WHERE run = $1", vec![Value::from(*run)]).await?;
        }
        Ok(())
    }

    /// Chunks of a run by their numbers.
    pub async fn chunks(&mut self, run: i64, numbers: &[u32]) -> Result<Vec<(u32, Vec<u64>)>, StoreError> {
        let wanted = numbers.iter().map(|number| Value::from(i64::from(*number))).collect();
        let head = format!("SELECT number, body FROM dedupe_chunks WHERE run = {run} AND number IN");
        let rows = self.tx.query_keys(&head, "", wanted).await?;
        rows.iter().map(|row| Ok((row.int(0)? as u32, keys(&row.bytes(1)?)))).collect()
    }

    /// All keys of a run, rising.
    pub async fn run_keys(&mut self, run: i64) -> Result<Vec<u64>, StoreError> {
        let rows = self.tx.query("SELECT body FROM dedupe_chunks WHERE run = $1 ORDER BY number", vec![run.into()]).await?;
        let mut all = Vec::with_capacity(rows.len() * CHUNK_KEYS);
        for row in &rows {
            all.extend(keys(&row.bytes(0)?));
        }
        Ok(all)
    }
}

impl Store {
    pub async fn runs(&self) -> Result<Vec<RunRow>, StoreError> {
        let rows = self.db.query("SELECT run, day, level, keys FROM dedupe_runs ORDER BY run", vec![]).await?;
        rows.iter()
            .map(|row| Ok(RunRow { run: row.int(0)?, day: row.int(1)? as i32, level: row.int(2)? as u32, keys: row.int(3)? as u64 }))
            .collect()
    }

    pub async fn run_keys(&self, run: i64) -> Result<Vec<u64>, StoreError> {
        let rows = self.db.query("SELECT body FROM dedupe_chunks WHERE run = $1 ORDER BY number", vec![run.into()]).await?;
        let mut all = Vec::with_capacity(rows.len() * CHUNK_KEYS);
        for row in &rows {
            all.extend(keys(&row.bytes(0)?));
        }
        Ok(all)
    }
}

/// The day of keys that are kept for ever: those of imports.
pub const FOR_EVER: i32 = i32::MAX;
/// Chunks read with one statement.
const CHUNKS_AT_ONCE: usize = 64;
/// A merge of runs under the reader's hands is met by starting again, this often.
const TRIES: usize = 3;

impl Store {
    /// How many of the keys were seen before, among those that are kept for ever.
    ///
    /// * `keys`: rising.
    pub async fn known_for_ever(&self, keys: &[u64]) -> Result<u64, StoreError> {
        let mut known = 0;
        for _ in 0..TRIES {
            let before = self.fences().await?;
            known = 0;
            for fences in before.chunk_by(|a, b| a.run == b.run) {
                known += self.known_of(fences, keys).await?;
            }
            if before.iter().map(|fence| fence.run).eq(self.fences().await?.iter().map(|fence| fence.run)) {
                break;
            }
        }
        Ok(known)
    }

    async fn fences(&self) -> Result<Vec<Fence>, StoreError> {
        const SQL: &str = "SELECT c.run, c.number, c.first_key FROM dedupe_chunks c JOIN dedupe_runs r ON r.run = c.run
            WHERE r.day = $1 ORDER BY c.run, c.number";
        let rows = self.db.query(SQL, vec![i64::from(FOR_EVER).into()]).await?;
        rows.iter().map(|row| Ok(Fence { run: row.int(0)?, number: row.int(1)?, first_key: row.int(2)? as u64 })).collect()
    }

    /// * `fences`: of one run.
    async fn known_of(&self, fences: &[Fence], keys: &[u64]) -> Result<u64, StoreError> {
        let mut suspects: Vec<(i64, &[u64])> = Vec::new();
        for (at, fence) in fences.iter().enumerate() {
            let first = keys.partition_point(|key| *key < fence.first_key);
            let next = fences.get(at + 1).map_or(keys.len(), |next| keys.partition_point(|key| *key < next.first_key));
            if first < next {
                suspects.push((fence.number, &keys[first..next]));
            }
        }
        let mut known = 0;
        for group in suspects.chunks(CHUNKS_AT_ONCE) {
            let numbers = rows_list(1, group.len());
            let sql = format!("SELECT number, body FROM dedupe_chunks WHERE number IN {numbers} AND run = ${}", group.len() + 1);
            let values = group.iter().map(|(number, _)| Value::from(*number)).chain(fences.first().map(|fence| Value::from(fence.run)));
            for row in self.db.query(&sql, values.collect()).await? {
                let (number, held) = (row.int(0)?, self::keys(&row.bytes(1)?));
                let asked = group.iter().find(|(of, _)| *of == number).map_or(&[][..], |(_, keys)| keys);
                known += asked.iter().filter(|key| held.binary_search(key).is_ok()).count() as u64;
            }
        }
        Ok(known)
    }
}

/// Where a chunk of a run begins.
struct Fence {
    run: i64,
    number: i64,
    first_key: u64,
}

fn keys(body: &[u8]) -> Vec<u64> {
    body.chunks_exact(8).map(|key| key.try_into().map_or(0, u64::from_le_bytes)).collect()
}

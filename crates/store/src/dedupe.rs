//! Where the keys of messages already seen are kept: sorted runs, cut into chunks.

use crate::{Store, StoreError, Value, store::FoldTx};

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

    pub async fn chunk(&mut self, run: i64, number: u32) -> Result<Vec<u64>, StoreError> {
        const SQL: &str = "SELECT body FROM dedupe_chunks WHERE run = $1 AND number = $2";
        let rows = self.tx.query(SQL, vec![run.into(), i64::from(number).into()]).await?;
        rows.first().map_or(Ok(Vec::new()), |row| Ok(keys(&row.bytes(0)?)))
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

fn keys(body: &[u8]) -> Vec<u64> {
    body.chunks_exact(8).map(|key| key.try_into().map_or(0, u64::from_le_bytes)).collect()
}

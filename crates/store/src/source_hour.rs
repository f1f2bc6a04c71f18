//! What each source brought in by the hour: the rhythm that silence is told by.

use std::collections::BTreeMap;

use crate::{Store, StoreError, Value, store::FoldTx};

/// One source's hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceHour {
    /// The source's id.
    pub source: String,
    /// Hours since 1970 UTC.
    pub hour: i64,
    /// Live events that were taken in.
    pub accepted: i64,
    pub refused: i64,
    /// When the last of them was accepted; 0 where none was.
    pub last_us: i64,
}

/// Changes by (source, hour): accepted, refused, when the last was accepted.
pub type SourceHourChanges = BTreeMap<(String, i64), (i64, i64, i64)>;

impl FoldTx {
    pub async fn add_source_hours(&mut self, changes: &SourceHourChanges) -> Result<(), StoreError> {
        let parameters = changes
            .iter()
            .flat_map(|((source, hour), (accepted, refused, last_us))| {
                [Value::from(source.as_str()), Value::from(*hour), Value::from(*accepted), Value::from(*refused), Value::from(*last_us)]
            })
            .collect();
        const TAIL: &str = "ON CONFLICT (source, hour) DO UPDATE SET accepted = source_hours.accepted + excluded.accepted,
            refused = source_hours.refused + excluded.refused,
            last_us = CASE WHEN source_hours.last_us < excluded.last_us THEN excluded.last_us ELSE source_hours.last_us END";
        self.tx.execute_rows("INSERT INTO source_hours (source, hour, accepted, refused, last_us)", TAIL, 5, parameters).await?;
        Ok(())
    }

    pub async fn drop_source_hours_before(&mut self, hour: i64) -> Result<(), StoreError> {
        self.tx.execute("DELETE FROM source_hours WHERE hour < $1", vec![hour.into()]).await?;
        Ok(())
    }
}

impl Store {
    /// The hours since `from_hour`, by source and hour.
    pub async fn source_hours(&self, from_hour: i64) -> Result<Vec<SourceHour>, StoreError> {
        const SQL: &str = "SELECT source, hour, accepted, refused, last_us FROM source_hours WHERE hour >= $1 ORDER BY source, hour";
        let rows = self.db.query(SQL, vec![from_hour.into()]).await?;
        let read = |row: &crate::Row| {
            Ok(SourceHour { source: row.text(0)?, hour: row.int(1)?, accepted: row.int(2)?, refused: row.int(3)?, last_us: row.int(4)? })
        };
        rows.iter().map(read).collect()
    }
}

//! Daily totals, kept by the fold for the Overview.

use std::collections::{BTreeMap, BTreeSet};

use forecourt_model::EventNames;

use crate::{Store, StoreError, Value, store::FoldTx};

/// Changes to totals, by (day since 1970 UTC, metric, dimension): how many, and how much in hundredths.
pub type TotalChanges = BTreeMap<(i32, String, String), (i64, i64)>;

/// Metrics: `event` (by event name, see [`EventNames`]), `new_profiles`, `leads` and `sales` (by channel), `cost` (by channel), `accepted`,
/// `duplicates`, `refused` (by source; by day of receipt).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DailyTotal {
    pub day: i32,
    pub metric: String,
    pub dimension: String,
    pub count: i64,
    /// In hundredths of the currency.
    pub amount: i64,
}

impl FoldTx {
    pub async fn add_totals(&mut self, changes: &TotalChanges) -> Result<(), StoreError> {
        let parameters = changes
            .iter()
            .filter(|(_, change)| **change != (0, 0))
            .flat_map(|((day, metric, dimension), (count, amount))| {
                [
                    Value::from(i64::from(*day)),
                    Value::from(metric.as_str()),
                    Value::from(dimension.as_str()),
                    Value::from(*count),
                    Value::from(*amount),
                ]
            })
            .collect();
        const TAIL: &str = "ON CONFLICT (day, metric, dimension) DO UPDATE SET
            count = totals.count + excluded.count, amount = totals.amount + excluded.amount";
        self.tx.execute_rows("INSERT INTO totals (day, metric, dimension, count, amount)", TAIL, 5, parameters).await?;
        Ok(())
    }
}

impl FoldTx {
    /// Adds the event names that the days are counted by, for the days that are not known yet.
    pub async fn load_event_names(&mut self, names: &mut EventNames, days: &BTreeSet<i32>) -> Result<(), StoreError> {
        let unknown: Vec<i32> = days.iter().copied().filter(|day| !names.knows(*day)).collect();
        let keys = unknown.iter().map(|day| i64::from(*day).into()).collect();
        let rows = self.tx.query_keys("SELECT day, dimension FROM totals WHERE metric = 'event' AND day IN", "", keys).await?;
        unknown.iter().for_each(|day| names.begin(*day));
        for row in rows {
            names.add(row.int(0)? as i32, &row.text(1)?);
        }
        Ok(())
    }
}

/// One event name over the days that totals are kept of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventVolume {
    pub event: String,
    pub first_day: i32,
    pub last_day: i32,
    pub count: i64,
}

impl Store {
    /// Every event name that was ever counted, the most frequent first.
    pub async fn event_volumes(&self) -> Result<Vec<EventVolume>, StoreError> {
        const SQL: &str = "SELECT dimension, MIN(day), MAX(day), CAST(SUM(count) AS BIGINT) FROM totals
            WHERE metric = 'event' GROUP BY dimension ORDER BY 4 DESC, 1";
        let rows = self.db.query(SQL, vec![]).await?;
        let volume = |row: &crate::Row| {
            Ok(EventVolume { event: row.text(0)?, first_day: row.int(1)? as i32, last_day: row.int(2)? as i32, count: row.int(3)? })
        };
        rows.iter().map(volume).collect()
    }

    /// How often each event name was counted on each day since `from_day`, by name and day.
    pub async fn event_days(&self, from_day: i32) -> Result<BTreeMap<String, Vec<(i32, i64)>>, StoreError> {
        const SQL: &str = "SELECT dimension, day, count FROM totals WHERE metric = 'event' AND day >= $1 ORDER BY day";
        let mut days: BTreeMap<String, Vec<(i32, i64)>> = BTreeMap::new();
        for row in self.db.query(SQL, vec![i64::from(from_day).into()]).await? {
            days.entry(row.text(0)?).or_default().push((row.int(1)? as i32, row.int(2)?));
        }
        Ok(days)
    }

    /// All totals of the days, both inclusive; rows that came to nothing are left out.
    pub async fn totals(&self, from_day: i32, to_day: i32) -> Result<Vec<DailyTotal>, StoreError> {
        const SQL: &str = "SELECT day, metric, dimension, count, amount FROM totals
            WHERE day BETWEEN $1 AND $2 AND (count <> 0 OR amount <> 0) ORDER BY day, metric, dimension";
        let rows = self.db.query(SQL, vec![i64::from(from_day).into(), i64::from(to_day).into()]).await?;
        rows.iter()
            .map(|row| {
                Ok(DailyTotal {
                    day: row.int(0)? as i32,
                    metric: row.text(1)?,
                    dimension: row.text(2)?,
                    count: row.int(3)?,
                    amount: row.int(4)?,
                })
            })
            .collect()
    }

    pub async fn profiles_count(&self) -> Result<u64, StoreError> {
        Ok(self.fold_numbers().await?.get("profiles").copied().unwrap_or(0) as u64)
    }
}

//! Daily totals, kept by the fold for the Overview.

use std::collections::BTreeMap;

use crate::{Store, StoreError, Value, store::FoldTx};

/// Changes to totals, by (day since 1970 UTC, metric, dimension): how many, and how much in hundredths.
pub type TotalChanges = BTreeMap<(i32, String, String), (i64, i64)>;

/// Metrics: `event` (by event name), `new_profiles`, `leads` and `sales` (by channel), `cost` (by channel), `accepted`,
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

impl Store {
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

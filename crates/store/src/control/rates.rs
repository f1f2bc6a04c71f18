//! Rates of currencies by day, as people enter them.

use forecourt_model::currency::Rate;

use super::Control;
use crate::{Row, StoreError, Value};

fn read(row: &Row) -> Result<Rate, StoreError> {
    Ok(Rate { base: row.text(0)?, currency: row.text(1)?, day: row.int(2)? as i32, rate: row.real(3)? })
}

impl Control {
    /// All rates: by pair, the newest first.
    pub async fn rates(&self) -> Result<Vec<Rate>, StoreError> {
        let sql = "SELECT base, currency, day, rate FROM currency_rates ORDER BY base, currency, day DESC";
        self.database.query(sql, vec![]).await?.iter().map(read).collect()
    }

    /// Adds rates; one of the same pair and day replaces what was there. All of them, or none.
    pub async fn put_rates(&self, rates: &[Rate]) -> Result<(), StoreError> {
        // One statement must not name a row twice.
        let by_key: std::collections::BTreeMap<_, _> =
            rates.iter().map(|rate| ((&rate.base, &rate.currency, rate.day), rate.rate)).collect();
        let parameters = by_key
            .into_iter()
            .flat_map(|((base, currency, day), rate)| {
                [Value::from(base.as_str()), Value::from(currency.as_str()), Value::from(i64::from(day)), Value::from(Some(rate))]
            })
            .collect();
        let mut tx = self.database.begin().await?;
        const TAIL: &str = "ON CONFLICT (base, currency, day) DO UPDATE SET rate = excluded.rate";
        tx.execute_rows("INSERT INTO currency_rates (base, currency, day, rate)", TAIL, 4, parameters).await?;
        tx.commit().await
    }

    /// `false` when there was none.
    pub async fn remove_rate(&self, base: &str, currency: &str, day: i32) -> Result<bool, StoreError> {
        let sql = "DELETE FROM currency_rates WHERE base = $1 AND currency = $2 AND day = $3";
        Ok(self.database.execute(sql, vec![base.into(), currency.into(), i64::from(day).into()]).await? != 0)
    }
}

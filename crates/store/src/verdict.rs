//! The fold's word on commands, kept for as long as somebody may ask.

use forecourt_model::command::Verdict;

use crate::{Store, StoreError, Value, store::FoldTx};

impl FoldTx {
    pub async fn save_verdicts(&mut self, verdicts: &[(u64, i64, Verdict)]) -> Result<(), StoreError> {
        let parameters = verdicts
            .iter()
            .flat_map(|(offset, at_us, verdict)| {
                [Value::from(*offset), Value::from(*at_us), Value::from(serde_json::to_string(verdict).unwrap_or_default())]
            })
            .collect();
        self.tx.execute_rows("INSERT INTO verdicts (log_offset, at_us, body)", "", 3, parameters).await?;
        Ok(())
    }

    pub async fn drop_verdicts_before(&mut self, at_us: i64) -> Result<(), StoreError> {
        self.tx.execute("DELETE FROM verdicts WHERE at_us < $1", vec![at_us.into()]).await?;
        Ok(())
    }
}

impl Store {
    pub async fn verdict(&self, offset: u64) -> Result<Option<Verdict>, StoreError> {
        let rows = self.db.query("SELECT body FROM verdicts WHERE log_offset = $1", vec![offset.into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        serde_json::from_str(&row.text(0)?).map(Some).map_err(|error| StoreError::Unreadable(error.to_string()))
    }
}

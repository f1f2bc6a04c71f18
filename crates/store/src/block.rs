//! Blocks: what the fold tells the lake, kept until the lake has it in files.

use forecourt_model::Block;

use crate::{Store, StoreError, Value, store::FoldTx};

impl FoldTx {
    pub async fn save_block(&mut self, block: &Block) -> Result<(), StoreError> {
        const SQL: &str = "INSERT INTO blocks (first_offset, end_offset, body) VALUES ($1, $2, $3)";
        let parameters = vec![Value::from(block.first_offset), Value::from(block.end_offset), Value::from(block.encode())];
        self.tx.execute(SQL, parameters).await?;
        Ok(())
    }

    /// Drops the blocks that the lake holds in files: those that end at or before `lake_offset`.
    pub async fn drop_blocks(&mut self, lake_offset: u64) -> Result<(), StoreError> {
        self.tx.execute("DELETE FROM blocks WHERE end_offset <= $1", vec![lake_offset.into()]).await?;
        Ok(())
    }
}

impl Store {
    /// Blocks that end after `from`, in order, about `bytes_max` of them; always at least one if there is one.
    pub async fn blocks(&self, from: u64, bytes_max: usize) -> Result<Vec<Block>, StoreError> {
        const SQL: &str = "SELECT body FROM blocks WHERE end_offset > $1 ORDER BY first_offset LIMIT $2";
        let (mut found, mut bytes, mut from) = (Vec::new(), 0, from);
        loop {
            let rows = self.db.query(SQL, vec![from.into(), 4i64.into()]).await?;
            for row in &rows {
                let body = row.bytes(0)?;
                let block = Block::decode(&body).map_err(|error| StoreError::Unreadable(error.to_string()))?;
                bytes += body.len();
                from = block.end_offset;
                found.push(block);
                if bytes_max <= bytes {
                    return Ok(found);
                }
            }
            if rows.len() < 4 {
                return Ok(found);
            }
        }
    }
}

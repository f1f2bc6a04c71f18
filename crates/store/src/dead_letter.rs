//! What was refused at the border, kept for a person to look at.

use forecourt_model::command::DeadLetterState;

use crate::{Row, Store, StoreError, Value, store::FoldTx};

/// How many are kept; the oldest give way.
pub const DEAD_LETTERS_MAX: i64 = 100_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    pub log_offset: u64,
    /// 1 for the first there ever was.
    pub number: i64,
    pub received_us: i64,
    /// The source's id.
    pub source: String,
    pub code: String,
    pub reason: String,
    pub raw: Vec<u8>,
    pub state: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterPage {
    pub letters: Vec<DeadLetter>,
    /// Pass it on to read the next page; `None` at the end.
    pub next: Option<i64>,
    pub total_open: i64,
    /// Open ones by code.
    pub by_code: Vec<(String, i64)>,
}

const COLUMNS: &str = "log_offset, number, received_us, source, code, reason, raw, state";

fn letter(row: &Row) -> Result<DeadLetter, StoreError> {
    Ok(DeadLetter {
        log_offset: row.int(0)? as u64,
        number: row.int(1)?,
        received_us: row.int(2)?,
        source: row.text(3)?,
        code: row.text(4)?,
        reason: row.text(5)?,
        raw: row.bytes(6)?,
        state: row.text(7)?,
    })
}

impl FoldTx {
    pub async fn save_dead_letters(&mut self, letters: Vec<DeadLetter>) -> Result<(), StoreError> {
        let Some(last) = letters.last().map(|letter| letter.number) else { return Ok(()) };
        let mut parameters = Vec::with_capacity(letters.len() * 8);
        for letter in letters {
            parameters.extend([
                Value::from(letter.log_offset),
                Value::from(letter.number),
                Value::from(letter.received_us),
                Value::from(letter.source),
                Value::from(letter.code),
                Value::from(letter.reason),
                Value::from(letter.raw),
                Value::from(letter.state),
            ]);
        }
        self.tx.execute_rows(&format!("INSERT INTO dead_letters ({COLUMNS})"), "", 8, parameters).await?;
        self.tx.execute("DELETE FROM dead_letters WHERE number <= $1", vec![(last - DEAD_LETTERS_MAX).into()]).await?;
        Ok(())
    }

    /// Letters in the order of the log, from behind `after`.
    pub(crate) async fn dead_letters_after(&mut self, after: i64, limit: i64) -> Result<Vec<DeadLetter>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM dead_letters WHERE log_offset > $1 ORDER BY log_offset LIMIT $2");
        self.tx.query(&sql, vec![after.into(), limit.into()]).await?.iter().map(letter).collect()
    }

    pub async fn dead_letter_state(&mut self, log_offset: u64) -> Result<Option<String>, StoreError> {
        let rows = self.tx.query("SELECT state FROM dead_letters WHERE log_offset = $1", vec![log_offset.into()]).await?;
        rows.first().map(|row| row.text(0)).transpose()
    }

    /// Returns whether there is such a letter and it was open.
    pub async fn settle_dead_letter(&mut self, log_offset: u64, state: DeadLetterState) -> Result<bool, StoreError> {
        const SQL: &str = "UPDATE dead_letters SET state = $2 WHERE log_offset = $1 AND state = 'open'";
        Ok(self.tx.execute(SQL, vec![log_offset.into(), state.as_str().into()]).await? == 1)
    }
}

impl Store {
    /// Newest first.
    ///
    /// * `before`: the number to read below, from the page before; `code`: only of this reason; `state`: only in this state.
    pub async fn dead_letters(
        &self,
        before: Option<i64>,
        limit: u32,
        code: Option<&str>,
        state: Option<&str>,
    ) -> Result<DeadLetterPage, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM dead_letters WHERE number < $1 AND ($2 = '' OR code = $2) AND ($3 = '' OR state = $3)
             ORDER BY number DESC LIMIT $4"
        );
        let parameters = vec![
            before.unwrap_or(i64::MAX).into(),
            code.unwrap_or_default().into(),
            state.unwrap_or_default().into(),
            i64::from(limit).into(),
        ];
        let letters: Vec<DeadLetter> = self.db.query(&sql, parameters).await?.iter().map(letter).collect::<Result<_, _>>()?;
        let next = letters.last().filter(|_| letters.len() == limit as usize).map(|letter| letter.number);
        const BY_CODE: &str = "SELECT code, COUNT(*) FROM dead_letters WHERE state = 'open' GROUP BY code ORDER BY 2 DESC, 1";
        let by_code: Vec<(String, i64)> =
            self.db.query(BY_CODE, vec![]).await?.iter().map(|row| Ok((row.text(0)?, row.int(1)?))).collect::<Result<_, StoreError>>()?;
        Ok(DeadLetterPage { letters, next, total_open: by_code.iter().map(|(_, count)| count).sum(), by_code })
    }

    pub async fn dead_letter(&self, log_offset: u64) -> Result<Option<DeadLetter>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM dead_letters WHERE log_offset = $1");
        self.db.query(&sql, vec![log_offset.into()]).await?.first().map(letter).transpose()
    }
}

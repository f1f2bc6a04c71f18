//! SQLite or PostgreSQL behind one text of SQL: `$1`, `ON CONFLICT`, `RETURNING`; columns TEXT, BIGINT, DOUBLE PRECISION.
//!
//! Set-wise statements are the only fast way on both: see [`rows_list`].

use std::{fmt, path::Path, time::Duration};

use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};
use sqlx::{
    AssertSqlSafe, Connection as _, Executor, PgPool, Postgres, Row as _, Sqlite, SqlitePool, Transaction,
    postgres::{PgArguments, PgConnectOptions, PgPoolOptions, PgRow},
    sqlite::{SqliteArguments, SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous},
};

use crate::StoreError;

/// The most parameters in one statement that both databases take.
const PARAMETERS_MAX: usize = 32_000;

#[derive(Debug, Clone)]
pub enum Database {
    /// One writing connection, several reading ones: SQLite has one writer at a time.
    Sqlite {
        write: SqlitePool,
        read: SqlitePool,
        /// One more to read, for which nobody has to stand in line behind people's questions.
        ahead: SqlitePool,
    },
    Postgres(PgPool),
}

/// A parameter. Absent values are typed, as PostgreSQL wants them.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Int(Option<i64>),
    Text(Option<String>),
    Real(Option<f64>),
    Bytes(Vec<u8>),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<Option<i64>> for Value {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Int(Some(value as i64))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Int(Some(i64::from(value)))
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(Some(value))
    }
}

impl From<Option<String>> for Value {
    fn from(value: Option<String>) -> Self {
        Self::Text(value)
    }
}

impl From<Option<f64>> for Value {
    fn from(value: Option<f64>) -> Self {
        Self::Real(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Real(Some(value))
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}

/// A row of an answer; columns by position. Integers are BIGINT on both sides.
#[derive(Debug)]
pub enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
    /// One of many that came as one: see [`Tx::query_many`].
    Cells(Vec<Cell>),
}

/// What [`Tx::query_many`] can bring.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Int(i64),
    Text(String),
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyCell;
        impl Visitor<'_> for AnyCell {
            type Value = Cell;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an integer or a text")
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Cell, E> {
                Ok(Cell::Int(value))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Cell, E> {
                i64::try_from(value).map(Cell::Int).map_err(E::custom)
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Cell, E> {
                Ok(Cell::Text(value.to_owned()))
            }

            fn visit_string<E: de::Error>(self, value: String) -> Result<Cell, E> {
                Ok(Cell::Text(value))
            }
        }
        deserializer.deserialize_any(AnyCell)
    }
}

macro_rules! column {
    ($name:ident, $type:ty, $cell:pat => $value:expr) => {
        pub fn $name(&self, column: usize) -> Result<$type, StoreError> {
            Ok(match self {
                Row::Sqlite(row) => row.try_get(column)?,
                Row::Postgres(row) => row.try_get(column)?,
                Row::Cells(cells) => match cells.get(column) {
                    Some($cell) => $value,
                    other => return Err(StoreError::Unreadable(format!("column {column} of an answer holds {other:?}"))),
                },
            })
        }
    };
    ($name:ident, $type:ty) => {
        pub fn $name(&self, column: usize) -> Result<$type, StoreError> {
            Ok(match self {
                Row::Sqlite(row) => row.try_get(column)?,
                Row::Postgres(row) => row.try_get(column)?,
                Row::Cells(_) => return Err(StoreError::Invalid("only integers and texts come many at once".to_owned())),
            })
        }
    };
}

impl Row {
    column!(int, i64, Cell::Int(value) => *value);
    column!(maybe_int, Option<i64>);
    column!(text, String, Cell::Text(value) => value.clone());
    column!(maybe_text, Option<String>);
    column!(real, f64);
    column!(maybe_real, Option<f64>);
    column!(bytes, Vec<u8>);
}

impl Database {
    /// Opens or creates an SQLite file, with everything durable at commit.
    ///
    /// * `readers`: connections that only read.
    pub async fn sqlite(path: &Path, readers: u32) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .auto_vacuum(SqliteAutoVacuum::None)
            .busy_timeout(Duration::from_secs(30))
            .pragma("cache_size", "-65536")
            .pragma("temp_store", "memory")
            .pragma("wal_autocheckpoint", "50000")
            .pragma("journal_size_limit", "134217728")
            .statement_cache_capacity(256);
        // A full disk makes SQLite undo a transaction by itself; the driver still takes it for open, and would refuse the next
        // one for ever: such a connection is replaced.
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
            .connect_with(options.clone())
            .await?;
        let reading = options.create_if_missing(false).pragma("query_only", "1").pragma("cache_size", "-8192");
        let read = SqlitePoolOptions::new().max_connections(readers).min_connections(0).connect_with(reading.clone()).await?;
        let ahead = SqlitePoolOptions::new().max_connections(1).connect_lazy_with(reading);
        Ok(Self::Sqlite { write, read, ahead })
    }

    /// Connects to PostgreSQL; all tables live in `schema`, which is created if absent.
    pub async fn postgres(url: &str, schema: &str) -> Result<Self, StoreError> {
        if schema.is_empty() || !schema.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
            return Err(StoreError::Invalid(format!("`{schema}` cannot name a schema: use a-z, 0-9 and _")));
        }
        let options: PgConnectOptions = url.parse()?;
        let options = options.options([("search_path", schema)]).statement_cache_capacity(256);
        let pool = PgPoolOptions::new().max_connections(8).acquire_timeout(Duration::from_secs(30)).connect_with(options).await?;
        pool.execute(AssertSqlSafe(format!("CREATE SCHEMA IF NOT EXISTS {schema}"))).await?;
        Ok(Self::Postgres(pool))
    }

    /// The name of the role that the address signs in as, where it is a superuser.
    pub async fn postgres_superuser(url: &str) -> Result<Option<String>, StoreError> {
        let options: PgConnectOptions = url.parse()?;
        let mut connection = sqlx::PgConnection::connect_with(&options).await?;
        let sql = "SELECT rolname::text FROM pg_catalog.pg_roles WHERE rolname = current_user AND rolsuper";
        let found = sqlx::query(sql).fetch_optional(&mut connection).await?;
        connection.close().await?;
        found.map(|row| row.try_get(0)).transpose().map_err(StoreError::from)
    }

    /// SQLite: copies what is in the write-ahead log into the file. Elsewhere it does nothing.
    ///
    /// * `beside`: on a connection of its own, while transactions go on. What they write meanwhile stays in the log, so the last
    ///   word is the writing connection's: then the next transaction begins the log anew.
    pub async fn copy_log(&self, beside: bool) -> Result<(), StoreError> {
        if let Self::Sqlite { write, read, .. } = self {
            let connection = if beside { read } else { write };
            sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(connection).await?;
        }
        Ok(())
    }

    pub fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite { .. })
    }

    /// Starts a transaction that may write. On SQLite it waits for the one writing connection.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { write, .. } => Tx::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Reads outside of any transaction.
    pub async fn query(&self, sql: &str, parameters: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Self::Sqlite { read, .. } => {
                rows(sqlx::query_with(AssertSqlSafe(sql), sqlite_arguments(parameters)?).fetch_all(read).await?, Row::Sqlite)
            }
            Self::Postgres(pool) => {
                rows(sqlx::query_with(AssertSqlSafe(sql), pg_arguments(parameters)?).fetch_all(pool).await?, Row::Postgres)
            }
        })
    }

    /// [`Tx::query_many`], outside of any transaction and apart from other readers.
    pub async fn query_many_ahead(&self, columns: &str, rest: &str, keys: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let mut found = Vec::with_capacity(keys.len());
        for chunk in chunks(keys, 1) {
            let sql = many(columns, rest, chunk.len(), self.is_sqlite());
            let rows = match self {
                Self::Sqlite { ahead, .. } => {
                    rows(sqlx::query_with(AssertSqlSafe(sql), sqlite_arguments(chunk)?).fetch_all(ahead).await?, Row::Sqlite)
                }
                Self::Postgres(_) => self.query(&sql, chunk).await?,
            };
            unpack(rows, self.is_sqlite(), &mut found)?;
        }
        Ok(found)
    }

    /// Reads many rows of integers and texts outside of any transaction: SQLite hands them over as one, which is faster.
    ///
    /// * `rest`: what stands behind `FROM`.
    pub async fn query_packed(&self, columns: &str, rest: &str, parameters: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        if !self.is_sqlite() {
            return self.query(&format!("SELECT {columns} FROM {rest}"), parameters).await;
        }
        let rows = self.query(&format!("SELECT json_group_array(json_array({columns})) FROM {rest}"), parameters).await?;
        let mut found = Vec::new();
        unpack(rows, true, &mut found)?;
        Ok(found)
    }

    /// One statement in a transaction of its own; returns the number of rows it touched.
    pub async fn execute(&self, sql: &str, parameters: Vec<Value>) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let touched = tx.execute(sql, parameters).await?;
        tx.commit().await?;
        Ok(touched)
    }

    /// Runs the numbered migrations that have not run yet, each in a transaction.
    ///
    /// In their text `KEY64` stands for the type of a 64-bit primary key: SQLite stores rows by it only when it is called
    /// `INTEGER PRIMARY KEY`. `BLOB` stands for bytes, `TEXT_C` for text that is compared byte by byte,
    /// `BY_KEY` after a table for one that SQLite keeps in the order of its key.
    pub async fn migrate(&self, migrations: &[&str]) -> Result<(), StoreError> {
        self.execute("CREATE TABLE IF NOT EXISTS migrations (number BIGINT PRIMARY KEY)", vec![]).await?;
        let done = self.query("SELECT COALESCE(MAX(number), 0) FROM migrations", vec![]).await?;
        let done = done.first().map_or(Ok(0), |row| row.int(0))?;
        if (migrations.len() as i64) < done {
            let told =
                format!("it was written by a newer version (migration {done}, this one knows {}): run that version", migrations.len());
            return Err(StoreError::Unreadable(told));
        }
        for (number, text) in (1..).zip(migrations).filter(|(number, _)| done < *number) {
            let text = match self {
                Self::Sqlite { .. } => {
                    text.replace("KEY64", "INTEGER PRIMARY KEY").replace("TEXT_C", "TEXT").replace("BY_KEY", "WITHOUT ROWID")
                }
                Self::Postgres(_) => text
                    .replace("KEY64", "BIGINT PRIMARY KEY")
                    .replace("BLOB", "BYTEA")
                    .replace("TEXT_C", "TEXT COLLATE \"C\"")
                    .replace(" BY_KEY", ""),
            };
            let mut tx = self.begin().await?;
            for statement in text.split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
                tx.execute(statement, vec![]).await?;
            }
            tx.execute("INSERT INTO migrations (number) VALUES ($1)", vec![Value::from(number)]).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    pub async fn close(&self) {
        match self {
            Self::Sqlite { write, read, ahead } => {
                ahead.close().await;
                read.close().await;
                write.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// A transaction; dropped without [`Tx::commit`] it never was.
pub enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    pub async fn query(&mut self, sql: &str, parameters: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Self::Sqlite(tx) => {
                rows(sqlx::query_with(AssertSqlSafe(sql), sqlite_arguments(parameters)?).fetch_all(&mut **tx).await?, Row::Sqlite)
            }
            Self::Postgres(tx) => {
                rows(sqlx::query_with(AssertSqlSafe(sql), pg_arguments(parameters)?).fetch_all(&mut **tx).await?, Row::Postgres)
            }
        })
    }

    pub async fn execute(&mut self, sql: &str, parameters: Vec<Value>) -> Result<u64, StoreError> {
        Ok(match self {
            Self::Sqlite(tx) => {
                sqlx::query_with(AssertSqlSafe(sql), sqlite_arguments(parameters)?).execute(&mut **tx).await?.rows_affected()
            }
            Self::Postgres(tx) => sqlx::query_with(AssertSqlSafe(sql), pg_arguments(parameters)?).execute(&mut **tx).await?.rows_affected(),
        })
    }

    /// Writes many rows with few statements: `head VALUES (…), (…) tail`.
    ///
    /// * `columns`: parameters per row; `parameters`: all rows one after the other.
    pub async fn execute_rows(&mut self, head: &str, tail: &str, columns: usize, parameters: Vec<Value>) -> Result<u64, StoreError> {
        let mut touched = 0;
        for chunk in chunks(parameters, columns) {
            let sql = format!("{head} VALUES {} {tail}", marks(chunk.len() / columns, columns, matches!(self, Self::Sqlite(_))));
            touched += self.execute(&sql, chunk).await?;
        }
        Ok(touched)
    }

    /// Reads by many keys with few statements: `head (…keys…) tail`.
    pub async fn query_keys(&mut self, head: &str, tail: &str, keys: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let mut found = Vec::with_capacity(keys.len());
        for chunk in chunks(keys, 1) {
            let sql = format!("{head} {} {tail}", marks(1, chunk.len(), matches!(self, Self::Sqlite(_))));
            found.extend(self.query(&sql, chunk).await?);
        }
        Ok(found)
    }

    /// Reads integers and texts by many keys: `SELECT columns FROM rest (…keys…)`.
    ///
    /// The driver hands over SQLite's rows one by one from its thread to ours, which costs more than to find them: here a
    /// thousand come as one.
    pub async fn query_many(&mut self, columns: &str, rest: &str, keys: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let is_sqlite = matches!(self, Self::Sqlite(_));
        let mut found = Vec::with_capacity(keys.len());
        for chunk in chunks(keys, 1) {
            let sql = many(columns, rest, chunk.len(), is_sqlite);
            unpack(self.query(&sql, chunk).await?, is_sqlite, &mut found)?;
        }
        Ok(found)
    }

    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

fn rows<R>(found: Vec<R>, wrap: impl Fn(R) -> Row) -> Vec<Row> {
    found.into_iter().map(wrap).collect()
}

/// SQLite takes `$1` for a name, and looks names up one after the other: thousands of them are a square.
fn marks(rows: usize, columns: usize, is_sqlite: bool) -> String {
    if is_sqlite {
        let row = format!("({})", vec!["?"; columns].join(","));
        vec![row; rows].join(",")
    } else {
        rows_list(rows, columns)
    }
}

fn many(columns: &str, rest: &str, keys: usize, is_sqlite: bool) -> String {
    let marks = marks(1, keys, is_sqlite);
    if is_sqlite {
        format!("SELECT json_group_array(json_array({columns})) FROM {rest} {marks}")
    } else {
        format!("SELECT {columns} FROM {rest} {marks}")
    }
}

fn unpack(rows: Vec<Row>, is_sqlite: bool, found: &mut Vec<Row>) -> Result<(), StoreError> {
    if !is_sqlite {
        found.extend(rows);
        return Ok(());
    }
    for row in rows {
        let cells: Vec<Vec<Cell>> = serde_json::from_str(&row.text(0)?)
            .map_err(|error| StoreError::Unreadable(format!("many rows in one do not read: {error}")))?;
        found.extend(cells.into_iter().map(Row::Cells));
    }
    Ok(())
}

/// Cuts parameters into statements of a few fixed sizes, so that the prepared ones are met again.
fn chunks(parameters: Vec<Value>, columns: usize) -> Vec<Vec<Value>> {
    let rows_max = (PARAMETERS_MAX / columns).min(1024);
    let largest = if rows_max.is_power_of_two() { rows_max } else { rows_max.next_power_of_two() / 2 };
    let mut out = Vec::new();
    let mut rest = parameters.into_iter().peekable();
    let mut left = rest.len() / columns;
    while rest.peek().is_some() {
        let mut size = largest;
        while left < size {
            size /= 2;
        }
        out.push(rest.by_ref().take(size * columns).collect());
        left -= size;
    }
    out
}

/// `($1, $2), ($3, $4)` for `rows` 2 and `columns` 2.
pub fn rows_list(rows: usize, columns: usize) -> String {
    let mut out = String::with_capacity(rows * columns * 7);
    for row in 0..rows {
        out.push_str(if row == 0 { "(" } else { ",(" });
        for column in 0..columns {
            if column != 0 {
                out.push(',');
            }
            out.push('$');
            out.push_str(&(row * columns + column + 1).to_string());
        }
        out.push(')');
    }
    out
}

fn sqlite_arguments(parameters: Vec<Value>) -> Result<SqliteArguments, StoreError> {
    use sqlx::Arguments as _;
    let mut arguments = SqliteArguments::default();
    for parameter in parameters {
        match parameter {
            Value::Int(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Real(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

fn pg_arguments(parameters: Vec<Value>) -> Result<PgArguments, StoreError> {
    use sqlx::Arguments as _;
    let mut arguments = PgArguments::default();
    for parameter in parameters {
        match parameter {
            Value::Int(value) => arguments.add(value),
            // PostgreSQL's text cannot hold NUL; senders' strings can.
            Value::Text(value) => arguments.add(value.map(|text| if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text })),
            Value::Real(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_keep_all_rows_in_order_in_few_sizes() {
        for rows in [0usize, 1, 3, 511, 512, 1024, 5000] {
            let all: Vec<Value> = (0..rows as i64 * 3).map(Value::from).collect();
            let cut = chunks(all.clone(), 3);
            assert!(cut.iter().all(|chunk| (chunk.len() / 3).is_power_of_two()));
            assert_eq!(cut.concat(), all);
        }
        assert_eq!(rows_list(2, 2), "($1,$2),($3,$4)");
    }
}

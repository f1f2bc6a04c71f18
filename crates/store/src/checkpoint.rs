//! Consistent copies of the store at an offset, and the comparison of two stores row by row.

use std::collections::BTreeMap;

use crate::{
    Store, StoreError, Value,
    schema::{self, Table},
    store::Place,
};

/// Rows read at a time when two stores are compared.
const PAGE: i64 = 2_000;

impl Store {
    /// Copies the store as it is at one moment to `place`, where nothing must be yet. The fold goes on meanwhile.
    pub async fn copy_to(&self, place: &Place) -> Result<Self, StoreError> {
        match (&self.place, place) {
            (Place::Sqlite(_), Place::Sqlite(path)) => {
                self.db.copy_to(path).await?;
            }
            (Place::Postgres { schema: from, .. }, Place::Postgres { schema: to, .. }) => {
                let copy = Self::open(place).await?;
                let mut tx = copy.db.begin().await?;
                tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", vec![]).await?;
                for table in schema::COMPARED.iter().chain(schema::UNCOMPARED) {
                    let columns = table.columns.join(", ");
                    let sql = format!("INSERT INTO {to}.{name} ({columns}) SELECT {columns} FROM {from}.{name}", name = table.name);
                    tx.execute(&sql, vec![]).await?;
                }
                tx.commit().await?;
                copy.settle_fragments().await?;
                return Ok(copy);
            }
            _ => return Err(mixed()),
        }
        let copy = Self::open(place).await?;
        copy.settle_fragments().await?;
        Ok(copy)
    }

    /// The file of a store on SQLite.
    pub fn path(&self) -> Option<&std::path::Path> {
        match &self.place {
            Place::Sqlite(path) => Some(path),
            Place::Postgres { .. } => None,
        }
    }

    /// Names of the database's schemas that begin with `prefix`; none on SQLite.
    pub async fn schemas(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        if self.db.is_sqlite() {
            return Ok(Vec::new());
        }
        const SQL: &str = "SELECT schema_name::TEXT FROM information_schema.schemata WHERE starts_with(schema_name, $1) ORDER BY 1";
        self.db.query(SQL, vec![prefix.into()]).await?.iter().map(|row| row.text(0)).collect()
    }

    /// Renames a schema of the database; both names are ours: a-z, 0-9 and _.
    pub async fn rename_schema(&self, from: &str, to: &str) -> Result<(), StoreError> {
        self.db.execute(&format!("ALTER SCHEMA {from} RENAME TO {to}"), vec![]).await?;
        Ok(())
    }

    /// Removes the whole store: a copy that has served.
    pub async fn destroy(self) -> Result<(), StoreError> {
        match &self.place {
            Place::Sqlite(path) => {
                self.db.close().await;
                for suffix in ["", "-wal", "-shm"] {
                    let mut name = path.clone().into_os_string();
                    name.push(suffix);
                    let removed = std::fs::remove_file(&name);
                    if let Err(error) = removed.as_ref()
                        && error.kind() != std::io::ErrorKind::NotFound
                    {
                        return Err(StoreError::Unavailable(sqlx::Error::Io(std::io::Error::new(error.kind(), error.to_string()))));
                    }
                }
            }
            Place::Postgres { schema, .. } => {
                self.db.execute(&format!("DROP SCHEMA {schema} CASCADE"), vec![]).await?;
                self.db.close().await;
            }
        }
        Ok(())
    }

    /// Compares every row of every state table; returns the first difference in words, `None` if there is none.
    pub async fn first_difference(&self, other: &Self) -> Result<Option<String>, StoreError> {
        for table in schema::COMPARED {
            let mut after: Option<Vec<String>> = None;
            loop {
                let (ours, theirs) = (self.page(table, after.as_deref()).await?, other.page(table, after.as_deref()).await?);
                if let Some(told) = difference(table, &ours, &theirs) {
                    return Ok(Some(told));
                }
                match ours.last() {
                    Some(last) if ours.len() == PAGE as usize => {
                        after = Some(last[..table.key].iter().map(|v| v.clone().unwrap_or_default()).collect())
                    }
                    _ => break,
                }
            }
        }
        let (ours, theirs) = (self.seen_messages().await?, other.seen_messages().await?);
        Ok((ours != theirs).then(|| format!("messages seen, by day (count, sum): {ours:?} against {theirs:?}")))
    }

    /// All columns as text, in the order of the key.
    async fn page(&self, table: &Table, after: Option<&[String]>) -> Result<Vec<Vec<Option<String>>>, StoreError> {
        let sqlite = self.db.is_sqlite();
        let shown: Vec<String> = table
            .columns
            .iter()
            .map(|column| match (*column, sqlite) {
                ("raw", true) => "hex(raw)".to_owned(),
                ("raw", false) => "encode(raw, 'hex')".to_owned(),
                _ => format!("CAST({column} AS TEXT)"),
            })
            .collect();
        let key = table.columns[..table.key].join(", ");
        // Keys are passed as text: a BIGINT column wants a cast back.
        let is_text =
            |column: &str| matches!(column, "word" | "lead_id" | "order_id" | "call_id" | "cost_key" | "metric" | "dimension" | "name");
        let mut parameters = Vec::new();
        let condition = match after {
            None => String::new(),
            Some(values) => {
                let marks: Vec<String> = (1..=table.key).map(|at| format!("${at}")).collect();
                for (column, value) in table.columns.iter().zip(values) {
                    let parameter = if is_text(column) { Value::from(value.as_str()) } else { Value::Int(value.parse().ok()) };
                    parameters.push(parameter);
                }
                format!("AND ({key}) > ({})", marks.join(", "))
            }
        };
        let sql = format!("SELECT {} FROM {} WHERE {} {condition} ORDER BY {key} LIMIT {PAGE}", shown.join(", "), table.name, table.live);
        let rows = self.db.query(&sql, parameters).await?;
        rows.iter().map(|row| (0..table.columns.len()).map(|column| row.maybe_text(column)).collect()).collect()
    }

    /// Per day, how many messages were seen and the sum of their keys: the same whatever the runs they are cut into.
    async fn seen_messages(&self) -> Result<BTreeMap<i32, (u64, u64)>, StoreError> {
        let mut days: BTreeMap<i32, (u64, u64)> = BTreeMap::new();
        for run in self.runs().await? {
            let keys = self.run_keys(run.run).await?;
            let day = days.entry(run.day).or_default();
            day.0 += keys.len() as u64;
            day.1 = keys.iter().fold(day.1, |sum, key| sum.wrapping_add(*key));
        }
        Ok(days)
    }
}

fn mixed() -> StoreError {
    StoreError::Invalid("a copy of a store must be on the same kind of database".into())
}

fn difference(table: &Table, ours: &[Vec<Option<String>>], theirs: &[Vec<Option<String>>]) -> Option<String> {
    let key = |row: &[Option<String>]| row[..table.key].iter().flatten().cloned().collect::<Vec<_>>().join(", ");
    for (our, their) in ours.iter().zip(theirs) {
        if our[..table.key] != their[..table.key] {
            return Some(format!("table {}: row ({}) against row ({})", table.name, key(our), key(their)));
        }
        let column = our.iter().zip(their).position(|(a, b)| a != b);
        if let Some(at) = column {
            let show = |value: &Option<String>| value.clone().unwrap_or_else(|| "NULL".into());
            let (a, b) = (show(&our[at]), show(&their[at]));
            return Some(format!("table {}, row ({}), column {}: {a} against {b}", table.name, key(our), table.columns[at]));
        }
    }
    match ours.len().cmp(&theirs.len()) {
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => {
            Some(format!("table {}: row ({}) is missing on the other side", table.name, key(&ours[theirs.len()])))
        }
        std::cmp::Ordering::Less => {
            Some(format!("table {}: row ({}) is there only on the other side", table.name, key(&theirs[ours.len()])))
        }
    }
}

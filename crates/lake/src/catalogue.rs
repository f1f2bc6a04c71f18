//! The DuckLake catalogue: which files and deletes make up each table, snapshot by snapshot. All its SQL is in here.

mod add_columns;
mod commit;
mod ddl;
mod files;
mod load;
mod retire;
mod script;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use forecourt_store::{Database, Tx, Value};
use sqlx::AssertSqlSafe;

use crate::{LakeError, tables::TABLES};

pub(crate) use commit::{Change, Committed, Delete, DeleteOf, TableChange};
pub use files::{Inspection, ListedFile};
pub(crate) use load::Loaded;

/// Where the catalogue is. The data files are in a folder in either case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Catalogue {
    Sqlite(PathBuf),
    /// A schema of a PostgreSQL database, created if absent.
    Postgres {
        url: String,
        schema: String,
    },
}

/// The opened catalogue.
pub(crate) struct CatalogueDb {
    db: Database,
    data_dir: PathBuf,
    tables: BTreeMap<&'static str, TableIds>,
}

/// What the catalogue calls a table and its columns.
#[derive(Debug, Clone)]
pub(crate) struct TableIds {
    pub table_id: i64,
    /// In the order of the table's columns.
    pub column_ids: Vec<i64>,
    pub partition_id: Option<i64>,
}

impl CatalogueDb {
    /// Opens the catalogue; an absent one is made, with all tables empty.
    ///
    /// * `data_dir`: absolute; the catalogue's own word on it is mended, for folders do move.
    pub async fn open(place: &Catalogue, data_dir: &Path, now_us: i64) -> Result<Self, LakeError> {
        let db = match place {
            Catalogue::Sqlite(path) => Database::sqlite(path, 2).await?,
            Catalogue::Postgres { url, schema } => Database::postgres(url, schema).await?,
        };
        if !exists(&db, place, "ducklake_snapshot").await? {
            let mut tx = db.begin().await?;
            run(&mut tx, &ddl::empty_lake(db.is_sqlite(), data_dir, now_us)).await?;
            tx.commit().await?;
        }
        check_version(&db).await?;
        add_columns::missing(&db, now_us).await?;
        // A catalogue from before there were checksums gets the table; its files have none until they are compacted.
        db.execute(ddl::CHECKSUMS, vec![]).await?;
        let data_path = format!("{}/", data_dir.to_string_lossy().trim_end_matches('/'));
        const MEND: &str = r#"UPDATE ducklake_metadata SET "value" = $1 WHERE "key" = 'data_path' AND "scope" IS NULL AND "value" <> $1"#;
        db.execute(MEND, vec![data_path.into()]).await?;
        let tables = table_ids(&db).await?;
        Ok(Self { db, data_dir: data_dir.to_owned(), tables })
    }

    pub fn ids(&self, table: &str) -> &TableIds {
        // `open` refuses a catalogue without one of the lake's tables.
        &self.tables[table]
    }

    /// Copies the catalogue as it is at one moment into a new SQLite file.
    pub async fn copy_to(&self, path: &Path) -> Result<(), LakeError> {
        Ok(self.db.copy_to(path).await?)
    }

    pub async fn close(&self) {
        self.db.close().await;
    }

    /// A transaction that no other writer of the catalogue interleaves with.
    async fn begin(&self) -> Result<Tx, LakeError> {
        let mut tx = self.db.begin().await?;
        if !self.db.is_sqlite() {
            tx.execute("LOCK TABLE ducklake_snapshot IN SHARE ROW EXCLUSIVE MODE", vec![]).await?;
            tx.execute("SET LOCAL standard_conforming_strings = on", vec![]).await?;
        }
        Ok(tx)
    }
}

/// Runs a script of many statements in one round trip.
async fn run(tx: &mut Tx, script: &str) -> Result<(), LakeError> {
    let sql = sqlx::raw_sql(AssertSqlSafe(script));
    match tx {
        Tx::Sqlite(tx) => sql.execute(&mut **tx).await.map(|_| ()),
        Tx::Postgres(tx) => sql.execute(&mut **tx).await.map(|_| ()),
    }
    .map_err(|error| LakeError::Catalogue(error.into()))
}

async fn exists(db: &Database, place: &Catalogue, table: &str) -> Result<bool, LakeError> {
    let rows = match place {
        Catalogue::Sqlite(_) => db.query("SELECT COUNT(*) FROM sqlite_master WHERE name = $1", vec![table.into()]).await?,
        Catalogue::Postgres { schema, .. } => {
            const SQL: &str = "SELECT COUNT(*) FROM pg_tables WHERE schemaname = $1 AND tablename = $2";
            db.query(SQL, vec![Value::from(schema.as_str()), table.into()]).await?
        }
    };
    Ok(rows.first().map_or(Ok(0), |row| row.int(0))? != 0)
}

async fn check_version(db: &Database) -> Result<(), LakeError> {
    let rows = db.query(r#"SELECT "value" FROM ducklake_metadata WHERE "key" = 'version' AND "scope" IS NULL"#, vec![]).await?;
    let version = rows.first().map(|row| row.text(0)).transpose()?.unwrap_or_default();
    if version != "1.0" {
        let told =
            format!("its DuckLake version is `{version}`, this program writes 1.0: another program has migrated it; restore a backup");
        return Err(LakeError::Unreadable(told));
    }
    Ok(())
}

async fn table_ids(db: &Database) -> Result<BTreeMap<&'static str, TableIds>, LakeError> {
    const TABLE: &str = "SELECT t.table_id, t.table_name FROM ducklake_table t
        JOIN ducklake_schema s ON s.schema_id = t.schema_id AND s.schema_name = 'main' WHERE t.end_snapshot IS NULL";
    const COLUMN: &str =
        "SELECT table_id, column_id, column_name FROM ducklake_column WHERE end_snapshot IS NULL AND parent_column IS NULL";
    const PARTITION: &str = "SELECT table_id, partition_id FROM ducklake_partition_info WHERE end_snapshot IS NULL";
    let (names, columns, partitions) =
        (db.query(TABLE, vec![]).await?, db.query(COLUMN, vec![]).await?, db.query(PARTITION, vec![]).await?);
    let mut found = BTreeMap::new();
    for table in TABLES {
        let missing = |what: &str| LakeError::Unreadable(format!("{what} is missing: another program has altered it; restore a backup"));
        let mut table_id = None;
        for row in &names {
            if row.text(1)? == table.name {
                table_id = Some(row.int(0)?);
            }
        }
        let table_id = table_id.ok_or_else(|| missing(&format!("table `{}`", table.name)))?;
        let mut own = BTreeMap::new();
        for row in &columns {
            if row.int(0)? == table_id {
                own.insert(row.text(2)?, row.int(1)?);
            }
        }
        let column_ids = table
            .columns
            .iter()
            .map(|column| own.get(column.name).copied().ok_or_else(|| missing(&format!("column `{}` of `{}`", column.name, table.name))));
        let column_ids = column_ids.collect::<Result<Vec<_>, _>>()?;
        let mut partition_id = None;
        for row in &partitions {
            if row.int(0)? == table_id {
                partition_id = Some(row.int(1)?);
            }
        }
        found.insert(table.name, TableIds { table_id, column_ids, partition_id });
    }
    Ok(found)
}

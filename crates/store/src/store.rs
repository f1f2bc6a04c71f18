//! The state store: who is who, what is true now. Written by the fold alone; read by everybody.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{Database, StoreError, Tx, Value, schema};

#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) db: Database,
    pub(crate) place: Place,
}

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Sqlite(PathBuf),
    Postgres { url: String, schema: String },
}

/// The fold's own numbers: `offset` (next record to fold), `at_us` (its clock), counters.
pub type FoldNumbers = BTreeMap<String, i64>;

/// When each kind of entity last changed, as log offsets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EntityVersions {
    pub leads: u64,
    pub orders: u64,
    pub calls: u64,
    pub costs: u64,
    pub profiles: u64,
}

impl Store {
    pub async fn sqlite(path: &Path) -> Result<Self, StoreError> {
        Self::open(&Place::Sqlite(path.to_owned())).await
    }

    pub async fn postgres(url: &str, schema: &str) -> Result<Self, StoreError> {
        Self::open(&Place::Postgres { url: url.to_owned(), schema: schema.to_owned() }).await
    }

    /// Opens the store, creates it if absent, brings its tables up to date.
    pub async fn open(place: &Place) -> Result<Self, StoreError> {
        let db = match place {
            Place::Sqlite(path) => Database::sqlite(path, 6).await?,
            Place::Postgres { url, schema } => Database::postgres(url, schema).await?,
        };
        db.migrate(schema::STATE).await?;
        Ok(Self { db, place: place.clone() })
    }

    /// Starts the transaction of one batch.
    pub async fn begin(&self) -> Result<FoldTx, StoreError> {
        Ok(FoldTx { tx: self.db.begin().await? })
    }

    pub fn is_sqlite(&self) -> bool {
        self.db.is_sqlite()
    }

    /// See [`Database::copy_log`].
    pub async fn copy_log(&self, beside: bool) -> Result<(), StoreError> {
        self.db.copy_log(beside).await
    }

    /// The offset of the next record to fold: everything below is in the store.
    pub async fn folded_offset(&self) -> Result<u64, StoreError> {
        Ok(self.fold_numbers().await?.get("offset").copied().unwrap_or(0) as u64)
    }

    pub async fn fold_numbers(&self) -> Result<FoldNumbers, StoreError> {
        let rows = self.db.query("SELECT name, value FROM fold", vec![]).await?;
        rows.iter().map(|row| Ok((row.text(0)?, row.int(1)?))).collect()
    }

    pub async fn entity_versions(&self) -> Result<EntityVersions, StoreError> {
        let numbers = self.fold_numbers().await?;
        let version = |name: &str| numbers.get(name).copied().unwrap_or(0) as u64;
        Ok(EntityVersions {
            leads: version("leads_version"),
            orders: version("orders_version"),
            calls: version("calls_version"),
            costs: version("costs_version"),
            profiles: version("offset"),
        })
    }

    pub async fn close(&self) {
        self.db.close().await;
    }
}

/// All that the fold writes goes through one of these: all of a batch, or none of it.
pub struct FoldTx {
    pub(crate) tx: Tx,
}

impl FoldTx {
    pub async fn fold_numbers(&mut self) -> Result<FoldNumbers, StoreError> {
        let rows = self.tx.query("SELECT name, value FROM fold", vec![]).await?;
        rows.iter().map(|row| Ok((row.text(0)?, row.int(1)?))).collect()
    }

    pub async fn save_fold_numbers(&mut self, numbers: &FoldNumbers) -> Result<(), StoreError> {
        let parameters = numbers.iter().flat_map(|(name, value)| [Value::from(name.as_str()), Value::from(*value)]).collect();
        self.tx
            .execute_rows("INSERT INTO fold (name, value)", "ON CONFLICT (name) DO UPDATE SET value = excluded.value", 2, parameters)
            .await?;
        Ok(())
    }

    pub async fn commit(self) -> Result<(), StoreError> {
        self.tx.commit().await
    }
}

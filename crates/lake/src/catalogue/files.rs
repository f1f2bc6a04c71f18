//! The files that a catalogue lists, for those who copy or check them.

use std::path::{Path, PathBuf};

use forecourt_store::Database;

use super::{Catalogue, CatalogueDb, exists};
use crate::{LakeError, seal};

/// A data file or a delete file that some snapshot still has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFile {
    pub path: PathBuf,
    /// Its name under the lake's data folder; `None` for one that another program put elsewhere.
    pub name: Option<String>,
    pub bytes: u64,
    /// `None` where none was taken: another program wrote it, or a version that took none.
    pub crc32: Option<u32>,
}

impl ListedFile {
    /// Looks whether the file is what was written.
    ///
    /// Errors: [`LakeError::Damaged`], or what the disk said.
    pub fn check(&self) -> Result<(), LakeError> {
        seal::verify(&self.path, self.bytes, self.crc32)
    }
}

/// `SUM` stands for the column with the checksum, `SUMS` for the table joined for it.
const FILES: &str = "
    SELECT CASE WHEN f.path_is_relative THEN 'main/' || t.path || f.path ELSE f.path END,
        CAST(CASE WHEN f.path_is_relative THEN 1 ELSE 0 END AS BIGINT), f.file_size_bytes, SUM
        FROM ducklake_data_file f JOIN ducklake_table t ON t.table_id = f.table_id SUMS f.data_file_id
    UNION ALL
    SELECT CASE WHEN f.path_is_relative THEN 'main/' || t.path || f.path ELSE f.path END,
        CAST(CASE WHEN f.path_is_relative THEN 1 ELSE 0 END AS BIGINT), f.file_size_bytes, SUM
        FROM ducklake_delete_file f JOIN ducklake_table t ON t.table_id = f.table_id SUMS f.delete_file_id";

pub(crate) async fn listed(db: &Database, data_dir: &Path, has_checksums: bool) -> Result<Vec<ListedFile>, LakeError> {
    let sql = if has_checksums {
        FILES.replace("SUMS", "LEFT JOIN forecourt_checksum c ON c.file_id =").replace("SUM", "c.crc32")
    } else {
        FILES.replace("SUMS f.data_file_id", "").replace("SUMS f.delete_file_id", "").replace("SUM", "CAST(NULL AS BIGINT)")
    };
    let rows = db.query(&sql, vec![]).await?;
    let read = rows.iter().map(|row| {
        let (name, is_relative) = (row.text(0)?, row.int(1)? != 0);
        Ok(ListedFile {
            path: if is_relative { data_dir.join(&name) } else { PathBuf::from(&name) },
            name: is_relative.then_some(name),
            bytes: row.maybe_int(2)?.unwrap_or_default().max(0) as u64,
            crc32: row.maybe_int(3)?.and_then(|crc32| u32::try_from(crc32).ok()),
        })
    });
    read.collect()
}

impl CatalogueDb {
    pub async fn listed(&self) -> Result<Vec<ListedFile>, LakeError> {
        listed(&self.db, &self.data_dir, true).await
    }

    /// Forgets everything but the newest snapshot: what a copy for a backup needs, whose older files are not copied.
    pub async fn forget_past(&self, now_us: i64) -> Result<(), LakeError> {
        const DAY_US: i64 = 86_400_000_000;
        self.expire(now_us.saturating_add(DAY_US), now_us).await?;
        self.db.execute("DELETE FROM ducklake_files_scheduled_for_deletion", vec![]).await?;
        Ok(())
    }
}

/// A lake seen from outside: nothing is changed, another process may be at work on it.
pub struct Inspection {
    db: Database,
    data_dir: PathBuf,
    has_checksums: bool,
}

impl Inspection {
    /// `None` where there is no catalogue yet.
    pub async fn open(place: &Catalogue, data_dir: &Path) -> Result<Option<Self>, LakeError> {
        let db = match place {
            Catalogue::Sqlite(path) if !path.exists() => return Ok(None),
            Catalogue::Sqlite(path) => Database::sqlite(path, 1).await?,
            Catalogue::Postgres { url, schema } => Database::postgres(url, schema).await?,
        };
        if !exists(&db, place, "ducklake_snapshot").await? {
            return Ok(None);
        }
        let has_checksums = exists(&db, place, "forecourt_checksum").await?;
        Ok(Some(Self { db, data_dir: data_dir.to_owned(), has_checksums }))
    }

    /// Every file that some snapshot has.
    pub async fn files(&self) -> Result<Vec<ListedFile>, LakeError> {
        listed(&self.db, &self.data_dir, self.has_checksums).await
    }

    /// Those, and files that no snapshot has any more but that are still on the disk; of these the length is not known.
    pub async fn all_files(&self) -> Result<Vec<ListedFile>, LakeError> {
        const SCHEDULED: &str = "SELECT path, CAST(CASE WHEN path_is_relative THEN 1 ELSE 0 END AS BIGINT)
            FROM ducklake_files_scheduled_for_deletion";
        let mut files = self.files().await?;
        for row in self.db.query(SCHEDULED, vec![]).await? {
            let (name, is_relative) = (row.text(0)?, row.int(1)? != 0);
            let path = if is_relative { self.data_dir.join(&name) } else { PathBuf::from(&name) };
            files.push(ListedFile { path, name: is_relative.then_some(name), bytes: 0, crc32: None });
        }
        Ok(files)
    }

    /// The offset below which every event is in files.
    pub async fn lake_offset(&self) -> Result<u64, LakeError> {
        let rows = self.db.query(r#"SELECT "value" FROM forecourt_lake WHERE "key" = 'lake_offset'"#, vec![]).await?;
        let told = rows.first().map(|row| row.text(0)).transpose()?;
        told.and_then(|text| text.parse().ok()).ok_or_else(|| LakeError::Unreadable("`lake_offset` is missing: restore a backup".into()))
    }

    pub async fn close(self) {
        self.db.close().await;
    }
}

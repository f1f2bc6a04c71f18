//! Forgetting: old snapshots, and the files that only they had.

use std::path::PathBuf;

use super::{
    CatalogueDb, run,
    script::{Script, time},
};
use crate::LakeError;

/// A file that no snapshot has any more, still on disk.
pub(crate) struct Scheduled {
    pub path: PathBuf,
    pub(super) name: String,
}

impl CatalogueDb {
    /// Forgets the snapshots from before `before_us`, but never the newest; files that only they had are scheduled for removal.
    pub async fn expire(&self, before_us: i64, now_us: i64) -> Result<(), LakeError> {
        const OLDEST: &str = "SELECT MIN(snapshot_id), MAX(snapshot_id) FROM ducklake_snapshot";
        const EXPIRED: &str = "DELETE FROM ducklake_snapshot WHERE snapshot_time < ? AND snapshot_id < ?";
        let mut tx = self.begin().await?;
        let before = tx.query(OLDEST, vec![]).await?;
        let [oldest, newest] = match before.first() {
            Some(row) => [row.int(0)?, row.int(1)?],
            None => return Ok(()),
        };
        let mut script = Script::default();
        script.statement(EXPIRED, &[&time(before_us), &newest]);
        run(&mut tx, &script.into_text()).await?;
        let after = tx.query(OLDEST, vec![]).await?;
        let living = after.first().map_or(Ok(oldest), |row| row.int(0))?;
        if living == oldest {
            return Ok(());
        }
        let mut script = Script::default();
        script.statement("DELETE FROM ducklake_snapshot_changes WHERE snapshot_id < ?", &[&living]);
        let dead = "SELECT data_file_id FROM ducklake_data_file WHERE end_snapshot <= ?";
        script.statement(
            "INSERT INTO ducklake_files_scheduled_for_deletion
                SELECT f.data_file_id, CASE WHEN f.path_is_relative THEN 'main/' || t.path || f.path ELSE f.path END, f.path_is_relative, ?
                FROM ducklake_data_file f JOIN ducklake_table t ON t.table_id = f.table_id WHERE f.end_snapshot <= ?",
            &[&time(now_us), &living],
        );
        script.statement(
            "INSERT INTO ducklake_files_scheduled_for_deletion
                SELECT f.delete_file_id, CASE WHEN f.path_is_relative THEN 'main/' || t.path || f.path ELSE f.path END, f.path_is_relative, ?
                FROM ducklake_delete_file f JOIN ducklake_table t ON t.table_id = f.table_id WHERE f.end_snapshot <= ?",
            &[&time(now_us), &living],
        );
        for table in ["ducklake_file_column_stats", "ducklake_file_partition_value"] {
            script.statement(&format!("DELETE FROM {table} WHERE data_file_id IN ({dead})"), &[&living]);
        }
        for (table, id) in [("ducklake_data_file", "data_file_id"), ("ducklake_delete_file", "delete_file_id")] {
            let sums = format!("DELETE FROM forecourt_checksum WHERE file_id IN (SELECT {id} FROM {table} WHERE end_snapshot <= ?)");
            script.statement(&sums, &[&living]);
            script.statement(&format!("DELETE FROM {table} WHERE end_snapshot <= ?"), &[&living]);
        }
        run(&mut tx, &script.into_text()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The files that were scheduled for removal before `before_us`.
    pub async fn scheduled(&self, before_us: i64) -> Result<Vec<Scheduled>, LakeError> {
        let sql = format!(
            "SELECT path, CAST(CASE WHEN path_is_relative THEN 1 ELSE 0 END AS BIGINT) FROM ducklake_files_scheduled_for_deletion
                WHERE schedule_start < '{}'",
            time(before_us)
        );
        let rows = self.db.query(&sql, vec![]).await?;
        rows.iter()
            .map(|row| {
                let name = row.text(0)?;
                Ok(Scheduled { path: self.path("", &name, row.int(1)? != 0), name })
            })
            .collect()
    }

    /// See [`forecourt_store::Database::scrub`].
    pub async fn scrub(&self) -> Result<(), LakeError> {
        Ok(self.db.scrub().await?)
    }

    /// Forgets files that are off the disk.
    pub async fn removed(&self, files: &[Scheduled]) -> Result<(), LakeError> {
        if files.is_empty() {
            return Ok(());
        }
        let mut script = Script::default();
        for file in files {
            script.statement("DELETE FROM ducklake_files_scheduled_for_deletion WHERE path = ?", &[&file.name]);
        }
        let mut tx = self.begin().await?;
        run(&mut tx, &script.into_text()).await?;
        Ok(tx.commit().await?)
    }

    /// Every file that the catalogue knows, dead or alive.
    pub async fn known_files(&self) -> Result<Vec<PathBuf>, LakeError> {
        const SQL: &str = "
            SELECT CASE WHEN f.path_is_relative THEN 'main/' || t.path || f.path ELSE f.path END, CAST(CASE WHEN f.path_is_relative THEN 1 ELSE 0 END AS BIGINT)
                FROM ducklake_data_file f JOIN ducklake_table t ON t.table_id = f.table_id
            UNION ALL
            SELECT CASE WHEN f.path_is_relative THEN 'main/' || t.path || f.path ELSE f.path END, CAST(CASE WHEN f.path_is_relative THEN 1 ELSE 0 END AS BIGINT)
                FROM ducklake_delete_file f JOIN ducklake_table t ON t.table_id = f.table_id
            UNION ALL
            SELECT path, CAST(CASE WHEN path_is_relative THEN 1 ELSE 0 END AS BIGINT) FROM ducklake_files_scheduled_for_deletion";
        let rows = self.db.query(SQL, vec![]).await?;
        rows.iter().map(|row| Ok(self.path("", &row.text(0)?, row.int(1)? != 0))).collect()
    }
}

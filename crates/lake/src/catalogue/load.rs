//! Reading the newest snapshot out of the catalogue.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    sync::Arc,
};

use forecourt_model::{BUCKETS, time::parse_us};
use forecourt_store::Row;

use super::CatalogueDb;
use crate::{
    DataFile, LakeError, Seal,
    data_file::ANY,
    parquet_in,
    tables::{EVENTS, TABLES, event_column},
};

/// The newest snapshot.
pub(crate) struct Loaded {
    pub snapshot_id: i64,
    /// Every event below it is in files.
    pub lake_offset: u64,
    /// Up to which offsets the entity tables were copied, by mark.
    pub marks: BTreeMap<String, u64>,
    /// Files of `events` by bucket.
    pub events: Vec<Vec<Arc<DataFile>>>,
    /// Files of the other tables.
    pub tables: BTreeMap<&'static str, Vec<Arc<DataFile>>>,
}

const FILES: &str = "
    SELECT f.data_file_id, f.table_id, f.path, CAST(CASE WHEN f.path_is_relative THEN 1 ELSE 0 END AS BIGINT), f.record_count,
        f.file_size_bytes, d.delete_file_id, d.path, CAST(CASE WHEN d.path_is_relative THEN 1 ELSE 0 END AS BIGINT), d.format,
        p.partition_value, k.min_value, k.max_value, t.min_value, t.max_value, c.crc32, d.file_size_bytes, e.crc32
    FROM ducklake_data_file f
    LEFT JOIN ducklake_delete_file d ON d.data_file_id = f.data_file_id AND d.end_snapshot IS NULL
    LEFT JOIN ducklake_file_partition_value p ON p.data_file_id = f.data_file_id AND p.partition_key_index = 0
    LEFT JOIN ducklake_file_column_stats k ON k.data_file_id = f.data_file_id AND k.column_id = $1
    LEFT JOIN ducklake_file_column_stats t ON t.data_file_id = f.data_file_id AND t.column_id = $2
    LEFT JOIN forecourt_checksum c ON c.file_id = f.data_file_id
    LEFT JOIN forecourt_checksum e ON e.file_id = d.delete_file_id
    WHERE f.end_snapshot IS NULL ORDER BY f.data_file_id";

impl CatalogueDb {
    /// Reads the newest snapshot.
    ///
    /// * `known`: files read before, by id: their deletes are not read again, and their readers are not forgotten.
    pub async fn load(&self, known: &HashMap<i64, Arc<DataFile>>) -> Result<Loaded, LakeError> {
        let mut tx = self.begin().await?;
        let snapshot = tx.query("SELECT MAX(snapshot_id) FROM ducklake_snapshot", vec![]).await?;
        let snapshot_id = snapshot.first().map(|row| row.maybe_int(0)).transpose()?.flatten();
        let snapshot_id = snapshot_id.ok_or_else(|| LakeError::Unreadable("it has no snapshot: restore a backup".into()))?;
        let mut marks = BTreeMap::new();
        for row in tx.query(r#"SELECT "key", "value" FROM forecourt_lake"#, vec![]).await? {
            let (name, value) = (row.text(0)?, row.text(1)?);
            let offset = value.parse().map_err(|_| LakeError::Unreadable(format!("its mark `{name}` is `{value}`: restore a backup")))?;
            marks.insert(name, offset);
        }
        let offset = marks.get("lake_offset").copied();
        let lake_offset = offset.ok_or_else(|| LakeError::Unreadable("`lake_offset` is missing: restore a backup".into()))?;

        let ids = self.ids(EVENTS.name);
        let keys = [event_column::PROFILE_ID, event_column::TS].map(|at| ids.column_ids[at].into());
        let rows = tx.query(FILES, keys.to_vec()).await?;
        let mut events = vec![Vec::new(); usize::from(BUCKETS)];
        let mut tables = BTreeMap::new();
        for row in &rows {
            let table_id = row.int(1)?;
            // Tables that somebody else added to the lake are none of ours.
            let Some(table) = TABLES.into_iter().find(|table| self.ids(table.name).table_id == table_id) else { continue };
            let file = self.data_file(row, &table.folder(), table.by_bucket, known)?;
            if table.by_bucket {
                let bucket = bucket_of(row, &file)?;
                events[bucket].push(Arc::new(file));
            } else {
                tables.entry(table.name).or_insert_with(Vec::new).push(Arc::new(file));
            }
        }
        tx.commit().await?;
        Ok(Loaded { snapshot_id, lake_offset, marks, events, tables })
    }

    fn data_file(&self, row: &Row, folder: &str, has_ranges: bool, known: &HashMap<i64, Arc<DataFile>>) -> Result<DataFile, LakeError> {
        let id = row.int(0)?;
        let known = known.get(&id);
        let path = self.path(folder, &row.text(2)?, row.int(3)? != 0);
        let committed = match row.maybe_int(6)? {
            None => None,
            Some(delete_id) => match known.and_then(|file| file.committed.clone()).filter(|(held, _)| *held == delete_id) {
                Some(held) => Some(held),
                None => {
                    let delete_path = self.path(folder, &row.text(7)?, row.int(8)? != 0);
                    if row.maybe_text(9)?.is_some_and(|format| format != "parquet") {
                        return Err(LakeError::Unreadable(format!("{} is no positional delete file in Parquet", delete_path.display())));
                    }
                    let bytes = row.maybe_int(16)?.unwrap_or_default().max(0) as u64;
                    let seal = Seal::new(delete_path.clone(), bytes, crc32(row, 17)?);
                    Some((delete_id, Arc::new(parquet_in::deleted_positions(&delete_path, &seal)?)))
                }
            },
        };
        let range = |low: Option<i64>, high: Option<i64>| low.zip(high).filter(|_| has_ranges).unwrap_or(ANY);
        let int = |column: usize| Ok::<_, LakeError>(row.maybe_text(column)?.and_then(|text| text.parse().ok()));
        let time = |column: usize| Ok::<_, LakeError>(row.maybe_text(column)?.and_then(|text| parse_us(&text)));
        let bytes = row.int(5)?.max(0) as u64;
        let seal = match known {
            Some(file) => file.seal.clone(),
            None => Arc::new(Seal::new(path.clone(), bytes, crc32(row, 15)?)),
        };
        Ok(DataFile {
            id,
            rows: row.int(4)?.max(0) as u64,
            bytes,
            seal,
            profile_ids: range(int(11)?, int(12)?),
            ts_us: range(time(13)?, time(14)?),
            deleted: committed.as_ref().map(|(_, positions)| positions.clone()),
            committed,
            on_disk: known.map_or_else(|| Arc::new(path.clone()), |file| file.on_disk.clone()),
            path,
        })
    }

    /// Where a file is that the catalogue names.
    pub(super) fn path(&self, folder: &str, name: &str, is_relative: bool) -> PathBuf {
        if is_relative { self.data_dir.join(folder).join(name) } else { Path::new(name).to_owned() }
    }
}

fn crc32(row: &Row, column: usize) -> Result<Option<u32>, LakeError> {
    Ok(row.maybe_int(column)?.and_then(|crc32| u32::try_from(crc32).ok()))
}

/// The partition that the file was written for, or, for one of another partitioning, that its profile ids lie in.
fn bucket_of(row: &Row, file: &DataFile) -> Result<usize, LakeError> {
    let told = row.maybe_text(10)?.and_then(|text| text.parse::<usize>().ok());
    let (first, last) = (file.profile_ids.0 >> 59, file.profile_ids.1 >> 59);
    let bucket = told.or_else(|| usize::try_from(first).ok().filter(|_| first == last));
    bucket.filter(|bucket| *bucket < usize::from(BUCKETS)).ok_or_else(|| {
        let told = format!("{} holds rows of several buckets: write `events` with its partitioning by `bucket`", file.path.display());
        LakeError::Unreadable(told)
    })
}

//! One change of the lake as one DuckLake snapshot: all of it, or none.

use std::{collections::BTreeMap, sync::Arc};

use forecourt_model::time::day_text;
use forecourt_store::{Row, Tx};

use super::{
    CatalogueDb, run,
    script::{Script, time},
};
use crate::{
    DataFile, LakeError, Seal,
    data_file::ANY,
    error::crash_point,
    parquet_out::{Bound, ColumnStatistics, WrittenFile, widened},
    tables::{ColumnType, Table, event_column},
};

/// What one snapshot changes.
#[derive(Default)]
pub(crate) struct Change {
    pub tables: Vec<TableChange>,
    /// Offsets that the change reaches, by name: `lake_offset`, and up to where each entity table was copied.
    pub marks: Vec<(&'static str, u64)>,
}

pub(crate) struct TableChange {
    pub table: &'static Table,
    pub added: Vec<WrittenFile>,
    /// Files whose rows the snapshot no longer has, or has in other files.
    pub ended: Vec<Arc<DataFile>>,
    /// New delete files; each takes the place of the file's delete file so far. The positions are what `written` holds.
    pub deletes: Vec<Delete>,
    pub is_compaction: bool,
}

pub(crate) struct Delete {
    pub of: DeleteOf,
    pub positions: Arc<Vec<u64>>,
    pub written: WrittenFile,
}

/// The data file that rows are deleted of.
pub(crate) enum DeleteOf {
    Held(Arc<DataFile>),
    /// Index into [`TableChange::added`].
    Added(usize),
}

/// What a commit made, by table in the change's order.
pub(crate) struct Committed {
    pub snapshot_id: i64,
    pub tables: Vec<CommittedTable>,
}

pub(crate) struct CommittedTable {
    /// The added files with their ids, with the bucket of each.
    pub added: Vec<(Option<usize>, Arc<DataFile>)>,
    /// Files in place of held ones: the same with their deletes committed.
    pub changed: Vec<Arc<DataFile>>,
}

impl CatalogueDb {
    /// Commits the change as the snapshot after `base`.
    ///
    /// Errors: [`LakeError::Overtaken`] when `base` is not the newest snapshot any more.
    pub async fn commit(&self, base: i64, change: &Change, now_us: i64) -> Result<Committed, LakeError> {
        let mut tx = self.begin().await?;
        let newest = newest(&mut tx).await?;
        if newest.snapshot_id != base {
            return Err(LakeError::Overtaken);
        }
        // A change of marks alone is no snapshot.
        let is_snapshot = change.tables.iter().any(|part| !part.is_empty());
        let snapshot_id = newest.snapshot_id + i64::from(is_snapshot);
        let mut script = Script::default();
        let mut file_id = newest.next_file_id;
        let mut tables = Vec::new();
        let mut words = Vec::new();
        for part in &change.tables {
            let totals = Totals::read(&mut tx, self.ids(part.table.name).table_id).await?;
            tables.push(self.write_part(&mut script, part, totals, snapshot_id, &mut file_id, now_us));
            words.extend(part.words(self.ids(part.table.name).table_id));
        }
        crash_point!("lake_commit_midway");
        if is_snapshot {
            script.insert("ducklake_snapshot", &[&snapshot_id, &time(now_us), &newest.schema_version, &newest.next_catalog_id, &file_id]);
            let extra = change.marks.iter().map(|(name, offset)| format!("\"{name}\":{offset}")).collect::<Vec<_>>().join(",");
            let extra = (!extra.is_empty()).then(|| format!("{{{extra}}}"));
            script.insert("ducklake_snapshot_changes", &[&snapshot_id, &words.join(","), &"forecourt", &(), &extra]);
        }
        for (name, offset) in &change.marks {
            const MARK: &str = r#"INSERT INTO forecourt_lake VALUES (?, ?) ON CONFLICT ("key") DO UPDATE SET "value" = excluded."value""#;
            script.statement(MARK, &[name, &offset.to_string()]);
        }
        run(&mut tx, &script.into_text()).await?;
        crash_point!("lake_before_commit");
        tx.commit().await?;
        crash_point!("lake_after_commit");
        Ok(Committed { snapshot_id, tables })
    }

    fn write_part(
        &self,
        script: &mut Script,
        part: &TableChange,
        mut totals: Totals,
        snapshot_id: i64,
        next_file_id: &mut i64,
        now_us: i64,
    ) -> CommittedTable {
        let ids = self.ids(part.table.name);
        let mut take_id = || {
            *next_file_id += 1;
            *next_file_id - 1
        };
        for file in &part.ended {
            totals.lose(file);
            script.statement("UPDATE ducklake_data_file SET end_snapshot = ? WHERE data_file_id = ?", &[&snapshot_id, &file.id]);
            if let Some((delete_id, _)) = &file.committed {
                script.statement("UPDATE ducklake_delete_file SET end_snapshot = ? WHERE delete_file_id = ?", &[&snapshot_id, delete_id]);
            }
        }
        let mut added = Vec::new();
        for file in &part.added {
            let id = take_id();
            added.push((file.bucket, in_catalogue(file, id, part.table)));
            let partition_id = file.bucket.and(ids.partition_id);
            script.insert(
                "ducklake_data_file",
                &[
                    &id,
                    &ids.table_id,
                    &snapshot_id,
                    &(),
                    &(),
                    &file.name,
                    &true,
                    &"parquet",
                    &file.rows,
                    &file.bytes,
                    &file.footer_bytes,
                    &totals.next_row_id,
                    &partition_id,
                    &(),
                    &(),
                    &(),
                ],
            );
            totals.gain(file, part.table, &ids.column_ids);
        }
        for (file, (_, known)) in part.added.iter().zip(&added) {
            script.insert("forecourt_checksum", &[&known.id, &i64::from(file.crc32)]);
        }
        for (file, (bucket, known)) in part.added.iter().zip(&added) {
            if let Some(bucket) = bucket {
                script.insert("ducklake_file_partition_value", &[&known.id, &ids.table_id, &0, &bucket.to_string()]);
            }
            debug_assert_eq!(file.columns.len(), ids.column_ids.len());
        }
        for (file, (_, known)) in part.added.iter().zip(&added) {
            for ((column, statistics), column_id) in part.table.columns.iter().zip(&file.columns).zip(&ids.column_ids) {
                let (low, high) = texts(column.kind, statistics);
                let nan = (column.kind == ColumnType::Float64).then_some(false);
                script.insert(
                    "ducklake_file_column_stats",
                    &[
                        &known.id,
                        &ids.table_id,
                        column_id,
                        &statistics.bytes,
                        &statistics.values,
                        &statistics.nulls,
                        &low,
                        &high,
                        &nan,
                        &(),
                    ],
                );
            }
        }
        let mut changed = Vec::new();
        let mut delete_sums = Vec::new();
        for delete in &part.deletes {
            let id = take_id();
            delete_sums.push((id, delete.written.crc32));
            let file = match &delete.of {
                DeleteOf::Held(file) => file,
                DeleteOf::Added(at) => &added[*at].1,
            };
            if let Some((old_id, _)) = &file.committed {
                script.statement("UPDATE ducklake_delete_file SET end_snapshot = ? WHERE delete_file_id = ?", &[&snapshot_id, old_id]);
            }
            script.insert(
                "ducklake_delete_file",
                &[
                    &id,
                    &ids.table_id,
                    &snapshot_id,
                    &(),
                    &file.id,
                    &delete.written.name,
                    &true,
                    &"parquet",
                    &delete.positions.len().try_into().unwrap_or(i64::MAX),
                    &delete.written.bytes,
                    &delete.written.footer_bytes,
                    &(),
                    &(),
                ],
            );
            let committed = Some((id, delete.positions.clone()));
            // A held file may have more deletes by now than this commit knows: they stay.
            let file = DataFile { committed, ..file.with_deleted(&delete.positions) };
            match delete.of {
                DeleteOf::Held(_) => changed.push(Arc::new(file)),
                DeleteOf::Added(at) => added[at].1 = Arc::new(file),
            }
        }
        for (id, crc32) in delete_sums {
            script.insert("forecourt_checksum", &[&id, &i64::from(crc32)]);
        }
        if !part.table.by_bucket {
            // Entity tables are rewritten as a whole, many times an hour: nobody is promised their past.
            schedule_now(script, part, now_us);
        }
        totals.write(script, ids.table_id, part.table, &ids.column_ids);
        CommittedTable { added, changed }
    }
}

impl TableChange {
    pub fn new(table: &'static Table) -> Self {
        Self { table, added: Vec::new(), ended: Vec::new(), deletes: Vec::new(), is_compaction: false }
    }

    fn is_empty(&self) -> bool {
        self.added.is_empty() && self.ended.is_empty() && self.deletes.is_empty()
    }

    pub fn written(&self) -> impl Iterator<Item = &WrittenFile> {
        self.added.iter().chain(self.deletes.iter().map(|delete| &delete.written))
    }

    /// DuckLake's words for it: other writers look there for what collides with them.
    fn words(&self, table_id: i64) -> Vec<String> {
        if self.is_compaction {
            return vec![format!("rewrite_delete:{table_id}")];
        }
        let inserted = (!self.added.is_empty()).then(|| format!("inserted_into_table:{table_id}"));
        let deleted = (!self.deletes.is_empty() || !self.ended.is_empty()).then(|| format!("deleted_from_table:{table_id}"));
        inserted.into_iter().chain(deleted).collect()
    }
}

struct Newest {
    snapshot_id: i64,
    schema_version: i64,
    next_catalog_id: i64,
    next_file_id: i64,
}

async fn newest(tx: &mut Tx) -> Result<Newest, LakeError> {
    const SQL: &str =
        "SELECT snapshot_id, schema_version, next_catalog_id, next_file_id FROM ducklake_snapshot ORDER BY snapshot_id DESC LIMIT 1";
    let rows = tx.query(SQL, vec![]).await?;
    let row = rows.first().ok_or_else(|| LakeError::Unreadable("it has no snapshot: restore a backup".into()))?;
    Ok(Newest { snapshot_id: row.int(0)?, schema_version: row.int(1)?, next_catalog_id: row.int(2)?, next_file_id: row.int(3)? })
}

/// The catalogue's totals of one table.
struct Totals {
    rows: i64,
    next_row_id: i64,
    bytes: i64,
    /// By column id: whether nulls were seen, and the range as text.
    columns: BTreeMap<i64, (bool, Option<(String, String)>)>,
    widened: BTreeMap<i64, (bool, Option<(Bound, Bound)>)>,
}

impl Totals {
    async fn read(tx: &mut Tx, table_id: i64) -> Result<Self, LakeError> {
        const TOTALS: &str = "SELECT record_count, next_row_id, file_size_bytes FROM ducklake_table_stats WHERE table_id = $1";
        const COLUMNS: &str = "SELECT column_id, CAST(CASE WHEN contains_null THEN 1 ELSE 0 END AS BIGINT), min_value, max_value
            FROM ducklake_table_column_stats WHERE table_id = $1";
        let rows = tx.query(TOTALS, vec![table_id.into()]).await?;
        let int = |column| rows.first().map_or(Ok(0), |row: &Row| row.maybe_int(column).map(Option::unwrap_or_default));
        let (rows_total, next_row_id, bytes) = (int(0)?, int(1)?, int(2)?);
        let mut columns = BTreeMap::new();
        for row in tx.query(COLUMNS, vec![table_id.into()]).await? {
            columns.insert(row.int(0)?, (row.int(1)? != 0, row.maybe_text(2)?.zip(row.maybe_text(3)?)));
        }
        Ok(Self { rows: rows_total, next_row_id, bytes, columns, widened: BTreeMap::new() })
    }

    fn lose(&mut self, file: &DataFile) {
        self.rows -= file.rows as i64;
        self.bytes -= file.bytes as i64;
    }

    fn gain(&mut self, file: &WrittenFile, table: &Table, column_ids: &[i64]) {
        self.rows += file.rows as i64;
        self.bytes += file.bytes as i64;
        self.next_row_id += file.rows as i64;
        for ((column, statistics), id) in table.columns.iter().zip(&file.columns).zip(column_ids) {
            let (nulls, range) = self.widened.entry(*id).or_insert_with(|| match self.columns.get(id) {
                Some((nulls, range)) => {
                    (*nulls, range.as_ref().and_then(|(low, high)| bound(column.kind, low).zip(bound(column.kind, high))))
                }
                None => (false, None),
            });
            *nulls |= 0 < statistics.nulls;
            if let Some(more) = &statistics.range {
                *range = Some(widened(range.take(), printed(column.kind, more)));
            }
        }
    }

    fn write(self, script: &mut Script, table_id: i64, table: &Table, column_ids: &[i64]) {
        script.statement(
            "UPDATE ducklake_table_stats SET record_count = ?, next_row_id = ?, file_size_bytes = ? WHERE table_id = ?",
            &[&self.rows.max(0), &self.next_row_id, &self.bytes.max(0), &table_id],
        );
        if self.widened.is_empty() {
            return;
        }
        script.statement("DELETE FROM ducklake_table_column_stats WHERE table_id = ?", &[&table_id]);
        for (column, id) in table.columns.iter().zip(column_ids) {
            let Some((nulls, range)) = self.widened.get(id) else { continue };
            // A column of which some file tells no range has none as a whole.
            let range = range.as_ref().filter(|_| !column.bulky && is_ordered(column.kind));
            let (low, high) = range.map(|(low, high)| (text(column.kind, low), text(column.kind, high))).unzip();
            let nan = (column.kind == ColumnType::Float64).then_some(false);
            script.insert("ducklake_table_column_stats", &[&table_id, id, nulls, &nan, &low, &high, &()]);
        }
    }
}

/// Text columns lose their range as soon as one file's is cut short, so a table as a whole keeps none.
fn is_ordered(kind: ColumnType) -> bool {
    !matches!(kind, ColumnType::Text | ColumnType::Word)
}

fn texts(kind: ColumnType, statistics: &ColumnStatistics) -> (Option<String>, Option<String>) {
    statistics.range.as_ref().map(|(low, high)| (text(kind, low), text(kind, high))).unzip()
}

/// A bound as DuckLake writes it.
fn text(kind: ColumnType, bound: &Bound) -> String {
    match (kind, bound) {
        (ColumnType::Time, Bound::Int(us)) => time(*us),
        (ColumnType::Date, Bound::Int(day)) => day_text(i32::try_from(*day).unwrap_or_default()),
        (_, Bound::Int(value)) => value.to_string(),
        (_, Bound::Real(value)) => format!("{value:?}"),
        (_, Bound::Text(text)) => text.clone(),
    }
}

/// Reads a bound back, times and dates as the text that they are: it sorts as they do.
fn bound(kind: ColumnType, text: &str) -> Option<Bound> {
    match kind {
        ColumnType::Int32 | ColumnType::Int64 => text.parse().ok().map(Bound::Int),
        ColumnType::Float64 => text.parse().ok().map(Bound::Real),
        _ => Some(Bound::Text(text.to_owned())),
    }
}

fn printed(kind: ColumnType, (low, high): &(Bound, Bound)) -> (Bound, Bound) {
    if matches!(kind, ColumnType::Time | ColumnType::Date) {
        return (Bound::Text(text(kind, low)), Bound::Text(text(kind, high)));
    }
    (low.clone(), high.clone())
}

fn schedule_now(script: &mut Script, part: &TableChange, now_us: i64) {
    for file in &part.ended {
        script.statement("DELETE FROM ducklake_data_file WHERE data_file_id = ?", &[&file.id]);
        script.statement("DELETE FROM ducklake_file_column_stats WHERE data_file_id = ?", &[&file.id]);
        script.statement("DELETE FROM forecourt_checksum WHERE file_id = ?", &[&file.id]);
        let name = file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let path = format!("{}/{name}", part.table.folder());
        script.statement("INSERT INTO ducklake_files_scheduled_for_deletion VALUES (?, ?, TRUE, ?)", &[&file.id, &path, &time(now_us)]);
    }
}

/// A written file as snapshots list it.
fn in_catalogue(file: &WrittenFile, id: i64, table: &Table) -> Arc<DataFile> {
    let range = |at: usize| match file.columns.get(at).and_then(|column| column.range.as_ref()) {
        Some((Bound::Int(low), Bound::Int(high))) if table.by_bucket => (*low, *high),
        _ => ANY,
    };
    Arc::new(DataFile {
        id,
        path: file.path.clone(),
        rows: file.rows,
        bytes: file.bytes,
        profile_ids: range(event_column::PROFILE_ID),
        ts_us: range(event_column::TS),
        deleted: None,
        committed: None,
        on_disk: Arc::new(file.path.clone()),
        seal: Arc::new(Seal::fresh(file.path.clone(), file.bytes, file.crc32)),
    })
}

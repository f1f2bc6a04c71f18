//! An upgrade: columns that this version knows and the catalogue's tables do not have yet. Rows so far are null there.

use std::collections::BTreeMap;

use forecourt_store::{Database, Tx};

use super::{
    run,
    script::{Script, time},
};
use crate::{
    LakeError,
    tables::{Column, TABLES},
};

/// Adds them in one snapshot, as an `ALTER TABLE` of DuckLake's own does. Only optional columns may be missing.
pub(super) async fn missing(db: &Database, now_us: i64) -> Result<(), LakeError> {
    let mut tx = db.begin().await?;
    let tables = tables(&mut tx).await?;
    let mut script = Script::default();
    let newest = newest(&mut tx).await?;
    let [snapshot_id, schema_version, next_catalog_id, next_file_id] = newest;
    let (next, version) = (snapshot_id + 1, schema_version + 1);
    let mut changes = Vec::new();
    for table in TABLES {
        let Some((table_id, columns)) = tables.get(table.name) else { continue };
        let absent: Vec<&Column> =
            table.columns.iter().filter(|column| column.nullable && !columns.names.contains(&column.name.to_owned())).collect();
        if absent.is_empty() {
            continue;
        }
        for (id, column) in (columns.greatest_id + 1..).zip(absent) {
            let values: [&dyn super::script::Literal; 13] =
                [&id, &next, &(), table_id, &id, &column.name, &column.kind.ducklake(), &(), &"NULL", &true, &(), &"literal", &"duckdb"];
            script.insert("ducklake_column", &values);
        }
        script.insert("ducklake_schema_versions", &[&next, &version, table_id]);
        changes.push(format!("altered_table:{table_id}"));
    }
    if changes.is_empty() {
        return Ok(());
    }
    script.insert("ducklake_snapshot", &[&next, &time(now_us), &version, &next_catalog_id, &next_file_id]);
    script.insert("ducklake_snapshot_changes", &[&next, &changes.join(","), &"forecourt", &(), &()]);
    run(&mut tx, &script.into_text()).await?;
    Ok(tx.commit().await?)
}

#[derive(Default)]
struct Columns {
    names: Vec<String>,
    /// Ids of columns that are gone count: files may still have them.
    greatest_id: i64,
}

/// Living tables by name: id and columns.
async fn tables(tx: &mut Tx) -> Result<BTreeMap<String, (i64, Columns)>, LakeError> {
    const TABLE: &str = "SELECT t.table_name, t.table_id FROM ducklake_table t
        JOIN ducklake_schema s ON s.schema_id = t.schema_id AND s.schema_name = 'main' WHERE t.end_snapshot IS NULL";
    const COLUMN: &str =
        "SELECT column_id, column_name, CAST(CASE WHEN end_snapshot IS NULL AND parent_column IS NULL THEN 1 ELSE 0 END AS BIGINT)
        FROM ducklake_column WHERE table_id = $1";
    let mut found = BTreeMap::new();
    for row in tx.query(TABLE, vec![]).await? {
        let (name, table_id) = (row.text(0)?, row.int(1)?);
        let mut columns = Columns::default();
        for row in tx.query(COLUMN, vec![table_id.into()]).await? {
            columns.greatest_id = columns.greatest_id.max(row.int(0)?);
            if row.int(2)? != 0 {
                columns.names.push(row.text(1)?);
            }
        }
        found.insert(name, (table_id, columns));
    }
    Ok(found)
}

/// The newest snapshot's id, schema version, next catalogue id and next file id.
async fn newest(tx: &mut Tx) -> Result<[i64; 4], LakeError> {
    const SQL: &str =
        "SELECT snapshot_id, schema_version, next_catalog_id, next_file_id FROM ducklake_snapshot ORDER BY snapshot_id DESC LIMIT 1";
    let rows = tx.query(SQL, vec![]).await?;
    let row = rows.first().ok_or_else(|| LakeError::Unreadable("it has no snapshot: restore a backup".into()))?;
    Ok([row.int(0)?, row.int(1)?, row.int(2)?, row.int(3)?])
}

//! The catalogue's own tables as DuckLake 1.0 has them, and the rows of an empty lake.

use std::path::Path;

use crate::{
    catalogue::script::{Script, time},
    tables::TABLES,
};

/// `BOOL`, `TIME` and `UUID` stand for what the databases call them: DuckDB keeps plainer types in SQLite.
const CREATE: &str = r#"
CREATE TABLE ducklake_column (column_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT, table_id BIGINT, column_order BIGINT, column_name VARCHAR, column_type VARCHAR, initial_default VARCHAR, default_value VARCHAR, nulls_allowed BOOL, parent_column BIGINT, default_value_type VARCHAR, default_value_dialect VARCHAR);
CREATE TABLE ducklake_column_mapping (mapping_id BIGINT, table_id BIGINT, "type" VARCHAR);
CREATE TABLE ducklake_column_tag (table_id BIGINT, column_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT, "key" VARCHAR, "value" VARCHAR);
CREATE TABLE ducklake_data_file (data_file_id BIGINT PRIMARY KEY, table_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT, file_order BIGINT, path VARCHAR, path_is_relative BOOL, file_format VARCHAR, record_count BIGINT, file_size_bytes BIGINT, footer_size BIGINT, row_id_start BIGINT, partition_id BIGINT, encryption_key VARCHAR, mapping_id BIGINT, partial_max BIGINT);
CREATE TABLE ducklake_delete_file (delete_file_id BIGINT PRIMARY KEY, table_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT, data_file_id BIGINT, path VARCHAR, path_is_relative BOOL, format VARCHAR, delete_count BIGINT, file_size_bytes BIGINT, footer_size BIGINT, encryption_key VARCHAR, partial_max BIGINT);
CREATE TABLE ducklake_file_column_stats (data_file_id BIGINT, table_id BIGINT, column_id BIGINT, column_size_bytes BIGINT, value_count BIGINT, null_count BIGINT, min_value VARCHAR, max_value VARCHAR, contains_nan BOOL, extra_stats VARCHAR);
CREATE TABLE ducklake_file_partition_value (data_file_id BIGINT, table_id BIGINT, partition_key_index BIGINT, partition_value VARCHAR);
CREATE TABLE ducklake_file_variant_stats (data_file_id BIGINT, table_id BIGINT, column_id BIGINT, variant_path VARCHAR, shredded_type VARCHAR, column_size_bytes BIGINT, value_count BIGINT, null_count BIGINT, min_value VARCHAR, max_value VARCHAR, contains_nan BOOL, extra_stats VARCHAR);
CREATE TABLE ducklake_files_scheduled_for_deletion (data_file_id BIGINT, path VARCHAR, path_is_relative BOOL, schedule_start TIME);
CREATE TABLE ducklake_inlined_data_tables (table_id BIGINT, table_name VARCHAR, schema_version BIGINT);
CREATE TABLE ducklake_macro (schema_id BIGINT, macro_id BIGINT, macro_name VARCHAR, begin_snapshot BIGINT, end_snapshot BIGINT);
CREATE TABLE ducklake_macro_impl (macro_id BIGINT, impl_id BIGINT, dialect VARCHAR, "sql" VARCHAR, "type" VARCHAR);
CREATE TABLE ducklake_macro_parameters (macro_id BIGINT, impl_id BIGINT, column_id BIGINT, parameter_name VARCHAR, parameter_type VARCHAR, default_value VARCHAR, default_value_type VARCHAR);
CREATE TABLE ducklake_metadata ("key" VARCHAR NOT NULL, "value" VARCHAR NOT NULL, "scope" VARCHAR, scope_id BIGINT);
CREATE TABLE ducklake_name_mapping (mapping_id BIGINT, column_id BIGINT, source_name VARCHAR, target_field_id BIGINT, parent_column BIGINT, is_partition BOOL);
CREATE TABLE ducklake_partition_column (partition_id BIGINT, table_id BIGINT, partition_key_index BIGINT, column_id BIGINT, "transform" VARCHAR);
CREATE TABLE ducklake_partition_info (partition_id BIGINT, table_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT);
CREATE TABLE ducklake_schema (schema_id BIGINT PRIMARY KEY, schema_uuid UUID, begin_snapshot BIGINT, end_snapshot BIGINT, schema_name VARCHAR, path VARCHAR, path_is_relative BOOL);
CREATE TABLE ducklake_schema_versions (begin_snapshot BIGINT, schema_version BIGINT, table_id BIGINT);
CREATE TABLE ducklake_snapshot (snapshot_id BIGINT PRIMARY KEY, snapshot_time TIME, schema_version BIGINT, next_catalog_id BIGINT, next_file_id BIGINT);
CREATE TABLE ducklake_snapshot_changes (snapshot_id BIGINT PRIMARY KEY, changes_made VARCHAR, author VARCHAR, commit_message VARCHAR, commit_extra_info VARCHAR);
CREATE TABLE ducklake_sort_expression (sort_id BIGINT, table_id BIGINT, sort_key_index BIGINT, expression VARCHAR, dialect VARCHAR, sort_direction VARCHAR, null_order VARCHAR);
CREATE TABLE ducklake_sort_info (sort_id BIGINT, table_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT);
CREATE TABLE ducklake_table (table_id BIGINT, table_uuid UUID, begin_snapshot BIGINT, end_snapshot BIGINT, schema_id BIGINT, table_name VARCHAR, path VARCHAR, path_is_relative BOOL);
CREATE TABLE ducklake_table_column_stats (table_id BIGINT, column_id BIGINT, contains_null BOOL, contains_nan BOOL, min_value VARCHAR, max_value VARCHAR, extra_stats VARCHAR);
CREATE TABLE ducklake_table_stats (table_id BIGINT, record_count BIGINT, next_row_id BIGINT, file_size_bytes BIGINT);
CREATE TABLE ducklake_tag (object_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT, "key" VARCHAR, "value" VARCHAR);
CREATE TABLE ducklake_view (view_id BIGINT, view_uuid UUID, begin_snapshot BIGINT, end_snapshot BIGINT, schema_id BIGINT, view_name VARCHAR, dialect VARCHAR, "sql" VARCHAR, column_aliases VARCHAR);
CREATE TABLE forecourt_lake ("key" VARCHAR PRIMARY KEY, "value" VARCHAR NOT NULL);
"#;

/// Of data files and delete files, whose ids are of one sequence. Written with the file's own row.
pub const CHECKSUMS: &str = "CREATE TABLE IF NOT EXISTS forecourt_checksum (file_id BIGINT PRIMARY KEY, crc32 BIGINT NOT NULL)";

/// Statements that make an empty lake: its tables and, in snapshots 0 and 1, what it holds.
pub fn empty_lake(is_sqlite: bool, data_dir: &Path, now_us: i64) -> String {
    let (boolean, timestamp, uuid) = if is_sqlite { ("BIGINT", "VARCHAR", "VARCHAR") } else { ("BOOLEAN", "TIMESTAMPTZ", "UUID") };
    let mut script = Script::default();
    script.raw(
        &CREATE.replace(" BOOL", &format!(" {boolean}")).replace(" TIME", &format!(" {timestamp}")).replace(" UUID", &format!(" {uuid}")),
    );

    let data_path = format!("{}/", data_dir.to_string_lossy().trim_end_matches('/'));
    for (key, value) in [
        ("version", "1.0"),
        ("created_by", "Forecourt"),
        ("data_path", &data_path),
        ("encrypted", "false"),
        ("data_inlining_row_limit", "0"),
    ] {
        script.insert("ducklake_metadata", &[&key, &value, &(), &()]);
    }
    script.insert("forecourt_lake", &[&"lake_offset", &"0"]);
    script.insert("ducklake_schema", &[&0, &uuid::Uuid::new_v4().to_string(), &0, &(), &"main", &"main/", &true]);
    script.insert("ducklake_snapshot", &[&0, &time(now_us), &0, &1, &0]);
    script.insert("ducklake_snapshot_changes", &[&0, &"created_schema:\"main\"", &(), &(), &()]);

    let mut next_id = 1;
    let mut changes = Vec::new();
    for table in TABLES {
        let table_id = next_id;
        let (sort_id, partition_id) = (table_id + 1, table_id + 2);
        next_id += 3;
        let folder = format!("{}/", table.name);
        let table_uuid = uuid::Uuid::now_v7().to_string();
        script.insert("ducklake_table", &[&table_id, &table_uuid, &1, &(), &0, &table.name, &folder, &true]);
        script.insert("ducklake_schema_versions", &[&1, &1, &table_id]);
        script.insert("ducklake_table_stats", &[&table_id, &0, &0, &0]);
        for (column_id, column) in (1..).zip(table.columns) {
            script.insert(
                "ducklake_column",
                &[
                    &column_id,
                    &1,
                    &(),
                    &table_id,
                    &column_id,
                    &column.name,
                    &column.kind.ducklake(),
                    &(),
                    &"NULL",
                    &column.nullable,
                    &(),
                    &"literal",
                    &"duckdb",
                ],
            );
        }
        script.insert("ducklake_sort_info", &[&sort_id, &table_id, &1, &()]);
        for (at, name) in (0..).zip(table.sorted_by) {
            script.insert("ducklake_sort_expression", &[&sort_id, &table_id, &at, name, &"duckdb", &"ASC", &"NULLS_LAST"]);
        }
        if table.by_bucket {
            script.insert("ducklake_partition_info", &[&partition_id, &table_id, &1, &()]);
            script.insert("ducklake_partition_column", &[&partition_id, &table_id, &0, &1, &"identity"]);
        }
        changes.push(format!("created_table:\"main\".\"{}\"", table.name));
    }
    let view_uuid = uuid::Uuid::new_v4().to_string();
    let view = "SELECT * FROM {DUCKLAKE_CATALOG}.main.events";
    script.insert("ducklake_view", &[&next_id, &view_uuid, &1, &(), &0, &"events_resolved", &"duckdb", &view, &""]);
    changes.push("created_view:\"main\".\"events_resolved\"".to_owned());
    script.insert("ducklake_snapshot", &[&1, &time(now_us), &1, &(next_id + 1), &0]);
    script.insert("ducklake_snapshot_changes", &[&1, &changes.join(","), &"forecourt", &(), &()]);
    script.into_text()
}

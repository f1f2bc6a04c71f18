//! Plans that read a table's files and fresh rows: stock leaves, no logic of reports.

use std::sync::Arc;

use arrow::{
    array::RecordBatch,
    datatypes::{Schema, SchemaRef},
};
use datafusion::{
    common::{DataFusionError, Result},
    datasource::{
        listing::PartitionedFile,
        memory::MemorySourceConfig,
        physical_plan::{
            FileGroup, FileScanConfigBuilder, ParquetSource,
            parquet::{CachedParquetFileReaderFactory, ParquetRowSelection},
        },
        source::DataSourceExec,
    },
    execution::{object_store::ObjectStoreUrl, runtime_env::RuntimeEnv},
    object_store::{ObjectMeta, path::Path},
    physical_expr::PhysicalExpr,
    physical_plan::{ExecutionPlan, empty::EmptyExec, union::UnionExec},
};
use parquet::arrow::arrow_reader::{RowSelection, RowSelector};

use crate::{
    dataset::{File, Table},
    sealed::SealedReaders,
};

/// Reads files as one partition per group, in the groups' order.
///
/// * `columns`: positions in the table's schema.
/// * `predicate`: on the table's schema; row groups and pages that it excludes are skipped, rows are not filtered.
pub(crate) fn files(
    runtime: &RuntimeEnv,
    table: &Table,
    groups: Vec<Vec<&File>>,
    columns: &[usize],
    predicate: Option<&Arc<dyn PhysicalExpr>>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let url = ObjectStoreUrl::local_filesystem();
    let readers = CachedParquetFileReaderFactory::new(runtime.object_store(&url)?, runtime.cache_manager.get_file_metadata_cache());
    let readers = Arc::new(SealedReaders(readers));
    let mut source = ParquetSource::new(table.schema.clone()).with_parquet_file_reader_factory(readers).with_pushdown_filters(false);
    if let Some(predicate) = predicate {
        source = source.with_predicate(predicate.clone());
    }
    let groups = groups
        .into_iter()
        .map(|files| Ok(FileGroup::new(files.into_iter().map(partitioned_file).collect::<Result<Vec<_>>>()?)))
        .collect::<Result<_>>()?;
    let config = FileScanConfigBuilder::new(url, Arc::new(source))
        .with_file_groups(groups)
        // Files stay in the partition and order they were put in: merges above rely on it.
        .with_preserve_order(true)
        .with_projection_indices(Some(columns.to_vec()))?
        .build();
    Ok(DataSourceExec::from_data_source(config))
}

/// Reads batches from memory, each a partition.
pub(crate) fn fresh(table: &Table, batches: &[RecordBatch], columns: &[usize]) -> Result<Arc<dyn ExecutionPlan>> {
    let partitions: Vec<Vec<RecordBatch>> = batches.iter().map(|batch| vec![batch.clone()]).collect();
    let plan = MemorySourceConfig::try_new_exec(&partitions, table.schema.clone(), Some(columns.to_vec()))?;
    Ok(plan)
}

/// The partitions of all of `plans` under one node.
pub(crate) fn together(mut plans: Vec<Arc<dyn ExecutionPlan>>, schema: &Schema) -> Result<Arc<dyn ExecutionPlan>> {
    match plans.len() {
        0 => Ok(Arc::new(EmptyExec::new(Arc::new(schema.clone())))),
        1 => Ok(plans.remove(0)),
        _ => UnionExec::try_new(plans),
    }
}

/// Spreads files over `count` groups of about equal bytes, without empty groups.
pub(crate) fn spread(mut files: Vec<&File>, count: usize) -> Vec<Vec<&File>> {
    files.sort_by_key(|file| std::cmp::Reverse(file.bytes));
    let mut groups: Vec<(u64, Vec<&File>)> = vec![(0, Vec::new()); count.clamp(1, files.len().max(1))];
    for file in files {
        if let Some(least) = groups.iter_mut().min_by_key(|group| group.0) {
            least.0 += file.bytes;
            least.1.push(file);
        }
    }
    groups.into_iter().map(|group| group.1).filter(|group| !group.is_empty()).collect()
}

fn partitioned_file(file: &File) -> Result<PartitionedFile> {
    let location = Path::from_absolute_path(&file.path).map_err(|error| DataFusionError::External(Box::new(error)))?;
    // The lake never writes a file twice, so the time of its last change may stand still: it only keys caches.
    let meta = ObjectMeta { location, last_modified: Default::default(), size: file.bytes, e_tag: None, version: None };
    let listed = PartitionedFile::new_from_meta(meta);
    let listed = match &file.seal {
        Some(seal) => listed.with_extension(seal.clone()),
        None => listed,
    };
    Ok(match &file.deleted {
        Some(positions) if !positions.is_empty() => listed.with_extension(ParquetRowSelection::new(all_but(positions, file.rows))),
        _ => listed,
    })
}

/// * `positions`: rising.
/// * `rows`: of the whole file.
fn all_but(positions: &[u64], rows: u64) -> RowSelection {
    let mut selectors = Vec::with_capacity(positions.len() * 2 + 1);
    let mut next = 0;
    for &position in positions {
        if position > next {
            selectors.push(RowSelector::select((position - next) as usize));
        }
        selectors.push(RowSelector::skip(1));
        next = position + 1;
    }
    if next < rows {
        selectors.push(RowSelector::select((rows - next) as usize));
    }
    // Neighbours of one kind are joined by the conversion.
    selectors.into()
}

/// A schema of some columns of a table.
pub(crate) fn columns_of(table: &Table, columns: &[usize]) -> Result<SchemaRef> {
    Ok(Arc::new(table.schema.project(columns)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deleted_rows_are_skipped_and_no_others() {
        let selection = all_but(&[0, 1, 4], 6);
        let told: Vec<(bool, usize)> = selection.iter().map(|part| (part.skip, part.row_count)).collect();
        assert_eq!(told, [(true, 2), (false, 2), (true, 1), (false, 1)]);
        assert_eq!(all_but(&[5], 6).row_count(), 5);
    }
}

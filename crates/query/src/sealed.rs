//! Readers of files that are first seen to be what the lake wrote: no byte of a damaged one is decoded.

use std::sync::Arc;

use datafusion::{
    common::{DataFusionError, Result},
    datasource::{
        listing::PartitionedFile,
        physical_plan::{ParquetFileReaderFactory, parquet::CachedParquetFileReaderFactory},
    },
    physical_plan::metrics::ExecutionPlanMetricsSet,
};
use forecourt_lake::Seal;
use parquet::arrow::async_reader::AsyncFileReader;

/// The stock readers, behind the file's seal if it comes with one as an extension.
#[derive(Debug)]
pub(crate) struct SealedReaders(pub CachedParquetFileReaderFactory);

impl ParquetFileReaderFactory for SealedReaders {
    fn create_reader(
        &self,
        partition: usize,
        file: PartitionedFile,
        metadata_size_hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        // It reads the whole file the first time, on a thread that is for computing.
        if let Some(seal) = file.extension::<Arc<Seal>>() {
            seal.check().map_err(|error| DataFusionError::External(Box::new(error)))?;
        }
        self.0.create_reader(partition, file, metadata_size_hint, metrics)
    }
}

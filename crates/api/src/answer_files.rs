//! What a report or SQL answers, as a file to take away: CSV, XLSX, Parquet.

use std::fs::File;

use axum::{extract::State, http::header, response::Response};
use forecourt_query::{Query, SqlAnswer};
use forecourt_store::Store;
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    errors::ParquetError,
    file::properties::WriterProperties,
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    Caller, Clock, Trail,
    error::{ApiError, ErrorBody},
    exports::{download_headers, handed_out, note_export, open, streamed, today},
    input::Body,
    masking::masked_at_source,
    segments::within,
    table_batch::write_batch,
    table_writer::{TableError, TableFormat},
};

/// As many as an answer of SQL has at most.
const ROWS_MAX: usize = 1_000_000;
/// A sheet of XLSX takes no more, its head among them.
const SHEET_ROWS_MAX: usize = 1_048_575;
const PARQUET: &str = "application/vnd.apache.parquet";

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswerFormat {
    Csv,
    Xlsx,
    Parquet,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SqlToExport {
    sql: String,
    format: AnswerFormat,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportToExport {
    report: TabularReport,
    /// As the report itself takes it; what it compares with is not in the file.
    #[schema(value_type = Object)]
    spec: serde_json::Map<String, Value>,
    format: AnswerFormat,
}

/// Reports that are tables of SQL too.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TabularReport {
    Funnel,
    Retention,
    Flow,
    Paths,
    Experiment,
}

impl TabularReport {
    fn name(self) -> &'static str {
        match self {
            Self::Funnel => "funnel",
            Self::Retention => "retention",
            Self::Flow => "flow",
            Self::Paths => "paths",
            Self::Experiment => "experiment",
        }
    }
}

/// The answer to SQL as a file: at most a million rows.
#[utoipa::path(post, path = "/api/query/export", tag = "reports", request_body = SqlToExport,
    responses((status = 200, content_type = "text/csv", body = Vec<u8>), (status = 400, body = ErrorBody)))]
pub async fn export_sql(
    State(query): State<Query>,
    State(clock): State<Clock>,
    caller: Caller,
    trail: Trail,
    Body(asked): Body<SqlToExport>,
) -> Result<Response, ApiError> {
    let answer = query.sql(&caller.scope, &asked.sql, ROWS_MAX).await?;
    note_export(&trail, "query", &asked.sql, rows_of(&answer));
    file_of(answer, asked.format, "Answer", &format!("answer-{}", today(&clock))).await
}

/// A report's rows as a file: those of its groups where it has any, else of the whole.
#[utoipa::path(post, path = "/api/reports/export", tag = "reports", request_body = ReportToExport,
    responses((status = 200, content_type = "text/csv", body = Vec<u8>), (status = 400, body = ErrorBody)))]
pub async fn export_report(
    State(query): State<Query>,
    State(store): State<Store>,
    State(clock): State<Clock>,
    caller: Caller,
    trail: Trail,
    Body(asked): Body<ReportToExport>,
) -> Result<Response, ApiError> {
    let (name, mut spec) = (asked.report.name(), asked.spec);
    let segment = match spec.remove("segment") {
        None | Some(Value::Null) => None,
        Some(Value::String(segment)) => Some(segment),
        Some(_) => return Err(ApiError::invalid("`segment` is the id of a segment, a text: write it so, or leave it out")),
    };
    // They stand beside the report's rows, and take as long again.
    for beside in ["compare", "versus", "trend"] {
        spec.remove(beside);
    }
    let spec = Value::Object(spec).to_string();
    let query = within(query, &store, &caller, segment.as_deref()).await?;
    let answer = query.sql(&caller.scope, &format!("SELECT * FROM {name}('{}')", spec.replace('\'', "''")), ROWS_MAX).await?;
    note_export(&trail, name, &spec, rows_of(&answer));
    file_of(answer, asked.format, name, &format!("{name}-{}", today(&clock))).await
}

fn rows_of(answer: &SqlAnswer) -> u64 {
    answer.batches.iter().map(|batch| batch.num_rows() as u64).sum()
}

/// * `name`: of the file, without its ending.
async fn file_of(answer: SqlAnswer, format: AnswerFormat, title: &'static str, name: &str) -> Result<Response, ApiError> {
    if answer.truncated {
        return Err(ApiError::invalid(format!("the answer has more than {ROWS_MAX} rows: narrow it by WHERE or LIMIT")));
    }
    if format == AnswerFormat::Xlsx && SHEET_ROWS_MAX < rows_of(&answer) as usize {
        return Err(ApiError::invalid("a sheet takes at most 1,048,575 rows: take CSV or Parquet"));
    }
    // Writing a million rows keeps a thread for seconds.
    let written = tokio::task::spawn_blocking(move || written(&answer, format, title)).await;
    let file = written.map_err(|error| ApiError::internal(&error))??;
    let answered = match format {
        AnswerFormat::Csv => handed_out(file, TableFormat::Csv, name)?,
        AnswerFormat::Xlsx => handed_out(file, TableFormat::Xlsx, name)?,
        AnswerFormat::Parquet => {
            let length = file.metadata().map_err(TableError::from)?.len();
            let mut headers = download_headers(PARQUET, &format!("{name}.parquet"));
            headers.insert(header::CONTENT_LENGTH, length.into());
            axum::response::IntoResponse::into_response((headers, streamed(file)))
        }
    };
    Ok(masked_at_source(answered))
}

fn written(answer: &SqlAnswer, format: AnswerFormat, title: &str) -> Result<File, ApiError> {
    let format = match format {
        AnswerFormat::Csv => TableFormat::Csv,
        AnswerFormat::Xlsx => TableFormat::Xlsx,
        AnswerFormat::Parquet => return parquet_of(answer).map_err(|error| ApiError::internal(&error)),
    };
    let columns = answer.columns();
    let head: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let mut table = open(format, title, &head)?;
    for batch in &answer.batches {
        write_batch(&mut table, batch)?;
    }
    Ok(table.finish()?)
}

fn parquet_of(answer: &SqlAnswer) -> Result<File, ParquetError> {
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
    let file = tempfile::tempfile()?;
    let mut writer = ArrowWriter::try_new(file.try_clone()?, answer.schema.clone(), Some(properties))?;
    for batch in &answer.batches {
        writer.write(batch)?;
    }
    writer.close()?;
    let mut file = file;
    std::io::Seek::rewind(&mut file)?;
    Ok(file)
}

//! `forecourt export`: a table of the lake as a file.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::PathBuf,
    sync::Arc,
};

use anyhow::Context as _;
use arrow::{
    array::{ArrayRef, RecordBatch, StringArray},
    datatypes::{DataType, Field, Schema, SchemaRef},
    ipc::reader::StreamReader,
};
use clap::{Args, ValueEnum};
use forecourt_api::{
    table_batch::write_batch,
    table_writer::{TableFormat, TableWriter},
};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    file::properties::WriterProperties,
};

use super::{Place, segment};
use crate::{client::Client, output::plain};

/// Rows asked for at a time; tables with a `profile_id` are read by ranges of it.
const ROWS_MAX: u32 = 1_000_000;
/// Ranges of profile ids: each fits in memory.
const RANGES: i64 = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Table {
    Events,
    Profiles,
    Leads,
    Orders,
    Calls,
    AdCosts,
    /// The people of one segment.
    Segment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FileFormat {
    Parquet,
    /// For people: no cell is taken for a formula.
    Csv,
    /// For people: a sheet of up to 1,048,576 rows, then the next.
    Xlsx,
    Jsonl,
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    /// What to export.
    table: Table,
    /// The segment's id, for `segment`.
    #[arg(required_if_eq("table", "segment"))]
    id: Option<String>,
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    #[arg(long, value_enum, default_value = "parquet")]
    format: FileFormat,
}

impl Table {
    fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Profiles => "profiles",
            Self::Leads => "leads",
            Self::Orders => "orders",
            Self::Calls => "calls",
            Self::AdCosts => "ad_costs",
            Self::Segment => "segment",
        }
    }

    /// Statements whose answers together are the table, each row once.
    fn statements(self) -> Vec<String> {
        let name = self.name();
        if self == Self::AdCosts {
            return vec![format!("SELECT * FROM {name}")];
        }
        let width = i64::MAX / RANGES + 1;
        let range = |number: i64| {
            let last = width.saturating_mul(number).saturating_add(width - 1);
            format!("SELECT * FROM {name} WHERE profile_id BETWEEN {} AND {last}", width * number)
        };
        (0..RANGES).map(range).collect()
    }
}

pub async fn run(place: &Place, args: ExportArgs) -> anyhow::Result<()> {
    let client = Client::connect(place).await?;
    let exported = match (args.table, &args.id) {
        (Table::Segment, Some(id)) => export_segment(&client, &args, id).await,
        (_, Some(id)) => Err(anyhow::anyhow!("`{id}` is one word too many: only `segment` takes an id")),
        (_, None) => export(&client, &args).await,
    };
    client.close().await;
    println!("{} rows in {}", exported?, args.to.display());
    Ok(())
}

async fn export(client: &Client, args: &ExportArgs) -> anyhow::Result<usize> {
    let mut output: Option<Writer> = None;
    let mut rows = 0;
    for sql in args.table.statements() {
        let stream = client.arrow(&sql, ROWS_MAX).await?;
        let reader = StreamReader::try_new(&stream[..], None).context("the answer is no Arrow stream")?;
        let schema = reader.schema();
        let writer = match &mut output {
            Some(writer) => writer,
            None => output.insert(Writer::open(args, schema)?),
        };
        let before = rows;
        for batch in reader {
            let batch = batch?;
            rows += batch.num_rows();
            writer.write(&batch)?;
        }
        anyhow::ensure!(
            rows - before < ROWS_MAX as usize,
            "a part of the table has more than {ROWS_MAX} rows: export it by `forecourt query`"
        );
    }
    if let Some(writer) = output {
        writer.finish()?;
    }
    Ok(rows)
}

const PERSON: [&str; 12] = [
    "profile_id",
    "name",
    "email",
    "phone",
    "first_seen",
    "last_seen",
    "events",
    "channel",
    "region",
    "dealer",
    "identifiers",
    "entered_at",
];

/// Writes the people of a segment.
async fn export_segment(client: &Client, args: &ExportArgs, id: &str) -> anyhow::Result<usize> {
    let people = segment::people(client, id, usize::MAX).await?;
    let field = |name: &str| Field::new(name, DataType::Utf8, true);
    let schema = Arc::new(Schema::new(PERSON.map(field).to_vec()));
    let mut writer = Writer::open(args, schema.clone())?;
    let cell = |person: &serde_json::Value, name: &str| Some(plain(&person[name])).filter(|text| !text.is_empty());
    for page in people.chunks(10_000) {
        let column = |name: &str| Arc::new(page.iter().map(|person| cell(person, name)).collect::<StringArray>()) as ArrayRef;
        writer.write(&RecordBatch::try_new(schema.clone(), PERSON.map(column).to_vec())?)?;
    }
    writer.finish()?;
    Ok(people.len())
}

enum Writer {
    Parquet(Box<ArrowWriter<File>>),
    Table(Box<TableWriter>),
    Jsonl(arrow::json::LineDelimitedWriter<BufWriter<File>>),
}

impl Writer {
    fn open(args: &ExportArgs, schema: SchemaRef) -> anyhow::Result<Self> {
        let file = File::create(&args.to).with_context(|| format!("cannot write {}", args.to.display()))?;
        Ok(match args.format {
            FileFormat::Parquet => {
                let packed = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?)).build();
                Self::Parquet(Box::new(ArrowWriter::try_new(file, schema, Some(packed))?))
            }
            FileFormat::Csv | FileFormat::Xlsx => {
                let format = if args.format == FileFormat::Csv { TableFormat::Csv } else { TableFormat::Xlsx };
                let head: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
                Self::Table(Box::new(TableWriter::new(file, format, args.table.name(), &head)?))
            }
            FileFormat::Jsonl => Self::Jsonl(arrow::json::LineDelimitedWriter::new(BufWriter::new(file))),
        })
    }

    fn write(&mut self, batch: &RecordBatch) -> anyhow::Result<()> {
        match self {
            Self::Parquet(writer) => writer.write(batch)?,
            Self::Table(writer) => write_batch(writer, batch)?,
            Self::Jsonl(writer) => writer.write(batch)?,
        }
        Ok(())
    }

    fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Parquet(writer) => drop(writer.close()?),
            Self::Table(writer) => drop(writer.finish()?),
            Self::Jsonl(mut writer) => {
                writer.finish()?;
                writer.into_inner().flush()?;
            }
        }
        Ok(())
    }
}

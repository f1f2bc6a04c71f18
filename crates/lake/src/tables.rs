//! The lake's tables: their columns, as Arrow and as DuckLake name them.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// A column's type in DuckLake's words, and how reports hold it in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    Int32,
    Int64,
    Float64,
    Date,
    /// Microseconds since 1970 UTC.
    Time,
    Text,
    /// Text of few different values, held as a dictionary.
    Word,
}

impl ColumnType {
    /// DuckLake's name of it.
    pub fn ducklake(self) -> &'static str {
        match self {
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Float64 => "float64",
            Self::Date => "date",
            Self::Time => "timestamptz",
            Self::Text | Self::Word => "varchar",
        }
    }

    pub fn arrow(self) -> DataType {
        match self {
            Self::Int32 => DataType::Int32,
            Self::Int64 => DataType::Int64,
            Self::Float64 => DataType::Float64,
            Self::Date => DataType::Date32,
            Self::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Text => DataType::Utf8View,
            Self::Word => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub name: &'static str,
    pub kind: ColumnType,
    pub nullable: bool,
    /// Long or unique text: no dictionary is tried, no least and greatest value is kept.
    pub bulky: bool,
}

const fn required(name: &'static str, kind: ColumnType) -> Column {
    Column { name, kind, nullable: false, bulky: false }
}

const fn optional(name: &'static str, kind: ColumnType) -> Column {
    Column { name, kind, nullable: true, bulky: false }
}

const fn bulky(name: &'static str, nullable: bool) -> Column {
    Column { name, kind: ColumnType::Text, nullable, bulky: true }
}

/// A table of the lake.
#[derive(Debug)]
pub struct Table {
    pub name: &'static str,
    pub columns: &'static [Column],
    /// Names of the columns that rows of each file are sorted by.
    pub sorted_by: &'static [&'static str],
    /// Whether the table is partitioned by its column `bucket`.
    pub by_bucket: bool,
}

use ColumnType::{Date, Float64, Int32, Int64, Text, Time, Word};

/// What happened, one row an event. `bucket` is the top of `profile_id`, so (`profile_id`, `ts`) is the order of a bucket.
pub static EVENTS: Table = Table {
    name: "events",
    columns: &[
        required("bucket", Int32),
        required("profile_id", Int64),
        required("ts", Time),
        required("event", Word),
        required("type", Text),
        optional("channel", Text),
        optional("utm_source", Text),
        optional("utm_medium", Text),
        optional("campaign", Text),
        optional("region", Text),
        optional("dealer", Text),
        optional("model", Text),
        optional("value", Float64),
        optional("currency", Text),
        optional("session_id", Text),
        bulky("url", true),
        bulky("properties", true),
        bulky("traits", true),
        required("source", Text),
        bulky("message_id", false),
        required("fragment_id", Int64),
        required("log_offset", Int64),
        required("received_at", Time),
        optional("original_at", Time),
        optional("sent_at", Time),
        optional("click_ids", Text),
        optional("referrer_host", Text),
        optional("landing_host", Text),
        optional("channel_by", Text),
    ],
    sorted_by: &["profile_id", "ts", "log_offset"],
    by_bucket: true,
};

/// Positions of the columns of [`EVENTS`] that the lake itself works with.
pub mod event_column {
    pub const BUCKET: usize = 0;
    pub const PROFILE_ID: usize = 1;
    pub const TS: usize = 2;
    pub const CHANNEL: usize = 5;
    pub const FRAGMENT_ID: usize = 20;
    pub const LOG_OFFSET: usize = 21;
}

pub static LEADS: Table = Table {
    name: "leads",
    columns: &[
        required("lead_id", Text),
        required("profile_id", Int64),
        required("created_at", Time),
        required("updated_at", Time),
        required("stage", Text),
        required("stage_at", Time),
        optional("model", Text),
        optional("dealer", Text),
        optional("region", Text),
        optional("channel", Text),
        optional("utm_source", Text),
        optional("campaign", Text),
        optional("value", Float64),
    ],
    sorted_by: &["lead_id"],
    by_bucket: false,
};

pub static ORDERS: Table = Table {
    name: "orders",
    columns: &[
        required("order_id", Text),
        required("profile_id", Int64),
        required("ts", Time),
        required("status", Text),
        optional("revenue", Float64),
        optional("currency", Text),
        optional("lead_id", Text),
        optional("model", Text),
        optional("dealer", Text),
        optional("region", Text),
        optional("channel", Text),
        optional("utm_source", Text),
        optional("campaign", Text),
    ],
    sorted_by: &["order_id"],
    by_bucket: false,
};

pub static CALLS: Table = Table {
    name: "calls",
    columns: &[
        required("call_id", Text),
        required("profile_id", Int64),
        required("ts", Time),
        optional("direction", Text),
        optional("duration_s", Float64),
        optional("result", Text),
        optional("agent", Text),
        optional("model", Text),
        optional("dealer", Text),
        optional("region", Text),
        optional("channel", Text),
        optional("utm_source", Text),
        optional("campaign", Text),
    ],
    sorted_by: &["call_id"],
    by_bucket: false,
};

pub static AD_COSTS: Table = Table {
    name: "ad_costs",
    columns: &[
        required("day", Date),
        required("channel", Text),
        required("utm_source", Text),
        required("campaign", Text),
        required("region", Text),
        required("cost", Float64),
        required("impressions", Int64),
        required("clicks", Int64),
        required("currency", Text),
    ],
    sorted_by: &["day", "channel", "utm_source", "campaign", "region"],
    by_bucket: false,
};

pub static PROFILES: Table = Table {
    name: "profiles",
    columns: &[
        required("profile_id", Int64),
        required("first_seen", Time),
        required("last_seen", Time),
        required("events", Int64),
        optional("name", Text),
        optional("email", Text),
        optional("phone", Text),
        optional("channel", Text),
        optional("region", Text),
        optional("dealer", Text),
        bulky("traits", true),
    ],
    sorted_by: &["profile_id"],
    by_bucket: false,
};

/// Every table, `events` first.
pub static TABLES: [&Table; 6] = [&EVENTS, &LEADS, &ORDERS, &CALLS, &AD_COSTS, &PROFILES];

static SCHEMAS: LazyLock<Vec<SchemaRef>> = LazyLock::new(|| TABLES.iter().map(|table| Arc::new(arrow_schema(table))).collect());

fn arrow_schema(table: &Table) -> Schema {
    Schema::new(table.columns.iter().map(|column| Field::new(column.name, column.kind.arrow(), column.nullable)).collect::<Vec<_>>())
}

impl Table {
    pub fn named(name: &str) -> Option<&'static Table> {
        TABLES.into_iter().find(|table| table.name == name)
    }

    /// The columns as Arrow has them, in files and in memory alike.
    pub fn schema(&self) -> SchemaRef {
        let at = TABLES.iter().position(|table| table.name == self.name);
        // Every `Table` is one of the statics above.
        at.map_or_else(|| Arc::new(arrow_schema(self)), |at| SCHEMAS[at].clone())
    }

    pub fn column_index(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// Where its files are, under the lake's data folder.
    pub fn folder(&self) -> String {
        format!("main/{}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_that_the_lake_works_with_are_where_it_looks() {
        for (name, at) in [
            ("bucket", event_column::BUCKET),
            ("profile_id", event_column::PROFILE_ID),
            ("ts", event_column::TS),
            ("channel", event_column::CHANNEL),
            ("fragment_id", event_column::FRAGMENT_ID),
            ("log_offset", event_column::LOG_OFFSET),
        ] {
            assert_eq!(EVENTS.column_index(name), Some(at), "{name}");
        }
        for table in TABLES {
            assert!(table.sorted_by.iter().all(|name| table.column_index(name).is_some()), "{}", table.name);
        }
    }
}

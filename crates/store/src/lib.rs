//! Operational state and all SQL on it, for SQLite and PostgreSQL.

pub mod attempts;
pub mod block;
pub mod checkpoint;
pub mod control;
pub mod database;
pub mod dead_letter;
pub mod dedupe;
pub mod definition;
pub mod entity;
pub mod erasure;
mod error;
pub mod fragment;
pub mod fragment_changes;
pub mod handling;
pub mod identity;
pub mod inspect;
pub mod outbox;
pub mod profile;
pub mod run;
mod schema;
pub mod segment;
pub mod source_hour;
mod store;
pub mod suppressed_address;
pub mod task;
pub mod totals;
pub mod vehicle;
mod verdict;
pub mod weighing;

pub use database::{Database, Row, Tx, Value};
pub use error::StoreError;
pub use store::{EntityVersions, FoldNumbers, FoldTx, Place, Store};

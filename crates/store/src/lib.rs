//! Operational state and all SQL on it, for SQLite and PostgreSQL.

pub mod database;
mod error;

pub use database::{Database, Row, Tx, Value};
pub use error::StoreError;

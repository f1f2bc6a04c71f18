//! The lake against a naive model and against DuckDB, on a real log, a real store and both catalogues.

mod channels;
mod duckdb;
mod erase;
mod expire;
mod follow;
mod outside;
#[path = "../../../store/tests/postgres/mod.rs"]
mod postgres;
mod random;
#[path = "../rig/mod.rs"]
mod rig;
mod sealed;

//! DuckDB, as an outside reader and writer of our lake.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use forecourt_lake::Catalogue;

/// Runs the statements in a fresh DuckDB that has attached the lake as `lake`; returns the rows of the last one as text.
pub fn run(place: &Catalogue, data_dir: &Path, statements: &[&str]) -> Vec<Vec<Option<String>>> {
    let data_dir = data_dir.display();
    let attach = match place {
        Catalogue::Sqlite(path) => format!("'ducklake:sqlite:{}' AS lake (DATA_PATH '{data_dir}')", path.display()),
        Catalogue::Postgres { url, schema } => {
            format!("'ducklake:postgres:{url}' AS lake (DATA_PATH '{data_dir}', META_SCHEMA '{schema}')")
        }
    };
    let told = serde_json::json!({ "attach": attach, "statements": statements }).to_string();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lake/attach.py");
    let mut python =
        Command::new(python()).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    python.stdin.take().unwrap().write_all(told.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "DuckDB refused: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn python() -> String {
    let output = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/tools/duckdb-venv")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

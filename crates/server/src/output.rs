//! What commands print: a table for people, JSON and CSV for programs.

use clap::{Args, ValueEnum};
use forecourt_model::formula;
use serde_json::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Table,
    Json,
    Csv,
}

#[derive(Debug, Clone, Copy, Args)]
pub struct Output {
    /// How to print.
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

impl Output {
    /// Prints one thing: its fields below each other, or as JSON.
    pub fn one(self, thing: &Value, fields: &[&str]) {
        match self.format {
            Format::Json => println!("{thing}"),
            Format::Table => fields.iter().for_each(|field| println!("{:<12} {}", field, plain(&thing[*field]))),
            Format::Csv => self.rows(std::slice::from_ref(thing), fields),
        }
    }

    /// Prints a list with the given fields as columns.
    pub fn many(self, things: &[Value], fields: &[&str]) {
        match self.format {
            Format::Json => println!("{}", Value::from(things)),
            Format::Csv | Format::Table => self.rows(things, fields),
        }
    }

    fn rows(self, things: &[Value], fields: &[&str]) {
        let cells = |thing: &Value| fields.iter().map(|field| plain(&thing[*field])).collect::<Vec<_>>();
        self.table(&fields.iter().map(|field| (*field).to_owned()).collect::<Vec<_>>(), things.iter().map(cells).collect());
    }

    /// Prints rows of text under a head.
    pub fn table(self, head: &[String], rows: Vec<Vec<String>>) {
        if self.format == Format::Csv {
            for row in std::iter::once(head.to_vec()).chain(rows) {
                println!("{}", row.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(","));
            }
            return;
        }
        let width_of = |column: usize| rows.iter().map(|row| row[column].chars().count()).chain([head[column].chars().count()]).max();
        let widths: Vec<usize> = (0..head.len()).map(|column| width_of(column).unwrap_or(0)).collect();
        for row in std::iter::once(head).chain(rows.iter().map(Vec::as_slice)) {
            let line: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            println!("{}", line.join("  ").trim_end());
        }
    }
}

/// A value as people write it.
pub fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Quotes what needs it; what a spreadsheet would take for a formula gets a `'` before it.
fn quoted(cell: &str) -> String {
    let cell = formula::safe(cell);
    if cell.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_formulas_defused() {
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(quoted("=1+1"), "'=1+1");
        assert_eq!(quoted("-12.5"), "-12.5");
    }
}

//! SQL scripts of literals: one text for SQLite and PostgreSQL, sent in one round trip.
//!
//! Literals, because an untyped one takes the column's type on both databases, where a parameter would have to say
//! boolean, time or UUID on one of them.

use std::fmt::Write;

/// A value as an SQL literal.
pub trait Literal {
    fn write(&self, out: &mut String);
}

impl Literal for i64 {
    fn write(&self, out: &mut String) {
        let _ = write!(out, "{self}");
    }
}

impl Literal for i32 {
    fn write(&self, out: &mut String) {
        i64::from(*self).write(out);
    }
}

impl Literal for u64 {
    fn write(&self, out: &mut String) {
        (*self as i64).write(out);
    }
}

impl Literal for bool {
    fn write(&self, out: &mut String) {
        out.push_str(if *self { "TRUE" } else { "FALSE" });
    }
}

impl Literal for () {
    fn write(&self, out: &mut String) {
        out.push_str("NULL");
    }
}

impl Literal for str {
    fn write(&self, out: &mut String) {
        out.push('\'');
        for c in self.chars() {
            match c {
                '\'' => out.push_str("''"),
                // PostgreSQL's text cannot hold NUL, and SQLite's shell-like parser ends there.
                '\0' => out.push('\u{fffd}'),
                c => out.push(c),
            }
        }
        out.push('\'');
    }
}

impl Literal for &str {
    fn write(&self, out: &mut String) {
        (**self).write(out);
    }
}

impl Literal for String {
    fn write(&self, out: &mut String) {
        self.as_str().write(out);
    }
}

impl<L: Literal> Literal for Option<L> {
    fn write(&self, out: &mut String) {
        match self {
            Some(value) => value.write(out),
            None => ().write(out),
        }
    }
}

/// Statements, one after the other.
#[derive(Default)]
pub struct Script {
    text: String,
    /// The table of the `INSERT` that is still open: more rows may follow.
    open: Option<&'static str>,
}

impl Script {
    /// Adds a row; neighbours for one table become one statement.
    pub fn insert(&mut self, table: &'static str, row: &[&dyn Literal]) {
        if self.open == Some(table) {
            self.text.push_str(",\n(");
        } else {
            self.close();
            let _ = write!(self.text, "INSERT INTO {table} VALUES (");
            self.open = Some(table);
        }
        for (at, value) in row.iter().enumerate() {
            if at != 0 {
                self.text.push(',');
            }
            value.write(&mut self.text);
        }
        self.text.push(')');
    }

    /// Adds whole statements that hold nothing from outside.
    pub fn raw(&mut self, statements: &str) {
        self.close();
        self.text.push_str(statements);
        if !statements.trim_end().ends_with(';') {
            self.text.push(';');
        }
        self.text.push('\n');
    }

    /// Adds a statement, its `?` replaced by literals in order.
    pub fn statement(&mut self, statement: &str, values: &[&dyn Literal]) {
        let mut text = String::with_capacity(statement.len() + values.len() * 16);
        let mut values = values.iter();
        for (at, part) in statement.split('?').enumerate() {
            if at != 0
                && let Some(value) = values.next()
            {
                value.write(&mut text);
            }
            text.push_str(part);
        }
        self.raw(&text);
    }

    pub fn into_text(mut self) -> String {
        self.close();
        self.text
    }

    fn close(&mut self) {
        if self.open.take().is_some() {
            self.text.push_str(";\n");
        }
    }
}

/// A time as DuckLake writes it: `2026-01-01 01:00:00.123456+00`.
pub fn time(us: i64) -> String {
    let timestamp = jiff::Timestamp::from_microsecond(us).unwrap_or_default();
    timestamp.strftime("%Y-%m-%d %H:%M:%S.%6f+00").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_inside_their_quotes() {
        let mut script = Script::default();
        script.insert("a", &[&"O'Brien'); DROP TABLE a; --", &1, &(), &true]);
        script.insert("a", &[&"\\", &2, &"nul\0", &false]);
        script.statement("UPDATE a SET b = ? WHERE c = ?", &[&"what?", &7]);
        assert_eq!(
            script.into_text(),
            "INSERT INTO a VALUES ('O''Brien''); DROP TABLE a; --',1,NULL,TRUE),\n('\\',2,'nul\u{fffd}',FALSE);\nUPDATE a SET b = 'what?' WHERE c = 7;\n"
        );
    }

    #[test]
    fn times_are_written_as_ducklake_does() {
        assert_eq!(time(1_767_225_600_123_456), "2026-01-01 00:00:00.123456+00");
        assert_eq!(time(1_767_225_600_000_000), "2026-01-01 00:00:00.000000+00");
    }
}

//! What spreadsheets and wrong encodings do to data: seen, counted and told.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{guess, number};

/// Something about a file that a person should know before trusting what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// `rounded_ids`, `retyped_dates`, `mixed_dates`, `mojibake`, `error_values`, `shifted_rows`, `cut_off`, `future_dates`, `same_identifier`,
    /// `merged_cells`.
    pub code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// How many rows or values; of a sample, where the warning is of [`super::detect`].
    pub count: u64,
    pub message: String,
}

impl Warning {
    pub fn new(code: &'static str, column: Option<&str>, count: u64, message: impl Into<String>) -> Self {
        Self { code, column: column.map(str::to_owned), count, message: message.into() }
    }
}

/// Looks through the first values of a column, empty ones left out.
pub fn in_column(name: &str, values: &[String]) -> Vec<Warning> {
    type Sign = (&'static str, fn(&str) -> bool, &'static str);
    const SIGNS: [Sign; 4] = [
        (
            "rounded_ids",
            number::is_rounded,
            "a spreadsheet has rounded them and their last figures are lost: export the column anew, as text",
        ),
        ("mojibake", is_mojibake, "the text was read in a wrong encoding before it was saved: export it anew as UTF-8"),
        ("error_values", is_error_value, "a formula failed there: mend it in the spreadsheet"),
        ("retyped_dates", is_day_and_month, "a spreadsheet takes codes such as 2-3 for dates: export the column anew, as text"),
    ];
    let count = |is: fn(&str) -> bool| values.iter().filter(|value| is(value.trim())).count() as u64;
    let example = |is: fn(&str) -> bool| values.iter().find(|value| is(value.trim())).map_or("", |value| value.trim());
    let mut warnings = Vec::new();
    for (code, is, advice) in SIGNS {
        let found = count(is);
        // A column in which all is `1-Feb` may well be meant so.
        if 0 < found && (code != "retyped_dates" || found * 2 < values.len() as u64) {
            let told = format!("`{name}` holds values like `{}`: {advice}", example(is));
            warnings.push(Warning::new(code, Some(name), found, told));
        }
    }
    let dates = count(guess::is_time);
    if 0 < dates && dates * 2 < values.len() as u64 {
        let told =
            format!("`{name}` holds dates like `{}` among other values: a spreadsheet may have re-typed them", example(guess::is_time));
        warnings.push(Warning::new("retyped_dates", Some(name), dates, told));
    }
    let notations: BTreeMap<char, u64> =
        values.iter().filter(|value| guess::is_time(value.trim())).fold(BTreeMap::new(), |mut counts, value| {
            *counts.entry(value.chars().find(|c| !c.is_ascii_digit()).unwrap_or(' ')).or_default() += 1;
            counts
        });
    if 1 < notations.len() {
        let told = format!("`{name}` holds dates in {} notations: some were re-typed, check which figure is the day", notations.len());
        warnings.push(Warning::new("mixed_dates", Some(name), notations.values().min().copied().unwrap_or(0), told));
    }
    warnings
}

/// UTF-8 read as Latin or as cp1251: pairs that no language has.
fn is_mojibake(text: &str) -> bool {
    let pair = |a: char, b: char| match a {
        'Ð' | 'Ñ' | 'Ã' | 'Â' => ('\u{80}'..='\u{bf}').contains(&b),
        'Р' | 'С' => "°±²іґµ¶·ё№»јЅѕїЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏ".contains(b),
        _ => false,
    };
    let pairs = text.chars().zip(text.chars().skip(1)).filter(|(a, b)| pair(*a, *b)).count();
    1 < pairs || text.contains('\u{fffd}') || text.contains("пїЅ")
}

fn is_error_value(text: &str) -> bool {
    ["#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"].contains(&text)
        || (4 < text.len() && text.bytes().all(|byte| byte == b'#'))
}

/// `1-Feb`, `Feb-01`, `01.фев`.
fn is_day_and_month(text: &str) -> bool {
    const MONTHS: [&str; 23] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "янв", "фев", "мар", "апр", "май", "июн",
        "июл", "авг", "сен", "окт", "ноя",
    ];
    let Some((first, second)) = text.split_once(['-', '.']) else { return false };
    let is_month = |part: &str| MONTHS.contains(&part.to_lowercase().as_str()) || part.to_lowercase() == "дек";
    let is_figure = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    (is_figure(first) && is_month(second)) || (is_month(first) && is_figure(second))
}

/// Row counts at which spreadsheets cut a file off: the rows of a sheet, with and without the header's.
const SHEET_ROWS: [u64; 4] = [65_535, 65_536, 1_048_575, 1_048_576];

/// What is noticed over a whole run.
#[derive(Debug, Default)]
pub struct Tally {
    /// By field: how many values were left out as rounded, and the first one's row.
    rounded: BTreeMap<String, (u64, u64)>,
    shifted: u64,
    future: u64,
    replaced: u64,
    ambiguous: u64,
}

impl Tally {
    pub fn rounded(&mut self, field: &str, row: u64) {
        self.rounded.entry(field.to_owned()).or_insert((0, row)).0 += 1;
    }

    pub fn shifted(&mut self) {
        self.shifted += 1;
    }

    pub fn future(&mut self) {
        self.future += 1;
    }

    pub fn replaced(&mut self) {
        self.replaced += 1;
    }

    pub fn ambiguous(&mut self) {
        self.ambiguous += 1;
    }

    /// * `rows`: all rows of the file, the refused ones too.
    pub fn warnings(&self, rows: u64) -> Vec<Warning> {
        let mut warnings = Vec::new();
        for (field, (count, row)) in &self.rounded {
            let told = format!(
                "{count} values of `{field}` were rounded by a spreadsheet (first in row {row}) and not used: people would be mixed up. Export the column as text"
            );
            warnings.push(Warning::new("rounded_ids", Some(field), *count, told));
        }
        let told: [(&'static str, u64, &str); 4] = [
            ("shifted_rows", self.shifted, "rows have more or fewer cells than the header: they are in the file of rejected rows"),
            ("future_dates", self.future, "rows are dated in the future: they count as of now. Check the time's format and zone"),
            ("mojibake", self.replaced, "rows hold characters that do not read in the file's encoding: set `read.encoding` in the mapping"),
            ("mixed_dates", self.ambiguous, "dates read both as day/month and as month/day: give the timestamp a `format`"),
        ];
        for (code, count, message) in told {
            if 0 < count {
                warnings.push(Warning::new(code, None, count, format!("{count} {message}")));
            }
        }
        if SHEET_ROWS.contains(&rows) {
            let told = format!("the file has exactly {rows} rows, where spreadsheets cut off: ask whether it is whole");
            warnings.push(Warning::new("cut_off", None, rows, told));
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(values: &[&str]) -> Vec<&'static str> {
        in_column("c", &values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>())
            .into_iter()
            .map(|warning| warning.code)
            .collect()
    }

    #[test]
    fn the_marks_of_spreadsheets_are_seen() {
        assert_eq!(codes(&["9.44E+18", "1234"]), ["rounded_ids"]);
        assert_eq!(codes(&["A-12", "B-7", "1-Feb", "C-3"]), ["retyped_dates"]);
        assert_eq!(codes(&["12", "13", "14", "01.02.2026"]), ["retyped_dates"]);
        assert_eq!(codes(&["2018-02-26 19:58:54", "26/02/2018", "2018-02-27"]), ["mixed_dates"]);
        assert_eq!(codes(&["ÐÐ½Ð½Ð°", "Ana"]), ["mojibake"]);
        assert_eq!(codes(&["#N/A", "5"]), ["error_values"]);
        assert!(codes(&["Ana", "Ñandú", "São Paulo", "Россия", "2026-01-01"]).iter().all(|code| *code == "retyped_dates"));
        assert!(codes(&["2026-01-01", "2026-01-02"]).is_empty());
    }

    #[test]
    fn a_full_sheet_is_suspicious() {
        assert_eq!(Tally::default().warnings(1_048_575).len(), 1);
        assert!(Tally::default().warnings(1_000).is_empty());
    }
}

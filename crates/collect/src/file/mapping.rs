//! The mapping file: which of a file's columns says what.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ImportError, Kind};

/// How the rows of a file become items. JSON, the same in the CLI, the API and in `docs/examples`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Mapping {
    /// For events: `track` (the default), `page`, `screen`, `identify`, `group` or `alias`.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub item_type: Option<String>,
    /// The fields that have a name of their own: `user_id`, `timestamp`, `channel`, …; see [`fields_of`].
    #[serde(flatten)]
    pub fields: BTreeMap<String, Pick>,
    /// Keys of other systems, by the name they go by: `crm_id`, `dms_id`, …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub external_ids: BTreeMap<String, Pick>,
    /// What describes the person.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub traits: BTreeMap<String, Pick>,
    /// What describes the event.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, Pick>,
    /// Where the columns go that nothing above takes.
    #[serde(default, skip_serializing_if = "Rest::is_drop")]
    pub rest: Rest,
    /// How to read the file, where detection would get it wrong.
    #[serde(default, skip_serializing_if = "Read::is_default")]
    pub read: Read,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rest {
    #[default]
    Drop,
    Properties,
    Traits,
}

impl Rest {
    fn is_drop(&self) -> bool {
        *self == Rest::Drop
    }
}

/// Overrides of what detection finds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Read {
    /// A label such as `utf-8`, `windows-1251`, `gb18030`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// One character; `\t` for a tab.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    /// Whether cells may stand in double quotes; `false` takes quotes as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quotes: Option<bool>,
    /// The line or sheet row of the column names, from 1; 0 for a file without: its columns are `column_1`, `column_2`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_row: Option<u32>,
    /// The sheet of a workbook; the first one with rows by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// The decimal mark of numbers: `.` or `,`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<char>,
}

impl Read {
    fn is_default(&self) -> bool {
        *self == Read::default()
    }
}

/// Where a field's value comes from: exactly one of `column`, `value`, `row`, `template`, `join`, `month_sequence`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pick {
    /// A column by its name; of nested JSON by its dotted path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The same value in every row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The row's number in the file, after this text: `{"row": "contact-"}` gives `contact-2`, `contact-3`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<String>,
    /// Text with columns in braces: `{"template": "{first name} {last name}"}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join: Option<Join>,
    /// For `timestamp` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month_sequence: Option<MonthSequence>,

    /// Translates values, before anything else reads them; what is not in the list stays.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub map: BTreeMap<String, String>,
    /// Taken where the cell is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// The column may be absent: rows are then without it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// Of a number that is a time: `s`, `ms`, `us`, `ns`, or `days` as a spreadsheet counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Of a time that names no zone: `Europe/Kyiv`; UTC by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Of a time that is not in a common form: `%d.%m.%y %H:%M`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
}

impl Pick {
    pub fn column(name: impl Into<String>) -> Self {
        Self { column: Some(name.into()), ..Self::default() }
    }
}

/// A value looked up in a second file beside the imported one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// The file's name; it lies in the folder of the imported file.
    pub file: String,
    /// The column of that file that is matched.
    pub key: String,
    /// The column of that file that is taken.
    pub column: String,
    /// The column of the imported file whose value is matched; the same name as `key` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
}

/// A time made of a month's name alone, in a file whose rows are in date order: each step back in the month begins the next year.
///
/// The time is the first of the month: no more is known, and no more is claimed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonthSequence {
    pub column: String,
    /// The year of the first row.
    pub from_year: i16,
}

const PERSON: [&str; 17] = [
    "user_id",
    "anonymous_id",
    "email",
    "phone",
    "timestamp",
    "message_id",
    "session_id",
    "url",
    "referrer",
    "channel",
    "source",
    "medium",
    "campaign",
    "region",
    "dealer",
    "model",
    "event",
];
const TOLD: [&str; 11] =
    ["value", "currency", "lead_id", "order_id", "call_id", "stage", "status", "direction", "duration", "result", "agent"];
const COST: [&str; 9] = ["day", "channel", "source", "campaign", "region", "cost", "impressions", "clicks", "currency"];

/// The names that `fields` of a mapping may have.
pub fn fields_of(kind: Kind) -> Vec<&'static str> {
    match kind {
        Kind::Costs => COST.to_vec(),
        _ => PERSON.into_iter().chain(TOLD).collect(),
    }
}

impl Mapping {
    /// Reads a mapping file.
    ///
    /// Errors: [`ImportError::Mapping`] with the line that does not read.
    pub fn parse(json: &str) -> Result<Self, ImportError> {
        serde_json::from_str(json)
            .map_err(|error| ImportError::Mapping(format!("the file does not read: {error}. See docs/import.md for its form")))
    }
}

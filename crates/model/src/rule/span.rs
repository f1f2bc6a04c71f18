//! Lengths of time as people write them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    measure::Grain,
    time::{DAY_US, HOUR_US, MINUTE_US},
};

/// A length of time such as `30m`, `12h`, `30d`, `2w`; whole minutes, at most ten years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(i64);

const LONGEST_US: i64 = 3_660 * DAY_US;
/// Windows up to this length move by minutes.
const FINE_US: i64 = 2 * DAY_US;

impl Span {
    pub fn us(self) -> i64 {
        self.0
    }

    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let unit_us = match &text[digits..] {
            "m" => MINUTE_US,
            "h" => HOUR_US,
            "d" => DAY_US,
            "w" => 7 * DAY_US,
            _ => 0,
        };
        let us = text[..digits].parse::<i64>().ok().and_then(|count| count.checked_mul(unit_us));
        us.filter(|us| 0 < *us && *us <= LONGEST_US).map(Self).ok_or_else(|| {
            format!("{text:?} is no length of time: write a number above 0 and a unit of m, h, d or w, such as `30d`; at most ten years")
        })
    }

    /// How finely a window of this length tells time apart.
    pub fn grain(self) -> Grain {
        if self.0 <= FINE_US { Grain::Minute } else { Grain::Hour }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(7 * DAY_US, "w"), (DAY_US, "d"), (HOUR_US, "h"), (MINUTE_US, "m")];
        let (unit_us, unit) = units.into_iter().find(|(unit_us, _)| self.0 % unit_us == 0).unwrap_or((MINUTE_US, "m"));
        write!(out, "{}{unit}", self.0 / unit_us)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

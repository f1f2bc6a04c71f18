//! Looking for what is wrong with an installation: the machine it is on, the data it holds.
//!
//! Nothing is changed and no lock is taken, so that it works beside a server and where none starts any more.

pub mod data;
pub mod machine;

use serde::Serialize;

/// What was found in one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub area: &'static str,
    pub level: Level,
    pub told: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Ok,
    /// It works, and could be better.
    Advice,
    /// It does not work, or will not for long.
    Problem,
}

/// All that was found.
#[derive(Debug, Default)]
pub struct Findings(pub Vec<Finding>);

impl Findings {
    pub fn ok(&mut self, area: &'static str, told: impl Into<String>) {
        self.0.push(Finding { area, level: Level::Ok, told: told.into(), advice: None });
    }

    pub fn advise(&mut self, area: &'static str, told: impl Into<String>, advice: impl Into<String>) {
        self.0.push(Finding { area, level: Level::Advice, told: told.into(), advice: Some(advice.into()) });
    }

    pub fn problem(&mut self, area: &'static str, told: impl Into<String>, advice: impl Into<String>) {
        self.0.push(Finding { area, level: Level::Problem, told: told.into(), advice: Some(advice.into()) });
    }

    pub fn problems(&self) -> usize {
        self.0.iter().filter(|finding| finding.level == Level::Problem).count()
    }
}

/// `1.5 GiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    // What would be written as 1024.0 is one of the next unit.
    while 1023.95 <= value && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

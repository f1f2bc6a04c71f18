use serde::Serialize;

use crate::html;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Mail programs refuse it, or people are harmed: it should not be sent.
    Error,
    /// It costs delivery, or shuts people out.
    Warning,
    /// It could be better.
    Advice,
}

/// What a check has found, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub severity: Severity,
    pub code: &'static str,
    pub message: String,
    /// Line of the filled part, from 1.
    pub line: Option<u32>,
}

/// More would not be read.
const FINDINGS_MAX: usize = 100;

/// Findings in one source, each said once for a code and message.
pub(crate) struct Findings<'a> {
    source: &'a str,
    found: Vec<Finding>,
}

impl<'a> Findings<'a> {
    pub(crate) fn of(source: &'a str) -> Self {
        Self { source, found: Vec::new() }
    }

    pub(crate) fn add(&mut self, severity: Severity, code: &'static str, place: Option<usize>, message: impl Into<String>) {
        let message = message.into();
        if self.found.len() < FINDINGS_MAX && !self.found.iter().any(|finding| finding.code == code && finding.message == message) {
            let line = place.map(|place| html::line_at(self.source, place));
            self.found.push(Finding { severity, code, message, line });
        }
    }

    /// The worst first, then as they stand in the source.
    pub(crate) fn sorted(mut self) -> Vec<Finding> {
        self.found.sort_by_key(|finding| (finding.severity, finding.line.unwrap_or(0)));
        self.found
    }
}

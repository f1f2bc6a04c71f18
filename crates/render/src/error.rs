use std::fmt;

/// Why a template was not filled, in words for whoever wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct RenderError {
    /// Which part of an e-mail: `subject`, `preheader`, `body`, `text` or `amp`.
    pub part: Option<&'static str>,
    /// Line of the template, from 1.
    pub line: Option<u32>,
    pub message: String,
}

impl RenderError {
    pub(crate) fn new(line: Option<u32>, message: impl Into<String>) -> Self {
        Self { part: None, line, message: message.into() }
    }

    pub(crate) fn in_part(mut self, part: &'static str) -> Self {
        self.part = self.part.or(Some(part));
        self
    }
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.part, self.line) {
            (Some(part), Some(line)) => write!(f, "{part}, line {line}: ")?,
            (Some(part), None) => write!(f, "{part}: ")?,
            (None, Some(line)) => write!(f, "line {line}: ")?,
            (None, None) => {}
        }
        f.write_str(&self.message)
    }
}

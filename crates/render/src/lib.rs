//! Fills templates of messages within limits, makes e-mail of MJML or HTML, and says what is wrong with it.
//!
//! [`Template`] is one text; [`Compiled`] is a whole e-mail, compiled once and filled for each person. [`uses`] tells which variables
//! templates read. [`amp::check`] and [`lint::lint`] find what mail programs would refuse, and [`sms::parts`] counts the parts of an SMS.
//!
//! Templates are written by people, and filled in the process that does everything else: whatever they hold, filling them ends soon,
//! takes little memory, and fails with the line named ([`Limits`]).

pub mod amp;
mod contrast;
mod email;
mod error;
mod filters;
mod finding;
mod grammar;
mod html;
mod limits;
pub mod lint;
mod locale;
mod mjml;
mod operators;
mod plain;
pub mod sms;
mod template;
mod value;

pub use email::{Compiled, EmailBody, EmailSource, RenderedEmail, email, email_uses};
pub use error::RenderError;
pub use filters::{FILTERS, Filter};
pub use finding::{Finding, Severity};
pub use limits::Limits;
pub use template::{Template, Variables, uses};

/// Fills a template of plain text once: an SMS, a message, a line of subject.
pub fn text(template: &str, variables: &serde_json::Value, limits: Limits) -> Result<String, RenderError> {
    Template::text(template, limits)?.fill(&Variables::new(variables)?)
}

/// Fills a template of HTML once; values are made safe to stand in it.
pub fn html(template: &str, variables: &serde_json::Value, limits: Limits) -> Result<String, RenderError> {
    Template::html(template, limits)?.fill(&Variables::new(variables)?)
}

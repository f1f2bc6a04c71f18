//! Forms on pages: what they ask, what they say, and what a submit sets off.

use serde::{Deserialize, Serialize};

use crate::{phone, template};

/// The event that a submitted form is.
pub const SUBMITTED: &str = "call_back_requested";
/// Ids of sources that are forms begin so: no write key belongs to one, so that nobody else can speak for a form.
pub const SOURCE_PREFIX: &str = "form:";

/// A form as people configured it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// Part of its address: `/f/call-back`.
    pub form_id: String,
    /// For those who work with it; visitors do not see it.
    pub name: String,
    pub language: Language,
    pub enabled: bool,
    pub title: String,
    pub intro: String,
    pub button: String,
    /// Shown in place of the form after a submit.
    pub thanks: String,
    /// The sentence beside the box that must be ticked; empty for no box.
    pub consent: String,
    /// In the order they are shown.
    pub fields: Vec<FormField>,
    /// Goes with each submit, where a form belongs to one dealer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dealer: Option<String>,
    /// Whether programs may submit without having opened the form: no token of time is asked of them.
    #[serde(default)]
    pub open_to_programs: bool,
    /// Whether each submit is a lead.
    #[serde(default)]
    pub opens_lead: bool,
    /// The text sent to who submitted, with `{name}` and `{phone}`; `None` sends nothing.
    pub sms: Option<String>,
    /// Where each submit is told at once; `None` for nowhere.
    pub webhook: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    En,
    Ru,
    Zh,
}

impl Language {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ru => "ru",
            Self::Zh => "zh",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormField {
    pub kind: FieldKind,
    pub label: String,
    pub required: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    Phone,
    Name,
    Email,
    Comment,
}

impl FieldKind {
    /// Its name in what is sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Name => "name",
            Self::Email => "email",
            Self::Comment => "comment",
        }
    }

    /// The most characters that a visitor may type.
    pub fn chars_max(self) -> usize {
        match self {
            Self::Phone => 40,
            Self::Name => 100,
            Self::Email => 200,
            Self::Comment => 2_000,
        }
    }
}

/// The longest SMS text before filling in, in characters.
pub const SMS_CHARS_MAX: usize = 600;
const TEXT_CHARS_MAX: usize = 1_000;
const FORM_ID_CHARS_MAX: usize = 40;

impl Form {
    /// Id of the source that its submits come from.
    pub fn source(&self) -> String {
        format!("{SOURCE_PREFIX}{}", self.form_id)
    }

    pub fn field(&self, kind: FieldKind) -> Option<&FormField> {
        self.fields.iter().find(|field| field.kind == kind)
    }

    /// What is wrong with it, as a sentence that says what to do.
    pub fn check(&self) -> Result<(), String> {
        let id = &self.form_id;
        let plain = id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if id.is_empty() || FORM_ID_CHARS_MAX < id.len() || !plain || id.starts_with('-') || id.ends_with('-') {
            return Err(format!("the address of a form is 1 to {FORM_ID_CHARS_MAX} of a-z, 0-9 and -, such as `call-back`"));
        }
        if self.name.trim().is_empty() || 100 < self.name.chars().count() {
            return Err("a form needs a name of 1 to 100 characters".into());
        }
        for (what, text, needed) in [
            ("title", &self.title, false),
            ("introduction", &self.intro, false),
            ("text on the button", &self.button, true),
            ("thanks", &self.thanks, true),
            ("sentence of consent", &self.consent, false),
        ] {
            if TEXT_CHARS_MAX < text.chars().count() {
                return Err(format!("the {what} is longer than {TEXT_CHARS_MAX} characters: shorten it"));
            }
            if text.chars().any(|c| c.is_control() && c != '\n') {
                return Err(format!("the {what} holds characters that nobody can see: type it anew"));
            }
            if needed && text.trim().is_empty() {
                return Err(format!("the {what} is empty: visitors need it"));
            }
        }
        for (at, field) in self.fields.iter().enumerate() {
            if self.fields[..at].iter().any(|other| other.kind == field.kind) {
                return Err(format!("the form asks for `{}` twice: leave one of them", field.kind.as_str()));
            }
            if field.label.trim().is_empty() || 100 < field.label.chars().count() {
                return Err(format!("the field `{}` needs a label of 1 to 100 characters", field.kind.as_str()));
            }
        }
        if !self.field(FieldKind::Phone).is_some_and(|field| field.required) {
            return Err("a call-back needs a phone number: ask for it, and require it".into());
        }
        self.check_sms()
    }

    fn check_sms(&self) -> Result<(), String> {
        let Some(text) = &self.sms else { return Ok(()) };
        if text.trim().is_empty() || SMS_CHARS_MAX < text.chars().count() {
            return Err(format!("the SMS is empty or longer than {SMS_CHARS_MAX} characters: write a sentence or two"));
        }
        if text.chars().any(|c| c.is_control() && c != '\n') {
            return Err("the SMS holds characters that nobody can see: type it anew".into());
        }
        match template::places(text).into_iter().find(|place| !matches!(*place, "name" | "phone")) {
            Some(other) => Err(format!("the SMS names {{{other}}}, which is not known: use {{name}} and {{phone}}")),
            None => Ok(()),
        }
    }

    /// The text of the SMS to one visitor.
    ///
    /// A name that is not plainly one is left out: whoever types "win at example.com" into the field must not have us send it.
    pub fn sms_text(&self, phone: &str, name: Option<&str>) -> Option<String> {
        let name = name.map(str::trim).filter(|name| is_plain_name(name)).unwrap_or_default();
        let text = self.sms.as_ref()?;
        let filled = template::fill(text, |place| match place {
            "name" => Some(name.to_owned()),
            "phone" => Some(phone.to_owned()),
            _ => None,
        });
        Some(if name.is_empty() { without_gap(&filled) } else { filled })
    }
}

fn is_plain_name(name: &str) -> bool {
    name.chars().count() <= 40 && name.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '\'' | '’'))
}

/// `", we will call"` where a name was to come first.
fn without_gap(text: &str) -> String {
    let text = text.replace(" ,", ",").replace(" !", "!").replace("  ", " ");
    text.trim_start_matches([',', ' ', '，', '!']).trim_end().to_owned()
}

/// A visitor's number in E.164, or what to tell the visitor.
pub fn phone_of(raw: &str, region: &str) -> Result<String, phone::PhoneError> {
    phone::normalise(raw, region).map(|phone| phone.e164)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> Form {
        let field = |kind, required| FormField { kind, label: "…".into(), required };
        Form {
            form_id: "call-back".into(),
            name: "Call back".into(),
            language: Language::En,
            enabled: true,
            title: String::new(),
            intro: String::new(),
            button: "Call me".into(),
            thanks: "Thanks".into(),
            consent: String::new(),
            fields: vec![field(FieldKind::Phone, true), field(FieldKind::Name, false)],
            dealer: None,
            open_to_programs: false,
            opens_lead: false,
            sms: Some("{name}, we call {phone}.".into()),
            webhook: None,
        }
    }

    #[test]
    fn a_form_says_what_is_wrong_with_it() {
        assert_eq!(form().check(), Ok(()));
        let told = |change: fn(&mut Form)| {
            let mut form = form();
            change(&mut form);
            form.check().err().unwrap_or_default()
        };
        assert!(told(|form| form.form_id = "Call Back".into()).contains("a-z"));
        assert!(told(|form| form.fields.clear()).contains("phone"));
        assert!(told(|form| form.fields.push(form.fields[1].clone())).contains("twice"));
        assert!(told(|form| form.sms = Some("{code}".into())).contains("{code}"));
        assert!(told(|form| form.button.clear()).contains("button"));
    }

    #[test]
    fn a_name_that_is_none_does_not_get_into_the_text() {
        let text = |name| form().sms_text("+79120000000", name).unwrap_or_default();
        assert_eq!(text(Some("Анна-Мария")), "Анна-Мария, we call +79120000000.");
        assert_eq!(text(Some("win http://evil.example")), "we call +79120000000.");
        assert_eq!(text(None), "we call +79120000000.");
    }
}

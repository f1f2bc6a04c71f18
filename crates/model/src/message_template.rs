//! What messages are made of: a text with places, for one message channel.
//!
//! A template is kept in every version that it had: a message is rendered by the version it was admitted with.

use serde::{Deserialize, Serialize};

use crate::message::MessageChannel;

pub const TEMPLATES_MAX: usize = 2_000;
const ID_CHARS_MAX: usize = 64;
const NAME_CHARS_MAX: usize = 120;
const FOLDER_CHARS_MAX: usize = 60;
/// All texts of a template together, in bytes.
const CONTENT_BYTES_MAX: usize = 600_000;
const USES_MAX: usize = 200;

/// A template as people define it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageTemplate {
    /// Lower-case letters, digits, `-` and `_`; never changes.
    pub template_id: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub folder: String,
    /// Never changes.
    pub message_channel: MessageChannel,
    /// `en`, `ru`, `zh`: of the words that filters make, and of the page to unsubscribe on.
    #[serde(default = "en")]
    pub language: String,
    /// In whose name it is sent; empty for the installation's own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub brand_id: String,
    pub content: Content,
    /// Dotted names of the variables that the texts read, such as `profile.first_name`: what the fold hands over with a message.
    #[serde(default)]
    pub uses: Vec<String>,
    /// Kept, and not offered any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_archived: bool,
}

fn en() -> String {
    "en".to_owned()
}

/// The texts. Those that a message channel has no use for are empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Content {
    /// Of an e-mail; of a web push its title.
    pub subject: String,
    /// Of an e-mail: what a list of mails shows after the subject.
    pub preheader: String,
    pub markup: Markup,
    /// Of an e-mail, in `markup`.
    pub body: String,
    /// What is said everywhere else; of an e-mail its plain part, made of the body where it is empty.
    pub text: String,
    /// Of an e-mail: its AMP part.
    pub amp: String,
    /// Where a web push leads; of a messenger, a button under the text.
    pub url: String,
    /// The button's words.
    pub button: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Markup {
    #[default]
    Mjml,
    Html,
}

/// What the fold keeps of a template between messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateHead {
    pub message_channel: MessageChannel,
    /// The log offset at which it became what it is.
    pub version: u64,
    pub brand_id: String,
    pub uses: Vec<String>,
    pub is_archived: bool,
}

impl MessageTemplate {
    /// Whether it can be kept; the reason says what to mend. What the texts say is checked where they are rendered.
    pub fn check(&self) -> Result<(), String> {
        check_id("template", &self.template_id)?;
        let name_chars = self.name.trim().chars().count();
        if name_chars == 0 || NAME_CHARS_MAX < name_chars {
            return Err(format!("a template's name has 1 to {NAME_CHARS_MAX} characters"));
        }
        if FOLDER_CHARS_MAX < self.folder.chars().count() {
            return Err(format!("a folder's name has at most {FOLDER_CHARS_MAX} characters"));
        }
        if !["en", "ru", "zh"].contains(&self.language.as_str()) {
            return Err(format!("`{}` is no language of messages: use en, ru or zh", self.language));
        }
        let Content { subject, preheader, body, text, amp, url, button, .. } = &self.content;
        if CONTENT_BYTES_MAX < [subject, preheader, body, text, amp, url, button].iter().map(|text| text.len()).sum() {
            return Err(format!("the texts are longer than {CONTENT_BYTES_MAX} bytes together: shorten them"));
        }
        if USES_MAX < self.uses.len() {
            return Err(format!("a template reads at most {USES_MAX} variables"));
        }
        match self.message_channel {
            MessageChannel::Email if subject.trim().is_empty() => Err("an e-mail needs a subject".to_owned()),
            MessageChannel::Email if body.trim().is_empty() => Err("an e-mail needs a body".to_owned()),
            MessageChannel::Webhook => Err("a webhook has no template: it carries what happened".to_owned()),
            MessageChannel::WebPush if subject.trim().is_empty() => Err("a web push needs a title".to_owned()),
            channel if channel != MessageChannel::Email && text.trim().is_empty() => Err("a message needs a text".to_owned()),
            _ => Ok(()),
        }
    }

    pub fn head(&self, version: u64) -> TemplateHead {
        TemplateHead {
            message_channel: self.message_channel,
            version,
            brand_id: self.brand_id.clone(),
            uses: self.uses.clone(),
            is_archived: self.is_archived,
        }
    }
}

/// Ids of definitions are plain words: they stand in addresses.
pub(crate) fn check_id(what: &str, id: &str) -> Result<(), String> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    if id.is_empty() || ID_CHARS_MAX < id.len() || !id.bytes().all(is_plain) {
        return Err(format!("a {what}'s id has 1 to {ID_CHARS_MAX} lower-case letters, digits, `-` or `_`: {id:?} has not"));
    }
    Ok(())
}

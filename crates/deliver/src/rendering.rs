//! What a message says: the template's version it was admitted with, filled with its variables.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use forecourt_model::{
    message::{Message, MessageChannel, Plan},
    message_template::{Markup, MessageTemplate},
};
use forecourt_render::{Compiled as CompiledEmail, EmailBody, EmailSource, Limits, RenderError, Template, Variables};
use forecourt_store::{Store, StoreError};
use serde_json::Value;

use crate::channels::Said;

/// Templates kept compiled.
const KEPT_MAX: usize = 256;

/// A template, compiled once.
pub(crate) struct Compiled {
    pub template: MessageTemplate,
    parts: Parts,
}

enum Parts {
    Email(Box<CompiledEmail>),
    /// Title, text, address and button.
    Texts([Template; 4]),
}

/// Addresses that stand in a message.
pub(crate) struct Addresses<'a> {
    /// Empty where this installation does not know its own address.
    pub unsubscribe_url: String,
    pub pixel: Option<String>,
    /// A link that no person sees.
    pub trap: Option<String>,
    /// The address that a link is followed by.
    pub tracked: &'a dyn Fn(&str) -> String,
}

/// Templates by id and version: a version never changes.
#[derive(Default)]
pub(crate) struct Templates {
    kept: Mutex<BTreeMap<(String, u64), Arc<Compiled>>>,
}

impl Templates {
    /// The template of a message; why it has none, if it cannot be used.
    pub async fn of(&self, store: &Store, plan: &Plan) -> Result<Result<Arc<Compiled>, String>, StoreError> {
        let key = (plan.template_id.clone(), plan.template_version);
        if let Some(compiled) = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(Ok(compiled.clone()));
        }
        let Some(template) = store.template_version(&key.0, key.1).await? else {
            return Ok(Err(format!("the template `{}` is not there as it was at {}", key.0, key.1)));
        };
        let compiled = match Compiled::new(template) {
            Ok(compiled) => Arc::new(compiled),
            Err(why) => return Ok(Err(why)),
        };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if KEPT_MAX <= kept.len() {
            kept.clear();
        }
        kept.insert(key, compiled.clone());
        Ok(Ok(compiled))
    }
}

impl Compiled {
    /// Errors: what to mend about the template.
    pub fn new(template: MessageTemplate) -> Result<Self, String> {
        let content = &template.content;
        let given = |text: &String| Some(text.clone()).filter(|text| !text.trim().is_empty());
        let parts = if template.message_channel == MessageChannel::Email {
            let body = match content.markup {
                Markup::Mjml => EmailBody::Mjml(content.body.clone()),
                Markup::Html => EmailBody::Html(content.body.clone()),
            };
            let source = EmailSource {
                subject: content.subject.clone(),
                preheader: given(&content.preheader),
                body,
                text: given(&content.text),
                amp: given(&content.amp),
            };
            Parts::Email(Box::new(CompiledEmail::new(&source, Limits::EMAIL).map_err(|error| told(&error))?))
        } else {
            let text = |source: &str| Template::text(source, Limits::TEXT).map_err(|error| told(&error));
            Parts::Texts([text(&content.subject)?, text(&content.text)?, text(&content.url)?, text(&content.button)?])
        };
        Ok(Self { template, parts })
    }

    /// Errors: what is wrong with the template, or with what it was given.
    pub fn said(&self, variables: &Value, addresses: &Addresses<'_>) -> Result<Said, String> {
        let mut variables = variables.clone();
        if let Value::Object(members) = &mut variables {
            members.insert("unsubscribe_url".to_owned(), addresses.unsubscribe_url.as_str().into());
            members.insert("language".to_owned(), self.template.language.as_str().into());
        }
        match &self.parts {
            Parts::Email(email) => {
                let mail = email.render(&variables, addresses.tracked, addresses.pixel.as_deref()).map_err(|error| told(&error))?;
                let html = match &addresses.trap {
                    Some(trap) => with_trap(mail.html, trap),
                    None => mail.html,
                };
                Ok(Said { title: mail.subject, text: mail.text, html: Some(html), amp: mail.amp, ..Said::default() })
            }
            Parts::Texts(texts) => {
                let variables = Variables::new(&variables).map_err(|error| told(&error))?;
                let fill = |template: &Template| template.fill(&variables).map_err(|error| told(&error));
                let [title, text, url, button] = texts;
                let url = match fill(url)?.trim() {
                    "" => String::new(),
                    url => (addresses.tracked)(url),
                };
                Ok(Said { title: fill(title)?, text: fill(text)?, url, button: fill(button)?, ..Said::default() })
            }
        }
    }
}

fn told(error: &RenderError) -> String {
    format!("the template cannot be filled: {error}")
}

/// Puts a link that no person sees at the end: who follows it follows all that there is.
fn with_trap(html: String, trap: &str) -> String {
    let link = format!(r#"<a href="{trap}" style="display:none" aria-hidden="true" tabindex="-1"></a>"#);
    match html.rfind("</body>") {
        Some(at) => format!("{}{link}{}", &html[..at], &html[at..]),
        None => html + &link,
    }
}

/// What a message without a template says: its body.
pub(crate) fn plain(message: &Message) -> Said {
    Said::plain(message.body.as_str())
}

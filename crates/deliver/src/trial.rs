//! Trials that a person asked for: one message at once, outside of the outbox, recorded like any attempt.

use forecourt_model::{
    Identifier, IdentifierKind,
    message::{Message, MessageChannel, MessageState, Plan},
    message_template::MessageTemplate,
};
use forecourt_store::{
    StoreError,
    attempts::{Ending, Note},
};
use serde_json::Value;

use crate::{
    Deliver, Shared,
    channels::Ready,
    rendering::Compiled,
    send::{NotReady, begun, ended, key},
};

/// The outcome of a trial that a person asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    pub is_taken: bool,
    pub status: Option<i64>,
    /// The beginning of the answer.
    pub answer: String,
    /// What went wrong.
    pub detail: String,
}

impl Deliver {
    /// Sends one text to one number at once: a person waits to see whether the gateway works.
    ///
    /// Errors: why it was not even tried.
    pub async fn try_sms(&self, phone: &str, text: &str) -> Result<Tried, String> {
        let shared = &self.shared;
        shared.not_held(phone, "number").await?;
        let message = trial(MessageChannel::Sms, "", phone, phone, text.to_owned(), shared.now_us());
        shared.try_at_once(&message).await
    }

    /// Sends a signed trial to a form's webhook at once. It says of itself that it is one.
    pub async fn try_webhook(&self, form_id: &str, address: &str) -> Result<Tried, String> {
        let shared = &self.shared;
        shared.not_held(address, "address").await?;
        let now_us = shared.now_us();
        let body = serde_json::json!({ "type": "test", "timestamp": forecourt_model::time::iso(now_us), "data": { "form": form_id } });
        let message = trial(MessageChannel::Webhook, form_id, "", address, body.to_string(), now_us);
        shared.try_at_once(&message).await
    }

    /// Sends a template to one recipient at once, kept or not. Its links lead where they say and its picture tells nothing; the
    /// link to unsubscribe looks like one, and does nothing.
    ///
    /// * `variables`: as of a message, `{"profile": …, "vars": …}`.
    ///
    /// Errors: why it was not even tried.
    pub async fn try_message(&self, template: &MessageTemplate, recipient: &str, variables: &Value) -> Result<Tried, String> {
        let shared = &self.shared;
        let channel = template.message_channel;
        let now_us = shared.now_us();
        let mut message = trial(channel, "", "", recipient, variables.to_string(), now_us);
        shared.not_held(&crate::send::held_by(&message), "recipient").await?;
        message.plan = Some(Box::new(Plan {
            template_id: template.template_id.clone(),
            template_version: 0,
            // As any mail to many looks: a trial is looked at for what people will get.
            purpose: "trial".to_owned(),
            who: Identifier { kind: IdentifierKind::Phone, value: String::new() },
            variant: String::new(),
            step: 0,
            chain: Vec::new(),
            deadline_us: None,
            cause: String::new(),
            is_past: false,
        }));
        let compiled = Compiled::new(template.clone())?;
        let told = |error: StoreError| error.to_string();
        let key = shared.link_key().await.map_err(told)?;
        let said = shared.said(key, &message, &compiled, variables)?;
        let unsubscribe = shared.unsubscribe_url(key, &message);
        let senders = shared.senders.read().await.map_err(told)?;
        let ready = shared.call(&senders, &message, &said, Some((&compiled, unsubscribe)), now_us).map_err(NotReady::why)?;
        shared.record_and_make(&message, ready).await
    }
}

impl Shared {
    async fn not_held(&self, recipient: &str, what: &str) -> Result<(), String> {
        let sending = self.store.sending().await.map_err(|error| error.to_string())?;
        match sending.holds(recipient) {
            Some(reason) => Err(format!("not sent ({reason}): list the {what} among the test recipients")),
            None => Ok(()),
        }
    }

    async fn try_at_once(&self, message: &Message) -> Result<Tried, String> {
        let told = |error: StoreError| error.to_string();
        let senders = self.senders.read().await.map_err(told)?;
        let ready = self.ready(&senders, message, self.now_us()).await.map_err(told)?.map_err(NotReady::why)?;
        self.record_and_make(message, ready).await
    }

    async fn record_and_make(&self, message: &Message, ready: Ready) -> Result<Tried, String> {
        let begun = Note::Begun(begun(message, 1, self.now_us(), &ready.shown));
        self.recorder.record(begun).await.map_err(|error| error.to_string())?;
        let attempted = ready.call.make(&self.outgoing).await;
        let (result, detail, provider_id) = ended(attempted.answered);
        let (status, answer) = (attempted.status, attempted.answer);
        let ending =
            Ending { ended_us: self.now_us(), result, status, detail: detail.clone(), answer: answer.clone(), provider_id, retry_us: None };
        let note = Note::Ended { key: key(message), number: 1, ending, settled: None };
        self.recorder.record(note).await.map_err(|error| error.to_string())?;
        Ok(Tried { is_taken: result == "sent", status, answer: answer.unwrap_or_default(), detail })
    }
}

fn trial(message_channel: MessageChannel, definition: &str, phone: &str, recipient: &str, body: String, now_us: i64) -> Message {
    Message {
        message_id: format!("msg_test_{now_us}"),
        round: 0,
        message_channel,
        definition: definition.to_owned(),
        fragment_id: 0,
        phone: phone.to_owned(),
        recipient: recipient.to_owned(),
        body,
        plan: None,
        state: MessageState::Pending,
        reason: String::new(),
        is_admitted: false,
        admitted_us: now_us,
        pending_offset: 0,
        changed_us: now_us,
        due_us: None,
        read_us: None,
        clicked_us: None,
    }
}

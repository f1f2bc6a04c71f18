//! The way of one message: record, call, record, tell. The order is what makes a crash harmless.

use std::time::Duration;

use forecourt_model::{
    gate,
    gateway::webhook_secret_place,
    message::{Message, MessageChannel, MessageState, Outcome},
    time::SECOND_US,
};
use forecourt_store::{
    StoreError,
    attempts::{Attempt, Ending, Note, SendKey, Settled},
};
use serde_json::Value;
use tokio::time::sleep;

use crate::{
    Shared,
    channels::{Answered, Attempted, Call, Ready, Said, email, sms, telegram, viber, web_push, webhook, whatsapp},
    outcome,
    rendering::{self, Addresses, Compiled},
    schedule::{next_us, spread},
    senders::Senders,
    token::{Link, LinkKey},
};

/// When something of our own is in the way.
const OWN_TROUBLE_US: i64 = SECOND_US;

/// A message that waits for its next attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub message: Message,
    /// Attempts of this round so far.
    pub attempts: i64,
    pub due_us: i64,
    /// After this it is given up.
    pub expires_us: i64,
}

/// Why there is no call to make.
#[derive(Debug)]
pub(crate) enum NotReady {
    /// Nothing is set up to send it with.
    NoSender(String),
    /// It cannot be sent like this.
    Bad(String),
}

impl NotReady {
    pub fn why(self) -> String {
        match self {
            Self::NoSender(why) | Self::Bad(why) => why,
        }
    }
}

impl Shared {
    /// One attempt; returns the message where it is to be tried again.
    pub async fn advance(&self, mut item: Item) -> Option<Item> {
        match self.try_advance(&mut item).await {
            Ok(true) => None,
            Ok(false) => Some(item),
            Err(error) => {
                tracing::warn!(%error, message = item.message.message_id, "a message waits for our own database");
                item.due_us = self.now_us() + OWN_TROUBLE_US;
                Some(item)
            }
        }
    }

    /// Whether the message is settled; where not, `due_us` says when to go on.
    async fn try_advance(&self, item: &mut Item) -> Result<bool, StoreError> {
        let now_us = self.now_us();
        // It was erased, cancelled, postponed or sent again meanwhile: whoever did that decides what becomes of it.
        let Some(message) = self.store.message(&item.message.message_id).await? else { return Ok(true) };
        if message.state != MessageState::Pending || message.round != item.message.round {
            return Ok(true);
        }
        item.message = message;
        // The fold looked at the switches and at the list when it admitted the message; they may have changed since.
        if let Some(reason) = self.store.sending().await?.holds(held_by(&item.message).as_ref()) {
            return Ok(self.settle(item, MessageState::Held, reason).await);
        }
        if item.message.plan.is_some()
            && let Some(listed) = self.store.suppressed_address(item.message.message_channel, &item.message.recipient).await?
        {
            let why = format!("{}:{}", gate::SUPPRESSED, listed.reason);
            return Ok(self.settle(item, MessageState::Failed, &why).await);
        }
        if item.expires_us <= now_us {
            let why = format!("given up after {} attempts: it is not worth sending any more", item.attempts);
            return Ok(self.settle(item, MessageState::Failed, &why).await);
        }
        let senders = self.senders.senders().await?;
        let ready = match self.ready(&senders, &item.message, now_us).await? {
            Ok(ready) => ready,
            Err(NotReady::NoSender(why)) => return Ok(self.settle(item, MessageState::Held, &why).await),
            Err(NotReady::Bad(why)) => return Ok(self.settle(item, MessageState::Failed, &why).await),
        };
        if let Err(until_us) = self.breakers.pass(&ready.guards, now_us) {
            item.due_us = until_us + spread(&item.message.message_id, item.attempts, SECOND_US);
            return Ok(false);
        }
        let number = item.attempts + 1;
        if self.recorder.record(Note::Begun(begun(&item.message, number, now_us, &ready.shown))).await.is_err() {
            item.due_us = now_us + OWN_TROUBLE_US;
            return Ok(false);
        }
        item.attempts = number;

        let attempted = ready.call.make(&self.outgoing).await;

        let now_us = self.now_us();
        self.note_health(&ready.guards, &attempted.answered, now_us);
        Ok(self.conclude(item, number, attempted, now_us).await)
    }

    /// The call to make for a message.
    pub async fn ready(&self, senders: &Senders, message: &Message, now_us: i64) -> Result<Result<Ready, NotReady>, StoreError> {
        if message.message_channel == MessageChannel::Webhook {
            let place = webhook_secret_place(&message.definition);
            let Some(secret) = self.control.secret(&place).await? else {
                let why = "the webhook has no secret: make one on the page of the form";
                return Ok(Err(NotReady::NoSender(why.to_owned())));
            };
            return Ok(Ok(webhook::ready(secret.reveal(), message, now_us)));
        }
        let Some(plan) = &message.plan else { return Ok(self.call(senders, message, &rendering::plain(message), None, now_us)) };
        let compiled = match self.templates.of(&self.store, plan).await? {
            Ok(compiled) => compiled,
            Err(why) => return Ok(Err(NotReady::Bad(why))),
        };
        let key = self.link_key().await?;
        let variables: Value = serde_json::from_str(&message.body).unwrap_or_default();
        let said = match self.said(key, message, &compiled, &variables) {
            Ok(said) => said,
            Err(why) => return Ok(Err(NotReady::Bad(why))),
        };
        let unsubscribe = self.unsubscribe_url(key, message);
        Ok(self.call(senders, message, &said, Some((&compiled, unsubscribe)), now_us))
    }

    /// The template's words for this message, with the addresses that lead back here.
    pub fn said(&self, key: &LinkKey, message: &Message, compiled: &Compiled, variables: &Value) -> Result<Said, String> {
        let base = self.options.public_url.as_str();
        let id = message.message_id.as_str();
        let own = format!("{base}/m/");
        let tracked = |url: &str| {
            let is_web = url.starts_with("https://") || url.starts_with("http://");
            if base.is_empty() || !is_web || url.starts_with(&own) {
                return url.to_owned();
            }
            format!("{own}c/{}?u={}", key.token(id, Link::Click(url)), sms::percent_encoded(url))
        };
        let pixel = (!base.is_empty()).then(|| format!("{own}o/{}", key.token(id, Link::Open)));
        let trap = (!base.is_empty()).then(|| format!("{own}x/{}", key.token(id, Link::Trap)));
        let addresses = Addresses { unsubscribe_url: self.unsubscribe_url(key, message), pixel, trap, tracked: &tracked };
        compiled.said(variables, &addresses)
    }

    /// Empty where this installation does not know its own address.
    pub fn unsubscribe_url(&self, key: &LinkKey, message: &Message) -> String {
        match self.options.public_url.as_str() {
            "" => String::new(),
            base => format!("{base}/m/u/{}", key.token(&message.message_id, Link::Unsubscribe)),
        }
    }

    /// * `made_of`: of a message made of a template, that and where people unsubscribe.
    pub fn call(
        &self,
        senders: &Senders,
        message: &Message,
        said: &Said,
        made_of: Option<(&Compiled, String)>,
        now_us: i64,
    ) -> Result<Ready, NotReady> {
        let no_sender =
            || NotReady::NoSender(format!("no sender is set up for {}: do that under Settings, Sending", message.message_channel.as_str()));
        let brand = made_of.as_ref().and_then(|(compiled, _)| senders.brands.get(&compiled.template.brand_id));
        match message.message_channel {
            MessageChannel::Email => {
                let mailer = senders.mailer.clone().map_err(NotReady::NoSender)?;
                let is_broadcast = !message.purpose().is_empty() && !senders.gate.is_transactional(message.purpose());
                let unsubscribe = made_of.as_ref().map(|(_, url)| url.clone()).filter(|url| is_broadcast && !url.is_empty());
                let feedback_id = message.plan.as_ref().map(|plan| feedback_id(message, &plan.template_id));
                let mail = email::Message {
                    to: message.recipient.clone(),
                    from: brand.map(|brand| brand.email_from.clone()).filter(|from| !from.is_empty()),
                    reply_to: None,
                    subject: said.title.clone(),
                    text: said.text.clone(),
                    html: said.html.clone(),
                    amp: said.amp.clone(),
                    unsubscribe,
                    feedback_id,
                    is_broadcast,
                    id: Some(message.message_id.clone()),
                };
                let shown = format!("{} → {}\n{}\n\n{}", mailer.server(), mail.to, mail.subject, mail.text);
                Ok(Ready { guards: "email".to_owned(), shown, call: Call::Mail { mailer, message: Box::new(mail) } })
            }
            MessageChannel::Sms => {
                let sender = senders.sms.clone().ok_or_else(no_sender)?;
                let sms_sender = brand.map_or("", |brand| brand.sms_sender.as_str());
                Ok(sms::ready(sender.settings, &sender.secret, sms_sender, message, said))
            }
            MessageChannel::Viber => {
                let sender = senders.viber.as_ref().ok_or_else(no_sender)?;
                viber::ready(&sender.settings, &sender.secret, message, said).map_err(NotReady::Bad)
            }
            MessageChannel::Whatsapp => {
                let sender = senders.whatsapp.as_ref().ok_or_else(no_sender)?;
                whatsapp::ready(&sender.settings, &sender.secret, message, said).map_err(NotReady::Bad)
            }
            MessageChannel::Telegram => {
                let sender = senders.telegram.as_ref().ok_or_else(no_sender)?;
                telegram::ready(&sender.settings, &sender.secret, message, said).map_err(NotReady::Bad)
            }
            MessageChannel::WebPush => {
                let sender = senders.web_push.as_ref().ok_or_else(no_sender)?;
                web_push::ready(&sender.settings, &sender.secret, message, said, now_us).map_err(NotReady::Bad)
            }
            MessageChannel::Webhook => Err(no_sender()),
        }
    }

    fn note_health(&self, guards: &str, answered: &Answered, now_us: i64) {
        match answered {
            Answered::Later { why, asked_us, is_pause: true } => {
                self.breakers.pause(guards, why, now_us + asked_us.unwrap_or(SECOND_US).min(60 * SECOND_US));
            }
            Answered::Later { why, .. } | Answered::Unknown(why) => self.breakers.note_failure(guards, why, now_us),
            Answered::Taken { .. } | Answered::Refused { .. } => self.breakers.note_success(guards),
        }
    }

    /// Writes how the attempt ended, and tells the log where that settles the message.
    async fn conclude(&self, item: &mut Item, number: i64, attempted: Attempted, now_us: i64) -> bool {
        let Attempted { answered, status, answer } = attempted;
        let retry_us = match &answered {
            Answered::Later { asked_us, .. } => {
                Some(next_us(&item.message.message_id, number, now_us, *asked_us)).filter(|next_us| *next_us < item.expires_us)
            }
            _ => None,
        };
        let is_permanent = matches!(&answered, Answered::Refused { is_permanent: true, .. });
        let state = match &answered {
            Answered::Taken { .. } => Some(MessageState::Sent),
            Answered::Refused { .. } => Some(MessageState::Failed),
            Answered::Later { .. } => retry_us.is_none().then_some(MessageState::Failed),
            Answered::Unknown(_) => Some(MessageState::Unknown),
        };
        let (result, detail, provider_id) = ended(answered);
        let settled = state.map(|state| Settled { is_permanent, ..settled(&item.message, state, &detail, now_us) });
        let outcome = settled.as_ref().map(|settled| outcome_of(&item.message, settled));
        let ending = Ending { ended_us: now_us, result, status, detail, answer, provider_id, retry_us };
        let note = Note::Ended { key: key(&item.message), number, ending, settled };
        // What happened must be written before anything else: while it is not, a crash makes it unknown, which is the truth.
        while self.recorder.record(note.clone()).await.is_err() {
            sleep(Duration::from_secs(1)).await;
        }
        if let Some(retry_us) = retry_us {
            item.due_us = retry_us;
        }
        if let Some(outcome) = &outcome {
            self.tell(outcome).await;
        }
        outcome.is_some()
    }

    /// Settles without an attempt.
    async fn settle(&self, item: &mut Item, state: MessageState, why: &str) -> bool {
        let now_us = self.now_us();
        if self.recorder.record(Note::Settled(settled(&item.message, state, why, now_us))).await.is_err() {
            item.due_us = now_us + OWN_TROUBLE_US;
            return false;
        }
        self.tell(&Outcome::of(&item.message, state, why, now_us)).await;
        true
    }

    /// Tells the log, and notes that it was told: a crash in between tells it twice, which is folded once.
    pub async fn tell(&self, outcome: &Outcome) {
        if outcome::append_at_last(&self.log, outcome, self.now_us()).await {
            // Not noted, it is told again at the next start.
            let _ = self.recorder.record(Note::Told((outcome.message_id.clone(), outcome.round))).await;
        }
    }
}

/// What the switches know a recipient by: of a web push the address of the push service, since nobody types a subscription.
pub(crate) fn held_by(message: &Message) -> std::borrow::Cow<'_, str> {
    let subscription = (message.message_channel == MessageChannel::WebPush).then(|| web_push::Subscription::read(&message.recipient));
    match subscription.flatten() {
        Some(subscription) => subscription.endpoint.into(),
        None => message.recipient.as_str().into(),
    }
}

/// What providers group complaints by: template, purpose, channel and whose it is.
fn feedback_id(message: &Message, template_id: &str) -> String {
    let definition = message.definition.replace(':', "-");
    format!("{template_id}:{definition}:{}:forecourt", message.purpose())
}

/// The result, its detail and the provider's id, as an attempt has them.
pub(crate) fn ended(answered: Answered) -> (&'static str, String, Option<String>) {
    match answered {
        Answered::Taken { provider_id } => ("sent", String::new(), provider_id),
        Answered::Refused { why, .. } => ("refused", why, None),
        Answered::Later { why, .. } => ("failed", why, None),
        Answered::Unknown(why) => ("unknown", why, None),
    }
}

pub(crate) fn outcome_of(message: &Message, settled: &Settled) -> Outcome {
    let outcome = Outcome::of(message, settled.state, settled.reason.as_str(), settled.at_us);
    Outcome { round: settled.round, is_permanent: settled.is_permanent, ..outcome }
}

pub(crate) fn begun(message: &Message, number: i64, started_us: i64, request: &str) -> Attempt {
    Attempt {
        message_id: message.message_id.clone(),
        round: message.round,
        number,
        message_channel: message.message_channel.as_str().to_owned(),
        started_us,
        ended_us: None,
        result: None,
        status: None,
        detail: None,
        request: request.to_owned(),
        answer: None,
        provider_id: None,
        retry_us: None,
    }
}

fn settled(message: &Message, state: MessageState, reason: &str, at_us: i64) -> Settled {
    let (message_id, reason) = (message.message_id.clone(), reason.to_owned());
    Settled { message_id, round: message.round, state, reason, is_permanent: false, at_us, told: false }
}

pub(crate) fn key(message: &Message) -> SendKey {
    (message.message_id.clone(), message.round)
}

//! The way of one message: record, call, record, tell. The order is what makes a crash harmless.

use std::time::Duration;

use forecourt_model::{
    gateway::{self, SmsGateway, webhook_secret_place},
    message::{Message, MessageChannel, MessageState, Outcome},
    time::SECOND_US,
};
use forecourt_outgoing::{OutgoingError, Request, Response, StatusCode, header};
use forecourt_store::{
    StoreError,
    attempts::{Attempt, Ending, Note, SendKey, Settled},
};
use tokio::time::sleep;

use crate::{
    Deliver, Shared, outcome,
    schedule::{next_us, spread},
    sms::{self, Filling},
    webhook,
};

/// Of an answer, what the attempt log keeps.
const ANSWER_CHARS_MAX: usize = 1_000;
/// When something of our own is in the way.
const OWN_TROUBLE_US: i64 = SECOND_US;
/// Stands for secrets in what the attempt log keeps.
const HIDDEN: &str = "•••";

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

/// A request ready to go, and what of it may be shown.
struct Prepared {
    request: Request,
    shown: String,
    /// What the breaker guards.
    guards: String,
    gateway: Option<SmsGateway>,
}

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Answered {
    Taken {
        provider_id: Option<String>,
    },
    /// For good.
    Refused(String),
    /// For now.
    Later {
        why: String,
        asked_us: Option<i64>,
        is_pause: bool,
    },
    /// It may have been taken.
    Unknown(String),
}

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
        // Whom it was to go to was erased meanwhile.
        if self.store.message(&item.message.message_id).await?.is_none() {
            return Ok(true);
        }
        // The fold looked at the switches when it admitted the message; they may have been thrown since.
        if let Some(reason) = self.store.sending().await?.holds(&item.message.recipient) {
            return Ok(self.settle(item, MessageState::Held, reason).await);
        }
        if item.expires_us <= now_us {
            let why = format!("given up after {} attempts: it is not worth sending any more", item.attempts);
            return Ok(self.settle(item, MessageState::Failed, &why).await);
        }
        let prepared = match self.prepare(&item.message, now_us).await? {
            Ok(prepared) => prepared,
            Err(why) => return Ok(self.settle(item, MessageState::Held, &why).await),
        };
        if let Err(until_us) = self.breakers.pass(&prepared.guards, now_us) {
            item.due_us = until_us + spread(&item.message.message_id, item.attempts, SECOND_US);
            return Ok(false);
        }
        let number = item.attempts + 1;
        if self.recorder.record(Note::Begun(begun(&item.message, number, now_us, &prepared.shown))).await.is_err() {
            item.due_us = now_us + OWN_TROUBLE_US;
            return Ok(false);
        }
        item.attempts = number;

        let answer = self.outgoing.send(prepared.request.clone()).await;

        let now_us = self.now_us();
        let answered = read(item.message.message_channel, prepared.gateway.as_ref(), &answer);
        self.note_health(&prepared.guards, &answered, now_us);
        Ok(self.conclude(item, number, answered, &answer, now_us).await)
    }

    /// The request, or why the message cannot be sent as things are set up.
    async fn prepare(&self, message: &Message, now_us: i64) -> Result<Result<Prepared, String>, StoreError> {
        match message.message_channel {
            MessageChannel::Sms => {
                let Some(gateway) = self.control.setting::<SmsGateway>(gateway::SETTING).await? else {
                    return Ok(Err("no SMS gateway is set up: do that under Settings, Sending".to_owned()));
                };
                let secret = self.control.secret(gateway::SECRET_PLACE).await?;
                let secret = secret.as_ref().map_or("", |secret| secret.reveal());
                Ok(Ok(prepare_sms(gateway, &message.phone, &message.body, &message.message_id, secret)))
            }
            MessageChannel::Webhook => {
                let Some(secret) = self.control.secret(&webhook_secret_place(&message.definition)).await? else {
                    return Ok(Err("the webhook has no secret: make one on the page of the form".to_owned()));
                };
                let request = webhook::request(message, secret.reveal(), now_us);
                let guards = format!("webhook {}", host_of(&message.recipient));
                Ok(Ok(Prepared { shown: shown(&request, ""), request, guards, gateway: None }))
            }
        }
    }

    fn note_health(&self, guards: &str, answered: &Answered, now_us: i64) {
        match answered {
            Answered::Later { why, asked_us, is_pause: true } => {
                self.breakers.pause(guards, why, now_us + asked_us.unwrap_or(SECOND_US).min(60 * SECOND_US));
            }
            Answered::Later { why, .. } | Answered::Unknown(why) => self.breakers.note_failure(guards, why, now_us),
            Answered::Taken { .. } | Answered::Refused(_) => self.breakers.note_success(guards),
        }
    }

    /// Writes how the attempt ended, and tells the log where that settles the message.
    async fn conclude(
        &self,
        item: &mut Item,
        number: i64,
        answered: Answered,
        answer: &Result<Response, OutgoingError>,
        now_us: i64,
    ) -> bool {
        let retry_us = match &answered {
            Answered::Later { asked_us, .. } => {
                Some(next_us(&item.message.message_id, number, now_us, *asked_us)).filter(|next_us| *next_us < item.expires_us)
            }
            _ => None,
        };
        let (result, state, detail, provider_id) = match answered {
            Answered::Taken { provider_id } => ("sent", Some(MessageState::Sent), String::new(), provider_id),
            Answered::Refused(why) => ("refused", Some(MessageState::Failed), why, None),
            Answered::Later { why, .. } => ("failed", retry_us.is_none().then_some(MessageState::Failed), why, None),
            Answered::Unknown(why) => ("unknown", Some(MessageState::Unknown), why, None),
        };
        let (status, text) = of_answer(answer);
        let key = key(&item.message);
        let settled = state.map(|state| settled(&item.message, state, &detail, now_us));
        let ending = Ending { ended_us: now_us, result, status, detail: detail.clone(), answer: text, provider_id, retry_us };
        let note = Note::Ended { key, number, ending, settled };
        // What happened must be written before anything else: while it is not, a crash makes it unknown, which is the truth.
        while self.recorder.record(note.clone()).await.is_err() {
            sleep(Duration::from_secs(1)).await;
        }
        if let Some(retry_us) = retry_us {
            item.due_us = retry_us;
        }
        if let Some(state) = state {
            self.tell(&Outcome::of(&item.message, state, detail, now_us)).await;
        }
        state.is_some()
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

impl Deliver {
    /// Sends one text to one number at once, outside of the outbox: a person waits to see whether the gateway works. Recorded like
    /// any attempt.
    ///
    /// Errors: why it was not even tried.
    pub async fn try_sms(&self, phone: &str, text: &str) -> Result<Tried, String> {
        let shared = &self.shared;
        let told = |error: StoreError| error.to_string();
        if let Some(reason) = shared.store.sending().await.map_err(told)?.holds(phone) {
            return Err(format!("not sent ({reason}): list the number among the test recipients"));
        }
        let now_us = shared.now_us();
        let message = trial(MessageChannel::Sms, "", phone, phone, text.to_owned(), now_us);
        let prepared = shared.prepare(&message, now_us).await.map_err(told)??;
        shared.try_at_once(&message, prepared, now_us).await
    }

    /// Sends a signed trial to a form's webhook at once. It says of itself that it is one.
    pub async fn try_webhook(&self, form_id: &str, address: &str) -> Result<Tried, String> {
        let shared = &self.shared;
        let told = |error: StoreError| error.to_string();
        if let Some(reason) = shared.store.sending().await.map_err(told)?.holds(address) {
            return Err(format!("not sent ({reason}): list the address among the test recipients"));
        }
        let now_us = shared.now_us();
        let body = serde_json::json!({ "type": "test", "timestamp": forecourt_model::time::iso(now_us), "data": { "form": form_id } });
        let message = trial(MessageChannel::Webhook, form_id, "", address, body.to_string(), now_us);
        let prepared = shared.prepare(&message, now_us).await.map_err(told)??;
        shared.try_at_once(&message, prepared, now_us).await
    }
}

impl Shared {
    async fn try_at_once(&self, message: &Message, prepared: Prepared, now_us: i64) -> Result<Tried, String> {
        self.recorder.record(Note::Begun(begun(message, 1, now_us, &prepared.shown))).await.map_err(|error| error.to_string())?;
        let answer = self.outgoing.send(prepared.request).await;
        let answered = read(message.message_channel, prepared.gateway.as_ref(), &answer);
        let (result, detail, provider_id) = match answered {
            Answered::Taken { provider_id } => ("sent", String::new(), provider_id),
            Answered::Refused(why) => ("refused", why, None),
            Answered::Later { why, .. } => ("failed", why, None),
            Answered::Unknown(why) => ("unknown", why, None),
        };
        let (status, text) = of_answer(&answer);
        let ended_us = self.now_us();
        let ending = Ending { ended_us, result, status, detail: detail.clone(), answer: text.clone(), provider_id, retry_us: None };
        let note = Note::Ended { key: key(message), number: 1, ending, settled: None };
        self.recorder.record(note).await.map_err(|error| error.to_string())?;
        Ok(Tried { is_taken: result == "sent", status, answer: text.unwrap_or_default(), detail })
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
        state: MessageState::Pending,
        reason: String::new(),
        is_admitted: false,
        admitted_us: now_us,
        pending_offset: 0,
        changed_us: now_us,
    }
}

fn prepare_sms(gateway: SmsGateway, phone: &str, text: &str, id: &str, secret: &str) -> Prepared {
    let request = sms::request(&gateway, Filling { phone, text, id, secret });
    let shown = shown(&sms::request(&gateway, Filling { phone, text, id, secret: HIDDEN }), secret);
    Prepared { request, shown, guards: "sms".to_owned(), gateway: Some(gateway) }
}

/// * `secret`: taken out wherever it stands all the same, such as typed into the template.
fn shown(request: &Request, secret: &str) -> String {
    let mut text = format!("{} {}\n", request.method, request.url);
    for (name, value) in &request.headers {
        let value =
            if name.eq_ignore_ascii_case("webhook-signature") || name.eq_ignore_ascii_case("authorization") { HIDDEN } else { value };
        text.push_str(&format!("{name}: {value}\n"));
    }
    text.push('\n');
    text.push_str(&String::from_utf8_lossy(&request.body));
    if secret.is_empty() { text } else { text.replace(secret, HIDDEN) }
}

fn begun(message: &Message, number: i64, started_us: i64, request: &str) -> Attempt {
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
    Settled { message_id: message.message_id.clone(), round: message.round, state, reason: reason.to_owned(), at_us, told: false }
}

fn key(message: &Message) -> SendKey {
    (message.message_id.clone(), message.round)
}

fn host_of(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

fn of_answer(answer: &Result<Response, OutgoingError>) -> (Option<i64>, Option<String>) {
    match answer {
        Ok(answer) => {
            let text = String::from_utf8_lossy(&answer.body).chars().take(ANSWER_CHARS_MAX).collect();
            (Some(i64::from(answer.status.as_u16())), Some(text))
        }
        Err(_) => (None, None),
    }
}

/// What an answer, or its absence, says of the message.
///
/// A webhook that may have arrived is sent again: its id tells the receiver that it is the same one. An SMS has no such
/// reader: it is unknown.
fn read(channel: MessageChannel, gateway: Option<&SmsGateway>, answer: &Result<Response, OutgoingError>) -> Answered {
    let is_webhook = channel == MessageChannel::Webhook;
    let later = |why: String, asked_us| Answered::Later { why, asked_us, is_pause: false };
    let answer = match answer {
        Ok(answer) => answer,
        Err(error @ (OutgoingError::Invalid(_) | OutgoingError::Forbidden(_) | OutgoingError::ForbiddenPort { .. })) => {
            return Answered::Refused(error.to_string());
        }
        Err(error) if error.may_have_arrived() && !is_webhook => return Answered::Unknown(error.to_string()),
        Err(error) => return later(error.to_string(), None),
    };
    let status = answer.status;
    let why = format!("the answer was {status}");
    match status {
        _ if status.is_success() => match gateway.map_or(Ok(None), |gateway| sms::taken(gateway, answer)) {
            Ok(provider_id) => Answered::Taken { provider_id },
            Err(why) => Answered::Refused(why),
        },
        StatusCode::TOO_MANY_REQUESTS => Answered::Later { why, asked_us: retry_after_us(answer), is_pause: true },
        StatusCode::GATEWAY_TIMEOUT if !is_webhook => Answered::Unknown(why),
        StatusCode::GONE => Answered::Refused(why),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY => later(why, retry_after_us(answer)),
        _ if status.is_server_error() || (is_webhook && status.is_client_error()) => later(why, retry_after_us(answer)),
        _ if status.is_redirection() => Answered::Refused(format!("{why}: redirects are not followed, give the address that it leads to")),
        _ => Answered::Refused(why),
    }
}

/// `Retry-After` in seconds. A date in it would need the other side's clock to be right: it counts as a minute.
fn retry_after_us(answer: &Response) -> Option<i64> {
    let text = answer.headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = text.parse::<i64>().unwrap_or(60).clamp(0, 86_400);
    Some(seconds * SECOND_US)
}

#[cfg(test)]
mod tests {
    use forecourt_outgoing::HeaderMap;

    use super::*;

    fn answer(status: u16, retry_after: Option<&'static str>) -> Result<Response, OutgoingError> {
        let mut headers = HeaderMap::new();
        if let Some(text) = retry_after {
            headers.insert(header::RETRY_AFTER, header::HeaderValue::from_static(text));
        }
        let status = StatusCode::from_u16(status).unwrap_or_default();
        Ok(Response { status, headers, body: Default::default(), is_cut: false })
    }

    #[test]
    fn an_answer_says_what_comes_next() {
        use MessageChannel::{Sms, Webhook};
        let result = |channel, answer: Result<Response, OutgoingError>| match read(channel, None, &answer) {
            Answered::Taken { .. } => "taken",
            Answered::Refused(_) => "refused",
            Answered::Later { is_pause: true, asked_us: Some(7_000_000), .. } => "pause",
            Answered::Later { .. } => "later",
            Answered::Unknown(_) => "unknown",
        };
        let timeout = || Err(OutgoingError::Timeout(Duration::from_secs(1)));
        let refused = || Err(OutgoingError::NoConnection("refused".into()));
        let forbidden = || Err(OutgoingError::Forbidden("localhost".into()));
        for (sms, webhook, answer) in [
            ("taken", "taken", answer(202, None)),
            ("pause", "pause", answer(429, Some("7"))),
            ("later", "later", answer(503, None)),
            ("unknown", "later", answer(504, None)),
            ("refused", "later", answer(400, None)),
            ("refused", "refused", answer(410, None)),
            ("refused", "refused", answer(302, None)),
            ("unknown", "later", timeout()),
            ("later", "later", refused()),
            ("refused", "refused", forbidden()),
        ] {
            assert_eq!((result(Sms, answer.clone()), result(Webhook, answer.clone())), (sms, webhook), "{answer:?}");
        }
    }
}

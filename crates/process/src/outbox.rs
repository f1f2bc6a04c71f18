//! What a form sets off, decided; and what is to be sent again.
//!
//! A submitted form admits exactly one SMS and one webhook. Their ids are derived from the event, so that a replay admits the
//! same ones; whether somebody submitted twice is told by the log's time.

use std::collections::HashMap;

use forecourt_model::{
    Event, FragmentId, IdentifierKind, Origin, Touch,
    form::{Form, SOURCE_PREFIX, SUBMITTED},
    message::{Message, MessageChannel, MessageState, REPEAT_US, message_id},
    time::iso,
};
use forecourt_store::{FoldTx, Store, StoreError};
use serde_json::{Value, json};

use crate::{
    message,
    pending::Pending,
    state::{State, TrackedMessage},
};

/// At this many entries those that no longer matter are let go.
const RECENT_PRUNED_AT: usize = 4_096;

/// Who was sent an SMS within [`REPEAT_US`], by form: read back from the outbox at the start.
#[derive(Default)]
pub(crate) struct RecentSms {
    by_phone: HashMap<(String, String), i64>,
    by_fragment: HashMap<(String, i64), i64>,
    prune_at: usize,
}

impl RecentSms {
    pub async fn open(store: &Store) -> Result<Self, StoreError> {
        let now_us = store.fold_numbers().await?.get("at_us").copied().unwrap_or(0);
        let mut recent = Self::default();
        for sms in store.recent_sms(now_us - REPEAT_US).await? {
            recent.note(&sms.definition, &sms.phone, FragmentId(sms.fragment_id), sms.admitted_us);
        }
        Ok(recent)
    }

    fn note(&mut self, form: &str, phone: &str, fragment_id: FragmentId, at_us: i64) {
        self.by_phone.insert((form.to_owned(), phone.to_owned()), at_us);
        self.by_fragment.insert((form.to_owned(), fragment_id.0), at_us);
        if self.prune_at.max(RECENT_PRUNED_AT) <= self.by_phone.len() {
            self.by_phone.retain(|_, sent_us| at_us - *sent_us < REPEAT_US);
            self.by_fragment.retain(|_, sent_us| at_us - *sent_us < REPEAT_US);
            self.prune_at = 2 * self.by_phone.len();
        }
    }

    /// Lets go of an erased person.
    pub fn forget(&mut self, phones: &[&str], fragments: &[FragmentId]) {
        self.by_phone.retain(|(_, phone), _| !phones.contains(&phone.as_str()));
        self.by_fragment.retain(|(_, id), _| !fragments.iter().any(|erased| erased.0 == *id));
    }

    /// Whether the number, or any fragment of the person, was sent one lately.
    fn is_repeat(&self, form: &str, phone: &str, fragments: &[FragmentId], at_us: i64) -> bool {
        let lately = |sent_us: Option<&i64>| sent_us.is_some_and(|sent_us| at_us - *sent_us < REPEAT_US);
        lately(self.by_phone.get(&(form.to_owned(), phone.to_owned())))
            || fragments.iter().any(|id| lately(self.by_fragment.get(&(form.to_owned(), id.0))))
    }
}

/// Admits what a live submit sets off; anything else sets off nothing.
pub(crate) fn admit(state: &mut State<'_>, event: &Event, fragment_id: FragmentId, touch: Option<&Touch>) {
    let Some(form_id) = event.source.strip_prefix(SOURCE_PREFIX) else { return };
    if event.origin == Origin::History || event.name != SUBMITTED {
        return;
    }
    let Some(form) = state.definitions.forms.get(form_id).cloned() else { return };
    let phone = event.identifiers.iter().find(|identifier| identifier.kind == IdentifierKind::Phone);
    let Some(phone) = phone.map(|identifier| identifier.value.clone()) else { return };

    let profile = state.fragments.get(&fragment_id).map(|fragment| fragment.row.profile_id);
    let fragments = profile.and_then(|profile| state.members.get(&profile)).cloned().unwrap_or_else(|| vec![fragment_id]);
    let is_repeat = state.recent_sms.is_repeat(form_id, &phone, &fragments, state.at_us);
    let name = event.traits.get("name").and_then(Value::as_str);
    if let Some(text) = form.sms_text(&phone, name) {
        let suppressed = is_repeat.then(|| format!("a repeat within {} minutes", REPEAT_US / 60_000_000));
        let sent = push(state, event, fragment_id, &form, MessageChannel::Sms, &phone, &phone, text, suppressed);
        if sent {
            state.recent_sms.note(form_id, &phone, fragment_id, state.at_us);
        }
    }
    if let Some(address) = &form.webhook {
        let profile_id = profile.map_or(fragment_id.0, |profile| profile.0);
        let body = webhook_body(event, &form, &phone, profile_id, touch, is_repeat).to_string();
        push(state, event, fragment_id, &form, MessageChannel::Webhook, &phone, address, body, None);
    }
}

/// Puts a message into the outbox; returns whether it is to be sent.
#[expect(clippy::too_many_arguments, reason = "each is a column of the message")]
fn push(
    state: &mut State<'_>,
    event: &Event,
    fragment_id: FragmentId,
    form: &Form,
    message_channel: MessageChannel,
    phone: &str,
    recipient: &str,
    body: String,
    suppressed: Option<String>,
) -> bool {
    let cause = [event.source.as_str(), event.message_id.as_str()];
    let message_id = message_id(&state.settings.hash_key, cause, &form.form_id, message_channel, recipient);
    let held = state.definitions.sending.holds(recipient).map(str::to_owned);
    let (now, reason) = match (suppressed, held) {
        (Some(reason), _) => (MessageState::Suppressed, reason),
        (None, Some(reason)) => (MessageState::Held, reason),
        (None, None) => (MessageState::Pending, String::new()),
    };
    let is_admitted = now == MessageState::Pending;
    let message = Message {
        message_id: message_id.clone(),
        round: 0,
        message_channel,
        definition: form.form_id.clone(),
        fragment_id: fragment_id.0,
        phone: phone.to_owned(),
        recipient: recipient.to_owned(),
        body,
        state: now,
        reason,
        is_admitted,
        admitted_us: state.at_us,
        pending_offset: state.offset,
        changed_us: state.at_us,
        plan: None,
        due_us: None,
        read_us: None,
        clicked_us: None,
    };
    state.messages.insert(message_id, TrackedMessage { message, dirty: true });
    is_admitted
}

/// What the call centre is told, in the shape that Standard Webhooks recommends.
fn webhook_body(event: &Event, form: &Form, phone: &str, profile_id: i64, touch: Option<&Touch>, is_repeat: bool) -> Value {
    let asked: Value = serde_json::from_str(&event.properties).unwrap_or(Value::Null);
    let of_person = |name: &str| event.traits.get(name).cloned().unwrap_or(Value::Null);
    json!({
        "type": "call_back.requested",
        "timestamp": iso(event.ts_us),
        "data": {
            "submit_id": event.message_id,
            "form": form.form_id,
            "form_name": form.name,
            "profile_id": profile_id.to_string(),
            "phone": phone,
            "name": of_person("name"),
            "email": of_person("email"),
            "comment": asked.get("comment").cloned().unwrap_or(Value::Null),
            "dealer": event.dealer,
            "page_url": event.url,
            "channel": touch.map(|touch| touch.channel.as_str()),
            "utm_source": touch.and_then(|touch| touch.utm_source.as_deref()),
            "campaign": touch.and_then(|touch| touch.campaign.as_deref()),
            "is_repeat": is_repeat,
        },
    })
}

/// Has messages sent again, by a person's wish. What may not be sent again is left; if that is all of them, the reason is told.
///
/// What was made of a template goes through the gate once more: who objected meanwhile is not written to by a click.
pub(crate) async fn retry(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    ids: &[String],
) -> Result<Result<(), String>, StoreError> {
    let (offset, at_us) = (state.offset, state.at_us);
    let mut refused = "there are no such messages: name some".to_owned();
    let mut done = false;
    for id in ids {
        let Some(tracked) = state.messages.get_mut(id) else { continue };
        let message = &mut tracked.message;
        if !message.state.may_be_retried() {
            refused = format!("a message that is {} is not sent again", message.state.as_str());
        } else if let Some(reason) = state.definitions.sending.holds(&message.recipient) {
            refused = format!("it would be held again ({reason}): change that under Settings, Sending");
        } else if message.plan.is_some() {
            match message::send_again(tx, state, pending, id).await? {
                Ok(()) => done = true,
                Err(reason) => refused = format!("it would be kept back again ({reason})"),
            }
        } else {
            message.round += 1;
            (message.state, message.reason) = (MessageState::Pending, String::new());
            (message.pending_offset, message.changed_us) = (offset, at_us);
            message.is_admitted = true;
            tracked.dirty = true;
            done = true;
        }
    }
    Ok(if done { Ok(()) } else { Err(refused) })
}

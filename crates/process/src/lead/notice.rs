//! A dealer's own system is told of its leads.

use forecourt_model::{
    FragmentId, IdentifierKind, adf,
    lead::Handling,
    message::{Message, MessageChannel, MessageState, message_id},
    network::WebhookFormat,
    time::iso,
};
use serde_json::json;

use crate::state::{State, TrackedMessage};

/// A lead that comes to a dealer.
pub(super) const DISPATCHED: &str = "lead.dispatched";

/// Puts a webhook into the outbox, where the dealer has an address for it.
pub(super) fn to_dealer(state: &mut State<'_>, handling: &Handling, dealer_id: &str, what: &str, reason: &str) {
    let desk = state.desk.clone();
    let Some((dealer, address)) = desk.network.get(dealer_id).and_then(|ready| Some((&ready.dealer, ready.dealer.webhook.clone()?))) else {
        return;
    };
    if dealer.webhook_format == WebhookFormat::Adf && what != DISPATCHED {
        return;
    }
    let whole = state
        .fragments
        .get(&FragmentId(handling.fragment_id))
        .and_then(|fragment| state.members.get(&fragment.row.profile_id))
        .cloned()
        .unwrap_or_else(|| vec![FragmentId(handling.fragment_id)]);
    let identifier = |kind: &IdentifierKind| {
        let of_kind = whole.iter().filter_map(|id| state.fragments.get(id)).filter(|fragment| fragment.row.kind == kind.as_str());
        of_kind.max_by_key(|fragment| fragment.row.last_us).map(|fragment| fragment.row.value.clone())
    };
    let (phone, email) = (identifier(&IdentifierKind::Phone), identifier(&IdentifierKind::Email));
    let name = whole.iter().find_map(|id| state.fragments.get_mut(id)?.state().name());
    let lead = state.leads.get(&handling.lead_id).and_then(|tracked| tracked.now.as_ref());
    // Who loses a lead is told that, and no more of the person.
    let keeps = what != "lead.expired" && what != "lead.taken_back";
    let shown = |value: &Option<String>| value.clone().filter(|_| keeps);
    let as_json = json!({
        "type": what,
        "timestamp": iso(state.at_us),
        "data": {
            "lead_id": handling.lead_id,
            "dealer_id": dealer_id,
            "reason": reason,
            "name": shown(&name),
            "phone": shown(&phone),
            "email": shown(&email),
            "model": lead.and_then(|lead| lead.dimensions.model.clone()),
            "vehicles": if keeps { json!(handling.body.asked.vehicles) } else { json!([]) },
            "comments": shown(&handling.body.asked.comments),
            "score": handling.score,
            "band": handling.band,
            "accept_by": handling.body.accept_by_us.map(iso),
            "contact_by": handling.body.contact_by_us.map(iso),
        },
    });
    let body = match dealer.webhook_format {
        WebhookFormat::Json => as_json.to_string(),
        WebhookFormat::Adf => adf::write(&adf::Prospect {
            lead_id: &handling.lead_id,
            requested_at: iso(handling.opened_us),
            vehicles: &handling.body.asked.vehicles,
            model: lead.and_then(|lead| lead.dimensions.model.as_deref()),
            brand: handling.body.asked.brand.as_deref(),
            name: name.as_deref(),
            email: email.as_deref(),
            phone: phone.as_deref(),
            postcode: handling.body.asked.postcode.as_deref(),
            comments: handling.body.asked.comments.as_deref(),
            dealer_id,
            dealer_name: &dealer.name,
            dealer_email: &dealer.manager_email,
        }),
    };
    let definition = format!("dealer:{dealer_id}");
    let cause = ["lead", &format!("{}:{}:{what}", handling.lead_id, handling.body.moves)];
    let message_id = message_id(&state.settings.hash_key, cause, &definition, MessageChannel::Webhook, &address);
    let held = state.definitions.sending.holds(&address).map(str::to_owned);
    let message = Message {
        message_id: message_id.clone(),
        round: 0,
        message_channel: MessageChannel::Webhook,
        definition,
        fragment_id: handling.fragment_id,
        phone: phone.unwrap_or_default(),
        recipient: address,
        body,
        state: if held.is_some() { MessageState::Held } else { MessageState::Pending },
        is_admitted: held.is_none(),
        reason: held.unwrap_or_default(),
        admitted_us: state.at_us,
        pending_offset: state.offset,
        changed_us: state.at_us,
        plan: None,
        due_us: None,
        read_us: None,
        clicked_us: None,
    };
    state.messages.insert(message_id, TrackedMessage { message, dirty: true });
}

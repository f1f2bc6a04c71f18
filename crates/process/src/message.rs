//! Messages made of templates: admitted by the gate, postponed, followed by the next step of their chain, settled.
//!
//! A message's id derives from what caused it, its person and its step, so a replay admits the same ones. Texts are not made here:
//! the fold hands over what the template reads, and the worker that sends renders it.

use forecourt_model::{
    Event, FragmentId, Identifier, IdentifierKind, Origin, ProfileId,
    broadcast::{ChainStep, HOLDOUT, Reached, check_chain},
    command::{MessageWish, Recipient},
    gate::{Admitted, Asked, Word},
    message::{
        Address, DELIVER_SOURCE, Message, MessageChannel, MessageState, Outcome, OutcomeOf, Plan, Reaction, ReactionKind, id_of_step,
    },
    message_template::TemplateHead,
    reach::{self, Found, ReachPart},
    time::{self, SECOND_US},
};
use forecourt_store::{FoldTx, StoreError, suppressed_address::SuppressedAddress};
use serde_json::{Value, json};

use crate::{
    load,
    pending::Pending,
    segment,
    state::{State, TrackedMessage},
};

/// Messages whose time has come are looked at so many a tick; the next tick takes the next.
const WOKEN_MAX: usize = 20_000;
/// The longest variables handed over with a message, in bytes.
const VARIABLES_BYTES_MAX: usize = 64 * 1024;
const POSTPONE_S_MAX: i64 = 30 * 86_400;
const KEY_CHARS_MAX: usize = 200;

/// What is to be sent to somebody.
pub(crate) struct Wish {
    /// `broadcast:…` or `api:…`.
    pub definition: String,
    pub purpose: String,
    pub variant: String,
    pub chain: Vec<ChainStep>,
    pub variables: Value,
    pub deadline_us: i64,
}

/// A message by a program's or a person's wish. The same key again changes nothing.
pub(crate) async fn send(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    asked: &MessageWish,
) -> Result<Result<(), String>, StoreError> {
    if let Err(reason) = check(state, asked) {
        return Ok(Err(reason));
    }
    let fragment_id = match &asked.to {
        Recipient::Profile(profile_id) => FragmentId(profile_id.0),
        Recipient::Identifier(identifier) => identifier.fragment_id(&state.settings.hash_key, 0),
    };
    load::whole_profiles(tx, state, pending, &[fragment_id]).await?;
    let Some(profile_id) = state.fragments.get(&fragment_id).map(|fragment| fragment.row.profile_id) else {
        return Ok(Err("there is nobody known by that: tell an event of the person first, such as `identify`".to_owned()));
    };
    // A key stands for one message, whoever it is to.
    let cause = format!("api:{}", asked.idempotency_key);
    let wish = Wish {
        definition: format!("api:{}", asked.chain[0].template_id),
        purpose: asked.purpose.clone(),
        variant: String::new(),
        chain: asked.chain.clone(),
        variables: asked.variables.clone(),
        deadline_us: state.at_us + asked.postpone_s * SECOND_US,
    };
    let first = id_of_step(&state.settings.hash_key, &cause, 0);
    for held in tx.messages(std::slice::from_ref(&first)).await? {
        state.messages.entry(first.clone()).or_insert(TrackedMessage { message: held, dirty: false });
    }
    if !state.messages.contains_key(&first) {
        admit(tx, state, pending, profile_id, &wish, &cause).await?;
    }
    Ok(Ok(()))
}

fn check(state: &State<'_>, asked: &MessageWish) -> Result<(), String> {
    let key_chars = asked.idempotency_key.chars().count();
    if key_chars == 0 || KEY_CHARS_MAX < key_chars {
        return Err(format!("an idempotency key has 1 to {KEY_CHARS_MAX} characters"));
    }
    check_chain(&asked.chain)?;
    check_templates(state, &asked.chain)?;
    if state.messaging.gate.purpose(&asked.purpose).is_none() {
        return Err(format!("there is no purpose `{}`: see Settings, Messages", asked.purpose));
    }
    if !(asked.variables.is_object() || asked.variables.is_null()) {
        return Err("variables are a JSON object".to_owned());
    }
    if VARIABLES_BYTES_MAX < asked.variables.to_string().len() {
        return Err(format!("the variables are longer than {VARIABLES_BYTES_MAX} bytes"));
    }
    if !(0..=POSTPONE_S_MAX).contains(&asked.postpone_s) {
        return Err("a message can be postponed for at most 30 days".to_owned());
    }
    Ok(())
}

/// Whether every step can be made.
pub(crate) fn check_templates(state: &State<'_>, chain: &[ChainStep]) -> Result<(), String> {
    for step in chain {
        match state.messaging.templates.get(&step.template_id) {
            None => return Err(format!("there is no template `{}`", step.template_id)),
            Some(head) if head.is_archived => return Err(format!("the template `{}` is archived", step.template_id)),
            Some(_) => {}
        }
    }
    Ok(())
}

/// Admits the first step of a wish that can be sent; those before it are kept with their reasons.
///
/// * `cause`: see [`id_of_step`].
pub(crate) async fn admit(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    profile_id: ProfileId,
    wish: &Wish,
    cause: &str,
) -> Result<(), StoreError> {
    let Some(whole) = segment::whole(tx, state, pending, profile_id).await? else { return Ok(()) };
    steps(tx, state, &whole, &wish.definition, wish.plan(cause), &wish.vars()).await
}

/// Keeps of somebody that nothing is sent, on purpose.
pub(crate) async fn hold_out(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    profile_id: ProfileId,
    wish: &Wish,
    cause: &str,
) -> Result<(), StoreError> {
    let Some(whole) = segment::whole(tx, state, pending, profile_id).await? else { return Ok(()) };
    let plan = Plan { is_past: true, ..wish.plan(cause) };
    let Some(head) = plan.chain.first().and_then(|step| state.messaging.templates.get(&step.template_id)).cloned() else { return Ok(()) };
    let message = message(state, &whole, &wish.definition, plan, &head, None, &json!({}));
    settle_word(state, message, Word::Refuse { reason: HOLDOUT.to_owned() }, &whole);
    Ok(())
}

impl Wish {
    fn plan(&self, cause: &str) -> Plan {
        Plan {
            template_id: String::new(),
            template_version: 0,
            purpose: self.purpose.clone(),
            who: Identifier { kind: IdentifierKind::UserId, value: String::new() },
            variant: self.variant.clone(),
            step: 0,
            chain: self.chain.clone(),
            deadline_us: Some(self.deadline_us),
            cause: cause.to_owned(),
            is_past: false,
        }
    }

    fn vars(&self) -> Value {
        if self.variables.is_null() { json!({}) } else { self.variables.clone() }
    }
}

/// Goes on along a chain, from the plan's step on, until one is admitted, postponed or held.
async fn steps(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    whole: &[FragmentId],
    definition: &str,
    mut plan: Plan,
    vars: &Value,
) -> Result<(), StoreError> {
    know(tx, state, whole).await?;
    while let Some(step) = plan.chain.get(plan.step as usize).cloned() {
        let Some(head) = state.messaging.templates.get(&step.template_id).cloned() else { return Ok(()) };
        plan.template_id = step.template_id;
        let found = address(tx, state, whole, head.message_channel).await?;
        let word = decide(state, whole, &plan, head.message_channel, &head.brand_id, found.as_ref(), None);
        let message = message(state, whole, definition, plan.clone(), &head, found, vars);
        if settle_word(state, message, word, whole) {
            return Ok(());
        }
        plan.step += 1;
    }
    Ok(())
}

/// A message of a plan's step, not decided on yet.
fn message(
    state: &State<'_>,
    whole: &[FragmentId],
    definition: &str,
    mut plan: Plan,
    head: &TemplateHead,
    found: Option<Found>,
    vars: &Value,
) -> Message {
    if let Some(step) = plan.chain.get(plan.step as usize) {
        plan.template_id.clone_from(&step.template_id);
    }
    plan.template_version = head.version;
    plan.who = reach::who(parts(state, whole), found.as_ref());
    let channel = head.message_channel;
    let (fragment_id, recipient) = found.map_or((whole[0], String::new()), |found| (found.fragment_id, found.address));
    let phone = if channel.address() == Address::Identifier(IdentifierKind::Phone) { recipient.clone() } else { String::new() };
    Message {
        message_id: id_of_step(&state.settings.hash_key, &plan.cause, plan.step),
        round: 0,
        message_channel: channel,
        definition: definition.to_owned(),
        fragment_id: fragment_id.0,
        phone,
        recipient,
        body: reach::variables(parts(state, whole), &head.uses, vars).to_string(),
        plan: Some(Box::new(plan)),
        state: MessageState::Suppressed,
        reason: String::new(),
        is_admitted: false,
        admitted_us: state.at_us,
        pending_offset: state.offset,
        changed_us: state.at_us,
        due_us: None,
        read_us: None,
        clicked_us: None,
    }
}

/// Where a person says to be.
pub(crate) fn zone(state: &State<'_>, whole: &[FragmentId]) -> Option<jiff::tz::TimeZone> {
    reach::zone(parts(state, whole))
}

/// A person's fragments as messages look at them.
fn parts<'a>(state: &'a State<'_>, whole: &'a [FragmentId]) -> impl Iterator<Item = ReachPart<'a>> + Clone {
    whole.iter().filter_map(|id| {
        let fragment = state.fragments.get(id)?;
        let row = &fragment.row;
        Some(ReachPart {
            fragment_id: *id,
            kind: &row.kind,
            value: &row.value,
            generation: row.generation,
            last_us: row.last_us,
            state: fragment.read()?,
        })
    })
}

/// Puts a message where the gate's word wants it. Returns whether the chain rests.
fn settle_word(state: &mut State<'_>, mut message: Message, word: Word, whole: &[FragmentId]) -> bool {
    let id = message.message_id.clone();
    (message.changed_us, message.pending_offset) = (state.at_us, state.offset);
    message.due_us = None;
    match word {
        Word::Admit => match state.definitions.sending.holds(&message.recipient) {
            Some(reason) => (message.state, message.reason) = (MessageState::Held, reason.to_owned()),
            None => {
                (message.state, message.reason, message.is_admitted) = (MessageState::Pending, String::new(), true);
                message.admitted_us = state.at_us;
                message.due_us = next_step_us(&message);
                note_admitted(state, &message);
            }
        },
        Word::Postpone { until_us, reason } => {
            (message.state, message.reason, message.due_us) = (MessageState::Postponed, reason, Some(until_us));
            tell(state, whole, &message, "message_postponed");
        }
        Word::Refuse { reason } => {
            (message.state, message.reason) = (MessageState::Suppressed, reason);
            tell(state, whole, &message, "message_suppressed");
        }
    }
    let rests = message.state != MessageState::Suppressed;
    state.messages.insert(id, TrackedMessage { message, dirty: true });
    rests
}

/// When the chain is looked at again, if it has a next step.
fn next_step_us(message: &Message) -> Option<i64> {
    let plan = message.plan.as_ref()?;
    let step = plan.chain.get(plan.step as usize)?;
    plan.chain.get(plan.step as usize + 1)?;
    Some(message.admitted_us + step.wait_s * SECOND_US)
}

fn note_admitted(state: &mut State<'_>, message: &Message) {
    let admitted = Admitted { at_us: message.admitted_us, message_channel: message.message_channel, purpose: message.purpose().to_owned() };
    if 0 < message.round {
        state.admitted.values_mut().for_each(|held| held.retain(|(id, _)| *id != message.message_id));
    }
    // A fragment that nobody asked about yet is read as a whole when somebody does.
    if let Some(held) = state.admitted.get_mut(&FragmentId(message.fragment_id)) {
        held.push((message.message_id.clone(), admitted));
    }
    if state.messaging.gate.budget(message.message_channel).is_some() && !state.messaging.gate.is_transactional(message.purpose()) {
        let spent = spent_today(state, message.message_channel);
        state.set_number(&format!("budget_used:{}", message.message_channel.as_str()), spent as i64 + 1);
    }
}

/// Messages of the channel today, where a budget is kept; the first of a day begins anew.
fn spent_today(state: &mut State<'_>, channel: MessageChannel) -> u64 {
    if state.messaging.gate.budget(channel).is_none() {
        return 0;
    }
    let today = i64::from(time::local_day(state.at_us, &state.messaging.gate.zone()));
    let (day, used) = (format!("budget_day:{}", channel.as_str()), format!("budget_used:{}", channel.as_str()));
    if state.number(&day) != today {
        state.set_number(&day, today);
        state.set_number(&used, 0);
    }
    state.number(&used).max(0) as u64
}

/// Makes an event of what the gate kept back.
fn tell(state: &mut State<'_>, whole: &[FragmentId], message: &Message, name: &str) {
    let Some(carrier) = state.carrier(whole) else { return };
    let plan = message.plan.as_deref();
    let properties = json!({
        "message_id": message.message_id,
        "message_channel": message.message_channel.as_str(),
        "definition": message.definition,
        "template_id": plan.map(|plan| plan.template_id.as_str()),
        "purpose": message.purpose(),
        "reason": message.reason,
        "until": message.due_us.map(time::iso),
    });
    state.derive(carrier, name, properties.to_string());
}

/// Holds back a message that waits.
pub(crate) fn refuse(state: &mut State<'_>, id: &str, reason: String, whole: &[FragmentId]) {
    let Some(message) = state.messages.get(id).map(|tracked| tracked.message.clone()) else { return };
    settle_word(state, message, Word::Refuse { reason }, whole);
}

/// In whose name a message is sent, as consent knows it.
pub(crate) fn controller(state: &State<'_>, message: &Message) -> String {
    let head = message.plan.as_ref().and_then(|plan| state.messaging.templates.get(&plan.template_id));
    head.map(|head| head.brand_id.clone()).unwrap_or_default()
}

/// Reads what was admitted lately to fragments, of one person or of many, where it is not known yet.
pub(crate) async fn know(tx: &mut FoldTx, state: &mut State<'_>, whole: &[FragmentId]) -> Result<(), StoreError> {
    let unknown: Vec<FragmentId> = whole.iter().copied().filter(|id| !state.admitted.contains_key(id)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let since_us = state.at_us - state.messaging.gate.window_us();
    for id in &unknown {
        state.admitted.insert(*id, Vec::new());
    }
    for found in tx.admitted_to(&unknown, since_us).await? {
        state.admitted.entry(found.fragment_id).or_default().push((found.message_id, found.admitted));
    }
    // What the batch admitted before anybody asked.
    let of_batch: Vec<Message> = state
        .messages
        .values()
        .map(|tracked| &tracked.message)
        .filter(|message| message.is_admitted && message.plan.is_some() && unknown.iter().any(|id| id.0 == message.fragment_id))
        .cloned()
        .collect();
    for message in of_batch {
        // What the batch says of one counts, not what the table still has.
        state.admitted.values_mut().for_each(|held| held.retain(|(id, _)| *id != message.message_id));
        let admitted =
            Admitted { at_us: message.admitted_us, message_channel: message.message_channel, purpose: message.purpose().to_owned() };
        state.admitted.entry(FragmentId(message.fragment_id)).or_default().push((message.message_id.clone(), admitted));
    }
    Ok(())
}

/// All fragments of whoever a fragment is of by now, with their states read; `None` where there is nobody any more.
pub(crate) async fn person_of(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    fragment_id: FragmentId,
) -> Result<Option<Vec<FragmentId>>, StoreError> {
    load::whole_profiles(tx, state, pending, &[fragment_id]).await?;
    match state.fragments.get(&fragment_id).map(|fragment| fragment.row.profile_id) {
        Some(profile_id) => segment::whole(tx, state, pending, profile_id).await,
        None => Ok(None),
    }
}

/// The address that was heard of last, of those that something may be sent to.
async fn address(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    whole: &[FragmentId],
    channel: MessageChannel,
) -> Result<Option<Found>, StoreError> {
    let found = reach::addresses(parts(state, whole), channel);
    let addresses: Vec<String> = found.iter().map(|found| found.address.clone()).collect();
    know_addresses(tx, state, channel, &addresses).await?;
    let open = found.iter().find(|found| suppressed(state, channel, found).is_none());
    Ok(open.or(found.first()).cloned())
}

/// Why nothing is sent to an address that was looked at, if nothing is.
fn suppressed<'a>(state: &'a State<'_>, channel: MessageChannel, found: &Found) -> Option<&'a str> {
    let held = state.suppressed_addresses.get(&(channel, found.address.clone()))?.as_ref();
    held.map(|held| held.reason.as_str())
}

async fn know_addresses(tx: &mut FoldTx, state: &mut State<'_>, channel: MessageChannel, addresses: &[String]) -> Result<(), StoreError> {
    let unknown: Vec<String> =
        addresses.iter().filter(|address| !state.suppressed_addresses.contains_key(&(channel, (*address).clone()))).cloned().collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let found = tx.suppressed_addresses(&unknown).await?;
    for address in unknown {
        let held = found.iter().find(|(key, _)| key.0 == channel && key.1 == address).map(|(_, held)| held.clone());
        state.suppressed_addresses.insert((channel, address), held);
    }
    Ok(())
}

/// The gate's word on a message of this plan.
///
/// * `own`: the message itself, where it was admitted before and must not be in its own way.
fn decide(
    state: &mut State<'_>,
    whole: &[FragmentId],
    plan: &Plan,
    channel: MessageChannel,
    controller: &str,
    found: Option<&Found>,
    own: Option<&str>,
) -> Word {
    let spent_today = spent_today(state, channel);
    let state = &*state;
    let parts = || parts(state, whole);
    let admitted: Vec<Admitted> = whole
        .iter()
        .filter_map(|id| state.admitted.get(id))
        .flatten()
        .filter(|(id, _)| own != Some(id.as_str()))
        .map(|(_, admitted)| admitted.clone())
        .collect();
    state.messaging.gate.decide(&Asked {
        purpose: &plan.purpose,
        message_channel: channel,
        consent: reach::consent(parts(), &plan.purpose, channel, controller),
        suppressed: found.and_then(|found| suppressed(state, channel, found)),
        has_address: found.is_some(),
        admitted: &admitted,
        zone: reach::zone(parts()).as_ref(),
        spent_today,
        at_us: state.at_us,
        deadline_us: plan.deadline_us.unwrap_or(i64::MAX),
    })
}

/// Notes what became of a message, and goes on along its chain where it will not reach its person.
pub(crate) async fn settle(tx: &mut FoldTx, state: &mut State<'_>, pending: &Pending, event: &Event) -> Result<(), StoreError> {
    if event.source != DELIVER_SOURCE || event.origin == Origin::History {
        return Ok(());
    }
    if let Some(outcome) = Outcome::read(&event.name, &event.properties) {
        return come_out(tx, state, pending, &outcome).await;
    }
    let Some(reaction) = Reaction::read(&event.name, &event.properties) else { return Ok(()) };
    if reaction.is_bot {
        return Ok(());
    }
    let at_us = state.at_us;
    let mut complained = None;
    if let Some(tracked) = state.messages.get_mut(&reaction.message_id) {
        let message = &mut tracked.message;
        match reaction.kind {
            ReactionKind::Opened => message.read_us = message.read_us.or(Some(at_us)),
            ReactionKind::Clicked => {
                message.read_us = message.read_us.or(Some(at_us));
                message.clicked_us = message.clicked_us.or(Some(at_us));
            }
            ReactionKind::Unsubscribed => {}
            ReactionKind::Complained => complained = Some((message.message_channel, message.recipient.clone())),
        }
        tracked.dirty = true;
        if let Some(plan) = message.plan.as_mut().filter(|plan| !plan.is_past)
            && (has_reached(message.state, message.read_us, message.clicked_us, plan) || reaction.kind >= ReactionKind::Unsubscribed)
        {
            plan.is_past = true;
            if message.state != MessageState::Postponed {
                message.due_us = None;
            }
        }
    }
    if let Some((channel, address)) = complained {
        suppress(state, channel, &address, "complained", "");
    }
    Ok(())
}

async fn come_out(tx: &mut FoldTx, state: &mut State<'_>, pending: &Pending, outcome: &OutcomeOf) -> Result<(), StoreError> {
    let at_us = state.at_us;
    let Some(tracked) = state.messages.get_mut(&outcome.message_id) else { return Ok(()) };
    let message = &mut tracked.message;
    if message.round != outcome.round || !outcome.state.follows(message.state) {
        return Ok(());
    }
    (message.state, message.reason, message.changed_us) = (outcome.state, outcome.reason.clone(), at_us);
    tracked.dirty = true;
    let (channel, address) = (message.message_channel, message.recipient.clone());
    let (read_us, clicked_us) = (message.read_us, message.clicked_us);
    let mut goes_on = None;
    if let Some(plan) = message.plan.as_mut().filter(|plan| !plan.is_past) {
        let fails = matches!(outcome.state, MessageState::Undelivered | MessageState::Failed);
        if fails || has_reached(outcome.state, read_us, clicked_us, plan) {
            plan.is_past = true;
            message.due_us = None;
        }
        goes_on = fails.then(|| message.clone());
    }
    if outcome.is_permanent && !address.is_empty() {
        suppress(state, channel, &address, "bounced", "");
    }
    match goes_on {
        Some(message) => go_on(tx, state, pending, &message).await,
        None => Ok(()),
    }
}

fn has_reached(state: MessageState, read_us: Option<i64>, clicked_us: Option<i64>, plan: &Plan) -> bool {
    let clicked = clicked_us.is_some();
    let read = clicked || read_us.is_some();
    match plan.chain.get(plan.step as usize).map(|step| step.until) {
        Some(Reached::Delivered) => read || state == MessageState::Delivered,
        Some(Reached::Read) => read,
        Some(Reached::Clicked) => clicked,
        None => true,
    }
}

/// Takes the next step of a message's chain.
async fn go_on(tx: &mut FoldTx, state: &mut State<'_>, pending: &Pending, message: &Message) -> Result<(), StoreError> {
    let Some(plan) = message.plan.as_deref().filter(|plan| (plan.step as usize + 1) < plan.chain.len()) else { return Ok(()) };
    let fragment_id = FragmentId(message.fragment_id);
    let Some(whole) = person_of(tx, state, pending, fragment_id).await? else { return Ok(()) };
    let given: Value = serde_json::from_str(&message.body).unwrap_or_default();
    let vars = given.get("vars").cloned().unwrap_or_else(|| json!({}));
    // The rest of the chain may be postponed as long as the whole of it was.
    let postpone_us = plan.deadline_us.map(|deadline_us| state.at_us + (deadline_us - message.admitted_us).max(0));
    let next = Plan { step: plan.step + 1, is_past: false, deadline_us: postpone_us, ..plan.clone() };
    steps(tx, state, &whole, &message.definition, next, &vars).await
}

/// Looks at messages whose time has come: those postponed are decided on anew, and chains go on that nobody answered.
pub(crate) async fn wake(tx: &mut FoldTx, state: &mut State<'_>, pending: &Pending) -> Result<(), StoreError> {
    let at_us = state.at_us;
    for message in tx.messages_due(at_us, WOKEN_MAX + state.messages.len()).await? {
        state.messages.entry(message.message_id.clone()).or_insert(TrackedMessage { message, dirty: false });
    }
    let due = state.messages.iter().filter_map(|(id, tracked)| {
        let due_us = tracked.message.due_us.filter(|us| *us <= at_us)?;
        Some((due_us, tracked.message.admitted_us, id.clone()))
    });
    let mut due: Vec<(i64, i64, String)> = due.collect();
    due.sort_unstable();
    due.truncate(WOKEN_MAX);
    for (_, _, id) in due {
        let Some(message) = state.messages.get(&id).map(|tracked| tracked.message.clone()) else { continue };
        if message.state == MessageState::Postponed {
            decide_anew(tx, state, pending, message).await?;
        } else if let Some(tracked) = state.messages.get_mut(&id) {
            tracked.dirty = true;
            tracked.message.due_us = None;
            let Some(plan) = tracked.message.plan.as_mut().filter(|plan| !plan.is_past) else { continue };
            plan.is_past = true;
            if message.plan.as_deref().is_some_and(|plan| !has_reached(message.state, message.read_us, message.clicked_us, plan)) {
                go_on(tx, state, pending, &message).await?;
            }
        }
    }
    Ok(())
}

async fn decide_anew(tx: &mut FoldTx, state: &mut State<'_>, pending: &Pending, message: Message) -> Result<(), StoreError> {
    let fragment_id = FragmentId(message.fragment_id);
    let (Some(whole), Some(plan)) = (person_of(tx, state, pending, fragment_id).await?, message.plan.clone()) else {
        refuse(state, &message.message_id, "erased".to_owned(), &[]);
        return Ok(());
    };
    know(tx, state, &whole).await?;
    let found = address(tx, state, &whole, message.message_channel).await?;
    let controller = controller(state, &message);
    let word = decide(state, &whole, &plan, message.message_channel, &controller, found.as_ref(), None);
    let rests = settle_word(state, message.clone(), word, &whole);
    if !rests {
        go_on(tx, state, pending, &message).await?;
    }
    Ok(())
}

/// Asks the gate once more about a message that a person wants sent again. Where it says no, the message stays what it is.
///
/// Errors: the gate's reason.
pub(crate) async fn send_again(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    id: &str,
) -> Result<Result<(), String>, StoreError> {
    let Some(mut message) = state.messages.get(id).map(|tracked| tracked.message.clone()) else { return Ok(Err("erased".to_owned())) };
    let fragment_id = FragmentId(message.fragment_id);
    let Some(whole) = person_of(tx, state, pending, fragment_id).await? else { return Ok(Err("erased".to_owned())) };
    let Some(plan) = message.plan.as_mut() else { return Ok(Err("erased".to_owned())) };
    if message.reason == HOLDOUT {
        return Ok(Err(HOLDOUT.to_owned()));
    }
    // Its deadline was for the first time; what is asked for by hand is meant now.
    plan.deadline_us = Some(state.at_us);
    let plan = plan.clone();
    know(tx, state, &whole).await?;
    let found = address(tx, state, &whole, message.message_channel).await?;
    let controller = controller(state, &message);
    let word = decide(state, &whole, &plan, message.message_channel, &controller, found.as_ref(), Some(id));
    match word {
        Word::Admit => {
            message.round += 1;
            if let Some(found) = found {
                if !message.phone.is_empty() {
                    message.phone.clone_from(&found.address);
                }
                (message.fragment_id, message.recipient) = (found.fragment_id.0, found.address);
            }
            settle_word(state, message, Word::Admit, &whole);
            Ok(Ok(()))
        }
        Word::Postpone { reason, .. } | Word::Refuse { reason } => Ok(Err(reason)),
    }
}

/// Puts an address on the list of those that nothing is sent to.
fn suppress(state: &mut State<'_>, channel: MessageChannel, address: &str, reason: &str, actor: &str) {
    let held = SuppressedAddress { reason: reason.to_owned(), actor: actor.to_owned(), at_us: state.at_us };
    let key = (channel, address.to_owned());
    state.suppressed_addresses.insert(key.clone(), Some(held.clone()));
    state.suppressed_address_changes.insert(key, Some(held));
}

const ADDRESSES_MAX: usize = 10_000;

pub(crate) fn suppress_addresses(
    state: &mut State<'_>,
    channel: MessageChannel,
    addresses: &[String],
    reason: &str,
    actor: &str,
) -> Result<(), String> {
    let reason_chars = reason.trim().chars().count();
    if reason_chars == 0 || 200 < reason_chars {
        return Err("say in 1 to 200 characters why nothing is to be sent there".to_owned());
    }
    check_addresses(addresses)?;
    addresses.iter().for_each(|address| suppress(state, channel, address, reason.trim(), actor));
    Ok(())
}

pub(crate) fn release_addresses(state: &mut State<'_>, channel: MessageChannel, addresses: &[String]) -> Result<(), String> {
    check_addresses(addresses)?;
    for address in addresses {
        let key = (channel, address.clone());
        state.suppressed_addresses.insert(key.clone(), None);
        state.suppressed_address_changes.insert(key, None);
    }
    Ok(())
}

fn check_addresses(addresses: &[String]) -> Result<(), String> {
    if addresses.is_empty() || ADDRESSES_MAX < addresses.len() {
        return Err(format!("name 1 to {ADDRESSES_MAX} addresses"));
    }
    match addresses.iter().find(|address| address.trim().is_empty() || 500 < address.len()) {
        Some(_) => Err("an address has 1 to 500 bytes".to_owned()),
        None => Ok(()),
    }
}

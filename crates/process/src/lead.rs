//! Leads dealt with: opened, scored, given to dealers, taken back; as events come, as people act, and as time passes.
//!
//! Each change is a move that says who made it and why. A lead at work is at any moment in a queue; one at a dealer counts in that
//! dealer's load, and leaves the load when it leaves the dealer.

mod desk;
mod notice;
mod owner;
mod ring;
mod score;
mod work;

use std::collections::BTreeMap;

use forecourt_model::{
    Event, FragmentId, Origin,
    command::Action,
    entity::{Lead, Told},
    lead::{Asked, Asking, ClockFor, Handling, HandlingBody, LeadMove, LeadRules, Moved, Prompt, Queue, Rings, VIEWED_MAX, Way, route},
    time::{DAY_US, HOUR_US},
};
use forecourt_store::{FoldTx, StoreError};
use serde_json::{Value, json};

pub(crate) use desk::{Desk, publish_score, remove_dealer, set_dealer, set_rules};
use score::{facts, rescore, rescore_by_itself, score};
pub(crate) use {owner::set_rules as set_owner_rules, owner::tell as tell_owned, ring::set_presence, score::rescore_waiting, work::work};

use crate::{
    command,
    journey::{self, Turned},
    load,
    pending::Pending,
    segment,
    state::{State, TrackedHandling},
};

/// How many leads were ever opened.
const AT_WORK: &str = "leads_at_work";
/// Leads whose time has come are looked at so many a tick; the next tick takes the next.
const WOKEN_MAX: usize = 20_000;

/// Loads what moving a lead looks at: its person, and the lead itself.
async fn ready(tx: &mut FoldTx, state: &mut State<'_>, pending: &Pending, handling: &Handling) -> Result<(), StoreError> {
    load::whole_profiles(tx, state, pending, &[FragmentId(handling.fragment_id)]).await?;
    load::lead(tx, state, &handling.lead_id).await
}

/// Loads the leads at work of those whom the batch's events may move.
pub(crate) async fn load(tx: &mut FoldTx, state: &mut State<'_>, fragments: &[FragmentId]) -> Result<(), StoreError> {
    if !state.desk.is_on() {
        return Ok(());
    }
    let profiles = fragments.iter().filter_map(|id| state.fragments.get(id)).map(|fragment| fragment.row.profile_id);
    let members = profiles.filter_map(|id| state.members.get(&id)).flatten();
    let mut all: Vec<FragmentId> = members.chain(fragments).copied().collect();
    all.sort_unstable();
    all.dedup();
    if state.desk.owners.is_on && state.desk.owners.rules.iter().any(|rule| rule.did.is_some()) {
        owner::know_vehicles(tx, state, &all).await?;
    }
    know(tx, state, &all).await
}

/// Loads all leads at work of fragments that nobody asked about yet.
async fn know(tx: &mut FoldTx, state: &mut State<'_>, fragments: &[FragmentId]) -> Result<(), StoreError> {
    let unknown: Vec<FragmentId> = fragments.iter().copied().filter(|id| state.handlings_known.insert(*id)).collect();
    if !unknown.is_empty() {
        for handling in tx.handlings_of(&unknown).await? {
            keep(state, handling, false);
        }
    }
    Ok(())
}

/// Keeps a lead at work; what the batch made of it counts, not what the table has.
fn keep(state: &mut State<'_>, handling: Handling, dirty: bool) {
    let ids = state.handlings_of.entry(FragmentId(handling.fragment_id)).or_default();
    if !ids.contains(&handling.lead_id) {
        ids.push(handling.lead_id.clone());
    }
    if dirty || !state.handlings.contains_key(&handling.lead_id) {
        state.handlings.insert(handling.lead_id.clone(), TrackedHandling { handling, dirty });
    }
}

async fn know_one(tx: &mut FoldTx, state: &mut State<'_>, lead_id: &str) -> Result<Option<Handling>, StoreError> {
    if !state.handlings.contains_key(lead_id) {
        for handling in tx.handlings(&[lead_id.to_owned()]).await? {
            keep(state, handling, false);
        }
    }
    Ok(state.handlings.get(lead_id).map(|held| held.handling.clone()))
}

/// Opens the lead that a live event tells of, or moves it; then lets its person's other leads look at the event.
pub(crate) async fn follow(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    event: &Event,
    told: &Told,
    fragment_id: FragmentId,
) -> Result<(), StoreError> {
    let desk = state.desk.clone();
    let nobody_works = !desk.is_on() && state.number(AT_WORK) == 0;
    if nobody_works || event.origin == Origin::History {
        return Ok(());
    }
    if let Some(told) = &told.lead {
        follow_told(tx, state, pending, event, told).await?;
    }
    if !desk.minds(&event.name) {
        return Ok(());
    }
    let Some((profile_id, whole)) = journey::person(tx, state, pending, fragment_id).await? else { return Ok(()) };
    know(tx, state, &whole).await?;
    if desk.owners.minds(&event.name) {
        owner::follow(tx, state, pending, &whole).await?;
    }
    let leads = leads_of(state, &whole);
    if leads.is_empty() {
        return Ok(());
    }
    if desk.scores_by(&event.name) {
        rescore(tx, state, pending, profile_id, &whole).await?;
    }
    if desk.comes_back_by(&event.name) {
        come_back(tx, state, pending, event, &leads).await?;
    }
    Ok(())
}

/// A segment that somebody entered or left may be worth points.
pub(crate) async fn follow_turn(tx: &mut FoldTx, state: &mut State<'_>, pending: &Pending, turned: &Turned) -> Result<(), StoreError> {
    let desk = state.desk.clone();
    if !desk.is_on() || !desk.scores_by_segment(&turned.segment_id) {
        return Ok(());
    }
    let Some((profile_id, whole)) = journey::person(tx, state, pending, FragmentId(turned.profile_id.0)).await? else { return Ok(()) };
    know(tx, state, &whole).await?;
    rescore(tx, state, pending, profile_id, &whole).await
}

/// A person's leads at work, the latest first.
fn leads_of(state: &State<'_>, whole: &[FragmentId]) -> Vec<String> {
    let ids = whole.iter().filter_map(|id| state.handlings_of.get(id)).flatten();
    let mut leads: Vec<(i64, String)> =
        ids.filter_map(|id| state.handlings.get(id)).map(|held| (held.handling.opened_us, held.handling.lead_id.clone())).collect();
    leads.sort_unstable_by(|a, b| b.cmp(a));
    leads.into_iter().map(|(_, id)| id).collect()
}

async fn follow_told(tx: &mut FoldTx, state: &mut State<'_>, pending: &Pending, event: &Event, told: &Lead) -> Result<(), StoreError> {
    let Some(lead) = state.leads.get(&told.lead_id).and_then(|tracked| tracked.now.clone()) else { return Ok(()) };
    let Some(mut handling) = know_one(tx, state, &told.lead_id).await? else {
        // What another system dealt with before it was told here is that system's.
        if state.desk.is_on() && matches!(lead.stage.as_str(), "captured" | "qualified") {
            let asked = Asked::read(&event.properties, lead.dimensions.model.as_deref(), event.dealer.as_deref());
            let facts = facts(&event.properties, event.model.as_deref(), event.region.as_deref(), &lead);
            open(tx, state, pending, Opening { asked, facts, source: &event.source }, &lead).await?;
        }
        return Ok(());
    };
    ready(tx, state, pending, &handling).await?;
    // The dealer that has it is the desk's to say, whatever a later event names.
    if !handling.dealer_id.is_empty() {
        name_dealer(state, &handling);
    }
    // That it came in is known.
    if matches!(told.stage.as_str(), "" | "captured") || lead.stage != told.stage {
        return Ok(());
    }
    let properties: Value = serde_json::from_str(&event.properties).unwrap_or_default();
    let is_automatic = properties.get("automatic").and_then(Value::as_bool).unwrap_or(false);
    let reason = properties.get("reason").and_then(Value::as_str).unwrap_or_default().chars().take(200).collect::<String>();
    let change = work::StageChange { stage: &told.stage, reason: &reason, note: "", is_automatic, dealer_id: event.dealer.as_deref() };
    work::stage_is(tx, state, pending, &mut handling, &change, &event.source).await?;
    settle(state, handling);
    Ok(())
}

/// Draws the consequences of a stage that was set outside the desk.
pub(crate) async fn follow_stage(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    lead_id: &str,
    stage: &str,
    actor: &str,
) -> Result<(), StoreError> {
    if state.number(AT_WORK) == 0 {
        return Ok(());
    }
    let Some(mut handling) = know_one(tx, state, lead_id).await? else { return Ok(()) };
    ready(tx, state, pending, &handling).await?;
    let change = work::StageChange { stage, reason: "", note: "", is_automatic: false, dealer_id: None };
    work::stage_is(tx, state, pending, &mut handling, &change, actor).await?;
    settle(state, handling);
    Ok(())
}

/// What a lead comes in with.
struct Opening<'a> {
    asked: Asked,
    /// For a learned score to look at.
    facts: BTreeMap<String, Value>,
    source: &'a str,
}

/// Begins to deal with a lead.
async fn open(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    Opening { asked, facts, source }: Opening<'_>,
    lead: &Lead,
) -> Result<(), StoreError> {
    // Whose the lead is, which need not be who it was told of.
    let Some((profile_id, whole)) = journey::person(tx, state, pending, lead.fragment_id).await? else { return Ok(()) };
    know(tx, state, &whole).await?;
    let (at_us, rules) = (state.at_us, state.desk.clone());
    let first = first_of(state, &whole, lead, &rules.rules);
    let mut handling = Handling {
        lead_id: lead.lead_id.clone(),
        fragment_id: lead.fragment_id.0,
        queue: Queue::Pool,
        dealer_id: String::new(),
        owner: String::new(),
        band: String::new(),
        score: 0,
        opened_us: at_us,
        changed_us: at_us,
        dispatched_us: None,
        accepted_us: None,
        contacted_us: None,
        due_us: None,
        body: HandlingBody { asked, facts, ..HandlingBody::default() },
    };
    state.add_number(AT_WORK, 1);
    tell(state, &mut handling, Moved::Opened, source, ["", &lead.stage, "", ""]);
    if let Some(first) = first {
        (handling.queue, handling.body.duplicate_of) = (Queue::Closed, Some(first.clone()));
        tell(state, &mut handling, Moved::Duplicate, "", [&lead.lead_id, &first, "", ""]);
        settle(state, handling);
        if let Some(mut first) = know_one(tx, state, &first).await? {
            tell(state, &mut first, Moved::Note, "", ["", "", "asked_again", &lead.lead_id]);
            prompt(state, &mut first, lead.dimensions.model.as_deref().unwrap_or("lead_created"));
            settle(state, first);
        }
        return Ok(());
    }
    // There is an owner or a queue from here on, whatever comes.
    settle(state, handling.clone());
    let Some(band) = score(tx, state, profile_id, &whole, &mut handling, lead).await? else { return Ok(()) };
    let points = handling.score.to_string();
    tell(state, &mut handling, Moved::Scored, "", ["", &band.band, &points, ""]);
    handling.band.clone_from(&band.band);
    go(tx, state, pending, &mut handling, band.way, "").await?;
    settle(state, handling);
    Ok(())
}

/// An open lead of the same person that this one repeats.
fn first_of(state: &State<'_>, whole: &[FragmentId], lead: &Lead, rules: &LeadRules) -> Option<String> {
    let window_us = i64::from(rules.duplicates.window_days) * DAY_US;
    let is_same = |id: &&String| {
        let Some(held) = state.handlings.get(*id).map(|held| &held.handling) else { return false };
        let model = held.body.asked.vehicles.first().map(|vehicle| vehicle.model.as_str());
        let is_same_model = !rules.duplicates.same_model || model == lead.dimensions.model.as_deref();
        held.is_open() && held.lead_id != lead.lead_id && state.at_us - held.opened_us < window_us && is_same_model
    };
    let leads = leads_of(state, whole);
    // The oldest: what repeats a repeat repeats the first.
    leads.iter().rev().find(is_same).cloned()
}

/// Sends a lead on by its band's way.
async fn go(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    handling: &mut Handling,
    way: Way,
    actor: &str,
) -> Result<(), StoreError> {
    match way {
        Way::Dealer => dispatch(tx, state, pending, handling, actor, "").await,
        Way::Verification => {
            to_queue(state, handling, Queue::Verification);
            ring::begin(state, handling, "new");
            Ok(())
        }
        Way::Nurture => {
            to_queue(state, handling, Queue::Nurture);
            Ok(())
        }
    }
}

/// Puts a lead into a queue that is no dealer's.
fn to_queue(state: &mut State<'_>, handling: &mut Handling, queue: Queue) {
    if handling.queue == Queue::Dealer {
        state.loads.take(&handling.dealer_id);
    }
    if queue != Queue::Closed {
        handling.leave_dealer();
    }
    handling.queue = queue;
    ring::stop(state, handling);
}

/// Finds the dealer for a lead, and gives it there; into the pool where nobody may have it.
async fn dispatch(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    handling: &mut Handling,
    actor: &str,
    reason: &str,
) -> Result<(), StoreError> {
    load::lead(tx, state, &handling.lead_id).await?;
    let lead = state.leads.get(&handling.lead_id).and_then(|tracked| tracked.now.clone());
    let desk = state.desk.clone();
    let decision = route(
        &desk.network,
        &state.loads,
        &desk.rules.routing,
        &Asking {
            asked: &handling.body.asked,
            model: lead.as_ref().and_then(|lead| lead.dimensions.model.as_deref()),
            region: lead.as_ref().and_then(|lead| lead.dimensions.region.as_deref()),
            passed: &handling.body.passed,
            at_us: state.at_us,
        },
    );
    let (chosen, why) = (decision.chosen.clone(), decision.reason.clone());
    handling.body.decision = Some(decision);
    let reason = if reason.is_empty() { why } else { reason.to_owned() };
    match chosen {
        Some(dealer_id) => to_dealer(tx, state, pending, handling, &dealer_id, "", Moved::Dispatched, actor, &reason).await,
        None => {
            let from = place_of(handling);
            to_queue(state, handling, Queue::Pool);
            tell(state, handling, Moved::Dispatched, actor, [&from, "pool", &reason, ""]);
            Ok(())
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "each is a word of the move")]
async fn to_dealer(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    handling: &mut Handling,
    dealer_id: &str,
    owner: &str,
    act: Moved,
    actor: &str,
    reason: &str,
) -> Result<(), StoreError> {
    let desk = state.desk.clone();
    let Some(ready) = desk.network.get(dealer_id) else { return Ok(()) };
    let (at_us, from) = (state.at_us, place_of(handling));
    to_queue(state, handling, Queue::Pool);
    state.loads.give(ready, at_us);
    (handling.queue, handling.dispatched_us) = (Queue::Dealer, Some(at_us));
    (handling.dealer_id, handling.owner) = (dealer_id.to_owned(), owner.to_owned());
    handling.body.lost_reason = None;
    load::lead(tx, state, &handling.lead_id).await?;
    let channel = state.leads.get(&handling.lead_id).and_then(|tracked| tracked.now.as_ref()?.dimensions.channel.clone());
    handling.start_clocks(desk.rules.sla(&handling.band, channel.as_deref()), &ready.calendar, at_us);
    tell(state, handling, act, actor, [&from, &format!("dealer:{dealer_id}"), reason, ""]);
    name_dealer(state, handling);
    set_stage(tx, state, pending, &handling.lead_id, "dispatched").await?;
    notice::to_dealer(state, handling, dealer_id, notice::DISPATCHED, reason);
    Ok(())
}

/// Where a lead is, in a word.
fn place_of(handling: &Handling) -> String {
    match handling.queue {
        Queue::Dealer => format!("dealer:{}", handling.dealer_id),
        queue => queue.as_str().to_owned(),
    }
}

/// Reports and scopes see the dealer that has the lead, or had it last.
fn name_dealer(state: &mut State<'_>, handling: &Handling) {
    let region = state.desk.network.get(&handling.dealer_id).map(|ready| ready.dealer.region.clone());
    if let Some(lead) = state.leads.get_mut(&handling.lead_id).and_then(|tracked| tracked.now.as_mut()) {
        lead.dimensions.dealer = Some(handling.dealer_id.clone());
        lead.dimensions.region = lead.dimensions.region.take().or(region.filter(|region| !region.is_empty()));
        state.touch_version("leads_version");
    }
}

/// Moves the lead itself, and lets the rules of segments look at it.
async fn set_stage(tx: &mut FoldTx, state: &mut State<'_>, pending: &Pending, lead_id: &str, stage: &str) -> Result<(), StoreError> {
    load::lead(tx, state, lead_id).await?;
    let is_there = state.leads.get(lead_id).and_then(|tracked| tracked.now.as_ref()).is_some_and(|lead| lead.stage == stage);
    if !is_there && command::set_stage(state, lead_id, stage).is_ok() {
        segment::follow(tx, state, pending, &Action::SetStage { lead_id: lead_id.to_owned(), stage: stage.to_owned() }).await?;
    }
    Ok(())
}

/// Notes a move, and makes an event of it.
///
/// * `words`: from, to, reason, note.
fn tell(state: &mut State<'_>, handling: &mut Handling, act: Moved, actor: &str, words: [&str; 4]) {
    let [from, to, reason, note] = words.map(str::to_owned);
    let number = handling.body.moves;
    handling.body.moves += 1;
    if !matches!(act, Moved::Claimed | Moved::Note) {
        let properties = json!({
            "lead_id": handling.lead_id, "from": from, "to": to, "reason": reason, "actor": actor, "dealer": handling.dealer_id,
            "band": handling.band, "score": handling.score,
        });
        state.derive(FragmentId(handling.fragment_id), &format!("lead_desk_{}", act.as_str()), properties.to_string());
    }
    let (lead_id, at_us) = (handling.lead_id.clone(), state.at_us);
    state.lead_moves.push(LeadMove { lead_id, number, at_us, act, actor: actor.to_owned(), from, to, reason, note });
}

/// Keeps a lead as it is now, with when it is to be looked at next.
fn settle(state: &mut State<'_>, mut handling: Handling) {
    handling.changed_us = state.at_us;
    handling.due_us = handling.next().map(|(us, _)| us);
    keep(state, handling, true);
}

/// Looks at the leads whose time has come, in the order of their times.
pub(crate) async fn wake(tx: &mut FoldTx, state: &mut State<'_>, pending: &Pending) -> Result<(), StoreError> {
    owner::wake(tx, state, pending).await?;
    if state.number(AT_WORK) == 0 {
        return Ok(());
    }
    let at_us = state.at_us;
    // What the batch changed is not in the table yet, and hides as many rows of it at most.
    for handling in tx.handlings_due(at_us, WOKEN_MAX + state.handlings.len()).await? {
        keep(state, handling, false);
    }
    let due = state.handlings.values().filter_map(|held| held.handling.due_us.map(|us| (us, held.handling.lead_id.clone())));
    let mut due: Vec<(i64, String)> = due.filter(|(us, _)| *us <= at_us).collect();
    due.sort_unstable();
    due.truncate(WOKEN_MAX);
    let fragments: Vec<FragmentId> =
        due.iter().filter_map(|(_, id)| state.handlings.get(id)).map(|held| FragmentId(held.handling.fragment_id)).collect();
    load::whole_profiles(tx, state, pending, &fragments).await?;
    load::leads(tx, state, due.iter().map(|(_, lead_id)| lead_id)).await?;
    for (_, lead_id) in due {
        let Some(mut handling) = state.handlings.get(&lead_id).map(|held| held.handling.clone()) else { continue };
        if let Some((_, Rings::Rescore)) = handling.next().filter(|(us, _)| *us <= at_us) {
            handling.body.rescore_us = None;
            handling.due_us = handling.next().map(|(us, _)| us);
            keep(state, handling.clone(), true);
            rescore_by_itself(tx, state, pending, handling).await?;
            continue;
        }
        // A late tick may find a warning and the end after it.
        // What fades is looked at by the next tick.
        while let Some((_, rings)) = handling.next().filter(|(us, rings)| *us <= at_us && *rings != Rings::Rescore) {
            ring(tx, state, pending, &mut handling, rings).await?;
        }
        settle(state, handling);
    }
    Ok(())
}

async fn ring(tx: &mut FoldTx, state: &mut State<'_>, pending: &Pending, handling: &mut Handling, rings: Rings) -> Result<(), StoreError> {
    let dealer_id = handling.dealer_id.clone();
    match rings {
        // Looked at before: see `wake`.
        Rings::Rescore => Ok(()),
        Rings::Operator => {
            ring::time_is_up(state, handling);
            Ok(())
        }
        Rings::Warning => {
            handling.body.is_warned = true;
            tell(state, handling, Moved::Warned, "", ["", &dealer_id, "", ""]);
            notice::to_dealer(state, handling, &dealer_id, "lead.warned", "");
            Ok(())
        }
        Rings::Expiry(counted) => {
            let reason = if counted == ClockFor::Accept { "not_accepted" } else { "not_contacted" };
            let from = place_of(handling);
            tell(state, handling, Moved::Expired, "", [&from, "", reason, ""]);
            notice::to_dealer(state, handling, &dealer_id, "lead.expired", reason);
            go_on_to_next(tx, state, pending, handling, "", reason).await
        }
        Rings::Silence => {
            let from = place_of(handling);
            tell(state, handling, Moved::TakenBack, "", [&from, "nurture", "silent", ""]);
            notice::to_dealer(state, handling, &dealer_id, "lead.taken_back", "silent");
            to_queue(state, handling, Queue::Nurture);
            set_stage(tx, state, pending, &handling.lead_id, "silent").await
        }
    }
}

/// Takes a lead from the dealer that has it, and gives it to the next; after so many a person decides.
async fn go_on_to_next(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    handling: &mut Handling,
    actor: &str,
    reason: &str,
) -> Result<(), StoreError> {
    handling.body.hops += 1;
    handling.body.passed.push(handling.dealer_id.clone());
    if state.desk.rules.hops_max < handling.body.hops {
        let from = place_of(handling);
        to_queue(state, handling, Queue::Pool);
        tell(state, handling, Moved::Dispatched, actor, [&from, "pool", "hops_max", ""]);
        return Ok(());
    }
    dispatch(tx, state, pending, handling, actor, reason).await
}

/// A person who was quiet looks at cars again: whoever has the lead is prompted; one that was lost is taken up anew.
async fn come_back(tx: &mut FoldTx, state: &mut State<'_>, pending: &Pending, event: &Event, leads: &[String]) -> Result<(), StoreError> {
    let of_latest = leads.iter().filter_map(|id| state.handlings.get(id)).find(|held| held.handling.body.duplicate_of.is_none());
    let Some(mut handling) = of_latest.map(|held| held.handling.clone()) else { return Ok(()) };
    let viewed = viewed(event);
    if handling.body.prompt.is_some() {
        prompt(state, &mut handling, &viewed);
        keep(state, handling, true);
        return Ok(());
    }
    load::lead(tx, state, &handling.lead_id).await?;
    let stage = state.leads.get(&handling.lead_id).and_then(|tracked| tracked.now.as_ref()).map(|lead| lead.stage.clone());
    let is_lost = matches!(stage.as_deref(), Some("lost" | "silent"));
    let is_at_dealer = handling.queue == Queue::Dealer && handling.contacted_us.is_some();
    let quiet_us = i64::from(state.desk.rules.reappear.quiet_h) * HOUR_US;
    if !(is_lost || is_at_dealer) || state.at_us - handling.changed_us < quiet_us {
        return Ok(());
    }
    let from = place_of(&handling);
    if is_at_dealer {
        tell(state, &mut handling, Moved::Reappeared, "", [&from, &from, "viewed", &viewed]);
    } else {
        // The dealer that had it and spoke with the person goes on; else the contact centre asks first.
        let dealer_id = handling.dealer_id.clone();
        let knows =
            !handling.body.passed.contains(&dealer_id) && state.desk.network.get(&dealer_id).is_some_and(|ready| ready.dealer.takes_leads);
        handling.body.lost_reason = None;
        handling.body.tries = 0;
        handling.body.retry_us = None;
        if knows {
            to_dealer(tx, state, pending, &mut handling, &dealer_id, "", Moved::Reappeared, "", "viewed").await?;
        } else {
            to_queue(state, &mut handling, Queue::Verification);
            tell(state, &mut handling, Moved::Reappeared, "", [&from, "verification", "viewed", &viewed]);
            ring::begin(state, &mut handling, "came_back");
            set_stage(tx, state, pending, &handling.lead_id, "qualified").await?;
        }
    }
    prompt(state, &mut handling, &viewed);
    if handling.queue == Queue::Dealer {
        let dealer_id = handling.dealer_id.clone();
        notice::to_dealer(state, &handling, &dealer_id, "lead.reappeared", &viewed);
    }
    settle(state, handling);
    Ok(())
}

/// What an event shows somebody to have looked at.
fn viewed(event: &Event) -> String {
    let named = || {
        let properties: Value = serde_json::from_str(&event.properties).unwrap_or_default();
        let text = |name: &str| properties.get(name).and_then(Value::as_str).map(str::to_owned);
        text("name").or_else(|| text("title"))
    };
    event.model.clone().or_else(named).unwrap_or_else(|| event.name.clone()).chars().take(100).collect()
}

/// Puts what was looked at before whoever has the lead.
fn prompt(state: &State<'_>, handling: &mut Handling, viewed: &str) {
    let prompt = handling.body.prompt.get_or_insert_with(|| Prompt { at_us: state.at_us, viewed: Vec::new() });
    prompt.viewed.retain(|held| held != viewed);
    prompt.viewed.insert(0, viewed.to_owned());
    prompt.viewed.truncate(VIEWED_MAX);
}

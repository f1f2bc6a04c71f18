//! What people, and the systems of dealers, do with leads.

use forecourt_model::{
    entity::STAGES,
    hours::of_minutes,
    lead::{Handling, LeadAct, Moved, Queue, Verified, is_beyond_contact},
    time::DAY_US,
};
use forecourt_store::{FoldTx, StoreError};

use super::{dispatch, go_on_to_next, know_one, name_dealer, notice, place_of, ready, ring, set_stage, settle, tell, to_dealer, to_queue};
use crate::{pending::Pending, state::State};

type Verdict = Result<(), String>;

/// A stage that somebody says a lead is at.
pub(super) struct StageChange<'a> {
    pub stage: &'a str,
    pub reason: &'a str,
    pub note: &'a str,
    /// A program did it: that answers nobody.
    pub is_automatic: bool,
    pub dealer_id: Option<&'a str>,
}

/// Does with a lead what somebody wants, or says why not.
pub(crate) async fn work(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    lead_id: &str,
    dealer_id: Option<&str>,
    act: &LeadAct,
) -> Result<Verdict, StoreError> {
    if let Err(reason) = act.check() {
        return Ok(Err(reason));
    }
    let gone = || Ok(Err("there is no such lead at work".to_owned()));
    let Some(mut handling) = know_one(tx, state, lead_id).await? else { return gone() };
    if dealer_id.is_some_and(|dealer_id| handling.dealer_id != dealer_id) {
        return gone();
    }
    // A lead that left may come back; meanwhile it is not the dealer's to move.
    if dealer_id.is_some() && handling.queue != Queue::Dealer {
        return Ok(Err("the lead is at no dealer now: it may have been taken back".to_owned()));
    }
    ready(tx, state, pending, &handling).await?;
    let actor = state.actor.clone();
    let verdict = act_on(tx, state, pending, &mut handling, act, &actor).await?;
    if verdict.is_ok() {
        settle(state, handling);
    }
    Ok(verdict)
}

async fn act_on(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    handling: &mut Handling,
    act: &LeadAct,
    actor: &str,
) -> Result<Verdict, StoreError> {
    let at_us = state.at_us;
    let at_dealer = handling.queue == Queue::Dealer;
    let not_at_dealer = || Ok(Err("the lead is at no dealer now: it may have been taken back".to_owned()));
    match act {
        LeadAct::Accept => {
            if !at_dealer {
                return not_at_dealer();
            }
            if handling.accepted_us.is_some() {
                // The same tap sent twice is one; somebody else's is too late.
                let is_own = handling.owner == actor;
                return Ok(if is_own { Ok(()) } else { Err(format!("{} has accepted it already", handling.owner)) });
            }
            accepted(state, handling, actor, actor);
            set_stage(tx, state, pending, &handling.lead_id, "accepted").await?;
        }
        LeadAct::Contact { by, reached, note } => {
            if !matches!(handling.queue, Queue::Dealer | Queue::Verification | Queue::Pool) {
                return Ok(Err("nobody works on the lead now: assign it first".to_owned()));
            }
            contacted(state, handling, actor);
            let to = if *reached { "reached" } else { "not_reached" };
            tell(state, handling, Moved::Contacted, actor, ["", to, by.as_str(), note]);
            if *reached && !is_beyond(state, &handling.lead_id) {
                set_stage(tx, state, pending, &handling.lead_id, "contacted").await?;
            }
        }
        LeadAct::Stage { stage, reason, note } => {
            if !STAGES.contains(&stage.as_str()) {
                return Ok(Err(format!("`{stage}` is no stage: use one of {}", STAGES.join(", "))));
            }
            if stage == "lost" && !state.desk.rules.lost_reasons.iter().any(|held| held.reason == *reason) {
                let reasons: Vec<&str> = state.desk.rules.lost_reasons.iter().map(|held| held.reason.as_str()).collect();
                return Ok(Err(format!("say why it is lost: one of {}", reasons.join(", "))));
            }
            if handling.body.duplicate_of.is_some() {
                return Ok(Err("the lead repeats another: move that one".to_owned()));
            }
            let change = StageChange { stage, reason, note, is_automatic: false, dealer_id: None };
            set_stage(tx, state, pending, &handling.lead_id, stage).await?;
            stage_is(tx, state, pending, handling, &change, actor).await?;
        }
        LeadAct::Return { reason } => {
            if !at_dealer {
                return not_at_dealer();
            }
            let from = place_of(handling);
            tell(state, handling, Moved::Returned, actor, [&from, "", reason, ""]);
            go_on_to_next(tx, state, pending, handling, actor, "returned").await?;
        }
        LeadAct::Assign { dealer_id, owner, reason } => {
            if handling.body.duplicate_of.is_some() {
                return Ok(Err("the lead repeats another: assign that one".to_owned()));
            }
            if state.desk.network.get(dealer_id).is_none() {
                return Ok(Err(format!("there is no dealer `{dealer_id}`")));
            }
            if at_dealer && handling.dealer_id != *dealer_id {
                let old = handling.dealer_id.clone();
                notice::to_dealer(state, handling, &old, "lead.taken_back", reason);
            }
            to_dealer(tx, state, pending, handling, dealer_id, owner, Moved::Assigned, actor, reason).await?;
        }
        LeadAct::Claim => {
            if handling.queue != Queue::Verification {
                return Ok(Err("the lead does not wait for the contact centre".to_owned()));
            }
            if let Some(other) = handling.claim(at_us).filter(|by| *by != actor) {
                return Ok(Err(format!("{other} has it on the line")));
            }
            let until_us = at_us + of_minutes(state.desk.rules.verification.claim_min);
            ring::taken(state, handling, actor, until_us);
            tell(state, handling, Moved::Claimed, actor, [&handling.body.line.clone(), "", "", ""]);
        }
        LeadAct::Release => {
            let held = handling.body.claimed_by.clone();
            // What only rings is nobody's to put back.
            if !held.is_empty() {
                ring::ring_anew(state, handling, "released", Some(&held));
            }
        }
        LeadAct::Decline => {
            if handling.body.ringing.as_ref().is_none_or(|ringing| ringing.person != actor) {
                return Ok(Err("the lead does not ring at yours: somebody took it, or it went on to the next".to_owned()));
            }
            ring::go_on(state, handling, "declined");
        }
        LeadAct::Transfer { line, note } => return Ok(transfer(state, handling, line, note, actor)),
        LeadAct::Verify { outcome, note } => return verify(tx, state, pending, handling, *outcome, note, actor).await,
        LeadAct::Note { text } => tell(state, handling, Moved::Note, actor, ["", "", "", text]),
        LeadAct::Seen => handling.body.prompt = None,
        LeadAct::Appointment { at_us, note } => {
            handling.body.appointment_us = Some(*at_us);
            contacted(state, handling, actor);
            tell(state, handling, Moved::Appointment, actor, ["", &forecourt_model::time::iso(*at_us), "", note]);
            if !matches!(stage_of(state, &handling.lead_id).as_str(), "test_drive" | "offer" | "contract" | "delivered") {
                set_stage(tx, state, pending, &handling.lead_id, "appointment").await?;
            }
        }
    }
    Ok(Ok(()))
}

/// Gives a lead to another line of the contact centre.
fn transfer(state: &mut State<'_>, handling: &mut Handling, line: &str, note: &str, actor: &str) -> Verdict {
    if handling.queue != Queue::Verification {
        return Err("the lead does not wait for the contact centre".to_owned());
    }
    if let Some(other) = handling.claim(state.at_us).filter(|by| *by != actor) {
        return Err(format!("{other} has it on the line"));
    }
    if state.desk.rules.line(line).is_none() {
        return Err(format!("the contact centre has no line `{line}`"));
    }
    let from = std::mem::replace(&mut handling.body.line, line.to_owned());
    tell(state, handling, Moved::Transferred, actor, [&from, line, "", note]);
    ring::ring_anew(state, handling, "transferred", None);
    Ok(())
}

/// What the contact centre found out.
async fn verify(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    handling: &mut Handling,
    outcome: Verified,
    note: &str,
    actor: &str,
) -> Result<Verdict, StoreError> {
    let at_us = state.at_us;
    if handling.queue != Queue::Verification {
        return Ok(Err("the lead does not wait for the contact centre any more".to_owned()));
    }
    if let Some(other) = handling.claim(at_us).filter(|by| *by != actor) {
        return Ok(Err(format!("{other} has it on the line")));
    }
    tell(state, handling, Moved::Verified, actor, [&handling.body.line.clone(), outcome.as_str(), "", note]);
    ring::stop(state, handling);
    handling.body.tries += 1;
    handling.body.prompt = None;
    let lead_id = handling.lead_id.clone();
    match outcome {
        Verified::Qualified => {
            set_stage(tx, state, pending, &lead_id, "qualified").await?;
            handling.body.lost_reason = None;
            dispatch(tx, state, pending, handling, actor, "").await?;
        }
        Verified::NoAnswer if handling.body.tries < state.desk.rules.verification.tries_max => {
            let again_us = at_us + of_minutes(state.desk.rules.verification.gap_min);
            handling.body.retry_us = Some(again_us);
            ring::ring_at(handling, again_us);
        }
        Verified::NoAnswer => {
            to_queue(state, handling, Queue::Nurture);
            set_stage(tx, state, pending, &lead_id, "silent").await?;
        }
        Verified::NotNow | Verified::Declined | Verified::Invalid => {
            let queue = if outcome == Verified::NotNow { Queue::Nurture } else { Queue::Closed };
            handling.body.lost_reason = Some(outcome.as_str().to_owned());
            to_queue(state, handling, queue);
            set_stage(tx, state, pending, &lead_id, "lost").await?;
            tell(state, handling, Moved::Lost, actor, ["", queue.as_str(), outcome.as_str(), ""]);
        }
    }
    Ok(Ok(()))
}

/// Draws the consequences of a stage, whoever said it: by hand, by an event, by a dealer's system.
pub(super) async fn stage_is(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    handling: &mut Handling,
    change: &StageChange<'_>,
    actor: &str,
) -> Result<(), StoreError> {
    let StageChange { stage, reason, note, is_automatic, dealer_id } = *change;
    if handling.body.duplicate_of.is_some() {
        return Ok(());
    }
    if stage == "lost" {
        return lose(tx, state, pending, handling, reason, note, actor).await;
    }
    tell(state, handling, Moved::Stage, actor, ["", stage, reason, note]);
    if is_automatic {
        return Ok(());
    }
    match stage {
        "qualified" if matches!(handling.queue, Queue::Verification | Queue::Nurture | Queue::Pool) => {
            dispatch(tx, state, pending, handling, actor, "").await?;
        }
        "dispatched" => {
            let other = dealer_id.filter(|id| *id != handling.dealer_id || handling.queue != Queue::Dealer);
            if let Some(other) = other.filter(|id| state.desk.network.get(id).is_some()).map(str::to_owned) {
                to_dealer(tx, state, pending, handling, &other, "", Moved::Assigned, actor, "told").await?;
            }
        }
        "accepted" if handling.queue == Queue::Dealer && handling.accepted_us.is_none() => accepted(state, handling, actor, ""),
        "silent" => to_queue(state, handling, Queue::Nurture),
        "delivered" => {
            contacted(state, handling, actor);
            to_queue(state, handling, Queue::Closed);
            tell(state, handling, Moved::Closed, actor, ["", "", "delivered", ""]);
        }
        _ if is_beyond_contact(stage) => {
            contacted(state, handling, actor);
            if stage == "contract" {
                handling.body.silent_us = None;
            }
        }
        _ => {}
    }
    Ok(())
}

/// A lead is said to be lost. A dealer who never reached out, or whose reason is not believed, is asked about by the contact centre.
async fn lose(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    handling: &mut Handling,
    reason: &str,
    note: &str,
    actor: &str,
) -> Result<(), StoreError> {
    let from = place_of(handling);
    handling.body.lost_reason = Some(reason.to_owned());
    let is_believed = handling.queue != Queue::Dealer || (handling.contacted_us.is_some() && state.desk.rules.believes(reason));
    let why = if handling.contacted_us.is_none() { "lost_without_contact" } else { "lost_not_believed" };
    let to = if is_believed { Queue::Nurture } else { Queue::Verification };
    tell(state, handling, Moved::Lost, actor, [&from, to.as_str(), reason, note]);
    if !is_believed {
        handling.body.passed.push(handling.dealer_id.clone());
        handling.body.tries = 0;
        handling.body.retry_us = None;
        tell(state, handling, Moved::TakenBack, "", [&from, to.as_str(), why, ""]);
    }
    to_queue(state, handling, to);
    if to == Queue::Verification {
        ring::begin(state, handling, "new");
    }
    set_stage(tx, state, pending, &handling.lead_id, "lost").await
}

fn accepted(state: &mut State<'_>, handling: &mut Handling, actor: &str, owner: &str) {
    (handling.accepted_us, handling.body.is_warned) = (Some(state.at_us), false);
    if !owner.is_empty() {
        owner.clone_into(&mut handling.owner);
    }
    tell(state, handling, Moved::Accepted, actor, ["", owner, "", ""]);
    name_dealer(state, handling);
}

/// Somebody reached out: the clocks stop, and the time begins after which nothing heard means silence.
fn contacted(state: &mut State<'_>, handling: &mut Handling, actor: &str) {
    let at_us = state.at_us;
    if handling.queue == Queue::Dealer {
        handling.contacted_us.get_or_insert(at_us);
        if handling.accepted_us.is_none() {
            handling.accepted_us = Some(at_us);
            if actor.contains('@') {
                actor.clone_into(&mut handling.owner);
            }
        }
        let days = state.desk.rules.silent_days;
        handling.body.silent_us = (0 < days).then(|| at_us + i64::from(days) * DAY_US);
    }
    handling.body.prompt = None;
}

fn stage_of(state: &State<'_>, lead_id: &str) -> String {
    state.leads.get(lead_id).and_then(|tracked| tracked.now.as_ref()).map(|lead| lead.stage.clone()).unwrap_or_default()
}

fn is_beyond(state: &State<'_>, lead_id: &str) -> bool {
    is_beyond_contact(&stage_of(state, lead_id))
}

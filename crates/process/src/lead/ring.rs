//! Leads ring at the contact centre's people, one after another.

use forecourt_model::lead::{Handling, LeadRules, Moved, Queue, Ringing, ring::Hop};

use super::tell;
use crate::state::State;

type Verdict = Result<(), String>;

/// Somebody takes calls from now on, or does not.
pub(crate) fn set_presence(state: &mut State<'_>, email: &str, is_present: bool) -> Verdict {
    if !email.contains('@') {
        return Err("calls are taken by people: sign in as one".to_owned());
    }
    let at_us = state.at_us;
    state.operators.set_presence(email, is_present, at_us);
    Ok(())
}

/// A lead begins to ring: at the line of its channel, where there is one.
pub(super) fn begin(state: &mut State<'_>, handling: &mut Handling, reason: &str) {
    let channel = state.leads.get(&handling.lead_id).and_then(|held| held.now.as_ref()?.dimensions.channel.clone());
    let line = state.desk.rules.line_for(channel.as_deref()).map(|line| line.line.clone());
    handling.body.line = line.unwrap_or_default();
    ring_anew(state, handling, reason, None);
}

/// A lead rings at its line from the first step on.
///
/// * `but`: who is not rung.
pub(super) fn ring_anew(state: &mut State<'_>, handling: &mut Handling, reason: &str, but: Option<&str>) {
    stop(state, handling);
    if !handling.body.line.is_empty() {
        let rung = but.map(str::to_owned).into_iter().collect();
        handling.body.ringing = Some(Ringing { rung, ..Ringing::at(state.at_us) });
        go_on(state, handling, reason);
    }
}

/// It rings again at a time.
pub(super) fn ring_at(handling: &mut Handling, at_us: i64) {
    if !handling.body.line.is_empty() {
        handling.body.ringing = Some(Ringing::at(at_us));
    }
}

/// It rings at nobody, and nobody calls it.
pub(super) fn stop(state: &mut State<'_>, handling: &mut Handling) {
    let lead_id = &handling.lead_id;
    if let Some(ringing) = handling.body.ringing.take() {
        state.operators.free(&ringing.person, lead_id);
    }
    state.operators.free(&handling.body.claimed_by, lead_id);
    handling.release();
}

/// Somebody took it up.
pub(super) fn taken(state: &mut State<'_>, handling: &mut Handling, actor: &str, until_us: i64) {
    stop(state, handling);
    actor.clone_into(&mut handling.body.claimed_by);
    handling.body.claimed_until_us = Some(until_us);
    state.operators.takes(actor, &handling.lead_id, until_us);
}

/// Its time at one person is over.
pub(super) fn time_is_up(state: &mut State<'_>, handling: &mut Handling) {
    let person = handling.body.ringing.as_ref().map(|ringing| ringing.person.clone()).unwrap_or_default();
    let at_us = state.at_us;
    if person.is_empty() {
        let reason = if handling.body.tries == 0 { "waited" } else { "again" };
        return go_on(state, handling, reason);
    }
    state.operators.misses(&person, at_us);
    go_on(state, handling, "not_taken");
}

/// Rings at the next, and notes why.
pub(super) fn go_on(state: &mut State<'_>, handling: &mut Handling, reason: &str) {
    let Some(mut ringing) = handling.body.ringing.take() else { return };
    let (desk, at_us) = (state.desk.clone(), state.at_us);
    let rules: &LeadRules = &desk.rules;
    // A line that was taken out of the rules rings at nobody.
    let Some(line) = rules.line(&handling.body.line).filter(|_| handling.queue == Queue::Verification) else { return };
    let calendar = line.hours.calendar().unwrap_or_default();
    let hop = ringing.go_on(line, &calendar, &mut state.operators, &handling.lead_id, at_us);
    let (to, why) = match hop {
        Hop::Rings => (ringing.person.clone(), reason),
        Hop::NobodyFree => (String::new(), "nobody_free"),
        Hop::Closed => (String::new(), "closed"),
        Hop::Over => (String::new(), "nobody_took_it"),
    };
    handling.body.ringing = Some(ringing).filter(|_| hop != Hop::Over);
    tell(state, handling, Moved::Rung, "", [&line.line, &to, why, ""]);
}

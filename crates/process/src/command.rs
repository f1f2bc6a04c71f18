//! What people and programs asked for, decided.

use forecourt_model::{
    FragmentId,
    command::{Action, Command, DeadLetterState, Verdict},
    entity::STAGES,
    fragment::{TraitValue, name_words},
};
use forecourt_store::{FoldTx, StoreError};

use crate::{
    broadcast,
    channel::{self, Range},
    definition, journey, lead, message, outbox,
    pending::Pending,
    person, segment,
    state::State,
};

/// Does what the command asks or says why not; either is the verdict that the asker reads.
pub(crate) async fn obey(tx: &mut FoldTx, state: &mut State<'_>, command: &Command, pending: &Pending) -> Result<(), StoreError> {
    state.actor.clone_from(&command.actor);
    let done = match &command.action {
        Action::MergeProfiles { one, other, probability } => person::merge(tx, state, pending, *one, *other, probability.is_some()).await?,
        Action::PartProfiles { one, other } => person::part(tx, state, pending, *one, *other).await?,
        Action::DecideIdentity { after, until } => person::decide(tx, state, pending, *after, *until).await?,
        Action::SetIdentity { settings } => person::set_identity(state, settings, &command.actor),
        Action::SetTrait { profile_id, name, value } => set_trait(state, FragmentId(profile_id.0), name, value, &command.actor),
        Action::SetStage { lead_id, stage } => {
            let done = set_stage(state, lead_id, stage);
            if done.is_ok() {
                lead::follow_stage(tx, state, pending, lead_id, stage, &command.actor).await?;
            }
            done
        }
        Action::SettleDeadLetter { offset, state: wanted } => settle(state, *offset, *wanted),
        Action::SetForm { form } => definition::set_form(state, form, &command.actor),
        Action::SetSending { sending } => definition::set_sending(state, sending, &command.actor),
        Action::RetryMessages { message_ids } => outbox::retry(tx, state, pending, message_ids).await?,
        Action::SetChannelRules { rules } => channel::set_rules(state, rules, &command.actor),
        Action::DecideChannels { of, after, until } => {
            channel::decide(state, &Range { of: *of, after: after.clone(), until: until.clone() });
            Ok(())
        }
        Action::SetSegment { segment } => segment::set(state, segment, &command.actor),
        Action::RemoveSegment { segment_id } => segment::remove(state, segment_id),
        Action::RefillSegment { number } => segment::refill(state, *number),
        Action::FillSegment { number, chunk, is_last, rows } => segment::fill(tx, state, pending, *number, *chunk, *is_last, rows).await?,
        Action::DecideSegment { number, after, until } => segment::decide(tx, state, pending, *number, *after, *until).await?,
        Action::SetTemplate { template } => definition::set_template(state, template, &command.actor),
        Action::SetGate { gate } => definition::set_gate(state, gate, &command.actor),
        Action::SetBroadcast { broadcast } => broadcast::set(state, broadcast, &command.actor),
        Action::StepBroadcast { broadcast_id, step } => broadcast::step(state, broadcast_id, *step, &command.actor),
        Action::SendBroadcast { broadcast_id, after, until } => broadcast::send(tx, state, pending, broadcast_id, *after, *until).await?,
        Action::SendMessage { message } => message::send(tx, state, pending, message).await?,
        Action::SuppressAddresses { message_channel, addresses, reason } => {
            message::suppress_addresses(state, *message_channel, addresses, reason, &command.actor)
        }
        Action::ReleaseAddresses { message_channel, addresses } => message::release_addresses(state, *message_channel, addresses),
        Action::SetJourney { journey } => journey::set(state, journey, &command.actor),
        Action::StepJourney { journey_id, step } => journey::step(tx, state, journey_id, *step, &command.actor).await?,
        Action::RemoveJourney { journey_id } => journey::remove(state, journey_id, &command.actor),
        Action::EnterJourney { entry } => journey::enter_asked(tx, state, pending, entry).await?,
        Action::AnswerTask { task_id, answer, note } => journey::answer(tx, state, pending, task_id, *answer, note).await?,
        Action::SetDealer { dealer } => lead::set_dealer(state, dealer, &command.actor),
        Action::RemoveDealer { dealer_id } => lead::remove_dealer(state, dealer_id, &command.actor),
        Action::SetLeadRules { rules } => lead::set_rules(tx, state, rules, &command.actor).await?,
        Action::PublishScore { score } => lead::publish_score(state, score.as_deref(), &command.actor),
        Action::RescoreLeads { after, until } => lead::rescore_waiting(tx, state, pending, after, until).await?,
        Action::SetPresence { email, is_present } => lead::set_presence(state, email, *is_present),
        Action::SetOwnerRules { rules } => lead::set_owner_rules(tx, state, rules, &command.actor).await?,
        Action::WorkLead { lead_id, dealer_id, act } => lead::work(tx, state, pending, lead_id, dealer_id.as_deref(), act).await?,
        // Has a batch of its own: see `erase`.
        Action::EraseProfile { .. } => return Ok(()),
        Action::ForgetSuppressed { until } => {
            let until = (*until).min(state.offset);
            state.suppressed_forgotten_until = state.suppressed_forgotten_until.max(Some(until));
            Ok(())
        }
    };
    segment::follow(tx, state, pending, &command.action).await?;
    let verdict = match done {
        Ok(()) => Verdict::Done,
        Err(reason) => Verdict::Refused { reason },
    };
    state.verdicts.push((state.offset, state.at_us, verdict));
    Ok(())
}

/// A trait set by hand sits on the fragment that the profile is named after, and is the latest word.
pub(crate) fn set_trait(
    state: &mut State<'_>,
    asked: FragmentId,
    name: &str,
    value: &serde_json::Value,
    actor: &str,
) -> Result<(), String> {
    let name = name.trim();
    if name.is_empty() || 100 < name.chars().count() {
        return Err("a trait's name is 1 to 100 characters".into());
    }
    let gone = || "there is no such profile: it may have been erased".to_owned();
    // The profile may have become part of another since the page was opened.
    let profile = state.fragments.get(&asked).map(|fragment| fragment.row.profile_id).ok_or_else(gone)?;
    let given = TraitValue { value: value.clone(), at_us: state.at_us, offset: state.offset, source: actor.to_owned() };
    let fragment = state.fragments.get_mut(&FragmentId(profile.0)).ok_or_else(gone)?;
    fragment.state().set_trait(name, given);
    (fragment.dirty, fragment.is_urgent) = (true, true);
    if let Some(shown) = fragment.state().name() {
        state.name_words.extend(name_words(&shown).into_iter().map(|word| (word, FragmentId(profile.0))));
    }
    Ok(())
}

pub(crate) fn set_stage(state: &mut State<'_>, lead_id: &str, stage: &str) -> Result<(), String> {
    if !STAGES.contains(&stage) {
        return Err(format!("`{stage}` is no stage: use one of {}", STAGES.join(", ")));
    }
    let at_us = state.at_us;
    let lead = state.leads.get_mut(lead_id).and_then(|tracked| tracked.now.as_mut());
    let lead = lead.ok_or_else(|| format!("there is no lead `{lead_id}`"))?;
    (lead.stage, lead.stage_us, lead.updated_us) = (stage.to_owned(), at_us, at_us.max(lead.updated_us));
    state.touch_version("leads_version");
    Ok(())
}

fn settle(state: &mut State<'_>, offset: u64, wanted: DeadLetterState) -> Result<(), String> {
    match state.letter_states.get(&offset).map(String::as_str) {
        None => Err("there is no such dead letter: only the newest are kept".into()),
        Some("open") => {
            state.letter_states.insert(offset, wanted.as_str().to_owned());
            state.settled.push((offset, wanted));
            Ok(())
        }
        Some(other) => Err(format!("the dead letter is {other} already")),
    }
}

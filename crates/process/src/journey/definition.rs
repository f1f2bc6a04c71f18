//! Journeys drawn, published, closed and stopped.

use std::sync::Arc;

use forecourt_model::journey::{Does, JOURNEYS_MAX, Journey, JourneyOf, JourneyState, JourneyStep};
use forecourt_store::{
    FoldTx, StoreError,
    definition::{DefinitionChange, JOURNEY, JOURNEY_VERSION, version_id},
};

use crate::{definition, message, state::State};

type Verdict = Result<(), String>;

pub(crate) fn set(state: &mut State<'_>, journey: &Journey, actor: &str) -> Verdict {
    journey.check_draft()?;
    let held = state.journeys.journeys.get(&journey.journey_id).cloned();
    if held.is_none() && JOURNEYS_MAX <= state.journeys.journeys.len() {
        return Err(format!("there are {JOURNEYS_MAX} journeys already: take one away"));
    }
    let of = held.unwrap_or_else(|| JourneyOf::new(journey.clone()));
    keep(state, JourneyOf { draft: journey.clone(), is_published: false, ..of }, actor);
    Ok(())
}

fn keep(state: &mut State<'_>, mut of: JourneyOf, actor: &str) {
    (of.changed_us, of.changed_by) = (state.at_us, actor.to_owned());
    let id = of.draft.journey_id.clone();
    definition::note(state, JOURNEY, &id, &of, actor);
    let journeys = Arc::make_mut(&mut state.journeys);
    journeys.journeys.insert(id, of);
    journeys.prepare();
}

pub(crate) async fn step(tx: &mut FoldTx, state: &mut State<'_>, id: &str, step: JourneyStep, actor: &str) -> Result<Verdict, StoreError> {
    let Some(mut of) = state.journeys.journeys.get(id).cloned() else { return Ok(Err(format!("there is no journey `{id}`"))) };
    if let Err(reason) = of.step(step, state.offset) {
        return Ok(Err(reason));
    }
    match step {
        JourneyStep::Publish => {
            if let Err(reason) = check_outside(state, &of.draft) {
                return Ok(Err(reason));
            }
            definition::note(state, JOURNEY_VERSION, &version_id(id, state.offset), &of.draft, actor);
            let key = (id.to_owned(), state.offset);
            Arc::make_mut(&mut state.journeys).versions.insert(key, Arc::new(of.draft.clone()));
        }
        JourneyStep::Stop => stop(tx, state, id).await?,
        JourneyStep::Close | JourneyStep::Reopen => {}
    }
    keep(state, of, actor);
    Ok(Ok(()))
}

/// Whether all that a journey refers to is there.
fn check_outside(state: &State<'_>, journey: &Journey) -> Verdict {
    let newest = state.segments.segments.newest();
    if let Some(gone) = journey.segment_ids().find(|id| !newest.contains_key(*id)) {
        return Err(format!("there is no segment `{gone}`"));
    }
    for step in &journey.steps {
        let told = |reason: String| format!("step `{}`: {reason}", step.step_id);
        match &step.does {
            Does::Send { purpose, chain, .. } => {
                message::check_templates(state, chain).map_err(told)?;
                if state.messaging.gate.purpose(purpose).is_none() {
                    return Err(told(format!("there is no purpose `{purpose}`: see Settings, Messages")));
                }
            }
            Does::Journey { journey_id, .. } if !state.journeys.journeys.contains_key(journey_id) => {
                return Err(told(format!("there is no journey `{journey_id}`")));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Ends all runs of a journey, those in memory as those in the table.
async fn stop(tx: &mut FoldTx, state: &mut State<'_>, id: &str) -> Result<(), StoreError> {
    let at_us = state.at_us;
    tx.stop_runs(id, "stopped", at_us).await?;
    for tracked in state.runs.values_mut().filter(|tracked| tracked.run.journey_id == id && tracked.run.ended_us.is_none()) {
        // As the table has it: without a word on its way.
        let run = &mut tracked.run;
        (run.state, run.ended_us, run.due_us, run.changed_us) = (forecourt_model::journey::run::RunState::Ended, Some(at_us), None, at_us);
        "stopped".clone_into(&mut run.reason);
        run.step_id.clear();
        tracked.dirty = true;
    }
    state.tasks.values_mut().filter(|tracked| tracked.task.journey_id == id).for_each(|tracked| tracked.drop_open(at_us));
    Ok(())
}

pub(crate) fn remove(state: &mut State<'_>, id: &str, actor: &str) -> Verdict {
    match state.journeys.journeys.get(id) {
        None => return Err(format!("there is no journey `{id}`")),
        Some(of) if of.version.is_some() || of.state != JourneyState::Draft => {
            return Err("a journey that was published is kept, with those who went through it: stop it instead".to_owned());
        }
        Some(_) => {}
    }
    let change = DefinitionChange {
        kind: JOURNEY,
        definition_id: id.to_owned(),
        log_offset: state.offset,
        changed_us: state.at_us,
        changed_by: actor.to_owned(),
        body: String::new(),
    };
    state.definitions.changes.push(change);
    state.touch_version("definitions_version");
    let journeys = Arc::make_mut(&mut state.journeys);
    journeys.journeys.remove(id);
    journeys.prepare();
    Ok(())
}

//! Runs of journeys, advanced as events are folded and as time passes.
//!
//! A run is a row that waits. What may move one is told to all runs of its person in the order they were entered; where one goes on, its
//! effects are carried out at once, in the same transaction. Waiting costs a row and nothing else.

mod definition;
mod registry;
mod world;

use std::{collections::BTreeSet, pin::Pin};

use forecourt_model::{
    Event, EventAttribution, EventRow, FragmentId, Origin, ProfileId, Touch,
    block::TouchOf,
    command::{Action, JourneyEntry, Recipient},
    journey::{
        Cue, Does, ENDED, ENTERED, Effect, Journey, Move, Turn, arrive, notice,
        run::{PROPERTIES_BYTES_MAX, Run, RunBody, RunState, run_id},
    },
    measure::Seen,
    message::{DELIVER_SOURCE, Outcome, Reaction},
    task::{Answer, Task, TaskState},
    time::{self, DAY_US, HOUR_US, SECOND_US},
};
use forecourt_store::{FoldTx, StoreError};
use serde_json::{Value, json};

pub(crate) use definition::{remove, set, step};
pub(crate) use registry::Registry;

use crate::{
    command, lead, load,
    message::{self, Wish},
    pending::Pending,
    segment,
    state::{State, TrackedRun, TrackedTask},
};

type Verdict = Result<(), String>;

/// Runs whose time has come are looked at so many a tick; the next tick takes the next.
const WOKEN_MAX: usize = 20_000;
/// Runs whose people are loaded at a time.
const WOKEN_ROWS: usize = 500;
/// How often what a run did may move another at one record: two journeys could pass a person to and fro for ever.
const DEPTH_MAX: u32 = 20;
/// How long those who are only watched are, where a journey has no goal that says it.
const WATCHED_US: i64 = 30 * DAY_US;
const KEY_CHARS_MAX: usize = 200;

/// A segment that somebody entered or left, for the journeys to look at.
#[derive(Debug, Clone)]
pub(crate) struct Turned {
    pub profile_id: ProfileId,
    pub segment_id: String,
    pub turn: Turn,
    pub depth: u32,
}

/// Who is on the way, and how far one thing has led to another.
#[derive(Clone, Copy)]
struct At<'a> {
    profile_id: ProfileId,
    whole: &'a [FragmentId],
    depth: u32,
}

/// What begins a run.
struct Entering<'a> {
    key: String,
    event: &'a str,
    properties: Value,
    fragment_id: FragmentId,
    /// What the run's id derives from.
    cause: String,
}

/// Loads the runs of those whom the batch's events may move.
pub(crate) async fn load(tx: &mut FoldTx, state: &mut State<'_>, fragments: &[FragmentId]) -> Result<(), StoreError> {
    let profiles = fragments.iter().filter_map(|id| state.fragments.get(id)).map(|fragment| fragment.row.profile_id);
    let members = profiles.filter_map(|id| state.members.get(&id)).flatten();
    let mut all: Vec<FragmentId> = members.chain(fragments).copied().collect();
    all.sort_unstable();
    all.dedup();
    know(tx, state, &all).await
}

/// Tells an event to its person's runs, and begins those that it begins.
pub(crate) async fn follow(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    event: &Event,
    fragment_id: FragmentId,
    touch: Option<&Touch>,
) -> Result<(), StoreError> {
    let registry = state.journeys.clone();
    if registry.is_empty() || event.origin == Origin::History {
        return Ok(());
    }
    if event.source == DELIVER_SOURCE {
        follow_message(tx, state, pending, event).await?;
    }
    if !registry.minds(&event.name) {
        return Ok(());
    }
    let Some((profile_id, whole)) = person(tx, state, pending, fragment_id).await? else { return Ok(()) };
    know(tx, state, &whole).await?;
    let at = At { profile_id, whole: &whole, depth: 0 };
    let attribution = EventAttribution { offset: state.offset, fragment_id, profile_id, touch: TouchOf::None };
    let row = EventRow::new(event, &attribution, touch);
    let seen = Seen::new(&row);
    if registry.is_minded(&event.name) {
        tell_all(tx, state, pending, at, &Cue::Event(&seen)).await?;
    }
    let begins: Vec<String> = registry.begins(&event.name).cloned().collect();
    for journey_id in begins {
        let Some(key) = registry.live(&journey_id).and_then(|(_, journey)| journey.entry.takes(&seen)) else { continue };
        let properties = kept_properties(&event.properties);
        let cause = format!("{}", state.offset);
        enter(tx, state, pending, at, &journey_id, Entering { key, event: &event.name, properties, fragment_id, cause }).await?;
    }
    Ok(())
}

/// Too much is not kept, rather than half of it.
fn kept_properties(properties: &str) -> Value {
    if PROPERTIES_BYTES_MAX < properties.len() { Value::Null } else { serde_json::from_str(properties).unwrap_or_default() }
}

/// Something became of a message: the run that sent it may wait for that.
async fn follow_message(tx: &mut FoldTx, state: &mut State<'_>, pending: &Pending, event: &Event) -> Result<(), StoreError> {
    let of_outcome = Outcome::read(&event.name, &event.properties).map(|outcome| outcome.message_id);
    let of_reaction = || Reaction::read(&event.name, &event.properties).map(|reaction| reaction.message_id);
    let Some(message_id) = of_outcome.or_else(of_reaction) else { return Ok(()) };
    let cause = state.messages.get(&message_id).and_then(|held| held.message.plan.as_deref()).map(|plan| plan.cause.clone());
    let Some(run_id) = cause.as_deref().and_then(|cause| cause.strip_prefix("run:")).and_then(|rest| rest.split(':').next()) else {
        return Ok(());
    };
    tell_one(tx, state, pending, run_id, &Cue::Message).await
}

/// Lets the journeys look at the segments that the record turned.
pub(crate) async fn follow_turns(tx: &mut FoldTx, state: &mut State<'_>, pending: &Pending) -> Result<(), StoreError> {
    while let Some(turned) = state.turned.pop_front() {
        lead::follow_turn(tx, state, pending, &turned).await?;
        let registry = state.journeys.clone();
        let begins = registry.begins_by(&turned.segment_id, turned.turn);
        let is_minded = registry.is_minded_segment(&turned.segment_id);
        if DEPTH_MAX <= turned.depth || (begins.is_empty() && !is_minded) {
            continue;
        }
        let Some((profile_id, whole)) = person(tx, state, pending, FragmentId(turned.profile_id.0)).await? else { continue };
        know(tx, state, &whole).await?;
        let at = At { profile_id, whole: &whole, depth: turned.depth + 1 };
        if is_minded {
            tell_all(tx, state, pending, at, &Cue::Segment { segment_id: &turned.segment_id, turn: turned.turn }).await?;
        }
        for journey_id in begins {
            let cause = format!("{}:{}:{}:{}", state.offset, turned.segment_id, turned.depth, profile_id.0);
            let fragment_id = FragmentId(profile_id.0);
            let entering = Entering { key: String::new(), event: "", properties: Value::Null, fragment_id, cause };
            enter(tx, state, pending, at, &journey_id, entering).await?;
        }
    }
    Ok(())
}

/// Whose a fragment is by now.
pub(crate) async fn person(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    fragment_id: FragmentId,
) -> Result<Option<(ProfileId, Vec<FragmentId>)>, StoreError> {
    let Some(whole) = message::person_of(tx, state, pending, fragment_id).await? else { return Ok(None) };
    let Some(profile_id) = state.fragments.get(&fragment_id).map(|fragment| fragment.row.profile_id) else { return Ok(None) };
    Ok(Some((profile_id, whole)))
}

/// Loads all runs of fragments that nobody asked about yet.
async fn know(tx: &mut FoldTx, state: &mut State<'_>, fragments: &[FragmentId]) -> Result<(), StoreError> {
    let unknown: Vec<FragmentId> = fragments.iter().copied().filter(|id| state.runs_known.insert((*id, String::new()))).collect();
    if !unknown.is_empty() {
        keep(state, tx.runs_of(&unknown, None).await?);
    }
    Ok(())
}

/// Loads the runs of one journey only: what a run is told of that no other minds.
async fn know_of(tx: &mut FoldTx, state: &mut State<'_>, fragments: &[FragmentId], journey_id: &str) -> Result<(), StoreError> {
    let unknown = fragments.iter().copied().filter(|id| !state.runs_known.contains(&(*id, String::new())));
    let unknown: Vec<FragmentId> = unknown.collect();
    let unknown: Vec<FragmentId> = unknown.into_iter().filter(|id| state.runs_known.insert((*id, journey_id.to_owned()))).collect();
    if !unknown.is_empty() {
        keep(state, tx.runs_of(&unknown, Some(journey_id)).await?);
    }
    Ok(())
}

/// Keeps runs that were read; what the batch made of one counts, not what the table has.
fn keep(state: &mut State<'_>, runs: Vec<Run>) {
    for run in runs {
        let ids = state.runs_of.entry(FragmentId(run.fragment_id)).or_default();
        if !ids.contains(&run.run_id) {
            ids.push(run.run_id.clone());
        }
        state.runs.entry(run.run_id.clone()).or_insert(TrackedRun { run, dirty: false });
    }
}

/// A person's runs in the order they were entered; those who became one with somebody may have several of a journey.
fn runs_of(state: &State<'_>, whole: &[FragmentId]) -> Vec<(i64, String)> {
    let ids = whole.iter().filter_map(|id| state.runs_of.get(id)).flatten();
    let mut runs: Vec<(i64, String)> =
        ids.filter_map(|id| state.runs.get(id)).map(|held| (held.run.entered_us, held.run.run_id.clone())).collect();
    runs.sort_unstable();
    runs
}

async fn tell_all(tx: &mut FoldTx, state: &mut State<'_>, pending: &Pending, at: At<'_>, cue: &Cue<'_>) -> Result<(), StoreError> {
    for (_, run_id) in runs_of(state, at.whole) {
        tell(tx, state, pending, at, &run_id, cue).await?;
    }
    Ok(())
}

/// Tells something to one run, whosever it is by now.
async fn tell_one(tx: &mut FoldTx, state: &mut State<'_>, pending: &Pending, run_id: &str, cue: &Cue<'_>) -> Result<(), StoreError> {
    if !state.runs.contains_key(run_id) {
        for run in tx.runs(&[run_id.to_owned()]).await? {
            state.runs.entry(run.run_id.clone()).or_insert(TrackedRun { run, dirty: false });
        }
    }
    let Some(fragment_id) = state.runs.get(run_id).map(|held| FragmentId(held.run.fragment_id)) else { return Ok(()) };
    let Some((profile_id, whole)) = person(tx, state, pending, fragment_id).await? else {
        // Nobody is there any more: without an end it would be due for ever.
        if let Some(held) = state.runs.get_mut(run_id) {
            held.run.end("erased", state.at_us);
            held.dirty = true;
        }
        return Ok(());
    };
    if let Some(journey_id) = state.runs.get(run_id).map(|held| held.run.journey_id.clone()) {
        know_of(tx, state, &whole, &journey_id).await?;
    }
    tell(tx, state, pending, At { profile_id, whole: &whole, depth: 0 }, run_id, cue).await
}

/// Tells something to a run, and lets it go on.
async fn tell(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    at: At<'_>,
    run_id: &str,
    cue: &Cue<'_>,
) -> Result<(), StoreError> {
    let Some(held) = state.runs.get(run_id).filter(|held| may_move(&held.run)) else { return Ok(()) };
    let mut run = held.run.clone();
    let Some(journey) = state.journeys.version(&run.journey_id, run.version) else { return Ok(()) };
    if run.state != RunState::Ended && is_second(state, at.whole, &run, &journey) {
        run.end("merged", state.at_us);
        return settle(tx, state, at, run, &journey).await;
    }
    world::ready(tx, state, at.profile_id, at.whole, &run, &journey).await?;
    let before = run.clone();
    let goes_on = world::with(state, at.profile_id, at.whole, &before, &journey, |world| notice(&mut run, &journey, cue, world));
    if goes_on {
        return walk(tx, state, pending, at, run, &journey).await;
    }
    if run != before {
        settle(tx, state, at, run, &journey).await?;
    }
    Ok(())
}

/// Whether anything can still change it: the goal counts for a time after the end.
fn may_move(run: &Run) -> bool {
    run.state != RunState::Ended || run.goal_us.is_none()
}

/// Whether its person had entered before, as somebody who turned out to be the same.
fn is_second(state: &State<'_>, whole: &[FragmentId], run: &Run, journey: &Journey) -> bool {
    let others = whole.iter().filter_map(|id| state.runs_of.get(id)).flatten().filter_map(|id| state.runs.get(id));
    let mut others = others.map(|held| &held.run).filter(|other| other.journey_id == run.journey_id && other.key == run.key);
    others.any(|other| (other.entered_us, &other.run_id) < (run.entered_us, &run.run_id) && journey.again.bars(other, run.entered_us))
}

/// Goes on until the run rests, carrying out what it wants done.
async fn walk(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    at: At<'_>,
    mut run: Run,
    journey: &Journey,
) -> Result<(), StoreError> {
    loop {
        world::ready(tx, state, at.profile_id, at.whole, &run, journey).await?;
        let as_it_is = run.clone();
        let moved = world::with(state, at.profile_id, at.whole, &as_it_is, journey, |world| arrive(&mut run, journey, world));
        match moved {
            Move::Rest => return settle(tx, state, at, run, journey).await,
            Move::Do(effect) => carry_out(tx, state, pending, at, &run, journey, effect).await?,
        }
    }
}

/// Carries out what a run wants done. Boxed, for one journey may begin another.
fn carry_out<'a>(
    tx: &'a mut FoldTx,
    state: &'a mut State<'_>,
    pending: &'a Pending,
    at: At<'a>,
    run: &'a Run,
    journey: &'a Journey,
    effect: Effect,
) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 'a>> {
    Box::pin(do_it(tx, state, pending, at, run, journey, effect))
}

async fn do_it(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    at: At<'_>,
    run: &Run,
    journey: &Journey,
    effect: Effect,
) -> Result<(), StoreError> {
    match effect {
        Effect::Send { step_id, visit, purpose, chain, postpone_s } => {
            let wish = Wish {
                definition: journey.definition(),
                purpose,
                variant: step_id.clone(),
                chain,
                variables: json!({ "event": run.body.properties, "key": run.key }),
                deadline_us: state.at_us + postpone_s * SECOND_US,
            };
            message::admit(tx, state, pending, at.profile_id, &wish, &run.cause(&step_id, visit)).await
        }
        Effect::SetTrait { name, value } => {
            let actor = journey.definition();
            // A refused name was refused when the journey was published; who is gone has no traits.
            if command::set_trait(state, FragmentId(at.profile_id.0), &name, &value, &actor).is_ok() {
                let action = Action::SetTrait { profile_id: at.profile_id, name, value };
                follow_change(tx, state, pending, &action, at.depth).await?;
            }
            Ok(())
        }
        Effect::SetStage { stage } => {
            let lead_id = run.key.clone();
            load::lead(tx, state, &lead_id).await?;
            if command::set_stage(state, &lead_id, &stage).is_ok() {
                lead::follow_stage(tx, state, pending, &lead_id, &stage, &journey.definition()).await?;
                follow_change(tx, state, pending, &Action::SetStage { lead_id, stage }, at.depth).await?;
            }
            Ok(())
        }
        Effect::OpenTask { step_id, visit } => {
            open_task(state, run, journey, &step_id, visit);
            Ok(())
        }
        Effect::Enter { journey_id, step_id, visit } => {
            if DEPTH_MAX <= at.depth {
                return Ok(());
            }
            let cause = run.cause(&step_id, visit);
            let fragment_id = FragmentId(run.fragment_id);
            let entering =
                Entering { key: run.key.clone(), event: &run.body.event, properties: run.body.properties.clone(), fragment_id, cause };
            enter(tx, state, pending, At { depth: at.depth + 1, ..at }, &journey_id, entering).await
        }
    }
}

/// Decides segments anew after a change that a run made; what turns is looked at one step deeper.
async fn follow_change(tx: &mut FoldTx, state: &mut State<'_>, pending: &Pending, action: &Action, depth: u32) -> Result<(), StoreError> {
    let before = state.turned.len();
    segment::follow(tx, state, pending, action).await?;
    state.turned.iter_mut().skip(before).for_each(|turned| turned.depth = depth + 1);
    Ok(())
}

fn open_task(state: &mut State<'_>, run: &Run, journey: &Journey, step_id: &str, visit: u32) {
    let Some(Does::CallTask { title, script, tries, gap, .. }) = journey.step(step_id).map(|step| &step.does) else { return };
    let task_id =
        format!("task_{}", run_id(&state.settings.hash_key, &run.run_id, &format!("{step_id}:{visit}")).trim_start_matches("run_"));
    let task = Task {
        task_id: task_id.clone(),
        run_id: run.run_id.clone(),
        journey_id: run.journey_id.clone(),
        step_id: step_id.to_owned(),
        fragment_id: run.fragment_id,
        title: title.clone(),
        script: script.clone(),
        tries: 0,
        tries_max: *tries,
        gap_us: gap.us(),
        state: TaskState::Open,
        opened_us: state.at_us,
        due_us: state.at_us,
        changed_us: state.at_us,
        answer: None,
        note: String::new(),
        answered_by: String::new(),
    };
    state.tasks.insert(task_id, TrackedTask { task, dirty: true });
}

/// Keeps a run as it is now, tells if it ended, and drops tasks that nobody needs any more.
async fn settle(tx: &mut FoldTx, state: &mut State<'_>, at: At<'_>, mut run: Run, journey: &Journey) -> Result<(), StoreError> {
    let (at_us, day) = (state.at_us, time::day(state.at_us));
    for (step_id, way, seconds) in std::mem::take(&mut run.body.left) {
        state.totals.add("journey_way", day, &format!("{}@{}:{step_id}>{way}", run.journey_id, run.version), 1, seconds);
    }
    let before = state.runs.get(&run.run_id).map(|held| (held.run.state, held.run.goal_us));
    let was_watched = before.is_some_and(|(was, _)| was == RunState::HeldOut) || run.state == RunState::HeldOut;
    if before.is_none_or(|(_, goal_us)| goal_us.is_none()) && run.goal_us.is_some() && !was_watched {
        state.totals.add("journey_goal", day, &run.journey_id, 1, run.goal_value);
    }
    if before.is_none_or(|(was, _)| was != RunState::Ended) && run.state == RunState::Ended && !was_watched {
        state.totals.add("journey_ended", day, &run.journey_id, 1, 0);
        if let Some(carrier) = state.carrier(at.whole) {
            let told = json!({ "journey_id": run.journey_id, "journey": journey.name, "run_id": run.run_id, "key": run.key, "reason": run.reason });
            state.derive(carrier, ENDED, told.to_string());
        }
    }
    if journey.steps.iter().any(|step| matches!(step.does, Does::CallTask { .. })) {
        know_tasks(tx, state, &run.run_id).await?;
        let left = |task: &Task| task.run_id == run.run_id && (!run.is_running() || task.step_id != run.step_id || run.body.step_us == 0);
        state.tasks.values_mut().filter(|tracked| left(&tracked.task)).for_each(|tracked| tracked.drop_open(at_us));
    }
    state.runs.insert(run.run_id.clone(), TrackedRun { run, dirty: true });
    Ok(())
}

async fn know_tasks(tx: &mut FoldTx, state: &mut State<'_>, run_id: &str) -> Result<(), StoreError> {
    for task in tx.tasks_of_run(run_id).await? {
        state.tasks.entry(task.task_id.clone()).or_insert(TrackedTask { task, dirty: false });
    }
    Ok(())
}

/// Begins a run, unless the journey's own rules are against it.
async fn enter(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    at: At<'_>,
    journey_id: &str,
    entering: Entering<'_>,
) -> Result<(), StoreError> {
    let Some((version, journey)) = state.journeys.live(journey_id) else { return Ok(()) };
    let run_id = run_id(&state.settings.hash_key, journey_id, &entering.cause);
    let at_us = state.at_us;
    know(tx, state, at.whole).await?;
    if state.runs.contains_key(&run_id) || is_barred(state, at.whole, &journey, &entering.key) {
        return Ok(());
    }
    let is_held_out = journey.is_held_out(at.profile_id);
    let run = Run {
        run_id: run_id.clone(),
        journey_id: journey_id.to_owned(),
        version,
        fragment_id: entering.fragment_id.0,
        key: entering.key,
        state: if is_held_out { RunState::HeldOut } else { RunState::Running },
        reason: String::new(),
        step_id: if is_held_out { String::new() } else { journey.first.clone().unwrap_or_default() },
        due_us: is_held_out.then(|| at_us + journey.goal.as_ref().map_or(WATCHED_US, |goal| goal.within.us())),
        entered_us: at_us,
        changed_us: at_us,
        ended_us: None,
        goal_us: None,
        goal_value: 0,
        body: RunBody { event: entering.event.to_owned(), properties: entering.properties, ..RunBody::default() },
    };
    if let Some(only) = &journey.only {
        world::ready(tx, state, at.profile_id, at.whole, &run, &journey).await?;
        if !world::with(state, at.profile_id, at.whole, &run, &journey, |world| (world.decide)(only)) {
            return Ok(());
        }
    }
    if !has_room(state, &journey) {
        state.totals.add("journey_full", time::day(at_us), journey_id, 1, 0);
        return Ok(());
    }
    state.runs_of.entry(entering.fragment_id).or_default().push(run_id.clone());
    state.runs.insert(run_id.clone(), TrackedRun { run: run.clone(), dirty: true });
    if is_held_out {
        return Ok(());
    }
    state.totals.add("journey_entered", time::day(at_us), journey_id, 1, 0);
    state.totals.add("journey_way", time::day(at_us), &format!("{journey_id}@{version}:@entry>next"), 1, 0);
    if let Some(carrier) = state.carrier(at.whole) {
        let told = json!({ "journey_id": journey_id, "journey": journey.name, "run_id": run_id, "key": run.key });
        state.derive(carrier, ENTERED, told.to_string());
    }
    walk(tx, state, pending, at, run, &journey).await
}

/// Whether a run of the person is in the way of another one.
fn is_barred(state: &State<'_>, whole: &[FragmentId], journey: &Journey, key: &str) -> bool {
    let theirs = whole.iter().filter_map(|id| state.runs_of.get(id)).flatten().filter_map(|id| state.runs.get(id)).map(|held| &held.run);
    let mut same = theirs.filter(|run| run.journey_id == journey.journey_id && run.key == key);
    same.any(|run| journey.again.bars(run, state.at_us))
}

/// Counts one more in this hour, where there is a limit; `false` where it is reached.
fn has_room(state: &mut State<'_>, journey: &Journey) -> bool {
    let Some(per_hour) = journey.per_hour else { return true };
    let (hour, count) = (format!("journey_hour:{}", journey.journey_id), format!("journey_count:{}", journey.journey_id));
    let now = state.at_us.div_euclid(HOUR_US);
    if state.number(&hour) != now {
        state.set_number(&hour, now);
        state.set_number(&count, 0);
    }
    let has_room = state.number(&count) < i64::from(per_hour);
    if has_room {
        state.add_number(&count, 1);
    }
    has_room
}

/// Lets those go on whose time has come, in the order it came.
pub(crate) async fn wake(tx: &mut FoldTx, state: &mut State<'_>, pending: &Pending) -> Result<(), StoreError> {
    if state.journeys.is_empty() {
        return Ok(());
    }
    let at_us = state.at_us;
    // What the batch changed is not in the table yet, and hides as many rows of it at most.
    for run in tx.runs_due(at_us, WOKEN_MAX + state.runs.len()).await? {
        state.runs.entry(run.run_id.clone()).or_insert(TrackedRun { run, dirty: false });
    }
    let due = state.runs.values().filter_map(|held| held.run.due_us.filter(|us| *us <= at_us).map(|us| (us, held.run.run_id.clone())));
    let mut due: Vec<(i64, String)> = due.collect();
    due.sort_unstable();
    due.truncate(WOKEN_MAX);
    for chunk in due.chunks(WOKEN_ROWS) {
        ready_together(tx, state, pending, chunk).await?;
        for (_, run_id) in chunk {
            tell_one(tx, state, pending, run_id, &Cue::Time).await?;
        }
    }
    Ok(())
}

/// Loads what a number of runs will ask for, set by set.
async fn ready_together(tx: &mut FoldTx, state: &mut State<'_>, pending: &Pending, due: &[(i64, String)]) -> Result<(), StoreError> {
    let fragments: Vec<FragmentId> =
        due.iter().filter_map(|(_, id)| state.runs.get(id)).map(|held| FragmentId(held.run.fragment_id)).collect();
    load::whole_profiles(tx, state, pending, &fragments).await?;
    let profiles: Vec<ProfileId> = fragments.iter().filter_map(|id| state.fragments.get(id)).map(|held| held.row.profile_id).collect();
    segment::memberships(tx, state, &profiles).await?;
    let whole: Vec<FragmentId> =
        profiles.iter().flat_map(|id| state.members.get(id).cloned().unwrap_or_else(|| vec![FragmentId(id.0)])).collect();
    let journeys: BTreeSet<String> = due.iter().filter_map(|(_, id)| state.runs.get(id)).map(|held| held.run.journey_id.clone()).collect();
    for journey_id in journeys {
        know_of(tx, state, &whole, &journey_id).await?;
    }
    message::know(tx, state, &whole).await
}

/// Has somebody enter by a person's or a program's wish.
pub(crate) async fn enter_asked(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    asked: &JourneyEntry,
) -> Result<Verdict, StoreError> {
    let key_chars = asked.idempotency_key.chars().count();
    if key_chars == 0 || KEY_CHARS_MAX < key_chars || KEY_CHARS_MAX < asked.key.chars().count() {
        return Ok(Err(format!("an idempotency key has 1 to {KEY_CHARS_MAX} characters, a key at most as many")));
    }
    if !(asked.properties.is_object() || asked.properties.is_null()) || PROPERTIES_BYTES_MAX < asked.properties.to_string().len() {
        return Ok(Err(format!("properties are a JSON object of at most {PROPERTIES_BYTES_MAX} bytes")));
    }
    if state.journeys.live(&asked.journey_id).is_none() {
        return Ok(Err(format!("there is no live journey `{}`", asked.journey_id)));
    }
    let fragment_id = match &asked.who {
        Recipient::Profile(profile_id) => FragmentId(profile_id.0),
        Recipient::Identifier(identifier) => identifier.fragment_id(&state.settings.hash_key, 0),
    };
    let Some((profile_id, whole)) = person(tx, state, pending, fragment_id).await? else {
        return Ok(Err("there is nobody known by that: tell an event of the person first, such as `identify`".to_owned()));
    };
    let cause = format!("api:{}", asked.idempotency_key);
    let run_id = run_id(&state.settings.hash_key, &asked.journey_id, &cause);
    for run in tx.runs(std::slice::from_ref(&run_id)).await? {
        state.runs.entry(run.run_id.clone()).or_insert(TrackedRun { run, dirty: false });
    }
    if state.runs.contains_key(&run_id) {
        return Ok(Ok(()));
    }
    let entering = Entering { key: asked.key.clone(), event: "", properties: asked.properties.clone(), fragment_id, cause };
    enter(tx, state, pending, At { profile_id, whole: &whole, depth: 0 }, &asked.journey_id, entering).await?;
    let told = "the journey does not take the person: it holds for others, the person is in it already, or this hour is full";
    Ok(if state.runs.contains_key(&run_id) { Ok(()) } else { Err(told.to_owned()) })
}

/// Notes what came of a task; the run goes on once that is final.
pub(crate) async fn answer(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    task_id: &str,
    answer: Answer,
    note: &str,
) -> Result<Verdict, StoreError> {
    if 2_000 < note.chars().count() {
        return Ok(Err("a note has at most 2,000 characters".to_owned()));
    }
    if !state.tasks.contains_key(task_id)
        && let Some(task) = tx.task(task_id).await?
    {
        state.tasks.insert(task_id.to_owned(), TrackedTask { task, dirty: false });
    }
    let (at_us, actor) = (state.at_us, state.actor.clone());
    let Some(tracked) = state.tasks.get_mut(task_id) else { return Ok(Err("there is no such task".to_owned())) };
    if tracked.task.state != TaskState::Open {
        return Ok(Err("the task is over already".to_owned()));
    }
    let over = tracked.task.answer(answer, note, &actor, at_us);
    tracked.dirty = true;
    let task = tracked.task.clone();
    if let Some(spoke) = over {
        tell_one(tx, state, pending, &task.run_id, &Cue::Task { step_id: &task.step_id, spoke }).await?;
    }
    Ok(Ok(()))
}

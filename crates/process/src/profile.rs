//! What an event does to its fragment, and to the totals that everybody sees.

use forecourt_model::{
    Event, EventAttribution, FragmentId, Touch,
    block::TouchOf,
    fragment::name_words,
    time::{self, DAY_US, MINUTE_US},
};
use forecourt_store::dead_letter::DeadLetter;

use crate::state::State;

/// A visit goes on until nothing happens for this long.
const SESSION_US: i64 = 30 * MINUTE_US;
/// How far back an event that tells of a lead, an order or a call looks for how the person came.
const LOOK_BACK_US: i64 = 90 * DAY_US;

/// Folds the event into its fragment and attributes it for the lake; returns how the person came, as far as is known.
pub(crate) fn update(state: &mut State<'_>, event: &Event, fragment_id: FragmentId) -> Option<Touch> {
    let own = event.touch(&state.rules);
    let (touch, touch_of) = match &own {
        Some(own) => (Some(own.clone()), TouchOf::Own(state.own_channel(own))),
        None => match earlier_touch(state, event, fragment_id) {
            Some(touch) => {
                let at = state.earlier_touch(&touch);
                (Some(touch), TouchOf::Earlier(at))
            }
            None => (None, TouchOf::None),
        },
    };
    let (offset, at_day, limit) = (state.offset, time::day(state.at_us), state.settings.machine_events_a_day);
    if let Some(fragment) = state.fragments.get_mut(&fragment_id) {
        fragment.dirty = true;
        let row = &mut fragment.row;
        if row.events == 0 {
            row.first_offset = offset;
        }
        row.first_us = row.first_us.min(event.ts_us);
        row.last_us = row.last_us.max(event.ts_us);
        row.events += 1;
        let profile_id = row.profile_id;
        fragment.state().apply(event, own.as_ref(), offset, at_day, limit);
        if !event.traits.is_empty()
            && let Some(name) = fragment.state().name()
        {
            state.name_words.extend(name_words(&name).into_iter().map(|word| (word, fragment_id)));
        }
        state.block.events.push(EventAttribution { offset, fragment_id, profile_id, touch: touch_of });
    }
    let day = time::day(event.ts_us);
    let name = state.event_names.counted_as(day, &event.name);
    state.totals.add("event", day, name, 1, 0);
    touch
}

/// The touch of the visit that the event is part of. What tells of a lead or a sale comes late and from other systems:
/// for those it is the person's last touch on any device.
fn earlier_touch(state: &mut State<'_>, event: &Event, fragment_id: FragmentId) -> Option<Touch> {
    let tells = ["\"lead_id\"", "\"order_id\"", "\"call_id\""].iter().any(|id| event.properties.contains(id));
    let profile = state.fragments.get(&fragment_id)?.row.profile_id;
    let (back_us, candidates) = match state.members.get(&profile) {
        Some(members) if tells => (LOOK_BACK_US, members.clone()),
        _ => (SESSION_US, vec![fragment_id]),
    };
    let mut latest: Option<Touch> = None;
    for id in candidates {
        let Some(touch) = state.fragments.get_mut(&id).and_then(|fragment| fragment.state().last_touch.clone()) else { continue };
        let in_time = touch.at_us <= event.ts_us && event.ts_us - touch.at_us <= back_us;
        if in_time && latest.as_ref().is_none_or(|held| *held < touch) {
            latest = Some(touch);
        }
    }
    latest
}

/// Keeps what the border refused for a person to look at.
pub(crate) fn refuse(state: &mut State<'_>, letter: &DeadLetter, day_received: i32) {
    state.add_number("dead_letters", 1);
    let letter = DeadLetter { number: state.number("dead_letters"), ..letter.clone() };
    state.totals.add("refused", day_received, &letter.source, 1, 0);
    state.count_hour(&letter.source, 0, 1);
    state.letter_states.insert(letter.log_offset, letter.state.clone());
    state.dead_letters.push(letter);
}

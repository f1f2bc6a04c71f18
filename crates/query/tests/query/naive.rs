//! What a funnel should answer, written down as its definition: slow, and unlike the code it judges.

use std::collections::BTreeMap;

use crate::rows::Event;

/// A step: an event name and perhaps the least `value`.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub event: &'static str,
    pub value_min: Option<f64>,
}

impl Step {
    fn matches(&self, event: &Event) -> bool {
        event.event == self.event && self.value_min.is_none_or(|least| event.value.is_some_and(|value| least <= value))
    }
}

/// Level and chain of one profile: the events of the chain that was first to get that deep.
pub fn deepest<'a>(events: &[&'a Event], steps: &[Step], window_us: i64) -> Vec<&'a Event> {
    // One entry a step that an event matches, in the order that counts.
    let mut entries: Vec<(i64, usize, i64, &Event)> = Vec::new();
    for event in events {
        for (at, step) in steps.iter().enumerate() {
            if step.matches(event) {
                entries.push((event.ts_us, at, event.offset, event));
            }
        }
    }
    entries.sort_by_key(|entry| (entry.0, entry.1, entry.2));
    let chains: Vec<Vec<&Event>> = (0..entries.len()).filter_map(|at| chain_to(&entries, at, window_us)).collect();
    let level = chains.iter().map(Vec::len).max().unwrap_or(0);
    assert_eq!(level, reachable(events, steps, window_us), "the two definitions of a level agree");
    chains.into_iter().find(|chain| chain.len() == level && level > 0).unwrap_or_default()
}

/// The chain that the entry at `at` opens or continues.
fn chain_to<'a>(entries: &[(i64, usize, i64, &'a Event)], at: usize, window_us: i64) -> Option<Vec<&'a Event>> {
    let (ts_us, step, _, event) = entries[at];
    if step == 0 {
        return Some(vec![event]);
    }
    let mut before = (0..at).rev().filter(|&other| entries[other].1 == step - 1).find_map(|other| chain_to(entries, other, window_us))?;
    (ts_us - before[0].ts_us <= window_us).then(|| {
        before.push(event);
        before
    })
}

/// The deepest level that any choice of events makes, time not falling, within the window.
fn reachable(events: &[&Event], steps: &[Step], window_us: i64) -> usize {
    let from_start = |start: &&Event| {
        let mut now_us = start.ts_us;
        let mut level = 1;
        for step in &steps[1..] {
            let next = events.iter().filter(|event| step.matches(event) && now_us <= event.ts_us).map(|event| event.ts_us).min();
            match next {
                Some(next_us) if next_us - start.ts_us <= window_us => (now_us, level) = (next_us, level + 1),
                _ => break,
            }
        }
        level
    };
    events.iter().filter(|event| steps[0].matches(event)).map(from_start).max().unwrap_or(0)
}

/// What must not happen between two steps, from 0.
#[derive(Debug, Clone, Copy)]
pub struct Exclusion {
    pub event: &'static str,
    pub after: usize,
    pub before: usize,
}

/// The deepest level of one profile, by trying every choice of events: all of one channel, if it is held, and nothing excluded
/// between them that is of that channel or of none.
pub fn level(events: &[&Event], steps: &[Step], window_us: i64, exclusions: &[Exclusion], holds: bool) -> usize {
    if !holds {
        return longest(events, events, steps, window_us, exclusions, &mut Vec::new());
    }
    let channels: std::collections::BTreeSet<&str> = events.iter().filter_map(|event| event.channel).collect();
    let of = |channel: &str| {
        let own: Vec<&Event> = events.iter().copied().filter(|event| event.channel == Some(channel)).collect();
        let seen: Vec<&Event> = events.iter().copied().filter(|event| event.channel.is_none_or(|other| other == channel)).collect();
        longest(&own, &seen, steps, window_us, exclusions, &mut Vec::new())
    };
    channels.into_iter().map(of).max().unwrap_or(0)
}

fn longest(events: &[&Event], seen: &[&Event], steps: &[Step], window_us: i64, exclusions: &[Exclusion], chain: &mut Vec<i64>) -> usize {
    let at = chain.len();
    let is_cut = |exclusion: &Exclusion| {
        let until = exclusion.before.min(at.saturating_sub(1));
        exclusion.after < until
            && seen.iter().any(|event| event.event == exclusion.event && chain[exclusion.after] < event.ts_us && event.ts_us < chain[until])
    };
    if exclusions.iter().any(is_cut) {
        return 0;
    }
    if at == steps.len() {
        return at;
    }
    let mut best = at;
    for event in events.iter().filter(|event| steps[at].matches(event)) {
        let is_next =
            chain.last().is_none_or(|last| *last <= event.ts_us) && event.ts_us - chain.first().unwrap_or(&event.ts_us) <= window_us;
        if is_next {
            chain.push(event.ts_us);
            best = best.max(longest(events, seen, steps, window_us, exclusions, chain));
            chain.pop();
        }
    }
    best
}

/// Profiles by step, and median seconds since the step before.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    pub profiles: Vec<u64>,
    pub medians_s: Vec<Option<f64>>,
}

/// The whole report, and that of each channel at the first step.
pub fn report(events: &[Event], steps: &[Step], window_us: i64) -> (Answer, BTreeMap<Option<&'static str>, Answer>) {
    let mut by_profile: BTreeMap<i64, Vec<&Event>> = BTreeMap::new();
    for event in events {
        by_profile.entry(event.profile_id).or_default().push(event);
    }
    let chains: Vec<Vec<&Event>> =
        by_profile.values().map(|events| deepest(events, steps, window_us)).filter(|chain| !chain.is_empty()).collect();
    let mut groups: BTreeMap<Option<&'static str>, Vec<Vec<&Event>>> = BTreeMap::new();
    for chain in &chains {
        groups.entry(chain[0].channel).or_default().push(chain.clone());
    }
    (answer(&chains, steps.len()), groups.into_iter().map(|(channel, chains)| (channel, answer(&chains, steps.len()))).collect())
}

fn answer(chains: &[Vec<&Event>], steps: usize) -> Answer {
    let reached = |step: usize| chains.iter().filter(move |chain| chain.len() > step);
    let median_s = |step: usize| {
        let mut waits: Vec<i64> =
            if step == 0 { vec![] } else { reached(step).map(|chain| chain[step].ts_us - chain[step - 1].ts_us).collect() };
        waits.sort_unstable();
        let middle = waits.len() / 2;
        match waits.len() {
            0 => None,
            odd if odd % 2 == 1 => Some(waits[middle] as f64 / 1e6),
            _ => Some((waits[middle - 1] + waits[middle]) as f64 / 2e6),
        }
    };
    Answer { profiles: (0..steps).map(|step| reached(step).count() as u64).collect(), medians_s: (0..steps).map(median_s).collect() }
}

//! A lead's score: by points or by what was learned, as it comes in, as its person does things, and as interest fades.

use std::collections::BTreeMap;

use forecourt_model::{
    FragmentId, ProfileId,
    entity::Lead,
    lead::{
        Band, Handling, LeadRules, Learned, LearnedScore, Moved, Scored,
        learned::{Capture, Seen},
        points::Scorable,
    },
};
use forecourt_store::{FoldTx, StoreError};
use serde_json::Value;

use super::{go, keep, leads_of, settle, tell};
use crate::{
    journey, load,
    pending::Pending,
    segment,
    state::{Fragment, State},
};

/// What is known of a lead as it comes in, for a learned score to look at.
pub(super) fn facts(properties: &str, model: Option<&str>, region: Option<&str>, lead: &Lead) -> BTreeMap<String, Value> {
    let of = &lead.dimensions;
    let capture = Capture {
        properties,
        at_us: lead.created_us,
        model,
        region,
        channel: of.channel.as_deref(),
        utm_source: of.utm_source.as_deref(),
        campaign: of.campaign.as_deref(),
    };
    capture.facts()
}

/// Gives a lead its score. Returns the band that it is in by now.
pub(super) async fn score(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    profile_id: ProfileId,
    whole: &[FragmentId],
    handling: &mut Handling,
    lead: &Lead,
) -> Result<Option<Band>, StoreError> {
    let desk = state.desk.clone();
    let (score, scored) = match &desk.learned {
        Some(learned) => {
            let (score, why) = by_learned(state, learned, whole, handling, lead);
            handling.body.rescore_us = learned.again_us(lead.created_us, state.at_us);
            (score, Scored { parts: Vec::new(), learned: Some(why) })
        }
        None => {
            handling.body.rescore_us = None;
            by_points(tx, state, &desk.rules, profile_id, whole, handling, lead).await?
        }
    };
    (handling.score, handling.body.scored) = (score, scored);
    Ok(desk.rules.band(score, lead.dimensions.channel.as_deref()).cloned())
}

fn by_learned(state: &State<'_>, learned: &LearnedScore, whole: &[FragmentId], handling: &Handling, lead: &Lead) -> (i64, Learned) {
    let states: Vec<_> = whole.iter().filter_map(|id| state.fragments.get(id)).filter_map(Fragment::read).collect();
    let seen = |name: &str| {
        let counts = states.iter().filter_map(|held| held.counts.get(name));
        counts.map(|count| Seen { times: count.count, last_us: count.last_us }).reduce(Seen::unite)
    };
    learned.score(&learned.looks.row(&handling.body.facts, lead.created_us, state.at_us, seen))
}

async fn by_points(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    rules: &LeadRules,
    profile_id: ProfileId,
    whole: &[FragmentId],
    handling: &Handling,
    lead: &Lead,
) -> Result<(i64, Scored), StoreError> {
    segment::memberships(tx, state, &[profile_id]).await?;
    let fragments: Vec<_> = whole.iter().filter_map(|id| state.fragments.get(id)).collect();
    let has = |kind: &str| fragments.iter().any(|fragment| fragment.row.kind == kind);
    let last_seen = |name: &str| {
        fragments.iter().filter_map(|fragment| fragment.read()).filter_map(|held| held.counts.get(name)).map(|count| count.last_us).max()
    };
    let memberships = state.memberships.get(&profile_id);
    let is_in = |segment_id: &str| {
        let number = state.segments.segments.live(segment_id).map(|version| version.number);
        number.is_some_and(|number| memberships.is_some_and(|held| held.held.since_us.contains_key(&number)))
    };
    Ok(rules.score(&Scorable {
        channel: lead.dimensions.channel.as_deref(),
        model: lead.dimensions.model.as_deref(),
        has_phone: has("phone"),
        has_email: has("email"),
        has_trade_in: handling.body.asked.has_trade_in,
        at_us: state.at_us,
        last_seen: &last_seen,
        is_in: &is_in,
    }))
}

/// Scores a person's leads anew that nobody works on yet, and sends on those that rose.
pub(super) async fn rescore(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    profile_id: ProfileId,
    whole: &[FragmentId],
) -> Result<(), StoreError> {
    for lead_id in leads_of(state, whole) {
        let Some(handling) = state.handlings.get(&lead_id).map(|held| held.handling.clone()) else { continue };
        rescore_one(tx, state, pending, profile_id, whole, handling).await?;
    }
    Ok(())
}

async fn rescore_one(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    profile_id: ProfileId,
    whole: &[FragmentId],
    mut handling: Handling,
) -> Result<(), StoreError> {
    if !handling.is_scored_anew() {
        return Ok(());
    }
    load::lead(tx, state, &handling.lead_id).await?;
    let Some(lead) = state.leads.get(&handling.lead_id).and_then(|tracked| tracked.now.clone()) else { return Ok(()) };
    let before = (handling.score, handling.body.scored.clone(), handling.body.rescore_us);
    let Some(band) = score(tx, state, profile_id, whole, &mut handling, &lead).await? else { return Ok(()) };
    if band.band == handling.band {
        if before != (handling.score, handling.body.scored.clone(), handling.body.rescore_us) {
            // What waits is in the order of the scores. Nothing happened that a person would call a change.
            handling.due_us = handling.next().map(|(us, _)| us);
            keep(state, handling, true);
        }
        return Ok(());
    }
    let desk = state.desk.clone();
    let old = desk.rules.bands.iter().find(|held| held.band == handling.band);
    let rises = LeadRules::is_better(&band, old) && handling.body.claimed_by.is_empty();
    let act = if rises { Moved::Promoted } else { Moved::Scored };
    let (from, points) = (std::mem::replace(&mut handling.band, band.band.clone()), handling.score.to_string());
    tell(state, &mut handling, act, "", [&from, &band.band, &points, ""]);
    if rises {
        go(tx, state, pending, &mut handling, band.way, "").await?;
    }
    settle(state, handling);
    Ok(())
}

/// Scores the waiting leads of a range of ids anew, by what is in force now.
pub(crate) async fn rescore_waiting(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    after: &str,
    until: &str,
) -> Result<Result<(), String>, StoreError> {
    if !state.desk.is_on() {
        return Ok(Ok(()));
    }
    for handling in tx.handlings_waiting(after, until).await? {
        keep(state, handling, false);
    }
    let in_range = |id: &&String| after < id.as_str() && id.as_str() <= until;
    let mut ids: Vec<String> = state.handlings.keys().filter(in_range).cloned().collect();
    ids.sort_unstable();
    for lead_id in ids {
        let Some(handling) = state.handlings.get(&lead_id).map(|held| held.handling.clone()) else { continue };
        rescore_by_itself(tx, state, pending, handling).await?;
    }
    Ok(Ok(()))
}

/// Scores a lead anew though its person did nothing.
pub(super) async fn rescore_by_itself(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    handling: Handling,
) -> Result<(), StoreError> {
    let Some((profile_id, whole)) = journey::person(tx, state, pending, FragmentId(handling.fragment_id)).await? else { return Ok(()) };
    rescore_one(tx, state, pending, profile_id, &whole, handling).await
}

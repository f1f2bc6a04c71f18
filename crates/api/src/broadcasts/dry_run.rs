//! A broadcast tried on paper: whom it would reach by which way, and whom not, for which reason.

use std::collections::{BTreeMap, HashMap, HashSet};

use axum::{Json, extract::State};
use forecourt_model::{
    FragmentId, FragmentState, ProfileId,
    broadcast::Broadcast as ModelBroadcast,
    gate::{Admitted, Asked, Gate, Word},
    message::MessageChannel as ModelChannel,
    message_template::MessageTemplate,
    reach::{self, ReachPart},
};
use forecourt_store::{Store, outbox::ReachRow, suppressed_address::SuppressedAddress};
use serde::Serialize;
use utoipa::ToSchema;

use super::{NewBroadcast, deadline_us, most_first};
use crate::{
    Caller, Clock,
    deliveries::MessageChannel,
    error::{ApiError, ErrorBody},
    input::Body,
    segments,
};

/// People looked at; of more, so many are drawn.
const SAMPLE: u64 = 4_000;

/// What would happen if it started now. Numbers of a sample are scaled up to all.
#[derive(Debug, Serialize, ToSchema)]
pub struct DryRun {
    /// In the audience.
    people: u64,
    /// Of these looked at.
    sampled: u64,
    by: Vec<DryRunMessages>,
    refused: Vec<DryRunReason>,
    /// By quiet hours, a cap or the budget.
    postponed: Vec<DryRunReason>,
    /// Who gets nothing, to be compared.
    holdout: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DryRunMessages {
    variant: String,
    message_channel: MessageChannel,
    /// Sent at once, as the first that can be of the chain.
    messages: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DryRunReason {
    /// Of the first step; a code, and what it is about behind a colon.
    reason: String,
    people: u64,
}

/// Try a broadcast on paper: nothing is sent, and nothing is kept.
#[utoipa::path(post, path = "/api/broadcasts/dry-run", tag = "messages", request_body = NewBroadcast,
    responses((status = 200, body = DryRun), (status = 400, body = ErrorBody)))]
pub async fn dry_run(
    caller: Caller,
    State(store): State<Store>,
    State(clock): State<Clock>,
    Body(asked): Body<NewBroadcast>,
) -> Result<Json<DryRun>, ApiError> {
    let broadcast = asked.into_model()?;
    broadcast.check().map_err(ApiError::invalid)?;
    let templates = templates(&store, &broadcast).await?;
    let gate = store.gate().await?;
    if gate.purpose(&broadcast.purpose).is_none() {
        return Err(ApiError::invalid(format!("there is no purpose `{}`: see Settings, Messages", broadcast.purpose)));
    }
    let meant = match &broadcast.segment_id {
        Some(id) => Some(segments::members(&store, &caller, id).await?.into_iter().collect::<HashSet<ProfileId>>()),
        None => None,
    };
    let mut excluded = HashSet::new();
    for id in &broadcast.excluded_segment_ids {
        excluded.extend(segments::members(&store, &caller, id).await?);
    }
    let all = match &meant {
        Some(meant) => meant.difference(&excluded).count() as u64,
        None => store.profiles_count().await?.saturating_sub(excluded.len() as u64),
    };
    // Ids are hashes: a part of them is a fair sample.
    let until = if all <= SAMPLE { i64::MAX } else { (i128::from(i64::MAX) * i128::from(SAMPLE) / i128::from(all)) as i64 };
    let rows = store.reach_between(-1, until).await?;
    let is_meant = |id: &ProfileId| meant.as_ref().is_none_or(|meant| meant.contains(id)) && !excluded.contains(id);
    let rows: Vec<ReachRow> = rows.into_iter().filter(|row| is_meant(&row.profile_id)).collect();
    let now_us = clock.now_us();
    let world = World::read(&store, &gate, &rows, now_us).await?;
    let counted = count(&broadcast, &templates, &gate, &world, &rows, now_us);
    Ok(Json(counted.scaled(all)))
}

async fn templates(store: &Store, broadcast: &ModelBroadcast) -> Result<HashMap<String, MessageTemplate>, ApiError> {
    let mut found = HashMap::new();
    for step in broadcast.variants.iter().flat_map(|variant| &variant.chain) {
        let template = store.template(&step.template_id).await?;
        let template = template.ok_or_else(|| ApiError::invalid(format!("there is no template `{}`", step.template_id)))?;
        found.insert(step.template_id.clone(), template.body);
    }
    Ok(found)
}

/// What was sent to the sampled people, and which of their addresses are suppressed.
struct World {
    admitted: HashMap<FragmentId, Vec<Admitted>>,
    suppressed: HashMap<(ModelChannel, String), SuppressedAddress>,
}

impl World {
    async fn read(store: &Store, gate: &Gate, rows: &[ReachRow], now_us: i64) -> Result<Self, ApiError> {
        let ids: Vec<FragmentId> = rows.iter().map(|row| row.fragment_id).collect();
        let mut admitted: HashMap<FragmentId, Vec<Admitted>> = HashMap::new();
        for found in store.admitted_since(&ids, now_us - gate.window_us()).await? {
            admitted.entry(found.fragment_id).or_default().push(found.admitted);
        }
        let mut suppressed = HashMap::new();
        let mut after = None;
        loop {
            let page = store.list_suppressed_addresses("", after.as_ref(), 10_000).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            suppressed.extend(page);
        }
        Ok(Self { admitted, suppressed })
    }
}

#[derive(Default)]
struct Counted {
    sampled: u64,
    by: BTreeMap<(String, &'static str), u64>,
    refused: BTreeMap<String, u64>,
    postponed: BTreeMap<String, u64>,
    holdout: u64,
}

fn count(
    broadcast: &ModelBroadcast,
    templates: &HashMap<String, MessageTemplate>,
    gate: &Gate,
    world: &World,
    rows: &[ReachRow],
    now_us: i64,
) -> Counted {
    let mut counted = Counted::default();
    for of_person in rows.chunk_by(|a, b| a.profile_id == b.profile_id) {
        counted.sampled += 1;
        let Some(variant) = broadcast.variant_of(of_person[0].profile_id) else {
            counted.holdout += 1;
            continue;
        };
        let states: Vec<FragmentState> = of_person.iter().map(|row| serde_json::from_str(&row.state).unwrap_or_default()).collect();
        let part = |(row, state)| {
            let row: &ReachRow = row;
            ReachPart {
                fragment_id: row.fragment_id,
                kind: &row.kind,
                value: &row.value,
                generation: row.generation,
                last_us: row.last_us,
                state,
            }
        };
        let parts = || of_person.iter().zip(&states).map(part);
        let admitted: Vec<Admitted> = of_person.iter().filter_map(|row| world.admitted.get(&row.fragment_id)).flatten().cloned().collect();
        let zone = reach::zone(parts());
        let mut first_reason = None;
        let mut rests = false;
        for step in &variant.chain {
            let Some(template) = templates.get(&step.template_id) else { continue };
            let channel = template.message_channel;
            let found = reach::addresses(parts(), channel);
            let why = |address: &str| world.suppressed.get(&(channel, address.to_owned())).map(|held| held.reason.as_str());
            let chosen = found.iter().find(|found| why(&found.address).is_none()).or(found.first());
            let word = gate.decide(&Asked {
                purpose: &broadcast.purpose,
                message_channel: channel,
                consent: reach::consent(parts(), &broadcast.purpose, channel, &template.brand_id),
                suppressed: chosen.and_then(|found| why(&found.address)),
                has_address: chosen.is_some(),
                admitted: &admitted,
                zone: zone.as_ref(),
                spent_today: 0,
                at_us: now_us,
                deadline_us: deadline_us(broadcast, now_us),
            });
            match word {
                Word::Admit => {
                    *counted.by.entry((variant.name.clone(), channel.as_str())).or_default() += 1;
                    rests = true;
                }
                Word::Postpone { reason, .. } => {
                    *counted.postponed.entry(reason).or_default() += 1;
                    rests = true;
                }
                Word::Refuse { reason } => {
                    first_reason.get_or_insert(reason);
                }
            }
            if rests {
                break;
            }
        }
        if let Some(reason) = first_reason.filter(|_| !rests) {
            *counted.refused.entry(reason).or_default() += 1;
        }
    }
    counted
}

impl Counted {
    fn scaled(self, all: u64) -> DryRun {
        let sampled = self.sampled;
        let scale = |count: u64| if sampled == 0 { 0 } else { (count as f64 * all as f64 / sampled as f64).round() as u64 };
        let reasons = |counts: BTreeMap<String, u64>| -> Vec<DryRunReason> {
            most_first(counts).into_iter().map(|(reason, people)| DryRunReason { reason, people: scale(people) }).collect()
        };
        let by = self.by.into_iter().filter_map(|((variant, channel), messages)| {
            let message_channel = ModelChannel::parse(channel)?.into();
            Some(DryRunMessages { variant, message_channel, messages: scale(messages) })
        });
        DryRun {
            people: all,
            sampled,
            by: by.collect(),
            refused: reasons(self.refused),
            postponed: reasons(self.postponed),
            holdout: scale(self.holdout),
        }
    }
}

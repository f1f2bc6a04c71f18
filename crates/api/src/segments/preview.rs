//! How large a segment would be, before it is made: decided as the fold decides, by what the store and the lake say now.
//!
//! Up to some tens of thousands of people all are decided. Beyond that a sample is: ranges of ids, spread evenly over all of them,
//! for ids are hashes. Not one range, for a profile has the least id of its fragments: who has many of them has a lower one.

use std::collections::{BTreeMap, HashMap};

use axum::{Json, extract::State};
use forecourt_model::{
    FragmentId, FragmentState, ProfileId,
    measure::{Measure, MeasureSpec},
    rule::{self, Decider, Part, Person, Rule},
    segment::Segments,
    time::iso,
};
use forecourt_query::Query;
use forecourt_store::{
    Store,
    segment::{PeopleAsked, PeopleBetween},
};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::ToSchema;

use super::rule::{SegmentRule, check_visible};
use crate::{
    Caller, Clock, Installation,
    error::{ApiError, ErrorBody},
    input::Body,
    profiles::ProfileRow,
};

/// So many people are decided one by one; of more, a sample of about so many.
const DECIDED_MAX: u64 = 40_000;
const EXACT_MAX: u64 = 50_000;
/// Ranges of a sample.
const STRATA: i64 = 16;
const SHOWN_MAX: usize = 20;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SegmentTrial {
    #[schema(value_type = SegmentRule)]
    rule: Rule,
    /// IANA name: days begin in it, for dates; without it the installation's.
    #[serde(default)]
    tz: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct SegmentPreview {
    /// How many would be in it.
    size: u64,
    /// Only a sample was decided: the size is scaled up.
    is_estimate: bool,
    /// The 95 % interval of an estimate; else the size.
    low: u64,
    high: u64,
    /// How many people there are.
    of: u64,
    /// Some of them.
    sample: Vec<ProfileRow>,
    elapsed_ms: u64,
    /// Every event before it is counted.
    as_of: String,
}

/// Say how many people a rule holds for now, and show some of them.
#[utoipa::path(post, path = "/api/segments/preview", operation_id = "segment_preview", tag = "segments", request_body = SegmentTrial,
    responses((status = 200, body = SegmentPreview), (status = 400, body = ErrorBody)))]
pub async fn preview(
    State(store): State<Store>,
    State(query): State<Query>,
    State(clock): State<Clock>,
    State(installation): State<Installation>,
    caller: Caller,
    Body(asked): Body<SegmentTrial>,
) -> Result<Json<SegmentPreview>, ApiError> {
    let started = Instant::now();
    asked.rule.check().map_err(ApiError::invalid)?;
    check_visible(&caller, &asked.rule)?;
    let zone = super::zone(asked.tz.as_deref().unwrap_or(&installation.time_zone))?;
    let segments = store.segments().await?;
    if let Some(other) = asked.rule.segments().into_iter().find(|other| segments.live(other).is_none()) {
        return Err(ApiError::invalid(format!("the segment {other:?} that a condition names does not exist, or is not computed yet")));
    }
    let of = store.profiles_count().await?;
    let (ranges, is_estimate) = sampled(of);
    let trial = Trial::of(&asked.rule, zone, segments, clock.now_us());
    let past = query.past(trial.specs.clone(), u64::MAX)?;
    let (people, measured) = futures::try_join!(async { read(&store, &ranges, trial.asked).await.map_err(ApiError::from) }, async {
        past.between(&ranges).await.map_err(ApiError::from)
    },)?;
    let measures = measured.into_iter().map(|held| (held.fragment_id, held.measures)).collect();
    let found = tokio::task::spawn_blocking(move || trial.decide(people, measures)).await.map_err(|error| ApiError::internal(&error))??;
    let (size, low, high) =
        if is_estimate { scaled(found.members, found.decided, of) } else { (found.members, found.members, found.members) };
    let sample = store.profile_summaries(&caller.scope, &found.shown).await?.into_iter().map(ProfileRow::from).collect();
    let elapsed_ms = started.elapsed().as_millis() as u64;
    Ok(Json(SegmentPreview { size, is_estimate, low, high, of, sample, elapsed_ms, as_of: iso(past.as_of_us()) }))
}

/// Ranges of ids, each after its first up to and with its second, and whether they are not all.
fn sampled(of: u64) -> (Vec<(i64, i64)>, bool) {
    if of <= EXACT_MAX {
        return (vec![(-1, i64::MAX)], false);
    }
    let stratum = i64::MAX / STRATA;
    let width = (stratum as f64 * DECIDED_MAX as f64 / of as f64) as i64;
    // The middle of each: nothing begins there.
    let range = |at: i64| (at * stratum + stratum / 2, at * stratum + stratum / 2 + width);
    ((0..STRATA).map(range).collect(), true)
}

/// The size that a sample speaks for, and its 95 % interval (Wilson's, narrowed by the share that was decided).
fn scaled(members: u64, decided: u64, of: u64) -> (u64, u64, u64) {
    const Z: f64 = 1.96;
    if decided == 0 {
        return (0, 0, of);
    }
    let (n, share) = (decided as f64, members as f64 / decided as f64);
    let undecided = (1.0 - n / of as f64).max(0.0);
    let z2 = Z * Z * undecided;
    let middle = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = z2.sqrt() / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    let people = |share: f64| (share.clamp(0.0, 1.0) * of as f64).round() as u64;
    // Whoever was decided is known.
    (people(share), people(middle - half).max(members), people(middle + half).min(of - (decided - members)))
}

async fn read(store: &Store, ranges: &[(i64, i64)], asked: PeopleAsked) -> Result<Vec<PeopleBetween>, forecourt_store::StoreError> {
    let reads = ranges.iter().map(|(after, until)| store.people_between(*after, *until, asked));
    futures::future::try_join_all(reads).await
}

/// A rule, ready to be tried on people.
struct Trial {
    decider: Decider,
    specs: Vec<(String, MeasureSpec)>,
    asked: PeopleAsked,
    segments: Segments,
    now_us: i64,
}

#[derive(Default)]
struct Found {
    decided: u64,
    members: u64,
    shown: Vec<ProfileId>,
}

impl Trial {
    fn of(rule: &Rule, zone: TimeZone, segments: Segments, now_us: i64) -> Self {
        let specs: Vec<(String, MeasureSpec)> = rule.measures().into_iter().enumerate().map(|(at, spec)| (at.to_string(), spec)).collect();
        let key_of = |spec: &MeasureSpec| specs.iter().find(|(_, held)| held == spec).map(|(key, _)| key.clone()).unwrap_or_default();
        let decider = Decider::new(rule, zone, &key_of);
        let looks_at_state = |rule: &&Rule| {
            matches!(rule, Rule::Trait { .. } | Rule::Date { .. } | Rule::Came { .. } | Rule::Place { .. } | Rule::Consent { .. })
        };
        let asked = PeopleAsked {
            states: rule.conditions().iter().any(looks_at_state),
            entities: rule.looks_at_entities(),
            memberships: !rule.segments().is_empty(),
        };
        Self { decider, specs, asked, segments, now_us }
    }

    fn decide(&self, people: Vec<PeopleBetween>, mut measures: HashMap<FragmentId, BTreeMap<String, Measure>>) -> Result<Found, ApiError> {
        let mut found = Found::default();
        for range in people {
            self.decide_range(range, &mut measures, &mut found)?;
        }
        Ok(found)
    }

    fn decide_range(
        &self,
        people: PeopleBetween,
        measures: &mut HashMap<FragmentId, BTreeMap<String, Measure>>,
        found: &mut Found,
    ) -> Result<(), ApiError> {
        let mut held: BTreeMap<ProfileId, Known> = BTreeMap::new();
        for row in people.parts {
            let mut state: FragmentState = serde_json::from_str(&row.state)
                .map_err(|error| ApiError::internal(&format!("the state of fragment {} does not read: {error}", row.fragment_id)))?;
            state.measures = measures.remove(&row.fragment_id).unwrap_or_default();
            let part = KnownPart { kind: row.kind, events: row.events, first_us: row.first_us, last_us: row.last_us, state };
            held.entry(row.profile_id).or_default().parts.push(part);
        }
        for (id, stage, since_us) in people.leads {
            held.entry(id).or_default().leads.push((stage, since_us));
        }
        for (id, at_us, revenue) in people.orders {
            held.entry(id).or_default().orders.push((at_us, revenue));
        }
        for (id, memberships) in people.memberships {
            held.entry(id).or_default().versions = memberships.since_us.into_keys().collect();
        }
        for (profile_id, known) in held.into_iter().filter(|(_, known)| !known.parts.is_empty()) {
            found.decided += 1;
            if known.holds(self, profile_id) {
                found.members += 1;
                if found.shown.len() < SHOWN_MAX {
                    found.shown.push(profile_id);
                }
            }
        }
        Ok(())
    }
}

/// What is known of one person.
#[derive(Default)]
struct Known {
    parts: Vec<KnownPart>,
    leads: Vec<(String, i64)>,
    orders: Vec<(i64, Option<f64>)>,
    versions: Vec<u32>,
}

struct KnownPart {
    kind: String,
    events: u64,
    first_us: i64,
    last_us: i64,
    state: FragmentState,
}

impl Known {
    fn holds(&self, trial: &Trial, profile_id: ProfileId) -> bool {
        let is_in = |id: &str| trial.segments.live(id).is_some_and(|version| self.versions.contains(&version.number));
        let parts = self.parts.iter().map(|held| Part {
            kind: &held.kind,
            events: held.events,
            first_us: held.first_us,
            last_us: held.last_us,
            state: &held.state,
        });
        let person = Person {
            profile_id: profile_id.0,
            parts: parts.collect(),
            leads: self.leads.iter().map(|(stage, since_us)| (stage.as_str(), *since_us)).collect(),
            orders: self.orders.clone(),
            is_in: &is_in,
        };
        rule::decide(&trial.decider, &person, trial.now_us).holds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_speaks_for_all() {
        assert_eq!(sampled(50_000), (vec![(-1, i64::MAX)], false));
        let (ranges, is_estimate) = sampled(1_000_000);
        let width: i64 = ranges.iter().map(|(after, until)| until - after).sum();
        assert!(is_estimate && (width as f64 / i64::MAX as f64 - 0.04).abs() < 1e-6, "{width}");
        let (size, low, high) = scaled(4_000, 40_000, 1_000_000);
        assert_eq!(size, 100_000);
        assert!((97_000..97_400).contains(&low) && (102_600..103_100).contains(&high), "{low} {high}");
        assert_eq!(scaled(0, 40_000, 1_000_000).0, 0);
        assert_eq!(scaled(0, 0, 60_000), (0, 0, 60_000));
        // Everybody decided: nothing is left to guess.
        assert_eq!(scaled(10, 100, 100), (10, 10, 10));
    }
}

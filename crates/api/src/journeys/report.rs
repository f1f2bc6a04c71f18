//! How a journey goes: counts at every step and way, and what it brings beside those held out.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
};
use forecourt_model::time;
use forecourt_store::{Store, outbox::MessageCount};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::found;
use crate::{
    Clock,
    broadcasts::MessageCounts,
    error::{ApiError, ErrorBody},
    input::Asked,
    share::{difference, rate},
};

const DAYS_MAX: u32 = 400;
/// Stands where a step would: what people come in by.
const ENTRY: &str = "@entry";

#[derive(Debug, Serialize, ToSchema)]
pub struct JourneyCounts {
    entered: i64,
    running: i64,
    ended: i64,
    goals: i64,
    held_out: i64,
    /// Why runs ended.
    reasons: Vec<EndReason>,
    steps: Vec<StepHere>,
    /// Of the version in force, over all days.
    ways: Vec<WayTaken>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct EndReason {
    reason: String,
    count: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct StepHere {
    step_id: String,
    /// How many are there now.
    here: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct WayTaken {
    /// `@entry` for the way in.
    step_id: String,
    /// `next`, `otherwise`, or `arm0` and so on.
    way: String,
    count: i64,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct JourneyReportAsked {
    /// For what goes by days: so many up to now; 30 unless told, at most 400.
    days: Option<u32>,
}

/// Counts are of all runs; what goes by days is of the days asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct JourneyReport {
    entered: i64,
    goals: i64,
    held_out: i64,
    held_out_goals: i64,
    /// Share of those who entered that reached the goal.
    #[schema(required)]
    rate: Option<f64>,
    #[schema(required)]
    held_out_rate: Option<f64>,
    /// The difference of the two, with its 95 % interval.
    #[schema(required)]
    uplift: Option<f64>,
    #[schema(required)]
    uplift_low: Option<f64>,
    #[schema(required)]
    uplift_high: Option<f64>,
    /// What the goals of those who entered are worth, as their events say.
    value: f64,
    days: Vec<JourneyDay>,
    reasons: Vec<EndReason>,
    steps: Vec<StepPassed>,
    as_of: String,
}

#[derive(Debug, Default, Serialize, ToSchema)]
pub struct JourneyDay {
    /// `YYYY-MM-DD` in UTC.
    day: String,
    entered: i64,
    ended: i64,
    goals: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct StepPassed {
    step_id: String,
    /// How often it was left, of all versions, in the days asked for.
    passed: i64,
    /// Seconds that were spent there on average.
    #[schema(required)]
    mean_s: Option<f64>,
    /// Of a step that sends: over all days.
    #[schema(required)]
    messages: Option<MessageCounts>,
}

/// Where people are and which ways they took.
#[utoipa::path(get, path = "/api/journeys/{id}/counts", tag = "journeys", params(("id" = String, Path)),
    responses((status = 200, body = JourneyCounts), (status = 404, body = ErrorBody)))]
pub async fn journey_counts(State(store): State<Store>, Path(id): Path<String>) -> Result<Json<JourneyCounts>, ApiError> {
    let version = found(&store, &id).await?.body.version;
    let counts = store.run_counts(&id).await?;
    let mut ways: BTreeMap<(String, String), i64> = BTreeMap::new();
    for taken in store.way_counts(&id, 0).await? {
        let Some((of, step_id, way)) = place(&taken.way) else { continue };
        if Some(of) == version {
            *ways.entry((step_id.to_owned(), way.to_owned())).or_default() += taken.count;
        }
    }
    Ok(Json(JourneyCounts {
        entered: counts.entered,
        running: counts.running,
        ended: counts.ended,
        goals: counts.goals,
        held_out: counts.held_out,
        reasons: counts.reasons.into_iter().map(|(reason, count)| EndReason { reason, count }).collect(),
        steps: counts.here.into_iter().map(|(step_id, here)| StepHere { step_id, here }).collect(),
        ways: ways.into_iter().map(|((step_id, way), count)| WayTaken { step_id, way, count }).collect(),
    }))
}

/// Reads `version:step>way`.
fn place(text: &str) -> Option<(u64, &str, &str)> {
    let (version, rest) = text.split_once(':')?;
    let (step_id, way) = rest.split_once('>')?;
    Some((version.parse().ok()?, step_id, way))
}

/// What a journey brings.
#[utoipa::path(get, path = "/api/journeys/{id}/report", tag = "journeys", params(("id" = String, Path), JourneyReportAsked),
    responses((status = 200, body = JourneyReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn journey_report(
    State(store): State<Store>,
    State(clock): State<Clock>,
    Path(id): Path<String>,
    Asked(asked): Asked<JourneyReportAsked>,
) -> Result<Json<JourneyReport>, ApiError> {
    let of = found(&store, &id).await?.body;
    let now_us = clock.now_us();
    let from_day = time::day(now_us) - asked.days.unwrap_or(30).clamp(1, DAYS_MAX) as i32 + 1;
    let counts = store.run_counts(&id).await?;
    let mut passed: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for taken in store.way_counts(&id, from_day).await? {
        let Some((_, step_id, _)) = place(&taken.way).filter(|(_, step_id, _)| *step_id != ENTRY) else { continue };
        let step = passed.entry(step_id.to_owned()).or_default();
        *step = (step.0 + taken.count, step.1 + taken.seconds);
    }
    let messages = store.counts_of(&of.draft.definition()).await?;
    let (went, held) = ((counts.goals, counts.entered), (counts.held_out_goals, counts.held_out));
    let interval = difference(went, held);
    Ok(Json(JourneyReport {
        entered: counts.entered,
        goals: counts.goals,
        held_out: counts.held_out,
        held_out_goals: counts.held_out_goals,
        rate: rate(went),
        held_out_rate: rate(held),
        uplift: interval.map(|(_, middle, _)| middle),
        uplift_low: interval.map(|(low, _, _)| low),
        uplift_high: interval.map(|(_, _, high)| high),
        value: counts.goal_value as f64 / 100.0,
        days: days(store.journey_days(&id, from_day).await?, from_day, time::day(now_us)),
        reasons: counts.reasons.into_iter().map(|(reason, count)| EndReason { reason, count }).collect(),
        steps: passed.into_iter().map(|(step_id, passed)| StepPassed::new(step_id, passed, &messages)).collect(),
        as_of: time::iso(now_us),
    }))
}

impl StepPassed {
    fn new(step_id: String, (passed, seconds): (i64, i64), messages: &[MessageCount]) -> Self {
        let mut own = messages.iter().filter(|count| count.variant == step_id).peekable();
        let messages = own.peek().is_some().then(|| MessageCounts::of(own));
        Self { step_id, passed, mean_s: (passed != 0).then(|| seconds as f64 / passed as f64), messages }
    }
}

fn days(found: Vec<(String, i32, i64)>, from_day: i32, until_day: i32) -> Vec<JourneyDay> {
    let mut days: BTreeMap<i32, JourneyDay> =
        (from_day..=until_day).map(|day| (day, JourneyDay { day: time::day_text(day), ..JourneyDay::default() })).collect();
    for (metric, day, count) in found {
        let Some(of) = days.get_mut(&day) else { continue };
        match metric.as_str() {
            "journey_entered" => of.entered += count,
            "journey_ended" => of.ended += count,
            _ => of.goals += count,
        }
    }
    days.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_reads_back() {
        assert_eq!(place("17:hello>arm0"), Some((17, "hello", "arm0")));
        assert_eq!(place("x"), None);
    }
}

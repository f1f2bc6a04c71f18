//! A journey tried on the past: how many would have entered it, and how much it would have sent.
//!
//! The events of the last days are read from the lake, and each run that they would have begun is gone through by the functions that the fold uses. What people
//! are is taken as it is now, and how far messages come is taken as it is asked for: neither is known of what did not happen.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use forecourt_model::{
    EventRow, ProfileId,
    journey::{ENTERED, Entry, Journey, Turn, run::RunBody},
    measure::Seen,
    segment,
    time::{DAY_US, iso, parse_us},
};
use forecourt_query::Query;
use forecourt_store::Store;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    read,
    simulation::{SimulatedMessages, Somebody, Told, somebody, walk},
};
use crate::{
    Caller, Clock,
    error::{ApiError, ErrorBody},
    input::Body,
};

const DAYS_MAX: u32 = 90;
/// Events read at most; beyond them the newest days are tried only.
const ROWS_MAX: usize = 300_000;
/// Runs gone through at most; what is beyond them is reckoned from those.
const WALKED_MAX: usize = 2_000;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JourneyDryRun {
    #[schema(value_type = Object)]
    journey: Value,
    /// So many up to now; 30 unless told, at most 90.
    #[serde(default)]
    #[schema(required)]
    days: Option<u32>,
    /// How far messages are taken to come, at once; `not_sent` unless told.
    #[serde(default)]
    messages: SimulatedMessages,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct JourneyDryRunAnswer {
    from: String,
    /// Runs that would have begun.
    entered: u64,
    people: u64,
    /// Who would have been watched only.
    held_out: u64,
    /// Messages that would have been handed to the gate until now.
    sends: u64,
    /// Of the steps that send.
    steps: Vec<DryRunStep>,
    /// How runs would have ended, those that go on as `running`.
    reasons: Vec<DryRunReason>,
    /// Whether there was more than could be read: then the days begin later, at `from`.
    is_cut: bool,
    /// Whether messages and reasons are reckoned from a part of the runs.
    is_sampled: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DryRunStep {
    step_id: String,
    sends: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DryRunReason {
    reason: String,
    count: u64,
}

/// An event of the past.
struct Past {
    profile_id: ProfileId,
    ts_us: i64,
    columns: BTreeMap<&'static str, String>,
    value: Option<f64>,
}

const COLUMNS: [&str; 11] =
    ["event", "channel", "utm_source", "utm_medium", "campaign", "region", "dealer", "model", "currency", "url", "properties"];

/// Try a journey on the last days. Nothing is kept and nobody is shown.
#[utoipa::path(post, path = "/api/journeys/dry-run", tag = "journeys", request_body = JourneyDryRun,
    responses((status = 200, body = JourneyDryRunAnswer), (status = 400, body = ErrorBody)))]
pub async fn dry_run_journey(
    caller: Caller,
    State(store): State<Store>,
    State(query): State<Query>,
    State(clock): State<Clock>,
    Body(asked): Body<JourneyDryRun>,
) -> Result<Json<JourneyDryRunAnswer>, ApiError> {
    let journey = read(asked.journey)?;
    if let Some(problem) = journey.problems().into_iter().find(|problem| !problem.says.contains("has no template")) {
        return Err(ApiError::invalid(problem.to_string()));
    }
    let Some(sql) = sql(&journey, clock.now_us() - i64::from(asked.days.unwrap_or(30).clamp(1, DAYS_MAX)) * DAY_US) else {
        return Err(ApiError::invalid("the journey is entered by hand: there is no past to try it on"));
    };
    let answer = query.sql(&caller.scope, &sql, ROWS_MAX).await?;
    let (is_cut, mut past) = (answer.truncated, rows(&answer.rows()?));
    past.reverse();
    let from_us = past.first().map_or(clock.now_us(), |first| first.ts_us);
    let mut by_person: BTreeMap<ProfileId, Vec<Past>> = BTreeMap::new();
    for event in past {
        by_person.entry(event.profile_id).or_default().push(event);
    }
    let begun: Vec<(ProfileId, usize, String)> = by_person.iter().flat_map(|(id, events)| entries(&journey, *id, events)).collect();
    let people = begun.iter().map(|(id, ..)| *id).collect::<std::collections::BTreeSet<_>>().len() as u64;
    let is_held_out = |id: &ProfileId| journey.is_held_out(*id);
    let held_out = begun.iter().filter(|(id, ..)| is_held_out(id)).count() as u64;
    let going: Vec<&(ProfileId, usize, String)> = begun.iter().filter(|(id, ..)| !is_held_out(id)).collect();
    let every = going.len().div_ceil(WALKED_MAX).max(1);
    let zone = store.gate().await?.zone();
    let looks = journey.rules().next().is_some() || journey.only.is_some();
    let (mut entered, mut walked) = (0u64, 0u64);
    let (mut sends, mut reasons): (BTreeMap<String, u64>, BTreeMap<String, u64>) = Default::default();
    for (id, at, key) in going.iter().step_by(every) {
        let person = if looks {
            somebody(&store, &caller.scope, *id).await?.unwrap_or_else(|| Somebody::unknown(*id))
        } else {
            Somebody::unknown(*id)
        };
        let events = &by_person[id];
        let rows: Vec<EventRow<'_>> = events[*at..].iter().map(Past::row).collect();
        let seen: Vec<Seen<'_>> = rows.iter().map(Seen::new).collect();
        let happened: Vec<Told<'_>> = seen.iter().skip(1).map(|seen| Told { at_us: seen.row.ts_us, seen }).collect();
        let first = &events[*at];
        let body = RunBody {
            event: first.column("event").to_owned(),
            properties: serde_json::from_str(first.column("properties")).unwrap_or_default(),
            ..RunBody::default()
        };
        walked += 1;
        let gone = walk(&journey, person, body, key.clone(), first.ts_us, &happened, asked.messages, &zone, clock.now_us());
        let Some(gone) = gone else { continue };
        entered += 1;
        gone.sends.iter().for_each(|sent| *sends.entry(sent.step_id.clone()).or_default() += 1);
        *reasons.entry(gone.ended.map_or("running".to_owned(), |ended| ended.reason)).or_default() += 1;
    }
    // What was not gone through is like what was.
    let whole = |count: u64| if walked == 0 { 0 } else { (count as f64 * going.len() as f64 / walked as f64).round() as u64 };
    Ok(Json(JourneyDryRunAnswer {
        from: iso(from_us),
        entered: whole(entered),
        people,
        held_out,
        sends: whole(sends.values().sum()),
        steps: sends.into_iter().map(|(step_id, sends)| DryRunStep { step_id, sends: whole(sends) }).collect(),
        reasons: reasons.into_iter().map(|(reason, count)| DryRunReason { reason, count: whole(count) }).collect(),
        is_cut,
        is_sampled: 1 < every,
    }))
}

/// What the past is asked for: the newest first. `None` for a journey that no event begins.
fn sql(journey: &Journey, from_us: i64) -> Option<String> {
    let mut names: Vec<&str> = journey.minded_events().collect();
    match &journey.entry {
        Entry::Event { event, .. } => names.push(event),
        Entry::Segment { .. } => {}
        Entry::Call => return None,
    }
    if journey.segment_ids().next().is_some() {
        names.extend([segment::ENTERED, segment::LEFT]);
    }
    let quoted: Vec<String> = names.iter().map(|name| format!("'{}'", name.replace('\'', "''"))).collect();
    // Whatever the journeys told of themselves is no part of what happened.
    let named = if names.contains(&"*") { format!("event <> '{ENTERED}'") } else { format!("event IN ({})", quoted.join(", ")) };
    let columns = COLUMNS.join(", ");
    Some(format!(
        "SELECT profile_id, ts, value, {columns} FROM events WHERE {named} AND ts >= TIMESTAMP '{}' ORDER BY ts DESC",
        iso(from_us)
    ))
}

fn rows(found: &[Vec<Value>]) -> Vec<Past> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let past = |row: &Vec<Value>| {
        let columns = COLUMNS.iter().zip(&row[3..]).filter_map(|(name, value)| Some((*name, text(value)?)));
        Some(Past {
            profile_id: ProfileId(row.first()?.as_str()?.parse().ok()?),
            ts_us: parse_us(row.get(1)?.as_str()?)?,
            value: row.get(2)?.as_f64(),
            columns: columns.collect(),
        })
    };
    found.iter().filter_map(past).collect()
}

/// Which of a person's events would have begun a run, and with which key. That one run is in the way of the next is left out where it depends on when it ends.
fn entries(journey: &Journey, profile_id: ProfileId, events: &[Past]) -> Vec<(ProfileId, usize, String)> {
    let mut last: BTreeMap<String, i64> = BTreeMap::new();
    let mut found = Vec::new();
    for (at, event) in events.iter().enumerate() {
        let row = event.row();
        let seen = Seen::new(&row);
        let key = match &journey.entry {
            Entry::Segment { segment_id, turn } => {
                let name = if *turn == Turn::Entered { segment::ENTERED } else { segment::LEFT };
                let is_it = event.column("event") == name && seen.text("properties.segment_id").as_deref() == Some(segment_id);
                is_it.then(String::new)
            }
            entry => entry.takes(&seen),
        };
        let Some(key) = key else { continue };
        if last.get(&key).is_none_or(|last_us| !journey.again.bars_after(*last_us, event.ts_us)) {
            last.insert(key.clone(), event.ts_us);
            found.push((profile_id, at, key));
        }
    }
    found
}

impl Past {
    fn column(&self, name: &str) -> &str {
        self.columns.get(name).map(String::as_str).unwrap_or_default()
    }

    fn row(&self) -> EventRow<'_> {
        let column = |name: &str| self.columns.get(name).map(String::as_str);
        EventRow {
            profile_id: self.profile_id,
            fragment_id: 0,
            ts_us: self.ts_us,
            event: self.column("event"),
            event_type: "track",
            channel: column("channel"),
            utm_source: column("utm_source"),
            utm_medium: column("utm_medium"),
            campaign: column("campaign"),
            region: column("region"),
            dealer: column("dealer"),
            model: column("model"),
            value: self.value,
            currency: column("currency"),
            session_id: None,
            url: column("url"),
            properties: column("properties").unwrap_or("{}"),
            traits: None,
            source: "",
            message_id: "",
            offset: 0,
            received_us: self.ts_us,
            original_us: None,
            sent_us: None,
            click_ids: None,
            referrer_host: None,
            landing_host: None,
            channel_by: None,
        }
    }
}

//! The first page's figures: daily totals that the fold keeps, freshness, health of ingest, running jobs.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use forecourt_model::time::{DAY_US, day, day_text, iso, parse_us};
use forecourt_store::{Store, control::Control, totals::DailyTotal};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Border, Clock, Installation,
    border::SourceHealth,
    error::{ApiError, ErrorBody},
    input::Asked,
    jobs::{self, Job},
};

const EVENTS_SHOWN: usize = 12;
/// Ten years: beyond, a mistyped year is likelier than a wish.
const DAYS_MAX: i32 = 3_660;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Period {
    /// First day, `YYYY-MM-DD`; 30 days ending with `to` unless told.
    from: Option<String>,
    /// Last day, inclusive; today unless told.
    to: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct Overview {
    from: String,
    to: String,
    as_of: String,
    totals: PeriodTotals,
    days: Vec<Day>,
    channels: Vec<Channel>,
    /// The most frequent, at most twelve.
    events: Vec<EventCount>,
    freshness: Stages,
    ingest: Ingest,
    jobs: Vec<Job>,
}

#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub struct Totals {
    events: i64,
    new_profiles: i64,
    leads: i64,
    sales: i64,
    revenue: f64,
}

#[derive(Serialize, ToSchema)]
pub struct PeriodTotals {
    #[serde(flatten)]
    totals: Totals,
    /// All profiles there are now.
    profiles: u64,
    currency: String,
    /// The same number of days before.
    previous: Totals,
}

#[derive(Serialize, ToSchema)]
pub struct Day {
    day: String,
    #[serde(flatten)]
    totals: Totals,
}

#[derive(Serialize, ToSchema)]
pub struct Channel {
    channel: String,
    leads: i64,
    sales: i64,
    revenue: f64,
    cost: f64,
}

#[derive(Serialize, ToSchema)]
pub struct EventCount {
    event: String,
    count: i64,
}

/// How far each stage has come: offsets of the next record.
#[derive(Serialize, ToSchema)]
pub struct Stages {
    log_offset: u64,
    folded_offset: u64,
    lake_offset: u64,
    /// Age of the oldest record not folded yet.
    lag_ms: i64,
    /// Age of what reports see.
    lake_age_ms: i64,
}

/// Counts since the server's start, at most of the last 24 hours; duplicates of today and yesterday's same share.
#[derive(Serialize, ToSchema)]
pub struct Ingest {
    accepted_24h: u64,
    refused_24h: u64,
    duplicates_24h: i64,
    /// The last 60 minutes, oldest first.
    per_minute: Vec<Minute>,
}

#[derive(Serialize, ToSchema)]
pub struct Minute {
    at: String,
    accepted: u64,
    refused: u64,
}

/// Figures of a period.
#[utoipa::path(get, path = "/api/overview", tag = "reports", params(Period),
    responses((status = 200, body = Overview), (status = 400, body = ErrorBody)))]
pub async fn overview(
    State(store): State<Store>,
    State(control): State<Control>,
    State(border): State<Border>,
    State(clock): State<Clock>,
    State(installation): State<Installation>,
    Asked(period): Asked<Period>,
) -> Result<Json<Overview>, ApiError> {
    let now_us = clock.now_us();
    let (from, to) = days_of(&period, day(now_us))?;
    let span = to - from + 1;
    let rows = store.totals(from, to).await?;
    let before = store.totals(from - span, from - 1).await?;
    let today = store.totals(day(now_us) - 1, day(now_us)).await?;
    let profiles = store.profiles_count().await?;
    let totals = PeriodTotals { totals: sum(&rows), profiles, currency: installation.currency, previous: sum(&before) };
    Ok(Json(Overview {
        from: day_text(from),
        to: day_text(to),
        as_of: iso(now_us),
        totals,
        days: by_day(from, to, &rows),
        channels: by_channel(&rows),
        events: by_event(&rows),
        freshness: stages(&border),
        ingest: ingest(&border.health(now_us), &today, now_us),
        jobs: jobs::latest(&control).await?,
    }))
}

fn days_of(period: &Period, today: i32) -> Result<(i32, i32), ApiError> {
    let read = |text: &String| {
        let day = parse_us(text).filter(|_| text.len() == 10).map(day);
        day.ok_or_else(|| ApiError::invalid("`from` and `to` are days: `?from=2026-01-01&to=2026-01-31`"))
    };
    let to = period.to.as_ref().map_or(Ok(today), read)?;
    let from = period.from.as_ref().map_or(Ok(to - 29), read)?;
    if to < from || DAYS_MAX <= to - from {
        return Err(ApiError::invalid("`from` must not be after `to`, nor more than ten years before it"));
    }
    Ok((from, to))
}

impl Totals {
    fn add(&mut self, row: &DailyTotal) {
        match row.metric.as_str() {
            "event" => self.events += row.count,
            "new_profiles" => self.new_profiles += row.count,
            "leads" => self.leads += row.count,
            "sales" => {
                self.sales += row.count;
                self.revenue += hundredths(row.amount);
            }
            _ => {}
        }
    }
}

fn hundredths(amount: i64) -> f64 {
    amount as f64 / 100.0
}

fn sum(rows: &[DailyTotal]) -> Totals {
    let mut totals = Totals::default();
    rows.iter().for_each(|row| totals.add(row));
    totals
}

/// Every day of the period: a day on which nothing happened is a fact too.
fn by_day(from: i32, to: i32, rows: &[DailyTotal]) -> Vec<Day> {
    let mut days: BTreeMap<i32, Totals> = (from..=to).map(|day| (day, Totals::default())).collect();
    for row in rows {
        days.entry(row.day).or_default().add(row);
    }
    days.into_iter().map(|(day, totals)| Day { day: day_text(day), totals }).collect()
}

fn by_channel(rows: &[DailyTotal]) -> Vec<Channel> {
    let mut channels: BTreeMap<&str, Channel> = BTreeMap::new();
    for row in rows.iter().filter(|row| matches!(row.metric.as_str(), "leads" | "sales" | "cost")) {
        let empty = || Channel { channel: row.dimension.clone(), leads: 0, sales: 0, revenue: 0.0, cost: 0.0 };
        let channel = channels.entry(row.dimension.as_str()).or_insert_with(empty);
        match row.metric.as_str() {
            "leads" => channel.leads += row.count,
            "sales" => {
                channel.sales += row.count;
                channel.revenue += hundredths(row.amount);
            }
            _ => channel.cost += hundredths(row.amount),
        }
    }
    let mut channels: Vec<Channel> = channels.into_values().collect();
    channels.sort_by_key(|channel| (std::cmp::Reverse(channel.leads), std::cmp::Reverse(channel.sales)));
    channels
}

fn by_event(rows: &[DailyTotal]) -> Vec<EventCount> {
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.metric == "event") {
        *counts.entry(&row.dimension).or_default() += row.count;
    }
    let mut events: Vec<EventCount> = counts.into_iter().map(|(event, count)| EventCount { event: event.to_owned(), count }).collect();
    events.sort_by_key(|event| std::cmp::Reverse(event.count));
    events.truncate(EVENTS_SHOWN);
    events
}

fn stages(border: &Border) -> Stages {
    let at = border.freshness();
    Stages {
        log_offset: at.log_offset,
        folded_offset: at.folded_offset,
        lake_offset: at.lake_offset,
        lag_ms: at.lag_us / 1_000,
        lake_age_ms: at.lake_age_us / 1_000,
    }
}

fn ingest(health: &BTreeMap<String, SourceHealth>, days: &[DailyTotal], now_us: i64) -> Ingest {
    let mut minutes: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
    for (at_us, accepted, refused) in health.values().flat_map(|source| &source.last_hour) {
        let minute = minutes.entry(*at_us).or_default();
        *minute = (minute.0 + accepted, minute.1 + refused);
    }
    let duplicates_of =
        |day: i32| -> i64 { days.iter().filter(|row| row.metric == "duplicates" && row.day == day).map(|row| row.count).sum() };
    let today = day(now_us);
    let left_of_day = 1.0 - now_us.rem_euclid(DAY_US) as f64 / DAY_US as f64;
    Ingest {
        accepted_24h: health.values().map(|source| source.accepted_24h).sum(),
        refused_24h: health.values().map(|source| source.refused_24h).sum(),
        duplicates_24h: duplicates_of(today) + (duplicates_of(today - 1) as f64 * left_of_day).round() as i64,
        per_minute: minutes.into_iter().map(|(at_us, (accepted, refused))| Minute { at: iso(at_us), accepted, refused }).collect(),
    }
}

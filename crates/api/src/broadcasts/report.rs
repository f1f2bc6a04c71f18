//! How a broadcast went: live while it is sent, the same for any segment.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use axum::{
    Json,
    extract::{Path, State},
};
use forecourt_model::{
    ProfileId, Scope,
    broadcast::{BroadcastOf, HOLDOUT},
    message::{MessageChannel as ModelChannel, MessageState as ModelState},
    time::{DAY_US, iso},
};
use forecourt_query::{
    self as query, Query,
    statistics::{PLANNED_PEOPLE, Sample, Terms, compare},
};
use forecourt_store::{
    Store,
    outbox::{MessageCount, MessageOf, OrderAfter},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{MessageCounts, found};
use crate::{
    Caller, Clock,
    deliveries::{MessageChannel, MessageState},
    error::{ApiError, ErrorBody},
    experiment::ExperimentComparison,
    input::Asked,
    segments,
};

/// An order so long after a message counts as brought by it.
const CONVERTS_WITHIN_US: i64 = 30 * DAY_US;
const LINKS_MAX: usize = 50;
/// In which share of broadcasts without a difference one may be told.
const MAY_BE_WRONG: f64 = 0.05;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BroadcastReportAsked {
    /// Only people of this segment.
    segment: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct BroadcastReport {
    counts: MessageCounts,
    variants: Vec<VariantReport>,
    steps: Vec<StepReport>,
    /// Why messages were kept back.
    reasons: Vec<ReasonReport>,
    /// Those who got nothing on purpose; absent where there are none.
    #[schema(required)]
    holdout: Option<HoldoutReport>,
    /// By people, the most followed first; absent for a segment.
    clicks: Vec<LinkReport>,
    /// By hours of UTC; absent for a segment.
    by_hour: Vec<HourReport>,
    as_of: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct VariantReport {
    name: String,
    counts: MessageCounts,
    /// People to whom something was sent.
    people: u64,
    /// Of these, who ordered within 30 days.
    converted: u64,
    /// Of those orders.
    revenue: f64,
    /// Beside the first variant: the share of sent messages that people clicked. Null of the first.
    #[schema(required)]
    clicked_compared: Option<ExperimentComparison>,
    /// The share of people who ordered: beside those held out, or where nobody was, beside the first variant. Null of the first then.
    #[schema(required)]
    converted_compared: Option<ExperimentComparison>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct StepReport {
    variant: String,
    /// 0 for the first.
    step: i64,
    message_channel: MessageChannel,
    template_id: String,
    counts: MessageCounts,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReasonReport {
    state: MessageState,
    /// A code, and what it is about behind a colon.
    reason: String,
    messages: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct HoldoutReport {
    people: u64,
    /// Who ordered within 30 days all the same.
    converted: u64,
    revenue: f64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LinkReport {
    url: String,
    clicks: i64,
    people: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct HourReport {
    at: String,
    sent: i64,
    read: i64,
    clicked: i64,
}

/// Messages that came equally far.
struct Row {
    variant: String,
    step: i64,
    channel: ModelChannel,
    state: ModelState,
    reason: String,
    messages: i64,
    read: i64,
    clicked: i64,
}

/// How a broadcast went.
#[utoipa::path(get, path = "/api/broadcasts/{id}/report", tag = "messages", params(("id" = String, Path), BroadcastReportAsked),
    responses((status = 200, body = BroadcastReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn broadcast_report(
    caller: Caller,
    State(store): State<Store>,
    State(query): State<Query>,
    State(clock): State<Clock>,
    Path(id): Path<String>,
    Asked(asked): Asked<BroadcastReportAsked>,
) -> Result<Json<BroadcastReport>, ApiError> {
    let of = found(&store, &id).await?.body;
    let definition = of.broadcast.definition();
    let members: Option<HashSet<ProfileId>> = match asked.segment.as_deref().filter(|segment| !segment.is_empty()) {
        Some(segment) => Some(segments::members(&store, &caller, segment).await?.into_iter().collect()),
        None => None,
    };
    let (rows, people) = rows(&store, &definition, members.as_ref()).await?;
    let mut orders = store.orders_after(&definition, CONVERTS_WITHIN_US).await?;
    orders.retain(|order| members.as_ref().is_none_or(|members| members.contains(&order.profile_id)));
    let (clicks, by_hour) = match members {
        Some(_) => (Vec::new(), Vec::new()),
        None => (clicks(&query, &definition).await?, hours(&store, &definition).await?),
    };
    let people_of = |variant: &str| people.get(variant).copied().unwrap_or(0);
    let (converted, revenue) = ordered(&orders, HOLDOUT);
    let holdout = (0 < of.broadcast.holdout).then(|| HoldoutReport { people: people_of(HOLDOUT), converted, revenue });
    let variants = of.broadcast.variants.iter().map(|variant| {
        let (converted, revenue) = ordered(&orders, &variant.name);
        let counts = counts(rows.iter().filter(|row| row.variant == variant.name));
        let name = variant.name.clone();
        VariantReport {
            name,
            counts,
            people: people_of(&variant.name),
            converted,
            revenue,
            clicked_compared: None,
            converted_compared: None,
        }
    });
    let mut variants: Vec<VariantReport> = variants.collect();
    compare_variants(&mut variants, holdout.as_ref());
    Ok(Json(BroadcastReport {
        counts: counts(rows.iter()),
        variants,
        steps: steps(&of, &rows),
        reasons: reasons(&rows),
        holdout,
        clicks,
        by_hour,
        as_of: iso(clock.now_us()),
    }))
}

/// Says of each variant how far it is from what it is to be judged by.
fn compare_variants(variants: &mut [VariantReport], holdout: Option<&HoldoutReport>) {
    let clicked = |of: &VariantReport| Sample::share(of.counts.sent as u64, of.counts.clicked as u64);
    let converted = |of: &VariantReport| Sample::share(of.people, of.converted);
    let Some(first) = variants.first() else { return };
    let (first_clicked, first_converted) = (clicked(first), converted(first));
    let held_out = holdout.map(|holdout| Sample::share(holdout.people, holdout.converted));
    let others = variants.len() - 1;
    for (at, variant) in variants.iter_mut().enumerate() {
        variant.clicked_compared = (0 < at).then(|| compared(&first_clicked, &clicked(variant), others));
        variant.converted_compared = match &held_out {
            Some(held_out) => Some(compared(held_out, &converted(variant), others + 1)),
            None => (0 < at).then(|| compared(&first_converted, &converted(variant), others)),
        };
    }
}

/// A variant beside what it is judged by.
///
/// * `comparisons`: as many are told, and all of them are to hold.
fn compared(control: &Sample, variant: &Sample, comparisons: usize) -> ExperimentComparison {
    let terms = Terms { alpha: MAY_BE_WRONG / comparisons as f64, planned_people: PLANNED_PEOPLE as f64 };
    query::ExperimentComparison::from(compare(control, variant, terms)).into()
}

/// Messages, and how many people each variant has.
async fn rows(
    store: &Store,
    definition: &str,
    members: Option<&HashSet<ProfileId>>,
) -> Result<(Vec<Row>, BTreeMap<String, u64>), ApiError> {
    let Some(members) = members else {
        let row = |count: MessageCount| Row {
            variant: count.variant,
            step: count.step,
            channel: count.message_channel,
            state: count.state,
            reason: count.reason,
            messages: count.messages,
            read: count.read,
            clicked: count.clicked,
        };
        let rows = store.counts_of(definition).await?.into_iter().map(row).collect();
        return Ok((rows, store.people_of(definition).await?));
    };
    let mut theirs = store.messages_by_profile(definition).await?;
    theirs.retain(|of| members.contains(&of.profile_id));
    let mut people: BTreeMap<String, HashSet<ProfileId>> = BTreeMap::new();
    for of in theirs.iter().filter(|of| of.is_admitted || of.reason == HOLDOUT) {
        people.entry(of.variant.clone()).or_default().insert(of.profile_id);
    }
    let row = |of: MessageOf| Row {
        variant: of.variant,
        step: of.step,
        channel: of.message_channel,
        state: of.state,
        reason: of.reason,
        messages: 1,
        read: of.is_read.into(),
        clicked: of.is_clicked.into(),
    };
    let people = people.into_iter().map(|(variant, ids)| (variant, ids.len() as u64)).collect();
    Ok((theirs.into_iter().map(row).collect(), people))
}

fn counts<'a>(rows: impl Iterator<Item = &'a Row>) -> MessageCounts {
    let mut all = MessageCounts::default();
    for row in rows {
        all.add(row.state, &row.reason, row.messages, row.read, row.clicked);
    }
    all
}

/// Who ordered, and for how much.
fn ordered(orders: &[OrderAfter], variant: &str) -> (u64, f64) {
    let theirs = || orders.iter().filter(|order| order.variant == variant);
    let people: BTreeSet<ProfileId> = theirs().map(|order| order.profile_id).collect();
    // The sum of nothing would be minus zero.
    (people.len() as u64, theirs().filter_map(|order| order.revenue).fold(0.0, |sum, revenue| sum + revenue))
}

fn steps(of: &BroadcastOf, rows: &[Row]) -> Vec<StepReport> {
    let keys: BTreeSet<(&str, i64)> = rows.iter().filter(|row| row.reason != HOLDOUT).map(|row| (row.variant.as_str(), row.step)).collect();
    let step = |(variant, step): (&str, i64)| {
        let of_step = || rows.iter().filter(move |row| row.variant == variant && row.step == step);
        let chain = &of.broadcast.variants.iter().find(|held| held.name == variant)?.chain;
        Some(StepReport {
            variant: variant.to_owned(),
            step,
            message_channel: of_step().next()?.channel.into(),
            template_id: chain.get(usize::try_from(step).ok()?)?.template_id.clone(),
            counts: counts(of_step()),
        })
    };
    keys.into_iter().filter_map(step).collect()
}

fn reasons(rows: &[Row]) -> Vec<ReasonReport> {
    let mut counts: BTreeMap<(&'static str, &str), i64> = BTreeMap::new();
    let kept_back = |row: &&Row| matches!(row.state, ModelState::Suppressed | ModelState::Postponed | ModelState::Held);
    for row in rows.iter().filter(kept_back).filter(|row| row.reason != HOLDOUT) {
        *counts.entry((row.state.as_str(), &row.reason)).or_default() += row.messages;
    }
    let mut reasons: Vec<ReasonReport> = counts
        .into_iter()
        .filter_map(|((state, reason), messages)| {
            Some(ReasonReport { state: ModelState::parse(state)?.into(), reason: reason.to_owned(), messages })
        })
        .collect();
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.messages));
    reasons
}

/// * `definition`: of a broadcast that is there, so its id is plain.
async fn clicks(query: &Query, definition: &str) -> Result<Vec<LinkReport>, ApiError> {
    let sql = format!(
        "SELECT json_get(properties, 'url') AS url, count(*) AS clicks, count(DISTINCT profile_id) AS people FROM events
         WHERE event = 'message_clicked' AND json_get(properties, 'definition') = '{definition}' AND json_get(properties, 'is_bot') = 'false'
         GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {LINKS_MAX}"
    );
    let answer = query.sql(&Scope::Everything, &sql, LINKS_MAX).await?;
    let link = |row: &Vec<serde_json::Value>| {
        Some(LinkReport { url: row.first()?.as_str()?.to_owned(), clicks: row.get(1)?.as_i64()?, people: row.get(2)?.as_i64()? })
    };
    Ok(answer.rows()?.iter().filter_map(link).collect())
}

async fn hours(store: &Store, definition: &str) -> Result<Vec<HourReport>, ApiError> {
    let hours = store.hours_of(definition).await?.into_iter();
    Ok(hours.map(|hour| HourReport { at: iso(hour.at_us), sent: hour.sent, read: hour.read, clicked: hour.clicked }).collect())
}

#[cfg(test)]
mod tests {
    use forecourt_query::ExperimentVerdict;

    use super::*;

    fn variant(name: &str, sent: i64, clicked: i64, converted: u64) -> VariantReport {
        VariantReport {
            name: name.into(),
            counts: MessageCounts { sent, clicked, ..MessageCounts::default() },
            people: sent as u64,
            converted,
            revenue: 0.0,
            clicked_compared: None,
            converted_compared: None,
        }
    }

    fn verdicts(variants: &[VariantReport], of: fn(&VariantReport) -> &Option<ExperimentComparison>) -> Vec<String> {
        let word = |compared: &ExperimentComparison| serde_json::to_value(compared).expect("JSON")["verdict"].to_string();
        variants.iter().map(|variant| of(variant).as_ref().map_or("-".to_owned(), word)).collect()
    }

    #[test]
    fn variants_are_judged_by_the_first_and_by_those_held_out() {
        let all = || vec![variant("a", 4_000, 200, 60), variant("b", 4_000, 320, 64), variant("c", 40, 4, 3)];
        let word = |verdict: ExperimentVerdict| serde_json::to_value(verdict).expect("JSON").to_string();
        let [higher, undecided, early] = [ExperimentVerdict::Higher, ExperimentVerdict::Undecided, ExperimentVerdict::TooEarly].map(word);
        let mut variants = all();
        compare_variants(&mut variants, None);
        assert_eq!(verdicts(&variants, |of| &of.clicked_compared), ["-", &higher, &early]);
        assert_eq!(verdicts(&variants, |of| &of.converted_compared), ["-", &undecided, &early]);
        // Nothing is known of which is better, but that both are better than nothing is.
        let mut variants = all();
        compare_variants(&mut variants, Some(&HoldoutReport { people: 4_000, converted: 12, revenue: 0.0 }));
        assert_eq!(verdicts(&variants, |of| &of.converted_compared), [&higher[..], &higher, &early]);
        compare_variants(&mut [], None);
    }
}

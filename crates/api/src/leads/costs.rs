//! What leads cost, and what those cost that were worth a dealer's time.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use forecourt_model::{
    lead::scorecard::Share,
    time::{day_start_us, iso, local_day},
};
use forecourt_query::{self as query, Query};
use forecourt_store::{Store, control::Control};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::reports::{LeadShare, LeadsBetween, Looked};
use crate::{
    Caller, Clock, Installation,
    error::{ApiError, ErrorBody},
    input::Asked,
    pivot,
};

/// What costs and leads can be told apart by.
const BY: [&str; 4] = ["channel", "region", "model", "campaign"];

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct LeadCostsOf {
    /// `channel` (unless told), `region`, `model` or `campaign`.
    by: Option<String>,
    /// Leads that came in from then on, and costs; 30 days back unless told.
    from: Option<String>,
    /// Exclusive; now unless told.
    to: Option<String>,
}

/// Leads at work of one channel, region, model or campaign, with what was paid for advertising there.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeadCost {
    /// Null where nobody knows it.
    #[schema(required)]
    key: Option<String>,
    /// Null where costs are not known by this, or not to be seen by the account.
    #[schema(required)]
    cost: Option<f64>,
    leads: u64,
    /// Found worth a dealer's time by the contact centre, or came to an appointment or further.
    qualified: u64,
    contracts: u64,
    qualified_rate: LeadShare,
    /// Cost of a lead.
    #[schema(required)]
    cpl: Option<f64>,
    /// Cost of a qualified lead.
    #[schema(required)]
    cpql: Option<f64>,
    #[schema(required)]
    cost_per_contract: Option<f64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LeadCosts {
    by: String,
    /// Of all amounts.
    currency: String,
    /// Costs from this moment on: where leads are dealt with here for a shorter time than was asked for, from the first of them.
    costs_from: String,
    /// The dearest first.
    rows: Vec<LeadCost>,
    total: LeadCost,
}

#[derive(Default, Clone, Copy)]
struct Counted {
    qualified: Share,
    contracts: u64,
}

/// What leads at work cost by channel, region, model or campaign, and what those cost that were worth it.
#[utoipa::path(get, path = "/api/reports/lead-costs", tag = "leads", params(LeadCostsOf),
    responses((status = 200, body = LeadCosts), (status = 400, body = ErrorBody)))]
pub async fn lead_costs(
    caller: Caller,
    State(store): State<Store>,
    State(query): State<Query>,
    State(control): State<Control>,
    State(installation): State<Installation>,
    State(clock): State<Clock>,
    Asked(asked): Asked<LeadCostsOf>,
) -> Result<Json<LeadCosts>, ApiError> {
    let by = asked.by.as_deref().filter(|by| !by.is_empty()).unwrap_or(BY[0]);
    if !BY.contains(&by) {
        return Err(ApiError::invalid(format!("`by` is {by:?}: use {}", BY.join(", "))));
    }
    let between = LeadsBetween { from: asked.from, to: asked.to, region: None };
    let looked = Looked::at(&store, &caller.scope, clock.now_us(), &between).await?;
    let mut counted: BTreeMap<Option<String>, Counted> = BTreeMap::new();
    let mut all = Counted::default();
    let mut first_us = looked.until_us;
    for (lead, became) in looked.outcomes() {
        first_us = first_us.min(lead.handling.opened_us);
        let key = match by {
            "region" => &lead.region,
            "model" => &lead.model,
            "campaign" => &lead.campaign,
            _ => &lead.channel,
        };
        for held in [counted.entry(key.clone()).or_default(), &mut all] {
            held.qualified.add(became.is_qualified);
            held.contracts += u64::from(became.has_contract);
        }
    }
    // What was paid before leads were dealt with here brought leads that are not among these.
    let zone = TimeZone::get(&installation.time_zone).unwrap_or(TimeZone::UTC);
    let costs_from_us = match all.qualified.of {
        0 => looked.from_us,
        _ => day_start_us(local_day(first_us, &zone), &zone).unwrap_or(first_us).max(looked.from_us),
    };
    let spec = query::PivotSpec {
        rows: vec![by.to_owned()],
        columns: vec![],
        measures: vec!["cost".to_owned()],
        filters: vec![],
        from: Some(iso(costs_from_us)),
        to: Some(iso(looked.until_us)),
        tz: None,
        currency: None,
        margin: None,
    };
    let costs = query.pivot(&caller.scope, &spec, &pivot::terms(&control, &installation).await?).await?;
    let cost_of = |line: &query::PivotLine| line.total.first().copied().flatten();
    let mut paid: BTreeMap<Option<String>, f64> = BTreeMap::new();
    for line in costs.lines.iter().filter(|line| line.key.len() == 1) {
        if let Some((key, cost)) = line.key.first().zip(cost_of(line)) {
            paid.insert(key.clone(), cost);
            counted.entry(key.clone()).or_default();
        }
    }
    let row = |key: Option<String>, cost: Option<f64>, held: Counted| {
        let per = |count: u64| cost.filter(|_| 0 < count).map(|cost| cost / count as f64);
        let (leads, qualified, contracts) = (held.qualified.of, held.qualified.count, held.contracts);
        LeadCost {
            key,
            cost,
            leads,
            qualified,
            contracts,
            qualified_rate: LeadShare::new(held.qualified),
            cpl: per(leads),
            cpql: per(qualified),
            cost_per_contract: per(contracts),
        }
    };
    let mut rows: Vec<LeadCost> = counted
        .into_iter()
        .map(|(key, held)| row(key.clone(), paid.get(&key).copied(), held))
        .filter(|row| 0 < row.leads || row.cost.is_some())
        .collect();
    let dear = |row: &LeadCost| row.cost.unwrap_or(-1.0);
    rows.sort_by(|a, b| dear(b).total_cmp(&dear(a)).then(b.leads.cmp(&a.leads)));
    let total = row(None, cost_of(&costs.total), all);
    Ok(Json(LeadCosts { by: by.to_owned(), currency: costs.currency, costs_from: iso(costs_from_us), rows, total }))
}

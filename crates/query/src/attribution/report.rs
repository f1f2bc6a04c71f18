//! The answer: credit by key and model, with costs and intervals.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use forecourt_lake::tables::AD_COSTS;
use forecourt_model::time::iso;
use futures::StreamExt;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::{
    credit::{MODELS, apportioned},
    follow::Follow,
    interval::{Draws, middle},
    markov::{STATES_MAX, Solved, Steps, solve},
    orders::{Orders, confirmed},
    spec::{Attribution, AttributionSpec},
    tally::{Amount, CONVERSION_UNITS, GROUPS, Tally},
};
use crate::{
    QueryError,
    dimensions::Combination,
    error::answered,
    matched::plan::matched,
    pivot::{
        self,
        measure::{InUse, Measure, Quantity},
        money::Money,
        report::PivotWarning,
        spec::{PivotSpec, PivotTerms},
    },
    session::Session,
};

/// Keys that credit can be given to at most.
const KEYS_MAX: usize = 500;
/// A chain with more states is solved once; its intervals would take too long.
const STATES_DRAWN_MAX: usize = 60;
const MARKOV: &str = "markov";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttributionReport {
    /// Names of the models, in the order of each row's credits.
    pub models: Vec<String>,
    pub by: Vec<String>,
    /// By falling credit in the model `linear`.
    pub rows: Vec<AttributionRow>,
    /// Of all conversions: what the rows' credits and `untouched` add up to, in every model.
    pub total: AttributionSum,
    /// Of conversions without a touch in the look-back.
    pub untouched: AttributionSum,
    /// Paths that led to no conversion.
    pub paths_to_nothing: u64,
    /// Probability that a path converts, by the chain.
    pub conversion_probability: f64,
    /// Of all amounts.
    pub currency: String,
    /// IANA name: dates begin in it.
    pub tz: String,
    pub warnings: Vec<PivotWarning>,
    /// Events read; `None` for callers who see only part of the rows.
    pub rows_scanned: Option<u64>,
    pub elapsed_ms: u64,
    /// ISO 8601 UTC: every event before it is counted.
    pub as_of: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AttributionSum {
    pub conversions: f64,
    pub revenue: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttributionRow {
    /// Value by dimension.
    pub by: BTreeMap<String, Option<String>>,
    /// Conversions with a touch of the row before them, each whole: these do not add up to the total.
    pub associated: AttributionSum,
    /// What advertising cost in the report's time; `None` where costs are not known so finely, or not for the caller.
    pub cost: Option<f64>,
    /// The share of conversions that the chain loses without the row.
    pub removal_effect: f64,
    /// By model.
    pub credits: Vec<AttributionCredit>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttributionCredit {
    pub conversions: f64,
    pub revenue: f64,
    /// The 95 % interval of `conversions`; `None` where it is not worked out.
    pub interval: Option<(f64, f64)>,
    /// The interval overlaps that of the next row by this model: which of the two has more is not known.
    pub tied_with_next: bool,
    /// Of costs: per conversion (CPL of leads, CAC of orders).
    pub cost_per_conversion: Option<f64>,
    /// (Revenue − cost) / cost.
    pub romi: Option<f64>,
    /// Cost / revenue.
    pub drr: Option<f64>,
}

pub(crate) async fn report(
    session: &Session,
    spec: &AttributionSpec,
    attribution: &Attribution,
    terms: &PivotTerms,
) -> Result<AttributionReport, QueryError> {
    let started = Instant::now();
    let mut money = money(attribution, terms);
    let orders = conversions_of(session, attribution, &mut money).await?.map(Arc::new);
    let mut gathered = gather(session, attribution, orders, &money).await?;
    gathered.money.take_in(money);
    let sheet = Sheet::of(attribution, gathered.tally, gathered.keys)?;
    let (costs, cost_warnings) = costs(session, spec, attribution, terms).await?;
    let rows = sheet.rows(attribution, &costs)?;
    let total = sheet.total();
    Ok(AttributionReport {
        models: MODELS.iter().copied().chain([MARKOV]).map(str::to_owned).collect(),
        by: attribution.by.clone(),
        rows,
        total: sum(total),
        untouched: sum(sheet.tally.untouched),
        paths_to_nothing: sheet.tally.to_nothing,
        conversion_probability: sheet.solved.conversion,
        currency: attribution.currency.clone(),
        tz: attribution.period.zone.iana_name().unwrap_or("UTC").to_owned(),
        warnings: pivot::report::missing_rates(&gathered.money, &attribution.currency).chain(cost_warnings).collect(),
        rows_scanned: session.sees_all_rows().then_some(gathered.rows_scanned),
        elapsed_ms: started.elapsed().as_millis() as u64,
        as_of: iso(session.as_of_us()),
    })
}

pub(super) fn money(attribution: &Attribution, terms: &PivotTerms) -> Money {
    Money::new(Arc::new(terms.rates.clone()), attribution.currency.clone(), terms.currency.clone())
}

/// The conversions that are no events.
pub(super) async fn conversions_of(session: &Session, attribution: &Attribution, money: &mut Money) -> Result<Option<Orders>, QueryError> {
    match attribution.conversion {
        Some(_) => Ok(None),
        None => confirmed(session, attribution, money).await.map(Some),
    }
}

struct Gathered {
    tally: Tally,
    keys: Vec<Combination>,
    money: Money,
    rows_scanned: u64,
}

/// Adds up the paths of all buckets, then the orders of people whom no event tells of.
async fn gather(session: &Session, attribution: &Attribution, orders: Option<Arc<Orders>>, money: &Money) -> Result<Gathered, QueryError> {
    let matched = matched(session, &attribution.wanted())?;
    let empty = money.anew();
    let parts = session
        .each_partition(matched.plan, |rows| {
            let mut follow = Follow::new(attribution, orders.clone(), empty.clone(), matched.keys);
            let mut tally = Tally::new(attribution.terms, attribution.order);
            async move {
                futures::pin_mut!(rows);
                while let Some(batch) = rows.next().await {
                    follow.take(&batch.map_err(answered)?, |path| tally.add(path))?;
                    check_keys(tally.credits.len())?;
                }
                follow.end(&mut |path| tally.add(path));
                Ok((tally, follow.combinations.into_values(), follow.money, follow.met))
            }
        })
        .await?;
    let mut all = Gathered {
        tally: Tally::new(attribution.terms, attribution.order),
        keys: Vec::new(),
        money: empty,
        rows_scanned: matched.rows_scanned.load(Ordering::Relaxed),
    };
    let mut numbers: FxHashMap<Combination, u32> = FxHashMap::default();
    let mut met: Vec<i64> = Vec::new();
    for (tally, combinations, money, more_met) in parts {
        let number = |combination: Combination| {
            *numbers.entry(combination.clone()).or_insert_with(|| {
                all.keys.push(combination);
                all.keys.len() as u32 - 1
            })
        };
        let keys: Vec<u32> = combinations.into_iter().map(number).collect();
        check_keys(all.keys.len())?;
        all.tally.take_in(tally, &keys);
        all.money.take_in(money);
        met.extend(more_met);
    }
    met.sort_unstable();
    if let Some(orders) = orders {
        for profile_id in orders.profiles().filter(|id| met.binary_search(id).is_err()) {
            let own = orders.of(profile_id).unwrap_or_default().iter().filter(|(ts_us, _)| attribution.period.has(*ts_us));
            own.for_each(|(_, revenue)| all.tally.untouched.add(Amount { conversions: CONVERSION_UNITS, revenue: *revenue }));
        }
    }
    Ok(all)
}

fn check_keys(count: usize) -> Result<(), QueryError> {
    if KEYS_MAX < count {
        return Err(QueryError::Invalid(format!(
            "`by` tells more than {KEYS_MAX} kinds of touches apart: take fewer or coarser dimensions, or a shorter time"
        )));
    }
    Ok(())
}

/// What advertising cost by key, as the pivot counts it; empty where costs are not known by these dimensions.
async fn costs(
    session: &Session,
    spec: &AttributionSpec,
    attribution: &Attribution,
    terms: &PivotTerms,
) -> Result<(FxHashMap<Combination, f64>, Vec<PivotWarning>), QueryError> {
    let is_known = |name: &String| AD_COSTS.columns.iter().any(|column| column.name == name);
    if !attribution.by.iter().all(is_known) || session.visible_in(AD_COSTS.name).is_none() {
        return Ok((FxHashMap::default(), Vec::new()));
    }
    let asked = PivotSpec {
        rows: attribution.by.clone(),
        measures: vec!["cost".to_owned()],
        from: spec.from.clone(),
        to: spec.to.clone(),
        tz: spec.tz.clone(),
        currency: Some(attribution.currency.clone()).filter(|currency| !currency.is_empty()),
        ..PivotSpec::default()
    };
    let pivot = asked.check(terms, &attribution.period.zone)?;
    let report = pivot::report::report(session, &pivot, terms).await?;
    let finest = report.lines.into_iter().filter(|line| line.key.len() == attribution.by.len());
    let costs = finest.filter_map(|line| Some((line.key, line.total.first().copied().flatten()?))).collect();
    let missing = report.warnings.into_iter().filter(|warning| matches!(warning, PivotWarning::MissingRate { .. }));
    Ok((costs, missing.collect()))
}

/// How sums become figures.
struct Sheet {
    tally: Tally,
    keys: Vec<Combination>,
    solved: Solved,
    /// By key.
    markov: Vec<Amount>,
    draws: Draws,
    /// Credit in the model `markov`, by draw, then by key; empty where it is not worked out.
    markov_draws: Vec<Vec<f64>>,
}

impl Sheet {
    fn of(attribution: &Attribution, tally: Tally, keys: Vec<Combination>) -> Result<Self, QueryError> {
        let states = tally.states.len();
        if STATES_MAX < states {
            return Err(QueryError::Invalid(format!(
                "`order` is {}: the chain has {states} states, at most {STATES_MAX} are solved: take a lower `order`, or a coarser `by`",
                attribution.order
            )));
        }
        let latest = tally.states.latest();
        let mut steps = Steps::default();
        tally.steps.iter().flatten().for_each(|(step, count)| *steps.entry(*step).or_default() += count);
        let solved = solve(&steps, &latest, keys.len());
        let total = touched(&tally);
        let shares = if total == Amount::default() { Vec::new() } else { solved.shares() };
        let (conversions, revenue) = (apportioned(total.conversions, &shares), apportioned(total.revenue, &shares));
        let mut markov: Vec<Amount> =
            conversions.into_iter().zip(revenue).map(|(conversions, revenue)| Amount { conversions, revenue }).collect();
        markov.resize(keys.len(), Amount::default());
        let draws = Draws::new();
        let markov_draws = if states <= STATES_DRAWN_MAX { drawn_chains(&tally, &steps, &latest, keys.len(), &draws) } else { Vec::new() };
        Ok(Self { tally, keys, solved, markov, draws, markov_draws })
    }

    fn total(&self) -> Amount {
        let mut total = touched(&self.tally);
        total.add(self.tally.untouched);
        total
    }

    fn rows(&self, attribution: &Attribution, costs: &FxHashMap<Combination, f64>) -> Result<Vec<AttributionRow>, QueryError> {
        let formulas = Formulas::read()?;
        let mut rows = Vec::with_capacity(self.keys.len());
        for (key, combination) in self.keys.iter().enumerate() {
            let cost = costs.get(combination).copied();
            let credits = (0..=MODELS.len()).map(|model| formulas.credit(self.credit(key, model), self.interval(key, model), cost));
            rows.push(AttributionRow {
                by: attribution.by.iter().cloned().zip(combination.iter().cloned()).collect(),
                associated: sum(self.tally.associated.get(key).copied().unwrap_or_default()),
                cost,
                removal_effect: self.solved.removal_effects[key],
                credits: credits.collect(),
            });
        }
        let linear = |row: &AttributionRow| row.credits[3].conversions;
        rows.sort_by(|left, right| linear(right).total_cmp(&linear(left)).then_with(|| left.by.cmp(&right.by)));
        (0..=MODELS.len()).for_each(|model| mark_ties(&mut rows, model));
        Ok(rows)
    }

    fn credit(&self, key: usize, model: usize) -> Amount {
        if model == MODELS.len() {
            return self.markov[key];
        }
        let mut total = Amount::default();
        self.tally.credits.get(key).into_iter().flat_map(|credits| credits[model]).for_each(|amount| total.add(amount));
        total
    }

    fn interval(&self, key: usize, model: usize) -> Option<(f64, f64)> {
        if model == MODELS.len() {
            let drawn: Vec<f64> = self.markov_draws.iter().map(|credits| credits[key]).collect();
            return (!drawn.is_empty()).then(|| middle(drawn));
        }
        let by_group: [f64; GROUPS] = std::array::from_fn(|group| {
            self.tally.credits.get(key).map_or(0.0, |credits| credits[model][group].conversions as f64 / CONVERSION_UNITS as f64)
        });
        Some(self.draws.of_sum(&by_group))
    }
}

/// The chain anew for each draw: credit by draw and key.
fn drawn_chains(tally: &Tally, steps: &Steps, latest: &[u32], keys: usize, draws: &Draws) -> Vec<Vec<f64>> {
    let by_group: Vec<((u32, u32), [f64; GROUPS])> =
        steps.keys().map(|step| (*step, std::array::from_fn(|group| tally.steps[group].get(step).copied().unwrap_or_default()))).collect();
    let drawn = |times: &[f64; GROUPS]| -> Vec<f64> {
        let dot = |values: &[f64; GROUPS]| values.iter().zip(times).map(|(value, times)| value * times).sum::<f64>();
        let steps: Steps = by_group.iter().map(|(step, counts)| (*step, dot(counts))).filter(|(_, count)| 0.0 < *count).collect();
        let conversions: f64 = tally.touched.iter().zip(times).map(|(amount, times)| amount.conversions as f64 * times).sum();
        solve(&steps, latest, keys).shares().into_iter().map(|share| share * conversions / CONVERSION_UNITS as f64).collect()
    };
    draws.iter().map(drawn).collect()
}

fn touched(tally: &Tally) -> Amount {
    let mut total = Amount::default();
    tally.touched.iter().for_each(|amount| total.add(*amount));
    total
}

fn sum(amount: Amount) -> AttributionSum {
    AttributionSum { conversions: amount.conversions as f64 / CONVERSION_UNITS as f64, revenue: amount.revenue as f64 / 100.0 }
}

/// The formulas of the pivot, over credited conversions and revenue.
struct Formulas {
    cost_per_conversion: Measure,
    romi: Measure,
    drr: Measure,
}

impl Formulas {
    fn read() -> Result<Self, QueryError> {
        let read = |name: &str| Measure::read(name, &[], None, &mut InUse::default());
        Ok(Self { cost_per_conversion: read("cost_per_sale")?, romi: read("romi")?, drr: read("drr")? })
    }

    fn credit(&self, amount: Amount, interval: Option<(f64, f64)>, cost: Option<f64>) -> AttributionCredit {
        let AttributionSum { conversions, revenue } = sum(amount);
        let value = |quantity| match quantity {
            Quantity::Cost => cost,
            Quantity::Sales => Some(conversions),
            Quantity::Revenue => Some(revenue),
            _ => None,
        };
        AttributionCredit {
            conversions,
            revenue,
            interval,
            tied_with_next: false,
            cost_per_conversion: self.cost_per_conversion.value(value),
            romi: self.romi.value(value),
            drr: self.drr.value(value),
        }
    }
}

/// Says of each row whether its rank above the next is known.
fn mark_ties(rows: &mut [AttributionRow], model: usize) {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|left, right| rows[*right].credits[model].conversions.total_cmp(&rows[*left].credits[model].conversions));
    for pair in order.windows(2) {
        let interval = |at: usize| rows[at].credits[model].interval;
        let is_tied = interval(pair[0]).zip(interval(pair[1])).is_some_and(|((low, _), (_, high))| low <= high);
        rows[pair[0]].credits[model].tied_with_next = is_tied;
    }
}

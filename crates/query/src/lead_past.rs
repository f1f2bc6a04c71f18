//! Leads of the past as a score learns from them: what was known at a moment, and what became of each.
//!
//! Only what happened up to the moment is looked at. What a lead's own events say of where it stands is its outcome, never a feature.

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::{AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Int64Type, TimestampMicrosecondType},
};
use forecourt_model::{
    BUCKETS, Scope,
    entity::stage_of,
    lead::learned::{Capture, Seen, is_about_leads, looked_at_us},
    row::DERIVED_SOURCE,
};
use futures::StreamExt;
use serde_json::Value;

use crate::{
    Query, QueryError,
    dataset::Dataset,
    error::{answered, asked},
    session::{Engine, Session},
};

/// Leads that are learned from at most, the newest: more teach hardly more.
const LEADS_MAX: usize = 200_000;
const WON: [&str; 2] = ["contract", "delivered"];
/// Events of a name that more often than one in so many names a lead are about leads.
const TELLS_ONE_IN: u64 = 50;
/// `bucket = profile_id >> 59`.
const BUCKET_SHIFT: u32 = 59;

/// What a person had done by a moment, by the number of the event's name.
#[derive(Debug, Clone, PartialEq)]
pub struct LookBack {
    pub at_us: i64,
    pub seen: HashMap<u32, Seen>,
}

/// A lead with what was known of it, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct LeadPast {
    pub lead_id: String,
    pub created_us: i64,
    pub facts: std::collections::BTreeMap<String, Value>,
    /// When it was first known to be won.
    pub won_us: Option<i64>,
    pub lost_us: Option<i64>,
    /// By rising time; moments that have not come yet, or after the outcome, are left out.
    pub looks: Vec<LookBack>,
}

impl LeadPast {
    pub fn is_decided(&self) -> bool {
        self.won_us.is_some() || self.lost_us.is_some()
    }
}

#[derive(Debug, Clone, Default)]
pub struct LeadHistory {
    /// Names of events that are not about leads, by their numbers.
    pub names: Vec<String>,
    /// The oldest first.
    pub leads: Vec<LeadPast>,
}

/// A lead while its past is gathered.
struct Gathered {
    lead_id: String,
    profile_id: i64,
    created_us: i64,
    channel: Option<String>,
    utm_source: Option<String>,
    campaign: Option<String>,
    won_us: Option<i64>,
    lost_us: Option<i64>,
    first: Option<First>,
    looks: Vec<LookBack>,
}

/// The event that told of it first.
struct First {
    key: (i64, i64),
    properties: String,
    model: Option<String>,
    region: Option<String>,
}

impl Query {
    /// The leads of the past.
    ///
    /// * `now_us`: leads are not looked at later than that.
    /// * `progress`: is told how many of the sixteenths are done.
    pub async fn lead_history(&self, now_us: i64, progress: impl Fn(u16) + Send) -> Result<LeadHistory, QueryError> {
        let dataset = self.dataset()?;
        let mut leads = leads(&self.engine, &dataset, now_us).await?;
        let mut of_profile: HashMap<i64, Vec<usize>> = HashMap::new();
        leads.iter().enumerate().for_each(|(at, lead)| of_profile.entry(lead.profile_id).or_default().push(at));
        let by_id: HashMap<String, usize> = leads.iter().enumerate().map(|(at, lead)| (lead.lead_id.clone(), at)).collect();
        let mut names = Names::default();
        for bucket in 0..BUCKETS {
            let batches = events(&self.engine, &dataset, bucket).await?;
            for batch in &batches {
                take(batch, &mut leads, &of_profile, &by_id, &mut names)?;
            }
            progress(bucket + 1);
        }
        Ok(names.history(leads))
    }
}

/// Names of events, and how often each came with and without a lead's id.
#[derive(Default)]
struct Names {
    numbers: HashMap<String, u32>,
    /// All, and those that name a lead.
    rows: Vec<(u64, u64)>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.rows.len() as u32;
        self.numbers.insert(name.to_owned(), number);
        self.rows.push((0, 0));
        number
    }

    /// Leaves out what is about leads, and what nobody knows of a lead.
    fn history(self, gathered: Vec<Gathered>) -> LeadHistory {
        let mut names = vec![String::new(); self.rows.len()];
        self.numbers.into_iter().for_each(|(name, number)| names[number as usize] = name);
        let is_kept: Vec<bool> =
            names.iter().zip(&self.rows).map(|(name, (all, telling))| !is_about_leads(name) && telling * TELLS_ONE_IN <= *all).collect();
        let past = |lead: Gathered| {
            let first = lead.first?;
            let capture = Capture {
                properties: &first.properties,
                at_us: lead.created_us,
                model: first.model.as_deref(),
                region: first.region.as_deref(),
                channel: lead.channel.as_deref(),
                utm_source: lead.utm_source.as_deref(),
                campaign: lead.campaign.as_deref(),
            };
            let end_us = lead.won_us.into_iter().chain(lead.lost_us).min().unwrap_or(i64::MAX);
            let mut looks = lead.looks;
            // A file may tell of a lead and its end at once: as it came in it was open all the same.
            looks.retain(|look| look.at_us == lead.created_us || look.at_us < end_us);
            looks.iter_mut().for_each(|look| look.seen.retain(|number, _| is_kept[*number as usize]));
            Some(LeadPast {
                facts: capture.facts(),
                lead_id: lead.lead_id,
                created_us: lead.created_us,
                won_us: lead.won_us,
                lost_us: lead.lost_us,
                looks,
            })
        };
        let mut leads: Vec<LeadPast> = gathered.into_iter().filter_map(past).collect();
        leads.sort_by(|a, b| (a.created_us, &a.lead_id).cmp(&(b.created_us, &b.lead_id)));
        LeadHistory { names, leads }
    }
}

/// Asks the whole lake, whoever wants to know: a score is everybody's.
async fn rows(engine: &Arc<Engine>, dataset: &Arc<Dataset>, sql: String) -> Result<Vec<RecordBatch>, QueryError> {
    let session = Session::new(engine.clone(), dataset.clone(), Scope::Everything, None);
    let question = async move {
        let mut stream = session.context()?.sql(&sql).await.map_err(asked)?.execute_stream().await.map_err(answered)?;
        let mut batches = Vec::new();
        while let Some(batch) = stream.next().await {
            batches.push(batch.map_err(answered)?);
        }
        Ok(batches)
    };
    engine.run(question).await
}

async fn leads(engine: &Arc<Engine>, dataset: &Arc<Dataset>, now_us: i64) -> Result<Vec<Gathered>, QueryError> {
    let sql = format!(
        "SELECT l.lead_id, l.profile_id, l.created_at, l.stage, l.stage_at, l.channel, l.utm_source, l.campaign, o.won_at
         FROM (SELECT * FROM leads ORDER BY created_at DESC, lead_id LIMIT {LEADS_MAX}) l
         LEFT JOIN (SELECT lead_id, min(ts) AS won_at FROM orders WHERE status = 'confirmed' GROUP BY lead_id) o ON o.lead_id = l.lead_id"
    );
    let mut leads = Vec::new();
    for batch in rows(engine, dataset, sql).await? {
        let texts = [0, 3, 5, 6, 7].map(|at| text(&batch, at));
        let [ids, stages, channels, sources, campaigns] = texts;
        let (ids, stages, channels, sources, campaigns) = (ids?, stages?, channels?, sources?, campaigns?);
        let (created, stage_at, won_at) = (times(&batch, 2)?, times(&batch, 4)?, times(&batch, 8)?);
        let profiles = batch.column(1).as_primitive::<Int64Type>();
        for row in 0..batch.num_rows() {
            let Some((lead_id, created_us)) = ids[row].clone().zip(created[row]) else { continue };
            let stage = stages[row].as_deref().unwrap_or_default();
            let at_stage = |wanted: bool| stage_at[row].filter(|_| wanted);
            leads.push(Gathered {
                looks: looked_at_us(&lead_id, created_us)
                    .into_iter()
                    .filter(|us| *us <= now_us)
                    .map(|at_us| LookBack { at_us, seen: HashMap::new() })
                    .collect(),
                lead_id,
                profile_id: profiles.value(row),
                created_us,
                channel: channels[row].clone(),
                utm_source: sources[row].clone(),
                campaign: campaigns[row].clone(),
                won_us: at_stage(WON.contains(&stage)).into_iter().chain(won_at[row]).min(),
                lost_us: at_stage(stage == "lost"),
                first: None,
            });
        }
    }
    Ok(leads)
}

async fn events(engine: &Arc<Engine>, dataset: &Arc<Dataset>, bucket: u16) -> Result<Vec<RecordBatch>, QueryError> {
    let from = i64::from(bucket) << BUCKET_SHIFT;
    let to = from + ((1_i64 << BUCKET_SHIFT) - 1);
    let sql = format!(
        "SELECT e.profile_id, e.ts, e.event, e.log_offset, e.model, e.region,
                CASE WHEN strpos(e.properties, '\"lead_id\"') > 0 THEN e.properties END
         FROM events e WHERE e.profile_id >= {from} AND e.profile_id <= {to} AND e.source <> '{DERIVED_SOURCE}'
           AND e.profile_id IN (SELECT profile_id FROM leads)"
    );
    rows(engine, dataset, sql).await
}

fn take(
    batch: &RecordBatch,
    leads: &mut [Gathered],
    of_profile: &HashMap<i64, Vec<usize>>,
    by_id: &HashMap<String, usize>,
    names: &mut Names,
) -> Result<(), QueryError> {
    let (profiles, at) = (batch.column(0).as_primitive::<Int64Type>(), times(batch, 1)?);
    let (events, models, regions, told) = (text(batch, 2)?, text(batch, 4)?, text(batch, 5)?, text(batch, 6)?);
    let offsets = batch.column(3).as_primitive::<Int64Type>();
    for row in 0..batch.num_rows() {
        let Some((name, ts_us)) = events[row].as_deref().zip(at[row]) else { continue };
        let number = names.number(name);
        let count = &mut names.rows[number as usize];
        *count = (count.0 + 1, count.1 + u64::from(told[row].is_some()));
        for lead in of_profile.get(&profiles.value(row)).into_iter().flatten() {
            for look in leads[*lead].looks.iter_mut().filter(|look| ts_us <= look.at_us) {
                let seen = Seen { times: 1, last_us: ts_us };
                look.seen.entry(number).and_modify(|held| *held = held.unite(seen)).or_insert(seen);
            }
        }
        let Some(properties) = &told[row] else { continue };
        let read: Value = serde_json::from_str(properties).unwrap_or_default();
        let lead_id = match &read["lead_id"] {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => continue,
        };
        let Some(lead) = by_id.get(&lead_id).map(|at| &mut leads[*at]) else { continue };
        let stage = read["stage"].as_str().or(stage_of(name)).unwrap_or_default();
        if WON.contains(&stage) && lead.won_us.is_some() {
            lead.won_us = lead.won_us.min(Some(ts_us));
        }
        let key = (ts_us, offsets.value(row));
        if lead.first.as_ref().is_none_or(|first| key < first.key) {
            lead.first = Some(First { key, properties: properties.clone(), model: models[row].clone(), region: regions[row].clone() });
        }
    }
    Ok(())
}

fn text(batch: &RecordBatch, at: usize) -> Result<Vec<Option<String>>, QueryError> {
    let column = cast(batch.column(at), &DataType::Utf8).map_err(QueryError::internal)?;
    Ok(column.as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect())
}

fn times(batch: &RecordBatch, at: usize) -> Result<Vec<Option<i64>>, QueryError> {
    let column = batch.column(at).as_primitive_opt::<TimestampMicrosecondType>();
    let column = column.ok_or_else(|| QueryError::internal("a time that is none"))?;
    Ok(column.iter().collect())
}

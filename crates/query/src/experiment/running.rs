//! The experiments that there are: what the usual exposure events tell of.

use std::collections::BTreeMap;

use arrow::{
    array::{AsArray, RecordBatch},
    datatypes::{TimestampMicrosecondType, UInt16Type},
};
use forecourt_model::time::{DAY_US, iso};
use futures::StreamExt;
use serde::{Deserialize, Serialize};

use crate::{
    QueryError,
    dimensions::texts_of,
    error::answered,
    json_get::value_at,
    matched::plan::{Wanted, WantedEvent, matched},
    session::Session,
};

/// Experiments that are listed at most: those last seen.
pub const EXPERIMENTS_MAX: usize = 100;
const DAYS: i64 = 400;
/// Names that one pass holds, by variant: where somebody's ids stand for variants there is no end of them.
const KEYS_MAX: usize = 5_000;

/// An event by which tools say that somebody was shown a variant, and where it names experiment and variant.
struct Exposure {
    event: &'static str,
    experiment: &'static str,
    variant: &'static str,
}

/// Ours; Segment's A/B testing specification, which others follow; PostHog's; GrowthBook's.
const EXPOSURES: [Exposure; 5] = [
    Exposure { event: "experiment_viewed", experiment: "experiment", variant: "variant" },
    Exposure { event: "experiment_viewed", experiment: "experiment_id", variant: "variation_id" },
    Exposure { event: "Experiment Viewed", experiment: "experiment_name", variant: "variation_name" },
    Exposure { event: "Experiment Viewed", experiment: "experiment_id", variant: "variation_id" },
    Exposure { event: "$feature_flag_called", experiment: "$feature_flag", variant: "$feature_flag_response" },
];

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundExperiment {
    pub name: String,
    /// The exposure's event.
    pub event: String,
    /// Property that names the experiment.
    pub experiment_property: String,
    /// Property that names the variant.
    pub variant_property: String,
    /// By name, with how many exposures.
    pub variants: Vec<FoundVariant>,
    /// ISO 8601 UTC.
    pub first_seen: String,
    pub last_seen: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundVariant {
    pub name: String,
    pub exposures: u64,
}

pub(crate) async fn running(session: &Session) -> Result<Vec<FoundExperiment>, QueryError> {
    let wanted = Wanted {
        events: EXPOSURES.iter().map(Exposure::wanted).collect(),
        from_us: session.as_of_us().saturating_sub(DAYS * DAY_US),
        to_us: session.as_of_us().saturating_add(1),
        columns: vec!["properties".into()],
        keep_unmatched: false,
    };
    let matched = matched(session, &wanted)?;
    let keys = matched.keys;
    let counted = session
        .each_partition(matched.plan, |rows| async move {
            let mut seen = Seen::default();
            futures::pin_mut!(rows);
            while let Some(batch) = rows.next().await {
                seen.take(&batch.map_err(answered)?, keys)?;
            }
            Ok(seen)
        })
        .await?;
    let seen = counted.into_iter().fold(Seen::default(), Seen::unite);
    Ok(seen.experiments())
}

/// How often, first and last: by exposure, experiment and variant.
#[derive(Default)]
struct Seen(BTreeMap<(usize, String, String), (u64, i64, i64)>);

impl Seen {
    fn take(&mut self, batch: &RecordBatch, keys: usize) -> Result<(), QueryError> {
        let times = batch.column(1).as_primitive::<TimestampMicrosecondType>().values();
        let matched = batch.column(batch.num_columns() - 1).as_primitive::<UInt16Type>().values();
        let [properties] = &texts_of(&batch.columns()[keys..=keys])?[..] else { return Ok(()) };
        for (row, properties) in properties.as_string_view().iter().enumerate() {
            let Some(properties) = properties else { continue };
            // Where an event carries both a name and an id, the name is told.
            let told = EXPOSURES.iter().enumerate().filter(|(at, _)| matched[row] & 1 << at != 0);
            let mut named = told.filter_map(|(at, exposure)| {
                let value = |property| value_at(properties, property).filter(|value| !value.trim().is_empty());
                Some((at, value(exposure.experiment)?.into_owned(), value(exposure.variant)?.into_owned()))
            });
            if let Some(key) = named.next()
                && (self.0.len() < KEYS_MAX || self.0.contains_key(&key))
            {
                let (exposures, first_us, last_us) = self.0.entry(key).or_insert((0, i64::MAX, i64::MIN));
                *exposures += 1;
                (*first_us, *last_us) = ((*first_us).min(times[row]), (*last_us).max(times[row]));
            }
        }
        Ok(())
    }

    fn unite(mut self, other: Self) -> Self {
        for (key, (exposures, first_us, last_us)) in other.0 {
            let held = self.0.entry(key).or_insert((0, i64::MAX, i64::MIN));
            *held = (held.0 + exposures, held.1.min(first_us), held.2.max(last_us));
        }
        self
    }

    fn experiments(self) -> Vec<FoundExperiment> {
        let mut found: Vec<(FoundExperiment, i64, i64)> = Vec::new();
        // By exposure and name: the variants of an experiment stand together, by name.
        for ((at, name, variant), (exposures, first_us, last_us)) in self.0 {
            let exposure = &EXPOSURES[at];
            let variant = FoundVariant { name: variant, exposures };
            match found.last_mut() {
                Some((held, first, last)) if held.name == name && held.is_of(exposure) => {
                    held.variants.push(variant);
                    (*first, *last) = ((*first).min(first_us), (*last).max(last_us));
                }
                _ => found.push((FoundExperiment::begun(exposure, name, variant), first_us, last_us)),
            }
        }
        found.sort_by(|left, right| right.2.cmp(&left.2).then_with(|| left.0.name.cmp(&right.0.name)));
        found.truncate(EXPERIMENTS_MAX);
        let told = found.into_iter().map(|(experiment, first_us, last_us)| FoundExperiment {
            first_seen: iso(first_us),
            last_seen: iso(last_us),
            ..experiment
        });
        told.collect()
    }
}

impl Exposure {
    fn wanted(&self) -> WantedEvent {
        WantedEvent { event: Some(self.event.to_owned()), condition: None, called: String::new() }
    }
}

impl FoundExperiment {
    fn begun(exposure: &Exposure, name: String, variant: FoundVariant) -> Self {
        Self {
            name,
            event: exposure.event.to_owned(),
            experiment_property: exposure.experiment.to_owned(),
            variant_property: exposure.variant.to_owned(),
            variants: vec![variant],
            first_seen: String::new(),
            last_seen: String::new(),
        }
    }

    fn is_of(&self, exposure: &Exposure) -> bool {
        self.event == exposure.event && self.variant_property == exposure.variant
    }
}

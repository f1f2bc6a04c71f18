//! The experiments that there are: what the usual exposure events tell of.

use arrow::{
    array::AsArray,
    compute::cast,
    datatypes::{DataType, Int64Type, TimestampMicrosecondType},
};
use forecourt_model::time::{DAY_US, iso};
use serde::{Deserialize, Serialize};

use crate::{QueryError, error::answered, session::Session};

/// Experiments that are listed at most: those last seen.
pub const EXPERIMENTS_MAX: usize = 100;
const DAYS: i64 = 400;
const VARIANTS_LISTED_MAX: usize = 2_000;

/// An event by which tools say that somebody was shown a variant, and where it names experiment and variant.
struct Exposure {
    event: &'static str,
    experiment: &'static str,
    variant: &'static str,
}

/// Ours; Segment's A/B testing specification, which others follow; PostHog's; GrowthBook's.
const EXPOSURES: [Exposure; 5] = [
    Exposure { event: "experiment_viewed", experiment: "experiment", variant: "variant" },
    Exposure { event: "Experiment Viewed", experiment: "experiment_name", variant: "variation_name" },
    Exposure { event: "Experiment Viewed", experiment: "experiment_id", variant: "variation_id" },
    Exposure { event: "$feature_flag_called", experiment: "$feature_flag", variant: "$feature_flag_response" },
    Exposure { event: "experiment_viewed", experiment: "experiment_id", variant: "variation_id" },
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
    let mut found: Vec<FoundExperiment> = Vec::new();
    for exposure in EXPOSURES {
        let names = of_exposure(session, &exposure).await?;
        // Where an event carries both an id and a name, the name is told.
        let is_told = found.iter().any(|before| before.event == exposure.event);
        if !is_told {
            found.extend(names);
        }
    }
    found.sort_by(|left, right| right.last_seen.cmp(&left.last_seen).then_with(|| left.name.cmp(&right.name)));
    found.truncate(EXPERIMENTS_MAX);
    Ok(found)
}

async fn of_exposure(session: &Session, exposure: &Exposure) -> Result<Vec<FoundExperiment>, QueryError> {
    let Exposure { event, experiment, variant } = exposure;
    // The names are constants of this file.
    let sql = format!(
        "SELECT json_get(properties, '{experiment}') AS experiment, json_get(properties, '{variant}') AS variant, \
            count(*) AS exposures, min(ts) AS first, max(ts) AS last \
         FROM events WHERE event = '{event}' AND ts >= to_timestamp_micros({from_us}) \
            AND json_get(properties, '{experiment}') IS NOT NULL AND json_get(properties, '{variant}') IS NOT NULL \
         GROUP BY 1, 2 ORDER BY last DESC, 1, 2 LIMIT {VARIANTS_LISTED_MAX}",
        from_us = session.as_of_us().saturating_sub(DAYS * DAY_US),
    );
    let batches = async {
        session.context().map_err(|error| datafusion::common::DataFusionError::External(Box::new(error)))?.sql(&sql).await?.collect().await
    };
    let mut found: Vec<(FoundExperiment, i64, i64)> = Vec::new();
    for batch in batches.await.map_err(answered)? {
        let text = |at: usize| cast(batch.column(at), &DataType::Utf8View).map_err(|error| answered(error.into()));
        let (names, variants) = (text(0)?, text(1)?);
        let exposures = batch.column(2).as_primitive::<Int64Type>();
        let first = batch.column(3).as_primitive::<TimestampMicrosecondType>();
        let last = batch.column(4).as_primitive::<TimestampMicrosecondType>();
        for row in 0..batch.num_rows() {
            let name = names.as_string_view().value(row);
            let of = FoundVariant { name: variants.as_string_view().value(row).to_owned(), exposures: exposures.value(row) as u64 };
            match found.iter_mut().find(|(held, ..)| held.name == name) {
                Some((held, first_us, last_us)) => {
                    held.variants.push(of);
                    (*first_us, *last_us) = ((*first_us).min(first.value(row)), (*last_us).max(last.value(row)));
                }
                None => found.push((begun(exposure, name, of), first.value(row), last.value(row))),
            }
        }
    }
    let told = found.into_iter().map(|(mut experiment, first_us, last_us)| {
        experiment.variants.sort_by(|left, right| left.name.cmp(&right.name));
        (experiment.first_seen, experiment.last_seen) = (iso(first_us), iso(last_us));
        experiment
    });
    Ok(told.collect())
}

fn begun(exposure: &Exposure, name: &str, variant: FoundVariant) -> FoundExperiment {
    FoundExperiment {
        name: name.to_owned(),
        event: exposure.event.to_owned(),
        experiment_property: exposure.experiment.to_owned(),
        variant_property: exposure.variant.to_owned(),
        variants: vec![variant],
        first_seen: String::new(),
        last_seen: String::new(),
    }
}

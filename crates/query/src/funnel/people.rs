//! Who is behind a bar of the funnel.

use std::collections::BTreeMap;

use arrow::{
    array::{Array, AsArray, RecordBatch},
    datatypes::{Int64Type, UInt8Type},
};
use futures::StreamExt;
use serde::{Deserialize, Serialize};

use super::{plan, spec::Funnel};
use crate::{QueryError, error::answered, session::Session};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Profiles that reached the step.
    Reached,
    /// Profiles that reached the step before, and not this one.
    Dropped,
}

/// Which profiles of a funnel are wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct PeopleSpec {
    /// From 1; from 2 for [`Outcome::Dropped`].
    pub step: usize,
    pub outcome: Outcome,
    /// Only those of one group of the report: its value by dimension.
    pub by: BTreeMap<String, Option<String>>,
    /// 1 to 1,000.
    pub limit: usize,
    /// What an answer before gave as [`People::next_cursor`].
    pub cursor: Option<String>,
}

/// By rising id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct People {
    pub profile_ids: Vec<i64>,
    /// Of all pages.
    pub total: u64,
    pub next_cursor: Option<String>,
}

pub const PEOPLE_MAX: usize = 1000;

pub(crate) async fn people(session: &Session, mut funnel: Funnel, spec: &PeopleSpec) -> Result<People, QueryError> {
    let wanted = Wanted::of(&mut funnel, spec)?;
    let limit = spec.limit.clamp(1, PEOPLE_MAX);
    let planned = plan::plan(session, &funnel)?;
    let steps = funnel.steps.len();
    let found = session
        .each_partition(planned.plan, move |rows| {
            let wanted = wanted.clone();
            async move {
                let (mut page, mut total) = (Vec::new(), 0u64);
                futures::pin_mut!(rows);
                while let Some(batch) = rows.next().await {
                    wanted.find(&batch.map_err(answered)?, steps, |profile_id| {
                        total += 1;
                        // One more than asked for tells whether there is a next page.
                        if wanted.after < profile_id && page.len() <= limit {
                            page.push(profile_id);
                        }
                    });
                }
                Ok((page, total))
            }
        })
        .await?;
    let total = found.iter().map(|bucket| bucket.1).sum();
    // Buckets are rising ranges of ids.
    let mut profile_ids: Vec<i64> = found.into_iter().flat_map(|bucket| bucket.0).collect();
    let more = profile_ids.len() > limit;
    profile_ids.truncate(limit);
    let next_cursor = profile_ids.last().filter(|_| more).map(i64::to_string);
    Ok(People { profile_ids, total, next_cursor })
}

#[derive(Clone)]
struct Wanted {
    levels: std::ops::RangeInclusive<u8>,
    /// In the order of the funnel's dimensions.
    by: Vec<Option<String>>,
    after: i64,
}

impl Wanted {
    /// Checks the request; the funnel's dimensions become those that the request names.
    fn of(funnel: &mut Funnel, spec: &PeopleSpec) -> Result<Self, QueryError> {
        let steps = funnel.steps.len();
        let least = if spec.outcome == Outcome::Dropped { 2 } else { 1 };
        if !(least..=steps).contains(&spec.step) {
            return Err(QueryError::Invalid(match spec.outcome {
                Outcome::Reached => format!("`step` is {}: use 1 to {steps}", spec.step),
                Outcome::Dropped => format!("`step` is {}: nobody drops out before step 2, use 2 to {steps}", spec.step),
            }));
        }
        for name in spec.by.keys() {
            if !super::spec::DIMENSIONS.contains(&name.as_str()) {
                return Err(QueryError::Invalid(format!("`by` names {name:?}: use {}", super::spec::DIMENSIONS.join(", "))));
            }
        }
        let after = match spec.cursor.as_deref() {
            None => -1,
            Some(cursor) => {
                cursor.parse().map_err(|_| QueryError::Invalid(format!("`cursor` is {cursor:?}: pass on the one of the page before")))?
            }
        };
        funnel.by = spec.by.keys().cloned().collect();
        let step = spec.step as u8;
        let levels = if spec.outcome == Outcome::Dropped { step - 1..=step - 1 } else { step..=u8::MAX };
        Ok(Self { levels, by: spec.by.values().cloned().collect(), after })
    }

    fn find(&self, batch: &RecordBatch, steps: usize, mut found: impl FnMut(i64)) {
        let profile_ids = batch.column(0).as_primitive::<Int64Type>().values();
        let levels = batch.column(1).as_primitive::<UInt8Type>().values();
        let dimensions = &batch.columns()[2 + steps..];
        for row in 0..batch.num_rows() {
            let is_value = |(column, value): (&arrow::array::ArrayRef, &Option<String>)| {
                let column = column.as_string::<i32>();
                column.is_valid(row).then(|| column.value(row)) == value.as_deref()
            };
            if self.levels.contains(&levels[row]) && dimensions.iter().zip(&self.by).all(is_value) {
                found(profile_ids[row]);
            }
        }
    }
}

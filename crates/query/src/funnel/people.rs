//! Who is behind a bar of the funnel.

use std::collections::BTreeMap;

use arrow::{
    array::{Array, AsArray, RecordBatch},
    datatypes::{Int64Type, UInt8Type},
};
use futures::StreamExt;
use serde::{Deserialize, Serialize};

use super::{
    plan,
    spec::{Funnel, Origin},
};
use crate::{
    QueryError, dimensions,
    error::answered,
    people::{Page, People},
    session::Session,
};

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

pub(crate) async fn people(session: &Session, mut funnel: Funnel, spec: &PeopleSpec) -> Result<People, QueryError> {
    let wanted = Wanted::of(&mut funnel, spec)?;
    let page = Page::of(spec.cursor.as_deref(), spec.limit)?;
    let planned = plan::plan(session, &funnel)?;
    let steps = funnel.steps.len();
    let found = session
        .each_partition(planned.plan, |rows| {
            let (wanted, mut page) = (wanted.clone(), page.clone());
            async move {
                futures::pin_mut!(rows);
                while let Some(batch) = rows.next().await {
                    wanted.find(&batch.map_err(answered)?, steps, |profile_id| page.note(profile_id));
                }
                Ok(page)
            }
        })
        .await?;
    Ok(page.answer(found))
}

#[derive(Clone)]
struct Wanted {
    levels: std::ops::RangeInclusive<u8>,
    /// In the order of the funnel's dimensions.
    by: Vec<Option<String>>,
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
        let by = dimensions::checked_or_properties("by", &spec.by.keys().cloned().collect::<Vec<_>>(), usize::MAX)?;
        if 1 < by.len() && !matches!(funnel.origin, Origin::Step(_)) {
            return Err(QueryError::invalid("`by` takes one value where the funnel has `by_touch`: name one"));
        }
        funnel.by = by;
        let step = spec.step as u8;
        let levels = if spec.outcome == Outcome::Dropped { step - 1..=step - 1 } else { step..=u8::MAX };
        Ok(Self { levels, by: spec.by.values().cloned().collect() })
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

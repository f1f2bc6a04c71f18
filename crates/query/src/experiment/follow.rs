//! One pass over each profile's events: which variant it was shown first, whether it saw another, and what it did afterwards.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch, StringViewArray},
    compute::cast,
    datatypes::{DataType, Float64Type, Int64Type, TimestampMicrosecondType, UInt16Type},
};

use super::spec::{EXPOSED, Experiment, GOAL, Measure, Place};
use crate::{
    QueryError,
    dimensions::{Combinations, texts_of},
    error::answered,
    json_get::value_at,
};

/// A profile that was shown a variant.
pub(super) struct Subject<'a> {
    pub profile_id: i64,
    /// Number of the first variant it was shown; [`Follow::variants`] names it.
    pub variant: u32,
    /// It was shown another one too.
    pub mixed: bool,
    pub exposed_us: i64,
    /// Goals that count, rising by time: when, and how much.
    pub gains: &'a [(i64, f64)],
}

/// Where the pass over a bucket stands: one profile.
pub(super) struct Follow {
    experiment: Experiment,
    keys: usize,
    pub variants: Combinations,
    /// Exposures that named no variant.
    pub nameless: u64,
    profile_id: i64,
    exposed: Option<(u32, i64)>,
    mixed: bool,
    gains: Vec<(i64, f64)>,
}

impl Follow {
    /// * `keys`: columns of a batch before those of [`Experiment::wanted`].
    pub fn new(experiment: &Experiment, keys: usize) -> Self {
        Self {
            experiment: experiment.clone(),
            keys,
            variants: Combinations::default(),
            nameless: 0,
            profile_id: i64::MIN,
            exposed: None,
            mixed: false,
            gains: Vec::new(),
        }
    }

    /// Takes a batch as [`crate::matched`] gives it; `found` is told of each profile that is over.
    pub fn take(&mut self, batch: &RecordBatch, mut found: impl FnMut(&Subject<'_>)) -> Result<(), QueryError> {
        let profile_ids = batch.column(0).as_primitive::<Int64Type>().values();
        let times = batch.column(1).as_primitive::<TimestampMicrosecondType>().values();
        let matched = batch.column(batch.num_columns() - 1).as_primitive::<UInt16Type>().values();
        let variants = [self.variants_of(batch)?];
        let amounts = self.amounts_of(batch)?;
        for row in 0..batch.num_rows() {
            if profile_ids[row] != self.profile_id {
                self.end(&mut found);
                self.profile_id = profile_ids[row];
            }
            let (ts_us, matched) = (times[row], matched[row]);
            // An event may be both: whoever is shown a variant by it has not yet answered it.
            if matched & GOAL != 0 {
                self.gain(ts_us, || amounts.as_ref().map_or(1.0, |amounts| if amounts.is_valid(row) { amounts.value(row) } else { 0.0 }));
            }
            if matched & EXPOSED != 0 && self.experiment.period.has(ts_us) {
                if variants[0].is_valid(row) {
                    let variant = self.variants.of(&variants, row);
                    self.expose(variant, ts_us);
                } else {
                    self.nameless += 1;
                }
            }
        }
        Ok(())
    }

    fn expose(&mut self, variant: u32, ts_us: i64) {
        match self.exposed {
            None => self.exposed = Some((variant, ts_us)),
            Some((first, _)) => self.mixed |= first != variant,
        }
    }

    fn gain(&mut self, ts_us: i64, amount: impl FnOnce() -> f64) {
        let Some((_, exposed_us)) = self.exposed else { return };
        let is_first = self.gains.is_empty();
        if ts_us.saturating_sub(exposed_us) <= self.experiment.window_us && (is_first || self.experiment.measure != Measure::People) {
            self.gains.push((ts_us, amount()));
        }
    }

    /// Ends the profile that the pass stands at.
    pub fn end(&mut self, found: &mut impl FnMut(&Subject<'_>)) {
        if let Some((variant, exposed_us)) = self.exposed {
            found(&Subject { profile_id: self.profile_id, variant, mixed: self.mixed, exposed_us, gains: &self.gains });
        }
        self.exposed = None;
        self.mixed = false;
        self.gains.clear();
    }

    /// The variant that each row names, where it is an exposure; blank names are none.
    fn variants_of(&self, batch: &RecordBatch) -> Result<ArrayRef, QueryError> {
        let [column] = &texts_of(&batch.columns()[self.keys..=self.keys])?[..] else { return Err(defect()) };
        let name = |text: Option<&str>| {
            let named = match &self.experiment.variant {
                Place::Column(_) => text.map(str::to_owned),
                Place::Property(name) => text.and_then(|json| value_at(json, name)).map(|value| value.into_owned()),
            };
            named.filter(|name| !name.trim().is_empty())
        };
        Ok(Arc::new(column.as_string_view().iter().map(name).collect::<StringViewArray>()))
    }

    /// How much each row is worth; `None` where each is worth one.
    fn amounts_of(&self, batch: &RecordBatch) -> Result<Option<Float64Array>, QueryError> {
        let Measure::Sum(place) = &self.experiment.measure else { return Ok(None) };
        // The second column, or the same as the first.
        let column = batch.column(batch.num_columns() - 2);
        if let Place::Property(name) = place {
            let texts = cast(column, &DataType::Utf8View).map_err(|error| answered(error.into()))?;
            let number = |text: Option<&str>| text.and_then(|json| value_at(json, name)?.trim().parse::<f64>().ok());
            let finite = texts.as_string_view().iter().map(|text| number(text).filter(|number| number.is_finite()));
            return Ok(Some(finite.collect()));
        }
        column.as_primitive_opt::<Float64Type>().cloned().map(Some).ok_or_else(defect)
    }
}

fn defect() -> QueryError {
    QueryError::internal("an experiment's rows have other columns than were asked for")
}

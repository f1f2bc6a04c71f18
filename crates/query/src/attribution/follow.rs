//! One pass over each profile's touches and conversions, cut into paths.

use std::{collections::VecDeque, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch},
    datatypes::{Float64Type, Int64Type, TimestampMicrosecondType, UInt16Type},
};
use forecourt_model::time::local_day;

use super::{
    credit::Touch,
    orders::{Orders, hundredths},
    spec::{Attribution, CONVERTS},
};
use crate::{
    QueryError,
    dimensions::{Combinations, texts_of},
    pivot::money::Money,
};

const DIRECT: &str = "direct";

/// What a person went by, up to a conversion or to nothing.
pub(super) struct Path<'a> {
    pub profile_id: i64,
    /// In the order of time; touches of one key that follow each other are one, as late as the last of them.
    pub touches: &'a [Touch],
    /// Its revenue in hundredths of the currency; `None` for a path to nothing.
    pub conversion: Option<i64>,
}

/// Where the pass over a bucket stands: one profile, its touches since the last conversion.
pub(super) struct Follow {
    attribution: Attribution,
    orders: Option<Arc<Orders>>,
    pub money: Money,
    keys: usize,
    pub combinations: Combinations,
    profile_id: i64,
    touches: Vec<Touch>,
    /// Conversions that wait for later touches of the same moment: when, and their revenue.
    ahead: VecDeque<(i64, i64)>,
    path: Vec<Touch>,
    /// Profiles with orders that the pass has met.
    pub met: Vec<i64>,
}

impl Follow {
    /// * `keys`: columns of a batch before [`Attribution::columns`].
    /// * `orders`: the conversions, unless they are events.
    pub fn new(attribution: &Attribution, orders: Option<Arc<Orders>>, money: Money, keys: usize) -> Self {
        Self {
            attribution: attribution.clone(),
            orders,
            money,
            keys,
            combinations: Combinations::default(),
            profile_id: i64::MIN,
            touches: Vec::new(),
            ahead: VecDeque::new(),
            path: Vec::new(),
            met: Vec::new(),
        }
    }

    /// Takes a batch as [`crate::matched`] gives it; `found` is told of each path that is over.
    pub fn take(&mut self, batch: &RecordBatch, mut found: impl FnMut(&Path<'_>)) -> Result<(), QueryError> {
        let profile_ids = batch.column(0).as_primitive::<Int64Type>().values();
        let times = batch.column(1).as_primitive::<TimestampMicrosecondType>().values();
        let matched = batch.column(batch.num_columns() - 1).as_primitive::<UInt16Type>().values();
        let columns = Columns::of(batch, &self.attribution, self.keys)?;
        for row in 0..batch.num_rows() {
            if profile_ids[row] != self.profile_id {
                self.end(&mut found);
                self.begin(profile_ids[row]);
            }
            let ts_us = times[row];
            self.convert_before(ts_us, &mut found);
            if matched[row] & !CONVERTS != 0 && columns.has_key(row) {
                let key = self.combinations.of(&columns.key, row);
                self.touches.push(Touch { key, ts_us, direct: columns.is_direct(row) });
            }
            if matched[row] & CONVERTS != 0 {
                let day = local_day(ts_us, &self.attribution.period.zone);
                let revenue = columns.revenue(row).and_then(|(value, currency)| self.money.convert(value, currency, day));
                self.ahead.push_back((ts_us, revenue.map_or(0, hundredths)));
            }
        }
        Ok(())
    }

    /// Ends the profile that the pass stands at.
    pub fn end(&mut self, found: &mut impl FnMut(&Path<'_>)) {
        self.convert_before(i64::MAX, found);
        if let Some(last) = self.touches.last() {
            let (until_us, is_inside) = (last.ts_us, self.attribution.period.has(last.ts_us));
            if is_inside {
                self.tell(until_us, None, found);
            }
        }
        self.touches.clear();
    }

    fn begin(&mut self, profile_id: i64) {
        self.profile_id = profile_id;
        if let Some(orders) = self.orders.as_ref().and_then(|orders| orders.of(profile_id)) {
            self.ahead.extend(orders);
            self.met.push(profile_id);
        }
    }

    /// Settles the conversions that lie before a moment. A touch of a conversion's own moment still counts for it.
    fn convert_before(&mut self, ts_us: i64, found: &mut impl FnMut(&Path<'_>)) {
        while let Some((at_us, revenue)) = self.ahead.front().copied().filter(|(at_us, _)| *at_us < ts_us) {
            self.ahead.pop_front();
            if self.attribution.period.has(at_us) {
                self.tell(at_us, Some(revenue), found);
            }
            // What follows leads to the next conversion.
            self.touches.clear();
        }
    }

    fn tell(&mut self, until_us: i64, conversion: Option<i64>, found: &mut impl FnMut(&Path<'_>)) {
        let since_us = until_us.saturating_sub(self.attribution.lookback_us);
        self.path.clear();
        for touch in self.touches.iter().filter(|touch| since_us <= touch.ts_us) {
            match self.path.last_mut() {
                Some(last) if last.key == touch.key => *last = *touch,
                _ => self.path.push(*touch),
            }
        }
        found(&Path { profile_id: self.profile_id, touches: &self.path, conversion });
    }
}

/// The columns of a batch that a pass looks at.
struct Columns {
    key: Vec<ArrayRef>,
    channel: ArrayRef,
    /// Value and currency, of conversions that are events.
    revenue: Option<(ArrayRef, ArrayRef)>,
}

impl Columns {
    fn of(batch: &RecordBatch, attribution: &Attribution, keys: usize) -> Result<Self, QueryError> {
        let column = |name: &str| {
            let at = attribution.columns().iter().position(|held| held == name);
            at.map(|at| batch.column(keys + at).clone()).ok_or_else(|| QueryError::internal(format!("no column `{name}`")))
        };
        let text = |name: &str| texts_of(&[column(name)?]).map(|mut texts| texts.remove(0));
        let revenue = attribution.conversion.as_ref().map(|_| Ok::<_, QueryError>((column("value")?, text("currency")?)));
        Ok(Self {
            key: attribution.by.iter().map(|name| text(name)).collect::<Result<_, _>>()?,
            channel: text("channel")?,
            revenue: revenue.transpose()?,
        })
    }

    /// Whether anything is known of how the person came.
    fn has_key(&self, row: usize) -> bool {
        self.key.iter().any(|column| column.is_valid(row))
    }

    fn is_direct(&self, row: usize) -> bool {
        let channel = self.channel.as_string_view();
        channel.is_valid(row) && channel.value(row) == DIRECT
    }

    fn revenue(&self, row: usize) -> Option<(f64, Option<&str>)> {
        let (values, currencies) = self.revenue.as_ref()?;
        let (values, currencies) = (values.as_primitive::<Float64Type>(), currencies.as_string_view());
        values.is_valid(row).then(|| (values.value(row), currencies.is_valid(row).then(|| currencies.value(row))))
    }
}

//! Rows of advertising cost: a day, a channel, an amount.

use std::collections::BTreeSet;

use forecourt_model::{Refusal, RefusalCode, entity::AdCost, time};

use super::{
    Detected, ImportError, Mapping,
    block::Row,
    damage::Tally,
    field::{Columns, Field},
    join::Joins,
    moment::{self, BadMoment, MomentReader},
    number,
    plan::Made,
};

pub struct CostPlan {
    day: (Field, MomentReader),
    channel: Field,
    cost: Field,
    utm_source: Option<Field>,
    campaign: Option<Field>,
    region: Option<Field>,
    impressions: Option<Field>,
    clicks: Option<Field>,
    currency: Option<Field>,
    decimal: Option<char>,
}

impl CostPlan {
    /// Errors: [`ImportError::Mapping`].
    pub fn new(mapping: &Mapping, detected: &Detected, wanted: &mut BTreeSet<usize>) -> Result<Self, ImportError> {
        let columns = Columns::of(detected);
        let mut joins = Joins::default();
        let mut field = |name: &str| match mapping.fields.get(name) {
            Some(pick) => Field::new(name, pick, &columns, &mut joins),
            None => Ok(None),
        };
        let needed = |name: &str, found: Option<Field>| {
            found.ok_or_else(|| {
                ImportError::Mapping(format!("costs need `{name}`: {{\"{name}\": {{\"column\": …}}}} or {{\"value\": …}} for all rows"))
            })
        };
        let day = needed("day", field("day")?)?;
        let reader = MomentReader::new("day", mapping.fields.get("day").unwrap_or(&super::Pick::default()))?;
        let plan = Self {
            day: (day, reader),
            channel: needed("channel", field("channel")?)?,
            cost: needed("cost", field("cost")?)?,
            utm_source: field("source")?,
            campaign: field("campaign")?,
            region: field("region")?,
            impressions: field("impressions")?,
            clicks: field("clicks")?,
            currency: field("currency")?,
            decimal: mapping.read.decimal,
        };
        let optional = [&plan.utm_source, &plan.campaign, &plan.region, &plan.impressions, &plan.clicks, &plan.currency];
        for field in optional.into_iter().flatten().chain([&plan.day.0, &plan.channel, &plan.cost]) {
            field.columns_into(wanted);
        }
        Ok(plan)
    }

    pub fn make(&self, row: Row<'_>, tally: &mut Tally, out: &mut Vec<u8>) -> Result<Made, Refusal> {
        let at_us = self.day_of(row, tally)?;
        let text = |field: &Option<Field>| field.as_ref().and_then(|field| field.text(row)).unwrap_or_default().into_owned();
        let channel = self.channel.text(row).ok_or_else(|| Refusal::new(RefusalCode::NoKey, "the row has no `channel`"))?.into_owned();
        let cost = self.amount(&self.cost, row)?.ok_or_else(|| Refusal::new(RefusalCode::NoKey, "the row has no `cost`"))?;
        let count = |field: &Option<Field>| -> Result<i64, Refusal> {
            Ok(field.as_ref().map(|field| self.amount(field, row)).transpose()?.flatten().unwrap_or(0.0).round() as i64)
        };
        let told = AdCost {
            day: time::day_text(time::day(at_us)),
            channel,
            utm_source: text(&self.utm_source),
            campaign: text(&self.campaign),
            region: text(&self.region),
            cost,
            impressions: count(&self.impressions)?,
            clicks: count(&self.clicks)?,
            currency: text(&self.currency),
        };
        serde_json::to_writer(&mut *out, &told).map_err(|error| Refusal::new(RefusalCode::InvalidJson, error.to_string()))?;
        Ok(Made { at_us: Some(at_us), message_id: None, person: None, identifiers: Vec::new() })
    }

    fn day_of(&self, row: Row<'_>, tally: &mut Tally) -> Result<i64, Refusal> {
        let (field, reader) = &self.day;
        let cell = field.cell(row);
        let at_us = reader.read(&cell).map_err(|bad| {
            if bad == BadMoment::Ambiguous {
                tally.ambiguous();
            }
            let told = format!("`{}` does not read as a day: give `day` a `format`", cell.text().unwrap_or_default());
            Refusal::new(RefusalCode::InvalidTimestamp, told)
        })?;
        moment::within_reason(at_us)
    }

    fn amount(&self, field: &Field, row: Row<'_>) -> Result<Option<f64>, Refusal> {
        let Some(text) = field.text(row) else { return Ok(None) };
        let amount = number::parse(&text, self.decimal).filter(|amount| 0.0 <= *amount);
        let told = || Refusal::new(RefusalCode::WrongType, format!("`{}` is `{text}`: it must be a number, and not below 0", field.name));
        amount.map(Some).ok_or_else(told)
    }
}

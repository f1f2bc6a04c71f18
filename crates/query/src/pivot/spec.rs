//! What a pivot is asked for, and the checks of it.

use forecourt_model::{
    conversion::Conversion,
    currency::{Rates, is_currency},
};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::{
    dimension::{self, Dimension},
    measure::{InUse, Measure, Quantity},
};
use crate::{QueryError, period::Period};

const ROWS_MAX: usize = 3;
const COLUMNS_MAX: usize = 2;
const MEASURES_MAX: usize = 24;
const FILTERS_MAX: usize = 12;
const VALUES_MAX: usize = 1_000;
/// As many bits as [`crate::matched::steps`] has for what an event matches.
const CONVERSIONS_MAX: usize = 16;

/// A pivot as people write it: the same in the CLI, the API and the UI.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PivotSpec {
    /// Dimensions of the rows, from the outside in; none gives one row.
    #[serde(default)]
    pub rows: Vec<String>,
    #[serde(default)]
    pub columns: Vec<String>,
    pub measures: Vec<String>,
    #[serde(default)]
    pub filters: Vec<PivotFilter>,
    /// First moment that counts: a date (its midnight in `tz`) or a time. Without it, from the beginning.
    #[serde(default)]
    pub from: Option<String>,
    /// First moment that no longer counts.
    #[serde(default)]
    pub to: Option<String>,
    /// IANA name; without it the installation's.
    #[serde(default)]
    pub tz: Option<String>,
    /// Of all amounts; without it the installation's.
    #[serde(default)]
    pub currency: Option<String>,
    /// Share of revenue that is profit before advertising, 0 to 1, for `romi_margin`.
    #[serde(default)]
    pub margin: Option<f64>,
}

/// Keeps rows by one dimension's value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PivotFilter {
    pub dimension: String,
    /// Any of them; `null` stands for no value.
    pub values: Vec<Option<String>>,
    /// Keep all others instead.
    #[serde(default)]
    pub exclude: bool,
}

/// What an installation has agreed on, beside its data.
#[derive(Debug, Clone, Default)]
pub struct PivotTerms {
    /// Of amounts that name no currency, and of reports that name none.
    pub currency: String,
    pub rates: Rates,
    pub conversions: Vec<Conversion>,
}

/// A spec that was found right.
#[derive(Debug, Clone)]
pub(crate) struct Pivot {
    pub rows: Vec<Dimension>,
    pub columns: Vec<Dimension>,
    pub measures: Vec<Measure>,
    pub filters: Vec<Filter>,
    pub period: Period,
    pub currency: String,
    pub in_use: InUse,
    /// What the measures are made of, each once.
    pub quantities: Vec<Quantity>,
}

#[derive(Debug, Clone)]
pub(crate) struct Filter {
    pub dimension: Dimension,
    pub values: Vec<Option<String>>,
    pub exclude: bool,
}

impl Filter {
    pub fn passes(&self, value: Option<&str>) -> bool {
        self.values.iter().any(|wanted| wanted.as_deref() == value) != self.exclude
    }
}

impl PivotSpec {
    /// Checks the spec; every refusal names the field and says what to write instead.
    pub(crate) fn check(&self, terms: &PivotTerms, default_zone: &TimeZone) -> Result<Pivot, QueryError> {
        let rows = dimensions("rows", &self.rows, ROWS_MAX)?;
        let columns = dimensions("columns", &self.columns, COLUMNS_MAX)?;
        if let Some(at) = columns.iter().position(|dimension| rows.contains(dimension)) {
            return Err(QueryError::Invalid(format!("`columns` names {:?}, which `rows` has already: name it once", self.columns[at])));
        }
        let filters = self.filters.iter().enumerate().map(|(at, filter)| filter.check(at)).collect::<Result<Vec<_>, _>>()?;
        if FILTERS_MAX < filters.len() {
            return Err(QueryError::Invalid(format!("`filters` takes at most {FILTERS_MAX}, this one has {}", filters.len())));
        }
        let (measures, in_use) = self.checked_measures(terms)?;
        let mut quantities: Vec<Quantity> = measures.iter().flat_map(Measure::quantities).collect();
        quantities.sort_unstable();
        quantities.dedup();
        Ok(Pivot {
            rows,
            columns,
            measures,
            filters,
            period: Period::read(self.from.as_deref(), self.to.as_deref(), self.tz.as_deref(), default_zone)?,
            currency: self.checked_currency(terms)?,
            in_use,
            quantities,
        })
    }

    fn checked_measures(&self, terms: &PivotTerms) -> Result<(Vec<Measure>, InUse), QueryError> {
        if !(1..=MEASURES_MAX).contains(&self.measures.len()) {
            return Err(QueryError::Invalid(format!("`measures` takes 1 to {MEASURES_MAX}, this one has {}", self.measures.len())));
        }
        if let Some(margin) = self.margin.filter(|margin| !(0.0..=1.0).contains(margin)) {
            return Err(QueryError::Invalid(format!("`margin` is {margin}: write a share from 0 to 1, such as 0.15")));
        }
        let mut in_use = InUse::default();
        let mut measures: Vec<Measure> = Vec::with_capacity(self.measures.len());
        for name in &self.measures {
            if measures.iter().any(|held| held.name == *name) {
                return Err(QueryError::Invalid(format!("`measures` names {name:?} twice: name it once")));
            }
            measures.push(Measure::read(name, &terms.conversions, self.margin, &mut in_use)?);
        }
        if CONVERSIONS_MAX < in_use.conversions.len() {
            return Err(QueryError::Invalid(format!(
                "`measures` count {} conversions, a pivot takes at most {CONVERSIONS_MAX}: name single ones by conversion:ID",
                in_use.conversions.len()
            )));
        }
        Ok((measures, in_use))
    }

    fn checked_currency(&self, terms: &PivotTerms) -> Result<String, QueryError> {
        match &self.currency {
            None => Ok(terms.currency.clone()),
            Some(currency) if is_currency(currency) => Ok(currency.clone()),
            Some(currency) => Err(QueryError::Invalid(format!("`currency` is {currency:?}: write three capitals such as EUR"))),
        }
    }
}

fn dimensions(field: &str, names: &[String], max: usize) -> Result<Vec<Dimension>, QueryError> {
    if max < names.len() {
        return Err(QueryError::Invalid(format!("`{field}` takes at most {max} dimensions, this one has {}", names.len())));
    }
    let mut found: Vec<Dimension> = Vec::with_capacity(names.len());
    for name in names {
        let dimension = named(field, name)?;
        if found.contains(&dimension) {
            return Err(QueryError::Invalid(format!("`{field}` names {name:?} twice: name it once")));
        }
        found.push(dimension);
    }
    Ok(found)
}

fn named(field: &str, name: &str) -> Result<Dimension, QueryError> {
    let known = || dimension::names().collect::<Vec<_>>().join(", ");
    Dimension::named(name).ok_or_else(|| QueryError::Invalid(format!("`{field}` names {name:?}: use {}", known())))
}

impl PivotFilter {
    fn check(&self, at: usize) -> Result<Filter, QueryError> {
        let field = format!("filters[{at}]");
        let dimension = named(&format!("{field}.dimension"), &self.dimension)?;
        if !(1..=VALUES_MAX).contains(&self.values.len()) {
            return Err(QueryError::Invalid(format!("`{field}.values` takes 1 to {VALUES_MAX}, this one has {}", self.values.len())));
        }
        // An empty text is no value.
        let values = self.values.iter().map(|value| value.clone().filter(|text| !text.is_empty())).collect();
        Ok(Filter { dimension, values, exclude: self.exclude })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_names_the_field() {
        let many = format!(r#"{{"measures":[{}]}}"#, vec![r#""cost""#; 25].join(","));
        for (json, reason) in [
            (r#"{"measures":[]}"#, "`measures` takes 1 to 24, this one has 0"),
            (many.as_str(), "`measures` takes 1 to 24, this one has 25"),
            (r#"{"measures":["costs"]}"#, "`measures` names \"costs\": use cost"),
            (r#"{"measures":["cost","cost"]}"#, "`measures` names \"cost\" twice"),
            (r#"{"measures":["cost"],"rows":["colour"]}"#, "`rows` names \"colour\": use channel"),
            (r#"{"measures":["cost"],"rows":["day","day"]}"#, "`rows` names \"day\" twice"),
            (r#"{"measures":["cost"],"rows":["day","region","model","dealer"]}"#, "`rows` takes at most 3"),
            (r#"{"measures":["cost"],"columns":["day","region","model"]}"#, "`columns` takes at most 2"),
            (r#"{"measures":["cost"],"rows":["day"],"columns":["day"]}"#, "`columns` names \"day\", which `rows` has already"),
            (r#"{"measures":["cost"],"filters":[{"dimension":"hue","values":["x"]}]}"#, "`filters[0].dimension` names \"hue\""),
            (r#"{"measures":["cost"],"filters":[{"dimension":"day","values":[]}]}"#, "`filters[0].values` takes 1 to 1000"),
            (r#"{"measures":["cost"],"from":"soon"}"#, "`from` is \"soon\""),
            (r#"{"measures":["cost"],"from":"2026-01-02","to":"2026-01-02"}"#, "`from` is not before `to`"),
            (r#"{"measures":["cost"],"tz":"Mars"}"#, "`tz` is \"Mars\""),
            (r#"{"measures":["cost"],"currency":"euro"}"#, "`currency` is \"euro\": write three capitals"),
            (r#"{"measures":["romi_margin"],"margin":15}"#, "`margin` is 15: write a share from 0 to 1"),
        ] {
            let spec: PivotSpec = serde_json::from_str(json).expect("the test's own JSON");
            let refusal = spec.check(&PivotTerms::default(), &TimeZone::UTC).expect_err(json).to_string();
            assert!(refusal.contains(reason), "{json}: {refusal}");
        }
        assert!(serde_json::from_str::<PivotSpec>(r#"{"measures":["cost"],"row":["day"]}"#).is_err());
    }

    #[test]
    fn a_filter_keeps_or_drops() {
        let filter = |json: &str| serde_json::from_str::<PivotFilter>(json).expect("JSON").check(0).expect("a filter");
        let keeps = filter(r#"{"dimension":"channel","values":["cpc",null]}"#);
        assert!(keeps.passes(Some("cpc")) && keeps.passes(None) && !keeps.passes(Some("email")));
        let drops = filter(r#"{"dimension":"channel","values":["cpc",""],"exclude":true}"#);
        assert!(!drops.passes(Some("cpc")) && !drops.passes(None) && drops.passes(Some("email")));
    }
}

//! What an attribution report is asked for, and the checks of it.

use forecourt_model::{currency::is_currency, time::DAY_US};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::credit::Terms;
use crate::{
    QueryError, dimensions,
    event_filter::EventFilter,
    matched::plan::{Wanted, WantedEvent},
    period::{Period, length_us},
    pivot::spec::PivotTerms,
};

const BY_MAX: usize = 3;
/// As many bits as there are for what an event matches, less the conversion's.
const TOUCHES_MAX: usize = 15;
const LOOKBACK_DAYS_MAX: i64 = 730;
const ORDER_MAX: usize = 4;

/// An attribution report as people write it: the same in the CLI, the API and the UI.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributionSpec {
    /// What credit is given for; the event's value is its revenue. Without it, confirmed orders: a cancelled one is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversion: Option<EventFilter>,
    /// Which events are touches, at most 15. Without them: whatever happens in a visit to the site or app, and every call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub touches: Vec<EventFilter>,
    /// Columns of [`crate::DIMENSIONS`] that credit is given to, at most 3; `channel` unless told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
    /// How long before a conversion touches count: `90d`; at most 730 days, 365 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lookback: Option<String>,
    /// Shares of the first and of the last touch in the model `position`: 0.4 and 0.4 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<(f64, f64)>,
    /// Age that halves a touch's weight in the model `time_decay`: `7d` unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half_life: Option<String>,
    /// How many last touches make a state in the model `markov`: 1 to 4, 1 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<usize>,
    /// First moment of conversions that count: a date (its midnight in `tz`) or a time. Touches may lie before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// First moment that no longer counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// IANA name; without it the installation's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tz: Option<String>,
    /// Of all amounts; without it the installation's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
}

/// A spec that was found right.
#[derive(Debug, Clone)]
pub(crate) struct Attribution {
    /// `None` for confirmed orders.
    pub conversion: Option<EventFilter>,
    pub touches: Vec<EventFilter>,
    pub by: Vec<String>,
    pub lookback_us: i64,
    pub terms: Terms,
    pub order: usize,
    pub period: Period,
    pub currency: String,
}

impl AttributionSpec {
    /// Checks the spec; every refusal says what to write instead.
    pub(crate) fn check(&self, terms: &PivotTerms, default_zone: &TimeZone) -> Result<Attribution, QueryError> {
        if TOUCHES_MAX < self.touches.len() {
            return Err(QueryError::Invalid(format!("`touches` takes at most {TOUCHES_MAX}, this one has {}", self.touches.len())));
        }
        let touches = self.touches.iter().enumerate().map(|(at, touch)| touch.checked(&format!("`touches[{at}]`")));
        let order = self.order.unwrap_or(1);
        if !(1..=ORDER_MAX).contains(&order) {
            return Err(QueryError::Invalid(format!("`order` is {order}: use 1 to {ORDER_MAX}")));
        }
        let by = if self.by.is_empty() { vec!["channel".to_owned()] } else { dimensions::checked(&self.by, BY_MAX)? };
        Ok(Attribution {
            conversion: self.conversion.as_ref().map(|conversion| conversion.checked("`conversion`")).transpose()?,
            touches: touches.collect::<Result<_, _>>()?,
            by,
            lookback_us: self.checked_lookback()?,
            terms: Terms {
                ends: self.checked_position()?,
                half_life_us: length_us("half_life", self.half_life.as_deref().unwrap_or("7d"))?,
            },
            order,
            period: Period::read(self.from.as_deref(), self.to.as_deref(), self.tz.as_deref(), default_zone)?,
            currency: self.checked_currency(terms)?,
        })
    }

    fn checked_lookback(&self) -> Result<i64, QueryError> {
        let lookback_us = length_us("lookback", self.lookback.as_deref().unwrap_or("365d"))?;
        if LOOKBACK_DAYS_MAX * DAY_US < lookback_us {
            return Err(QueryError::Invalid(format!("`lookback` is longer than {LOOKBACK_DAYS_MAX} days: write at most `730d`")));
        }
        Ok(lookback_us)
    }

    fn checked_position(&self) -> Result<(f64, f64), QueryError> {
        let (first, last) = self.position.unwrap_or((0.4, 0.4));
        if !(0.0..=1.0).contains(&first) || !(0.0..=1.0).contains(&last) || 1.0 < first + last {
            return Err(QueryError::Invalid(format!(
                "`position` is [{first}, {last}]: write two shares that are together at most 1, such as [0.4, 0.4]"
            )));
        }
        Ok((first, last))
    }

    fn checked_currency(&self, terms: &PivotTerms) -> Result<String, QueryError> {
        match &self.currency {
            None => Ok(terms.currency.clone()),
            Some(currency) if is_currency(currency) => Ok(currency.clone()),
            Some(currency) => Err(QueryError::Invalid(format!("`currency` is {currency:?}: write three capitals such as EUR"))),
        }
    }
}

/// The bit of an event that is a conversion; all others are touches.
pub(super) const CONVERTS: u16 = 1;

/// What touches a person by itself: visits have a session, a call is one.
const TOUCHES: &str = "session_id IS NOT NULL OR event = 'call_completed'";

impl Attribution {
    /// The first moment at which a touch may count.
    pub fn touched_from_us(&self) -> i64 {
        self.period.from_us.saturating_sub(self.lookback_us)
    }

    /// The columns that [`Self::wanted`] hands on: those of the key, the channel, and what an event's revenue is told by.
    pub fn columns(&self) -> Vec<String> {
        let mut columns = self.by.clone();
        if !columns.iter().any(|name| name == "channel") {
            columns.push("channel".to_owned());
        }
        if self.conversion.is_some() {
            columns.extend(["value".to_owned(), "currency".to_owned()]);
        }
        columns
    }

    pub fn wanted(&self) -> Wanted {
        let conversion = match &self.conversion {
            Some(conversion) => conversion.wanted("`conversion`"),
            // Orders are a table of their own: no event is one.
            None => WantedEvent { event: Some(String::new()), condition: None, called: String::new() },
        };
        let touches: Vec<WantedEvent> = if self.touches.is_empty() {
            vec![WantedEvent { event: None, condition: Some(TOUCHES.to_owned()), called: "touches".to_owned() }]
        } else {
            self.touches.iter().enumerate().map(|(at, touch)| touch.wanted(&format!("`touches[{at}]`"))).collect()
        };
        Wanted {
            events: std::iter::once(conversion).chain(touches).collect(),
            from_us: self.touched_from_us(),
            to_us: self.period.to_us,
            columns: self.columns(),
            keep_unmatched: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_says_what_to_write() {
        let many = format!(r#"{{"touches":[{}]}}"#, vec![r#"{"event":"a"}"#; 16].join(","));
        for (json, reason) in [
            (many.as_str(), "`touches` takes at most 15, this one has 16"),
            (r#"{"touches":[{"event":"a"},{"event":""}]}"#, "`touches[1]` names no event"),
            (r#"{"conversion":{"event":""}}"#, "`conversion` names no event"),
            (r#"{"by":["colour"]}"#, "`by` names \"colour\": use channel"),
            (r#"{"by":["region","dealer","model","source"]}"#, "`by` takes at most 3"),
            (r#"{"lookback":"731d"}"#, "`lookback` is longer than 730 days"),
            (r#"{"lookback":"year"}"#, "`lookback` is \"year\": write a number"),
            (r#"{"half_life":"0d"}"#, "`half_life` is \"0d\""),
            (r#"{"position":[0.6,0.6]}"#, "`position` is [0.6, 0.6]: write two shares"),
            (r#"{"position":[-0.1,0.6]}"#, "`position` is"),
            (r#"{"order":5}"#, "`order` is 5: use 1 to 4"),
            (r#"{"currency":"euro"}"#, "`currency` is \"euro\""),
            (r#"{"from":"2026-01-02","to":"2026-01-02"}"#, "`from` is not before `to`"),
        ] {
            let spec: AttributionSpec = serde_json::from_str(json).expect("the test's own JSON");
            let refusal = spec.check(&PivotTerms::default(), &TimeZone::UTC).expect_err(json).to_string();
            assert!(refusal.contains(reason), "{json}: {refusal}");
        }
        assert!(serde_json::from_str::<AttributionSpec>(r#"{"touch":[]}"#).is_err());
    }
}

//! Rates of currencies by day, as people enter them.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use forecourt_model::{
    currency::{self, is_currency},
    time::{day, day_text, parse_us},
};
use forecourt_store::control::Control;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Trail,
    error::{ApiError, ErrorBody},
    input::Body,
};

/// Of one request: thirty years of a pair.
const RATES_MAX: usize = 12_000;

/// What one unit of `base` costs in `currency` from `day` on.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CurrencyRate {
    /// Three capitals, such as EUR.
    base: String,
    currency: String,
    /// `YYYY-MM-DD`.
    day: String,
    /// Above 0: base EUR, currency USD, rate 1.08 says that one euro costs 1.08 dollars.
    rate: f64,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CurrencyRates {
    /// By pair, the newest first.
    rates: Vec<CurrencyRate>,
}

impl From<currency::Rate> for CurrencyRate {
    fn from(held: currency::Rate) -> Self {
        Self { base: held.base, currency: held.currency, day: day_text(held.day), rate: held.rate }
    }
}

impl CurrencyRate {
    /// * `at`: its place in the request, from 0.
    fn checked(self, at: usize) -> Result<currency::Rate, ApiError> {
        let invalid = |field: &str, told: &str| Err(ApiError::invalid(format!("`rates[{at}].{field}`: {told}")));
        if !is_currency(&self.base) {
            return invalid("base", "write three capitals such as EUR");
        }
        if !is_currency(&self.currency) || self.currency == self.base {
            return invalid("currency", "write three capitals such as USD, another than `base`");
        }
        if !self.rate.is_finite() || self.rate <= 0.0 {
            return invalid("rate", "write a number above 0");
        }
        let Some(day) = day_of(&self.day) else { return invalid("day", "write a day such as 2026-01-31") };
        Ok(currency::Rate { base: self.base, currency: self.currency, day, rate: self.rate })
    }
}

fn day_of(text: &str) -> Option<i32> {
    parse_us(text).filter(|_| text.len() == 10).map(day)
}

/// All rates.
#[utoipa::path(get, path = "/api/currencies/rates", tag = "definitions", responses((status = 200, body = CurrencyRates)))]
pub async fn rates(State(control): State<Control>) -> Result<Json<CurrencyRates>, ApiError> {
    Ok(Json(CurrencyRates { rates: control.rates().await?.into_iter().map(CurrencyRate::from).collect() }))
}

/// Add rates; one of the same pair and day replaces what was there. All of them, or none.
#[utoipa::path(post, path = "/api/currencies/rates", tag = "definitions", request_body = CurrencyRates,
    responses((status = 204), (status = 400, body = ErrorBody)))]
pub async fn put_rates(State(control): State<Control>, trail: Trail, Body(asked): Body<CurrencyRates>) -> Result<StatusCode, ApiError> {
    if !(1..=RATES_MAX).contains(&asked.rates.len()) {
        return Err(ApiError::invalid(format!("`rates` takes 1 to {RATES_MAX} at a time, this one has {}", asked.rates.len())));
    }
    let rates = asked.rates.into_iter().enumerate().map(|(at, rate)| rate.checked(at)).collect::<Result<Vec<_>, _>>()?;
    control.put_rates(&rates).await?;
    trail.object("rates of currencies");
    trail.detail("rates", rates.len());
    tracing::info!(rates = rates.len(), "rates of currencies were entered");
    Ok(StatusCode::NO_CONTENT)
}

/// Remove the rate of one day.
#[utoipa::path(delete, path = "/api/currencies/rates/{base}/{currency}/{day}", tag = "definitions",
    params(("base" = String, Path), ("currency" = String, Path), ("day" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub async fn remove_rate(
    State(control): State<Control>,
    Path((base, currency, day)): Path<(String, String, String)>,
) -> Result<StatusCode, ApiError> {
    let Some(day) = day_of(&day) else { return Err(ApiError::not_found("such rate")) };
    if !control.remove_rate(&base, &currency, day).await? {
        return Err(ApiError::not_found("such rate"));
    }
    tracing::info!(base, currency, day, "a rate was removed");
    Ok(StatusCode::NO_CONTENT)
}

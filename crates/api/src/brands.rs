//! Brands: in whose name messages are sent.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use forecourt_store::control::{self, BrandWish, Control};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Clock, Trail,
    error::{ApiError, ErrorBody},
    input::Body,
};

#[derive(Serialize, ToSchema)]
pub struct Brand {
    id: String,
    #[serde(flatten)]
    about: BrandFields,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BrandFields {
    name: String,
    /// `Name <mailbox@example.com>`; empty: the installation's sender.
    #[serde(default)]
    email_from: String,
    /// What an SMS shows as its sender: at most 11 Latin letters and digits, or a phone number; empty: the gateway's own.
    #[serde(default)]
    sms_sender: String,
    /// A PNG, JPEG or WebP of at most 100 KiB as `data:image/…;base64,…`; empty for none.
    #[serde(default)]
    logo: String,
}

#[derive(Serialize, ToSchema)]
pub struct Brands {
    /// By name.
    brands: Vec<Brand>,
}

impl From<control::Brand> for Brand {
    fn from(brand: control::Brand) -> Self {
        let about = BrandFields { name: brand.name, email_from: brand.email_from, sms_sender: brand.sms_sender, logo: brand.logo };
        Self { id: brand.id, about }
    }
}

impl From<BrandFields> for BrandWish {
    fn from(fields: BrandFields) -> Self {
        Self { name: fields.name, email_from: fields.email_from, sms_sender: fields.sms_sender, logo: fields.logo }
    }
}

/// All brands.
#[utoipa::path(get, path = "/api/brands", tag = "settings", responses((status = 200, body = Brands)))]
pub async fn brands(State(control): State<Control>) -> Result<Json<Brands>, ApiError> {
    Ok(Json(Brands { brands: control.brands().await?.into_iter().map(Brand::from).collect() }))
}

/// Add a brand.
#[utoipa::path(post, path = "/api/brands", tag = "settings", request_body = BrandFields,
    responses((status = 200, body = Brand), (status = 400, body = ErrorBody)))]
pub async fn add_brand(
    State(control): State<Control>,
    State(clock): State<Clock>,
    trail: Trail,
    Body(asked): Body<BrandFields>,
) -> Result<Json<Brand>, ApiError> {
    let brand = control.add_brand(asked.into(), clock.now_us()).await?;
    trail.object(format!("brand {}", brand.name));
    Ok(Json(brand.into()))
}

/// Change a brand.
#[utoipa::path(put, path = "/api/brands/{id}", tag = "settings", params(("id" = String, Path)), request_body = BrandFields,
    responses((status = 200, body = Brand), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn change_brand(
    State(control): State<Control>,
    State(clock): State<Clock>,
    trail: Trail,
    Path(id): Path<String>,
    Body(asked): Body<BrandFields>,
) -> Result<Json<Brand>, ApiError> {
    let brand = control.update_brand(&id, asked.into(), clock.now_us()).await?.ok_or_else(|| ApiError::not_found("such brand"))?;
    trail.object(format!("brand {}", brand.name));
    Ok(Json(brand.into()))
}

/// Remove a brand.
#[utoipa::path(delete, path = "/api/brands/{id}", tag = "settings", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub async fn remove_brand(State(control): State<Control>, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    match control.remove_brand(&id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(ApiError::not_found("such brand")),
    }
}

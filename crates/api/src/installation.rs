//! What the installation is called, and which days and money it counts in: configured, and changed by an admin.

use std::sync::{Arc, PoisonError, RwLock};

use axum::{
    Json,
    extract::{FromRef, State},
};
use forecourt_query::Query;
use forecourt_store::{Store, StoreError, control::Control};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    ApiState, Installation, Trail,
    error::{ApiError, ErrorBody},
    input::Body,
};

/// Where an admin's changes are kept.
const SETTING: &str = "installation";
const NAME_CHARS_MAX: usize = 80;

/// The installation as it is now, for all who ask. Cloning gives another handle to the same.
#[derive(Debug, Clone)]
pub struct InstallationKeeper(Arc<RwLock<Installation>>);

impl InstallationKeeper {
    pub(crate) fn new(installation: Installation) -> Self {
        Self(Arc::new(RwLock::new(installation)))
    }

    pub fn now(&self) -> Installation {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: &InstallationChange) -> Installation {
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        change.apply(&mut held);
        held.clone()
    }
}

impl FromRef<ApiState> for Installation {
    fn from_ref(state: &ApiState) -> Self {
        state.installation.now()
    }
}

/// What to change; the rest stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InstallationChange {
    /// Shown in the pages.
    name: Option<String>,
    /// IANA name, such as `Europe/Kyiv`: days begin and end in it.
    time_zone: Option<String>,
    /// ISO 4217 code of all amounts.
    currency: Option<String>,
}

impl InstallationChange {
    /// What an admin has changed; nothing in a new installation.
    pub async fn saved(control: &Control) -> Result<Self, StoreError> {
        Ok(control.setting(SETTING).await?.unwrap_or_default())
    }

    /// Puts the changes over what is configured.
    pub fn apply(&self, installation: &mut Installation) {
        let put = |to: &mut String, from: &Option<String>| {
            if let Some(from) = from {
                to.clone_from(from);
            }
        };
        put(&mut installation.name, &self.name);
        put(&mut installation.time_zone, &self.time_zone);
        put(&mut installation.currency, &self.currency);
    }

    fn over(self, saved: Self) -> Self {
        Self { name: self.name.or(saved.name), time_zone: self.time_zone.or(saved.time_zone), currency: self.currency.or(saved.currency) }
    }

    fn checked(self) -> Result<Self, ApiError> {
        let name = self.name.map(|name| name.trim().to_owned());
        if name.as_ref().is_some_and(|name| name.is_empty() || NAME_CHARS_MAX < name.chars().count() || name.chars().any(char::is_control))
        {
            return Err(ApiError::invalid(format!("`name` has 1 to {NAME_CHARS_MAX} characters")));
        }
        if let Some(zone) = self.time_zone.as_ref().filter(|zone| TimeZone::get(zone).is_err()) {
            return Err(ApiError::invalid(format!("`time_zone` is `{}`: write an IANA name such as Europe/Kyiv", zone.escape_debug())));
        }
        let is_code = |code: &String| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        if let Some(currency) = self.currency.as_ref().filter(|currency| !is_code(currency)) {
            return Err(ApiError::invalid(format!("`currency` is `{}`: write three capitals such as EUR", currency.escape_debug())));
        }
        Ok(Self { name, ..self })
    }
}

/// Change the installation's name, time zone or currency.
///
/// Reports count by the new zone from now on; the fold's daily totals of past days stay as they were counted.
#[utoipa::path(patch, path = "/api/installation", tag = "settings", request_body = InstallationChange,
    responses((status = 200, body = Installation), (status = 400, body = ErrorBody)))]
pub async fn change_installation(
    State(control): State<Control>,
    State(keeper): State<InstallationKeeper>,
    State(query): State<Query>,
    State(store): State<Store>,
    trail: Trail,
    Body(asked): Body<InstallationChange>,
) -> Result<Json<Installation>, ApiError> {
    let asked = asked.checked()?;
    let before = keeper.now();
    let saved = asked.over(InstallationChange::saved(&control).await?);
    control.put_setting(SETTING, &saved).await?;
    let after = keeper.change(&saved);
    if let Ok(zone) = TimeZone::get(&after.time_zone) {
        query.set_time_zone(zone);
    }
    trail.object("installation");
    trail.changed(&before, &after);
    Ok(Json(after.as_of(&store).await?))
}

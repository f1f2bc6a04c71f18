//! What an admin says of the provider.

use axum::{Json, extract::State, http::StatusCode};
use forecourt_outgoing::Outgoing;
use forecourt_store::control::Control;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Clock, Sessions, Trail,
    accounts::Role,
    error::{ApiError, ErrorBody},
    input::Body,
};

const SETTING: &str = "single_sign_on";
/// The client secret's place in the vault.
pub(super) const SECRET_PLACE: &str = "single_sign_on/client_secret";
const TEXT_CHARS_MAX: usize = 500;
const ENTRIES_MAX: usize = 100;

/// Single sign-on by OpenID Connect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SsoSettings {
    /// Whether the sign-in page offers it.
    pub enabled: bool,
    /// What the button says, such as the company's name for its sign-on.
    pub label: String,
    /// The provider's address, such as `https://id.example.com/realms/staff`: `/.well-known/openid-configuration` is under it.
    pub issuer: String,
    pub client_id: String,
    /// Asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim that says what somebody is, such as `groups`; empty to leave roles to Forecourt.
    pub role_claim: String,
    /// What each value of the claim means; the first that fits counts.
    pub roles: Vec<SsoRole>,
    /// The role of whom none of them fits; null refuses such people.
    #[schema(required)]
    pub otherwise: Option<Role>,
    /// Domains that an e-mail may be of; empty for any.
    pub email_domains: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SsoRole {
    /// A value of the claim, or one of its values where it is a list.
    pub value: String,
    pub role: Role,
    /// For the role dealer: whose rows.
    #[serde(default)]
    #[schema(required)]
    pub dealer: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct SsoSettingsShown {
    #[serde(flatten)]
    settings: SsoSettings,
    /// Whether a client secret is kept. It is never shown.
    has_client_secret: bool,
    /// What to enter at the provider as the redirect address; empty until `server.public_url` is configured.
    redirect_uri: String,
}

/// [`SsoSettings`] field by field: flattened, an unknown field would be told after a missing one, or not at all.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SsoSettingsChange {
    enabled: bool,
    label: String,
    issuer: String,
    client_id: String,
    scopes: Vec<String>,
    role_claim: String,
    roles: Vec<SsoRole>,
    #[schema(required)]
    otherwise: Option<Role>,
    email_domains: Vec<String>,
    /// A new client secret; left out, the one that is kept stays; empty, it is removed.
    #[serde(default)]
    client_secret: Option<String>,
}

impl From<SsoSettingsChange> for SsoSettings {
    fn from(asked: SsoSettingsChange) -> Self {
        let SsoSettingsChange { enabled, label, issuer, client_id, scopes, role_claim, roles, otherwise, email_domains, client_secret: _ } =
            asked;
        Self { enabled, label, issuer, client_id, scopes, role_claim, roles, otherwise, email_domains }
    }
}

impl Default for SsoSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            label: String::new(),
            issuer: String::new(),
            client_id: String::new(),
            scopes: vec!["email".into(), "profile".into()],
            role_claim: String::new(),
            roles: Vec::new(),
            otherwise: None,
            email_domains: Vec::new(),
        }
    }
}

pub(super) async fn stored(control: &Control) -> Result<SsoSettings, ApiError> {
    Ok(control.setting(SETTING).await?.unwrap_or_default())
}

/// How single sign-on is set up.
#[utoipa::path(get, path = "/api/security/sso", tag = "security", responses((status = 200, body = SsoSettingsShown)))]
pub async fn settings(State(control): State<Control>, State(sessions): State<Sessions>) -> Result<Json<SsoSettingsShown>, ApiError> {
    let has_client_secret = control.has_secret(SECRET_PLACE).await?;
    let redirect_uri = if sessions.public_url.is_empty() { String::new() } else { super::callback_url(&sessions) };
    Ok(Json(SsoSettingsShown { settings: stored(&control).await?, has_client_secret, redirect_uri }))
}

/// Set single sign-on up. Switching it on asks the provider for its description first.
#[utoipa::path(put, path = "/api/security/sso", tag = "security", request_body = SsoSettingsChange,
    responses((status = 204), (status = 400, body = ErrorBody)))]
pub async fn set_settings(
    State(control): State<Control>,
    State(clock): State<Clock>,
    State(sessions): State<Sessions>,
    State(outgoing): State<Outgoing>,
    trail: Trail,
    Body(mut asked): Body<SsoSettingsChange>,
) -> Result<StatusCode, ApiError> {
    let client_secret = asked.client_secret.take();
    let settings = checked(asked.into())?;
    let secret = match &client_secret {
        Some(secret) if secret.is_empty() => None,
        Some(secret) => Some(forecourt_store::control::Secret::from(secret.clone())),
        None => control.secret(SECRET_PLACE).await?,
    };
    if settings.enabled {
        if sessions.public_url.is_empty() {
            return Err(ApiError::invalid("set `server.public_url` in the configuration first: the provider sends people back to it"));
        }
        let found = super::Provider::discover(&settings, secret, &super::callback_url(&sessions), outgoing).await;
        found.map_err(|error| ApiError::invalid(error.to_string()))?;
    }
    let before = stored(&control).await?;
    trail.object(SETTING);
    trail.changed(&before, &settings);
    match client_secret {
        Some(secret) if secret.is_empty() => control.remove_secret(SECRET_PLACE).await?,
        Some(secret) => control.put_secret(SECRET_PLACE, &secret, clock.now_us()).await?,
        None => {}
    }
    control.put_setting(SETTING, &settings).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn checked(mut settings: SsoSettings) -> Result<SsoSettings, ApiError> {
    for text in [&mut settings.label, &mut settings.issuer, &mut settings.client_id, &mut settings.role_claim] {
        *text = text.trim().to_owned();
        if TEXT_CHARS_MAX < text.chars().count() || text.chars().any(char::is_control) {
            return Err(ApiError::invalid(format!("a text of single sign-on has at most {TEXT_CHARS_MAX} characters")));
        }
    }
    let tidied = |texts: Vec<String>| -> Vec<String> {
        texts.into_iter().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect()
    };
    settings.scopes = tidied(settings.scopes).into_iter().filter(|scope| scope != "openid").collect();
    settings.email_domains = tidied(settings.email_domains).iter().map(|name| name.trim_start_matches('@').to_lowercase()).collect();
    if [settings.scopes.len(), settings.email_domains.len(), settings.roles.len()].iter().any(|count| ENTRIES_MAX < *count) {
        return Err(ApiError::invalid(format!("single sign-on takes at most {ENTRIES_MAX} scopes, roles and domains")));
    }
    if settings.enabled && (settings.issuer.is_empty() || settings.client_id.is_empty() || settings.label.is_empty()) {
        return Err(ApiError::invalid("single sign-on needs `issuer`, `client_id` and `label` before it can be enabled"));
    }
    if !settings.issuer.is_empty() && !settings.issuer.starts_with("https://") && !settings.issuer.starts_with("http://") {
        return Err(ApiError::invalid("`issuer` is the provider's address: begin it with https://"));
    }
    if settings.otherwise == Some(Role::Dealer) {
        return Err(ApiError::invalid("`otherwise` cannot be dealer: nothing says which one; map a value of the claim to it"));
    }
    for entry in &mut settings.roles {
        entry.dealer = entry.dealer.take().map(|dealer| dealer.trim().to_owned()).filter(|dealer| !dealer.is_empty());
        if (entry.role == Role::Dealer) != entry.dealer.is_some() {
            return Err(ApiError::invalid(format!("the value `{}`: the role dealer, and only it, needs `dealer`", entry.value)));
        }
    }
    if !settings.roles.is_empty() && settings.role_claim.is_empty() {
        return Err(ApiError::invalid("`roles` maps values of `role_claim`: name the claim too"));
    }
    Ok(settings)
}

//! The second factor: one's own, another's as an admin resets it, and who must have one.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use forecourt_store::control::{Control, SecondFactorPolicy, Secret, Session};
use qrcodegen::{QrCode, QrCodeEcc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Caller, Clock, Installation, Trail,
    accounts::Role,
    error::{ApiError, ErrorBody},
    input::Body,
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BeginSecondFactor {
    /// One's own password, once more; left out by accounts that have none, and by those that are led to enrol at sign-in.
    #[serde(default)]
    password: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct BegunSecondFactor {
    /// To be typed into the app where it cannot read the picture.
    secret: String,
    /// The same as an address that the app opens.
    uri: String,
    /// The address as a QR code: an SVG document of black squares on white.
    qr_svg: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondFactorCode {
    /// Six digits of the app; where a factor is in force already, a recovery code too.
    code: String,
}

#[derive(Serialize, ToSchema)]
pub struct RecoveryCodes {
    /// Each lets in once instead of the app. Shown this once: only their hashes are kept.
    recovery_codes: Vec<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecurityPolicy {
    /// Who must have a second factor. Whoever has none is led to it before anything else; single sign-on is exempt.
    second_factor_required_for: Vec<Role>,
}

/// Begin a second factor: a secret for the authenticator app, in force once a code confirms it.
#[utoipa::path(post, path = "/api/account/second-factor", tag = "account", request_body = BeginSecondFactor,
    responses((status = 200, body = BegunSecondFactor), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)))]
pub async fn begin(
    State(control): State<Control>,
    State(clock): State<Clock>,
    State(installation): State<Installation>,
    caller: Caller,
    Body(asked): Body<BeginSecondFactor>,
) -> Result<Json<BegunSecondFactor>, ApiError> {
    let session = caller.session()?;
    prove(&control, session, asked.password, clock.now_us()).await?;
    let secret = control.begin_second_factor(&session.user, clock.now_us()).await?;
    let uri = uri(&installation.name, &session.user.email, &secret);
    let qr =
        QrCode::encode_text(&uri, QrCodeEcc::Medium).map_err(|_| ApiError::invalid("the installation's name is too long for a QR code"))?;
    Ok(Json(BegunSecondFactor { secret: secret.reveal().to_owned(), qr_svg: svg(&qr), uri }))
}

/// A session that somebody else got hold of must not lock its owner out.
async fn prove(control: &Control, session: &Session, password: Option<String>, now_us: i64) -> Result<(), ApiError> {
    // One that must enrol has just shown the password, and can do nothing else.
    if session.must_enrol || !control.has_password(&session.user.id).await? {
        return Ok(());
    }
    let password = password.ok_or_else(|| ApiError::invalid("send your `password` too"))?;
    if control.check_password(&session.user, password, now_us).await? { Ok(()) } else { Err(ApiError::wrong_current_password()) }
}

/// Put the second factor in force by a code of the app; all other sessions end.
#[utoipa::path(post, path = "/api/account/second-factor/confirm", tag = "account", request_body = SecondFactorCode,
    responses((status = 200, body = RecoveryCodes), (status = 401, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub async fn confirm(
    State(control): State<Control>,
    State(clock): State<Clock>,
    caller: Caller,
    trail: Trail,
    Body(asked): Body<SecondFactorCode>,
) -> Result<Json<RecoveryCodes>, ApiError> {
    let session = caller.session()?;
    trail.detail("change", "added");
    let codes = control.confirm_second_factor(&session.user, &asked.code, &session.id, clock.now_us()).await?;
    let codes = codes.ok_or_else(ApiError::wrong_code)?;
    tracing::info!(user = session.user.id, "a second factor was added");
    Ok(Json(shown(&codes)))
}

/// New recovery codes instead of those that are left.
#[utoipa::path(post, path = "/api/account/second-factor/recovery-codes", tag = "account", request_body = SecondFactorCode,
    responses((status = 200, body = RecoveryCodes), (status = 401, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub async fn renew_recovery_codes(
    State(control): State<Control>,
    State(clock): State<Clock>,
    caller: Caller,
    trail: Trail,
    Body(asked): Body<SecondFactorCode>,
) -> Result<Json<RecoveryCodes>, ApiError> {
    let user = &caller.session()?.user;
    trail.detail("change", "new recovery codes");
    if !control.check_second_factor(&user.id, &asked.code, clock.now_us()).await? {
        return Err(ApiError::wrong_code());
    }
    Ok(Json(shown(&control.new_recovery_codes(&user.id).await?)))
}

/// Take one's own second factor away.
#[utoipa::path(post, path = "/api/account/second-factor/remove", tag = "account", request_body = SecondFactorCode,
    responses((status = 204), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub async fn remove(
    State(control): State<Control>,
    State(clock): State<Clock>,
    caller: Caller,
    trail: Trail,
    Body(asked): Body<SecondFactorCode>,
) -> Result<StatusCode, ApiError> {
    let user = &caller.session()?.user;
    trail.detail("change", "removed");
    if control.second_factor_policy().await?.requires(user.role) {
        return Err(ApiError::invalid("your role must have a second factor: an admin can reset it, and you then enrol anew"));
    }
    if !control.check_second_factor(&user.id, &asked.code, clock.now_us()).await? {
        return Err(ApiError::wrong_code());
    }
    control.remove_second_factor(&user.id).await?;
    tracing::info!(user = user.id, "a second factor was removed");
    Ok(StatusCode::NO_CONTENT)
}

/// Take another's second factor away, for somebody who lost both app and recovery codes; the account's sessions end.
#[utoipa::path(delete, path = "/api/users/{id}/second-factor", tag = "accounts", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub async fn reset_second_factor(State(control): State<Control>, trail: Trail, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    trail.detail("change", "reset by an admin");
    if !control.remove_second_factor(&id).await? {
        return Err(ApiError::not_found("such account"));
    }
    control.end_other_sessions(&id, "").await?;
    tracing::info!(user = id, "a second factor was reset by an admin");
    Ok(StatusCode::NO_CONTENT)
}

/// Who must have a second factor.
#[utoipa::path(get, path = "/api/security/policy", tag = "security", responses((status = 200, body = SecurityPolicy)))]
pub async fn policy(State(control): State<Control>) -> Result<Json<SecurityPolicy>, ApiError> {
    let policy = control.second_factor_policy().await?;
    Ok(Json(SecurityPolicy { second_factor_required_for: policy.required_for.into_iter().map(Role::from).collect() }))
}

/// Say who must have a second factor, at once.
#[utoipa::path(put, path = "/api/security/policy", tag = "security", request_body = SecurityPolicy, responses((status = 204)))]
pub async fn set_policy(State(control): State<Control>, trail: Trail, Body(asked): Body<SecurityPolicy>) -> Result<StatusCode, ApiError> {
    let names = |roles: &[forecourt_model::Role]| roles.iter().map(|role| role.as_str()).collect::<Vec<_>>();
    let mut required_for: Vec<forecourt_model::Role> = asked.second_factor_required_for.into_iter().map(Into::into).collect();
    required_for.sort_by_key(|role| role.as_str());
    required_for.dedup();
    let before = control.second_factor_policy().await?;
    trail.object("second_factor_required_for");
    trail.changed(&names(&before.required_for), &names(&required_for));
    control.set_second_factor_policy(&SecondFactorPolicy { required_for }).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown(codes: &[Secret]) -> RecoveryCodes {
    RecoveryCodes { recovery_codes: codes.iter().map(|code| code.reveal().to_owned()).collect() }
}

/// Key URI as authenticator apps read it.
fn uri(installation: &str, email: &str, secret: &Secret) -> String {
    // A colon parts the two in the label.
    let issuer = escape(&installation.replace(':', " "));
    format!("otpauth://totp/{issuer}:{}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period=30", escape(email), secret.reveal())
}

fn escape(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~@".contains(byte);
    text.bytes().map(|byte| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// Black on white whatever the page's colours are: cameras want it so. Four modules of margin, as the standard asks.
fn svg(code: &QrCode) -> String {
    let size = code.size();
    let mut squares = String::new();
    for y in 0..size {
        for x in (0..size).filter(|x| code.get_module(*x, y)) {
            squares.push_str(&format!("M{} {}h1v1h-1z", x + 4, y + 4));
        }
    }
    let side = size + 8;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}h-{side}z\"/><path d=\"{squares}\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_what_apps_read() {
        let uri = uri("Ada: Motors & Söhne", "ana+x@example.com", &Secret::from("JBSWY3DPEHPK3PXP".to_owned()));
        assert_eq!(
            uri,
            "otpauth://totp/Ada%20%20Motors%20%26%20S%C3%B6hne:ana%2Bx@example.com?secret=JBSWY3DPEHPK3PXP\
             &issuer=Ada%20%20Motors%20%26%20S%C3%B6hne&algorithm=SHA1&digits=6&period=30"
        );
        let drawn = svg(&QrCode::encode_text(&uri, QrCodeEcc::Medium).unwrap());
        assert!(drawn.starts_with("<svg ") && drawn.ends_with("</svg>") && 1_000 < drawn.matches("h1v1").count());
    }
}

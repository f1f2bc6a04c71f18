//! Refusals and failures as the caller sees them.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use forecourt_log::LogError;
use forecourt_query::QueryError;
use forecourt_store::{
    StoreError,
    control::{AccountError, SignInError},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::border::NotTaken;

/// An answer that is none: status, a code for programs, a message that tells people what to do.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    retry_after_s: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub struct ErrorBody {
    error: ErrorDetail,
}

#[derive(Serialize, ToSchema)]
struct ErrorDetail {
    code: &'static str,
    message: String,
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after_s: None }
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", message)
    }

    pub fn sign_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "sign_in", "sign in, or show an API token as `Authorization: Bearer fct_…`")
    }

    pub fn wrong_password() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "wrong_password", "e-mail or password is wrong")
    }

    /// Of somebody who is signed in: no reason to send them to the sign-in page.
    pub fn wrong_current_password() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "wrong_password", "your current password is wrong")
    }

    pub fn wrong_code() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "wrong_code", "the code is wrong or was used: wait for the next one")
    }

    /// The role needs a second factor and the account has none.
    pub fn must_enrol() -> Self {
        Self::new(StatusCode::FORBIDDEN, "second_factor_needed", "your role must have a second factor: set one up first")
    }

    pub fn throttled(message: impl Into<String>, retry_after_s: i64) -> Self {
        let throttled = Self::new(StatusCode::TOO_MANY_REQUESTS, "throttled", message);
        Self { retry_after_s: Some(retry_after_s), ..throttled }
    }

    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no {what}: it may have been removed, or the address is mistyped"))
    }

    /// What is asked does not go with how things stand.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", message)
    }

    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    }

    /// The disk is too full for it.
    pub fn no_space(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "no_space", message)
    }

    pub fn unavailable(message: impl Into<String>, retry_after_s: i64) -> Self {
        let error = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message);
        Self { retry_after_s: Some(retry_after_s), ..error }
    }

    /// A defect or a broken database: the details are for the server's log, not for the caller.
    pub fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "this failed on the server: its log says why")
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = ErrorBody { error: ErrorDetail { code: self.code, message: self.message } };
        let mut response = (self.status, Json(body)).into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Invalid(told) => Self::invalid(told),
            error if error.is_retryable() => Self::unavailable(error.to_string(), 5),
            error => Self::internal(&error),
        }
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Invalid(told) => Self::invalid(told),
            // It has logged its reason itself.
            QueryError::Internal(_) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", error.to_string()),
            QueryError::Damaged(told) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "damaged", told),
        }
    }
}

impl From<NotTaken> for ApiError {
    fn from(error: NotTaken) -> Self {
        match error {
            NotTaken::Later(told) => Self::unavailable(told, 5),
            NotTaken::Never(told) => Self::invalid(told),
        }
    }
}

impl From<LogError> for ApiError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::EntryTooLarge { .. } | LogError::BatchTooLarge { .. } => Self::invalid(error.to_string()),
            LogError::Overloaded { .. } => Self::unavailable(error.to_string(), 1),
            error => Self::unavailable(error.to_string(), 10),
        }
    }
}

impl From<AccountError> for ApiError {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Invalid(told) => Self::invalid(told),
            AccountError::WeakPassword(told) => Self::new(StatusCode::BAD_REQUEST, "weak_password", told),
            AccountError::Throttled { retry_after_us } => Self::throttled(error.to_string(), (retry_after_us + 999_999) / 1_000_000),
            AccountError::Store(error) => error.into(),
        }
    }
}

impl From<SignInError> for ApiError {
    fn from(error: SignInError) -> Self {
        let told = error.to_string();
        match error {
            SignInError::Wrong => Self::wrong_password(),
            SignInError::CodeNeeded => Self::new(StatusCode::UNAUTHORIZED, "code_needed", told),
            SignInError::WrongCode => Self::new(StatusCode::UNAUTHORIZED, "wrong_code", told),
            SignInError::Throttled { retry_after_us } => Self::throttled(told, (retry_after_us + 999_999) / 1_000_000),
            SignInError::Store(error) => error.into(),
        }
    }
}

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

    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no {what}: it may have been removed, or the address is mistyped"))
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
            AccountError::Store(error) => error.into(),
        }
    }
}

impl From<SignInError> for ApiError {
    fn from(error: SignInError) -> Self {
        let told = error.to_string();
        match error {
            SignInError::Wrong => Self::wrong_password(),
            SignInError::Throttled { retry_after_us } => {
                let throttled = Self::new(StatusCode::TOO_MANY_REQUESTS, "throttled", told);
                Self { retry_after_s: Some((retry_after_us + 999_999) / 1_000_000), ..throttled }
            }
            SignInError::Store(error) => error.into(),
        }
    }
}

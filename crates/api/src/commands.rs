//! What people want changed: appended to the log, decided by the fold, answered with its verdict.

use std::time::Duration;

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use forecourt_log::{Entry, Log};
use forecourt_model::{
    RecordKind,
    command::{Action, Command, Verdict},
};
use forecourt_store::Store;
use serde::Serialize;
use tokio::{sync::watch, time::timeout};
use utoipa::ToSchema;

use crate::{Caller, Clock, error::ApiError};

/// How long a caller waits for the fold before it is told to come back.
const VERDICT_WITHIN: Duration = Duration::from_secs(2);

#[derive(Debug, Clone)]
pub struct Commands {
    log: Log,
    store: Store,
    folded: watch::Receiver<u64>,
    clock: Clock,
}

/// What became of a command.
#[derive(Debug, PartialEq, Eq)]
pub enum Told {
    Done,
    Refused {
        reason: String,
    },
    /// In the log, not folded yet.
    Pending {
        offset: u64,
    },
}

#[derive(Serialize, ToSchema)]
pub struct CommandOutcome {
    /// Whether it was done; without it and with `link`, it is still to come.
    done: bool,
    /// Why not.
    #[schema(required)]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Clock")
    }
}

impl Commands {
    pub(crate) fn new(log: Log, store: Store, folded: watch::Receiver<u64>, clock: Clock) -> Self {
        Self { log, store, folded, clock }
    }

    pub(crate) async fn tell(&self, caller: &Caller, action: Action) -> Result<Told, ApiError> {
        let command = Command { actor: caller.actor.clone(), action };
        let body = serde_json::to_vec(&command).map_err(|error| ApiError::internal(&error))?;
        let entry = Entry { kind: RecordKind::Command as u8, body: Bytes::from(body) };
        let offset = self.log.append(self.clock.now_us(), vec![entry]).await?;
        let mut folded = self.folded.clone();
        match timeout(VERDICT_WITHIN, folded.wait_for(|folded| offset < *folded)).await {
            Ok(Ok(_)) => {}
            Ok(Err(_)) | Err(_) => return Ok(Told::Pending { offset }),
        }
        self.verdict(offset).await
    }

    /// Tells it and answers the caller: done or still to come, or an error with the fold's reason.
    pub(crate) async fn carry_out(&self, caller: &Caller, action: Action) -> Result<Response, ApiError> {
        match self.tell(caller, action).await? {
            Told::Refused { reason } => Err(ApiError::invalid(reason)),
            told => Ok(told.into_response()),
        }
    }

    pub(crate) async fn verdict(&self, offset: u64) -> Result<Told, ApiError> {
        Ok(match self.store.verdict(offset).await? {
            Some(Verdict::Done) => Told::Done,
            Some(Verdict::Refused { reason }) => Told::Refused { reason },
            None => Told::Pending { offset },
        })
    }
}

/// The fold's word on a command that was still pending.
#[utoipa::path(get, path = "/api/commands/{offset}", tag = "profiles", params(("offset" = u64, Path)),
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome)))]
pub async fn outcome(State(commands): State<Commands>, Path(offset): Path<u64>) -> Result<Told, ApiError> {
    commands.verdict(offset).await
}

impl IntoResponse for Told {
    fn into_response(self) -> Response {
        match self {
            Self::Done => Json(CommandOutcome { done: true, reason: None, link: None }).into_response(),
            Self::Refused { reason } => Json(CommandOutcome { done: false, reason: Some(reason), link: None }).into_response(),
            Self::Pending { offset } => {
                let link = format!("/api/commands/{offset}");
                let body = CommandOutcome { done: false, reason: None, link: Some(link.clone()) };
                (StatusCode::ACCEPTED, [(header::LOCATION, link)], Json(body)).into_response()
            }
        }
    }
}

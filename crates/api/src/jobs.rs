//! Long work with progress to look at.

use axum::{Json, extract::State};
use forecourt_model::time::iso;
use forecourt_store::control::{self, Control};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiError;

const JOBS_SHOWN: u32 = 50;

#[derive(Serialize, ToSchema)]
pub struct Job {
    id: String,
    /// `demo_seed`, `import`, `channel_rules`.
    kind: String,
    title: String,
    state: JobState,
    done: u64,
    /// 0 while it is not known.
    total: u64,
    /// What `done` and `total` count.
    unit: String,
    started_at: String,
    #[schema(required)]
    message: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Waits for a worker.
    Queued,
    Running,
    /// Stopped by a person, to be gone on with.
    Paused,
    Done,
    Failed,
    /// Stopped by a person for good.
    Cancelled,
}

#[derive(Serialize, ToSchema)]
pub struct Jobs {
    jobs: Vec<Job>,
}

impl From<control::Job> for Job {
    fn from(job: control::Job) -> Self {
        let state = match job.state {
            control::JobState::Queued => JobState::Queued,
            control::JobState::Running => JobState::Running,
            control::JobState::Paused => JobState::Paused,
            control::JobState::Cancelled => JobState::Cancelled,
            control::JobState::Done => JobState::Done,
            control::JobState::Failed => JobState::Failed,
        };
        Self {
            id: job.id,
            kind: job.kind,
            title: job.title,
            state,
            done: job.done,
            total: job.total,
            unit: job.unit,
            started_at: iso(job.started_us),
            message: job.message,
        }
    }
}

/// The latest jobs, the newest first.
#[utoipa::path(get, path = "/api/jobs", tag = "ingest", responses((status = 200, body = Jobs)))]
pub async fn jobs(State(control): State<Control>) -> Result<Json<Jobs>, ApiError> {
    Ok(Json(Jobs { jobs: latest(&control).await? }))
}

pub async fn latest(control: &Control) -> Result<Vec<Job>, ApiError> {
    Ok(control.jobs(JOBS_SHOWN).await?.into_iter().map(Job::from).collect())
}

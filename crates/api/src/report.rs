//! What the reports over people's ways have in common.

use forecourt_model::ProfileId;
use forecourt_query as query;
use forecourt_store::Store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Caller, error::ApiError, profiles::ProfileRow};

/// Which events a report is about.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventFilter {
    event: String,
    /// A SQL condition on the event's columns.
    #[serde(default, rename = "where")]
    condition: Option<String>,
}

/// Who is behind a number.
#[derive(Serialize, ToSchema)]
pub struct ReportPeople {
    profiles: Vec<ProfileRow>,
    /// Of all pages.
    total: u64,
    #[schema(required)]
    next_cursor: Option<String>,
}

impl ReportPeople {
    pub async fn of(store: &Store, caller: &Caller, people: query::People) -> Result<Self, ApiError> {
        let ids: Vec<ProfileId> = people.profile_ids.into_iter().map(ProfileId).collect();
        let profiles = store.profile_summaries(&caller.scope, &ids).await?.into_iter().map(ProfileRow::from).collect();
        Ok(Self { profiles, total: people.total, next_cursor: people.next_cursor })
    }
}

impl From<EventFilter> for query::EventFilter {
    fn from(filter: EventFilter) -> Self {
        Self { event: filter.event, condition: filter.condition }
    }
}

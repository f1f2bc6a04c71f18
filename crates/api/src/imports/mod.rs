//! Imports of files: given, looked at, tried, taken in.
//!
//! What is known of a file comes from the [`ImportDesk`], which reads it; the work on it is a job that another part of
//! the server does. Here are the questions, the answers, and who may ask.

mod desk;
mod draft;
mod history;
mod mappings;
mod outside;
mod records;
mod row;
mod upload;
mod work;

use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt as _},
    routes,
};

pub use desk::{ImportDesk, ImportLimits, Look, LookAsked, LookColumn, LookField, LookFormat, LookPreview, LookProblem, LookRow};
pub use row::{ImportOutcome, PeopleNamed, RefusedCount, RowsKnown, WarningTold};

use crate::ApiState;

pub fn routes() -> OpenApiRouter<ApiState> {
    use axum::extract::DefaultBodyLimit;
    OpenApiRouter::new()
        .routes(routes!(history::imports, upload::upload_file))
        .routes(routes!(history::import_state, draft::plan_import, history::remove_import))
        .routes(routes!(draft::look_at_file))
        .routes(routes!(work::check_import))
        .routes(routes!(work::start_import))
        .routes(routes!(work::pause_import))
        .routes(routes!(work::resume_import))
        .routes(routes!(work::cancel_import))
        .routes(routes!(history::rejected_rows))
        .routes(routes!(draft::import_again))
        .routes(routes!(mappings::import_mappings))
        .routes(routes!(mappings::keep_import_mapping, mappings::remove_import_mapping))
        .routes(routes!(outside::begin_outside_import))
        .routes(routes!(outside::note_outside_import))
        .routes(routes!(records::take_records).layer(DefaultBodyLimit::max(records::RECORDS_BYTES_MAX)))
}

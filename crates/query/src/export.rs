//! All events of a time, in parts that fit in memory.

use forecourt_model::Scope;

use crate::{Query, QueryError, SqlAnswer};

impl Query {
    /// Into how many parts an export of events is cut: ranges of profile ids.
    pub const EXPORT_PARTS: i64 = 64;

    /// One part of the events from `from_us` until before `until_us`, in microseconds since 1970 UTC; all columns.
    ///
    /// * `part`: from 0 to below [`Query::EXPORT_PARTS`]; all parts together hold each event once.
    /// * `rows_max`: see [`Query::sql`].
    pub async fn events_part(
        &self,
        scope: &Scope,
        from_us: i64,
        until_us: i64,
        part: i64,
        rows_max: usize,
    ) -> Result<SqlAnswer, QueryError> {
        let width = i64::MAX / Self::EXPORT_PARTS + 1;
        let first = width * part;
        let last = first.saturating_add(width - 1);
        let sql = format!(
            "SELECT * FROM events WHERE profile_id BETWEEN {first} AND {last}
             AND ts >= to_timestamp_micros({from_us}) AND ts < to_timestamp_micros({until_us})"
        );
        self.sql(scope, &sql, rows_max).await
    }
}

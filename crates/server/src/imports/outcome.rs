//! What an import or a dry run counted, in the words of the API.

use forecourt_api::imports::{ImportOutcome, PeopleNamed, RefusedCount, RowsKnown};
use forecourt_collect::file::Summary;
use forecourt_model::time::iso;

use super::desk::warning;

pub fn outcome(summary: &Summary, compared: Option<(RowsKnown, PeopleNamed)>) -> ImportOutcome {
    let (known, profiles) = compared.unzip();
    ImportOutcome {
        rows: summary.rows,
        accepted: summary.accepted,
        refused: summary.refused,
        reasons: summary.reasons.iter().map(|(code, count)| RefusedCount { code: (*code).to_owned(), count: *count }).collect(),
        warnings: summary.warnings.iter().map(warning).collect(),
        from: summary.from_us.map(iso),
        to: summary.to_us.map(iso),
        people: summary.people,
        starts: summary.live,
        seconds: summary.seconds,
        known,
        profiles,
    }
}

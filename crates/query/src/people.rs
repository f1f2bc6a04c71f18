//! Lists of people behind a number, a page at a time.

use crate::QueryError;

/// By rising id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct People {
    pub profile_ids: Vec<i64>,
    /// Of all pages.
    pub total: u64,
    pub next_cursor: Option<String>,
}

pub const PEOPLE_MAX: usize = 1000;

/// One page while it is gathered: from a part of the data, profiles in rising order.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    after: i64,
    limit: usize,
    profile_ids: Vec<i64>,
    total: u64,
}

impl Page {
    /// * `cursor`: what an answer before gave as [`People::next_cursor`].
    pub fn of(cursor: Option<&str>, limit: usize) -> Result<Self, QueryError> {
        let after = match cursor {
            None => -1,
            Some(cursor) => {
                cursor.parse().map_err(|_| QueryError::Invalid(format!("`cursor` is {cursor:?}: pass on the one of the page before")))?
            }
        };
        Ok(Self { after, limit: limit.clamp(1, PEOPLE_MAX), profile_ids: Vec::new(), total: 0 })
    }

    pub fn note(&mut self, profile_id: i64) {
        self.total += 1;
        // One more than asked for tells whether there is a next page.
        if self.after < profile_id && self.profile_ids.len() <= self.limit {
            self.profile_ids.push(profile_id);
        }
    }

    /// The answer from the pages of all parts, whose ids rise from part to part.
    pub fn answer(self, parts: Vec<Self>) -> People {
        let total = parts.iter().map(|part| part.total).sum();
        let mut profile_ids: Vec<i64> = parts.into_iter().flat_map(|part| part.profile_ids).collect();
        let more = profile_ids.len() > self.limit;
        profile_ids.truncate(self.limit);
        let next_cursor = profile_ids.last().filter(|_| more).map(i64::to_string);
        People { profile_ids, total, next_cursor }
    }
}

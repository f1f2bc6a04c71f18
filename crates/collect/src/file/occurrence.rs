//! Tells equal rows of one file apart, so that each counts, and counts once however often the file is imported.

use rustc_hash::FxHashMap;

/// Rows this near to each other are told apart for certain; equal rows twice as far may count as one.
const NEAR_ROWS: u32 = 500_000;

/// Counts equal rows over the last [`NEAR_ROWS`] to twice as many rows. Depends on the file's order alone.
#[derive(Default)]
pub struct Occurrences {
    recent: FxHashMap<u64, u32>,
    older: FxHashMap<u64, u32>,
    rows: u32,
}

impl Occurrences {
    /// How many rows with this digest came before, in the window.
    pub fn before(&mut self, digest: u64) -> u32 {
        if self.rows == NEAR_ROWS {
            self.older = std::mem::take(&mut self.recent);
            self.rows = 0;
        }
        self.rows += 1;
        let older = self.older.get(&digest).copied();
        let next = self.recent.entry(digest).or_insert(older.unwrap_or(0));
        *next += 1;
        *next - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_rows_are_numbered_across_the_window() {
        let mut occurrences = Occurrences::default();
        assert_eq!([occurrences.before(7), occurrences.before(7), occurrences.before(8)], [0, 1, 0]);
        for row in 0..u64::from(NEAR_ROWS) {
            occurrences.before(1_000 + row);
        }
        assert_eq!(occurrences.before(7), 2);
    }
}

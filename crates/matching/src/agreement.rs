//! The agreement of two records: one level for each column.

use crate::{
    column::{MISSING, NAME_DIFFERENT},
    compare::{crossed, level},
    table::Table,
};

/// Columns compared at most, so that a pair's levels fit one number.
pub(crate) const COLUMNS_MAX: usize = 32;

/// The levels of all columns, four bits each; equal agreements are equal numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Agreement(u128);

impl Agreement {
    /// Compares two rows in every column.
    pub(crate) fn of(table: &Table, left: u32, right: u32) -> Self {
        let levels = (0..table.columns.len()).map(|column| level_in(table, column, left, right));
        let straight = levels.enumerate().fold(Self(0), |agreement, (column, level)| agreement.with(column, level));
        straight.with_crossed_names(table, left, right)
    }

    /// Missing in every one of the first `columns`.
    pub(crate) fn all_missing(columns: usize) -> Self {
        (0..columns).fold(Self(0), |agreement, column| agreement.with(column, MISSING))
    }

    pub(crate) fn level(self, column: usize) -> u8 {
        ((self.0 >> (4 * column)) & 15) as u8
    }

    pub(crate) fn with(self, column: usize, level: u8) -> Self {
        let shift = 4 * column;
        Self((self.0 & !(15 << shift)) | (u128::from(level) << shift))
    }

    /// Where names do not agree straight, the given name may stand in the place of the surname.
    pub(crate) fn with_crossed_names(self, table: &Table, left: u32, right: u32) -> Self {
        let Some((given, surname)) = table.names else { return self };
        if !disagree(self.level(given)) || !disagree(self.level(surname)) {
            return self;
        }
        let names = |row| (table.value(given, row), table.value(surname, row));
        match crossed(names(left), names(right)) {
            Some(level) => self.with(given, level).with(surname, MISSING),
            None => self,
        }
    }
}

/// Levels that leave room for a better reading of the names: nothing, or hardly anything in common.
fn disagree(level: u8) -> bool {
    level == MISSING || level + 1 == NAME_DIFFERENT || level == NAME_DIFFERENT
}

/// The level of one column, names compared straight.
pub(crate) fn level_in(table: &Table, column: usize, left: u32, right: u32) -> u8 {
    match (table.id(column, left), table.id(column, right)) {
        (0, _) | (_, 0) => MISSING,
        (left, right) if left == right => 0,
        (left, right) => level(table.columns[column].kind, table.text(column, left), table.text(column, right)),
    }
}

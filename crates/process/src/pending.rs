//! Changed fragments that the table does not have yet, while the fold is behind.
//!
//! A fragment's id is a hash, so a batch of ten thousand people is ten thousand pages of the table, each written twice.
//! Behind, the fold writes with each batch only the fragments of one swathe of the ids, those that waited since that swathe's
//! last turn with them, so that a page is written once for several of its rows; the others it notes in one small row.
//! What others ask the table for without the fold is never late: who belongs to which profile, and whose a lead is.

use std::collections::VecDeque;

use forecourt_model::FragmentId;
use forecourt_store::{FoldTx, StoreError, fragment::FragmentRow};
use rustc_hash::FxHashMap;

/// After so many batches every swathe had its turn.
const SWATHES: u64 = 32;
/// Ids are 63 bits wide.
const SWATHE_SHIFT: u32 = 63 - SWATHES.ilog2();

#[derive(Default)]
pub(crate) struct Pending {
    rows: FxHashMap<FragmentId, FragmentRow>,
    /// End offsets of the notes that are kept, oldest first.
    notes: VecDeque<u64>,
    turn: u64,
}

/// A changed row, and whether it can wait.
pub(crate) struct Changed {
    pub row: FragmentRow,
    /// Others look for it in the table: it joined a profile, or a lead is its own.
    pub is_urgent: bool,
}

impl Pending {
    pub fn get(&self, id: FragmentId) -> Option<&FragmentRow> {
        self.rows.get(&id)
    }

    /// Writes what a batch changed: all of it and all that waits, or, while the fold is `behind`, a swathe.
    pub async fn save(&mut self, tx: &mut FoldTx, changed: Vec<Changed>, end_offset: u64, behind: bool) -> Result<(), StoreError> {
        self.note(tx, &changed, end_offset, behind).await?;
        let swathe = behind.then_some(self.turn % SWATHES);
        self.turn += 1;
        let is_due = |id: FragmentId| swathe.is_none_or(|swathe| (id.0 as u64) >> SWATHE_SHIFT == swathe);
        let mut due = Vec::with_capacity(changed.len());
        for Changed { row, is_urgent } in changed {
            if is_urgent || is_due(row.fragment_id) {
                self.rows.remove(&row.fragment_id);
                due.push(row);
            } else {
                self.rows.insert(row.fragment_id, row);
            }
        }
        due.extend(self.rows.extract_if(|id, _| is_due(*id)).map(|(_, row)| row));
        // In the order of the key, so that neighbours share pages of the tree.
        due.sort_unstable_by_key(|row| row.fragment_id);
        tx.save_fragments(due).await
    }

    /// Notes all that changed, written or not: the last note of a row must be its last word, because notes are what a
    /// restart writes.
    async fn note(&mut self, tx: &mut FoldTx, changed: &[Changed], end_offset: u64, behind: bool) -> Result<(), StoreError> {
        if behind && !changed.is_empty() {
            let rows: Vec<&FragmentRow> = changed.iter().map(|changed| &changed.row).collect();
            tx.note_fragments(end_offset, &rows).await?;
            self.notes.push_back(end_offset);
        }
        // A note is spent when each of its rows had a turn since, or was noted again.
        let kept = if behind { SWATHES as usize } else { 0 };
        let mut spent = None;
        while kept < self.notes.len() {
            spent = self.notes.pop_front();
        }
        match spent {
            Some(end_offset) => tx.drop_noted_fragments(end_offset).await,
            None => Ok(()),
        }
    }

    /// The rows as the fold last left them, in place of those that the table has.
    pub fn instead(&self, found: Vec<FragmentRow>) -> impl Iterator<Item = FragmentRow> {
        found.into_iter().map(|row| self.rows.get(&row.fragment_id).cloned().unwrap_or(row))
    }

    /// Rows that wait, of a range of ids: after `after`, up to and with `until`.
    pub fn between(&self, after: i64, until: i64) -> impl Iterator<Item = FragmentRow> {
        self.rows.values().filter(move |row| after < row.fragment_id.0 && row.fragment_id.0 <= until).cloned()
    }

    /// Whether the table has everything, and no note is left.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.notes.is_empty()
    }
}

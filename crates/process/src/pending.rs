//! Changed fragments, and the evidence between them, that wait to be written into their tables.
//!
//! A fragment's id is a hash, so a batch of ten thousand people is ten thousand pages of the table, each written twice. What a
//! large batch changes is noted in one small row and waits in memory; when too much waits, one swathe of the ids is written, so
//! that a page is written once for several of its rows. How much is written goes by how much waits, not by the batches.
//! What others ask the table for without the fold is never late: who belongs to which profile, whose a lead is, and what a
//! person set by hand.

use std::collections::VecDeque;

use forecourt_model::FragmentId;
use forecourt_store::{
    FoldTx, StoreError,
    fragment::{Evidence, FragmentRow},
};
use rustc_hash::FxHashMap;

/// Parts of the ids that take turns.
const SWATHES: usize = 32;
/// Evidence that waits at most. It is keyed by hashes too.
const EVIDENCE_MAX: usize = 20_000;
/// Ids are 63 bits wide.
const SWATHE_SHIFT: u32 = 63 - SWATHES.ilog2();

pub(crate) struct Pending {
    /// By swathe.
    rows: Vec<FxHashMap<FragmentId, FragmentRow>>,
    waiting: usize,
    waiting_max: usize,
    /// Notes that are kept, oldest first.
    notes: VecDeque<Note>,
    /// Turns so far; each wrote the swathe that comes next.
    turns: usize,
    /// In the order it came: the first of a pair counts.
    evidence: Vec<Evidence>,
    /// How often it was written.
    evidence_turns: usize,
}

struct Note {
    end_offset: u64,
    /// Turns before it.
    turns: usize,
    evidence_turns: usize,
}

/// A changed row, and whether it can wait.
pub(crate) struct Changed {
    pub row: FragmentRow,
    /// Others look for it in the table: it joined a profile, a lead is its own, or a person set something.
    pub is_urgent: bool,
}

impl Pending {
    /// * `waiting_max`: rows that wait at most.
    pub fn new(waiting_max: usize) -> Self {
        let rows = (0..SWATHES).map(|_| FxHashMap::default()).collect();
        Self { rows, waiting: 0, waiting_max, notes: VecDeque::new(), turns: 0, evidence: Vec::new(), evidence_turns: 0 }
    }

    pub fn get(&self, id: FragmentId) -> Option<&FragmentRow> {
        self.rows[swathe_of(id)].get(&id)
    }

    /// Writes what a batch changed, or notes it for later.
    ///
    /// * `may_wait`: whether it is worth a note. If not, all of it is written, with a swathe of what waits.
    pub async fn save(
        &mut self,
        tx: &mut FoldTx,
        changed: Vec<Changed>,
        evidence: Vec<Evidence>,
        end_offset: u64,
        may_wait: bool,
    ) -> Result<(), StoreError> {
        // Noted is all that changed, written or not: the last note of a row must be its last word, because notes are what a
        // restart writes.
        if !changed.is_empty() && (may_wait || self.waiting != 0) {
            let rows: Vec<&FragmentRow> = changed.iter().map(|changed| &changed.row).collect();
            tx.note_fragments(end_offset, &rows, &evidence).await?;
            self.notes.push_back(Note { end_offset, turns: self.turns, evidence_turns: self.evidence_turns });
        }
        self.evidence.extend(evidence);
        let mut due = Vec::new();
        for Changed { row, is_urgent } in changed {
            let waiting = &mut self.rows[swathe_of(row.fragment_id)];
            if may_wait && !is_urgent {
                self.waiting += usize::from(waiting.insert(row.fragment_id, row).is_none());
            } else {
                self.waiting -= usize::from(waiting.remove(&row.fragment_id).is_some());
                due.push(row);
            }
        }
        let most = if may_wait { self.waiting_max } else { self.waiting.saturating_sub(1) };
        self.take_turns(&mut due, most);
        self.write(tx, due, !may_wait).await
    }

    /// Writes the evidence and a swathe of what waits, while nothing else is to do.
    pub async fn write_some(&mut self, tx: &mut FoldTx) -> Result<(), StoreError> {
        let mut due = Vec::new();
        self.take_turns(&mut due, self.waiting.saturating_sub(1));
        self.write(tx, due, true).await
    }

    /// Writes all that waits: then the tables have everything, and no note is left.
    pub async fn write_all(&mut self, tx: &mut FoldTx) -> Result<(), StoreError> {
        let mut due = Vec::new();
        self.take_turns(&mut due, 0);
        self.write(tx, due, true).await
    }

    /// Takes swathes in their turn until no more than `most` rows wait.
    fn take_turns(&mut self, due: &mut Vec<FragmentRow>, most: usize) {
        while most < self.waiting {
            let swathe = std::mem::take(&mut self.rows[self.turns % SWATHES]);
            self.turns += 1;
            self.waiting -= swathe.len();
            due.extend(swathe.into_values());
        }
    }

    async fn write(&mut self, tx: &mut FoldTx, mut due: Vec<FragmentRow>, with_evidence: bool) -> Result<(), StoreError> {
        // In the order of the key, so that neighbours share pages of the tree.
        due.sort_unstable_by_key(|row| row.fragment_id);
        tx.save_fragments(due).await?;
        // A note is spent when its evidence was written, and each of its rows had a turn since, or was noted again.
        let (waiting, turns) = (self.waiting, self.turns);
        let has_rows_written = |note: &Note| waiting == 0 || note.turns + SWATHES <= turns;
        let holds_note = self.notes.front().is_some_and(|note| has_rows_written(note) && note.evidence_turns == self.evidence_turns);
        if with_evidence || holds_note || EVIDENCE_MAX <= self.evidence.len() {
            tx.save_evidence(&self.evidence).await?;
            self.evidence.clear();
            self.evidence_turns += 1;
        }
        let mut spent = None;
        while self.notes.front().is_some_and(|note| has_rows_written(note) && note.evidence_turns < self.evidence_turns) {
            spent = self.notes.pop_front();
        }
        match spent {
            Some(note) => tx.drop_noted_fragments(note.end_offset).await,
            None => Ok(()),
        }
    }

    /// The rows as the fold last left them, in place of those that the table has.
    pub fn instead(&self, found: Vec<FragmentRow>) -> impl Iterator<Item = FragmentRow> {
        found.into_iter().map(|row| self.get(row.fragment_id).cloned().unwrap_or(row))
    }

    /// Evidence that waits, at any of the fragments.
    pub fn evidence_at(&self, ids: &[FragmentId]) -> Vec<Evidence> {
        let ids: rustc_hash::FxHashSet<FragmentId> = ids.iter().copied().collect();
        self.evidence.iter().filter(|edge| ids.contains(&edge.a) || ids.contains(&edge.b)).cloned().collect()
    }

    /// Rows that wait, of a range of ids: after `after`, up to and with `until`.
    pub fn between(&self, after: i64, until: i64) -> impl Iterator<Item = FragmentRow> {
        let rows = self.rows.iter().flat_map(FxHashMap::values);
        rows.filter(move |row| after < row.fragment_id.0 && row.fragment_id.0 <= until).cloned()
    }

    /// Whether the table has everything, and no note is left.
    pub fn is_empty(&self) -> bool {
        self.waiting == 0 && self.notes.is_empty() && self.evidence.is_empty()
    }
}

fn swathe_of(id: FragmentId) -> usize {
    // An id is never negative: see `FragmentId`.
    ((id.0 as u64) >> SWATHE_SHIFT) as usize % SWATHES
}

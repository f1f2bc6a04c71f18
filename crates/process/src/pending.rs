//! Changed fragments, the evidence between them and the words of their names, that wait to be written into their tables.
//!
//! All three are keyed by hashes or by anybody's words, so a batch of ten thousand people is ten thousand pages of a table, each
//! written twice. What a large batch changes is noted in one small row and waits in memory; when too much waits, one swathe of the
//! keys is written, so that a page is written once for several of its rows. How much is written goes by how much waits, not by the
//! batches. What others ask the table for without the fold is never late: which profile a fragment belongs to that the table knows,
//! whose a lead is, and what a person set by hand.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use forecourt_model::{FragmentId, ProfileId, Trust, time::SECOND_US};
use forecourt_store::{
    FoldTx, StoreError,
    fragment::{Evidence, FragmentRow},
    fragment_changes::{NameWord, Packed},
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{batch::Ahead, state::Fragment};

/// Parts of the keys that take turns.
const SWATHES: usize = 32;
/// Ids are 63 bits wide.
const SWATHE_SHIFT: u32 = 63 - SWATHES.ilog2();
/// Of evidence and of words so many wait for each fragment that may.
const OTHERS_SHARE: usize = 4;
/// Notes hold so many rows for each that may wait; then what they note is written, so that few people with many events do not
/// fill the disk.
const NOTED_SHARE: usize = 4;
/// What was noted so long ago by the log's clock is written bit by bit, however little waits: readers see new profiles then.
const NOTED_US: i64 = 30 * SECOND_US;

/// Who reads ahead is so many batches ahead at most.
const WRITTEN_MAX: usize = 16;

pub(crate) struct Pending {
    rows: Turns<FxHashMap<FragmentId, Waiting>>,
    /// Fragments that wait and that their profile is not named after.
    joined: BTreeSet<(ProfileId, FragmentId)>,
    evidence: Turns<BTreeMap<(FragmentId, FragmentId), Evidence>>,
    /// The same pairs by their second.
    evidence_ends: BTreeSet<(FragmentId, FragmentId)>,
    words: Turns<BTreeSet<NameWord>>,
    waiting_max: usize,
    /// Notes that are kept, oldest first, and the rows in them.
    notes: VecDeque<Note>,
    noted_rows: usize,
    /// Fragments that were written lately, and the end of the batch after which they were: what was read ahead before is stale.
    written: VecDeque<(u64, Vec<FragmentId>)>,
    /// Nothing that was read ahead at this offset or before counts.
    ahead_after: u64,
    /// The end of the last batch.
    end_offset: u64,
}

struct Waiting {
    row: Packed,
    /// The table has nothing of it yet.
    is_new: bool,
}

struct Note {
    end_offset: u64,
    at_us: i64,
    rows: usize,
    /// Turns before it, of each that waits.
    turns: [usize; 3],
}

/// What a batch changed.
pub(crate) struct Changes {
    pub fragments: Vec<Changed>,
    pub evidence: Vec<Evidence>,
    pub words: Vec<NameWord>,
}

/// A changed fragment, and whether it can wait.
pub(crate) struct Changed {
    pub fragment: Fragment,
    /// Others look for it in the table: it changed its profile there, a lead is its own, or a person set something.
    pub is_urgent: bool,
}

/// What waits for one table, in swathes of which one at a time has its turn.
struct Turns<S> {
    swathes: Vec<S>,
    waiting: usize,
    /// Each took the swathe that comes next.
    taken: usize,
}

trait Swathe: Default {
    fn len(&self) -> usize;
}

impl Swathe for FxHashMap<FragmentId, Waiting> {
    fn len(&self) -> usize {
        self.len()
    }
}

impl Swathe for BTreeMap<(FragmentId, FragmentId), Evidence> {
    fn len(&self) -> usize {
        self.len()
    }
}

impl Swathe for BTreeSet<NameWord> {
    fn len(&self) -> usize {
        self.len()
    }
}

impl<S: Swathe> Turns<S> {
    fn new() -> Self {
        Self { swathes: (0..SWATHES).map(|_| S::default()).collect(), waiting: 0, taken: 0 }
    }

    fn take(&mut self) -> S {
        let swathe = std::mem::take(&mut self.swathes[self.taken % SWATHES]);
        self.taken += 1;
        self.waiting -= swathe.len();
        swathe
    }

    /// Whether nothing waits any more of what did after so many turns.
    fn has_had(&self, taken: usize) -> bool {
        self.waiting == 0 || taken + SWATHES <= self.taken
    }
}

impl Pending {
    /// * `waiting_max`: fragments that wait at most; `end_offset`: how far is folded.
    pub fn new(waiting_max: usize, end_offset: u64) -> Self {
        Self {
            rows: Turns::new(),
            joined: BTreeSet::new(),
            evidence: Turns::new(),
            evidence_ends: BTreeSet::new(),
            words: Turns::new(),
            waiting_max,
            notes: VecDeque::new(),
            noted_rows: 0,
            written: VecDeque::new(),
            ahead_after: end_offset,
            end_offset,
        }
    }

    /// The table was written past what waits: what was read ahead of `end_offset` does not count.
    pub fn distrust(&mut self, end_offset: u64) {
        self.ahead_after = end_offset;
        self.written.clear();
    }

    /// What was read ahead, as far as it still holds.
    pub fn trusted<'a>(&mut self, ahead: Option<&'a Ahead>) -> Trusted<'a> {
        let Some(ahead) = ahead.filter(|ahead| self.ahead_after < ahead.as_of) else { return Trusted::default() };
        while self.written.front().is_some_and(|(end_offset, _)| *end_offset < ahead.as_of) {
            self.written.pop_front();
        }
        let stale = self.written.iter().flat_map(|(_, ids)| ids).copied().collect();
        Trusted { rows: Some(&ahead.rows), stale }
    }

    pub fn get(&self, id: FragmentId) -> Option<Fragment> {
        let waiting = self.rows.swathes[swathe_of(id)].get(&id)?;
        Some(Fragment::new(waiting.row.row(), !waiting.is_new))
    }

    /// Writes what a batch changed, or notes it for later.
    ///
    /// * `end_offset`, `at_us`: the end of the batch, in the log and in time.
    /// * `may_wait`: whether it is worth a note. If not, all of it is written, with a swathe of what waits.
    pub async fn save(
        &mut self,
        tx: &mut FoldTx,
        changes: Changes,
        (end_offset, at_us): (u64, i64),
        may_wait: bool,
    ) -> Result<(), StoreError> {
        let Changes { fragments, evidence, words } = changes;
        self.end_offset = end_offset;
        let urgent: FxHashSet<FragmentId> =
            fragments.iter().filter(|changed| !may_wait || changed.is_urgent).map(|changed| changed.fragment.row.fragment_id).collect();
        let changed = fragments.into_iter().map(|Changed { fragment, .. }| {
            let is_new = !fragment.is_held;
            let row = fragment.into_row();
            (row.fragment_id, row.profile_id, Waiting { row: Packed::of(&row), is_new })
        });
        let changed: Vec<(FragmentId, ProfileId, Waiting)> = changed.collect();
        let has_news = !changed.is_empty() || !evidence.is_empty() || !words.is_empty();
        // Noted is all that changed, written or not: the last note of a row must be its last word, because notes are what a
        // restart writes.
        if has_news && (may_wait || !self.is_empty()) {
            tx.note_fragments(end_offset, changed.iter().map(|(_, _, waiting)| &waiting.row), &evidence, &words).await?;
            let turns = [self.rows.taken, self.evidence.taken, self.words.taken];
            self.notes.push_back(Note { end_offset, at_us, rows: changed.len(), turns });
            self.noted_rows += changed.len();
        }
        for (id, profile, waiting) in changed {
            self.remove(id);
            self.insert(id, profile, waiting);
        }
        let mut due = Due::default();
        self.take_urgent(&urgent, &mut due);
        for told in evidence {
            let (pair, can_wait) = ((told.a, told.b), may_wait && told.trust < Trust::Word);
            self.add_evidence(told);
            if !can_wait {
                due.evidence.extend(self.remove_evidence(pair));
            }
        }
        let (hurried, patient): (Vec<NameWord>, Vec<NameWord>) = words.into_iter().partition(|(_, id)| !may_wait || urgent.contains(id));
        due.words.push(hurried.into_iter().collect());
        patient.into_iter().for_each(|word| self.add_word(word));
        if may_wait {
            self.take_surplus(&mut due, at_us);
        } else {
            self.take_some(&mut due);
        }
        self.write(tx, due).await
    }

    /// Writes a swathe of each that waits, while nothing else is to do.
    pub async fn write_some(&mut self, tx: &mut FoldTx) -> Result<(), StoreError> {
        let mut due = Due::default();
        self.take_some(&mut due);
        self.write(tx, due).await
    }

    /// Writes all that waits: then the tables have everything, and no note is left.
    pub async fn write_all(&mut self, tx: &mut FoldTx) -> Result<(), StoreError> {
        let mut due = Due::default();
        while 0 < self.rows.waiting + self.evidence.waiting + self.words.waiting {
            self.take_some(&mut due);
        }
        self.write(tx, due).await
    }

    fn insert(&mut self, id: FragmentId, profile: ProfileId, waiting: Waiting) {
        if profile != ProfileId::from(id) {
            self.joined.insert((profile, id));
        }
        self.rows.swathes[swathe_of(id)].insert(id, waiting);
        self.rows.waiting += 1;
    }

    fn remove(&mut self, id: FragmentId) -> Option<Waiting> {
        let waiting = self.rows.swathes[swathe_of(id)].remove(&id)?;
        self.rows.waiting -= 1;
        self.forget_joined(id, &waiting);
        Some(waiting)
    }

    fn forget_joined(&mut self, id: FragmentId, waiting: &Waiting) {
        self.joined.remove(&(waiting.row.profile_id(), id));
    }

    fn add_evidence(&mut self, told: Evidence) {
        let swathe = &mut self.evidence.swathes[swathe_of(told.a)];
        match swathe.get_mut(&(told.a, told.b)) {
            Some(held) => {
                held.tell(&told);
            }
            None => {
                self.evidence_ends.insert((told.b, told.a));
                swathe.insert((told.a, told.b), told);
                self.evidence.waiting += 1;
            }
        }
    }

    fn remove_evidence(&mut self, (a, b): (FragmentId, FragmentId)) -> Option<Evidence> {
        let told = self.evidence.swathes[swathe_of(a)].remove(&(a, b))?;
        self.evidence.waiting -= 1;
        self.evidence_ends.remove(&(b, a));
        Some(told)
    }

    fn add_word(&mut self, word: NameWord) {
        // Neighbours in the table are in one swathe. The second byte tells Cyrillic letters apart, which share their first.
        let byte = word.0.as_bytes().get(1).copied().unwrap_or(0);
        self.words.waiting += usize::from(self.words.swathes[usize::from(byte) % SWATHES].insert(word));
    }

    /// Takes the rows that cannot wait, and those that their profiles are named after.
    fn take_urgent(&mut self, urgent: &FxHashSet<FragmentId>, due: &mut Due) {
        for id in urgent {
            let Some(row) = self.remove(*id).map(|waiting| waiting.row.row()) else { continue };
            let root = FragmentId(row.profile_id.0);
            due.rows.push(row);
            if !urgent.contains(&root) {
                due.rows.extend(self.remove(root).map(|waiting| waiting.row.row()));
            }
        }
    }

    /// Takes swathes in their turn until no more waits than may, and one more where something waits for long.
    fn take_surplus(&mut self, due: &mut Due, at_us: i64) {
        let others_max = self.waiting_max / OTHERS_SHARE;
        while self.waiting_max < self.rows.waiting {
            self.take_rows(due);
        }
        while others_max < self.evidence.waiting {
            self.take_evidence(due);
        }
        while others_max < self.words.waiting {
            due.words.push(self.words.take());
        }
        let is_old = self.notes.front().is_some_and(|note| note.at_us + NOTED_US < at_us);
        if is_old || self.waiting_max * NOTED_SHARE < self.noted_rows {
            // The oldest note is spent when each of the three has been round since: whichever is behind goes on.
            let behind = self.notes.front().map_or([true; 3], |note| note.has_had_turns(self).map(|has_had| !has_had));
            if behind[0] {
                self.take_rows(due);
            }
            if behind[1] {
                self.take_evidence(due);
            }
            if behind[2] {
                due.words.push(self.words.take());
            }
        }
    }

    /// Takes a swathe of each that waits.
    fn take_some(&mut self, due: &mut Due) {
        let waiting = self.rows.waiting;
        while 0 < waiting && self.rows.waiting == waiting {
            self.take_rows(due);
        }
        let waiting = self.evidence.waiting;
        while 0 < waiting && self.evidence.waiting == waiting {
            self.take_evidence(due);
        }
        let waiting = self.words.waiting;
        while 0 < waiting && self.words.waiting == waiting {
            due.words.push(self.words.take());
        }
    }

    fn take_rows(&mut self, due: &mut Due) {
        for (id, waiting) in self.rows.take() {
            self.forget_joined(id, &waiting);
            let row = waiting.row.row();
            // Nobody is to be found under a profile that the table does not have.
            due.rows.extend(self.remove(FragmentId(row.profile_id.0)).map(|root| root.row.row()));
            due.rows.push(row);
        }
    }

    fn take_evidence(&mut self, due: &mut Due) {
        for ((a, b), told) in self.evidence.take() {
            self.evidence_ends.remove(&(b, a));
            due.evidence.push(told);
        }
    }

    async fn write(&mut self, tx: &mut FoldTx, mut due: Due) -> Result<(), StoreError> {
        // In the order of the keys, so that neighbours share pages of the tree.
        due.rows.sort_unstable_by_key(|row| row.fragment_id);
        self.note_written(due.rows.iter().map(|row| row.fragment_id).collect());
        tx.save_fragments(due.rows).await?;
        tx.save_evidence(&due.evidence).await?;
        tx.save_name_words(due.words.into_iter().flatten()).await?;
        let mut spent = None;
        while self.notes.front().is_some_and(|note| note.has_had_turns(self).iter().all(|has_had| *has_had)) {
            spent = self.notes.pop_front();
            self.noted_rows -= spent.as_ref().map_or(0, |note| note.rows);
        }
        match spent {
            Some(note) => tx.drop_noted_fragments(note.end_offset).await,
            None => Ok(()),
        }
    }

    fn note_written(&mut self, ids: Vec<FragmentId>) {
        self.written.push_back((self.end_offset, ids));
        if WRITTEN_MAX < self.written.len()
            && let Some((end_offset, _)) = self.written.pop_front()
        {
            self.ahead_after = end_offset;
        }
    }

    /// The rows as the fold last left them, in place of those that the table has.
    pub fn instead(&self, found: Vec<FragmentRow>) -> impl Iterator<Item = Fragment> {
        found.into_iter().map(|row| self.get(row.fragment_id).unwrap_or(Fragment::new(row, true)))
    }

    /// The fragments that wait of the profiles, but those that the profiles are named after.
    pub fn others_of(&self, profiles: &[ProfileId]) -> impl Iterator<Item = Fragment> {
        let of = |profile: &ProfileId| self.joined.range((*profile, FragmentId(i64::MIN))..=(*profile, FragmentId(i64::MAX)));
        profiles.iter().flat_map(of).filter_map(|(_, id)| self.get(*id))
    }

    /// Evidence that waits, at any of the fragments.
    pub fn evidence_at(&self, ids: &[FragmentId]) -> Vec<Evidence> {
        let (least, most) = (FragmentId(i64::MIN), FragmentId(i64::MAX));
        let mut pairs: BTreeSet<(FragmentId, FragmentId)> = BTreeSet::new();
        for id in ids {
            pairs.extend(self.evidence.swathes[swathe_of(*id)].range((*id, least)..=(*id, most)).map(|(pair, _)| *pair));
            pairs.extend(self.evidence_ends.range((*id, least)..=(*id, most)).map(|(b, a)| (*a, *b)));
        }
        pairs.iter().filter_map(|pair| self.evidence.swathes[swathe_of(pair.0)].get(pair)).cloned().collect()
    }

    /// Fragments that wait, of a range of ids: after `after`, up to and with `until`.
    pub fn between(&self, after: i64, until: i64) -> impl Iterator<Item = Fragment> {
        let ids = self.rows.swathes.iter().flat_map(FxHashMap::keys);
        ids.filter(move |id| after < id.0 && id.0 <= until).filter_map(|id| self.get(*id))
    }

    /// Whether the table has everything, and no note is left.
    pub fn is_empty(&self) -> bool {
        self.rows.waiting == 0 && self.evidence.waiting == 0 && self.words.waiting == 0 && self.notes.is_empty()
    }
}

impl Note {
    /// Of fragments, evidence and words, whether the tables have what was noted.
    fn has_had_turns(&self, pending: &Pending) -> [bool; 3] {
        let [rows, evidence, words] = self.turns;
        [pending.rows.has_had(rows), pending.evidence.has_had(evidence), pending.words.has_had(words)]
    }
}

/// Fragments that were read ahead of the fold and have not been written since.
#[derive(Default)]
pub(crate) struct Trusted<'a> {
    rows: Option<&'a FxHashMap<FragmentId, Option<FragmentRow>>>,
    stale: FxHashSet<FragmentId>,
}

impl Trusted<'_> {
    /// The table's row, or that it has none; `None` where the table is to be asked.
    pub fn get(&self, id: FragmentId) -> Option<Option<FragmentRow>> {
        self.rows.and_then(|rows| rows.get(&id)).filter(|_| !self.stale.contains(&id)).cloned()
    }
}

/// What is to be written now.
#[derive(Default)]
struct Due {
    rows: Vec<FragmentRow>,
    evidence: Vec<Evidence>,
    words: Vec<BTreeSet<NameWord>>,
}

fn swathe_of(id: FragmentId) -> usize {
    // An id is never negative: see `FragmentId`.
    ((id.0 as u64) >> SWATHE_SHIFT) as usize % SWATHES
}

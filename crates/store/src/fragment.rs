//! Fragments and the evidence that joins them.

use std::collections::{BTreeMap, BTreeSet};

use forecourt_model::{FragmentId, ProfileId, Trust};

use crate::{Row, Store, StoreError, Value, database::rows_list, fragment_changes::NameWord, store::FoldTx};

/// A row of `fragments`. The state stays text until somebody needs to look into it.
#[derive(Debug, Clone, PartialEq)]
pub struct FragmentRow {
    pub fragment_id: FragmentId,
    pub profile_id: ProfileId,
    pub kind: String,
    pub value: String,
    pub generation: u32,
    /// Sum of the marks below.
    pub marks: u32,
    pub first_us: i64,
    pub last_us: i64,
    /// Log offset of the fragment's first event.
    pub first_offset: u64,
    pub events: u64,
    /// JSON of [`forecourt_model::FragmentState`].
    pub state: String,
}

/// A mark: a contact or a device of too many people to be anybody's own.
pub const SHARED: u32 = 1;
/// A mark: evidence at it joined nothing, or was not enough without a device: whoever adds some weighs all of it anew.
pub const CONTESTED: u32 = 2;
/// A mark: the lake has rows under it that were derived, at times after its own events'.
pub const DERIVED: u32 = 4;

/// Why two fragments are one person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// The lesser of the two.
    pub a: FragmentId,
    pub b: FragmentId,
    /// `signed_in`, `same_event`, `alias`.
    pub rule: String,
    /// The record that told it first, and its log time.
    pub log_offset: u64,
    pub at_us: i64,
    pub trust: Trust,
    /// When it was told first, by event time.
    pub first_us: i64,
    /// When it was told last, in days since 1970, by event time; kept of what files tell, 0 for others.
    pub last_day: i32,
}

impl Evidence {
    /// Adds what is told of the same two later in the log. Returns whether that says anything new.
    pub fn tell(&mut self, other: &Self) -> bool {
        let before = (self.trust, self.first_us, self.last_day);
        if self.trust < other.trust {
            self.rule.clone_from(&other.rule);
        }
        self.trust = self.trust.max(other.trust);
        self.first_us = self.first_us.min(other.first_us);
        self.last_day = self.last_day.max(other.last_day);
        before != (self.trust, self.first_us, self.last_day)
    }
}

pub(crate) const COLUMNS: &str = "fragment_id, profile_id, kind, value, generation, marks, first_us, last_us, first_offset, events, state";

pub(crate) const EVIDENCE_COLUMNS: &str = "a, b, rule, log_offset, at_us, trust, first_us, last_day";

pub(crate) fn evidence(row: &Row) -> Result<Evidence, StoreError> {
    Ok(Evidence {
        a: FragmentId(row.int(0)?),
        b: FragmentId(row.int(1)?),
        rule: row.text(2)?,
        log_offset: row.int(3)? as u64,
        at_us: row.int(4)?,
        trust: Trust::from_number(row.int(5)?),
        first_us: row.int(6)?,
        last_day: row.int(7)? as i32,
    })
}

pub(crate) fn fragment(row: &Row) -> Result<FragmentRow, StoreError> {
    Ok(FragmentRow {
        fragment_id: FragmentId(row.int(0)?),
        profile_id: ProfileId(row.int(1)?),
        kind: row.text(2)?,
        value: row.text(3)?,
        generation: row.int(4)? as u32,
        marks: row.int(5)? as u32,
        first_us: row.int(6)?,
        last_us: row.int(7)?,
        first_offset: row.int(8)? as u64,
        events: row.int(9)? as u64,
        state: row.text(10)?,
    })
}

impl Store {
    /// The fragments as the table has them now, for the fold.
    pub async fn fragments_ahead(&self, ids: &[FragmentId]) -> Result<Vec<FragmentRow>, StoreError> {
        let keys = ids.iter().map(|id| Value::from(id.0)).collect();
        self.db.query_many_ahead(COLUMNS, "fragments WHERE fragment_id IN", keys).await?.iter().map(fragment).collect()
    }

    /// Which of the fragments there are.
    pub async fn known_fragments(&self, ids: &[FragmentId]) -> Result<BTreeSet<FragmentId>, StoreError> {
        let mut known = BTreeSet::new();
        for chunk in ids.chunks(500) {
            let sql = format!("SELECT fragment_id FROM fragments WHERE fragment_id IN {}", rows_list(1, chunk.len()));
            for row in self.db.query(&sql, chunk.iter().map(|id| id.0.into()).collect()).await? {
                known.insert(FragmentId(row.int(0)?));
            }
        }
        Ok(known)
    }
}

impl FoldTx {
    pub async fn fragments(&mut self, ids: &[FragmentId]) -> Result<Vec<FragmentRow>, StoreError> {
        let keys = ids.iter().map(|id| Value::from(id.0)).collect();
        let rows = self.tx.query_many(COLUMNS, "fragments WHERE fragment_id IN", keys).await?;
        rows.iter().map(fragment).collect()
    }

    /// Fragments of a range of ids: after `after`, up to and with `until`.
    pub async fn fragments_between(&mut self, after: i64, until: i64) -> Result<Vec<FragmentRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM fragments WHERE fragment_id > $1 AND fragment_id <= $2 ORDER BY fragment_id");
        self.tx.query(&sql, vec![after.into(), until.into()]).await?.iter().map(fragment).collect()
    }

    /// All fragments of the profiles but those that the profiles are named after.
    pub async fn other_fragments_of(&mut self, profiles: &[ProfileId]) -> Result<Vec<FragmentRow>, StoreError> {
        let keys = profiles.iter().map(|id| Value::from(id.0)).collect();
        let rows = self.tx.query_many(COLUMNS, "fragments WHERE profile_id <> fragment_id AND profile_id IN", keys).await?;
        rows.iter().map(fragment).collect()
    }

    pub async fn save_fragments(&mut self, fragments: Vec<FragmentRow>) -> Result<(), StoreError> {
        const TAIL: &str = "ON CONFLICT (fragment_id) DO UPDATE SET profile_id = excluded.profile_id,
            marks = excluded.marks, first_us = excluded.first_us, last_us = excluded.last_us,
            first_offset = excluded.first_offset, events = excluded.events, state = excluded.state";
        let mut parameters = Vec::with_capacity(fragments.len() * 11);
        for row in fragments {
            parameters.extend([
                Value::from(row.fragment_id.0),
                Value::from(row.profile_id.0),
                Value::from(row.kind),
                Value::from(row.value),
                Value::from(i64::from(row.generation)),
                Value::from(i64::from(row.marks)),
                Value::from(row.first_us),
                Value::from(row.last_us),
                Value::from(row.first_offset),
                Value::from(row.events),
                Value::from(row.state),
            ]);
        }
        self.tx.execute_rows(&format!("INSERT INTO fragments ({COLUMNS})"), TAIL, 11, parameters).await?;
        Ok(())
    }

    /// Adds evidence to what is held of each pair.
    pub async fn save_evidence(&mut self, evidence: &[Evidence]) -> Result<(), StoreError> {
        const TAIL: &str = "ON CONFLICT (a, b) DO UPDATE SET
            rule = CASE WHEN evidence.trust < excluded.trust THEN excluded.rule ELSE evidence.rule END,
            trust = CASE WHEN evidence.trust < excluded.trust THEN excluded.trust ELSE evidence.trust END,
            first_us = CASE WHEN excluded.first_us < evidence.first_us THEN excluded.first_us ELSE evidence.first_us END,
            last_day = CASE WHEN evidence.last_day < excluded.last_day THEN excluded.last_day ELSE evidence.last_day END
            WHERE evidence.trust < excluded.trust OR excluded.first_us < evidence.first_us OR evidence.last_day < excluded.last_day";
        // One statement may name a pair once.
        let mut pairs: BTreeMap<(FragmentId, FragmentId), Evidence> = BTreeMap::new();
        for edge in evidence {
            match pairs.get_mut(&(edge.a, edge.b)) {
                Some(held) => {
                    held.tell(edge);
                }
                None => {
                    pairs.insert((edge.a, edge.b), edge.clone());
                }
            }
        }
        let parameters = pairs
            .into_values()
            .flat_map(|edge| {
                [
                    Value::from(edge.a.0),
                    Value::from(edge.b.0),
                    Value::from(edge.rule),
                    Value::from(edge.log_offset),
                    Value::from(edge.at_us),
                    Value::from(edge.trust.number()),
                    Value::from(edge.first_us),
                    Value::from(i64::from(edge.last_day)),
                ]
            })
            .collect();
        self.tx.execute_rows(&format!("INSERT INTO evidence ({EVIDENCE_COLUMNS})"), TAIL, 8, parameters).await?;
        Ok(())
    }

    /// All evidence at any of the fragments.
    pub async fn evidence_at(&mut self, ids: &[FragmentId]) -> Result<Vec<Evidence>, StoreError> {
        let mut found = BTreeSet::new();
        for column in ["a", "b"] {
            let keys = ids.iter().map(|id| Value::from(id.0)).collect();
            for row in self.tx.query_many(EVIDENCE_COLUMNS, &format!("evidence WHERE {column} IN"), keys).await? {
                found.insert(evidence(&row)?);
            }
        }
        Ok(found.into_iter().collect())
    }

    /// Adds words of names; best in their order.
    pub async fn save_name_words(&mut self, words: impl IntoIterator<Item = NameWord>) -> Result<(), StoreError> {
        let parameters = words.into_iter().flat_map(|(word, id)| [Value::from(word), Value::from(id.0)]).collect();
        self.tx
            .execute_rows("INSERT INTO name_words (word, fragment_id)", "ON CONFLICT (word, fragment_id) DO NOTHING", 2, parameters)
            .await?;
        Ok(())
    }
}

impl Store {
    /// The profile that a fragment is part of now; `None` when the fragment is gone.
    pub async fn profile_of_fragment(&self, fragment_id: i64) -> Result<Option<ProfileId>, StoreError> {
        let rows = self.db.query("SELECT profile_id FROM fragments WHERE fragment_id = $1", vec![fragment_id.into()]).await?;
        rows.first().map(|row| Ok(ProfileId(row.int(0)?))).transpose()
    }

    /// Fragments with their states in the order of their ids, after `after`.
    pub async fn fragments_page(&self, after: i64, limit: u32) -> Result<Vec<FragmentRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM fragments WHERE fragment_id > $1 ORDER BY fragment_id LIMIT $2");
        self.db.query(&sql, vec![after.into(), i64::from(limit).into()]).await?.iter().map(fragment).collect()
    }
}

//! Fragments and the evidence that joins them.

use std::collections::BTreeSet;

use forecourt_model::{FragmentId, ProfileId};

use crate::{Row, Store, StoreError, Value, database::rows_list, store::FoldTx};

/// A row of `fragments`. The state stays text until somebody needs to look into it.
#[derive(Debug, Clone, PartialEq)]
pub struct FragmentRow {
    pub fragment_id: FragmentId,
    pub profile_id: ProfileId,
    pub kind: String,
    pub value: String,
    pub generation: u32,
    /// Of a device's generation 0: the generation that its next anonymous event belongs to.
    pub current_generation: u32,
    pub first_us: i64,
    pub last_us: i64,
    /// Log offset of the fragment's first event.
    pub first_offset: u64,
    pub events: u64,
    /// JSON of [`forecourt_model::FragmentState`].
    pub state: String,
}

/// Why two fragments are one person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// The lesser of the two.
    pub a: FragmentId,
    pub b: FragmentId,
    /// `signed_in`, `same_event`, `alias`.
    pub rule: String,
    pub log_offset: u64,
    pub at_us: i64,
}

pub(crate) const COLUMNS: &str =
    "fragment_id, profile_id, kind, value, generation, current_generation, first_us, last_us, first_offset, events, state";

pub(crate) fn fragment(row: &Row) -> Result<FragmentRow, StoreError> {
    Ok(FragmentRow {
        fragment_id: FragmentId(row.int(0)?),
        profile_id: ProfileId(row.int(1)?),
        kind: row.text(2)?,
        value: row.text(3)?,
        generation: row.int(4)? as u32,
        current_generation: row.int(5)? as u32,
        first_us: row.int(6)?,
        last_us: row.int(7)?,
        first_offset: row.int(8)? as u64,
        events: row.int(9)? as u64,
        state: row.text(10)?,
    })
}

impl Store {
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
        let rows = self.tx.query_keys(&format!("SELECT {COLUMNS} FROM fragments WHERE fragment_id IN"), "", keys).await?;
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
        let head = format!("SELECT {COLUMNS} FROM fragments WHERE profile_id <> fragment_id AND profile_id IN");
        let rows = self.tx.query_keys(&head, "", keys).await?;
        rows.iter().map(fragment).collect()
    }

    pub async fn save_fragments(&mut self, fragments: Vec<FragmentRow>) -> Result<(), StoreError> {
        const TAIL: &str = "ON CONFLICT (fragment_id) DO UPDATE SET profile_id = excluded.profile_id,
            current_generation = excluded.current_generation, first_us = excluded.first_us, last_us = excluded.last_us,
            first_offset = excluded.first_offset, events = excluded.events, state = excluded.state";
        let mut parameters = Vec::with_capacity(fragments.len() * 11);
        for row in fragments {
            parameters.extend([
                Value::from(row.fragment_id.0),
                Value::from(row.profile_id.0),
                Value::from(row.kind),
                Value::from(row.value),
                Value::from(i64::from(row.generation)),
                Value::from(i64::from(row.current_generation)),
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

    /// Keeps the first evidence of each pair.
    pub async fn save_evidence(&mut self, evidence: &[Evidence]) -> Result<(), StoreError> {
        let parameters = evidence
            .iter()
            .flat_map(|edge| {
                [
                    Value::from(edge.a.0),
                    Value::from(edge.b.0),
                    Value::from(edge.rule.as_str()),
                    Value::from(edge.log_offset),
                    Value::from(edge.at_us),
                ]
            })
            .collect();
        self.tx
            .execute_rows("INSERT INTO evidence (a, b, rule, log_offset, at_us)", "ON CONFLICT (a, b) DO NOTHING", 5, parameters)
            .await?;
        Ok(())
    }

    pub async fn save_name_words(&mut self, words: &[(String, FragmentId)]) -> Result<(), StoreError> {
        let parameters = words.iter().flat_map(|(word, id)| [Value::from(word.as_str()), Value::from(id.0)]).collect();
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

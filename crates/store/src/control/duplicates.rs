//! Pairs of profiles that may be one person, and what people answered.

use super::Control;
use crate::{Row, StoreError, Value};

/// The kind of the job that looks for probable duplicates.
pub const DUPLICATES_JOB: &str = "duplicates";
const THRESHOLDS_SETTING: &str = "duplicate_thresholds";
/// Somebody is asked above this probability, until it is set otherwise.
const REVIEW_AT: f64 = 0.8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DuplicateState {
    Open,
    Later,
    /// A person said that they are one.
    Same,
    NotSame,
    /// Probable enough to be merged without asking.
    Merged,
}

impl DuplicateState {
    const ALL: [Self; 5] = [Self::Open, Self::Later, Self::Same, Self::NotSame, Self::Merged];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Later => "later",
            Self::Same => "same",
            Self::NotSame => "not_same",
            Self::Merged => "merged",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Duplicate {
    /// Fragments that the profiles were named after when the pair was found; `a` is the lesser.
    pub a: i64,
    pub b: i64,
    pub weight: f64,
    pub probability: f64,
    /// JSON: what each column says.
    pub contributions: String,
    pub state: DuplicateState,
    pub found_us: i64,
    pub decided_us: Option<i64>,
    pub decided_by: Option<String>,
}

const COLUMNS: &str = "a, b, weight, probability, contributions, state, found_us, decided_us, decided_by";

fn duplicate(row: &Row) -> Result<Duplicate, StoreError> {
    let state = row.text(5)?;
    Ok(Duplicate {
        a: row.int(0)?,
        b: row.int(1)?,
        weight: row.real(2)?,
        probability: row.real(3)?,
        contributions: row.text(4)?,
        state: DuplicateState::parse(&state).ok_or_else(|| StoreError::Unreadable(format!("state `{state}` of a pair")))?,
        found_us: row.int(6)?,
        decided_us: row.maybe_int(7)?,
        decided_by: row.maybe_text(8)?,
    })
}

impl Control {
    /// The most probable first.
    pub async fn duplicates(&self, state: DuplicateState, limit: u32, offset: u32) -> Result<Vec<Duplicate>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM duplicates WHERE state = $1 ORDER BY weight DESC, a, b LIMIT $2 OFFSET $3");
        let parameters = vec![state.as_str().into(), i64::from(limit).into(), i64::from(offset).into()];
        self.database.query(&sql, parameters).await?.iter().map(duplicate).collect()
    }

    pub async fn duplicates_in(&self, state: DuplicateState) -> Result<u64, StoreError> {
        let rows = self.database.query("SELECT COUNT(*) FROM duplicates WHERE state = $1", vec![state.as_str().into()]).await?;
        rows.first().map_or(Ok(0), |row| Ok(row.int(0)? as u64))
    }

    pub async fn duplicates_open(&self) -> Result<u64, StoreError> {
        self.duplicates_in(DuplicateState::Open).await
    }

    pub async fn duplicate(&self, a: i64, b: i64) -> Result<Option<Duplicate>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM duplicates WHERE a = $1 AND b = $2");
        self.database.query(&sql, vec![a.min(b).into(), a.max(b).into()]).await?.first().map(duplicate).transpose()
    }

    /// All pairs that a person answered: what the weights learn from.
    pub async fn answered_duplicates(&self) -> Result<Vec<Duplicate>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM duplicates WHERE state IN ('same', 'not_same') ORDER BY a, b");
        self.database.query(&sql, vec![]).await?.iter().map(duplicate).collect()
    }

    /// Keeps what was found; what a person answered stays answered.
    pub async fn save_duplicates(&self, found: &[Duplicate]) -> Result<(), StoreError> {
        for pair in found {
            let sql = "INSERT INTO duplicates (a, b, weight, probability, contributions, state, found_us) VALUES ($1, $2, $3, $4, $5, $6, $7)
                ON CONFLICT (a, b) DO UPDATE SET weight = excluded.weight, probability = excluded.probability,
                contributions = excluded.contributions, state = CASE WHEN duplicates.state = 'open' THEN excluded.state ELSE duplicates.state END";
            let parameters: Vec<Value> = vec![
                pair.a.into(),
                pair.b.into(),
                pair.weight.into(),
                pair.probability.into(),
                pair.contributions.as_str().into(),
                pair.state.as_str().into(),
                pair.found_us.into(),
            ];
            self.database.execute(sql, parameters).await?;
        }
        Ok(())
    }

    /// Forgets pairs nobody answered: before they are looked for anew.
    pub async fn drop_open_duplicates(&self) -> Result<(), StoreError> {
        self.database.execute("DELETE FROM duplicates WHERE state = 'open'", vec![]).await?;
        Ok(())
    }

    /// Forgets the pairs of erased fragments, with what was compared.
    pub async fn forget_duplicates_of(&self, ids: &[i64]) -> Result<(), StoreError> {
        for id in ids {
            self.database.execute("DELETE FROM duplicates WHERE a = $1 OR b = $1", vec![(*id).into()]).await?;
        }
        Ok(())
    }

    pub async fn answer_duplicate(&self, a: i64, b: i64, state: DuplicateState, by: &str, now_us: i64) -> Result<(), StoreError> {
        let sql = "UPDATE duplicates SET state = $3, decided_by = $4, decided_us = $5 WHERE a = $1 AND b = $2";
        self.database.execute(sql, vec![a.into(), b.into(), state.as_str().into(), by.into(), now_us.into()]).await?;
        Ok(())
    }

    /// Above which probability two are merged without asking (`None`: never), and above which somebody is asked.
    pub async fn duplicate_thresholds(&self) -> Result<(Option<f64>, f64), StoreError> {
        Ok(self.setting(THRESHOLDS_SETTING).await?.unwrap_or((None, REVIEW_AT)))
    }

    pub async fn set_duplicate_thresholds(&self, merge_at: Option<f64>, review_at: f64) -> Result<(), StoreError> {
        self.put_setting(THRESHOLDS_SETTING, &(merge_at, review_at)).await
    }
}

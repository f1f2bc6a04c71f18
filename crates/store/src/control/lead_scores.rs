//! Learned scores of leads: each version with what it says of itself, and how it does since.

use forecourt_model::lead::LearnedScore;

use super::Control;
use crate::{Row, StoreError, Value};

/// The kind of the job that learns a score; its message says how, as JSON.
pub const LEAD_SCORE_JOB: &str = "lead_score";
/// The kind of the job that scores waiting leads anew after another score was published.
pub const RESCORE_JOB: &str = "lead_rescore";
const LAST_SETTING: &str = "lead_score_last";
const RECALIBRATES_SETTING: &str = "lead_score_recalibrates";

/// A version without the score itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptScore {
    pub version: u32,
    pub made_us: i64,
    /// E-mail of the user; empty for the program itself.
    pub made_by: String,
    /// The version that it is, with another share of wins.
    pub made_from: Option<u32>,
    /// JSON.
    pub report: String,
    /// JSON of the last look at how it does; empty before the first.
    pub watch: String,
}

const COLUMNS: &str = "version, made_us, made_by, made_from, report, watch";

fn kept(row: &Row) -> Result<KeptScore, StoreError> {
    Ok(KeptScore {
        version: row.int(0)? as u32,
        made_us: row.int(1)?,
        made_by: row.text(2)?,
        made_from: row.maybe_int(3)?.map(|version| version as u32),
        report: row.text(4)?,
        watch: row.text(5)?,
    })
}

impl Control {
    /// The newest first.
    pub async fn lead_scores(&self) -> Result<Vec<KeptScore>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM lead_scores ORDER BY version DESC");
        self.database.query(&sql, vec![]).await?.iter().map(kept).collect()
    }

    /// A version's score itself.
    pub async fn lead_score(&self, version: u32) -> Result<Option<LearnedScore>, StoreError> {
        let rows = self.database.query("SELECT score FROM lead_scores WHERE version = $1", vec![i64::from(version).into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let score = serde_json::from_str(&row.text(0)?);
        score.map(Some).map_err(|error| StoreError::Unreadable(format!("the score of version {version}: {error}")))
    }

    /// The version that the next score gets; each is given once, for leads name the one that they were scored by.
    pub async fn next_lead_score(&self) -> Result<u32, StoreError> {
        let next = self.setting::<u32>(LAST_SETTING).await?.unwrap_or(0) + 1;
        self.put_setting(LAST_SETTING, &next).await?;
        Ok(next)
    }

    pub async fn keep_lead_score(&self, score: &LearnedScore, of: &KeptScore) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO lead_scores (version, made_us, made_by, made_from, score, report, watch) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let values = vec![
            i64::from(of.version).into(),
            of.made_us.into(),
            of.made_by.as_str().into(),
            Value::Int(of.made_from.map(i64::from)),
            Value::from(serde_json::to_string(score).unwrap_or_default()),
            of.report.as_str().into(),
            of.watch.as_str().into(),
        ];
        self.database.execute(sql, values).await?;
        Ok(())
    }

    /// Keeps the last look at how a version does.
    pub async fn note_lead_score_watch(&self, version: u32, watch: &str) -> Result<(), StoreError> {
        let sql = "UPDATE lead_scores SET watch = $2 WHERE version = $1";
        self.database.execute(sql, vec![i64::from(version).into(), watch.into()]).await?;
        Ok(())
    }

    /// Returns whether there was one.
    pub async fn remove_lead_score(&self, version: u32) -> Result<bool, StoreError> {
        Ok(self.database.execute("DELETE FROM lead_scores WHERE version = $1", vec![i64::from(version).into()]).await? == 1)
    }

    /// Whether a score that foretells too many or too few wins is set right by itself.
    pub async fn lead_score_recalibrates(&self) -> Result<bool, StoreError> {
        Ok(self.setting(RECALIBRATES_SETTING).await?.unwrap_or(false))
    }

    pub async fn set_lead_score_recalibrates(&self, recalibrates: bool) -> Result<(), StoreError> {
        self.put_setting(RECALIBRATES_SETTING, &recalibrates).await
    }
}

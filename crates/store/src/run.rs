//! Runs of journeys: who is where in which journey, and who was.

use forecourt_model::{
    FragmentId, ProfileId,
    journey::run::{Run, RunState},
};

use crate::{Row, Store, StoreError, Value, store::FoldTx};

const COLUMNS: &str =
    "run_id, journey_id, version, fragment_id, key, state, reason, step_id, due_us, entered_us, changed_us, ended_us, goal_us,
    goal_value, body";
const COLUMNS_COUNT: usize = 15;

fn run(row: &Row) -> Result<Run, StoreError> {
    let state = row.text(5)?;
    Ok(Run {
        run_id: row.text(0)?,
        journey_id: row.text(1)?,
        version: row.int(2)? as u64,
        fragment_id: row.int(3)?,
        key: row.text(4)?,
        state: RunState::parse(&state).ok_or_else(|| StoreError::Unreadable(format!("a run's state `{state}`")))?,
        reason: row.text(6)?,
        step_id: row.text(7)?,
        due_us: some_us(row.int(8)?),
        entered_us: row.int(9)?,
        changed_us: row.int(10)?,
        ended_us: some_us(row.int(11)?),
        goal_us: some_us(row.int(12)?),
        goal_value: row.int(13)?,
        body: serde_json::from_str(&row.text(14)?).map_err(|error| StoreError::Unreadable(format!("a run: {error}")))?,
    })
}

/// Zero stands for none, so that indexes leave those out.
fn some_us(us: i64) -> Option<i64> {
    Some(us).filter(|us| *us != 0)
}

/// Which runs to list. Empty and `None` ask for everything.
#[derive(Debug, Clone, Default)]
pub struct RunListing {
    pub journey_id: String,
    pub step_id: Option<String>,
    pub state: Option<RunState>,
    /// Where the page before ended: when that run was entered, and its id.
    pub before: Option<(i64, String)>,
    pub limit: u32,
}

/// How far the runs of a journey came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunCounts {
    /// All but those held out.
    pub entered: i64,
    pub running: i64,
    pub ended: i64,
    pub held_out: i64,
    /// Of those who went through it, and of those held out.
    pub goals: i64,
    pub held_out_goals: i64,
    /// In hundredths.
    pub goal_value: i64,
    /// Why those that ended did.
    pub reasons: Vec<(String, i64)>,
    /// How many are at each step.
    pub here: Vec<(String, i64)>,
}

/// How often a way was taken, and how many seconds were spent before it in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayCount {
    /// `version:step>way`.
    pub way: String,
    pub day: i32,
    pub count: i64,
    pub seconds: i64,
}

impl FoldTx {
    pub async fn runs(&mut self, ids: &[String]) -> Result<Vec<Run>, StoreError> {
        let keys = ids.iter().map(|id| Value::from(id.as_str())).collect();
        let rows = self.tx.query_keys(&format!("SELECT {COLUMNS} FROM runs WHERE run_id IN"), "", keys).await?;
        rows.iter().map(run).collect()
    }

    /// All runs that any of these fragments began.
    ///
    /// * `journey_id`: only of this journey; as it was checked when the journey was set.
    pub async fn runs_of(&mut self, fragments: &[FragmentId], journey_id: Option<&str>) -> Result<Vec<Run>, StoreError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let tail = match journey_id {
            None => String::new(),
            Some(id) if id.bytes().all(is_plain) => format!("AND journey_id = '{id}'"),
            Some(id) => return Err(StoreError::Invalid(format!("`{id}` is no journey's id"))),
        };
        let keys = fragments.iter().map(|id| id.0.into()).collect();
        let rows = self.tx.query_keys(&format!("SELECT {COLUMNS} FROM runs WHERE fragment_id IN"), &tail, keys).await?;
        rows.iter().map(run).collect()
    }

    /// Runs whose time has come, in its order.
    pub async fn runs_due(&mut self, until_us: i64, limit: usize) -> Result<Vec<Run>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM runs WHERE due_us <> 0 AND due_us <= $1 ORDER BY due_us, run_id LIMIT $2");
        self.tx.query(&sql, vec![until_us.into(), (limit as i64).into()]).await?.iter().map(run).collect()
    }

    pub async fn save_runs(&mut self, runs: impl Iterator<Item = &Run>) -> Result<(), StoreError> {
        const TAIL: &str =
            "ON CONFLICT (run_id) DO UPDATE SET state = excluded.state, reason = excluded.reason, step_id = excluded.step_id,
            due_us = excluded.due_us, changed_us = excluded.changed_us, ended_us = excluded.ended_us, goal_us = excluded.goal_us,
            goal_value = excluded.goal_value, body = excluded.body";
        let parameters = runs
            .flat_map(|run| {
                let body = serde_json::to_string(&run.body).unwrap_or_default();
                [
                    Value::from(run.run_id.as_str()),
                    Value::from(run.journey_id.as_str()),
                    Value::from(run.version),
                    Value::from(run.fragment_id),
                    Value::from(run.key.as_str()),
                    Value::from(run.state.as_str()),
                    Value::from(run.reason.as_str()),
                    Value::from(run.step_id.as_str()),
                    Value::from(run.due_us.unwrap_or(0)),
                    Value::from(run.entered_us),
                    Value::from(run.changed_us),
                    Value::from(run.ended_us.unwrap_or(0)),
                    Value::from(run.goal_us.unwrap_or(0)),
                    Value::from(run.goal_value),
                    Value::from(body.as_str()),
                ]
            })
            .collect();
        self.tx.execute_rows(&format!("INSERT INTO runs ({COLUMNS})"), TAIL, COLUMNS_COUNT, parameters).await?;
        Ok(())
    }

    /// Ends all runs of a journey that the table has, and drops their tasks.
    pub async fn stop_runs(&mut self, journey_id: &str, reason: &str, at_us: i64) -> Result<(), StoreError> {
        const RUNS: &str = "UPDATE runs SET state = 'ended', reason = $2, step_id = '', due_us = 0, ended_us = $3, changed_us = $3
            WHERE journey_id = $1 AND state <> 'ended'";
        self.tx.execute(RUNS, vec![journey_id.into(), reason.into(), at_us.into()]).await?;
        const TASKS: &str = "UPDATE tasks SET state = 'dropped', changed_us = $2 WHERE journey_id = $1 AND state = 'open'";
        self.tx.execute(TASKS, vec![journey_id.into(), at_us.into()]).await?;
        Ok(())
    }
}

impl Store {
    pub async fn run(&self, run_id: &str) -> Result<Option<Run>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM runs WHERE run_id = $1");
        self.db.query(&sql, vec![run_id.into()]).await?.first().map(run).transpose()
    }

    /// The latest entered first, each with whose profile it is by now.
    pub async fn list_runs(&self, listing: &RunListing) -> Result<Vec<(ProfileId, Run)>, StoreError> {
        let columns = COLUMNS.split(',').map(|column| format!("r.{}", column.trim())).collect::<Vec<_>>().join(", ");
        let sql = format!(
            "SELECT {columns}, f.profile_id FROM runs r JOIN fragments f ON f.fragment_id = r.fragment_id
             WHERE r.journey_id = $1 AND ($2 = '' OR r.step_id = $2) AND ($3 = '' OR r.state = $3)
             AND (r.entered_us < $4 OR (r.entered_us = $4 AND r.run_id < $5)) ORDER BY r.entered_us DESC, r.run_id DESC LIMIT $6"
        );
        let (before_us, before_id) = listing.before.clone().unwrap_or((i64::MAX, String::new()));
        let parameters = vec![
            listing.journey_id.as_str().into(),
            listing.step_id.clone().unwrap_or_default().into(),
            listing.state.map_or("", RunState::as_str).into(),
            before_us.into(),
            before_id.into(),
            i64::from(listing.limit).into(),
        ];
        let rows = self.db.query(&sql, parameters).await?;
        rows.iter().map(|row| Ok((ProfileId(row.int(COLUMNS_COUNT)?), run(row)?))).collect()
    }

    /// How far a journey's runs came; of all its versions.
    pub async fn run_counts(&self, journey_id: &str) -> Result<RunCounts, StoreError> {
        const SQL: &str =
            "SELECT state, reason, step_id, COUNT(*), SUM(CASE WHEN goal_us <> 0 THEN 1 ELSE 0 END), CAST(SUM(goal_value) AS BIGINT)
            FROM runs WHERE journey_id = $1 GROUP BY state, reason, step_id ORDER BY state, reason, step_id";
        let mut counts = RunCounts::default();
        for row in self.db.query(SQL, vec![journey_id.into()]).await? {
            let (state, reason, step_id, runs, goals) = (row.text(0)?, row.text(1)?, row.text(2)?, row.int(3)?, row.int(4)?);
            let is_watched = state == RunState::HeldOut.as_str() || reason == HELD_OUT || reason == HELD_OUT_GOAL;
            if is_watched {
                counts.held_out += runs;
                counts.held_out_goals += goals;
                continue;
            }
            counts.entered += runs;
            counts.goals += goals;
            counts.goal_value += row.int(5)?;
            if state == RunState::Running.as_str() {
                counts.running += runs;
                counts.here.push((step_id, runs));
            } else {
                counts.ended += runs;
                counts.reasons.push((reason, runs));
            }
        }
        Ok(counts)
    }

    /// How often which way out of a journey's steps was taken on the days since `from_day`.
    pub async fn way_counts(&self, journey_id: &str, from_day: i32) -> Result<Vec<WayCount>, StoreError> {
        const SQL: &str = "SELECT dimension, day, count, amount FROM totals
            WHERE day >= $1 AND metric = 'journey_way' AND dimension LIKE $2 ORDER BY day, dimension";
        let prefix = format!("{journey_id}@");
        let rows = self.db.query(SQL, vec![i64::from(from_day).into(), format!("{prefix}%").as_str().into()]).await?;
        let mut found = Vec::new();
        for row in rows {
            let dimension = row.text(0)?;
            // `_` of a journey's id stands for any letter in the pattern.
            if let Some(way) = dimension.strip_prefix(&prefix) {
                found.push(WayCount { way: way.to_owned(), day: row.int(1)? as i32, count: row.int(2)?, seconds: row.int(3)? });
            }
        }
        Ok(found)
    }

    /// How many entered, ended and reached the goal of a journey on the days since `from_day`: metric, day, count.
    pub async fn journey_days(&self, journey_id: &str, from_day: i32) -> Result<Vec<(String, i32, i64)>, StoreError> {
        const SQL: &str = "SELECT metric, day, count FROM totals
            WHERE day >= $1 AND metric IN ('journey_entered', 'journey_ended', 'journey_goal') AND dimension = $2 ORDER BY day, metric";
        let rows = self.db.query(SQL, vec![i64::from(from_day).into(), journey_id.into()]).await?;
        rows.iter().map(|row| Ok((row.text(0)?, row.int(1)? as i32, row.int(2)?))).collect()
    }
}

/// Why those end that were only watched and did not reach the goal.
pub const HELD_OUT: &str = "held_out";
/// Why those end that were only watched and reached the goal.
pub const HELD_OUT_GOAL: &str = "held_out_goal";

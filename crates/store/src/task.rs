//! Tasks for people.

use forecourt_model::{
    ProfileId,
    task::{Answer, Task, TaskState},
};

use crate::{Row, Store, StoreError, Value, store::FoldTx};

const COLUMNS: &str =
    "task_id, run_id, journey_id, step_id, fragment_id, title, script, tries, tries_max, gap_us, state, opened_us, due_us,
    changed_us, answer, note, answered_by";
const COLUMNS_COUNT: usize = 17;

fn task(row: &Row) -> Result<Task, StoreError> {
    let state = row.text(10)?;
    Ok(Task {
        task_id: row.text(0)?,
        run_id: row.text(1)?,
        journey_id: row.text(2)?,
        step_id: row.text(3)?,
        fragment_id: row.int(4)?,
        title: row.text(5)?,
        script: row.text(6)?,
        tries: row.int(7)? as u32,
        tries_max: row.int(8)? as u32,
        gap_us: row.int(9)?,
        state: TaskState::parse(&state).ok_or_else(|| StoreError::Unreadable(format!("a task's state `{state}`")))?,
        opened_us: row.int(11)?,
        due_us: row.int(12)?,
        changed_us: row.int(13)?,
        answer: Answer::parse(&row.text(14)?),
        note: row.text(15)?,
        answered_by: row.text(16)?,
    })
}

impl FoldTx {
    pub async fn task(&mut self, task_id: &str) -> Result<Option<Task>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM tasks WHERE task_id = $1");
        self.tx.query(&sql, vec![task_id.into()]).await?.first().map(task).transpose()
    }

    pub async fn tasks_of_run(&mut self, run_id: &str) -> Result<Vec<Task>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM tasks WHERE run_id = $1 ORDER BY task_id");
        self.tx.query(&sql, vec![run_id.into()]).await?.iter().map(task).collect()
    }

    pub async fn save_tasks(&mut self, tasks: impl Iterator<Item = &Task>) -> Result<(), StoreError> {
        const TAIL: &str = "ON CONFLICT (task_id) DO UPDATE SET tries = excluded.tries, state = excluded.state, due_us = excluded.due_us,
            changed_us = excluded.changed_us, answer = excluded.answer, note = excluded.note, answered_by = excluded.answered_by";
        let parameters = tasks
            .flat_map(|task| {
                [
                    Value::from(task.task_id.as_str()),
                    Value::from(task.run_id.as_str()),
                    Value::from(task.journey_id.as_str()),
                    Value::from(task.step_id.as_str()),
                    Value::from(task.fragment_id),
                    Value::from(task.title.as_str()),
                    Value::from(task.script.as_str()),
                    Value::from(i64::from(task.tries)),
                    Value::from(i64::from(task.tries_max)),
                    Value::from(task.gap_us),
                    Value::from(task.state.as_str()),
                    Value::from(task.opened_us),
                    Value::from(task.due_us),
                    Value::from(task.changed_us),
                    Value::from(task.answer.map_or("", Answer::as_str)),
                    Value::from(task.note.as_str()),
                    Value::from(task.answered_by.as_str()),
                ]
            })
            .collect();
        self.tx.execute_rows(&format!("INSERT INTO tasks ({COLUMNS})"), TAIL, COLUMNS_COUNT, parameters).await?;
        Ok(())
    }
}

impl Store {
    pub async fn find_task(&self, task_id: &str) -> Result<Option<Task>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM tasks WHERE task_id = $1");
        self.db.query(&sql, vec![task_id.into()]).await?.first().map(task).transpose()
    }

    /// Tasks of a state by the time they are due, each with whose profile it is by now.
    ///
    /// * `after`: due time and id of the last of the page before.
    pub async fn list_tasks(
        &self,
        state: TaskState,
        after: Option<(i64, String)>,
        limit: u32,
    ) -> Result<Vec<(ProfileId, Task)>, StoreError> {
        let columns = COLUMNS.split(',').map(|column| format!("t.{}", column.trim())).collect::<Vec<_>>().join(", ");
        let sql = format!(
            "SELECT {columns}, f.profile_id FROM tasks t JOIN fragments f ON f.fragment_id = t.fragment_id
             WHERE t.state = $1 AND (t.due_us > $2 OR (t.due_us = $2 AND t.task_id > $3)) ORDER BY t.due_us, t.task_id LIMIT $4"
        );
        let (after_us, after_id) = after.unwrap_or((i64::MIN, String::new()));
        let parameters = vec![state.as_str().into(), after_us.into(), after_id.into(), i64::from(limit).into()];
        let rows = self.db.query(&sql, parameters).await?;
        rows.iter().map(|row| Ok((ProfileId(row.int(COLUMNS_COUNT)?), task(row)?))).collect()
    }
}

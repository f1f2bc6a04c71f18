//! Anybody's SQL over files, deleted rows and fresh rows.

use forecourt_model::Scope;

use crate::rows::{event, lake, profile, rows_of};

const ALL: Scope = Scope::Everything;

#[tokio::test]
async fn rows_in_files_and_fresh_rows_are_one_table() {
    let second = 1_000_000;
    let events = (0..500).map(|number| {
        event(profile(number % 16, number / 16), number * second, if number % 2 == 0 { "viewed" } else { "asked" }).value(1.0)
    });
    let small = lake(5, events.collect(), vec![]);
    let ask = async |sql: &str| rows_of(&small.query, &ALL, sql).await;
    assert_eq!(ask("SELECT count(*), count(DISTINCT profile_id), sum(value) FROM events").await, ["500|500|500.0"]);
    assert_eq!(ask("SELECT event, count(*) AS n FROM events GROUP BY event ORDER BY event").await, ["asked|250", "viewed|250"]);
    assert_eq!(
        ask("SELECT count(*) FROM events WHERE ts >= '1970-01-01T00:01:00Z' AND ts < TIMESTAMP '1970-01-01T00:02:00Z'").await,
        ["60"]
    );
    assert_eq!(ask(&format!("SELECT ts FROM events WHERE profile_id = {}", profile(3, 0))).await, ["1970-01-01T00:00:03.000Z"]);
    assert_eq!(ask("SELECT log_offset FROM events ORDER BY ts DESC LIMIT 2").await, ["499", "498"]);
    assert_eq!(
        ask("WITH a AS (SELECT profile_id FROM events WHERE event = 'asked') SELECT count(*) FROM a JOIN events USING (profile_id)").await,
        ["250"]
    );
}

#[tokio::test]
async fn json_is_reached_by_path() {
    let small = lake(6, vec![event(1, 0, "asked").properties(r#"{"form":{"name":"drive"},"price":42.5}"#), event(2, 1, "asked")], vec![]);
    let rows = rows_of(
        &small.query,
        &ALL,
        "SELECT json_get(properties, 'form.name'), CAST(json_get(properties, 'price') AS DOUBLE) * 2 FROM events ORDER BY ts",
    )
    .await;
    assert_eq!(rows, ["drive|85.0", "null|null"]);
}

#[tokio::test]
async fn an_answer_is_cut_at_the_rows_allowed() {
    let small = lake(7, (0..50).map(|number| event(profile(1, number), number, "viewed")).collect(), vec![]);
    let answer = small.query.sql(&ALL, "SELECT profile_id, ts FROM events", 20).await.expect("rows");
    assert!(answer.truncated);
    assert_eq!(answer.rows().expect("JSON").len(), 20);
    assert_eq!(answer.columns(), [("profile_id".to_owned(), "bigint".to_owned()), ("ts".to_owned(), "timestamp".to_owned())]);
    let whole = small.query.sql(&ALL, "SELECT profile_id FROM events", 50).await.expect("rows");
    assert!(!whole.truncated);
}

#[tokio::test]
async fn tables_can_be_looked_at() {
    let small = lake(8, vec![event(1, 0, "viewed")], vec![]);
    assert_eq!(rows_of(&small.query, &ALL, "SHOW TABLES").await, ["events"]);
    assert!(rows_of(&small.query, &ALL, "DESCRIBE events").await.iter().any(|row| row.starts_with("profile_id|")));
    assert!(!rows_of(&small.query, &ALL, "EXPLAIN SELECT count(*) FROM events").await.is_empty());
}

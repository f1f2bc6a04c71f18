//! What a wrong question is told: what to write instead.

use std::time::Duration;

use forecourt_model::Scope;
use forecourt_query::{Dataset, EventFilter, FunnelSpec, Outcome, PeopleSpec, Query, QueryError, QueryOptions, TimelineKind};

use crate::rows::{event, lake};

const ALL: Scope = Scope::Everything;

#[tokio::test]
async fn wrong_sql_is_told_what_to_write() {
    let small = lake(31, vec![event(1, 0, "viewed").value(0.0)], vec![]);
    for (sql, reason) in [
        ("SELECT colour FROM events", "there is no column `colour`: the columns are bucket, campaign, channel"),
        ("SELECT e.colour FROM events e", "there is no column `colour`: the columns are"),
        ("SELECT colour", "there is no column `colour` here: add a FROM"),
        ("SELECT * FROM visits", "table 'visits' not found: the tables are events"),
        ("SELEC 1", "the SQL does not read"),
        ("SELECT 1; SELECT 2", "ask one statement at a time"),
        ("", "the query is empty: write a SELECT"),
        ("SELECT 1 / 0", "ivide by zero"),
        ("SELECT 1 / CAST(value AS BIGINT) FROM events", "ivide by zero"),
        ("SELECT nosuch(1)", "nosuch"),
        ("DROP TABLE events", "queries only read"),
        ("DELETE FROM events", "queries only read"),
        ("INSERT INTO events SELECT * FROM events", "queries only read"),
        ("UPDATE events SET value = 1", "queries only read"),
        ("CREATE TABLE t AS SELECT 1", "queries only read"),
        ("CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '/etc'", "queries only read"),
        ("COPY events TO 'x.parquet'", "queries only read"),
        ("EXPLAIN COPY events TO 'x.parquet'", "queries only read"),
        ("SET datafusion.execution.batch_size = 1", "queries only read"),
        ("PREPARE p AS SELECT 1", "queries only read"),
    ] {
        let error = small.query.sql(&ALL, sql, 10).await.expect_err(sql);
        assert!(matches!(error, QueryError::Invalid(_)), "{sql}: {error:?}");
        assert!(error.to_string().contains(reason), "{sql}: {error}");
    }
}

#[tokio::test]
async fn a_wrong_condition_is_told_with_its_step() {
    let small = lake(32, vec![event(1, 0, "viewed").value(0.0)], vec![]);
    for (condition, reason) in [
        ("colour = 'red'", "`where` of step 1: there is no column `colour`: the columns are bucket"),
        ("channel", "`where` of step 1: it gives"),
        ("channel = ", "`where` of step 1: the SQL does not read"),
        ("channel = 'a'; DROP TABLE events", "`where` of step 1: "),
        ("profile_id IN (SELECT profile_id FROM events)", "`where` of step 1: "),
        ("count(*) > 1", "`where` of step 1: "),
        ("1 / CAST(value AS BIGINT) > 0", "ivide by zero"),
    ] {
        let step = EventFilter { event: "viewed".into(), condition: Some(condition.into()) };
        let spec = FunnelSpec { steps: vec![step], window: "1d".into(), ..FunnelSpec::default() };
        let error = small.query.funnel(&ALL, &spec).await.expect_err(condition);
        assert!(matches!(error, QueryError::Invalid(_)) && error.to_string().contains(reason), "{condition}: {error:?}");
    }
}

#[tokio::test]
async fn wrong_pages_are_told() {
    let small = lake(33, vec![event(1, 0, "viewed")], vec![]);
    let step = EventFilter { event: "viewed".into(), condition: None };
    let spec = FunnelSpec { steps: vec![step], window: "1d".into(), ..FunnelSpec::default() };
    let wanted = PeopleSpec { step: 1, outcome: Outcome::Reached, by: Default::default(), limit: 10, cursor: None };
    for (wanted, reason) in [
        (PeopleSpec { step: 2, ..wanted.clone() }, "`step` is 2: use 1 to 1"),
        (PeopleSpec { step: 0, ..wanted.clone() }, "`step` is 0"),
        (PeopleSpec { outcome: Outcome::Dropped, ..wanted.clone() }, "nobody drops out before step 2"),
        (PeopleSpec { cursor: Some("x".into()), ..wanted.clone() }, "`cursor` is \"x\": pass on"),
        (PeopleSpec { by: [("colour".to_owned(), None)].into(), ..wanted.clone() }, "`by` names \"colour\""),
    ] {
        let error = small.query.funnel_people(&ALL, &spec, &wanted).await.expect_err(reason).to_string();
        assert!(error.contains(reason), "{error}");
    }
    let error = small.query.timeline(&ALL, 1, TimelineKind::All, Some("yesterday"), 10).await.expect_err("no cursor").to_string();
    assert!(error.contains("`cursor` is \"yesterday\": pass on"), "{error}");
}

#[tokio::test]
async fn too_long_and_too_big_are_stopped() {
    let tight = QueryOptions { timeout: Duration::from_millis(200), threads: 1, ..QueryOptions::default() };
    let query = Query::over(Dataset::new(vec![], 0), tight).expect("query threads");
    let endless = "SELECT count(*) FROM generate_series(1, 3000000000) a WHERE a.value % 7 = 3";
    let error = query.sql(&ALL, endless, 1).await.expect_err("too long").to_string();
    assert!(error.contains("was stopped: ask for a shorter time"), "{error}");

    // Its one thread is free again.
    let pairs = "SELECT count(*) FROM generate_series(1, 9000) a JOIN generate_series(1, 9000) b ON a.value < b.value \
        JOIN generate_series(1, 9000) c ON b.value < c.value";
    let error = query.sql(&ALL, pairs, 1).await.expect_err("too long").to_string();
    assert!(error.contains("was stopped: ask for a shorter time"), "{error}");
    query.sql(&ALL, "SELECT 1", 1).await.expect("an answer");

    let small = QueryOptions { memory_bytes_max: 1 << 20, threads: 1, ..QueryOptions::default() };
    let query = Query::over(Dataset::new(vec![], 0), small).expect("query threads");
    let error = query
        .sql(&ALL, "SELECT max(n) FROM (SELECT row_number() OVER (ORDER BY value DESC) AS n FROM generate_series(1, 1000000))", 1)
        .await
        .expect_err("too big")
        .to_string();
    assert!(error.contains("needs more memory than it may have"), "{error}");
}

#[tokio::test]
async fn a_lost_file_is_our_fault_and_names_no_path() {
    let small = lake(34, (0..40).map(|number| event(number, number, "viewed")).collect(), vec![]);
    let query = small.query.clone();
    drop(small);
    let error = query.sql(&ALL, "SELECT count(event) FROM events", 10).await.expect_err("no file");
    assert!(matches!(error, QueryError::Internal(_)), "{error:?}");
    assert_eq!(error.to_string(), "the query failed on the server: its log says why");
}

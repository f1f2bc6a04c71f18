//! The replay is a proof: it agrees with a store that the log made, and names the place where a store was tampered with.

use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, SqliteConnection};

use crate::{installation::Installation, postgres};

async fn with_events(installation: &Installation) {
    let write_key = installation.source("shop");
    let server = installation.serve().await;
    for person in 0..30 {
        let device = format!("device-{person}");
        let viewed = json!({ "event": "car_viewed", "anonymousId": device, "properties": { "model": "Aster" } });
        server.track(&write_key, viewed).await;
        let email = format!("person-{person}@example.com");
        let signed_in =
            json!({ "anonymousId": device, "userId": format!("u-{person}"), "traits": { "email": email, "name": "Ana Petrova" } });
        let answer = server.post("/v1/identify", &write_key, &signed_in).await.expect("an answer");
        assert!(answer.status().is_success());
    }
    server.wait_until_folded().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_row_is_found_and_named() {
    let installation = Installation::new();
    with_events(&installation).await;
    installation.verify();

    let alterations = [
        (
            "UPDATE fragments SET events = events + 1 WHERE fragment_id = (SELECT max(fragment_id) FROM fragments)",
            "table fragments",
            "column events",
        ),
        ("UPDATE totals SET count = count + 1 WHERE metric = (SELECT max(metric) FROM totals)", "table totals", "column count"),
        ("DELETE FROM evidence WHERE a = (SELECT max(a) FROM evidence)", "table evidence", "only on the other side"),
        ("INSERT INTO name_words (word, fragment_id) VALUES ('mallory', 1)", "table name_words", "mallory"),
        ("UPDATE fold SET value = value + 1 WHERE name = 'profiles'", "table fold", "column value"),
    ];
    for (alteration, table, place) in alterations {
        alter(&installation, alteration).await;
        let said = installation.run(&["replay", "--verify"]);
        assert!(!said.ok, "not found: {alteration}");
        assert!(said.err.contains(table) && said.err.contains(place), "{alteration}: {}", said.err);

        let rebuilt = installation.run(&["replay"]);
        assert!(rebuilt.ok && rebuilt.out.contains("rebuilt from the log"), "{rebuilt:?}");
        installation.verify();
    }
}

async fn alter(installation: &Installation, sql: &'static str) {
    let url = format!("sqlite://{}", installation.data().join("state.sqlite").display());
    let mut connection = SqliteConnection::connect(&url).await.expect("the state");
    let done = connection.execute(AssertSqlSafe(sql)).await.expect("the alteration");
    assert!(0 < done.rows_affected(), "altered nothing: {sql}");
    connection.close().await.expect("closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_row_on_postgres_is_found_and_named() {
    let url = postgres::url().await;
    let installation = Installation::new().on_postgres(url.clone());
    with_events(&installation).await;
    installation.verify();

    let mut connection = sqlx::PgConnection::connect(&url).await.expect("the database");
    connection.execute("UPDATE forecourt_state.evidence SET rule = 'guessed'").await.expect("the alteration");
    connection.close().await.expect("closed");
    let said = installation.run(&["replay", "--verify"]);
    assert!(!said.ok && said.err.contains("table evidence") && said.err.contains("column rule"), "{said:?}");
}

#[test]
fn a_replay_of_a_folder_in_use_is_refused() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let installation = Installation::new();
        let server = installation.serve().await;
        let said = installation.run(&["replay", "--verify"]);
        assert!(!said.ok && said.err.contains("stop the server first"), "{said:?}");
        server.stop().await;
    });
}

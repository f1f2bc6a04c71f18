use forecourt_process::replay;
use forecourt_store::Store;

use crate::app::{for_each_backend, settings};

#[tokio::test]
async fn a_replay_reaches_the_store_and_tells_when_it_does_not() {
    for_each_backend(async |mut app| {
        for n in 0..40 {
            let device = n % 5;
            app.at("09:00").send(&format!(r#"{{"type":"page","anonymousId":"dev-{device}"}}"#)).await;
            if n % 3 == 0 {
                app.send(&format!(
                    r#"{{"type":"identify","anonymousId":"dev-{device}","userId":"user-{device}","traits":{{"name":"Ana {n}"}}}}"#
                ))
                .await;
            }
            if n == 20 {
                app.store.copy_to(&app.place("checkpoint")).await.expect("a checkpoint").close().await;
            }
        }
        let live = app.store.copy_to(&app.place("live")).await.expect("a copy");
        let to = live.folded_offset().await.expect("an offset");

        // From nothing, and from the checkpoint.
        for (name, records_max) in [("genesis", 3), ("checkpoint", 1000)] {
            let replayed = Store::open(&app.place(name)).await.expect("a store");
            replay(&app.log, &replayed, &settings(), to, records_max, |_| {}).await.expect("replayed");
            assert_eq!(live.first_difference(&replayed).await.expect("compared"), None, "from {name}");
        }

        let replayed = Store::open(&app.place("genesis")).await.expect("a store");
        alter(&app, &live).await;
        let told = live.first_difference(&replayed).await.expect("compared").expect("a difference");
        assert!(told.contains("table fragments") && told.contains("column events"), "{told}");
    })
    .await;
}

/// Changes one row behind the fold's back.
async fn alter(app: &crate::app::App, live: &Store) {
    let page = live.profiles_page(-1, 1).await.expect("read");
    let sql = format!("UPDATE fragments SET events = events + 1 WHERE fragment_id = {}", page[0].0.profile_id);
    let database = match app.place("live") {
        forecourt_store::Place::Sqlite(path) => forecourt_store::Database::sqlite(&path, 1).await,
        forecourt_store::Place::Postgres { url, schema } => forecourt_store::Database::postgres(&url, &schema).await,
    };
    assert_eq!(database.expect("opened").execute(&sql, vec![]).await.expect("altered"), 1);
}

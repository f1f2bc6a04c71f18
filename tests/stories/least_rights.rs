//! The database role: a superuser of PostgreSQL is refused, an owner of its database is enough.

use crate::{installation::Installation, postgres};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_superuser_of_postgresql_is_refused_unless_it_is_meant() {
    let owner = postgres::url().await;
    let superuser = postgres::as_superuser(&postgres::url().await);
    let refused = Installation::new().on_postgres(superuser.clone()).run(&["source", "list"]);
    assert!(!refused.ok && refused.err.contains("signs in as the superuser `postgres`"), "{}", refused.err);
    assert!(refused.err.contains("CREATE ROLE forecourt") && !refused.err.contains(&superuser), "{}", refused.err);
    let meant = Installation::new().configured("[store]\nallow_superuser = true\n").on_postgres(superuser).run(&["source", "list"]);
    assert!(meant.ok, "{}", meant.err);
    let enough = Installation::new().on_postgres(owner).run(&["source", "list"]);
    assert!(enough.ok, "{}", enough.err);
}

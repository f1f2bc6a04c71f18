//! Accounts, sessions, sources and jobs, on both databases.

mod postgres;

#[tokio::test]
async fn a_fresh_database_each_time() {
    let (first, second) = tokio::join!(postgres::url(), postgres::url());
    assert_ne!(first, second);
}

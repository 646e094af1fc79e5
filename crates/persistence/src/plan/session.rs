//! How SQLite goes about who sends a request.

use sea_orm::{DbBackend, Statement};

use super::{a_database, explained};
use crate::session::ACTOR;

/// Every request asks for it, before anything else.
#[tokio::test]
async fn who_sends_a_request_is_found_by_keys_alone() {
    let (_folder, database) = a_database().await;

    let mut steps =
        explained(&database, Statement::from_string(DbBackend::Sqlite, ACTOR.as_str())).await;
    steps.retain(|step| !step.contains("SUBQUERY"));

    // The session, its user, and the three profiles that a user may have.
    assert_eq!(steps.len(), 5, "{steps:#?}");
    let is_a_key = |step: &String| step.starts_with("SEARCH") && step.contains("INDEX");
    assert!(steps.iter().all(is_a_key), "{steps:#?}");
}

//! How SQLite goes about the directory of doctors.

use sea_orm::{DbBackend, Statement};

use super::{a_database, explained};
use crate::doctor::TIME_ZONES;

/// Each zone costs one seek, however many doctors are in it.
#[tokio::test]
async fn the_zones_of_doctors_are_found_in_their_index() {
    let (_folder, database) = a_database().await;

    let zones = Statement::from_string(DbBackend::Sqlite, TIME_ZONES);
    let plan = explained(&database, zones).await;

    let looks: Vec<_> = plan.iter().filter(|step| step.contains("doctors")).collect();
    assert!(!looks.is_empty(), "{plan:#?}");
    for step in looks {
        assert!(
            step.starts_with("SEARCH doctors USING COVERING INDEX doctors_time_zone"),
            "{plan:#?}"
        );
    }
}

//! How SQLite goes about what it is asked: in a few seeks and stretches of its indexes, however much
//! there is.

mod appointment;
mod assignment;
mod audit;
mod availability;
mod care;
mod doctor;
mod patient;
mod pharmacy;
mod search;
mod session;
mod statistics;
mod time_slot;

use medilink_application::page::{Position, Stretch};
use medilink_domain::id::Uuid;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use crate::connection::{self, DatabaseUrl};

/// Makes a database with the whole schema. It is gone with its folder.
async fn a_database() -> (tempfile::TempDir, DatabaseConnection) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("medilink.db");
    crate::migrate(&DatabaseUrl::Sqlite(path.clone())).await.unwrap();
    let database = connection::connect(connection::sqlite_readers(&path)).await.unwrap();
    (folder, database)
}

/// Makes the first page of a list, and the one behind a position.
fn pages(key: &str) -> [Stretch; 2] {
    let position = Position { key: key.to_owned(), id: Uuid::from_u128(9) };
    [None, Some(position)].map(|after| Stretch { after, ..Stretch::default() })
}

/// Returns the steps that SQLite would take.
async fn explained(database: &DatabaseConnection, statement: Statement) -> Vec<String> {
    let Statement { sql, values, .. } = statement;
    let explain = format!("EXPLAIN QUERY PLAN {sql}");
    let values = values.into_iter().flat_map(|values| values.0);
    let explain = Statement::from_sql_and_values(DbBackend::Sqlite, &explain, values);
    let steps = database.query_all_raw(explain).await.unwrap();
    steps.iter().map(|step| step.try_get("", "detail").unwrap()).collect()
}

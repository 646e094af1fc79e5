//! The schema of MediLink, step by step, for SQLite and PostgreSQL alike.
//!
//! Steps are numbered and only ever added. Each expands before a later one contracts, so that the
//! program of the version before runs on the schema after. The crate knows neither the domain nor
//! the entities: what a step did stays what it was.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

pub use sea_orm_migration::MigratorTrait;

mod m0001_foundation;
mod m0002_sign_in;
mod m0003_users;
mod m0004_directory;
mod m0006_time_slots;
mod m0007_seals;
mod m0008_patient_lists;
mod m0009_pharmacies;
mod m0011_agenda;
mod m0012_attempts;
mod m0013_overview;
mod m0014_directory_lists;
mod m0015_appointments_of_patients;
mod m0016_record_entries;

/// Every step, in order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_foundation::Migration),
            Box::new(m0002_sign_in::Migration),
            Box::new(m0003_users::Migration),
            Box::new(m0004_directory::Migration),
            Box::new(m0006_time_slots::Migration),
            Box::new(m0007_seals::Migration),
            Box::new(m0008_patient_lists::Migration),
            Box::new(m0009_pharmacies::Migration),
            Box::new(m0011_agenda::Migration),
            Box::new(m0012_attempts::Migration),
            Box::new(m0013_overview::Migration),
            Box::new(m0014_directory_lists::Migration),
            Box::new(m0015_appointments_of_patients::Migration),
            Box::new(m0016_record_entries::Migration),
        ]
    }
}

/// Runs statements that are written once for both databases.
///
/// The few types that differ stand in braces: `{uuid}`, `{instant}`, `{day}`, `{hash}`, and
/// `{key}` for text that is compared byte by byte, whatever the database's language.
async fn run(manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
    let types = if manager.get_database_backend() == DbBackend::Postgres {
        [
            ("{uuid}", "uuid"),
            ("{instant}", "timestamptz"),
            ("{day}", "date"),
            ("{hash}", "bytea"),
            ("{key}", "text COLLATE \"C\""),
        ]
    } else {
        [
            ("{uuid}", "blob"),
            ("{instant}", "text"),
            ("{day}", "text"),
            ("{hash}", "blob"),
            ("{key}", "text"),
        ]
    };
    let sql = types.iter().fold(sql.to_owned(), |sql, (name, ty)| sql.replace(name, ty));
    manager.get_connection().execute_unprepared(&sql).await?;
    Ok(())
}

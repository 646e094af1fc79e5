//! Bringing a database's schema up to date, one process after another.

use std::path::Path;

use medilink_migrations::{Migration, Migrator, MigratorTrait};
use sea_orm::ConnectionTrait;

use crate::connection::{self, DatabaseUrl, OpenError};

/// How far a database's schema has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationState {
    /// The steps that have run.
    pub applied: Vec<String>,
    /// The steps that have not.
    pub pending: Vec<String>,
}

impl MigrationState {
    /// Reads how far the schema has come, and changes nothing.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the database does not answer.
    pub async fn of(url: &DatabaseUrl) -> Result<Self, OpenError> {
        let database = match url {
            DatabaseUrl::Sqlite(path) => {
                connection::create_file(path)?;
                connection::connect(connection::sqlite_writer(path)).await?
            }
            DatabaseUrl::Postgres(address) => {
                connection::call_on(address).await?;
                connection::connect(connection::postgres_alone(address)).await?
            }
        };
        let names = |all: Vec<Migration>| all.iter().map(|one| one.name().to_owned()).collect();
        let state = Self {
            applied: names(Migrator::get_applied_migrations_read_only(&database).await?),
            pending: names(Migrator::get_pending_migrations_read_only(&database).await?),
        };
        database.close().await?;
        Ok(state)
    }
}

/// Runs the migrations that are pending.
///
/// # Errors
///
/// [`OpenError`] if the database does not answer, or a step fails.
pub async fn up(url: &DatabaseUrl) -> Result<(), OpenError> {
    match url {
        DatabaseUrl::Sqlite(path) => {
            connection::create_file(path)?;
            let turnstile = connection::turnstile(path)?;
            let failed = |source| OpenError::File { path: path.clone(), source };
            turnstile.enter().await.map_err(failed)?;
            let migrated = up_sqlite(path).await;
            turnstile.leave().map_err(failed)?;
            migrated
        }
        DatabaseUrl::Postgres(address) => {
            connection::call_on(address).await?;
            // The lock ends with its connection, whatever becomes of this process.
            let lock = connection::connect(connection::postgres_alone(address)).await?;
            lock.execute_unprepared("SELECT pg_advisory_lock(7233174216)").await?;
            let database = connection::connect(connection::postgres_alone(address)).await?;
            let migrated = Migrator::up(&database, None).await;
            database.close().await?;
            lock.close().await?;
            Ok(migrated?)
        }
    }
}

async fn up_sqlite(path: &Path) -> Result<(), OpenError> {
    let opened = connection::connect(connection::sqlite_writer(path)).await;
    let database = opened.map_err(|error| {
        let source = std::io::Error::other(error.to_string());
        OpenError::File { path: path.to_owned(), source }
    })?;
    connection::assert_sqlite(&database).await?;
    let migrated = Migrator::up(&database, None).await;
    database.close().await?;
    Ok(migrated?)
}

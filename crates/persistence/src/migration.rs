//! Bringing a database's schema up to date, one process after another.

use std::path::Path;
use std::time::Duration;

use medilink_migrations::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};

use crate::connection::{self, DatabaseUrl, OpenError};
use crate::error::is_lock_timeout;
use crate::file;

/// How often a step is tried that has to wait for others' locks.
const TRIES: u32 = 5;

/// How long others are let through before the next try.
const PAUSE: Duration = Duration::from_secs(1);

/// How far a database's schema has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationState {
    /// The steps of ours that have run.
    pub applied: Vec<String>,
    /// The steps of ours that have not.
    pub pending: Vec<String>,
    /// The steps of a newer program that have run. Each leaves what this program needs as it was.
    pub newer: Vec<String>,
}

impl MigrationState {
    /// Reads how far the schema has come, and makes and changes nothing.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the database does not answer.
    pub async fn of(url: &DatabaseUrl) -> Result<Self, OpenError> {
        let database = match url {
            DatabaseUrl::Sqlite(path) if !path.exists() => return Ok(Self::compare(&[])),
            DatabaseUrl::Sqlite(path) => {
                connection::connect(connection::sqlite_visitor(path)).await?
            }
            DatabaseUrl::Postgres(address) => {
                connection::call_on(address).await?;
                connection::connect(connection::postgres_alone(address)).await?
            }
        };
        let state = Self::read(&database).await?;
        database.close().await?;
        Ok(state)
    }

    /// Reads how far the schema has come that a connection leads to.
    ///
    /// The library's own reading refuses steps that it does not know: a program could then not
    /// start beside a newer one, nor take its place when the newer one is taken back.
    pub(crate) async fn read(database: &DatabaseConnection) -> Result<Self, DbErr> {
        let backend = database.get_database_backend();
        let is_there = if backend == DbBackend::Postgres {
            "SELECT to_regclass('seaql_migrations') IS NOT NULL"
        } else {
            "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'seaql_migrations')"
        };
        let ask = |sql: &str| Statement::from_string(backend, sql);
        let row = database.query_one_raw(ask(is_there)).await?;
        let is_there: bool = match row {
            Some(row) => row.try_get_by_index(0)?,
            None => false,
        };
        if !is_there {
            return Ok(Self::compare(&[]));
        }
        let run = ask("SELECT version FROM seaql_migrations ORDER BY version");
        let rows = database.query_all_raw(run).await?;
        let run: Result<Vec<String>, _> = rows.iter().map(|row| row.try_get_by_index(0)).collect();
        Ok(Self::compare(&run?))
    }

    fn compare(run: &[String]) -> Self {
        let ours: Vec<_> =
            Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
        let newer = run.iter().filter(|step| !ours.contains(step)).cloned().collect();
        let (applied, pending) = ours.into_iter().partition(|step| run.contains(step));
        Self { applied, pending, newer }
    }

    /// Says that a newer program has been here, once.
    pub(crate) fn warn_of_newer(&self) {
        if let Some(last) = self.newer.last() {
            tracing::warn!(last, "the database's schema is newer than this program");
        }
    }
}

/// Runs the migrations that are pending.
///
/// # Errors
///
/// [`OpenError`] if the database does not answer, a step fails, or steps are missing before those
/// of a newer program.
pub async fn up(url: &DatabaseUrl) -> Result<(), OpenError> {
    match url {
        DatabaseUrl::Sqlite(path) => {
            file::create(path)?;
            let turnstile = connection::turnstile(path)?;
            let failed = |source| OpenError::File { path: path.clone(), source };
            let turn = turnstile.clone();
            let entered = tokio::task::spawn_blocking(move || turn.enter());
            entered
                .await
                .unwrap_or_else(|error| Err(std::io::Error::other(error)))
                .map_err(failed)?;
            let migrated = up_sqlite(path).await;
            turnstile.leave().map_err(failed)?;
            migrated
        }
        DatabaseUrl::Postgres(address) => {
            connection::call_on(address).await?;
            // The lock ends with its connection, whatever becomes of this process.
            let lock = connection::connect(connection::postgres_alone(address)).await?;
            lock.execute_unprepared("SELECT pg_advisory_lock(7233174216)").await?;
            let database = connection::connect(connection::postgres_migrator(address)).await?;
            let migrated = up_in_turn(&database).await;
            database.close().await?;
            lock.close().await?;
            migrated
        }
    }
}

/// Tries again what others' locks have kept from running. Whoever waits for a lock keeps all who
/// come later waiting too, so it waits for a few seconds at a time and lets them through.
async fn up_in_turn(database: &DatabaseConnection) -> Result<(), OpenError> {
    for _ in 1..TRIES {
        match up_on(database).await {
            Err(OpenError::Database(error)) if is_lock_timeout(&error) => {
                tracing::warn!("a migration waits for locks of others; it is tried again");
                tokio::time::sleep(PAUSE).await;
            }
            outcome => return outcome,
        }
    }
    up_on(database).await
}

async fn up_on(database: &DatabaseConnection) -> Result<(), OpenError> {
    let state = MigrationState::read(database).await?;
    match (state.pending.is_empty(), state.newer.last()) {
        (true, _) => Ok(()),
        (false, Some(newer)) => {
            Err(OpenError::Diverged { pending: state.pending.join(", "), newer: newer.clone() })
        }
        (false, None) => Ok(Migrator::up(database, None).await?),
    }
}

async fn up_sqlite(path: &Path) -> Result<(), OpenError> {
    let opened = connection::connect(connection::sqlite_migrator(path)).await;
    let database = opened.map_err(|error| {
        let source = std::io::Error::other(error.to_string());
        OpenError::File { path: path.to_owned(), source }
    })?;
    connection::assert_sqlite(&database).await?;
    let migrated = up_on(&database).await;
    database.close().await?;
    migrated
}

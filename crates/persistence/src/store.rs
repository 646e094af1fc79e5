//! The store: where units of work begin and queries read.

use std::sync::Arc;

use async_trait::async_trait;
use medilink_application::error::StoreError;
use medilink_application::store::{Queries, Store, UnitOfWork};
use medilink_migrations::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, Statement,
    TransactionTrait,
};

use crate::connection::{self, DatabaseUrl, OpenError};
use crate::error::store_error;
use crate::turnstile::Turnstile;
use crate::unit_of_work::SeaOrmUnitOfWork;
use crate::writer::{Turn, Writer};

/// Everything that MediLink remembers, in SQLite or PostgreSQL.
#[derive(Clone)]
pub struct SeaOrmStore {
    reads: DatabaseConnection,
    writes: Writes,
}

/// Who may write.
#[derive(Clone)]
enum Writes {
    /// One at a time, in groups.
    InTurn(Writer),
    /// As many as there are connections.
    AtOnce(DatabaseConnection),
}

/// How far a database's schema has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationState {
    /// The steps that have run.
    pub applied: Vec<String>,
    /// The steps that have not.
    pub pending: Vec<String>,
}

impl SeaOrmStore {
    /// Opens the database, whose schema must be up to date.
    ///
    /// A SQLite file is made and migrated if need be: nobody else could do it. A PostgreSQL schema
    /// is migrated only if that is asked for.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the database does not answer, or its schema is too old.
    pub async fn open(url: &DatabaseUrl, migrate: bool) -> Result<Self, OpenError> {
        match url {
            DatabaseUrl::Sqlite(path) => {
                Self::migrate(url).await?;
                let reads = connection::connect(connection::sqlite_readers(path)).await?;
                let turnstile = turnstile(path)?;
                let writer = Writer::start(connection::sqlite_writer(path), turnstile);
                Ok(Self { reads, writes: Writes::InTurn(writer) })
            }
            DatabaseUrl::Postgres(address) => {
                if migrate {
                    Self::migrate(url).await?;
                }
                let pool = connection::connect(connection::postgres(address)).await?;
                let pending = Migrator::get_pending_migrations(&pool).await?.len();
                if 0 < pending {
                    return Err(OpenError::Outdated(pending));
                }
                Ok(Self { reads: pool.clone(), writes: Writes::AtOnce(pool) })
            }
        }
    }

    /// Runs the migrations that are pending, one process after another.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the database does not answer, or a step fails.
    pub async fn migrate(url: &DatabaseUrl) -> Result<(), OpenError> {
        match url {
            DatabaseUrl::Sqlite(path) => {
                connection::create_file(path)?;
                let turnstile = turnstile(path)?;
                let failed = |source| OpenError::File { path: path.clone(), source };
                turnstile.enter().await.map_err(failed)?;
                let migrated = migrate_sqlite(path).await;
                turnstile.leave().map_err(failed)?;
                migrated
            }
            DatabaseUrl::Postgres(address) => {
                // The lock ends with its connection, whatever becomes of this process.
                let mut alone = connection::postgres(address);
                alone.max_connections(1);
                let lock = connection::connect(alone).await?;
                lock.execute_unprepared("SET lock_timeout = '60s'; SET statement_timeout = '60s'")
                    .await?;
                lock.execute_unprepared("SELECT pg_advisory_lock(7233174216)").await?;
                let mut plain = connection::postgres(address);
                plain.max_connections(1);
                let database = connection::connect(plain).await?;
                database.execute_unprepared("SET statement_timeout = 0").await?;
                let migrated = Migrator::up(&database, None).await;
                database.close().await?;
                lock.close().await?;
                Ok(migrated?)
            }
        }
    }

    /// Tells how far the schema has come.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the database does not answer.
    pub async fn migration_state(url: &DatabaseUrl) -> Result<MigrationState, OpenError> {
        let database = match url {
            DatabaseUrl::Sqlite(path) => {
                connection::create_file(path)?;
                connection::connect(connection::sqlite_writer(path)).await?
            }
            DatabaseUrl::Postgres(address) => {
                connection::connect(connection::postgres(address)).await?
            }
        };
        let names = |all: Vec<medilink_migrations::Migration>| {
            all.iter().map(|one| one.name().to_owned()).collect()
        };
        let state = MigrationState {
            applied: names(Migrator::get_applied_migrations(&database).await?),
            pending: names(Migrator::get_pending_migrations(&database).await?),
        };
        database.close().await?;
        Ok(state)
    }

    pub(crate) async fn work(&self) -> Result<SeaOrmUnitOfWork, StoreError> {
        let (transaction, turn) = match &self.writes {
            Writes::InTurn(writer) => {
                let (savepoint, turn) = writer.begin().await?;
                (savepoint, Some(turn))
            }
            Writes::AtOnce(pool) => (begin(pool).await?, None::<Turn>),
        };
        Ok(SeaOrmUnitOfWork::new(transaction, turn))
    }
}

async fn begin(pool: &DatabaseConnection) -> Result<DatabaseTransaction, StoreError> {
    pool.begin_with_options(sea_orm::TransactionOptions::default()).await.map_err(store_error)
}

async fn migrate_sqlite(path: &std::path::Path) -> Result<(), OpenError> {
    let database = connection::connect(connection::sqlite_writer(path)).await?;
    connection::assert_sqlite(&database).await?;
    let migrated = Migrator::up(&database, None).await;
    database.close().await?;
    Ok(migrated?)
}

fn turnstile(path: &std::path::Path) -> Result<Turnstile, OpenError> {
    Turnstile::beside(path).map_err(|source| OpenError::File { path: path.to_owned(), source })
}

#[async_trait]
impl Store for SeaOrmStore {
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        Ok(Box::new(self.work().await?))
    }

    fn queries(&self) -> Arc<dyn Queries> {
        Arc::new(SeaOrmQueries(self.reads.clone()))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.reads.ping().await.map_err(store_error)
    }
}

/// Reads on the readers' connections, without a transaction.
pub(crate) struct SeaOrmQueries(pub(crate) DatabaseConnection);

impl SeaOrmQueries {
    /// Makes a statement that is written once for both databases: each counts its parameters as
    /// `$1`, `$2`.
    pub(crate) fn statement(
        &self,
        sql: &str,
        values: impl IntoIterator<Item = sea_orm::Value>,
    ) -> Statement {
        statement(self.0.get_database_backend(), sql, values)
    }
}

/// Makes a statement for a database.
pub(crate) fn statement(
    backend: DbBackend,
    sql: &str,
    values: impl IntoIterator<Item = sea_orm::Value>,
) -> Statement {
    Statement::from_sql_and_values(backend, sql, values)
}

impl Queries for SeaOrmQueries {
    fn appointments(&self) -> &dyn medilink_application::appointment::AppointmentQueries {
        self
    }

    fn doctors(&self) -> &dyn medilink_application::doctor::DoctorQueries {
        self
    }

    fn patients(&self) -> &dyn medilink_application::patient::PatientQueries {
        self
    }

    fn sessions(&self) -> &dyn medilink_application::session::SessionQueries {
        self
    }

    fn users(&self) -> &dyn medilink_application::user::UserQueries {
        self
    }
}

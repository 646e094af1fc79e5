//! The store: where units of work begin and queries read.

use std::sync::Arc;

use async_trait::async_trait;
use medilink_application::error::StoreError;
use medilink_application::store::{Queries, Store, UnitOfWork};
use medilink_migrations::{Migrator, MigratorTrait};
use sea_orm::{DatabaseConnection, DatabaseTransaction, DbBackend, Statement, TransactionTrait};

use crate::connection::{self, DatabaseUrl, OpenError};
use crate::error::store_error;
use crate::migration;
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
                migration::up(url).await?;
                let reads = connection::connect(connection::sqlite_readers(path)).await?;
                let turnstile = connection::turnstile(path)?;
                let writer = Writer::start(connection::sqlite_writer(path), turnstile);
                Ok(Self { reads, writes: Writes::InTurn(writer) })
            }
            DatabaseUrl::Postgres(address) => {
                connection::call_on(address).await?;
                if migrate {
                    migration::up(url).await?;
                }
                let pool = connection::connect(connection::postgres(address)).await?;
                let pending = Migrator::get_pending_migrations_read_only(&pool).await?.len();
                if 0 < pending {
                    return Err(OpenError::Outdated);
                }
                Ok(Self { reads: pool.clone(), writes: Writes::AtOnce(pool) })
            }
        }
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

/// Looks into a database, and makes and changes nothing. There is nothing to see in a SQLite file
/// that is missing, or whose schema has yet to be brought up to date.
///
/// # Errors
///
/// [`OpenError`] if the database does not answer, or its schema on PostgreSQL is too old.
pub async fn look(url: &DatabaseUrl) -> Result<Option<Arc<dyn Queries>>, OpenError> {
    let pool = match url {
        DatabaseUrl::Sqlite(path) if !path.exists() => return Ok(None),
        DatabaseUrl::Sqlite(path) => connection::connect(connection::sqlite_visitor(path)).await?,
        DatabaseUrl::Postgres(address) => {
            connection::call_on(address).await?;
            connection::connect(connection::postgres(address)).await?
        }
    };
    let pending = Migrator::get_pending_migrations_read_only(&pool).await?.len();
    match (pending, url) {
        (0, _) => Ok(Some(Arc::new(SeaOrmQueries(pool)))),
        (_, DatabaseUrl::Sqlite(_)) => Ok(None),
        (_, DatabaseUrl::Postgres(_)) => Err(OpenError::Outdated),
    }
}

async fn begin(pool: &DatabaseConnection) -> Result<DatabaseTransaction, StoreError> {
    pool.begin_with_options(sea_orm::TransactionOptions::default()).await.map_err(store_error)
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

//! The store: where units of work begin and queries read.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use medilink_application::error::StoreError;
use medilink_application::store::{Queries, Store, UnitOfWork};
use sea_orm::{DbBackend, DbErr, Statement};

use crate::connection::{self, DatabaseUrl, OpenError};
use crate::error::{store_error, unavailable};
use crate::file::Identity;
use crate::lane::{Lane, Lanes};
use crate::migration::{self, MigrationState};
use crate::reads::Reads;
use crate::statement::statement;
use crate::transaction::Connection;
use crate::unit_of_work::SeaOrmUnitOfWork;
use crate::writer::Writer;

/// How long connections may take to close, and what is under way on them to end.
const CLOSING: Duration = Duration::from_secs(5);

/// How long the writer's queue may take to move before nothing can be written.
const STANDSTILL: Duration = Duration::from_secs(2);

/// Whether a server of PostgreSQL only reads: one that follows another, or was told to.
const ONLY_READS: &str =
    "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean";

/// Everything that MediLink remembers, in SQLite or PostgreSQL.
#[derive(Clone)]
pub struct SeaOrmStore {
    reads: Reads,
    writes: Writes,
}

/// Who may write.
#[derive(Clone)]
pub(crate) enum Writes {
    /// One at a time, in groups, to this file.
    InTurn(Writer, Identity),
    /// Many beside each other.
    AtOnce(Arc<Lanes>),
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
                let pool = connection::connect(connection::sqlite_readers(path)).await?;
                MigrationState::read(&pool).await?.warn_of_newer();
                let turnstile = connection::turnstile(path)?;
                let failed = |source| OpenError::File { path: path.clone(), source };
                let writer = Writer::start(path.clone(), turnstile).map_err(failed)?;
                let identity = Identity::of(path).map_err(failed)?;
                Ok(Self {
                    reads: Reads::of_sqlite(path, pool),
                    writes: Writes::InTurn(writer, identity),
                })
            }
            DatabaseUrl::Postgres(address) => {
                connection::call_on(address).await?;
                if migrate {
                    migration::up(url).await?;
                }
                let pool = connection::connect(connection::postgres(address)).await?;
                let state = MigrationState::read(&pool).await?;
                if !state.pending.is_empty() {
                    return Err(OpenError::Outdated);
                }
                state.warn_of_newer();
                let lanes = Arc::new(connection::lanes(&pool));
                let reads = Reads::of_postgres(Arc::clone(&lanes));
                // What was opened for the look at the schema becomes a lane of this thread.
                reads.ping().await?;
                Ok(Self { reads, writes: Writes::AtOnce(lanes) })
            }
        }
    }

    /// Ends what is open and closes every connection. What is asked of the store after that fails.
    ///
    /// A SQLite database is one file afterwards, unless another process has it open.
    pub async fn close(&self) {
        let reads = tokio::time::timeout(CLOSING, self.reads.close()).await;
        if !matches!(reads, Ok(Ok(()))) {
            tracing::warn!("some reads did not end");
        }
        if let Writes::InTurn(writer, _) = &self.writes
            && tokio::time::timeout(CLOSING, writer.close()).await.is_err()
        {
            tracing::warn!("the writer did not end");
        }
    }

    /// Returns the connections that read.
    pub(crate) const fn reads(&self) -> &Reads {
        &self.reads
    }

    /// Returns who writes.
    pub(crate) const fn writes(&self) -> &Writes {
        &self.writes
    }

    /// Begins a unit of work for somebody.
    pub(crate) async fn work(&self) -> Result<SeaOrmUnitOfWork, StoreError> {
        match &self.writes {
            Writes::InTurn(..) => self.reserved_work().await,
            Writes::AtOnce(lanes) => begun(lanes.lane_of_unit().await).await,
        }
    }

    /// Begins a unit of work that never waits for those of others: only for what holds no lock that
    /// anybody waits for.
    pub(crate) async fn reserved_work(&self) -> Result<SeaOrmUnitOfWork, StoreError> {
        match &self.writes {
            Writes::InTurn(writer, _) => Ok(SeaOrmUnitOfWork::in_turn(writer.begin().await?)),
            Writes::AtOnce(lanes) => begun(lanes.lane().await).await,
        }
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
    let is_current = MigrationState::read(&pool).await?.pending.is_empty();
    match (is_current, url) {
        (true, _) => Ok(Some(Arc::new(SeaOrmQueries(Reads::through(pool))))),
        (_, DatabaseUrl::Sqlite(_)) => Ok(None),
        (_, DatabaseUrl::Postgres(_)) => Err(OpenError::Outdated),
    }
}

async fn begun(lane: Result<Lane, DbErr>) -> Result<SeaOrmUnitOfWork, StoreError> {
    let begin = async { SeaOrmUnitOfWork::at_once(lane?).await };
    begin.await.map_err(store_error)
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

    async fn try_to_write(&self) -> Result<(), StoreError> {
        match &self.writes {
            Writes::InTurn(_, file) => {
                file.check().map_err(unavailable)?;
                let turn = tokio::time::timeout(STANDSTILL, self.reserved_work()).await;
                turn.map_err(|_| StoreError::Busy)?.map(drop)
            }
            Writes::AtOnce(_) => {
                let ask = statement(DbBackend::Postgres, ONLY_READS, []);
                let only_reads: Option<bool> = self.reads.row(ask).await?;
                if only_reads.unwrap_or(true) { Err(unavailable(OnlyReads)) } else { Ok(()) }
            }
        }
    }
}

/// The server is there, but takes no writes.
#[derive(Debug, thiserror::Error)]
#[error("the server only reads")]
struct OnlyReads;

/// Reads on the readers' connections, without a transaction.
pub(crate) struct SeaOrmQueries(pub(crate) Reads);

impl SeaOrmQueries {
    /// Makes a statement that is written once for both databases: each counts its parameters as
    /// `$1`, `$2`.
    pub(crate) fn statement(
        &self,
        sql: &str,
        values: impl IntoIterator<Item = sea_orm::Value>,
    ) -> Statement {
        statement(self.0.backend(), sql, values)
    }
}

impl Queries for SeaOrmQueries {
    fn appointments(&self) -> &dyn medilink_application::appointment::AppointmentQueries {
        self
    }

    fn assignments(&self) -> &dyn medilink_application::assignment::AssignmentQueries {
        self
    }

    fn audit(&self) -> &dyn medilink_application::audit::AuditQueries {
        self
    }

    fn doctors(&self) -> &dyn medilink_application::doctor::DoctorQueries {
        self
    }

    fn patients(&self) -> &dyn medilink_application::patient::PatientQueries {
        self
    }

    fn pharmacies(&self) -> &dyn medilink_application::pharmacy::PharmacyQueries {
        self
    }

    fn sessions(&self) -> &dyn medilink_application::session::SessionQueries {
        self
    }

    fn statistics(&self) -> &dyn medilink_application::statistics::StatisticsQueries {
        self
    }

    fn time_slots(&self) -> &dyn medilink_application::time_slot::TimeSlotQueries {
        self
    }

    fn users(&self) -> &dyn medilink_application::user::UserQueries {
        self
    }
}

//! Connections that go from one read to the next.
//!
//! A pool of sqlx asks each connection that comes back whether it still lives, which costs a short
//! read as much as the read itself: a round trip on PostgreSQL, the way to another thread and back on
//! SQLite. A lane is kept out of the pool, and asked only when it was silent for a while; a read that
//! fails, or that nobody waits for any more, gives its connection back to the pool, which looks after
//! it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{self, Connection as _, Database, Executor, IntoArguments, Pool};
use sea_orm::{ConnAcquireErr, DbErr, QueryResult, RuntimeErr, Statement, Values};
use sea_query_sqlx::SqlxValues;
use tokio::sync::Semaphore;

/// How long a read waits for a lane.
const PATIENCE: Duration = Duration::from_secs(4);

/// After how much silence a lane may have died with its server.
const DOUBT: Duration = Duration::from_secs(1);

/// How long the answer may take whether it has.
const SILENCE: Duration = Duration::from_secs(2);

/// How long a connection is used at the most, since what a server keeps for it only grows.
const LIFETIME: Duration = Duration::from_mins(30);

/// The lanes of a database.
pub(crate) struct Lanes<DB: Database> {
    pool: Pool<DB>,
    /// As many as the pool has connections: whoever holds one never waits for the pool.
    places: Semaphore,
    idle: Mutex<Vec<Lane<DB>>>,
}

struct Lane<DB: Database> {
    connection: PoolConnection<DB>,
    opened: Instant,
    used: Instant,
}

impl<DB> Lanes<DB>
where
    DB: Database,
    for<'lane> &'lane mut DB::Connection: Executor<'lane, Database = DB>,
    SqlxValues: IntoArguments<DB>,
    QueryResult: From<DB::Row>,
{
    /// Makes lanes of the connections of a pool, which nobody else takes from.
    pub(crate) fn new(pool: &Pool<DB>) -> Self {
        let number = usize::try_from(pool.options().get_max_connections()).unwrap_or(1);
        let idle = Mutex::new(Vec::with_capacity(number));
        Self { pool: pool.clone(), places: Semaphore::new(number), idle }
    }

    pub(crate) async fn all(&self, statement: &Statement) -> Result<Vec<QueryResult>, DbErr> {
        let found = self.run(async |lane| lane.fetch_all(query(statement)).await).await?;
        Ok(found.into_iter().map(QueryResult::from).collect())
    }

    /// Gives the lanes back to the pool, those that somebody reads on when they have.
    pub(crate) fn close(&self) {
        self.places.close();
        self.idle().clear();
    }

    async fn run<T>(
        &self,
        ask: impl AsyncFnOnce(&mut DB::Connection) -> Result<T, sqlx::Error>,
    ) -> Result<T, DbErr> {
        let place = tokio::time::timeout(PATIENCE, self.places.acquire()).await;
        let _place = match place {
            Ok(Ok(place)) => place,
            Ok(Err(_)) => return Err(failed(sqlx::Error::PoolClosed)),
            Err(_) => return Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)),
        };
        let mut lane = self.lane().await?;
        // Dropped by an error or by whoever leaves, it goes back to the pool.
        let answer = ask(&mut lane.connection).await.map_err(failed)?;
        lane.used = Instant::now();
        if !self.places.is_closed() {
            self.idle().push(lane);
        }
        Ok(answer)
    }

    /// Takes a lane that lives.
    async fn lane(&self) -> Result<Lane<DB>, DbErr> {
        let now = Instant::now();
        let idle = self.idle().pop();
        if let Some(mut lane) = idle.filter(|lane| now - lane.opened < LIFETIME) {
            if now - lane.used < DOUBT {
                return Ok(lane);
            }
            let alive = tokio::time::timeout(SILENCE, lane.connection.ping()).await;
            if matches!(alive, Ok(Ok(()))) {
                return Ok(lane);
            }
            // Not back to the pool, which would ask again.
            drop(lane.connection.detach());
        }
        let connection = self.pool.acquire().await.map_err(|error| {
            if matches!(error, sqlx::Error::PoolTimedOut) {
                DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)
            } else {
                failed(error)
            }
        })?;
        Ok(Lane { connection, opened: now, used: now })
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Lane<DB>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<DB: Database> Drop for Lanes<DB> {
    /// Gives up the lanes without the pool, which takes connections back in a task: the thread on which
    /// the last owner ends may have no runtime any more.
    fn drop(&mut self) {
        let idle = self.idle.get_mut().unwrap_or_else(PoisonError::into_inner);
        for lane in idle.drain(..) {
            drop(lane.connection.detach());
        }
    }
}

fn query<DB>(statement: &Statement) -> sqlx::query::Query<'_, DB, SqlxValues>
where
    DB: Database,
    SqlxValues: IntoArguments<DB>,
{
    let values = statement.values.clone().unwrap_or_else(|| Values(Vec::new()));
    sqlx::query_with(sqlx::AssertSqlSafe(statement.sql.as_str()), SqlxValues(values))
}

fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}

#[cfg(test)]
mod tests {
    use crate::connection::{sqlite_migrator, sqlite_readers};
    use crate::reads::Reads;

    #[test]
    fn lanes_may_end_where_there_is_no_runtime() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("medilink.db");
        std::fs::write(&path, "").unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let reads = runtime.block_on(async {
            sea_orm::Database::connect(sqlite_migrator(&path))
                .await
                .unwrap()
                .close()
                .await
                .unwrap();
            let readers = sea_orm::Database::connect(sqlite_readers(&path)).await.unwrap();
            let reads = Reads::of_sqlite(&path, readers);
            reads.ping().await.unwrap();
            reads
        });

        drop(reads);
    }
}

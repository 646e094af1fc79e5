//! Connections to PostgreSQL that stay with the thread that opened them.
//!
//! A pool of sqlx asks each connection that comes back whether it still lives, which costs as much as a
//! short read. And it gives connections to whoever is next, on whatever thread: but a socket belongs to
//! the runtime that opened it, which would have to wake the other one for every answer. So each thread
//! that serves has a road of its own, with lanes. A lane is asked only when it was silent for a while,
//! or when somebody has left it in the middle.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::{self, Connection as _, Executor, PgConnection, PgPool, Postgres};
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, Statement, Values};
use sea_query_sqlx::SqlxValues;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::row::{Columns, Row};

/// How long anybody waits for a lane.
const PATIENCE: Duration = Duration::from_secs(4);

/// How long a unit of work waits for those that are under way.
const PATIENCE_OF_UNITS: Duration = Duration::from_secs(3);

/// After how much silence a lane may have died with its server.
const DOUBT: Duration = Duration::from_secs(1);

/// How long the answer may take whether it has.
const SILENCE: Duration = Duration::from_secs(2);

/// How long a connection is used at the most, since what a server keeps for it only grows.
const LIFETIME: Duration = Duration::from_mins(30);

/// The lanes to a database.
pub(crate) struct Lanes {
    pool: PgPool,
    roads: Vec<Arc<Road>>,
}

/// The lanes of one thread, or of several where there are more threads than roads.
struct Road {
    /// As many as the pool has connections for it: whoever has a place never waits for the pool.
    places: Arc<Semaphore>,
    /// How many of them units of work may have, who wait for each other: they must not keep anybody
    /// from reading, nor from recording what was read.
    units: Arc<Semaphore>,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: PoolConnection<Postgres>,
    opened: Instant,
    used: Instant,
}

/// A lane that somebody is on. It may be left at any time: before anybody else gets it, what is open on
/// it is undone, and what is still to come is waited for.
pub(crate) struct Lane(Option<Taken>);

struct Taken {
    connection: PoolConnection<Postgres>,
    opened: Instant,
    road: Arc<Road>,
    _places: (OwnedSemaphorePermit, Option<OwnedSemaphorePermit>),
    /// Whether an answer is to come, or was an error.
    is_asked: bool,
    /// Whether a transaction is open, or may be.
    is_open: bool,
}

impl Lanes {
    /// Makes roads, as wide as that, of the connections of a pool from which nobody else takes any.
    pub(crate) fn new(pool: PgPool, roads: usize, width: usize) -> Self {
        let road = || Road {
            places: Arc::new(Semaphore::new(width)),
            units: Arc::new(Semaphore::new((width * 3 / 4).max(1))),
            idle: Mutex::new(Vec::with_capacity(width)),
        };
        Self { pool, roads: (0..roads).map(|_| Arc::new(road())).collect() }
    }

    /// Goes on a lane.
    pub(crate) async fn lane(&self) -> Result<Lane, DbErr> {
        self.lane_of(self.road()?, None).await
    }

    /// Goes on a lane with a unit of work, when few enough others are under way.
    pub(crate) async fn lane_of_unit(&self) -> Result<Lane, DbErr> {
        let road = self.road()?;
        let unit = place(&road.units, PATIENCE_OF_UNITS).await?;
        self.lane_of(road, Some(unit)).await
    }

    /// Reads rows, without a transaction.
    pub(crate) async fn rows<R: Row>(&self, statement: Statement) -> Result<Vec<R>, DbErr> {
        self.lane().await?.rows(statement).await
    }

    /// Does what one statement says, all of it or nothing. Returns how many rows that has changed.
    pub(crate) async fn execute(&self, statement: Statement) -> Result<u64, DbErr> {
        self.lane().await?.execute(statement).await
    }

    /// Closes every connection, those that somebody is on when they are left.
    pub(crate) async fn close(&self) {
        for road in &self.roads {
            road.places.close();
            road.idle().clear();
        }
        self.pool.close().await;
    }

    /// Finds the road of this thread.
    fn road(&self) -> Result<&Arc<Road>, DbErr> {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static THREAD: usize = THREADS.fetch_add(1, Ordering::Relaxed);
        }
        let number = THREAD.with(|number| *number).checked_rem(self.roads.len());
        number.and_then(|number| self.roads.get(number)).ok_or_else(closed)
    }

    async fn lane_of(
        &self,
        road: &Arc<Road>,
        unit: Option<OwnedSemaphorePermit>,
    ) -> Result<Lane, DbErr> {
        let place = place(&road.places, PATIENCE).await?;
        let (connection, opened) = self.connection(road).await?;
        Ok(Lane(Some(Taken {
            connection,
            opened,
            road: Arc::clone(road),
            _places: (place, unit),
            is_asked: false,
            is_open: false,
        })))
    }

    /// Takes a connection that lives, and tells since when.
    async fn connection(&self, road: &Road) -> Result<(PoolConnection<Postgres>, Instant), DbErr> {
        let now = Instant::now();
        let idle = road.idle().pop();
        if let Some(Idle { mut connection, opened, used }) = idle {
            let is_young = now - opened < LIFETIME;
            if is_young && now - used < DOUBT {
                return Ok((connection, opened));
            }
            if is_young && matches!(timeout(SILENCE, connection.ping()).await, Ok(Ok(()))) {
                return Ok((connection, opened));
            }
            // Not back to the pool, which would hand it out again.
            drop(connection.detach());
        }
        match self.pool.acquire().await {
            Ok(connection) => Ok((connection, now)),
            Err(sqlx::Error::PoolTimedOut) => Err(too_late()),
            Err(error) => Err(failed(error)),
        }
    }
}

impl Drop for Lanes {
    /// Gives up the connections without the pool, which takes them back in a task: the thread on which
    /// the last owner ends may have no runtime any more.
    fn drop(&mut self) {
        for road in &self.roads {
            for idle in road.idle().drain(..) {
                drop(idle.connection.detach());
            }
        }
    }
}

impl Lane {
    /// Reads rows.
    pub(crate) async fn rows<R: Row>(&mut self, statement: Statement) -> Result<Vec<R>, DbErr> {
        let rows = self.ask(async |it| it.fetch_all(query(statement)).await).await?;
        rows.iter().map(|row| R::take(&mut Columns::from(row), "")).collect()
    }

    /// Does what a statement says. Returns how many rows that has changed.
    pub(crate) async fn execute(&mut self, statement: Statement) -> Result<u64, DbErr> {
        let done = self.ask(async |it| it.execute(query(statement)).await).await?;
        Ok(done.rows_affected())
    }

    /// Begins a transaction.
    pub(crate) async fn begin(&mut self) -> Result<(), DbErr> {
        self.taken()?.is_open = true;
        self.ask(async |it| it.execute("BEGIN").await).await?;
        Ok(())
    }

    /// Makes durable what was done since.
    pub(crate) async fn commit(&mut self) -> Result<(), DbErr> {
        self.ask(async |it| it.execute("COMMIT").await).await?;
        self.taken()?.is_open = false;
        Ok(())
    }

    fn taken(&mut self) -> Result<&mut Taken, DbErr> {
        self.0.as_mut().ok_or_else(closed)
    }

    async fn ask<T>(
        &mut self,
        ask: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, DbErr> {
        let taken = self.taken()?;
        if taken.is_asked {
            // What has failed or was left has ended the transaction, and PostgreSQL would say of its
            // commit that all is well.
            return Err(failed(sqlx::Error::Protocol("an answer before is missing".to_owned())));
        }
        taken.is_asked = true;
        let answer = ask(&mut taken.connection).await.map_err(failed)?;
        taken.is_asked = false;
        Ok(answer)
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        let Some(taken) = self.0.take() else { return };
        if !(taken.is_asked || taken.is_open) {
            taken.leave();
        } else if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(taken.clear());
        } else {
            drop(taken.connection.detach());
        }
    }
}

impl Taken {
    /// Undoes what is open and waits for what is to come, then leaves; or gives the connection up.
    async fn clear(mut self) {
        let clear = async {
            if self.is_open {
                self.connection.execute("ROLLBACK").await.map(drop)
            } else {
                self.connection.ping().await
            }
        };
        if matches!(timeout(SILENCE, clear).await, Ok(Ok(()))) {
            self.leave();
        } else {
            drop(self.connection.detach());
        }
    }

    fn leave(self) {
        let Self { connection, opened, road, _places, .. } = self;
        if road.places.is_closed() {
            drop(connection.detach());
        } else {
            road.idle().push(Idle { connection, opened, used: Instant::now() });
        }
    }
}

impl Road {
    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn place(places: &Arc<Semaphore>, patience: Duration) -> Result<OwnedSemaphorePermit, DbErr> {
    match timeout(patience, Arc::clone(places).acquire_owned()).await {
        Ok(Ok(place)) => Ok(place),
        Ok(Err(_)) => Err(closed()),
        Err(_) => Err(too_late()),
    }
}

fn query(statement: Statement) -> Query<'static, Postgres, SqlxValues> {
    let values = statement.values.unwrap_or_else(|| Values(Vec::new()));
    sqlx::query_with(sqlx::AssertSqlSafe(statement.sql), SqlxValues(values))
}

fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}

fn closed() -> DbErr {
    failed(sqlx::Error::PoolClosed)
}

const fn too_late() -> DbErr {
    DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)
}

//! Where queries read: on connections of their own, without a transaction.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use sea_orm::sqlx::{Postgres, Sqlite};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, EntityTrait, ExecResult, QueryResult,
    QueryTrait, Select, Statement,
};

use crate::inline::{Inline, InlineRow};
use crate::lane::Lanes;
use crate::transaction::Connection;

/// The readers' connections to a database.
#[derive(Clone)]
pub(crate) struct Reads(Arc<Way>);

enum Way {
    /// Through a pool, for a look or two.
    Pool(DatabaseConnection),
    /// On the thread that asks; what takes longer on lanes, with the pool that these come from.
    Sqlite(Inline, DatabaseConnection, Lanes<Sqlite>),
    /// On lanes, with the pool that they come from.
    Postgres(DatabaseConnection, Lanes<Postgres>),
}

impl Reads {
    /// Reads through a pool.
    pub(crate) fn through(pool: DatabaseConnection) -> Self {
        Self(Arc::new(Way::Pool(pool)))
    }

    /// Reads a file of SQLite, with the connections of a pool that nobody else uses.
    pub(crate) fn of_sqlite(path: &Path, pool: DatabaseConnection) -> Self {
        let lanes = Lanes::new(pool.get_sqlite_connection_pool());
        Self(Arc::new(Way::Sqlite(Inline::of(path.to_owned()), pool, lanes)))
    }

    /// Reads from PostgreSQL, with the connections of a pool that nobody else uses.
    pub(crate) fn of_postgres(pool: DatabaseConnection) -> Self {
        let lanes = Lanes::new(pool.get_postgres_connection_pool());
        Self(Arc::new(Way::Postgres(pool, lanes)))
    }

    /// Reads the rows that are selected, which should be few.
    pub(crate) async fn rows<R: InlineRow>(&self, select: impl Selects) -> Result<Vec<R>, DbErr> {
        let statement = select.on(self.get_database_backend());
        if let Way::Sqlite(inline, ..) = &*self.0
            && let Some(rows) = inline.read(&statement)?
        {
            return Ok(rows);
        }
        let rows = self.query_all_raw(statement).await?;
        rows.iter().map(|row| R::from_query_result(row, "")).collect()
    }

    /// Reads the one row that is selected, or none.
    pub(crate) async fn row<R: InlineRow>(&self, select: impl Selects) -> Result<Option<R>, DbErr> {
        Ok(self.rows(select).await?.into_iter().next())
    }

    /// Closes every connection.
    pub(crate) async fn close(&self) -> Result<(), DbErr> {
        let pool = match &*self.0 {
            Way::Pool(pool) => pool,
            Way::Sqlite(inline, pool, lanes) => {
                inline.close();
                lanes.close();
                pool
            }
            Way::Postgres(pool, lanes) => {
                lanes.close();
                pool
            }
        };
        pool.clone().close().await
    }
}

/// What selects rows.
pub(crate) trait Selects {
    /// Says it in the words of a database.
    fn on(self, backend: DbBackend) -> Statement;
}

impl Selects for Statement {
    fn on(self, _: DbBackend) -> Statement {
        self
    }
}

impl<E: EntityTrait> Selects for Select<E> {
    fn on(self, backend: DbBackend) -> Statement {
        self.build(backend)
    }
}

impl Connection for Reads {}

#[async_trait]
impl ConnectionTrait for Reads {
    fn get_database_backend(&self) -> DbBackend {
        match &*self.0 {
            Way::Pool(pool) => pool.get_database_backend(),
            Way::Sqlite(..) => DbBackend::Sqlite,
            Way::Postgres(..) => DbBackend::Postgres,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match &*self.0 {
            Way::Pool(pool) => pool.execute_raw(statement).await,
            Way::Sqlite(_, _, lanes) => lanes.execute(&statement).await,
            Way::Postgres(_, lanes) => lanes.execute(&statement).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.execute_raw(Statement::from_string(self.get_database_backend(), sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match &*self.0 {
            Way::Pool(pool) => pool.query_one_raw(statement).await,
            Way::Sqlite(_, _, lanes) => lanes.one(&statement).await,
            Way::Postgres(_, lanes) => lanes.one(&statement).await,
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match &*self.0 {
            Way::Pool(pool) => pool.query_all_raw(statement).await,
            Way::Sqlite(_, _, lanes) => lanes.all(&statement).await,
            Way::Postgres(_, lanes) => lanes.all(&statement).await,
        }
    }
}

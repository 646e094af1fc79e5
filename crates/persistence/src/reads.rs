//! Where queries read: on connections of their own, without a transaction.

use std::path::Path;
use std::sync::Arc;

use sea_orm::sqlx::{Postgres, Sqlite};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement};

use crate::inline::Inline;
use crate::lane::Lanes;
use crate::row::Row;
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

    /// Asks for nothing, to see whether the database answers.
    pub(crate) async fn ping(&self) -> Result<(), DbErr> {
        self.send(Statement::from_string(self.backend(), "SELECT 1")).await.map(drop)
    }

    async fn send(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match &*self.0 {
            Way::Pool(pool) => pool.query_all_raw(statement).await,
            // In boxes: sqlx's futures are large, and whoever awaits them would carry them about.
            Way::Sqlite(_, _, lanes) => Box::pin(lanes.all(&statement)).await,
            Way::Postgres(_, lanes) => Box::pin(lanes.all(&statement)).await,
        }
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

impl Connection for Reads {
    fn backend(&self) -> DbBackend {
        match &*self.0 {
            Way::Pool(pool) => pool.get_database_backend(),
            Way::Sqlite(..) => DbBackend::Sqlite,
            Way::Postgres(..) => DbBackend::Postgres,
        }
    }

    async fn ask<R: Row>(&self, statement: Statement) -> Result<Vec<R>, DbErr> {
        if let Way::Sqlite(inline, ..) = &*self.0
            && let Some(rows) = inline.read(&statement)?
        {
            return Ok(rows);
        }
        self.send(statement).await?.iter().map(R::read).collect()
    }
}

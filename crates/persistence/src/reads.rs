//! Where queries read: on connections of their own, without a transaction.

use std::path::Path;
use std::sync::Arc;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};

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
    /// On the thread that asks; what takes longer through a pool.
    Sqlite(Inline, DatabaseConnection),
    /// On the lanes of the thread that asks.
    Postgres(Arc<Lanes>),
}

impl Reads {
    /// Reads through a pool.
    pub(crate) fn through(pool: DatabaseConnection) -> Self {
        Self(Arc::new(Way::Pool(pool)))
    }

    /// Reads a file of SQLite, with the connections of a pool for what takes long.
    pub(crate) fn of_sqlite(path: &Path, pool: DatabaseConnection) -> Self {
        Self(Arc::new(Way::Sqlite(Inline::of(path.to_owned()), pool)))
    }

    /// Reads from PostgreSQL.
    pub(crate) fn of_postgres(lanes: Arc<Lanes>) -> Self {
        Self(Arc::new(Way::Postgres(lanes)))
    }

    /// Asks for nothing, to see whether the database answers.
    pub(crate) async fn ping(&self) -> Result<(), DbErr> {
        let one = Statement::from_string(self.backend(), "SELECT 1");
        self.ask::<i32>(one).await.map(drop)
    }

    /// Closes every connection.
    pub(crate) async fn close(&self) -> Result<(), DbErr> {
        match &*self.0 {
            Way::Pool(pool) => pool.clone().close().await,
            Way::Sqlite(inline, pool) => {
                inline.close();
                pool.clone().close().await
            }
            Way::Postgres(lanes) => {
                lanes.close().await;
                Ok(())
            }
        }
    }
}

impl Connection for Reads {
    fn backend(&self) -> DbBackend {
        match &*self.0 {
            Way::Pool(pool) => pool.get_database_backend(),
            Way::Sqlite(..) => DbBackend::Sqlite,
            Way::Postgres(_) => DbBackend::Postgres,
        }
    }

    async fn ask<R: Row>(&self, statement: Statement) -> Result<Vec<R>, DbErr> {
        let pool = match &*self.0 {
            Way::Pool(pool) => pool,
            Way::Sqlite(inline, pool) => {
                if let Some(rows) = inline.read(&statement)? {
                    return Ok(rows);
                }
                pool
            }
            // In a box: sqlx's futures are large, and whoever awaits them would carry them about.
            Way::Postgres(lanes) => return Box::pin(lanes.rows(statement)).await,
        };
        pool.query_all_raw(statement).await?.iter().map(R::read).collect()
    }
}

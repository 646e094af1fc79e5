//! Where queries read: on connections of their own, without a transaction.

use std::sync::Arc;

use async_trait::async_trait;
use sea_orm::sqlx::{Postgres, Sqlite};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement,
};

use crate::lane::Lanes;
use crate::transaction::Connection;

/// The readers' connections to a database.
#[derive(Clone)]
pub(crate) struct Reads(Arc<Way>);

enum Way {
    /// Through a pool, for a look or two.
    Pool(DatabaseConnection),
    /// On lanes, with the pool that their connections come from.
    Sqlite(DatabaseConnection, Lanes<Sqlite>),
    /// The same for the other database.
    Postgres(DatabaseConnection, Lanes<Postgres>),
}

impl Reads {
    /// Reads through a pool.
    pub(crate) fn through(pool: DatabaseConnection) -> Self {
        Self(Arc::new(Way::Pool(pool)))
    }

    /// Reads on the connections of a pool that nobody else uses.
    pub(crate) fn on_lanes(pool: DatabaseConnection) -> Self {
        let way = if pool.get_database_backend() == DbBackend::Postgres {
            let lanes = Lanes::new(pool.get_postgres_connection_pool());
            Way::Postgres(pool, lanes)
        } else {
            let lanes = Lanes::new(pool.get_sqlite_connection_pool());
            Way::Sqlite(pool, lanes)
        };
        Self(Arc::new(way))
    }

    /// Closes every connection.
    pub(crate) async fn close(&self) -> Result<(), DbErr> {
        let pool = match &*self.0 {
            Way::Pool(pool) => pool,
            Way::Sqlite(pool, lanes) => {
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
            Way::Sqlite(_, lanes) => lanes.execute(&statement).await,
            Way::Postgres(_, lanes) => lanes.execute(&statement).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.execute_raw(Statement::from_string(self.get_database_backend(), sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match &*self.0 {
            Way::Pool(pool) => pool.query_one_raw(statement).await,
            Way::Sqlite(_, lanes) => lanes.one(&statement).await,
            Way::Postgres(_, lanes) => lanes.one(&statement).await,
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match &*self.0 {
            Way::Pool(pool) => pool.query_all_raw(statement).await,
            Way::Sqlite(_, lanes) => lanes.all(&statement).await,
            Way::Postgres(_, lanes) => lanes.all(&statement).await,
        }
    }
}

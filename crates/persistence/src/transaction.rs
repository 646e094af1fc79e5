//! A transaction that is dead after its first failure, on either database.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult,
    QueryResult, RuntimeErr, Statement,
};

/// Something to send statements to, which is told of a failure that the database does not see.
pub(crate) trait Connection: ConnectionTrait {
    /// Takes note that what was done so far must not be kept.
    fn fail(&self) {}
}

impl Connection for DatabaseConnection {}

/// A transaction that refuses every statement and its commit once something has failed.
///
/// PostgreSQL does so by itself. SQLite undoes the statement that failed and goes on, and would
/// keep half of what a use case meant to write.
pub(crate) struct Transaction {
    inner: DatabaseTransaction,
    failed: AtomicBool,
}

impl Transaction {
    pub(crate) const fn new(inner: DatabaseTransaction) -> Self {
        Self { inner, failed: AtomicBool::new(false) }
    }

    /// Keeps what was done, unless something has failed.
    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        self.refuse_if_failed()?;
        self.inner.commit().await
    }

    fn refuse_if_failed(&self) -> Result<(), DbErr> {
        if self.failed.load(Ordering::Relaxed) {
            let why = "the unit of work has failed before".to_owned();
            return Err(DbErr::Query(RuntimeErr::Internal(why)));
        }
        Ok(())
    }

    fn noted<T>(&self, outcome: Result<T, DbErr>) -> Result<T, DbErr> {
        outcome.inspect_err(|_| self.fail())
    }
}

impl Connection for Transaction {
    fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }
}

#[async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.refuse_if_failed()?;
        self.noted(self.inner.execute_raw(statement).await)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.refuse_if_failed()?;
        self.noted(self.inner.execute_unprepared(sql).await)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.refuse_if_failed()?;
        self.noted(self.inner.query_one_raw(statement).await)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.refuse_if_failed()?;
        self.noted(self.inner.query_all_raw(statement).await)
    }
}

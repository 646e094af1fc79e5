//! What statements are sent to, and a transaction that is dead after its first failure, on either
//! database.

use std::sync::atomic::{AtomicBool, Ordering};

use medilink_application::error::StoreError;
use sea_orm::{DbBackend, DbErr, RuntimeErr, Statement};
use tokio::sync::Mutex;

use crate::error::store_error;
use crate::lane::Lane;
use crate::row::Row;
use crate::statement::IntoStatement;
use crate::writer::Turn;

/// Something to send statements to.
pub(crate) trait Connection: Sync {
    /// Says which database it leads to.
    fn backend(&self) -> DbBackend;

    /// Reads the rows that a statement returns.
    fn ask<R: Row>(
        &self,
        statement: Statement,
    ) -> impl Future<Output = Result<Vec<R>, DbErr>> + Send;

    /// Takes note that what was done so far must not be kept.
    fn fail(&self) {}

    /// Reads the rows that are selected.
    fn rows<R: Row>(
        &self,
        select: impl IntoStatement,
    ) -> impl Future<Output = Result<Vec<R>, StoreError>> + Send {
        let rows = self.ask(select.into_statement(self.backend()));
        async move { rows.await.map_err(store_error) }
    }

    /// Reads the one row that is selected, or none.
    fn row<R: Row>(
        &self,
        select: impl IntoStatement,
    ) -> impl Future<Output = Result<Option<R>, StoreError>> + Send {
        let rows = self.rows(select);
        async move { Ok(rows.await?.into_iter().next()) }
    }
}

/// A transaction that refuses every statement and its commit once something has failed.
///
/// PostgreSQL does so by itself. SQLite undoes the statement that failed and goes on, and would
/// keep half of what a use case meant to write.
pub(crate) struct Transaction {
    way: Way,
    failed: AtomicBool,
}

enum Way {
    /// A savepoint of the one writer of a SQLite file.
    InTurn(Turn),
    /// A transaction of PostgreSQL, beside others.
    AtOnce(Mutex<Lane>),
}

impl Transaction {
    pub(crate) const fn in_turn(turn: Turn) -> Self {
        Self { way: Way::InTurn(turn), failed: AtomicBool::new(false) }
    }

    pub(crate) async fn at_once(mut lane: Lane) -> Result<Self, DbErr> {
        lane.begin().await?;
        Ok(Self { way: Way::AtOnce(Mutex::new(lane)), failed: AtomicBool::new(false) })
    }

    /// Does what a statement says. Returns how many rows that has changed.
    pub(crate) async fn execute(&self, statement: impl IntoStatement) -> Result<u64, StoreError> {
        let statement = statement.into_statement(self.backend());
        self.noted(self.send(statement).await).map_err(store_error)
    }

    /// Makes durable what was done, unless something has failed.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        self.refuse_if_failed().map_err(store_error)?;
        match self.way {
            Way::InTurn(turn) => turn.keep().await,
            Way::AtOnce(lane) => Box::pin(lane.into_inner().commit()).await.map_err(store_error),
        }
    }

    async fn send(&self, statement: Statement) -> Result<u64, DbErr> {
        self.refuse_if_failed()?;
        match &self.way {
            Way::InTurn(turn) => turn.execute(&statement),
            Way::AtOnce(lane) => Box::pin(lane.lock().await.execute(statement)).await,
        }
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
    fn backend(&self) -> DbBackend {
        match self.way {
            Way::InTurn(_) => DbBackend::Sqlite,
            Way::AtOnce(_) => DbBackend::Postgres,
        }
    }

    async fn ask<R: Row>(&self, statement: Statement) -> Result<Vec<R>, DbErr> {
        let read = async {
            self.refuse_if_failed()?;
            match &self.way {
                Way::InTurn(turn) => turn.rows(&statement),
                Way::AtOnce(lane) => Box::pin(lane.lock().await.rows(statement)).await,
            }
        };
        self.noted(read.await)
    }

    fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }
}

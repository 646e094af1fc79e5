//! One unit of work, on either database.

use async_trait::async_trait;
use medilink_application::appointment::AppointmentRepository;
use medilink_application::attempt::AttemptRepository;
use medilink_application::doctor::DoctorRepository;
use medilink_application::error::StoreError;
use medilink_application::idempotency::IdempotencyRepository;
use medilink_application::patient::PatientRepository;
use medilink_application::pharmacy::PharmacyRepository;
use medilink_application::session::SessionRepository;
use medilink_application::store::UnitOfWork;
use medilink_application::user::UserRepository;
use medilink_domain::audit::AuditEntry;
use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement, Value};

use crate::audit;
use crate::error::store_error;
use crate::store::statement;
use crate::writer::Turn;

/// Writes that all happen, or none of them.
///
/// It implements every repository; each does so in its concept's file.
pub(crate) struct SeaOrmUnitOfWork {
    // The order matters: the transaction is rolled back before the turn passes on. The other way
    // round, the writer opens the next savepoint inside this one, and keeps what nobody commits.
    /// On PostgreSQL a transaction, on SQLite a savepoint of the writer's group.
    pub(crate) transaction: DatabaseTransaction,
    turn: Option<Turn>,
}

impl SeaOrmUnitOfWork {
    pub(crate) const fn new(transaction: DatabaseTransaction, turn: Option<Turn>) -> Self {
        Self { transaction, turn }
    }

    pub(crate) fn statement(
        &self,
        sql: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Statement {
        statement(self.transaction.get_database_backend(), sql, values)
    }

    /// Adds entries to the audit trail and makes everything durable.
    pub(crate) async fn finish(self, entries: &[AuditEntry]) -> Result<(), StoreError> {
        // Not taken apart before: whatever fails or is cancelled here drops `self` in its order.
        audit::append(&self.transaction, entries).await?;
        let Self { transaction, turn } = self;
        transaction.commit().await.map_err(store_error)?;
        match turn {
            Some(turn) => turn.durable().await,
            None => Ok(()),
        }
    }
}

#[async_trait]
impl UnitOfWork for SeaOrmUnitOfWork {
    fn appointments(&mut self) -> &mut dyn AppointmentRepository {
        self
    }

    fn attempts(&mut self) -> &mut dyn AttemptRepository {
        self
    }

    fn doctors(&mut self) -> &mut dyn DoctorRepository {
        self
    }

    fn idempotency(&mut self) -> &mut dyn IdempotencyRepository {
        self
    }

    fn patients(&mut self) -> &mut dyn PatientRepository {
        self
    }

    fn pharmacies(&mut self) -> &mut dyn PharmacyRepository {
        self
    }

    fn sessions(&mut self) -> &mut dyn SessionRepository {
        self
    }

    fn users(&mut self) -> &mut dyn UserRepository {
        self
    }

    async fn commit(self: Box<Self>, audit: AuditEntry) -> Result<(), StoreError> {
        self.finish(&[audit]).await
    }
}

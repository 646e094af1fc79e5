//! One unit of work, on either database.

use async_trait::async_trait;
use medilink_application::appointment::AppointmentRepository;
use medilink_application::assignment::AssignmentRepository;
use medilink_application::attempt::AttemptRepository;
use medilink_application::doctor::DoctorRepository;
use medilink_application::error::StoreError;
use medilink_application::idempotency::IdempotencyRepository;
use medilink_application::patient::PatientRepository;
use medilink_application::pharmacy::PharmacyRepository;
use medilink_application::session::SessionRepository;
use medilink_application::store::UnitOfWork;
use medilink_application::time_slot::TimeSlotRepository;
use medilink_application::user::UserRepository;
use medilink_domain::audit::AuditEntry;
use sea_orm::{DbErr, Statement, Value};

use crate::lane::Lane;
use crate::statement::statement;
use crate::transaction::{Connection, Transaction};
use crate::writer::Turn;

/// Writes that all happen, or none of them.
///
/// It implements every repository; each does so in its concept's file.
pub(crate) struct SeaOrmUnitOfWork {
    /// On PostgreSQL a transaction, on SQLite a savepoint of the writer's group.
    pub(crate) transaction: Transaction,
}

impl SeaOrmUnitOfWork {
    /// Makes a unit of a savepoint of the writer's group.
    pub(crate) const fn in_turn(turn: Turn) -> Self {
        Self { transaction: Transaction::in_turn(turn) }
    }

    /// Makes a unit of a transaction beside others.
    pub(crate) async fn at_once(lane: Lane) -> Result<Self, DbErr> {
        Ok(Self { transaction: Transaction::at_once(lane).await? })
    }

    /// Fails, and with it all that was done so far.
    pub(crate) fn fail(&self, error: StoreError) -> StoreError {
        self.transaction.fail();
        error
    }

    pub(crate) fn statement(
        &self,
        sql: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Statement {
        statement(self.transaction.backend(), sql, values)
    }

    /// Adds entries to the audit trail and makes everything durable.
    pub(crate) async fn finish(self, entries: &[AuditEntry]) -> Result<(), StoreError> {
        self.append(entries).await?;
        self.transaction.commit().await
    }
}

#[async_trait]
impl UnitOfWork for SeaOrmUnitOfWork {
    fn appointments(&mut self) -> &mut dyn AppointmentRepository {
        self
    }

    fn assignments(&mut self) -> &mut dyn AssignmentRepository {
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

    fn time_slots(&mut self) -> &mut dyn TimeSlotRepository {
        self
    }

    fn users(&mut self) -> &mut dyn UserRepository {
        self
    }

    async fn commit(self: Box<Self>, audit: AuditEntry) -> Result<(), StoreError> {
        self.finish(&[audit]).await
    }
}

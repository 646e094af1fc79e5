//! The store: units of work that write, and queries that read.

use std::sync::Arc;

use async_trait::async_trait;
use medilink_domain::audit::AuditEntry;

use crate::appointment::{AppointmentQueries, AppointmentRepository};
use crate::assignment::{AssignmentQueries, AssignmentRepository};
use crate::attempt::AttemptRepository;
use crate::audit::AuditQueries;
use crate::doctor::{DoctorQueries, DoctorRepository};
use crate::error::StoreError;
use crate::idempotency::IdempotencyRepository;
use crate::patient::{PatientQueries, PatientRepository};
use crate::pharmacy::{PharmacyQueries, PharmacyRepository};
use crate::session::{SessionQueries, SessionRepository};
use crate::statistics::StatisticsQueries;
use crate::time_slot::{TimeSlotQueries, TimeSlotRepository};
use crate::user::{UserQueries, UserRepository};

/// Everything that MediLink remembers.
#[async_trait]
pub trait Store: Send + Sync {
    /// Starts a unit of work. Dropping it undoes everything.
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError>;

    /// Reads without a transaction.
    fn queries(&self) -> Arc<dyn Queries>;

    /// Asks the database for a sign of life.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Tells whether a unit of work could be kept now.
    ///
    /// MUST leave no trace, and MUST fail if the database was moved or deleted under the program.
    async fn try_to_write(&self) -> Result<(), StoreError>;
}

/// Writes that all happen, or none of them.
///
/// While one is open, everything goes through it and nothing but the store is awaited: on SQLite
/// all other writers wait. After a [`StoreError`] it is dead, and can only be dropped.
#[async_trait]
pub trait UnitOfWork: Send {
    /// Returns the appointments.
    fn appointments(&mut self) -> &mut dyn AppointmentRepository;
    /// Returns the assignments.
    fn assignments(&mut self) -> &mut dyn AssignmentRepository;
    /// Returns the counts of attempts to sign in.
    fn attempts(&mut self) -> &mut dyn AttemptRepository;
    /// Returns the doctors.
    fn doctors(&mut self) -> &mut dyn DoctorRepository;
    /// Returns the idempotency keys.
    fn idempotency(&mut self) -> &mut dyn IdempotencyRepository;
    /// Returns the patients.
    fn patients(&mut self) -> &mut dyn PatientRepository;
    /// Returns the pharmacies.
    fn pharmacies(&mut self) -> &mut dyn PharmacyRepository;
    /// Returns the sessions.
    fn sessions(&mut self) -> &mut dyn SessionRepository;
    /// Returns the time slots.
    fn time_slots(&mut self) -> &mut dyn TimeSlotRepository;
    /// Returns the users.
    fn users(&mut self) -> &mut dyn UserRepository;

    /// Makes the work and its audit entry durable, together.
    ///
    /// MUST return only when both are on disk.
    async fn commit(self: Box<Self>, audit: AuditEntry) -> Result<(), StoreError>;
}

/// Reads that change nothing.
pub trait Queries: Send + Sync {
    /// Returns the appointments.
    fn appointments(&self) -> &dyn AppointmentQueries;
    /// Returns the assignments.
    fn assignments(&self) -> &dyn AssignmentQueries;
    /// Returns the audit trail.
    fn audit(&self) -> &dyn AuditQueries;
    /// Returns the doctors.
    fn doctors(&self) -> &dyn DoctorQueries;
    /// Returns the patients.
    fn patients(&self) -> &dyn PatientQueries;
    /// Returns the pharmacies.
    fn pharmacies(&self) -> &dyn PharmacyQueries;
    /// Returns the sessions.
    fn sessions(&self) -> &dyn SessionQueries;
    /// Returns what is counted for an overview.
    fn statistics(&self) -> &dyn StatisticsQueries;
    /// Returns the time slots.
    fn time_slots(&self) -> &dyn TimeSlotQueries;
    /// Returns the users.
    fn users(&self) -> &dyn UserQueries;
}

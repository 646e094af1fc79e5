//! A unit of work and queries that are mocks.

use async_trait::async_trait;
use medilink_domain::audit::AuditEntry;

use super::Trail;
use crate::appointment::{
    AppointmentQueries, AppointmentRepository, MockAppointmentQueries, MockAppointmentRepository,
};
use crate::assignment::{
    AssignmentQueries, AssignmentRepository, MockAssignmentQueries, MockAssignmentRepository,
};
use crate::attempt::{AttemptRepository, MockAttemptRepository};
use crate::audit::{AuditQueries, MockAuditQueries};
use crate::doctor::{DoctorQueries, DoctorRepository, MockDoctorQueries, MockDoctorRepository};
use crate::error::StoreError;
use crate::idempotency::{IdempotencyRepository, MockIdempotencyRepository};
use crate::patient::{
    MockPatientQueries, MockPatientRepository, PatientQueries, PatientRepository,
};
use crate::pharmacy::{
    MockPharmacyQueries, MockPharmacyRepository, PharmacyQueries, PharmacyRepository,
};
use crate::session::{
    MockSessionQueries, MockSessionRepository, SessionQueries, SessionRepository,
};
use crate::statistics::{MockStatisticsQueries, StatisticsQueries};
use crate::store::{Queries, UnitOfWork};
use crate::time_slot::{
    MockTimeSlotQueries, MockTimeSlotRepository, TimeSlotQueries, TimeSlotRepository,
};
use crate::user::{MockUserQueries, MockUserRepository, UserQueries, UserRepository};

/// A unit of work whose repositories are mocks.
#[derive(Default)]
pub struct FakeUnitOfWork {
    /// The appointments.
    pub appointments: MockAppointmentRepository,
    /// The assignments.
    pub assignments: MockAssignmentRepository,
    /// The counts of attempts to sign in.
    pub attempts: MockAttemptRepository,
    /// The doctors.
    pub doctors: MockDoctorRepository,
    /// The idempotency keys.
    pub idempotency: MockIdempotencyRepository,
    /// The patients.
    pub patients: MockPatientRepository,
    /// The pharmacies.
    pub pharmacies: MockPharmacyRepository,
    /// The sessions.
    pub sessions: MockSessionRepository,
    /// The time slots.
    pub time_slots: MockTimeSlotRepository,
    /// The users.
    pub users: MockUserRepository,
    pub(super) trail: Trail,
}

#[async_trait]
impl UnitOfWork for FakeUnitOfWork {
    fn appointments(&mut self) -> &mut dyn AppointmentRepository {
        &mut self.appointments
    }

    fn assignments(&mut self) -> &mut dyn AssignmentRepository {
        &mut self.assignments
    }

    fn attempts(&mut self) -> &mut dyn AttemptRepository {
        &mut self.attempts
    }

    fn doctors(&mut self) -> &mut dyn DoctorRepository {
        &mut self.doctors
    }

    fn idempotency(&mut self) -> &mut dyn IdempotencyRepository {
        &mut self.idempotency
    }

    fn patients(&mut self) -> &mut dyn PatientRepository {
        &mut self.patients
    }

    fn pharmacies(&mut self) -> &mut dyn PharmacyRepository {
        &mut self.pharmacies
    }

    fn sessions(&mut self) -> &mut dyn SessionRepository {
        &mut self.sessions
    }

    fn time_slots(&mut self) -> &mut dyn TimeSlotRepository {
        &mut self.time_slots
    }

    fn users(&mut self) -> &mut dyn UserRepository {
        &mut self.users
    }

    async fn commit(self: Box<Self>, audit: AuditEntry) -> Result<(), StoreError> {
        self.trail.commit(audit);
        Ok(())
    }
}

/// Queries that are mocks.
#[derive(Default)]
pub struct FakeQueries {
    /// The appointments.
    pub appointments: MockAppointmentQueries,
    /// The assignments.
    pub assignments: MockAssignmentQueries,
    /// The audit trail.
    pub audit: MockAuditQueries,
    /// The doctors.
    pub doctors: MockDoctorQueries,
    /// The patients.
    pub patients: MockPatientQueries,
    /// The pharmacies.
    pub pharmacies: MockPharmacyQueries,
    /// The sessions.
    pub sessions: MockSessionQueries,
    /// What is counted for an overview.
    pub statistics: MockStatisticsQueries,
    /// The time slots.
    pub time_slots: MockTimeSlotQueries,
    /// The users.
    pub users: MockUserQueries,
}

impl Queries for FakeQueries {
    fn appointments(&self) -> &dyn AppointmentQueries {
        &self.appointments
    }

    fn assignments(&self) -> &dyn AssignmentQueries {
        &self.assignments
    }

    fn audit(&self) -> &dyn AuditQueries {
        &self.audit
    }

    fn doctors(&self) -> &dyn DoctorQueries {
        &self.doctors
    }

    fn patients(&self) -> &dyn PatientQueries {
        &self.patients
    }

    fn pharmacies(&self) -> &dyn PharmacyQueries {
        &self.pharmacies
    }

    fn sessions(&self) -> &dyn SessionQueries {
        &self.sessions
    }

    fn statistics(&self) -> &dyn StatisticsQueries {
        &self.statistics
    }

    fn time_slots(&self) -> &dyn TimeSlotQueries {
        &self.time_slots
    }

    fn users(&self) -> &dyn UserQueries {
        &self.users
    }
}

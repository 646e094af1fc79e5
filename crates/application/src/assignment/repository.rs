//! What the store must do with assignments.

use async_trait::async_trait;
use medilink_domain::actor::Actor;
use medilink_domain::assignment::Assignment;
use medilink_domain::care::CareSince;
use medilink_domain::id::{AssignmentId, DoctorId, PatientId};
use medilink_domain::policy::Reach;
use medilink_domain::time::Timestamp;

use super::view::{AssignedDoctorView, AssignmentView};
use crate::error::StoreError;
use crate::page::{Found, Stretch};

/// The assignments of the clinic, within a unit of work. Those that were taken away are not there.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AssignmentRepository: Send {
    /// Returns the assignment, or `None` if there is none by that id.
    async fn find(&mut self, id: AssignmentId) -> Result<Option<Assignment>, StoreError>;

    /// Returns the assignment and keeps it from others until the unit of work ends, or returns
    /// `None` if there is none by that id.
    async fn lock(&mut self, id: AssignmentId) -> Result<Option<Assignment>, StoreError>;

    /// Returns and keeps the other active assignments of the patient that may have to
    /// [give way](Assignment::give_way): the primary one, and one of the same doctor.
    async fn lock_rivals(&mut self, of: &Assignment) -> Result<Vec<Assignment>, StoreError>;

    /// Adds a new assignment.
    ///
    /// MUST fail with [`StoreError::Conflict`] of
    /// [`AlreadyAssigned`](crate::error::Conflict::AlreadyAssigned) if it is active and another
    /// active one is of the same doctor and patient, and of
    /// [`PrimaryTaken`](crate::error::Conflict::PrimaryTaken) if it is the second active primary one
    /// of its patient.
    async fn insert(&mut self, assignment: &Assignment) -> Result<(), StoreError>;

    /// Replaces the stored assignment.
    ///
    /// MUST fail with [`StoreError::Stale`] if it changed since it was read, and like `insert` if
    /// there is another one in its way.
    async fn update(&mut self, assignment: &Assignment) -> Result<(), StoreError>;

    /// Ends every active assignment of a patient whose record goes out of use. The patient has to be
    /// locked.
    async fn end_all_of_patient(
        &mut self,
        patient: PatientId,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Ends every active assignment of a doctor who leaves the directory. The doctor has to be
    /// locked.
    async fn end_all_of_doctor(
        &mut self,
        doctor: DoctorId,
        now: Timestamp,
    ) -> Result<(), StoreError>;
}

/// Which assignments a list shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignmentSelection {
    /// Who looks.
    pub actor: Actor,
    /// How far they may see.
    pub reach: Reach,
    /// Where care begins that they see some of them for.
    pub since: CareSince,
    /// Of this doctor only.
    pub doctor: Option<DoctorId>,
    /// Of this patient only.
    pub patient: Option<PatientId>,
    /// Primary ones only, or others.
    pub is_primary: Option<bool>,
    /// Active ones only, or those that have ended.
    pub is_active: Option<bool>,
}

/// An assignment as it is read, with what decides who may see it.
#[derive(Clone, PartialEq, Eq)]
pub struct SeenAssignment {
    /// What is shown.
    pub view: AssignmentView,
    /// Whether the doctor who asks cares for the patient.
    pub in_care: bool,
}

/// The assignments of the clinic, read without a transaction. Those that were taken away are not
/// there.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AssignmentQueries: Send + Sync {
    /// Returns the assignment, or `None` if there is none by that id; and whether the doctor, if one
    /// asks, cares for its patient.
    async fn find(
        &self,
        id: AssignmentId,
        doctor: Option<DoctorId>,
        since: CareSince,
    ) -> Result<Option<SeenAssignment>, StoreError>;

    /// Returns a stretch of the assignments that are selected, the newest first.
    ///
    /// MUST return none that is out of reach.
    async fn list(
        &self,
        selection: &AssignmentSelection,
        stretch: &Stretch,
    ) -> Result<Found<AssignmentView>, StoreError>;

    /// Returns a stretch of the doctors who are assigned to a patient now: the primary one first,
    /// then who was assigned last.
    async fn doctors_of(
        &self,
        patient: PatientId,
        stretch: &Stretch,
    ) -> Result<Found<AssignedDoctorView>, StoreError>;
}

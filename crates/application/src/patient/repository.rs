//! What the store must do with patients' records.

use async_trait::async_trait;
use medilink_domain::actor::Actor;
use medilink_domain::care::CareSince;
use medilink_domain::id::{DoctorId, PatientId, UserId};
use medilink_domain::patient::Patient;
use medilink_domain::policy::Reach;

use super::list::PatientFilter;
use super::view::PatientView;
use crate::error::StoreError;
use crate::page::{Found, Stretch};

/// The patients of the clinic, within a unit of work.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait PatientRepository: Send {
    /// Returns the patient, or `None` if there is none by that id in use.
    async fn find(&mut self, id: PatientId) -> Result<Option<Patient>, StoreError>;

    /// Returns the patient and keeps the record from others until the unit of work ends, or
    /// returns `None` if there is none by that id in use.
    async fn lock(&mut self, id: PatientId) -> Result<Option<Patient>, StoreError>;

    /// Does what `lock` does, for an archived record too.
    async fn lock_archived(&mut self, id: PatientId) -> Result<Option<Patient>, StoreError>;

    /// Tells whether a doctor cares for a patient, as [`Care`](medilink_domain::care::Care) says:
    /// in an active assignment, in an active appointment, or in one that was completed within the
    /// window.
    async fn is_in_care(
        &mut self,
        patient: PatientId,
        doctor: DoctorId,
        since: CareSince,
    ) -> Result<bool, StoreError>;

    /// Adds a patient's record.
    async fn insert(&mut self, patient: &Patient) -> Result<(), StoreError>;

    /// Replaces the stored record.
    ///
    /// MUST fail with [`StoreError::Stale`] if it changed since it was read.
    async fn update(&mut self, patient: &Patient) -> Result<(), StoreError>;
}

/// Which patients a list shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatientSelection {
    /// Who looks.
    pub actor: Actor,
    /// How far they may see.
    pub reach: Reach,
    /// Where care begins that they see some of them for.
    pub since: CareSince,
    /// What they narrow it by.
    pub filter: PatientFilter,
}

/// A patient's record as it is read, with what decides who may see it.
#[derive(Clone, PartialEq, Eq)]
pub struct SeenPatient {
    /// What is shown.
    pub view: PatientView,
    /// Who made the record.
    pub created_by: UserId,
    /// Whether the doctor who asks cares for the patient.
    pub in_care: bool,
}

/// The patients of the clinic, read without a transaction.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait PatientQueries: Send + Sync {
    /// Returns the record, or `None` if there is none by that id; and whether the doctor, if one
    /// asks, cares for the patient, as [`PatientRepository::is_in_care`] says.
    async fn find(
        &self,
        id: PatientId,
        doctor: Option<DoctorId>,
        since: CareSince,
    ) -> Result<Option<SeenPatient>, StoreError>;

    /// Returns a stretch of the patients who are selected, by family name.
    ///
    /// MUST return none who is out of reach. MUST return either those whose record is in use or those
    /// whose record is archived. MUST find a patient by the beginning of any word of the name or the
    /// e-mail address, whatever its case and accents.
    async fn list(
        &self,
        selection: &PatientSelection,
        stretch: &Stretch,
    ) -> Result<Found<PatientView>, StoreError>;
}

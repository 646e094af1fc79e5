//! What the store must do with doctors.

use async_trait::async_trait;
use medilink_domain::doctor::Doctor;
use medilink_domain::id::{DoctorId, UserId};
use medilink_domain::text::LicenseNumber;
use medilink_domain::time::Timestamp;
use medilink_domain::zone::Zone;

use super::list::DoctorFilter;
use super::view::DoctorView;
use crate::error::StoreError;
use crate::page::{Found, Stretch};

/// The doctors of the clinic, within a unit of work.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait DoctorRepository: Send {
    /// Returns the doctor, or `None` if there is none by that id in the directory.
    async fn find(&mut self, id: DoctorId) -> Result<Option<Doctor>, StoreError>;

    /// Returns the doctor and keeps them from others until the unit of work ends, or returns
    /// `None` if there is none by that id in the directory.
    async fn lock(&mut self, id: DoctorId) -> Result<Option<Doctor>, StoreError>;

    /// Does what `lock` does, for an archived doctor too.
    async fn lock_archived(&mut self, id: DoctorId) -> Result<Option<Doctor>, StoreError>;

    /// Returns and keeps the doctor that a user signs in as, or returns `None`.
    async fn lock_of(&mut self, user: UserId) -> Result<Option<Doctor>, StoreError>;

    /// Returns and keeps the entry of this licence: the doctor of the directory whom nobody has
    /// verified yet and as whom nobody signs in.
    async fn lock_entry(&mut self, number: &LicenseNumber) -> Result<Option<Doctor>, StoreError>;

    /// Makes everything that refers to a doctor refer to another one: time slots, appointments, and
    /// assignments. Of two active assignments of one patient that of the other doctor goes on. Both
    /// doctors have to be locked.
    ///
    /// MUST fail with [`StoreError::Conflict`] of
    /// [`DoctorDoubleBooked`](crate::error::Conflict::DoctorDoubleBooked) or of
    /// [`TimeSlotOverlaps`](crate::error::Conflict::TimeSlotOverlaps) if what both have overlaps.
    async fn hand_over(
        &mut self,
        from: DoctorId,
        to: DoctorId,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Tells whether a verified doctor has this licence number, beside the one who is excepted.
    /// Archived doctors have none in this sense.
    async fn is_license_taken(
        &mut self,
        number: &LicenseNumber,
        except: Option<DoctorId>,
    ) -> Result<bool, StoreError>;

    /// Does what `is_license_taken` does for doctors as whom nobody signs in, verified or not.
    async fn is_license_entered(
        &mut self,
        number: &LicenseNumber,
        except: Option<DoctorId>,
    ) -> Result<bool, StoreError>;

    /// Adds a doctor.
    ///
    /// MUST fail with [`StoreError::Conflict`] of
    /// [`LicenseNumberTaken`](crate::error::Conflict::LicenseNumberTaken) if the doctor is
    /// verified and another verified one has the licence number, or if nobody signs in as the
    /// doctor and as another doctor of that number. Archived doctors have none in this sense.
    async fn insert(&mut self, doctor: &Doctor) -> Result<(), StoreError>;

    /// Replaces the stored doctor.
    ///
    /// MUST fail with [`StoreError::Stale`] if it changed since it was read, and like `insert` for
    /// a licence number.
    async fn update(&mut self, doctor: &Doctor) -> Result<(), StoreError>;
}

/// The doctors of the clinic, read without a transaction.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait DoctorQueries: Send + Sync {
    /// Returns the doctor, or `None` if there is none by that id in the directory.
    async fn find(&self, id: DoctorId) -> Result<Option<DoctorView>, StoreError>;

    /// Returns the zone of a doctor's dates, or `None` if there is none by that id in the directory.
    async fn time_zone(&self, id: DoctorId) -> Result<Option<Zone>, StoreError>;

    /// Returns every zone that a doctor is in, those who have left the directory included.
    async fn time_zones(&self) -> Result<Vec<Zone>, StoreError>;

    /// Returns a stretch of the doctors that match, by family name.
    ///
    /// MUST return either those of the directory or those of the archive. MUST find a doctor by the beginning of any word of the name or the hospital, whatever its
    /// case and accents.
    async fn list(
        &self,
        filter: &DoctorFilter,
        stretch: &Stretch,
    ) -> Result<Found<DoctorView>, StoreError>;
}

//! What the store must do with pharmacies.

use async_trait::async_trait;
use medilink_domain::id::UserId;
use medilink_domain::pharmacy::Pharmacy;
use medilink_domain::text::LicenseNumber;

use crate::error::StoreError;

/// The pharmacies around the clinic, within a unit of work.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait PharmacyRepository: Send {
    /// Returns and keeps the pharmacy that a user signs in for, or returns `None`.
    async fn lock_of(&mut self, user: UserId) -> Result<Option<Pharmacy>, StoreError>;

    /// Tells whether a verified pharmacy has this licence number.
    async fn is_license_taken(&mut self, number: &LicenseNumber) -> Result<bool, StoreError>;

    /// Adds a pharmacy.
    ///
    /// MUST fail with [`StoreError::Conflict`] of
    /// [`LicenseNumberTaken`](crate::error::Conflict::LicenseNumberTaken) if the pharmacy is
    /// verified and another verified one has the licence number.
    async fn insert(&mut self, pharmacy: &Pharmacy) -> Result<(), StoreError>;

    /// Replaces the stored pharmacy.
    ///
    /// MUST fail with [`StoreError::Stale`] if it changed since it was read, and like `insert` for
    /// a licence number.
    async fn update(&mut self, pharmacy: &Pharmacy) -> Result<(), StoreError>;
}

//! What the store must do with pharmacies.

use async_trait::async_trait;
use medilink_domain::id::{PharmacyId, UserId};
use medilink_domain::pharmacy::Pharmacy;
use medilink_domain::text::LicenseNumber;

use super::list::PharmacyFilter;
use super::view::PharmacyView;
use crate::error::StoreError;
use crate::page::{Found, Stretch};

/// The pharmacies around the clinic, within a unit of work.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait PharmacyRepository: Send {
    /// Returns the pharmacy, or `None` if there is none by that id.
    async fn find(&mut self, id: PharmacyId) -> Result<Option<Pharmacy>, StoreError>;

    /// Returns the pharmacy and keeps it from others until the unit of work ends, or returns `None`
    /// if there is none by that id.
    async fn lock(&mut self, id: PharmacyId) -> Result<Option<Pharmacy>, StoreError>;

    /// Returns and keeps the pharmacy that a user signs in for, or returns `None`.
    async fn lock_of(&mut self, user: UserId) -> Result<Option<Pharmacy>, StoreError>;

    /// Returns and keeps the entry of this licence: the pharmacy that nobody has verified yet and for
    /// which nobody signs in.
    async fn lock_entry(&mut self, number: &LicenseNumber) -> Result<Option<Pharmacy>, StoreError>;

    /// Tells whether a verified pharmacy has this licence number, beside the one that is excepted.
    async fn is_license_taken(
        &mut self,
        number: &LicenseNumber,
        except: Option<PharmacyId>,
    ) -> Result<bool, StoreError>;

    /// Does what `is_license_taken` does for pharmacies for which nobody signs in, verified or not.
    async fn is_license_entered(
        &mut self,
        number: &LicenseNumber,
        except: Option<PharmacyId>,
    ) -> Result<bool, StoreError>;

    /// Adds a pharmacy.
    ///
    /// MUST fail with [`StoreError::Conflict`] of
    /// [`LicenseNumberTaken`](crate::error::Conflict::LicenseNumberTaken) if the pharmacy is
    /// verified and another verified one has the licence number, or if nobody signs in for the
    /// pharmacy and for another pharmacy of that number.
    async fn insert(&mut self, pharmacy: &Pharmacy) -> Result<(), StoreError>;

    /// Replaces the stored pharmacy.
    ///
    /// MUST fail with [`StoreError::Stale`] if it changed since it was read, and like `insert` for
    /// a licence number.
    async fn update(&mut self, pharmacy: &Pharmacy) -> Result<(), StoreError>;

    /// Takes the pharmacy away for good. Nothing may refer to it.
    async fn delete(&mut self, id: PharmacyId) -> Result<(), StoreError>;
}

/// The pharmacies around the clinic, read without a transaction.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait PharmacyQueries: Send + Sync {
    /// Returns the pharmacy, or `None` if there is none by that id.
    async fn find(&self, id: PharmacyId) -> Result<Option<PharmacyView>, StoreError>;

    /// Returns a stretch of the pharmacies that match, by name.
    ///
    /// MUST find a pharmacy by the beginning of any word of its name or its city, whatever their case
    /// and accents.
    async fn list(
        &self,
        filter: &PharmacyFilter,
        stretch: &Stretch,
    ) -> Result<Found<PharmacyView>, StoreError>;
}

//! Pharmacies: places that dispense.

use crate::email::Email;
use crate::id::{PharmacyId, UserId};
use crate::revision::Revision;
use crate::text::{Address, LicenseNumber, OrganizationName, Phone, Place};
use crate::time::Timestamp;
use crate::user::{User, UserStatus};

/// What a pharmacy's profile says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PharmacyProfile {
    /// The name over the door; `None` until the profile is completed.
    pub name: Option<OrganizationName>,
    /// The number of its licence, unique among verified pharmacies.
    pub license_number: Option<LicenseNumber>,
    /// The e-mail address.
    pub email: Option<Email>,
    /// The telephone number.
    pub phone: Option<Phone>,
    /// Street and house.
    pub address: Option<Address>,
    /// City.
    pub city: Option<Place>,
    /// State or region.
    pub state: Option<Place>,
    /// Country.
    pub country: Option<Place>,
}

/// A place that dispenses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pharmacy {
    /// The id.
    pub id: PharmacyId,
    /// What the profile says.
    pub profile: PharmacyProfile,
    /// Whether an admin has checked the licence.
    pub is_verified: bool,
    /// The user who signs in for it.
    pub user: Option<UserId>,
    /// When it was made, and what has changed since.
    pub revision: Revision,
}

impl Pharmacy {
    /// Enters a pharmacy that nobody has verified yet.
    pub const fn new(
        id: PharmacyId,
        profile: PharmacyProfile,
        user: Option<UserId>,
        now: Timestamp,
    ) -> Self {
        Self { id, profile, is_verified: false, user, revision: Revision::new(now) }
    }

    /// Enters the pharmacy that a user signs in for. The profile begins with what the account says,
    /// and is verified when the user needs no approval any more.
    pub fn of_user(id: PharmacyId, profile: PharmacyProfile, user: &User, now: Timestamp) -> Self {
        let profile = PharmacyProfile {
            email: Some(user.email.clone()),
            phone: user.phone.clone(),
            ..profile
        };
        let is_verified = user.status == UserStatus::Active;
        Self { is_verified, ..Self::new(id, profile, Some(user.id), now) }
    }

    /// Records that an admin has checked the licence.
    pub const fn verify(&mut self, now: Timestamp) {
        self.is_verified = true;
        self.revision.touch(now);
    }
}

//! Pharmacies: places that dispense.

use crate::change::Change;
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

/// What is to become of a pharmacy's profile, field by field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PharmacyChanges {
    /// The name over the door.
    pub name: Change<Option<OrganizationName>>,
    /// The number of its licence.
    pub license_number: Change<Option<LicenseNumber>>,
    /// The e-mail address.
    pub email: Change<Option<Email>>,
    /// The telephone number.
    pub phone: Change<Option<Phone>>,
    /// Street and house.
    pub address: Change<Option<Address>>,
    /// City.
    pub city: Change<Option<Place>>,
    /// State or region.
    pub state: Change<Option<Place>>,
    /// Country.
    pub country: Change<Option<Place>>,
}

impl PharmacyProfile {
    /// Returns what the profile says once some of it has changed.
    #[must_use]
    pub fn with(mut self, changes: PharmacyChanges) -> Self {
        // It is taken apart, so that a field that is added later is not forgotten here.
        let PharmacyChanges { name, license_number, email, phone, address, city, state, country } =
            changes;
        name.apply(&mut self.name);
        license_number.apply(&mut self.license_number);
        email.apply(&mut self.email);
        phone.apply(&mut self.phone);
        address.apply(&mut self.address);
        city.apply(&mut self.city);
        state.apply(&mut self.state);
        country.apply(&mut self.country);
        self
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_sets_and_takes_away_what_it_names_and_keeps_the_rest() {
        let oslo = Place::parse("Oslo").ok();
        let name = OrganizationName::parse("At the Corner").ok();
        let profile = PharmacyProfile { city: oslo.clone(), name, ..PharmacyProfile::default() };
        let changes = PharmacyChanges {
            city: Change::Set(None),
            state: Change::Set(oslo.clone()),
            ..PharmacyChanges::default()
        };

        let expected = PharmacyProfile { city: None, state: oslo, ..profile.clone() };
        assert_eq!(profile.clone().with(changes), expected);
        assert_eq!(profile.clone().with(PharmacyChanges::default()), profile);
    }
}

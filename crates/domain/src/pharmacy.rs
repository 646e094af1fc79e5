//! Pharmacies: places that dispense.

use crate::actor::Actor;
use crate::change::Change;
use crate::email::Email;
use crate::id::{PharmacyId, UserId};
use crate::policy::Action;
use crate::record::Concept;
use crate::revision::Revision;
use crate::text::{Address, LicenseNumber, OrganizationName, Phone, Place};
use crate::time::Timestamp;
use crate::user::{User, UserStatus};
use crate::verification::{VerificationError, outlives, verify};

/// What a pharmacy's profile says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PharmacyProfile {
    /// The name over the door; `None` until the profile is completed.
    pub name: Option<OrganizationName>,
    /// The number of its licence, unique among verified pharmacies, and among those that others
    /// entered.
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
    /// The name over the door, which is not taken away.
    pub name: Change<OrganizationName>,
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
        name.map(Some).apply(&mut self.name);
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

impl PharmacyChanges {
    /// Says of the whole profile what it is from now on.
    pub fn replacing(profile: PharmacyProfile) -> Self {
        // It is taken apart, so that a field that is added later is not forgotten here.
        let PharmacyProfile { name, license_number, email, phone, address, city, state, country } =
            profile;
        Self {
            name: name.map_or(Change::Keep, Change::Set),
            license_number: Change::Set(license_number),
            email: Change::Set(email),
            phone: Change::Set(phone),
            address: Change::Set(address),
            city: Change::Set(city),
            state: Change::Set(state),
            country: Change::Set(country),
        }
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
    /// The user who signs in for it; `None` for one that an administrator has entered.
    pub user: Option<UserId>,
    /// When it was made, and what has changed since.
    pub revision: Revision,
}

impl Pharmacy {
    /// Enters a pharmacy that nobody has verified yet, and for which nobody signs in.
    pub const fn new(id: PharmacyId, profile: PharmacyProfile, now: Timestamp) -> Self {
        Self { id, profile, is_verified: false, user: None, revision: Revision::new(now) }
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
        Self { is_verified, user: Some(user.id), ..Self::new(id, profile, now) }
    }

    /// Changes what the profile says. A licence number that is changed by somebody who may not
    /// verify it has yet to be checked.
    pub fn change(&mut self, changes: PharmacyChanges, by: &Actor, now: Timestamp) {
        let profile = self.profile.clone().with(changes);
        let (before, after) = (&self.profile.license_number, &profile.license_number);
        self.is_verified &= outlives(before.as_ref(), after.as_ref(), by, Action::VerifyPharmacy);
        self.profile = profile;
        self.revision.touch(now);
    }

    /// Records that an admin has checked the licence.
    ///
    /// # Errors
    ///
    /// A [`VerificationError`] if there is none, or if it was checked before.
    pub fn verify(&mut self, now: Timestamp) -> Result<(), VerificationError> {
        let number = self.profile.license_number.as_ref();
        verify(&mut self.is_verified, number, Concept::Pharmacy)?;
        self.revision.touch(now);
        Ok(())
    }

    /// Verifies the profile with the approval of its user, who may complete it later.
    pub const fn approve(&mut self, now: Timestamp) {
        self.is_verified = true;
        self.revision.touch(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::an_actor;
    use crate::id::Uuid;
    use crate::time::at;
    use crate::user::Role;

    fn a_pharmacy(license_number: Option<LicenseNumber>) -> Pharmacy {
        let profile = PharmacyProfile { license_number, ..PharmacyProfile::default() };
        Pharmacy::new(PharmacyId::new(Uuid::from_u128(5)), profile, at("2030-01-01T00:00:00Z"))
    }

    fn number(raw: &str) -> Option<LicenseNumber> {
        LicenseNumber::parse(raw).ok()
    }

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

    #[test]
    fn a_profile_is_replaced_as_a_whole_but_never_loses_its_name() {
        let name = OrganizationName::parse("At the Corner").ok();
        let city = Place::parse("Oslo").ok();
        let before = PharmacyProfile { name: name.clone(), city, ..PharmacyProfile::default() };
        let phone = Phone::parse("123").ok();
        let after = PharmacyProfile { phone, ..PharmacyProfile::default() };

        let replaced = before.with(PharmacyChanges::replacing(after.clone()));

        assert_eq!(replaced, PharmacyProfile { name, ..after });
    }

    #[test]
    fn a_licence_number_that_changes_has_yet_to_be_checked_unless_an_admin_changes_it() {
        let now = at("2030-01-03T00:00:00Z");
        let changed = |license_number, role| {
            let mut pharmacy = a_pharmacy(number("DE-1"));
            pharmacy.verify(at("2030-01-02T00:00:00Z")).unwrap();
            let changes = PharmacyChanges { license_number, ..PharmacyChanges::default() };
            pharmacy.change(changes, &an_actor(role), now);
            assert_eq!((pharmacy.revision.updated_at, pharmacy.revision.version), (now, 3));
            pharmacy.is_verified
        };

        assert!(changed(Change::Keep, Role::Pharmacy));
        assert!(changed(Change::Set(number(" DE-1 ")), Role::Pharmacy));
        assert!(!changed(Change::Set(number("DE-2")), Role::Pharmacy));
        assert!(!changed(Change::Set(None), Role::Admin));
        assert!(changed(Change::Set(number("DE-2")), Role::Admin));
    }

    #[test]
    fn nothing_that_changes_verifies_a_pharmacy_and_nobody_verifies_it_without_a_number() {
        let now = at("2030-01-02T00:00:00Z");
        let mut pharmacy = a_pharmacy(None);
        let before = pharmacy.clone();
        let none = VerificationError::NoLicense(Concept::Pharmacy);
        assert_eq!(pharmacy.verify(now), Err(none));
        assert_eq!(pharmacy, before);

        let license_number = Change::Set(number("DE-1"));
        let changes = PharmacyChanges { license_number, ..PharmacyChanges::default() };
        pharmacy.change(changes, &an_actor(Role::Admin), now);
        assert!(!pharmacy.is_verified);

        pharmacy.verify(now).unwrap();
        let again = VerificationError::AlreadyVerified(Concept::Pharmacy);
        assert_eq!(pharmacy.verify(now), Err(again));
    }
}

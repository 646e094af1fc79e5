//! Adoption: how an entry of the directory becomes the doctor whom a user signs in as, or the pharmacy
//! for which they do.
//!
//! Somebody enters a doctor, and books and publishes for them. The doctor registers with the number of
//! the same licence. Whoever approves the registration says that both are one person, and from then on
//! there is one doctor: the entry, with everything that refers to it. With pharmacies it is the same.

use crate::doctor::{Doctor, DoctorProfile, Specialization};
use crate::id::UserId;
use crate::name::PersonName;
use crate::pharmacy::{Pharmacy, PharmacyProfile};
use crate::rule::{Rule, RuleCode};
use crate::time::Timestamp;

/// Why a registration does not adopt the entry of the same doctor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdoptionError {
    /// Both were booked for one time.
    #[error(
        "the doctor is in the directory already, and that entry and this registration have \
         appointments at the same time; cancel or move one of the two, then approve again"
    )]
    Appointments,
    /// Both have published one time.
    #[error(
        "the doctor is in the directory already, and that entry and this registration have time \
         slots at the same time; delete one of the two, then approve again"
    )]
    TimeSlots,
}

impl Rule for AdoptionError {
    fn code(&self) -> RuleCode {
        RuleCode::AdoptionOverlaps
    }
}

impl Doctor {
    /// Makes the entry the doctor whom a user signs in as, by what their registration says. Whoever
    /// approves them has checked the licence.
    pub fn adopt(
        &mut self,
        registered: DoctorProfile,
        blank: &DoctorProfile,
        user: UserId,
        now: Timestamp,
    ) {
        self.profile = registered.or(self.profile.clone(), blank);
        self.user = Some(user);
        self.approve(now);
    }

    /// Takes the profile that came with a registration out of the directory, since an entry takes its
    /// place. Nobody signs in as this one any more.
    pub fn give_way(&mut self, now: Timestamp) {
        self.user = None;
        self.archived_at = Some(now);
        self.revision.touch(now);
    }
}

impl DoctorProfile {
    /// Returns this profile, and what an entry says where this one says nothing.
    ///
    /// Doctors speak for themselves, so their own word counts. A value that a blank profile has was
    /// not said by anybody: times that were published and booked lie in the entry's zone, for example.
    fn or(self, entry: Self, blank: &Self) -> Self {
        // Both are taken apart by name, so that a field that is added later is not forgotten here.
        let Self {
            name: PersonName { first, last },
            email,
            phone,
            specialization,
            specialization_text,
            license_number,
            years_of_experience,
            qualification,
            bio,
            consultation_fee,
            is_available,
            hospital_name,
            city,
            state,
            country,
            time_zone,
            booking,
        } = self;
        let (specialization, specialization_text) = if specialization == blank.specialization {
            (entry.specialization, entry.specialization_text)
        } else if specialization == Specialization::Other {
            // The words stand for a field that the list has no name for.
            let of_entry = entry.specialization_text;
            (specialization, specialization_text.or(of_entry))
        } else {
            (specialization, None)
        };
        let said = |is_blank: bool, own, other| if is_blank { other } else { own };
        Self {
            name: PersonName { first: first.or(entry.name.first), last: last.or(entry.name.last) },
            email: email.or(entry.email),
            phone: phone.or(entry.phone),
            specialization,
            specialization_text,
            license_number: license_number.or(entry.license_number),
            years_of_experience: years_of_experience.or(entry.years_of_experience),
            qualification: qualification.or(entry.qualification),
            bio: bio.or(entry.bio),
            consultation_fee: consultation_fee.or(entry.consultation_fee),
            is_available: said(
                is_available == blank.is_available,
                is_available,
                entry.is_available,
            ),
            hospital_name: hospital_name.or(entry.hospital_name),
            city: city.or(entry.city),
            state: state.or(entry.state),
            country: country.or(entry.country),
            time_zone: if time_zone == blank.time_zone { entry.time_zone } else { time_zone },
            booking: if booking == blank.booking { entry.booking } else { booking },
        }
    }
}

impl Pharmacy {
    /// Makes the entry the pharmacy that a user signs in for, by what their registration says. Whoever
    /// approves them has checked the licence.
    pub fn adopt(&mut self, registered: PharmacyProfile, user: UserId, now: Timestamp) {
        self.profile = registered.or(self.profile.clone());
        self.user = Some(user);
        self.approve(now);
    }
}

impl PharmacyProfile {
    /// Returns this profile, and what an entry says where this one says nothing.
    fn or(self, entry: Self) -> Self {
        // It is taken apart by name, so that a field that is added later is not forgotten here.
        let Self { name, license_number, email, phone, address, city, state, country } = self;
        Self {
            name: name.or(entry.name),
            license_number: license_number.or(entry.license_number),
            email: email.or(entry.email),
            phone: phone.or(entry.phone),
            address: address.or(entry.address),
            city: city.or(entry.city),
            state: state.or(entry.state),
            country: country.or(entry.country),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::BookingMode;
    use crate::email::Email;
    use crate::id::{DoctorId, PharmacyId, Uuid};
    use crate::text::{Biography, LicenseNumber, OrganizationName, Place, SpecializationText};
    use crate::time::at;
    use crate::zone::Zone;

    const NOW: &str = "2030-01-03T00:00:00Z";

    fn blank() -> DoctorProfile {
        DoctorProfile::blank(Zone::utc())
    }

    fn of_entry() -> DoctorProfile {
        DoctorProfile {
            name: PersonName::parse("E.", "Chen").unwrap(),
            email: Email::parse("practice@example.org").ok(),
            specialization: Specialization::Other,
            specialization_text: SpecializationText::parse("Sports medicine").ok(),
            license_number: LicenseNumber::parse("DE-1").ok(),
            city: Place::parse("Berlin").ok(),
            is_available: false,
            time_zone: Zone::parse("Europe/Berlin").unwrap(),
            booking: BookingMode::SlotsOnly,
            ..blank()
        }
    }

    fn adopted(registered: DoctorProfile) -> Doctor {
        let by = UserId::new(Uuid::from_u128(100));
        let id = DoctorId::new(Uuid::from_u128(3));
        let mut entry = Doctor::new(id, of_entry(), Some(by), at("2030-01-01T00:00:00Z"));
        entry.adopt(registered, &blank(), UserId::new(Uuid::from_u128(7)), at(NOW));
        entry
    }

    #[test]
    fn the_doctors_own_word_counts_and_the_entry_says_the_rest() {
        let registered = DoctorProfile {
            name: PersonName::parse("Emily", "Chen-Meyer").unwrap(),
            email: Email::parse("emily@example.com").ok(),
            license_number: LicenseNumber::parse("DE-1").ok(),
            bio: Biography::parse("Dives").ok(),
            ..blank()
        };

        let expected = DoctorProfile {
            name: registered.name.clone(),
            email: registered.email.clone(),
            bio: registered.bio.clone(),
            ..of_entry()
        };
        assert_eq!(adopted(registered).profile, expected);
    }

    #[test]
    fn what_a_doctor_has_chosen_is_not_taken_for_a_blank() {
        let registered = DoctorProfile {
            specialization: Specialization::Cardiology,
            time_zone: Zone::parse("Europe/Oslo").unwrap(),
            ..blank()
        };
        let profile = adopted(registered).profile;

        assert_eq!(profile.specialization, Specialization::Cardiology);
        assert_eq!(profile.specialization_text, None);
        assert_eq!(profile.time_zone, Zone::parse("Europe/Oslo").unwrap());
        assert!(!profile.is_available && profile.booking == BookingMode::SlotsOnly);

        let words = SpecializationText::parse("Dancing").ok();
        let other = DoctorProfile {
            specialization: Specialization::Other,
            specialization_text: words.clone(),
            ..blank()
        };
        assert_eq!(adopted(other).profile.specialization_text, words);
    }

    #[test]
    fn an_adopted_entry_stays_itself_and_is_its_creators_no_more() {
        let doctor = adopted(blank());

        assert_eq!(doctor.id, DoctorId::new(Uuid::from_u128(3)));
        assert_eq!(doctor.user, Some(UserId::new(Uuid::from_u128(7))));
        assert_eq!(doctor.created_by, Some(UserId::new(Uuid::from_u128(100))));
        assert!(doctor.is_verified);
        assert_eq!((doctor.revision.updated_at, doctor.revision.version), (at(NOW), 2));
    }

    #[test]
    fn whoever_gives_way_is_in_the_directory_no_more() {
        let mut doctor = adopted(blank());

        doctor.give_way(at(NOW));

        assert_eq!((doctor.user, doctor.archived_at), (None, Some(at(NOW))));
        assert_eq!(doctor.revision.version, 3);
    }

    #[test]
    fn the_pharmacys_own_word_counts_and_the_entry_says_the_rest_and_stays_itself() {
        let of_entry = PharmacyProfile {
            name: OrganizationName::parse("Corner").ok(),
            license_number: LicenseNumber::parse("DE-1").ok(),
            email: Email::parse("corner@example.org").ok(),
            city: Place::parse("Bonn").ok(),
            ..PharmacyProfile::default()
        };
        let registered = PharmacyProfile {
            name: OrganizationName::parse("At the Corner").ok(),
            license_number: LicenseNumber::parse("DE-1").ok(),
            country: Place::parse("DE").ok(),
            ..PharmacyProfile::default()
        };
        let (id, user) = (PharmacyId::new(Uuid::from_u128(5)), UserId::new(Uuid::from_u128(7)));
        let mut pharmacy = Pharmacy::new(id, of_entry.clone(), at("2030-01-01T00:00:00Z"));

        pharmacy.adopt(registered.clone(), user, at(NOW));

        let (name, country) = (registered.name, registered.country);
        assert_eq!(pharmacy.profile, PharmacyProfile { name, country, ..of_entry });
        assert_eq!((pharmacy.id, pharmacy.user, pharmacy.is_verified), (id, Some(user), true));
        assert_eq!((pharmacy.revision.updated_at, pharmacy.revision.version), (at(NOW), 2));
    }
}

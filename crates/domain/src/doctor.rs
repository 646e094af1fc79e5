//! Doctors: people who practise here, and how they may be booked.

use crate::actor::Actor;
use crate::archive::{ArchiveError, Blocking, archive, restore};
use crate::change::Change;
use crate::choice::choice;
use crate::email::Email;
use crate::id::{DoctorId, UserId};
use crate::money::Money;
use crate::name::PersonName;
use crate::policy::Action;
use crate::record::Concept;
use crate::revision::Revision;
use crate::text::{
    Biography, LicenseNumber, Name, OrganizationName, Phone, Place, Qualification,
    SpecializationText,
};
use crate::time::Timestamp;
use crate::user::{Role, User, UserStatus};
use crate::verification::{VerificationError, outlives, verify};
use crate::zone::Zone;

choice! {
    /// The field of medicine that a doctor works in.
    pub enum Specialization {
        /// General practice.
        General = "general",
        /// The heart.
        Cardiology = "cardiology",
        /// The skin.
        Dermatology = "dermatology",
        /// Hormones.
        Endocrinology = "endocrinology",
        /// The digestive organs.
        Gastroenterology = "gastroenterology",
        /// The blood.
        Hematology = "hematology",
        /// Infections.
        InfectiousDisease = "infectious_disease",
        /// The inner organs of adults.
        InternalMedicine = "internal_medicine",
        /// The kidneys.
        Nephrology = "nephrology",
        /// The nervous system.
        Neurology = "neurology",
        /// Pregnancy, birth and the female organs.
        ObstetricsGynecology = "obstetrics_gynecology",
        /// Cancer.
        Oncology = "oncology",
        /// The eyes.
        Ophthalmology = "ophthalmology",
        /// Bones and joints.
        Orthopedics = "orthopedics",
        /// Children.
        Pediatrics = "pediatrics",
        /// The mind.
        Psychiatry = "psychiatry",
        /// The lungs.
        Pulmonology = "pulmonology",
        /// Images of the body.
        Radiology = "radiology",
        /// Rheumatic diseases.
        Rheumatology = "rheumatology",
        /// Operations.
        Surgery = "surgery",
        /// The urinary organs.
        Urology = "urology",
        /// A field that is not in this list.
        Other = "other",
    }
}

choice! {
    /// How patients and coordinators may book a doctor.
    pub enum BookingMode {
        /// At any time that is free.
        Open = "open",
        /// Within published time slots only.
        SlotsOnly = "slots_only",
    }
}

/// How many years somebody has worked: 0 to 80.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(
    value_type = i64, minimum = 0, maximum = 80, example = 12
))]
pub struct YearsOfExperience(i32);

/// A number of years that nobody has worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give whole years from 0 to 80")]
pub struct YearsOfExperienceError;

impl YearsOfExperience {
    /// Takes a number of years.
    ///
    /// # Errors
    ///
    /// [`YearsOfExperienceError`] outside 0 to 80.
    pub fn new(years: i64) -> Result<Self, YearsOfExperienceError> {
        i32::try_from(years)
            .ok()
            .filter(|years| (0..=80).contains(years))
            .map(Self)
            .ok_or(YearsOfExperienceError)
    }

    /// Returns the years.
    pub const fn years(self) -> i32 {
        self.0
    }
}

/// What a doctor's profile says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoctorProfile {
    /// The name, without a title.
    pub name: PersonName,
    /// The e-mail address for patients; it starts as the account's.
    pub email: Option<Email>,
    /// The telephone number.
    pub phone: Option<Phone>,
    /// The field of medicine.
    pub specialization: Specialization,
    /// The field in the doctor's own words, where the list has no name for it: only beside
    /// [`Specialization::Other`].
    pub specialization_text: Option<SpecializationText>,
    /// The number of the licence, unique among verified doctors.
    pub license_number: Option<LicenseNumber>,
    /// How long they have practised.
    pub years_of_experience: Option<YearsOfExperience>,
    /// What they have learned.
    pub qualification: Option<Qualification>,
    /// What they say about themself.
    pub bio: Option<Biography>,
    /// What a consultation costs.
    pub consultation_fee: Option<Money>,
    /// Whether they take appointments at present.
    pub is_available: bool,
    /// Where they work.
    pub hospital_name: Option<OrganizationName>,
    /// City.
    pub city: Option<Place>,
    /// State or region.
    pub state: Option<Place>,
    /// Country.
    pub country: Option<Place>,
    /// The zone of their dates and times of day.
    pub time_zone: Zone,
    /// How they may be booked.
    pub booking: BookingMode,
}

/// What a doctor's profile says about being booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookingTerms {
    /// Whether they take appointments at present.
    pub is_available: bool,
    /// How they may be booked.
    pub booking: BookingMode,
}

impl BookingTerms {
    /// Tells whether somebody in a role books them within published time slots only.
    pub fn keep_to_slots(self, role: Role) -> bool {
        self.booking == BookingMode::SlotsOnly && matches!(role, Role::Patient | Role::Coordinator)
    }
}

impl DoctorProfile {
    /// Returns what it says about being booked.
    pub const fn terms(&self) -> BookingTerms {
        BookingTerms { is_available: self.is_available, booking: self.booking }
    }

    /// Begins a profile that says nothing yet.
    pub const fn blank(time_zone: Zone) -> Self {
        Self {
            name: PersonName { first: None, last: None },
            email: None,
            phone: None,
            specialization: Specialization::General,
            specialization_text: None,
            license_number: None,
            years_of_experience: None,
            qualification: None,
            bio: None,
            consultation_fee: None,
            is_available: true,
            hospital_name: None,
            city: None,
            state: None,
            country: None,
            time_zone,
            booking: BookingMode::Open,
        }
    }
}

/// What is to become of a doctor's profile, field by field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DoctorChanges {
    /// The given name, which is not taken away.
    pub first_name: Change<Name>,
    /// The family name, which is not taken away.
    pub last_name: Change<Name>,
    /// The e-mail address for patients.
    pub email: Change<Option<Email>>,
    /// The telephone number.
    pub phone: Change<Option<Phone>>,
    /// The field of medicine.
    pub specialization: Change<Specialization>,
    /// The field in the doctor's own words.
    pub specialization_text: Change<Option<SpecializationText>>,
    /// The number of the licence.
    pub license_number: Change<Option<LicenseNumber>>,
    /// How long they have practised.
    pub years_of_experience: Change<Option<YearsOfExperience>>,
    /// What they have learned.
    pub qualification: Change<Option<Qualification>>,
    /// What they say about themself.
    pub bio: Change<Option<Biography>>,
    /// What a consultation costs.
    pub consultation_fee: Change<Option<Money>>,
    /// Whether they take appointments at present.
    pub is_available: Change<bool>,
    /// Where they work.
    pub hospital_name: Change<Option<OrganizationName>>,
    /// City.
    pub city: Change<Option<Place>>,
    /// State or region.
    pub state: Change<Option<Place>>,
    /// Country.
    pub country: Change<Option<Place>>,
    /// The zone of their dates and times of day.
    pub time_zone: Change<Zone>,
    /// How they may be booked.
    pub booking: Change<BookingMode>,
}

impl DoctorProfile {
    /// Returns what the profile says once some of it has changed.
    #[must_use]
    pub fn with(mut self, changes: DoctorChanges) -> Self {
        // It is taken apart, so that a field that is added later is not forgotten here.
        let DoctorChanges {
            first_name,
            last_name,
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
        } = changes;
        first_name.map(Some).apply(&mut self.name.first);
        last_name.map(Some).apply(&mut self.name.last);
        email.apply(&mut self.email);
        phone.apply(&mut self.phone);
        specialization.apply(&mut self.specialization);
        specialization_text.apply(&mut self.specialization_text);
        license_number.apply(&mut self.license_number);
        years_of_experience.apply(&mut self.years_of_experience);
        qualification.apply(&mut self.qualification);
        bio.apply(&mut self.bio);
        consultation_fee.apply(&mut self.consultation_fee);
        is_available.apply(&mut self.is_available);
        hospital_name.apply(&mut self.hospital_name);
        city.apply(&mut self.city);
        state.apply(&mut self.state);
        country.apply(&mut self.country);
        time_zone.apply(&mut self.time_zone);
        booking.apply(&mut self.booking);
        // The words stand for a field that the list has no name for.
        if self.specialization != Specialization::Other {
            self.specialization_text = None;
        }
        self
    }
}

impl DoctorChanges {
    /// Says of the whole profile what it is from now on, but for the field in the doctor's own
    /// words, which stays as long as the list has no name for it.
    pub fn replacing(profile: DoctorProfile) -> Self {
        // It is taken apart, so that a field that is added later is not forgotten here.
        let DoctorProfile {
            name: PersonName { first, last },
            email,
            phone,
            specialization,
            specialization_text: _,
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
        } = profile;
        Self {
            first_name: first.map_or(Change::Keep, Change::Set),
            last_name: last.map_or(Change::Keep, Change::Set),
            email: Change::Set(email),
            phone: Change::Set(phone),
            specialization: Change::Set(specialization),
            specialization_text: Change::Keep,
            license_number: Change::Set(license_number),
            years_of_experience: Change::Set(years_of_experience),
            qualification: Change::Set(qualification),
            bio: Change::Set(bio),
            consultation_fee: Change::Set(consultation_fee),
            is_available: Change::Set(is_available),
            hospital_name: Change::Set(hospital_name),
            city: Change::Set(city),
            state: Change::Set(state),
            country: Change::Set(country),
            time_zone: Change::Set(time_zone),
            booking: Change::Set(booking),
        }
    }
}

/// Somebody who practises here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doctor {
    /// The id.
    pub id: DoctorId,
    /// What the profile says.
    pub profile: DoctorProfile,
    /// Whether an admin has checked the licence.
    pub is_verified: bool,
    /// The user who signs in as this doctor.
    pub user: Option<UserId>,
    /// The user who entered the doctor; `None` for those who registered.
    pub created_by: Option<UserId>,
    /// When the doctor left the directory.
    pub archived_at: Option<Timestamp>,
    /// When it was made, and what has changed since.
    pub revision: Revision,
}

impl Doctor {
    /// Enters a doctor whom nobody has verified yet, and as whom nobody signs in.
    pub const fn new(
        id: DoctorId,
        profile: DoctorProfile,
        created_by: Option<UserId>,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            profile,
            is_verified: false,
            user: None,
            created_by,
            archived_at: None,
            revision: Revision::new(now),
        }
    }

    /// Enters the doctor whom a user signs in as. The profile begins with what the account says,
    /// and is verified when the user needs no approval any more.
    pub fn of_user(id: DoctorId, profile: DoctorProfile, user: &User, now: Timestamp) -> Self {
        let profile = DoctorProfile {
            name: user.name.clone(),
            email: Some(user.email.clone()),
            phone: user.phone.clone(),
            ..profile
        };
        let is_verified = user.status == UserStatus::Active;
        Self { is_verified, user: Some(user.id), ..Self::new(id, profile, None, now) }
    }

    /// Changes what the profile says. A licence number that is changed by somebody who may not
    /// verify it has yet to be checked.
    pub fn change(&mut self, changes: DoctorChanges, by: &Actor, now: Timestamp) {
        let profile = self.profile.clone().with(changes);
        let (before, after) = (&self.profile.license_number, &profile.license_number);
        self.is_verified &= outlives(before.as_ref(), after.as_ref(), by, Action::VerifyDoctor);
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
        verify(&mut self.is_verified, number, Concept::Doctor)?;
        self.revision.touch(now);
        Ok(())
    }

    /// Verifies the profile with the approval of its user, who may complete it later.
    pub const fn approve(&mut self, now: Timestamp) {
        self.is_verified = true;
        self.revision.touch(now);
    }

    /// Takes the doctor out of the directory.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::StillNeeded`] if something still needs them.
    pub fn archive(&mut self, blocking: Blocking, now: Timestamp) -> Result<(), ArchiveError> {
        archive(&mut self.archived_at, Concept::Doctor, blocking, now)?;
        self.revision.touch(now);
        Ok(())
    }

    /// Puts an archived doctor back into the directory.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::NotArchived`] if they are there.
    pub fn restore(&mut self, now: Timestamp) -> Result<(), ArchiveError> {
        restore(&mut self.archived_at, Concept::Doctor)?;
        self.revision.touch(now);
        Ok(())
    }
}

/// Writes a doctor's name with one title, whatever was typed: "Dr. Emily Chen".
pub fn display_name(name: &PersonName) -> String {
    let full = name.full();
    let mut untitled = full.trim();
    while let Some(rest) = without_title(untitled) {
        untitled = rest.trim_start();
    }
    format!("Dr. {untitled}").trim_end().to_owned()
}

fn without_title(name: &str) -> Option<&str> {
    ["dr. ", "dr ", "dr.", "doctor "].iter().find_map(|title| {
        let (start, rest) = name.split_at_checked(title.len())?;
        start.eq_ignore_ascii_case(title).then_some(rest)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::actor::an_actor;
    use crate::time::at;
    use crate::user::Role;

    fn shown(first: &str, last: &str) -> String {
        let read = |part| Name::parse(part).ok();
        display_name(&PersonName { first: read(first), last: read(last) })
    }

    #[test]
    fn a_doctor_is_titled_once() {
        assert_eq!(shown("Emily", "Chen"), "Dr. Emily Chen");
        assert_eq!(shown("Dr. Emily", "Chen"), "Dr. Emily Chen");
        assert_eq!(shown("dr Emily", "Chen"), "Dr. Emily Chen");
        assert_eq!(shown("Dr. Dr. Emily", "Chen"), "Dr. Emily Chen");
        assert_eq!(shown("Drew", "Barry"), "Dr. Drew Barry");
        assert_eq!(shown("", ""), "Dr.");
    }

    #[test]
    fn a_change_sets_and_takes_away_what_it_names_and_keeps_the_rest() {
        let city = Place::parse("Oslo").ok();
        let zone = Zone::parse("Europe/Oslo").unwrap();
        let profile = DoctorProfile { city: city.clone(), ..DoctorProfile::blank(Zone::utc()) };
        let changes = DoctorChanges {
            first_name: Change::Set(Name::parse("Emily").unwrap()),
            city: Change::Set(None),
            state: Change::Set(city.clone()),
            time_zone: Change::Set(zone.clone()),
            ..DoctorChanges::default()
        };

        let expected = DoctorProfile {
            name: PersonName { first: Name::parse("Emily").ok(), last: None },
            state: city,
            ..DoctorProfile::blank(zone)
        };
        assert_eq!(profile.clone().with(changes), expected);
        assert_eq!(profile.clone().with(DoctorChanges::default()), profile);
    }

    fn number(raw: &str) -> Option<LicenseNumber> {
        LicenseNumber::parse(raw).ok()
    }

    fn a_verified_doctor() -> Doctor {
        let profile =
            DoctorProfile { license_number: number("DE-1"), ..DoctorProfile::blank(Zone::utc()) };
        let id = DoctorId::new(crate::id::Uuid::from_u128(3));
        let mut doctor = Doctor::new(id, profile, None, at("2030-01-01T00:00:00Z"));
        doctor.verify(at("2030-01-02T00:00:00Z")).unwrap();
        doctor
    }

    #[test]
    fn a_profile_is_replaced_but_for_the_words_for_the_field() {
        let sports = SpecializationText::parse("Sports medicine").ok();
        let before = DoctorProfile {
            specialization: Specialization::Other,
            specialization_text: sports.clone(),
            bio: Biography::parse("Dives").ok(),
            ..DoctorProfile::blank(Zone::utc())
        };
        let other = DoctorProfile {
            name: PersonName::parse("Emily", "Chen").unwrap(),
            specialization: Specialization::Other,
            is_available: false,
            ..DoctorProfile::blank(Zone::parse("Europe/Oslo").unwrap())
        };
        let general = DoctorProfile { specialization: Specialization::General, ..other.clone() };

        let replaced = before.clone().with(DoctorChanges::replacing(other.clone()));
        assert_eq!(replaced, DoctorProfile { specialization_text: sports, ..other });
        assert_eq!(before.with(DoctorChanges::replacing(general.clone())), general);
    }

    #[test]
    fn a_licence_number_that_changes_has_yet_to_be_checked_unless_an_admin_changes_it() {
        let now = at("2030-01-03T00:00:00Z");
        let changed = |license_number, role| {
            let mut doctor = a_verified_doctor();
            let changes = DoctorChanges { license_number, ..DoctorChanges::default() };
            doctor.change(changes, &an_actor(role), now);
            assert_eq!((doctor.revision.updated_at, doctor.revision.version), (now, 3));
            doctor.is_verified
        };

        assert!(changed(Change::Keep, Role::Doctor));
        assert!(changed(Change::Set(number(" DE-1 ")), Role::Doctor));
        assert!(!changed(Change::Set(number("DE-2")), Role::Doctor));
        assert!(!changed(Change::Set(number("DE-2")), Role::Coordinator));
        assert!(!changed(Change::Set(None), Role::Admin));
        assert!(changed(Change::Set(number("DE-2")), Role::Admin));
    }

    #[test]
    fn nothing_that_changes_verifies_a_doctor() {
        let blank = DoctorProfile::blank(Zone::utc());
        let id = DoctorId::new(crate::id::Uuid::from_u128(3));
        let mut doctor = Doctor::new(id, blank, None, at("2030-01-01T00:00:00Z"));
        let license_number = Change::Set(number("DE-1"));
        let changes = DoctorChanges { license_number, ..DoctorChanges::default() };

        doctor.change(changes, &an_actor(Role::Admin), at("2030-01-02T00:00:00Z"));

        assert!(!doctor.is_verified);
    }

    #[test]
    fn nobody_has_practised_for_a_century() {
        assert!(YearsOfExperience::new(80).is_ok());
        for years in [-1, 81, i64::MIN, i64::MAX] {
            assert_eq!(YearsOfExperience::new(years), Err(YearsOfExperienceError));
        }
    }

    proptest! {
        #[test]
        fn a_title_is_shown_only_once(
            titles in "(Dr\\. |dr |DR\\.|Doctor ){0,3}", first in "\\PC{1,12}", last in "\\PC{1,12}",
        ) {
            let once = shown(&first, &last);
            prop_assert_eq!(shown(&once, ""), once.clone());
            prop_assert_eq!(shown(&format!("{titles}{first}"), &last), once);
        }
    }
}

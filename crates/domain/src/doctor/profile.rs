//! What a doctor's profile says, and what is to become of it.

use super::Specialization;
use crate::change::Change;
use crate::choice::choice;
use crate::email::Email;
use crate::money::Money;
use crate::name::PersonName;
use crate::text::{
    Biography, LicenseNumber, Name, OrganizationName, Phone, Place, Qualification,
    SpecializationText,
};
use crate::user::Role;
use crate::zone::Zone;

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

choice! {
    /// How patients and coordinators may book a doctor.
    pub enum BookingMode {
        /// At any time that is free.
        Open = "open",
        /// Within published time slots only.
        SlotsOnly = "slots_only",
    }
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn nobody_has_practised_for_a_century() {
        assert!(YearsOfExperience::new(80).is_ok());
        for years in [-1, 81, i64::MIN, i64::MAX] {
            assert_eq!(YearsOfExperience::new(years), Err(YearsOfExperienceError));
        }
    }
}

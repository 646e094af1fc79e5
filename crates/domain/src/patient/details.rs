//! What a patient's record says, and what is to become of it.

use std::fmt;

use crate::change::Change;
use crate::choice::choice;
use crate::email::Email;
use crate::name::PersonName;
use crate::text::{Address, ClinicalText, Name, Phone, Place};
use crate::time::Date;

/// What a patient's record says: everything that somebody writes into it. It prints as `[phi]`.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct PatientDetails {
    /// The name; both parts are known unless a registration left them out.
    pub name: PersonName,
    /// The e-mail address.
    pub email: Option<Email>,
    /// The telephone number.
    pub phone: Option<Phone>,
    /// The day of birth, which is not in the future.
    pub date_of_birth: Option<Date>,
    /// The gender.
    pub gender: Option<Gender>,
    /// The blood group.
    pub blood_group: Option<BloodGroup>,
    /// What the patient must not be given.
    pub allergies: Option<ClinicalText>,
    /// What the patient has had.
    pub medical_history: Option<ClinicalText>,
    /// What the patient takes.
    pub current_medications: Option<ClinicalText>,
    /// Whom to call.
    pub emergency_contact_name: Option<Name>,
    /// Where to call them.
    pub emergency_contact_phone: Option<Phone>,
    /// Street and house.
    pub address: Option<Address>,
    /// City.
    pub city: Option<Place>,
    /// State or region.
    pub state: Option<Place>,
    /// Country.
    pub country: Option<Place>,
}

impl fmt::Debug for PatientDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[phi]")
    }
}

/// What is to become of a patient's record, field by field. It prints as `[phi]`.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct PatientChanges {
    /// The given name, which is not taken away.
    pub first_name: Change<Name>,
    /// The family name, which is not taken away.
    pub last_name: Change<Name>,
    /// The e-mail address.
    pub email: Change<Option<Email>>,
    /// The telephone number.
    pub phone: Change<Option<Phone>>,
    /// The day of birth, which is not in the future.
    pub date_of_birth: Change<Option<Date>>,
    /// The gender.
    pub gender: Change<Option<Gender>>,
    /// The blood group.
    pub blood_group: Change<Option<BloodGroup>>,
    /// What the patient must not be given.
    pub allergies: Change<Option<ClinicalText>>,
    /// What the patient has had.
    pub medical_history: Change<Option<ClinicalText>>,
    /// What the patient takes.
    pub current_medications: Change<Option<ClinicalText>>,
    /// Whom to call.
    pub emergency_contact_name: Change<Option<Name>>,
    /// Where to call them.
    pub emergency_contact_phone: Change<Option<Phone>>,
    /// Street and house.
    pub address: Change<Option<Address>>,
    /// City.
    pub city: Change<Option<Place>>,
    /// State or region.
    pub state: Change<Option<Place>>,
    /// Country.
    pub country: Change<Option<Place>>,
}

impl fmt::Debug for PatientChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[phi]")
    }
}

impl PatientDetails {
    /// Returns what the record says once some of it has changed.
    #[must_use]
    pub fn with(mut self, changes: PatientChanges) -> Self {
        // It is taken apart, so that a field that is added later is not forgotten here.
        let PatientChanges {
            first_name,
            last_name,
            email,
            phone,
            date_of_birth,
            gender,
            blood_group,
            allergies,
            medical_history,
            current_medications,
            emergency_contact_name,
            emergency_contact_phone,
            address,
            city,
            state,
            country,
        } = changes;
        first_name.map(Some).apply(&mut self.name.first);
        last_name.map(Some).apply(&mut self.name.last);
        email.apply(&mut self.email);
        phone.apply(&mut self.phone);
        date_of_birth.apply(&mut self.date_of_birth);
        gender.apply(&mut self.gender);
        blood_group.apply(&mut self.blood_group);
        allergies.apply(&mut self.allergies);
        medical_history.apply(&mut self.medical_history);
        current_medications.apply(&mut self.current_medications);
        emergency_contact_name.apply(&mut self.emergency_contact_name);
        emergency_contact_phone.apply(&mut self.emergency_contact_phone);
        address.apply(&mut self.address);
        city.apply(&mut self.city);
        state.apply(&mut self.state);
        country.apply(&mut self.country);
        self
    }

    /// Tells whether the record says of the patient what another one does, but for how they and their
    /// next of kin are reached.
    pub fn differs_in_contact_alone(&self, other: &Self) -> bool {
        // It is taken apart, so that a field that is added later has to be put on one of the sides.
        let Self {
            name,
            email: _,
            phone: _,
            date_of_birth,
            gender,
            blood_group,
            allergies,
            medical_history,
            current_medications,
            emergency_contact_name: _,
            emergency_contact_phone: _,
            address: _,
            city: _,
            state: _,
            country: _,
        } = self;
        *name == other.name
            && *date_of_birth == other.date_of_birth
            && *gender == other.gender
            && *blood_group == other.blood_group
            && *allergies == other.allergies
            && *medical_history == other.medical_history
            && *current_medications == other.current_medications
    }
}

impl From<PatientDetails> for PatientChanges {
    /// Says a whole record anew: what it leaves out is taken away. A name that is missing stays.
    fn from(details: PatientDetails) -> Self {
        let PatientDetails {
            name,
            email,
            phone,
            date_of_birth,
            gender,
            blood_group,
            allergies,
            medical_history,
            current_medications,
            emergency_contact_name,
            emergency_contact_phone,
            address,
            city,
            state,
            country,
        } = details;
        let keep_or_set = |part: Option<Name>| part.map_or(Change::Keep, Change::Set);
        Self {
            first_name: keep_or_set(name.first),
            last_name: keep_or_set(name.last),
            email: Change::Set(email),
            phone: Change::Set(phone),
            date_of_birth: Change::Set(date_of_birth),
            gender: Change::Set(gender),
            blood_group: Change::Set(blood_group),
            allergies: Change::Set(allergies),
            medical_history: Change::Set(medical_history),
            current_medications: Change::Set(current_medications),
            emergency_contact_name: Change::Set(emergency_contact_name),
            emergency_contact_phone: Change::Set(emergency_contact_phone),
            address: Change::Set(address),
            city: Change::Set(city),
            state: Change::Set(state),
            country: Change::Set(country),
        }
    }
}

choice! {
    /// The gender that a record states.
    pub enum Gender {
        /// Male.
        Male = "M",
        /// Female.
        Female = "F",
        /// Another one.
        Other = "O",
        /// The person prefers not to say.
        Unsaid = "N",
    }
}

choice! {
    /// A blood group of the AB0 and rhesus systems.
    pub enum BloodGroup {
        /// A, rhesus positive.
        APositive = "A+",
        /// A, rhesus negative.
        ANegative = "A-",
        /// B, rhesus positive.
        BPositive = "B+",
        /// B, rhesus negative.
        BNegative = "B-",
        /// AB, rhesus positive.
        AbPositive = "AB+",
        /// AB, rhesus negative.
        AbNegative = "AB-",
        /// 0, rhesus positive.
        OPositive = "O+",
        /// 0, rhesus negative.
        ONegative = "O-",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_does_not_print_itself() {
        let details = PatientDetails { gender: Some(Gender::Female), ..PatientDetails::default() };
        let gender = Change::Set(details.gender);
        let changes = PatientChanges { gender, ..PatientChanges::default() };

        assert_eq!(format!("{details:?} {changes:?}"), "[phi] [phi]");
    }

    #[test]
    fn a_change_sets_and_takes_away_what_it_names_and_keeps_the_rest() {
        let place = |raw| Place::parse(raw).ok();
        let details = PatientDetails {
            name: PersonName::parse("Ada", "Byron").unwrap(),
            city: place("London"),
            country: place("UK"),
            ..PatientDetails::default()
        };
        let changes = PatientChanges {
            last_name: Change::Set(Name::parse("Lovelace").unwrap()),
            state: Change::Set(place("Westminster")),
            country: Change::Set(None),
            ..PatientChanges::default()
        };

        let expected = PatientDetails {
            name: PersonName::parse("Ada", "Lovelace").unwrap(),
            city: place("London"),
            state: place("Westminster"),
            ..PatientDetails::default()
        };
        assert!(details.clone().with(changes) == expected);
        assert!(details.clone().with(PatientChanges::default()) == details);
    }

    /// What a record says that says something in every field.
    fn a_whole_record() -> PatientDetails {
        let text = |raw| ClinicalText::parse(raw).ok();
        let (name, phone) = (|raw| Name::parse(raw).ok(), |raw| Phone::parse(raw).ok());
        let place = |raw| Place::parse(raw).ok();
        PatientDetails {
            name: PersonName::parse("Ada", "Byron").unwrap(),
            email: Email::parse("ada@example.org").ok(),
            phone: phone("+44 20"),
            date_of_birth: Date::parse("1984-02-29").ok(),
            gender: Some(Gender::Female),
            blood_group: Some(BloodGroup::OPositive),
            allergies: text("Penicillin"),
            medical_history: text("Appendectomy"),
            current_medications: text("Aspirin"),
            emergency_contact_name: name("Annabella"),
            emergency_contact_phone: phone("112"),
            address: Address::parse("12 St James's Square").ok(),
            city: place("London"),
            state: place("Westminster"),
            country: place("UK"),
        }
    }

    #[test]
    fn how_a_patient_is_reached_is_told_from_what_they_are() {
        let contact = PatientChanges {
            email: Change::Set(None),
            phone: Change::Set(None),
            emergency_contact_name: Change::Set(None),
            emergency_contact_phone: Change::Set(None),
            address: Change::Set(None),
            city: Change::Set(None),
            state: Change::Set(None),
            country: Change::Set(None),
            ..PatientChanges::default()
        };
        let other = || PatientChanges::default();
        let name = || Change::Set(Name::parse("Eve").unwrap());
        let others = [
            PatientChanges { first_name: name(), ..other() },
            PatientChanges { last_name: name(), ..other() },
            PatientChanges { date_of_birth: Change::Set(None), ..other() },
            PatientChanges { gender: Change::Set(None), ..other() },
            PatientChanges { blood_group: Change::Set(None), ..other() },
            PatientChanges { allergies: Change::Set(None), ..other() },
            PatientChanges { medical_history: Change::Set(None), ..other() },
            PatientChanges { current_medications: Change::Set(None), ..other() },
        ];
        let stays_contact =
            |changes| a_whole_record().with(changes).differs_in_contact_alone(&a_whole_record());

        assert!(stays_contact(contact));
        assert!(stays_contact(PatientChanges::from(a_whole_record())), "nothing differs");
        for changes in others {
            assert!(!stays_contact(changes));
        }
    }

    #[test]
    fn a_record_that_is_said_anew_is_that_record_whatever_was_there() {
        let few = PatientDetails {
            name: PersonName::parse("Grace", "Hopper").unwrap(),
            ..PatientDetails::default()
        };

        let replaced = |old: PatientDetails, new: &PatientDetails| old.with(new.clone().into());
        assert!(replaced(a_whole_record(), &few) == few);
        assert!(replaced(few, &a_whole_record()) == a_whole_record());
    }

    #[test]
    fn a_blood_group_is_read_in_any_case() {
        assert_eq!(BloodGroup::parse("ab+"), Ok(BloodGroup::AbPositive));
    }
}

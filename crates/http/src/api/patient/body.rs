//! What is sent of a patient's record.

use medilink_application::Result;
use medilink_application::error::FieldErrors;
use medilink_domain::email::Email;
use medilink_domain::patient::{BloodGroup, Gender, PatientChanges, PatientDetails};
use medilink_domain::text::{Address, ClinicalText, Name, Phone, Place};
use medilink_domain::time::Date;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::field::{Field, Ignored, Rest, read};

/// What to send to make a patient's record.
#[derive(Deserialize, ToSchema)]
pub(super) struct CreatePatientBody {
    #[serde(flatten)]
    person: PatientPerson,
    #[serde(flatten)]
    record: PatientFields,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

/// What to send to replace a patient's record. What else a record shows may be sent back with it, and
/// is ignored.
#[derive(Deserialize, ToSchema)]
pub(super) struct ReplacePatientBody {
    #[serde(flatten)]
    person: PatientPerson,
    #[serde(flatten)]
    record: PatientFields,
    #[serde(flatten)]
    #[expect(dead_code, reason = "it is told from what is unknown, and not read")]
    shown: ShownOfPatient,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

/// What to send to change a patient's record.
#[derive(Deserialize, ToSchema)]
pub(super) struct ChangePatientBody {
    /// The given name.
    #[serde(default)]
    #[schema(value_type = Name)]
    first_name: Field<String>,
    /// The family name.
    #[serde(default)]
    #[schema(value_type = Name)]
    last_name: Field<String>,
    /// The e-mail address.
    #[serde(default)]
    #[schema(value_type = Option<Email>)]
    email: Field<String>,
    /// The telephone number, kept as written.
    #[serde(default)]
    #[schema(value_type = Option<Phone>)]
    phone: Field<String>,
    #[serde(flatten)]
    record: PatientFields,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

/// Who a patient is and how to reach them. What is flattened here is flat itself: serde would not tell
/// what it reads from what is unknown otherwise.
#[derive(Deserialize, ToSchema)]
struct PatientPerson {
    /// The given name.
    #[serde(default)]
    #[schema(value_type = Name, required = true)]
    first_name: Field<String>,
    /// The family name.
    #[serde(default)]
    #[schema(value_type = Name, required = true)]
    last_name: Field<String>,
    /// The e-mail address.
    #[serde(default)]
    #[schema(value_type = Option<Email>)]
    email: Field<String>,
    /// The telephone number, kept as written.
    #[serde(default)]
    #[schema(value_type = Option<Phone>)]
    phone: Field<String>,
}

/// What a record shows beside its fields.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "nobody reads it")]
struct ShownOfPatient {
    /// Ignored.
    #[serde(default)]
    #[schema(value_type = Value)]
    id: Option<Ignored>,
    /// Ignored.
    #[serde(default)]
    #[schema(value_type = Value)]
    full_name: Option<Ignored>,
    /// Ignored.
    #[serde(default)]
    #[schema(value_type = Value)]
    created_by: Option<Ignored>,
    /// Ignored.
    #[serde(default)]
    #[schema(value_type = Value)]
    user_id: Option<Ignored>,
    /// Ignored.
    #[serde(default)]
    #[schema(value_type = Value)]
    created_at: Option<Ignored>,
    /// Ignored.
    #[serde(default)]
    #[schema(value_type = Value)]
    updated_at: Option<Ignored>,
}

/// The fields of a record that an account does not have.
#[derive(Deserialize, ToSchema)]
pub(in crate::api) struct PatientFields {
    /// The day of birth, not in the future.
    #[serde(default)]
    #[schema(value_type = Option<Date>)]
    date_of_birth: Field<String>,
    /// The gender; `N` says that the person prefers not to say.
    #[serde(default)]
    #[schema(value_type = Option<Gender>)]
    gender: Field<String>,
    /// The blood group.
    #[serde(default)]
    #[schema(value_type = Option<BloodGroup>)]
    blood_group: Field<String>,
    /// What the patient must not be given.
    #[serde(default)]
    #[schema(value_type = Option<ClinicalText>)]
    allergies: Field<String>,
    /// What the patient has had.
    #[serde(default)]
    #[schema(value_type = Option<ClinicalText>)]
    medical_history: Field<String>,
    /// What the patient takes.
    #[serde(default)]
    #[schema(value_type = Option<ClinicalText>)]
    current_medications: Field<String>,
    /// Whom to call.
    #[serde(default)]
    #[schema(value_type = Option<Name>)]
    emergency_contact_name: Field<String>,
    /// Where to call them.
    #[serde(default)]
    #[schema(value_type = Option<Phone>)]
    emergency_contact_phone: Field<String>,
    /// Street and house.
    #[serde(default)]
    #[schema(value_type = Option<Address>)]
    address: Field<String>,
    /// City.
    #[serde(default)]
    #[schema(value_type = Option<Place>)]
    city: Field<String>,
    /// State or region.
    #[serde(default)]
    #[schema(value_type = Option<Place>)]
    state: Field<String>,
    /// Country.
    #[serde(default)]
    #[schema(value_type = Option<Place>)]
    country: Field<String>,
}

impl CreatePatientBody {
    pub(super) fn details(self) -> Result<PatientDetails> {
        let mut errors = FieldErrors::default();
        let details = self.person.read(self.record, &mut errors);
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(details)
    }
}

impl ReplacePatientBody {
    /// Reads the whole: what is not named is taken away.
    pub(super) fn changes(self) -> Result<PatientChanges> {
        let mut errors = FieldErrors::default();
        let details = self.person.read(self.record, &mut errors);
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(details.into())
    }
}

impl ChangePatientBody {
    /// Reads what changes: what is not named stays.
    pub(super) fn changes(self) -> Result<PatientChanges> {
        let mut errors = FieldErrors::default();
        let changes = self.read(&mut errors);
        errors.check()?;
        Ok(changes)
    }

    fn read(self, errors: &mut FieldErrors) -> PatientChanges {
        self.unknown.refuse(errors);
        read!(self, errors => PatientChanges {
            first_name: replace(Name::parse),
            last_name: replace(Name::parse),
            email: change_text(Email::parse),
            phone: change_text(Phone::parse),
            ..self.record.read(errors)
        })
    }
}

impl PatientPerson {
    /// Reads a whole record; what is wrong is added to the errors.
    fn read(self, record: PatientFields, errors: &mut FieldErrors) -> PatientDetails {
        PatientDetails::default().with(read!(self, errors => PatientChanges {
            first_name: begin(Name::parse),
            last_name: begin(Name::parse),
            email: change_text(Email::parse),
            phone: change_text(Phone::parse),
            ..record.read(errors)
        }))
    }
}

impl PatientFields {
    /// Reads what the fields make of a record; what is wrong is added to the errors.
    pub(in crate::api) fn read(self, errors: &mut FieldErrors) -> PatientChanges {
        read!(self, errors => PatientChanges {
            date_of_birth: change(Date::parse),
            gender: change(Gender::parse),
            blood_group: change(BloodGroup::parse),
            allergies: change_text(ClinicalText::parse),
            medical_history: change_text(ClinicalText::parse),
            current_medications: change_text(ClinicalText::parse),
            emergency_contact_name: change_text(Name::parse),
            emergency_contact_phone: change_text(Phone::parse),
            address: change_text(Address::parse),
            city: change_text(Place::parse),
            state: change_text(Place::parse),
            country: change_text(Place::parse),
            ..PatientChanges::default()
        })
    }
}

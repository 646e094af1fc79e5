//! What people see of a patient's record.

use medilink_domain::id::{PatientId, UserId};
use medilink_domain::patient::{BloodGroup, Gender, Patient};
use medilink_domain::text::{ClinicalText, Phone, Place};
use medilink_domain::time::{Date, Timestamp};
use serde::Serialize;

/// A patient in short, as an appointment names them.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PatientBrief {
    /// The id.
    pub id: PatientId,
    /// The given and the family name.
    #[cfg_attr(feature = "schema", schema(example = "Ada Lovelace"))]
    pub full_name: String,
}

impl PatientBrief {
    /// Shows a patient in short.
    pub fn of(patient: &Patient) -> Self {
        Self { id: patient.id, full_name: patient.details.name.full() }
    }
}

/// A patient's record as it is shown.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PatientView {
    /// The id.
    pub id: PatientId,
    /// The user whose own record it is.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub user_id: Option<UserId>,
    /// The user who made the record.
    pub created_by: UserId,
    /// The given and the family name.
    #[cfg_attr(feature = "schema", schema(example = "Ada Lovelace"))]
    pub full_name: String,
    /// The given name.
    #[cfg_attr(feature = "schema", schema(example = "Ada"))]
    pub first_name: String,
    /// The family name.
    #[cfg_attr(feature = "schema", schema(example = "Lovelace"))]
    pub last_name: String,
    /// The e-mail address.
    #[cfg_attr(feature = "schema", schema(required = true, example = "ada@example.com"))]
    pub email: Option<String>,
    /// The telephone number.
    #[cfg_attr(feature = "schema", schema(required = true, example = "+44 20 7946 0000"))]
    pub phone: Option<String>,
    /// The day of birth.
    #[cfg_attr(feature = "schema", schema(required = true, example = "1984-02-29"))]
    pub date_of_birth: Option<Date>,
    /// The gender.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub gender: Option<Gender>,
    /// The blood group.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub blood_group: Option<BloodGroup>,
    /// What the patient must not be given.
    #[cfg_attr(feature = "schema", schema(required = true, example = "Penicillin"))]
    pub allergies: Option<String>,
    /// What the patient has had.
    #[cfg_attr(feature = "schema", schema(required = true, example = "Appendectomy in 2019"))]
    pub medical_history: Option<String>,
    /// What the patient takes.
    #[cfg_attr(feature = "schema", schema(required = true, example = "Aspirin 100 mg"))]
    pub current_medications: Option<String>,
    /// Whom to call.
    #[cfg_attr(feature = "schema", schema(required = true, example = "Annabella Byron"))]
    pub emergency_contact_name: Option<String>,
    /// Where to call them.
    #[cfg_attr(feature = "schema", schema(required = true, example = "+44 20 7946 0001"))]
    pub emergency_contact_phone: Option<String>,
    /// Street and house.
    #[cfg_attr(feature = "schema", schema(required = true, example = "12 St James's Square"))]
    pub address: Option<String>,
    /// City.
    #[cfg_attr(feature = "schema", schema(required = true, example = "London"))]
    pub city: Option<String>,
    /// State or region.
    #[cfg_attr(feature = "schema", schema(required = true, example = "Westminster"))]
    pub state: Option<String>,
    /// Country.
    #[cfg_attr(feature = "schema", schema(required = true, example = "GB"))]
    pub country: Option<String>,
    /// When the record was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts the changes. It is shown as the `ETag` of a single record.
    #[serde(skip)]
    #[cfg_attr(feature = "schema", schema(ignore))]
    pub version: i64,
}

impl PatientView {
    /// Shows a record.
    pub fn of(patient: Patient) -> Self {
        let details = patient.details;
        let clinical = |text: Option<ClinicalText>| text.map(|it| it.disclose().to_owned());
        let place = |text: Option<Place>| text.map(|it| it.disclose().to_owned());
        let phone = |text: Option<Phone>| text.map(|it| it.disclose().to_owned());
        Self {
            id: patient.id,
            user_id: patient.user,
            created_by: patient.created_by,
            full_name: details.name.full(),
            first_name: details.name.first().to_owned(),
            last_name: details.name.last().to_owned(),
            email: details.email.map(|it| it.disclose().to_owned()),
            phone: phone(details.phone),
            date_of_birth: details.date_of_birth,
            gender: details.gender,
            blood_group: details.blood_group,
            allergies: clinical(details.allergies),
            medical_history: clinical(details.medical_history),
            current_medications: clinical(details.current_medications),
            emergency_contact_name: details
                .emergency_contact_name
                .map(|it| it.disclose().to_owned()),
            emergency_contact_phone: phone(details.emergency_contact_phone),
            address: details.address.map(|it| it.disclose().to_owned()),
            city: place(details.city),
            state: place(details.state),
            country: place(details.country),
            created_at: patient.revision.created_at,
            updated_at: patient.revision.updated_at,
            version: patient.revision.version,
        }
    }
}

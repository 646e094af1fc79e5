//! What is sent of a doctor's profile.
//!
//! The parts of a body have no parts of their own: serde would take a field of such a part for an
//! unknown one of the whole.

use std::convert::Infallible;

use medilink_application::Result;
use medilink_application::error::FieldErrors;
use medilink_domain::doctor::{
    BookingMode, DoctorChanges, DoctorProfile, Specialization, YearsOfExperience,
};
use medilink_domain::email::Email;
use medilink_domain::money::Money;
use medilink_domain::text::{
    Biography, LicenseNumber, Name, OrganizationName, Phone, Place, Qualification,
};
use medilink_domain::zone::Zone;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::field::{Field, Ignored, Rest, read};

/// What to send to enter a doctor.
#[derive(Deserialize, ToSchema)]
pub(super) struct CreateDoctorBody {
    #[serde(flatten)]
    name: DoctorName,
    #[serde(flatten)]
    contact: DoctorContact,
    #[serde(flatten)]
    profile: DoctorFields,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

/// What to send to replace a doctor's profile. What else a profile shows may be sent back with it, and
/// is ignored.
#[derive(Deserialize, ToSchema)]
pub(super) struct ReplaceDoctorBody {
    #[serde(flatten)]
    name: DoctorName,
    #[serde(flatten)]
    contact: DoctorContact,
    #[serde(flatten)]
    profile: DoctorFields,
    #[serde(flatten)]
    #[expect(dead_code, reason = "it is told from what is unknown, and not read")]
    shown: ShownOfDoctor,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

/// What to send to change a doctor's profile.
#[derive(Deserialize, ToSchema)]
pub(super) struct ChangeDoctorBody {
    /// The given name, without a title.
    #[serde(default)]
    #[schema(value_type = Name)]
    first_name: Field<String>,
    /// The family name.
    #[serde(default)]
    #[schema(value_type = Name)]
    last_name: Field<String>,
    #[serde(flatten)]
    contact: DoctorContact,
    #[serde(flatten)]
    profile: DoctorFields,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

/// Who a doctor is, which has to be said of a whole profile.
#[derive(Deserialize, ToSchema)]
struct DoctorName {
    /// The given name, without a title.
    #[serde(default)]
    #[schema(value_type = Name, required = true)]
    first_name: Field<String>,
    /// The family name.
    #[serde(default)]
    #[schema(value_type = Name, required = true)]
    last_name: Field<String>,
}

/// How patients reach a doctor.
#[derive(Deserialize, ToSchema)]
struct DoctorContact {
    /// The e-mail address for patients.
    #[serde(default)]
    #[schema(value_type = Option<Email>)]
    email: Field<String>,
    /// The telephone number, kept as written.
    #[serde(default)]
    #[schema(value_type = Option<Phone>)]
    phone: Field<String>,
}

/// What a profile shows beside its fields.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "nobody reads it")]
struct ShownOfDoctor {
    /// Ignored.
    #[serde(default)]
    #[schema(value_type = Value)]
    id: Option<Ignored>,
    /// Ignored.
    #[serde(default)]
    #[schema(value_type = Value)]
    user_id: Option<Ignored>,
    /// Ignored.
    #[serde(default)]
    #[schema(value_type = Value)]
    created_by: Option<Ignored>,
    /// Ignored.
    #[serde(default)]
    #[schema(value_type = Value)]
    display_name: Option<Ignored>,
    /// Ignored.
    #[serde(default)]
    #[schema(value_type = Value)]
    specialization_text: Option<Ignored>,
    /// Ignored.
    #[serde(default)]
    #[schema(value_type = Value)]
    is_verified: Option<Ignored>,
    /// Ignored.
    #[serde(default)]
    #[schema(value_type = Value)]
    created_at: Option<Ignored>,
    /// Ignored.
    #[serde(default)]
    #[schema(value_type = Value)]
    updated_at: Option<Ignored>,
}

/// The fields of a doctor's profile that say nothing of the person.
#[derive(Deserialize, ToSchema)]
pub(in crate::api) struct DoctorFields {
    /// The field of medicine; `general` unless named.
    #[serde(default)]
    #[schema(value_type = Specialization)]
    specialization: Field<String>,
    /// The number of the licence.
    #[serde(default)]
    #[schema(value_type = Option<LicenseNumber>)]
    license_number: Field<String>,
    /// How long they have practised, in years.
    #[serde(default)]
    #[schema(value_type = Option<YearsOfExperience>)]
    years_of_experience: Field<i64>,
    /// What they have learned.
    #[serde(default)]
    #[schema(value_type = Option<Qualification>)]
    qualification: Field<String>,
    /// What they say about themself.
    #[serde(default)]
    #[schema(value_type = Option<Biography>)]
    bio: Field<String>,
    /// What a consultation costs.
    #[serde(default)]
    #[schema(value_type = Option<Money>)]
    consultation_fee: Field<String>,
    /// Whether they take appointments; true unless named.
    #[serde(default)]
    #[schema(value_type = bool)]
    is_available: Field<bool>,
    /// Where they work.
    #[serde(default)]
    #[schema(value_type = Option<OrganizationName>)]
    hospital_name: Field<String>,
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
    /// The IANA zone of their dates and times of day.
    #[serde(default)]
    #[schema(value_type = Zone)]
    time_zone: Field<String>,
    /// How patients and coordinators may book them; `open` unless named.
    #[serde(default)]
    #[schema(value_type = BookingMode)]
    booking: Field<String>,
}

impl CreateDoctorBody {
    /// Reads the profile of a new entry.
    pub(super) fn profile(self, default_zone: &Zone) -> Result<DoctorProfile> {
        let mut errors = FieldErrors::default();
        let fields = self.profile.read(&mut errors);
        let fields = self.name.read(self.contact.read(fields, &mut errors), &mut errors);
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(DoctorProfile::blank(default_zone.clone()).with(fields))
    }
}

impl ReplaceDoctorBody {
    /// Reads what the whole profile is to be.
    pub(super) fn changes(self, default_zone: &Zone) -> Result<DoctorChanges> {
        let mut errors = FieldErrors::default();
        let fields = self.profile.read(&mut errors);
        let fields = self.name.read(self.contact.read(fields, &mut errors), &mut errors);
        self.unknown.refuse(&mut errors);
        errors.check()?;
        let profile = DoctorProfile::blank(default_zone.clone()).with(fields);
        Ok(DoctorChanges::replacing(profile))
    }
}

impl ChangeDoctorBody {
    /// Reads what is to change.
    pub(super) fn changes(self) -> Result<DoctorChanges> {
        let mut errors = FieldErrors::default();
        let changes = self.read(&mut errors);
        errors.check()?;
        Ok(changes)
    }

    fn read(self, errors: &mut FieldErrors) -> DoctorChanges {
        self.unknown.refuse(errors);
        read!(self, errors => DoctorChanges {
            first_name: replace(Name::parse),
            last_name: replace(Name::parse),
            ..self.contact.read(self.profile.read(errors), errors)
        })
    }
}

impl DoctorName {
    /// Reads the name, beside what else changes.
    fn read(self, others: DoctorChanges, errors: &mut FieldErrors) -> DoctorChanges {
        read!(self, errors => DoctorChanges {
            first_name: begin(Name::parse),
            last_name: begin(Name::parse),
            ..others
        })
    }
}

impl DoctorContact {
    /// Reads how a doctor is reached, beside what else changes.
    fn read(self, others: DoctorChanges, errors: &mut FieldErrors) -> DoctorChanges {
        read!(self, errors => DoctorChanges {
            email: change_text(Email::parse),
            phone: change_text(Phone::parse),
            ..others
        })
    }
}

impl DoctorFields {
    /// Reads what the fields make of a profile; what is wrong is added to the errors.
    pub(in crate::api) fn read(self, errors: &mut FieldErrors) -> DoctorChanges {
        read!(self, errors => DoctorChanges {
            specialization: replace(Specialization::parse),
            license_number: change_text(LicenseNumber::parse),
            years_of_experience: change(YearsOfExperience::new),
            qualification: change_text(Qualification::parse),
            bio: change_text(Biography::parse),
            consultation_fee: change(Money::parse),
            is_available: replace(Ok::<_, Infallible>),
            hospital_name: change_text(OrganizationName::parse),
            city: change_text(Place::parse),
            state: change_text(Place::parse),
            country: change_text(Place::parse),
            time_zone: replace(Zone::parse),
            booking: replace(BookingMode::parse),
            ..DoctorChanges::default()
        })
    }
}

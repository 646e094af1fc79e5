//! What people see of a doctor.

use medilink_domain::doctor::{
    BookingMode, BookingTerms, Doctor, Specialization, YearsOfExperience, display_name,
};
use medilink_domain::id::{DoctorId, UserId};
use medilink_domain::text::Place;
use medilink_domain::time::Timestamp;
use serde::Serialize;

/// A doctor in short, as an appointment names them.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DoctorBrief {
    /// The id.
    pub id: DoctorId,
    /// The name with its title.
    #[cfg_attr(feature = "schema", schema(example = "Dr. Emily Chen"))]
    pub display_name: String,
}

impl DoctorBrief {
    /// Shows a doctor in short.
    pub fn of(doctor: &Doctor) -> Self {
        Self { id: doctor.id, display_name: display_name(&doctor.profile.name) }
    }
}

/// A doctor as the directory shows them.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DoctorView {
    /// The id.
    pub id: DoctorId,
    /// The user who signs in as this doctor.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub user_id: Option<UserId>,
    /// The user who entered the doctor; null for those who registered. Nobody learns from the id who
    /// that is, but whoever entered a doctor sees that it was them.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub created_by: Option<UserId>,
    /// The name with its title.
    #[cfg_attr(feature = "schema", schema(example = "Dr. Emily Chen"))]
    pub display_name: String,
    /// The given name.
    #[cfg_attr(feature = "schema", schema(example = "Emily"))]
    pub first_name: String,
    /// The family name.
    #[cfg_attr(feature = "schema", schema(example = "Chen"))]
    pub last_name: String,
    /// The e-mail address.
    #[cfg_attr(feature = "schema", schema(required = true, example = "chen@example.com"))]
    pub email: Option<String>,
    /// The telephone number.
    #[cfg_attr(feature = "schema", schema(required = true, example = "+49 30 123456"))]
    pub phone: Option<String>,
    /// The field of medicine.
    pub specialization: Specialization,
    /// The field in the doctor's own words.
    #[cfg_attr(feature = "schema", schema(required = true, example = "Sports medicine"))]
    pub specialization_text: Option<String>,
    /// The number of the licence.
    #[cfg_attr(feature = "schema", schema(required = true, example = "DE-12345"))]
    pub license_number: Option<String>,
    /// How many years they have practised.
    #[cfg_attr(feature = "schema", schema(required = true, example = 12))]
    pub years_of_experience: Option<i32>,
    /// What they have learned.
    #[cfg_attr(feature = "schema", schema(required = true, example = "MD, FACC"))]
    pub qualification: Option<String>,
    /// What they say about themself.
    #[cfg_attr(
        feature = "schema",
        schema(required = true, example = "Has practised in three countries.")
    )]
    pub bio: Option<String>,
    /// What a consultation costs.
    #[cfg_attr(feature = "schema", schema(required = true, example = "250.00"))]
    pub consultation_fee: Option<String>,
    /// Whether they take appointments at present.
    pub is_available: bool,
    /// Whether an admin has checked the licence.
    pub is_verified: bool,
    /// Where they work.
    #[cfg_attr(feature = "schema", schema(required = true, example = "Charité"))]
    pub hospital_name: Option<String>,
    /// City.
    #[cfg_attr(feature = "schema", schema(required = true, example = "Berlin"))]
    pub city: Option<String>,
    /// State or region.
    #[cfg_attr(feature = "schema", schema(required = true, example = "Berlin"))]
    pub state: Option<String>,
    /// Country.
    #[cfg_attr(feature = "schema", schema(required = true, example = "DE"))]
    pub country: Option<String>,
    /// The zone of their dates and times of day.
    #[cfg_attr(feature = "schema", schema(example = "Europe/Berlin"))]
    pub time_zone: String,
    /// How patients and coordinators may book them.
    pub booking: BookingMode,
    /// When the doctor was entered.
    pub created_at: Timestamp,
    /// When anything here last changed.
    pub updated_at: Timestamp,
    /// Counts the changes. It is shown as the `ETag` of a single doctor.
    #[serde(skip)]
    #[cfg_attr(feature = "schema", schema(ignore))]
    pub version: i64,
}

impl DoctorView {
    /// Returns what it says about being booked.
    pub const fn terms(&self) -> BookingTerms {
        BookingTerms { is_available: self.is_available, booking: self.booking }
    }

    /// Shows a doctor.
    pub fn of(doctor: Doctor) -> Self {
        let Doctor { id, profile, is_verified, user, created_by, archived_at: _, revision } =
            doctor;
        let place = |text: Option<Place>| text.map(|it| it.disclose().to_owned());
        Self {
            id,
            user_id: user,
            created_by,
            display_name: display_name(&profile.name),
            first_name: profile.name.first().to_owned(),
            last_name: profile.name.last().to_owned(),
            email: profile.email.map(|it| it.disclose().to_owned()),
            phone: profile.phone.map(|it| it.disclose().to_owned()),
            specialization: profile.specialization,
            specialization_text: profile.specialization_text.map(|it| it.disclose().to_owned()),
            license_number: profile.license_number.map(|it| it.disclose().to_owned()),
            years_of_experience: profile.years_of_experience.map(YearsOfExperience::years),
            qualification: profile.qualification.map(|it| it.disclose().to_owned()),
            bio: profile.bio.map(|it| it.disclose().to_owned()),
            consultation_fee: profile.consultation_fee.map(|fee| fee.to_string()),
            is_available: profile.is_available,
            is_verified,
            hospital_name: profile.hospital_name.map(|it| it.disclose().to_owned()),
            city: place(profile.city),
            state: place(profile.state),
            country: place(profile.country),
            time_zone: profile.time_zone.name().to_owned(),
            booking: profile.booking,
            created_at: revision.created_at,
            updated_at: revision.updated_at,
            version: revision.version,
        }
    }
}

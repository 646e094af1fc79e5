//! What people see of a user.

use medilink_domain::id::{DoctorId, PatientId, PharmacyId, UserId};
use medilink_domain::time::Timestamp;
use medilink_domain::user::{Role, User, UserStatus};
use serde::Serialize;

/// A user as it is shown.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct UserView {
    /// The id.
    pub id: UserId,
    /// The name to sign in with.
    #[cfg_attr(feature = "schema", schema(example = "ada"))]
    pub username: String,
    /// The address to sign in with.
    #[cfg_attr(feature = "schema", schema(example = "ada@example.com"))]
    pub email: String,
    /// The given and the family name.
    #[cfg_attr(feature = "schema", schema(example = "Ada Lovelace"))]
    pub name: String,
    /// The given name.
    #[cfg_attr(feature = "schema", schema(example = "Ada"))]
    pub first_name: String,
    /// The family name.
    #[cfg_attr(feature = "schema", schema(example = "Lovelace"))]
    pub last_name: String,
    /// How to reach them.
    #[cfg_attr(feature = "schema", schema(required = true, example = "+44 20 7946 0000"))]
    pub phone: Option<String>,
    /// What they are here.
    pub role: Role,
    /// Whether they may act.
    pub status: UserStatus,
    /// The doctor whom they sign in as.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub doctor_id: Option<DoctorId>,
    /// The patient whose record is their own.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub patient_id: Option<PatientId>,
    /// The pharmacy that they sign in for.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub pharmacy_id: Option<PharmacyId>,
    /// When they were registered.
    pub created_at: Timestamp,
    /// Counts the changes. It is shown as the `ETag` of a single user.
    #[serde(skip)]
    #[cfg_attr(feature = "schema", schema(ignore))]
    pub version: i64,
}

/// Which profile is a user's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OwnProfile {
    /// The doctor whom they sign in as.
    pub doctor: Option<DoctorId>,
    /// The patient whose record is their own.
    pub patient: Option<PatientId>,
    /// The pharmacy that they sign in for.
    pub pharmacy: Option<PharmacyId>,
}

impl UserView {
    /// Shows a user.
    pub fn of(user: User, profile: OwnProfile) -> Self {
        Self {
            id: user.id,
            username: user.username.as_str().to_owned(),
            email: user.email.disclose().to_owned(),
            name: user.name.full(),
            first_name: user.name.first().to_owned(),
            last_name: user.name.last().to_owned(),
            phone: user.phone.map(|it| it.disclose().to_owned()),
            role: user.role,
            status: user.status,
            doctor_id: profile.doctor,
            patient_id: profile.patient,
            pharmacy_id: profile.pharmacy,
            created_at: user.revision.created_at,
            version: user.revision.version,
        }
    }
}

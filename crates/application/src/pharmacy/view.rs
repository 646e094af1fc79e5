//! What people see of a pharmacy.

use medilink_domain::id::{PharmacyId, UserId};
use medilink_domain::pharmacy::Pharmacy;
use medilink_domain::text::Place;
use medilink_domain::time::Timestamp;
use serde::Serialize;

/// A pharmacy as the directory shows it.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PharmacyView {
    /// The id.
    pub id: PharmacyId,
    /// The user who signs in for the pharmacy; null for one that an administrator has entered.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub user_id: Option<UserId>,
    /// The name over the door; null until the profile is completed.
    #[cfg_attr(feature = "schema", schema(required = true, example = "At the Corner"))]
    pub name: Option<String>,
    /// The number of the licence.
    #[cfg_attr(feature = "schema", schema(required = true, example = "DE-12345"))]
    pub license_number: Option<String>,
    /// The e-mail address.
    #[cfg_attr(feature = "schema", schema(required = true, example = "corner@example.com"))]
    pub email: Option<String>,
    /// The telephone number.
    #[cfg_attr(feature = "schema", schema(required = true, example = "+49 30 123456"))]
    pub phone: Option<String>,
    /// Whether an admin has checked the licence.
    pub is_verified: bool,
    /// Street and house.
    #[cfg_attr(feature = "schema", schema(required = true, example = "Invalidenstraße 1"))]
    pub address: Option<String>,
    /// City.
    #[cfg_attr(feature = "schema", schema(required = true, example = "Berlin"))]
    pub city: Option<String>,
    /// State or region.
    #[cfg_attr(feature = "schema", schema(required = true, example = "Berlin"))]
    pub state: Option<String>,
    /// Country.
    #[cfg_attr(feature = "schema", schema(required = true, example = "DE"))]
    pub country: Option<String>,
    /// When the pharmacy was entered.
    pub created_at: Timestamp,
    /// When anything here last changed.
    pub updated_at: Timestamp,
    /// Counts the changes. It is shown as the `ETag` of a single pharmacy.
    #[serde(skip)]
    #[cfg_attr(feature = "schema", schema(ignore))]
    pub version: i64,
}

impl PharmacyView {
    /// Shows a pharmacy.
    pub fn of(pharmacy: Pharmacy) -> Self {
        let Pharmacy { id, profile, is_verified, user, revision } = pharmacy;
        let place = |text: Option<Place>| text.map(|it| it.disclose().to_owned());
        Self {
            id,
            user_id: user,
            name: profile.name.map(|it| it.disclose().to_owned()),
            license_number: profile.license_number.map(|it| it.disclose().to_owned()),
            email: profile.email.map(|it| it.disclose().to_owned()),
            phone: profile.phone.map(|it| it.disclose().to_owned()),
            is_verified,
            address: profile.address.map(|it| it.disclose().to_owned()),
            city: place(profile.city),
            state: place(profile.state),
            country: place(profile.country),
            created_at: revision.created_at,
            updated_at: revision.updated_at,
            version: revision.version,
        }
    }
}

//! Pharmacies over HTTP.

use medilink_application::error::FieldErrors;
use medilink_domain::pharmacy::PharmacyChanges;
use medilink_domain::text::{Address, LicenseNumber, OrganizationName, Place};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::field::{Field, read};

/// The fields of a pharmacy's profile that say nothing of the account.
#[derive(Deserialize, ToSchema)]
pub(super) struct PharmacyFields {
    /// The name over the door.
    #[serde(default)]
    #[schema(value_type = Option<OrganizationName>)]
    name: Field<String>,
    /// The number of the licence.
    #[serde(default)]
    #[schema(value_type = Option<LicenseNumber>)]
    license_number: Field<String>,
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

impl PharmacyFields {
    /// Reads what the fields make of a profile; what is wrong is added to the errors.
    pub(super) fn read(self, errors: &mut FieldErrors) -> PharmacyChanges {
        read!(self, errors => PharmacyChanges {
            name: change_text(OrganizationName::parse),
            license_number: change_text(LicenseNumber::parse),
            address: change_text(Address::parse),
            city: change_text(Place::parse),
            state: change_text(Place::parse),
            country: change_text(Place::parse),
            ..PharmacyChanges::default()
        })
    }
}

//! What is sent of a pharmacy's profile.
//!
//! The parts of a body have no parts of their own: serde would take a field of such a part for an
//! unknown one of the whole.

use medilink_application::Result;
use medilink_application::error::FieldErrors;
use medilink_domain::change::Change;
use medilink_domain::email::Email;
use medilink_domain::pharmacy::{PharmacyChanges, PharmacyProfile};
use medilink_domain::text::{Address, LicenseNumber, OrganizationName, Phone, Place};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::field::{Field, Ignored, Rest, read};

/// What to send to enter a pharmacy.
#[derive(Deserialize, ToSchema)]
pub(super) struct CreatePharmacyBody {
    /// The name over the door.
    #[serde(default)]
    #[schema(value_type = OrganizationName, required = true)]
    name: Field<String>,
    #[serde(flatten)]
    details: PharmacyDetails,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

/// What to send to replace a pharmacy's profile. What else a profile shows may be sent back with it,
/// and is ignored.
#[derive(Deserialize, ToSchema)]
pub(super) struct ReplacePharmacyBody {
    /// The name over the door.
    #[serde(default)]
    #[schema(value_type = OrganizationName, required = true)]
    name: Field<String>,
    #[serde(flatten)]
    details: PharmacyDetails,
    #[serde(flatten)]
    #[expect(dead_code, reason = "it is told from what is unknown, and not read")]
    shown: ShownOfPharmacy,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

/// What to send to change a pharmacy's profile.
#[derive(Deserialize, ToSchema)]
pub(super) struct ChangePharmacyBody {
    /// The name over the door.
    #[serde(default)]
    #[schema(value_type = OrganizationName)]
    name: Field<String>,
    #[serde(flatten)]
    details: PharmacyDetails,
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Rest,
}

/// What a profile says beside the name.
#[derive(Deserialize, ToSchema)]
struct PharmacyDetails {
    /// The number of the licence.
    #[serde(default)]
    #[schema(value_type = Option<LicenseNumber>)]
    license_number: Field<String>,
    /// The e-mail address.
    #[serde(default)]
    #[schema(value_type = Option<Email>)]
    email: Field<String>,
    /// The telephone number, kept as written.
    #[serde(default)]
    #[schema(value_type = Option<Phone>)]
    phone: Field<String>,
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

/// What a profile shows beside its fields.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "nobody reads it")]
struct ShownOfPharmacy {
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

/// The fields of a profile that somebody registers with; the account says how it is reached. They
/// repeat the details, since a registration is itself made of parts.
#[derive(Deserialize, ToSchema)]
pub(in crate::api) struct PharmacyFields {
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

impl CreatePharmacyBody {
    /// Reads the profile of a new entry.
    pub(super) fn profile(self) -> Result<PharmacyProfile> {
        let mut errors = FieldErrors::default();
        let name = read!(self.name.begin(&mut errors, OrganizationName::parse));
        let fields = self.details.read(name, &mut errors);
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(PharmacyProfile::default().with(fields))
    }
}

impl ReplacePharmacyBody {
    /// Reads what the whole profile is to be.
    pub(super) fn changes(self) -> Result<PharmacyChanges> {
        let mut errors = FieldErrors::default();
        let name = read!(self.name.begin(&mut errors, OrganizationName::parse));
        let fields = self.details.read(name, &mut errors);
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(PharmacyChanges::replacing(PharmacyProfile::default().with(fields)))
    }
}

impl ChangePharmacyBody {
    /// Reads what is to change.
    pub(super) fn changes(self) -> Result<PharmacyChanges> {
        let mut errors = FieldErrors::default();
        let name = read!(self.name.replace(&mut errors, OrganizationName::parse));
        let changes = self.details.read(name, &mut errors);
        self.unknown.refuse(&mut errors);
        errors.check()?;
        Ok(changes)
    }
}

impl PharmacyDetails {
    /// Reads what becomes of everything, beside the name.
    fn read(self, name: Change<OrganizationName>, errors: &mut FieldErrors) -> PharmacyChanges {
        read!(self, errors => PharmacyChanges {
            license_number: change_text(LicenseNumber::parse),
            email: change_text(Email::parse),
            phone: change_text(Phone::parse),
            address: change_text(Address::parse),
            city: change_text(Place::parse),
            state: change_text(Place::parse),
            country: change_text(Place::parse),
            ..PharmacyChanges { name, ..PharmacyChanges::default() }
        })
    }
}

impl PharmacyFields {
    /// Reads what the fields make of a profile; what is wrong is added to the errors.
    pub(in crate::api) fn read(self, errors: &mut FieldErrors) -> PharmacyChanges {
        let name = read!(self.name.text(errors, OrganizationName::parse));
        let name = name.map_or(Change::Keep, Change::Set);
        read!(self, errors => PharmacyChanges {
            license_number: change_text(LicenseNumber::parse),
            address: change_text(Address::parse),
            city: change_text(Place::parse),
            state: change_text(Place::parse),
            country: change_text(Place::parse),
            ..PharmacyChanges { name, ..PharmacyChanges::default() }
        })
    }
}

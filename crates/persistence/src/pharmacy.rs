//! Pharmacies in the database.

use async_trait::async_trait;
use medilink_application::error::StoreError;
use medilink_application::pharmacy::PharmacyRepository;
use medilink_domain::email::Email;
use medilink_domain::id::{PharmacyId, UserId};
use medilink_domain::pharmacy::{Pharmacy, PharmacyProfile};
use medilink_domain::record::{Concept, Record};
use medilink_domain::text::{Address, LicenseNumber, OrganizationName, Phone, Place};
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, Set};

use crate::entity::pharmacy;
use crate::error::store_error;
use crate::stored::{Broken, Stored, one, optional, revision};
use crate::unit_of_work::SeaOrmUnitOfWork;

#[async_trait]
impl PharmacyRepository for SeaOrmUnitOfWork {
    async fn lock_of(&mut self, user: UserId) -> Result<Option<Pharmacy>, StoreError> {
        let locked = pharmacy::Entity::find()
            .filter(pharmacy::Column::UserId.eq(user.as_uuid()))
            .lock(LockType::NoKeyUpdate);
        one(locked, &self.transaction).await
    }

    async fn is_license_taken(&mut self, number: &LicenseNumber) -> Result<bool, StoreError> {
        let holders = pharmacy::Entity::find()
            .filter(pharmacy::Column::LicenseNumber.eq(number.disclose()))
            // Bare, as the partial index has it; a parameter would not be known to match it.
            .filter(Expr::col(pharmacy::Column::IsVerified))
            .count(&self.transaction)
            .await
            .map_err(store_error)?;
        Ok(0 < holders)
    }

    async fn insert(&mut self, pharmacy: &Pharmacy) -> Result<(), StoreError> {
        self.add(row(pharmacy)).await
    }

    async fn update(&mut self, pharmacy: &Pharmacy) -> Result<(), StoreError> {
        use pharmacy::Column;

        self.replace(
            Concept::Pharmacy,
            [Column::Id, Column::Version],
            pharmacy.id.as_uuid(),
            pharmacy.revision,
            row(pharmacy),
        )
        .await
    }
}

fn row(pharmacy: &Pharmacy) -> pharmacy::ActiveModel {
    let Pharmacy { id, profile, is_verified, user, revision } = pharmacy;
    let place = |text: &Option<Place>| text.as_ref().map(|it| it.disclose().to_owned());
    pharmacy::ActiveModel {
        id: Set(id.as_uuid()),
        user_id: Set(user.map(UserId::as_uuid)),
        name: Set(profile.name.as_ref().map(|it| it.disclose().to_owned())),
        license_number: Set(profile.license_number.as_ref().map(|it| it.disclose().to_owned())),
        email: Set(profile.email.as_ref().map(|it| it.disclose().to_owned())),
        phone: Set(profile.phone.as_ref().map(|it| it.disclose().to_owned())),
        address: Set(profile.address.as_ref().map(|it| it.disclose().to_owned())),
        city: Set(place(&profile.city)),
        state: Set(place(&profile.state)),
        country: Set(place(&profile.country)),
        is_verified: Set(*is_verified),
        created_at: Set(revision.created_at.as_utc()),
        updated_at: Set(revision.updated_at.as_utc()),
        version: Set(revision.version),
    }
}

impl Stored for pharmacy::Model {
    type Held = Pharmacy;

    fn record(&self) -> Record {
        PharmacyId::new(self.id).into()
    }

    fn restore(&self) -> Result<Pharmacy, Broken> {
        let profile = PharmacyProfile {
            name: optional(self.name.as_deref(), OrganizationName::parse)?,
            license_number: optional(self.license_number.as_deref(), LicenseNumber::parse)?,
            email: optional(self.email.as_deref(), Email::parse)?,
            phone: optional(self.phone.as_deref(), Phone::parse)?,
            address: optional(self.address.as_deref(), Address::parse)?,
            city: optional(self.city.as_deref(), Place::parse)?,
            state: optional(self.state.as_deref(), Place::parse)?,
            country: optional(self.country.as_deref(), Place::parse)?,
        };
        Ok(Pharmacy {
            id: PharmacyId::new(self.id),
            profile,
            is_verified: self.is_verified,
            user: self.user_id.map(UserId::new),
            revision: revision(self.created_at, self.updated_at, self.version)?,
        })
    }
}

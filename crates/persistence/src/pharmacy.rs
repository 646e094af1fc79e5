//! Pharmacies in the database.

use async_trait::async_trait;
use medilink_application::error::StoreError;
use medilink_application::pharmacy::PharmacyRepository;
use medilink_domain::id::{PharmacyId, UserId};
use medilink_domain::pharmacy::{Pharmacy, PharmacyProfile};
use medilink_domain::record::Concept;
use medilink_domain::text::{Address, LicenseNumber, OrganizationName, Phone, Place};
use medilink_domain::time::Timestamp;
use medilink_domain::user::Email;
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, Set, Unchanged};

use crate::entity::pharmacy;
use crate::error::store_error;
use crate::restore::{Broken, optional};
use crate::unit_of_work::SeaOrmUnitOfWork;

#[async_trait]
impl PharmacyRepository for SeaOrmUnitOfWork {
    async fn lock_of(&mut self, user: UserId) -> Result<Option<Pharmacy>, StoreError> {
        let found = pharmacy::Entity::find()
            .filter(pharmacy::Column::UserId.eq(user.as_uuid()))
            .lock(LockType::NoKeyUpdate)
            .one(&self.transaction)
            .await
            .map_err(store_error)?;
        let Some(row) = found else { return Ok(None) };
        let record = PharmacyId::new(row.id).into();
        restore(&row).map(Some).map_err(|Broken| StoreError::Corrupt(record))
    }

    async fn is_licensed(&mut self, number: &LicenseNumber) -> Result<bool, StoreError> {
        let licensed = pharmacy::Entity::find()
            .filter(pharmacy::Column::LicenseNumber.eq(number.disclose()))
            .filter(pharmacy::Column::IsVerified.eq(true))
            .count(&self.transaction)
            .await
            .map_err(store_error)?;
        Ok(0 < licensed)
    }

    async fn insert(&mut self, pharmacy: &Pharmacy) -> Result<(), StoreError> {
        pharmacy::Entity::insert(row(pharmacy))
            .exec_without_returning(&self.transaction)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn update(&mut self, pharmacy: &Pharmacy) -> Result<(), StoreError> {
        let id = pharmacy.id.as_uuid();
        let updated = pharmacy::Entity::update_many()
            .set(pharmacy::ActiveModel { id: Unchanged(id), ..row(pharmacy) })
            .filter(pharmacy::Column::Id.eq(id))
            .filter(pharmacy::Column::Version.eq(pharmacy.version - 1))
            .exec(&self.transaction)
            .await
            .map_err(store_error)?;
        if updated.rows_affected == 0 { Err(StoreError::Stale(Concept::Pharmacy)) } else { Ok(()) }
    }
}

fn row(pharmacy: &Pharmacy) -> pharmacy::ActiveModel {
    let Pharmacy { id, profile, is_verified, user, created_at, updated_at, version } = pharmacy;
    let place = |text: &Option<Place>| text.as_ref().map(|it| it.disclose().to_owned());
    pharmacy::ActiveModel {
        id: Set(id.as_uuid()),
        user_id: Set(user.map(UserId::as_uuid)),
        name: Set(profile.name.as_ref().map(|it| it.disclose().to_owned())),
        license_number: Set(profile.license_number.as_ref().map(|it| it.disclose().to_owned())),
        email: Set(profile.email.as_ref().map(|it| it.as_str().to_owned())),
        phone: Set(profile.phone.as_ref().map(|it| it.disclose().to_owned())),
        address: Set(profile.address.as_ref().map(|it| it.disclose().to_owned())),
        city: Set(place(&profile.city)),
        state: Set(place(&profile.state)),
        country: Set(place(&profile.country)),
        is_verified: Set(*is_verified),
        created_at: Set(created_at.as_utc()),
        updated_at: Set(updated_at.as_utc()),
        version: Set(*version),
    }
}

fn restore(row: &pharmacy::Model) -> Result<Pharmacy, Broken> {
    let profile = PharmacyProfile {
        name: optional(row.name.as_deref(), OrganizationName::parse)?,
        license_number: optional(row.license_number.as_deref(), LicenseNumber::parse)?,
        email: optional(row.email.as_deref(), Email::parse)?,
        phone: optional(row.phone.as_deref(), Phone::parse)?,
        address: optional(row.address.as_deref(), Address::parse)?,
        city: optional(row.city.as_deref(), Place::parse)?,
        state: optional(row.state.as_deref(), Place::parse)?,
        country: optional(row.country.as_deref(), Place::parse)?,
    };
    Ok(Pharmacy {
        id: PharmacyId::new(row.id),
        profile,
        is_verified: row.is_verified,
        user: row.user_id.map(UserId::new),
        created_at: Timestamp::new(row.created_at)?,
        updated_at: Timestamp::new(row.updated_at)?,
        version: row.version,
    })
}

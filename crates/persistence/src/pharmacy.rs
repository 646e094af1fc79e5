//! Pharmacies in the database.

use std::collections::BTreeSet;

use async_trait::async_trait;
use medilink_application::error::StoreError;
use medilink_application::page::{Found, Position, Stretch};
use medilink_application::pharmacy::{
    PharmacyFilter, PharmacyQueries, PharmacyRepository, PharmacyView,
};
use medilink_domain::email::Email;
use medilink_domain::id::{PharmacyId, UserId};
use medilink_domain::pharmacy::{Pharmacy, PharmacyProfile};
use medilink_domain::record::{Concept, Record};
use medilink_domain::text::{
    Address, LicenseNumber, OrganizationName, Phone, Place, sort_key, words,
};
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, Select, Set};

use crate::entity::{pharmacy, pharmacy_word};
use crate::page;
use crate::search::Looked;
use crate::store::SeaOrmQueries;
use crate::stored::{Broken, Stored, any, one, optional, restored, revision};
use crate::transaction::Connection;
use crate::unit_of_work::SeaOrmUnitOfWork;

#[async_trait]
impl PharmacyRepository for SeaOrmUnitOfWork {
    async fn find(&mut self, id: PharmacyId) -> Result<Option<Pharmacy>, StoreError> {
        one(pharmacy::Entity::find_by_id(id.as_uuid()), &self.transaction).await
    }

    async fn lock(&mut self, id: PharmacyId) -> Result<Option<Pharmacy>, StoreError> {
        let locked = pharmacy::Entity::find_by_id(id.as_uuid()).lock(LockType::NoKeyUpdate);
        one(locked, &self.transaction).await
    }

    async fn lock_of(&mut self, user: UserId) -> Result<Option<Pharmacy>, StoreError> {
        let locked = pharmacy::Entity::find()
            .filter(pharmacy::Column::UserId.eq(user.as_uuid()))
            .lock(LockType::NoKeyUpdate);
        one(locked, &self.transaction).await
    }

    async fn lock_entry(&mut self, number: &LicenseNumber) -> Result<Option<Pharmacy>, StoreError> {
        let entry = licensed(number, None)
            .filter(pharmacy::Column::UserId.is_null())
            .filter(pharmacy::Column::IsVerified.eq(false));
        one(entry.lock(LockType::NoKeyUpdate), &self.transaction).await
    }

    async fn is_license_taken(
        &mut self,
        number: &LicenseNumber,
        except: Option<PharmacyId>,
    ) -> Result<bool, StoreError> {
        // Bare, as the partial index has it; a parameter would not be known to match it.
        let holders = licensed(number, except).filter(Expr::col(pharmacy::Column::IsVerified));
        any(holders, &self.transaction).await
    }

    async fn is_license_entered(
        &mut self,
        number: &LicenseNumber,
        except: Option<PharmacyId>,
    ) -> Result<bool, StoreError> {
        let entries = licensed(number, except).filter(pharmacy::Column::UserId.is_null());
        any(entries, &self.transaction).await
    }

    async fn insert(&mut self, pharmacy: &Pharmacy) -> Result<(), StoreError> {
        self.add(row(pharmacy)).await?;
        let words = search_words(&pharmacy.profile);
        self.add_words::<pharmacy_word::Entity>(pharmacy.id.as_uuid(), words).await
    }

    async fn update(&mut self, pharmacy: &Pharmacy) -> Result<(), StoreError> {
        use pharmacy::Column;

        let id = pharmacy.id.as_uuid();
        let columns = [Column::Id, Column::Version];
        self.replace(Concept::Pharmacy, columns, id, pharmacy.revision, row(pharmacy)).await?;
        self.replace_words::<pharmacy_word::Entity>(id, search_words(&pharmacy.profile)).await
    }

    async fn delete(&mut self, id: PharmacyId) -> Result<(), StoreError> {
        let delete = pharmacy::Entity::delete_many().filter(pharmacy::Column::Id.eq(id.as_uuid()));
        self.transaction.execute(delete).await?;
        Ok(())
    }
}

#[async_trait]
impl PharmacyQueries for SeaOrmQueries {
    async fn find(&self, id: PharmacyId) -> Result<Option<PharmacyView>, StoreError> {
        let pharmacy = one(pharmacy::Entity::find_by_id(id.as_uuid()), &self.0).await?;
        Ok(pharmacy.map(PharmacyView::of))
    }

    async fn list(
        &self,
        filter: &PharmacyFilter,
        stretch: &Stretch,
    ) -> Result<Found<PharmacyView>, StoreError> {
        let looked = Looked::up::<pharmacy_word::Entity>(filter.search.as_ref(), &self.0).await?;
        let id = (pharmacy::Entity, pharmacy::Column::Id);
        let total = page::total(&self.0, &select(filter, &looked), id, stretch).await?;
        let page = page_of(filter, &looked, stretch);
        let rows: Vec<pharmacy::Model> = self.0.rows(page).await?;
        let found = page::found(rows, stretch, total, |last| Position {
            key: last.sort_name.clone(),
            id: last.id,
        });
        found.try_map(|row| restored(&row).map(PharmacyView::of))
    }
}

/// Selects the pharmacies that have a licence number, but for one.
fn licensed(number: &LicenseNumber, except: Option<PharmacyId>) -> Select<pharmacy::Entity> {
    use pharmacy::Column;

    let others = except.map(|id| Column::Id.ne(id.as_uuid()));
    pharmacy::Entity::find()
        .filter(Column::LicenseNumber.eq(number.disclose()))
        .filter(others.into_iter().fold(Condition::all(), Condition::add))
}

/// Selects what a list should show.
pub(crate) fn select(filter: &PharmacyFilter, looked: &Looked<'_>) -> Select<pharmacy::Entity> {
    let found = looked.gathered::<pharmacy_word::Entity>(pharmacy::Column::Id);
    pharmacy::Entity::find().filter(narrowed(filter)).filter(found)
}

/// Selects a stretch of it, by name.
pub(crate) fn page_of(
    filter: &PharmacyFilter,
    looked: &Looked<'_>,
    stretch: &Stretch,
) -> Select<pharmacy::Entity> {
    use pharmacy::Column;

    let found = looked.found::<pharmacy_word::Entity>(Column::Id);
    let select = pharmacy::Entity::find().filter(narrowed(filter)).filter(found);
    page::by_name(select, [Column::SortName, Column::Id], looked.is_gathered(), stretch)
}

/// Says in SQL what a list is narrowed by, but for words.
fn narrowed(filter: &PharmacyFilter) -> Condition {
    use pharmacy::Column;

    let PharmacyFilter { search: _, city, verified } = filter;
    let mut conditions = Condition::all();
    if let Some(city) = city {
        conditions = conditions.add(Column::CityKey.eq(sort_key(city.disclose())));
    }
    if let Some(verified) = verified {
        conditions = conditions.add(Column::IsVerified.eq(*verified));
    }
    conditions
}

/// Everything that a pharmacy is searched by.
fn search_words(profile: &PharmacyProfile) -> BTreeSet<String> {
    let name = profile.name.as_ref().map_or("", OrganizationName::disclose);
    let city = profile.city.as_ref().map_or("", Place::disclose);
    words(&format!("{name} {city}"))
}

fn row(pharmacy: &Pharmacy) -> pharmacy::ActiveModel {
    let Pharmacy { id, profile, is_verified, user, revision } = pharmacy;
    let place = |text: &Option<Place>| text.as_ref().map(|it| it.disclose().to_owned());
    pharmacy::ActiveModel {
        id: Set(id.as_uuid()),
        user_id: Set(user.map(UserId::as_uuid)),
        name: Set(profile.name.as_ref().map(|it| it.disclose().to_owned())),
        sort_name: Set(profile.name.as_ref().map(|it| sort_key(it.disclose())).unwrap_or_default()),
        license_number: Set(profile.license_number.as_ref().map(|it| it.disclose().to_owned())),
        email: Set(profile.email.as_ref().map(|it| it.disclose().to_owned())),
        phone: Set(profile.phone.as_ref().map(|it| it.disclose().to_owned())),
        address: Set(profile.address.as_ref().map(|it| it.disclose().to_owned())),
        city: Set(place(&profile.city)),
        city_key: Set(profile.city.as_ref().map(|it| sort_key(it.disclose()))),
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

//! Doctors in the database.

use std::collections::BTreeSet;

use async_trait::async_trait;
use medilink_application::doctor::{DoctorFilter, DoctorQueries, DoctorRepository, DoctorView};
use medilink_application::error::StoreError;
use medilink_application::page::{Found, Position, Stretch};
use medilink_domain::doctor::{
    BookingMode, Doctor, DoctorProfile, Specialization, YearsOfExperience, display_name,
};
use medilink_domain::id::{DoctorId, UserId};
use medilink_domain::money::Money;
use medilink_domain::record::{Concept, Record};
use medilink_domain::text::{
    Biography, LicenseNumber, Name, OrganizationName, Phone, Place, Qualification, fold, words,
};
use medilink_domain::time::{Timestamp, Zone};
use medilink_domain::user::{Email, PersonName};
use sea_orm::sea_query::{Expr, ExprTrait, LockType, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select, Set, Unchanged,
};

use crate::entity::{doctor, doctor_word};
use crate::error::store_error;
use crate::page;
use crate::restore::{Broken, optional};
use crate::store::SeaOrmQueries;
use crate::unit_of_work::SeaOrmUnitOfWork;

#[async_trait]
impl DoctorRepository for SeaOrmUnitOfWork {
    async fn find(&mut self, id: DoctorId) -> Result<Option<Doctor>, StoreError> {
        one(doctor::Entity::find_by_id(id.as_uuid()), &self.transaction).await
    }

    async fn lock(&mut self, id: DoctorId) -> Result<Option<Doctor>, StoreError> {
        let locked = doctor::Entity::find_by_id(id.as_uuid()).lock(LockType::NoKeyUpdate);
        one(locked, &self.transaction).await
    }

    async fn lock_of(&mut self, user: UserId) -> Result<Option<Doctor>, StoreError> {
        let locked = doctor::Entity::find()
            .filter(doctor::Column::UserId.eq(user.as_uuid()))
            .lock(LockType::NoKeyUpdate);
        one(locked, &self.transaction).await
    }

    async fn is_licensed(&mut self, number: &LicenseNumber) -> Result<bool, StoreError> {
        let licensed = doctor::Entity::find()
            .filter(doctor::Column::LicenseNumber.eq(number.disclose()))
            .filter(doctor::Column::IsVerified.eq(true))
            .count(&self.transaction)
            .await
            .map_err(store_error)?;
        Ok(0 < licensed)
    }

    async fn insert(&mut self, doctor: &Doctor) -> Result<(), StoreError> {
        doctor::Entity::insert(row(doctor))
            .exec_without_returning(&self.transaction)
            .await
            .map_err(store_error)?;
        self.insert_words(doctor).await
    }

    async fn update(&mut self, doctor: &Doctor) -> Result<(), StoreError> {
        let id = doctor.id.as_uuid();
        let updated = doctor::Entity::update_many()
            .set(doctor::ActiveModel { id: Unchanged(id), ..row(doctor) })
            .filter(doctor::Column::Id.eq(id))
            .filter(doctor::Column::Version.eq(doctor.version - 1))
            .exec(&self.transaction)
            .await
            .map_err(store_error)?;
        if updated.rows_affected == 0 {
            return Err(StoreError::Stale(Concept::Doctor));
        }
        doctor_word::Entity::delete_many()
            .filter(doctor_word::Column::DoctorId.eq(id))
            .exec(&self.transaction)
            .await
            .map_err(store_error)?;
        self.insert_words(doctor).await
    }
}

impl SeaOrmUnitOfWork {
    async fn insert_words(&mut self, doctor: &Doctor) -> Result<(), StoreError> {
        let rows: Vec<_> = search_words(&doctor.profile)
            .into_iter()
            .map(|word| doctor_word::ActiveModel {
                word: Set(word),
                doctor_id: Set(doctor.id.as_uuid()),
            })
            .collect();
        if !rows.is_empty() {
            doctor_word::Entity::insert_many(rows)
                .exec_without_returning(&self.transaction)
                .await
                .map_err(store_error)?;
        }
        Ok(())
    }
}

#[async_trait]
impl DoctorQueries for SeaOrmQueries {
    async fn find(&self, id: DoctorId) -> Result<Option<DoctorView>, StoreError> {
        let found =
            doctor::Entity::find_by_id(id.as_uuid()).one(&self.0).await.map_err(store_error)?;
        found.map(show).transpose()
    }

    async fn time_zone(&self, id: DoctorId) -> Result<Option<Zone>, StoreError> {
        let name: Option<String> = doctor::Entity::find_by_id(id.as_uuid())
            .select_only()
            .column(doctor::Column::TimeZone)
            .into_tuple()
            .one(&self.0)
            .await
            .map_err(store_error)?;
        optional(name.as_deref(), Zone::parse).map_err(|_| StoreError::Corrupt(id.into()))
    }

    async fn list(
        &self,
        filter: &DoctorFilter,
        stretch: &Stretch,
    ) -> Result<Found<DoctorView>, StoreError> {
        use doctor::Column;

        let selected = doctor::Entity::find().filter(matching(filter));
        let total = page::total(&self.0, &selected, (doctor::Entity, Column::Id), stretch).await?;

        let mut select = selected
            .order_by_asc(Column::SortName)
            .order_by_asc(Column::Id)
            .limit(stretch.limit.get() + 1);
        if let Some(position) = &stretch.after {
            select = select.filter(page::behind(
                [Expr::col(Column::SortName), Expr::col(Column::Id)],
                [Expr::val(position.key.clone()), Expr::val(position.id)],
                false,
            ));
        }
        let rows = select.all(&self.0).await.map_err(store_error)?;
        let views = rows.into_iter().map(show).collect::<Result<Vec<_>, _>>()?;

        Ok(page::found(views, stretch, total, |last| Position {
            key: sort_name(&last.first_name, &last.last_name),
            id: last.id.as_uuid(),
        }))
    }
}

fn matching(filter: &DoctorFilter) -> Condition {
    use doctor::Column;

    let mut conditions = Condition::all();
    for word in filter.search.iter().flat_map(|search| words(search)) {
        conditions = conditions.add(Column::Id.in_subquery(doctors_with(word)));
    }
    if let Some(specialization) = filter.specialization {
        conditions = conditions.add(Column::Specialization.eq(specialization.as_str()));
    }
    if let Some(is_available) = filter.is_available {
        conditions = conditions.add(Column::IsAvailable.eq(is_available));
    }
    if let Some(city) = &filter.city {
        conditions = conditions.add(Column::CityKey.eq(fold(city.trim())));
    }
    if let Some(verified) = filter.verified {
        conditions = conditions.add(Column::IsVerified.eq(verified));
    }
    conditions
}

/// Selects the doctors who have a word that begins like this one: a range of an index.
fn doctors_with(word: String) -> SelectStatement {
    let last = format!("{word}{}", char::MAX);
    Query::select()
        .column(doctor_word::Column::DoctorId)
        .from(doctor_word::Entity)
        .and_where(Expr::col(doctor_word::Column::Word).gte(word))
        .and_where(Expr::col(doctor_word::Column::Word).lt(last))
        .to_owned()
}

/// Everything that a doctor is searched by.
fn search_words(profile: &DoctorProfile) -> BTreeSet<String> {
    let hospital = profile.hospital_name.as_ref().map_or("", OrganizationName::disclose);
    words(&format!("{} {hospital}", profile.name.full()))
}

/// What the directory is sorted by: the family name, then the given one.
fn sort_name(first: &str, last: &str) -> String {
    fold(&format!("{last} {first}"))
}

async fn one<C: ConnectionTrait>(
    select: Select<doctor::Entity>,
    connection: &C,
) -> Result<Option<Doctor>, StoreError> {
    let found = select.one(connection).await.map_err(store_error)?;
    let Some(row) = found else { return Ok(None) };
    let record = Record::from(DoctorId::new(row.id));
    restore(&row).map(Some).map_err(|Broken| StoreError::Corrupt(record))
}

fn show(row: doctor::Model) -> Result<DoctorView, StoreError> {
    let record = Record::from(DoctorId::new(row.id));
    view(row).map_err(|Broken| StoreError::Corrupt(record))
}

fn view(row: doctor::Model) -> Result<DoctorView, Broken> {
    let first_name = row.first_name.unwrap_or_default();
    let last_name = row.last_name.unwrap_or_default();
    let fee = row.consultation_fee.map(Money::from_hundredths).transpose()?;
    Ok(DoctorView {
        id: DoctorId::new(row.id),
        user_id: row.user_id.map(UserId::new),
        display_name: display_name(&first_name, &last_name),
        first_name,
        last_name,
        email: row.email,
        phone: row.phone,
        specialization: Specialization::parse(&row.specialization)?,
        specialization_text: row.specialization_text,
        license_number: row.license_number,
        years_of_experience: row.years_of_experience,
        qualification: row.qualification,
        bio: row.bio,
        consultation_fee: fee.map(|fee| fee.to_string()),
        is_available: row.is_available,
        is_verified: row.is_verified,
        hospital_name: row.hospital_name,
        city: row.city,
        state: row.state,
        country: row.country,
        time_zone: row.time_zone,
        booking: BookingMode::parse(&row.booking)?,
        created_at: Timestamp::new(row.created_at)?,
        updated_at: Timestamp::new(row.updated_at)?,
        version: row.version,
    })
}

fn row(doctor: &Doctor) -> doctor::ActiveModel {
    let Doctor { id, profile, is_verified, user, created_at, updated_at, version } = doctor;
    let name = |text: &Option<Name>| text.as_ref().map(|it| it.disclose().to_owned());
    let place = |text: &Option<Place>| text.as_ref().map(|it| it.disclose().to_owned());
    doctor::ActiveModel {
        id: Set(id.as_uuid()),
        user_id: Set(user.map(UserId::as_uuid)),
        first_name: Set(name(&profile.name.first)),
        last_name: Set(name(&profile.name.last)),
        sort_name: Set(sort_name(profile.name.first(), profile.name.last())),
        email: Set(profile.email.as_ref().map(|it| it.as_str().to_owned())),
        phone: Set(profile.phone.as_ref().map(|it| it.disclose().to_owned())),
        specialization: Set(profile.specialization.as_str().to_owned()),
        specialization_text: Set(name(&profile.specialization_text)),
        license_number: Set(profile.license_number.as_ref().map(|it| it.disclose().to_owned())),
        years_of_experience: Set(profile.years_of_experience.map(YearsOfExperience::years)),
        qualification: Set(profile.qualification.as_ref().map(|it| it.disclose().to_owned())),
        bio: Set(profile.bio.as_ref().map(|it| it.disclose().to_owned())),
        consultation_fee: Set(profile.consultation_fee.map(Money::hundredths)),
        is_available: Set(profile.is_available),
        is_verified: Set(*is_verified),
        hospital_name: Set(profile.hospital_name.as_ref().map(|it| it.disclose().to_owned())),
        city: Set(place(&profile.city)),
        city_key: Set(profile.city.as_ref().map(|it| fold(it.disclose()))),
        state: Set(place(&profile.state)),
        country: Set(place(&profile.country)),
        time_zone: Set(profile.time_zone.name().to_owned()),
        booking: Set(profile.booking.as_str().to_owned()),
        created_at: Set(created_at.as_utc()),
        updated_at: Set(updated_at.as_utc()),
        version: Set(*version),
    }
}

fn restore(row: &doctor::Model) -> Result<Doctor, Broken> {
    let years = row.years_of_experience.map(|years| YearsOfExperience::new(years.into()));
    let profile = DoctorProfile {
        name: PersonName {
            first: optional(row.first_name.as_deref(), Name::parse)?,
            last: optional(row.last_name.as_deref(), Name::parse)?,
        },
        email: optional(row.email.as_deref(), Email::parse)?,
        phone: optional(row.phone.as_deref(), Phone::parse)?,
        specialization: Specialization::parse(&row.specialization)?,
        specialization_text: optional(row.specialization_text.as_deref(), Name::parse)?,
        license_number: optional(row.license_number.as_deref(), LicenseNumber::parse)?,
        years_of_experience: years.transpose()?,
        qualification: optional(row.qualification.as_deref(), Qualification::parse)?,
        bio: optional(row.bio.as_deref(), Biography::parse)?,
        consultation_fee: row.consultation_fee.map(Money::from_hundredths).transpose()?,
        is_available: row.is_available,
        hospital_name: optional(row.hospital_name.as_deref(), OrganizationName::parse)?,
        city: optional(row.city.as_deref(), Place::parse)?,
        state: optional(row.state.as_deref(), Place::parse)?,
        country: optional(row.country.as_deref(), Place::parse)?,
        time_zone: Zone::parse(&row.time_zone)?,
        booking: BookingMode::parse(&row.booking)?,
    };
    Ok(Doctor {
        id: DoctorId::new(row.id),
        profile,
        is_verified: row.is_verified,
        user: row.user_id.map(UserId::new),
        created_at: Timestamp::new(row.created_at)?,
        updated_at: Timestamp::new(row.updated_at)?,
        version: row.version,
    })
}

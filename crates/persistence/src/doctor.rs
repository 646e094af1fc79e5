//! Doctors in the database.

use std::collections::BTreeSet;

use async_trait::async_trait;
use medilink_application::doctor::{DoctorFilter, DoctorQueries, DoctorRepository, DoctorView};
use medilink_application::error::StoreError;
use medilink_application::page::{Found, Position, Stretch};
use medilink_domain::doctor::{
    BookingMode, Doctor, DoctorProfile, Specialization, YearsOfExperience,
};
use medilink_domain::email::Email;
use medilink_domain::id::{DoctorId, UserId};
use medilink_domain::money::Money;
use medilink_domain::record::{Concept, Record};
use medilink_domain::text::{
    Biography, LicenseNumber, Name, OrganizationName, Phone, Place, Qualification,
    SpecializationText, sort_key, words,
};
use medilink_domain::time::Timestamp;
use medilink_domain::zone::Zone;
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, Select, Set};
use uuid::Uuid;

use crate::entity::{doctor, doctor_word};
use crate::known::Known;
use crate::page;
use crate::search::Looked;
use crate::store::SeaOrmQueries;
use crate::stored::{Broken, Stored, any, one, optional, person_name, restored, revision};
use crate::transaction::Connection;
use crate::unit_of_work::SeaOrmUnitOfWork;

#[async_trait]
impl DoctorRepository for SeaOrmUnitOfWork {
    async fn find(&mut self, id: DoctorId) -> Result<Option<Doctor>, StoreError> {
        one(PRESENT.by(id.as_uuid()), &self.transaction).await
    }

    async fn lock(&mut self, id: DoctorId) -> Result<Option<Doctor>, StoreError> {
        one(LOCKED.by(id.as_uuid()), &self.transaction).await
    }

    async fn lock_archived(&mut self, id: DoctorId) -> Result<Option<Doctor>, StoreError> {
        let locked = doctor::Entity::find_by_id(id.as_uuid()).lock(LockType::NoKeyUpdate);
        one(locked, &self.transaction).await
    }

    async fn lock_of(&mut self, user: UserId) -> Result<Option<Doctor>, StoreError> {
        let present = doctor::Entity::find()
            .filter(doctor::Column::UserId.eq(user.as_uuid()))
            .filter(doctor::Column::ArchivedAt.is_null());
        one(present.lock(LockType::NoKeyUpdate), &self.transaction).await
    }

    async fn lock_entry(&mut self, number: &LicenseNumber) -> Result<Option<Doctor>, StoreError> {
        let entry = licensed(number, None)
            .filter(doctor::Column::UserId.is_null())
            .filter(doctor::Column::IsVerified.eq(false));
        one(entry.lock(LockType::NoKeyUpdate), &self.transaction).await
    }

    async fn hand_over(
        &mut self,
        from: DoctorId,
        to: DoctorId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.give_to(from, to, now).await
    }

    async fn is_license_taken(
        &mut self,
        number: &LicenseNumber,
        except: Option<DoctorId>,
    ) -> Result<bool, StoreError> {
        // Bare, as the partial index has it; a parameter would not be known to match it.
        let holders = licensed(number, except).filter(Expr::col(doctor::Column::IsVerified));
        any(holders, &self.transaction).await
    }

    async fn is_license_entered(
        &mut self,
        number: &LicenseNumber,
        except: Option<DoctorId>,
    ) -> Result<bool, StoreError> {
        let entries = licensed(number, except).filter(doctor::Column::UserId.is_null());
        any(entries, &self.transaction).await
    }

    async fn insert(&mut self, doctor: &Doctor) -> Result<(), StoreError> {
        self.add(row(doctor)).await?;
        let words = search_words(&doctor.profile);
        self.add_words::<doctor_word::Entity>(doctor.id.as_uuid(), words).await
    }

    async fn update(&mut self, doctor: &Doctor) -> Result<(), StoreError> {
        use doctor::Column;

        let id = doctor.id.as_uuid();
        let columns = [Column::Id, Column::Version];
        self.replace(Concept::Doctor, columns, id, doctor.revision, row(doctor)).await?;
        self.replace_words::<doctor_word::Entity>(id, search_words(&doctor.profile)).await
    }
}

/// Every zone that a doctor is in: one seek in an index for each, however many doctors there are.
pub(crate) const TIME_ZONES: &str = "WITH RECURSIVE zones (time_zone) AS (
    SELECT min(time_zone) FROM doctors
    UNION ALL
    SELECT (SELECT min(time_zone) FROM doctors WHERE time_zone > zones.time_zone)
    FROM zones WHERE zones.time_zone IS NOT NULL
)
SELECT time_zone FROM zones WHERE time_zone IS NOT NULL";

#[async_trait]
impl DoctorQueries for SeaOrmQueries {
    async fn find(&self, id: DoctorId) -> Result<Option<DoctorView>, StoreError> {
        let present = PRESENT.by(id.as_uuid());
        let row: Option<doctor::Model> = self.0.row(present).await?;
        row.map(|row| restored(&row).map(DoctorView::of)).transpose()
    }

    async fn time_zone(&self, id: DoctorId) -> Result<Option<Zone>, StoreError> {
        let zone = present(id).select_only().column(doctor::Column::TimeZone);
        let name: Option<String> = self.0.row(zone).await?;
        optional(name.as_deref(), Zone::parse).map_err(|_| StoreError::Corrupt(id.into()))
    }

    async fn time_zones(&self) -> Result<Vec<Zone>, StoreError> {
        let names: Vec<String> = self.0.rows(self.statement(TIME_ZONES, [])).await?;
        let zone =
            |name: &String| Zone::parse(name).map_err(|error| StoreError::Failed(Box::new(error)));
        names.iter().map(zone).collect()
    }

    async fn list(
        &self,
        filter: &DoctorFilter,
        stretch: &Stretch,
    ) -> Result<Found<DoctorView>, StoreError> {
        let looked = Looked::up::<doctor_word::Entity>(filter.search.as_ref(), &self.0).await?;
        let id = (doctor::Entity, doctor::Column::Id);
        let total = page::total(&self.0, &select(filter, &looked), id, stretch).await?;
        let page = page_of(filter, &looked, stretch);
        let rows: Vec<doctor::Model> = self.0.rows(page).await?;
        let found = page::found(rows, stretch, total, |last| Position {
            key: last.sort_name.clone(),
            id: last.id,
        });
        found.try_map(|row| restored(&row).map(DoctorView::of))
    }
}

/// [`present`], for whoever has an id.
static PRESENT: Known<doctor::Entity> = Known::new(|| present(DoctorId::new(Uuid::nil())));

/// The same, and nobody else changes it meanwhile.
static LOCKED: Known<doctor::Entity> =
    Known::new(|| present(DoctorId::new(Uuid::nil())).lock(LockType::NoKeyUpdate));

/// Selects a doctor who is in the directory.
fn present(id: DoctorId) -> Select<doctor::Entity> {
    doctor::Entity::find_by_id(id.as_uuid()).filter(doctor::Column::ArchivedAt.is_null())
}

/// Selects the doctors of the directory who have a licence number, but for one.
fn licensed(number: &LicenseNumber, except: Option<DoctorId>) -> Select<doctor::Entity> {
    use doctor::Column;

    let others = except.map(|id| Column::Id.ne(id.as_uuid()));
    doctor::Entity::find()
        .filter(Column::LicenseNumber.eq(number.disclose()))
        .filter(Column::ArchivedAt.is_null())
        .filter(others.into_iter().fold(Condition::all(), Condition::add))
}

/// Selects what a list should show.
pub(crate) fn select(filter: &DoctorFilter, looked: &Looked<'_>) -> Select<doctor::Entity> {
    let found = looked.gathered::<doctor_word::Entity>(doctor::Column::Id);
    doctor::Entity::find().filter(narrowed(filter)).filter(found)
}

/// Selects a stretch of it, by name.
pub(crate) fn page_of(
    filter: &DoctorFilter,
    looked: &Looked<'_>,
    stretch: &Stretch,
) -> Select<doctor::Entity> {
    use doctor::Column;

    let found = looked.found::<doctor_word::Entity>(Column::Id);
    let select = doctor::Entity::find().filter(narrowed(filter)).filter(found);
    page::by_name(select, [Column::SortName, Column::Id], looked.is_gathered(), stretch)
}

/// Says in SQL what a list is narrowed by, but for words.
fn narrowed(filter: &DoctorFilter) -> Condition {
    use doctor::Column;

    let DoctorFilter { search: _, specialization, is_available, city, verified, archived } = filter;
    let place =
        if *archived { Column::ArchivedAt.is_not_null() } else { Column::ArchivedAt.is_null() };
    let mut conditions = Condition::all().add(place);
    if let Some(specialization) = specialization {
        conditions = conditions.add(Column::Specialization.eq(specialization.as_str()));
    }
    if let Some(is_available) = is_available {
        conditions = conditions.add(Column::IsAvailable.eq(*is_available));
    }
    if let Some(city) = city {
        conditions = conditions.add(Column::CityKey.eq(sort_key(city.disclose())));
    }
    if let Some(verified) = verified {
        conditions = conditions.add(Column::IsVerified.eq(*verified));
    }
    conditions
}

/// Everything that a doctor is searched by.
fn search_words(profile: &DoctorProfile) -> BTreeSet<String> {
    let hospital = profile.hospital_name.as_ref().map_or("", OrganizationName::disclose);
    words(&format!("{} {hospital}", profile.name.full()))
}

fn row(doctor: &Doctor) -> doctor::ActiveModel {
    let Doctor { id, profile, is_verified, user, created_by, archived_at, revision } = doctor;
    let name = |text: &Option<Name>| text.as_ref().map(|it| it.disclose().to_owned());
    let place = |text: &Option<Place>| text.as_ref().map(|it| it.disclose().to_owned());
    doctor::ActiveModel {
        id: Set(id.as_uuid()),
        user_id: Set(user.map(UserId::as_uuid)),
        first_name: Set(name(&profile.name.first)),
        last_name: Set(name(&profile.name.last)),
        sort_name: Set(profile.name.sort_key()),
        email: Set(profile.email.as_ref().map(|it| it.disclose().to_owned())),
        phone: Set(profile.phone.as_ref().map(|it| it.disclose().to_owned())),
        specialization: Set(profile.specialization.as_str().to_owned()),
        specialization_text: Set(profile
            .specialization_text
            .as_ref()
            .map(|it| it.disclose().to_owned())),
        license_number: Set(profile.license_number.as_ref().map(|it| it.disclose().to_owned())),
        years_of_experience: Set(profile.years_of_experience.map(YearsOfExperience::years)),
        qualification: Set(profile.qualification.as_ref().map(|it| it.disclose().to_owned())),
        bio: Set(profile.bio.as_ref().map(|it| it.disclose().to_owned())),
        consultation_fee: Set(profile.consultation_fee.map(Money::hundredths)),
        is_available: Set(profile.is_available),
        is_verified: Set(*is_verified),
        hospital_name: Set(profile.hospital_name.as_ref().map(|it| it.disclose().to_owned())),
        city: Set(place(&profile.city)),
        city_key: Set(profile.city.as_ref().map(|it| sort_key(it.disclose()))),
        state: Set(place(&profile.state)),
        country: Set(place(&profile.country)),
        time_zone: Set(profile.time_zone.name().to_owned()),
        booking: Set(profile.booking.as_str().to_owned()),
        created_by: Set(created_by.map(UserId::as_uuid)),
        archived_at: Set(archived_at.map(Timestamp::as_utc)),
        created_at: Set(revision.created_at.as_utc()),
        updated_at: Set(revision.updated_at.as_utc()),
        version: Set(revision.version),
    }
}

impl Stored for doctor::Model {
    type Held = Doctor;

    fn record(&self) -> Record {
        DoctorId::new(self.id).into()
    }

    fn restore(&self) -> Result<Doctor, Broken> {
        let years = self.years_of_experience.map(|years| YearsOfExperience::new(years.into()));
        let profile = DoctorProfile {
            name: person_name(self.first_name.as_deref(), self.last_name.as_deref())?,
            email: optional(self.email.as_deref(), Email::parse)?,
            phone: optional(self.phone.as_deref(), Phone::parse)?,
            specialization: Specialization::parse(&self.specialization)?,
            specialization_text: optional(
                self.specialization_text.as_deref(),
                SpecializationText::parse,
            )?,
            license_number: optional(self.license_number.as_deref(), LicenseNumber::parse)?,
            years_of_experience: years.transpose()?,
            qualification: optional(self.qualification.as_deref(), Qualification::parse)?,
            bio: optional(self.bio.as_deref(), Biography::parse)?,
            consultation_fee: self.consultation_fee.map(Money::from_hundredths).transpose()?,
            is_available: self.is_available,
            hospital_name: optional(self.hospital_name.as_deref(), OrganizationName::parse)?,
            city: optional(self.city.as_deref(), Place::parse)?,
            state: optional(self.state.as_deref(), Place::parse)?,
            country: optional(self.country.as_deref(), Place::parse)?,
            time_zone: Zone::parse(&self.time_zone)?,
            booking: BookingMode::parse(&self.booking)?,
        };
        Ok(Doctor {
            id: DoctorId::new(self.id),
            profile,
            is_verified: self.is_verified,
            user: self.user_id.map(UserId::new),
            created_by: self.created_by.map(UserId::new),
            archived_at: self.archived_at.map(Timestamp::new).transpose()?,
            revision: revision(self.created_at, self.updated_at, self.version)?,
        })
    }
}

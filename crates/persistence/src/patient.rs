//! Patients' records in the database.

use async_trait::async_trait;
use medilink_application::error::StoreError;
use medilink_application::patient::{PatientQueries, PatientRepository, PatientView, SeenPatient};
use medilink_domain::id::{DoctorId, PatientId, UserId};
use medilink_domain::patient::{BloodGroup, Gender, Patient, PatientDetails};
use medilink_domain::text::{Address, ClinicalText, Name, Phone, Place};
use medilink_domain::time::{Date, Timestamp};
use medilink_domain::user::{Email, PersonName};
use sea_orm::sea_query::LockType;
use sea_orm::{ConnectionTrait, EntityTrait, QuerySelect, Select, Set, Statement};

use crate::entity::patient;
use crate::error::store_error;
use crate::restore::{Broken, optional};
use crate::store::{SeaOrmQueries, statement};
use crate::unit_of_work::SeaOrmUnitOfWork;

/// Whether a doctor cares for a patient: an active appointment, or one completed of late.
const IN_CARE: &str = "\
SELECT EXISTS (
    SELECT 1 FROM appointments WHERE patient_id = $1 AND doctor_id = $2 AND (
        status IN ('scheduled', 'confirmed', 'checked_in', 'in_progress')
        OR (status = 'completed' AND $3 <= ends_at)
    )
) AS in_care";

#[async_trait]
impl PatientRepository for SeaOrmUnitOfWork {
    async fn find(&mut self, id: PatientId) -> Result<Option<Patient>, StoreError> {
        one(patient::Entity::find_by_id(id.as_uuid()), &self.transaction, id).await
    }

    async fn lock(&mut self, id: PatientId) -> Result<Option<Patient>, StoreError> {
        let locked = patient::Entity::find_by_id(id.as_uuid()).lock(LockType::NoKeyUpdate);
        one(locked, &self.transaction, id).await
    }

    async fn is_in_care(
        &mut self,
        patient: PatientId,
        doctor: DoctorId,
        since: Timestamp,
    ) -> Result<bool, StoreError> {
        is_in_care(&self.transaction, patient, doctor, since).await
    }

    async fn insert(&mut self, patient: &Patient) -> Result<(), StoreError> {
        patient::Entity::insert(row(patient))
            .exec_without_returning(&self.transaction)
            .await
            .map_err(store_error)?;
        Ok(())
    }
}

#[async_trait]
impl PatientQueries for SeaOrmQueries {
    async fn find(
        &self,
        id: PatientId,
        doctor: Option<DoctorId>,
        since: Timestamp,
    ) -> Result<Option<SeenPatient>, StoreError> {
        let found = one(patient::Entity::find_by_id(id.as_uuid()), &self.0, id).await?;
        let Some(patient) = found else { return Ok(None) };
        let in_care = match doctor {
            Some(doctor) => is_in_care(&self.0, id, doctor, since).await?,
            None => false,
        };
        let created_by = patient.created_by;
        Ok(Some(SeenPatient { view: PatientView::of(patient), created_by, in_care }))
    }
}

async fn one<C: ConnectionTrait>(
    select: Select<patient::Entity>,
    connection: &C,
    id: PatientId,
) -> Result<Option<Patient>, StoreError> {
    let found = select.one(connection).await.map_err(store_error)?;
    found.map(|row| restore(&row).map_err(|Broken| StoreError::Corrupt(id.into()))).transpose()
}

async fn is_in_care<C: ConnectionTrait>(
    connection: &C,
    patient: PatientId,
    doctor: DoctorId,
    since: Timestamp,
) -> Result<bool, StoreError> {
    let values = [patient.as_uuid().into(), doctor.as_uuid().into(), since.as_utc().into()];
    let ask: Statement = statement(connection.get_database_backend(), IN_CARE, values);
    let row = connection.query_one_raw(ask).await.map_err(store_error)?;
    row.map_or(Ok(false), |row| row.try_get("", "in_care").map_err(store_error))
}

fn row(patient: &Patient) -> patient::ActiveModel {
    let Patient { id, details, user, created_by, created_at, updated_at, version } = patient;
    let clinical = |text: &Option<ClinicalText>| text.as_ref().map(|it| it.disclose().to_owned());
    let name = |text: &Option<Name>| text.as_ref().map(|it| it.disclose().to_owned());
    let phone = |text: &Option<Phone>| text.as_ref().map(|it| it.disclose().to_owned());
    let place = |text: &Option<Place>| text.as_ref().map(|it| it.disclose().to_owned());
    patient::ActiveModel {
        id: Set(id.as_uuid()),
        user_id: Set(user.map(UserId::as_uuid)),
        created_by: Set(created_by.as_uuid()),
        first_name: Set(name(&details.name.first)),
        last_name: Set(name(&details.name.last)),
        email: Set(details.email.as_ref().map(|it| it.as_str().to_owned())),
        phone: Set(phone(&details.phone)),
        date_of_birth: Set(details.date_of_birth.map(Date::as_naive)),
        gender: Set(details.gender.map(|it| it.as_str().to_owned())),
        blood_group: Set(details.blood_group.map(|it| it.as_str().to_owned())),
        allergies: Set(clinical(&details.allergies)),
        medical_history: Set(clinical(&details.medical_history)),
        current_medications: Set(clinical(&details.current_medications)),
        emergency_contact_name: Set(name(&details.emergency_contact_name)),
        emergency_contact_phone: Set(phone(&details.emergency_contact_phone)),
        address: Set(details.address.as_ref().map(|it| it.disclose().to_owned())),
        city: Set(place(&details.city)),
        state: Set(place(&details.state)),
        country: Set(place(&details.country)),
        created_at: Set(created_at.as_utc()),
        updated_at: Set(updated_at.as_utc()),
        version: Set(*version),
    }
}

fn restore(row: &patient::Model) -> Result<Patient, Broken> {
    let details = PatientDetails {
        name: PersonName {
            first: optional(row.first_name.as_deref(), Name::parse)?,
            last: optional(row.last_name.as_deref(), Name::parse)?,
        },
        email: optional(row.email.as_deref(), Email::parse)?,
        phone: optional(row.phone.as_deref(), Phone::parse)?,
        date_of_birth: row.date_of_birth.map(Date::new).transpose()?,
        gender: optional(row.gender.as_deref(), Gender::parse)?,
        blood_group: optional(row.blood_group.as_deref(), BloodGroup::parse)?,
        allergies: optional(row.allergies.as_deref(), ClinicalText::parse)?,
        medical_history: optional(row.medical_history.as_deref(), ClinicalText::parse)?,
        current_medications: optional(row.current_medications.as_deref(), ClinicalText::parse)?,
        emergency_contact_name: optional(row.emergency_contact_name.as_deref(), Name::parse)?,
        emergency_contact_phone: optional(row.emergency_contact_phone.as_deref(), Phone::parse)?,
        address: optional(row.address.as_deref(), Address::parse)?,
        city: optional(row.city.as_deref(), Place::parse)?,
        state: optional(row.state.as_deref(), Place::parse)?,
        country: optional(row.country.as_deref(), Place::parse)?,
    };
    Ok(Patient {
        id: PatientId::new(row.id),
        details,
        user: row.user_id.map(UserId::new),
        created_by: UserId::new(row.created_by),
        created_at: Timestamp::new(row.created_at)?,
        updated_at: Timestamp::new(row.updated_at)?,
        version: row.version,
    })
}

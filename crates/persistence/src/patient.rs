//! Patients' records in the database.

use async_trait::async_trait;
use medilink_application::error::StoreError;
use medilink_application::patient::{PatientQueries, PatientRepository, PatientView, SeenPatient};
use medilink_domain::appointment::AppointmentStatus;
use medilink_domain::care::{Care, CareSince};
use medilink_domain::email::Email;
use medilink_domain::id::{DoctorId, PatientId, UserId};
use medilink_domain::patient::{BloodGroup, Gender, Patient, PatientDetails};
use medilink_domain::record::{Concept, Record};
use medilink_domain::text::{Address, ClinicalText, Name, Phone, Place};
use medilink_domain::time::{Date, Timestamp};
use sea_orm::sea_query::{Expr, LockType, SelectStatement, UnionType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select, Set,
};

use crate::entity::{appointment, assignment, patient};
use crate::error::store_error;
use crate::store::SeaOrmQueries;
use crate::stored::{Broken, Stored, one, optional, person_name, revision};
use crate::unit_of_work::SeaOrmUnitOfWork;

#[async_trait]
impl PatientRepository for SeaOrmUnitOfWork {
    async fn find(&mut self, id: PatientId) -> Result<Option<Patient>, StoreError> {
        one(present(id), &self.transaction).await
    }

    async fn lock(&mut self, id: PatientId) -> Result<Option<Patient>, StoreError> {
        one(present(id).lock(LockType::NoKeyUpdate), &self.transaction).await
    }

    async fn lock_archived(&mut self, id: PatientId) -> Result<Option<Patient>, StoreError> {
        let locked = patient::Entity::find_by_id(id.as_uuid()).lock(LockType::NoKeyUpdate);
        one(locked, &self.transaction).await
    }

    async fn is_in_care(
        &mut self,
        patient: PatientId,
        doctor: DoctorId,
        since: CareSince,
    ) -> Result<bool, StoreError> {
        is_in_care(&self.transaction, patient, doctor, since).await
    }

    async fn insert(&mut self, patient: &Patient) -> Result<(), StoreError> {
        self.add(row(patient)).await
    }

    async fn update(&mut self, patient: &Patient) -> Result<(), StoreError> {
        use patient::Column;

        let columns = [Column::Id, Column::Version];
        let id = patient.id.as_uuid();
        self.replace(Concept::Patient, columns, id, patient.revision, row(patient)).await
    }
}

#[async_trait]
impl PatientQueries for SeaOrmQueries {
    async fn find(
        &self,
        id: PatientId,
        doctor: Option<DoctorId>,
        since: CareSince,
    ) -> Result<Option<SeenPatient>, StoreError> {
        let found = one(present(id), &self.0).await?;
        let Some(patient) = found else { return Ok(None) };
        let in_care = match doctor {
            Some(doctor) => is_in_care(&self.0, id, doctor, since).await?,
            None => false,
        };
        let created_by = patient.created_by;
        Ok(Some(SeenPatient { view: PatientView::of(patient), created_by, in_care }))
    }
}

/// Selects a patient whose record is in use.
fn present(id: PatientId) -> Select<patient::Entity> {
    patient::Entity::find_by_id(id.as_uuid()).filter(patient::Column::ArchivedAt.is_null())
}

/// Tells whether a doctor cares for a patient.
pub(crate) async fn is_in_care<C: ConnectionTrait>(
    connection: &C,
    patient: PatientId,
    doctor: DoctorId,
    since: CareSince,
) -> Result<bool, StoreError> {
    let mut bonds = care(doctor, since, Some(patient));
    let found = connection.query_one(bonds.limit(1)).await.map_err(store_error)?;
    Ok(found.is_some())
}

/// Selects the ids of the patients whom a doctor cares for, or of the one who is named: as often as
/// there are reasons. This is the only place that says in SQL what [`Care`] says, and each of its
/// parts is a stretch of one index.
pub(crate) fn care(
    doctor: DoctorId,
    since: CareSince,
    patient: Option<PatientId>,
) -> SelectStatement {
    use appointment::Column;

    let mut assignments = assignment::Entity::find()
        .select_only()
        .column(assignment::Column::PatientId)
        .filter(assignment::Column::DoctorId.eq(doctor.as_uuid()))
        // Bare, as the partial index has it; a parameter would not be known to match it.
        .filter(Expr::col((assignment::Entity, assignment::Column::IsActive)));
    let appointments = |care: Care| {
        let statuses = care.statuses().map(AppointmentStatus::as_str);
        appointment::Entity::find()
            .select_only()
            .column(Column::PatientId)
            .filter(Column::DoctorId.eq(doctor.as_uuid()))
            .filter(Column::Status.is_in(statuses))
    };
    let mut ongoing = appointments(Care::Ongoing);
    let mut lasting = appointments(Care::Lasting)
        // The index knows starts, not ends: this bounds what is looked at.
        .filter(Column::StartsAt.gte(since.start().as_utc()))
        .filter(Column::EndsAt.gte(since.end().as_utc()));
    if let Some(patient) = patient {
        let patient = patient.as_uuid();
        assignments = assignments.filter(assignment::Column::PatientId.eq(patient));
        ongoing = ongoing.filter(Column::PatientId.eq(patient));
        lasting = lasting.filter(Column::PatientId.eq(patient));
    }
    let mut bonds = assignments.into_query();
    bonds.union(UnionType::All, ongoing.into_query());
    bonds.union(UnionType::All, lasting.into_query());
    bonds
}

fn row(patient: &Patient) -> patient::ActiveModel {
    let Patient { id, details, user, created_by, archived_at, revision } = patient;
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
        sort_name: Set(details.name.sort_key()),
        email: Set(details.email.as_ref().map(|it| it.disclose().to_owned())),
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
        archived_at: Set(archived_at.map(Timestamp::as_utc)),
        created_at: Set(revision.created_at.as_utc()),
        updated_at: Set(revision.updated_at.as_utc()),
        version: Set(revision.version),
    }
}

impl Stored for patient::Model {
    type Held = Patient;

    fn record(&self) -> Record {
        PatientId::new(self.id).into()
    }

    fn restore(&self) -> Result<Patient, Broken> {
        let details = PatientDetails {
            name: person_name(self.first_name.as_deref(), self.last_name.as_deref())?,
            email: optional(self.email.as_deref(), Email::parse)?,
            phone: optional(self.phone.as_deref(), Phone::parse)?,
            date_of_birth: self.date_of_birth.map(Date::new).transpose()?,
            gender: optional(self.gender.as_deref(), Gender::parse)?,
            blood_group: optional(self.blood_group.as_deref(), BloodGroup::parse)?,
            allergies: optional(self.allergies.as_deref(), ClinicalText::parse)?,
            medical_history: optional(self.medical_history.as_deref(), ClinicalText::parse)?,
            current_medications: optional(
                self.current_medications.as_deref(),
                ClinicalText::parse,
            )?,
            emergency_contact_name: optional(self.emergency_contact_name.as_deref(), Name::parse)?,
            emergency_contact_phone: optional(
                self.emergency_contact_phone.as_deref(),
                Phone::parse,
            )?,
            address: optional(self.address.as_deref(), Address::parse)?,
            city: optional(self.city.as_deref(), Place::parse)?,
            state: optional(self.state.as_deref(), Place::parse)?,
            country: optional(self.country.as_deref(), Place::parse)?,
        };
        Ok(Patient {
            id: PatientId::new(self.id),
            details,
            user: self.user_id.map(UserId::new),
            created_by: UserId::new(self.created_by),
            archived_at: self.archived_at.map(Timestamp::new).transpose()?,
            revision: revision(self.created_at, self.updated_at, self.version)?,
        })
    }
}

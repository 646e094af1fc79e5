//! Patients' records in the database.

use std::collections::BTreeSet;

use async_trait::async_trait;
use medilink_application::error::StoreError;
use medilink_application::page::{Found, Position, Stretch};
use medilink_application::patient::{
    PatientFilter, PatientQueries, PatientRepository, PatientSelection, PatientView, SeenPatient,
};
use medilink_domain::appointment::AppointmentStatus;
use medilink_domain::care::{Care, CareSince};
use medilink_domain::email::Email;
use medilink_domain::id::{DoctorId, PatientId, UserId};
use medilink_domain::patient::{BloodGroup, Gender, Patient, PatientDetails};
use medilink_domain::policy::{Reach, Relation};
use medilink_domain::record::{Concept, Record};
use medilink_domain::text::{Address, ClinicalText, Name, Phone, Place, words};
use medilink_domain::time::{Date, Timestamp};
use sea_orm::sea_query::{Expr, LockType, SelectStatement, SimpleExpr, UnionType};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select, Set,
};
use uuid::Uuid;

use crate::entity::{appointment, assignment, patient, patient_word};
use crate::known::Known;
use crate::page;
use crate::search::Looked;
use crate::store::SeaOrmQueries;
use crate::stored::{Broken, Stored, one, optional, person_name, restored, revision};
use crate::transaction::Connection;
use crate::unit_of_work::SeaOrmUnitOfWork;

#[async_trait]
impl PatientRepository for SeaOrmUnitOfWork {
    async fn find(&mut self, id: PatientId) -> Result<Option<Patient>, StoreError> {
        one(PRESENT.by(id.as_uuid()), &self.transaction).await
    }

    async fn lock(&mut self, id: PatientId) -> Result<Option<Patient>, StoreError> {
        one(LOCKED.by(id.as_uuid()), &self.transaction).await
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
        self.add(row(patient)).await?;
        let words = search_words(&patient.details);
        self.add_words::<patient_word::Entity>(patient.id.as_uuid(), words).await
    }

    async fn update(&mut self, patient: &Patient) -> Result<(), StoreError> {
        use patient::Column;

        let columns = [Column::Id, Column::Version];
        let id = patient.id.as_uuid();
        self.replace(Concept::Patient, columns, id, patient.revision, row(patient)).await?;
        self.replace_words::<patient_word::Entity>(id, search_words(&patient.details)).await
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
        let found = one(PRESENT.by(id.as_uuid()), &self.0).await?;
        let Some(patient) = found else { return Ok(None) };
        let in_care = match doctor {
            Some(doctor) => is_in_care(&self.0, id, doctor, since).await?,
            None => false,
        };
        let created_by = patient.created_by;
        Ok(Some(SeenPatient { view: PatientView::of(patient), created_by, in_care }))
    }

    async fn list(
        &self,
        selection: &PatientSelection,
        stretch: &Stretch,
    ) -> Result<Found<PatientView>, StoreError> {
        let search = selection.filter.search.as_ref();
        let looked = Looked::up::<patient_word::Entity>(search, &self.0).await?;
        let id = (patient::Entity, patient::Column::Id);
        let total = page::total(&self.0, &select(selection, &looked), id, stretch).await?;

        let mut rows = Vec::new();
        for part in parts_of(selection, &looked, stretch) {
            rows.extend(self.0.rows::<patient::Model>(part).await?);
        }
        // As each part is sorted.
        rows.sort_by(|one, other| (&one.sort_name, one.id).cmp(&(&other.sort_name, other.id)));
        rows.dedup_by_key(|row| row.id);
        let found = page::found(rows, stretch, total, |last| Position {
            key: last.sort_name.clone(),
            id: last.id,
        });
        found.try_map(|row| restored(&row).map(PatientView::of))
    }
}

/// [`present`], for whoever has an id.
static PRESENT: Known<patient::Entity> = Known::new(|| present(PatientId::new(Uuid::nil())));

/// The same, and nobody else changes it meanwhile.
static LOCKED: Known<patient::Entity> =
    Known::new(|| present(PatientId::new(Uuid::nil())).lock(LockType::NoKeyUpdate));

/// Selects a patient whose record is in use.
fn present(id: PatientId) -> Select<patient::Entity> {
    patient::Entity::find_by_id(id.as_uuid()).filter(patient::Column::ArchivedAt.is_null())
}

/// Selects everybody whom a list may and should show.
pub(crate) fn select(selection: &PatientSelection, looked: &Looked<'_>) -> Select<patient::Entity> {
    use patient::Column;

    let select = patient::Entity::find().filter(narrowed(&selection.filter));
    let found = looked.gathered::<patient_word::Entity>(Column::Id);
    match related(selection).as_deref() {
        None => select.filter(found),
        Some([(_, only)]) => select.filter(only.clone()).filter(found),
        // Who is found in several ways is gathered already, and asked for every word.
        Some(related) => {
            let related: Vec<_> = related.iter().map(|(_, condition)| condition.clone()).collect();
            let any = page::any_of(&patient::Entity::find(), Column::Id, &related);
            select.filter(any).filter(looked.had::<patient_word::Entity>(Column::Id))
        }
    }
}

/// Cuts pages out of the parts of a list: one for each relation in which somebody may read a record.
/// The next of the list are among the next of each part.
///
/// They are read one by one. In one statement PostgreSQL would not know how few are found, and would
/// read everybody's record to find them.
pub(crate) fn parts_of(
    selection: &PatientSelection,
    looked: &Looked<'_>,
    stretch: &Stretch,
) -> Vec<Select<patient::Entity>> {
    use patient::Column;

    let part = |relation: Option<Relation>, condition: Condition| {
        // Those in care are few, and the words of each are looked at; of all others it depends.
        let is_care = relation == Some(Relation::Care);
        let has_words = if is_care {
            looked.had::<patient_word::Entity>(Column::Id)
        } else {
            looked.found::<patient_word::Entity>(Column::Id)
        };
        let select = patient::Entity::find()
            .filter(narrowed(&selection.filter))
            .filter(condition)
            .filter(has_words);
        let is_gathered = looked.is_gathered() || is_care;
        page::by_name(select, [Column::SortName, Column::Id], is_gathered, stretch)
    };
    match related(selection) {
        None => vec![part(None, Condition::all())],
        Some(related) => related
            .into_iter()
            .map(|(relation, condition)| part(Some(relation), Condition::all().add(condition)))
            .collect(),
    }
}

/// Says in SQL what a list is narrowed by, but for words.
fn narrowed(filter: &PatientFilter) -> Condition {
    use patient::Column;

    let PatientFilter { search: _, gender, blood_group, archived } = filter;
    let place =
        if *archived { Column::ArchivedAt.is_not_null() } else { Column::ArchivedAt.is_null() };
    let mut conditions = Condition::all().add(place);
    if let Some(gender) = gender {
        conditions = conditions.add(Column::Gender.eq(gender.as_str()));
    }
    if let Some(blood_group) = blood_group {
        conditions = conditions.add(Column::BloodGroup.eq(blood_group.as_str()));
    }
    conditions
}

/// Says in SQL that somebody stands to a patient in each relation in which they may read the record;
/// `None` if they may read all.
fn related(selection: &PatientSelection) -> Option<Vec<(Relation, SimpleExpr)>> {
    use patient::Column;

    let Reach::Within(relations) = &selection.reach else { return None };
    let actor = &selection.actor;
    let condition = |relation| match relation {
        Relation::SelfRecord => actor.patient.map(|id| Column::Id.eq(id.as_uuid())),
        Relation::Creator => Some(Column::CreatedBy.eq(actor.user.as_uuid())),
        Relation::Care => {
            actor.doctor.map(|doctor| Column::Id.in_subquery(care(doctor, selection.since, None)))
        }
        // No role reads a record for being named by it or for nothing; if one ever does, the store law
        // that compares lists with single reads says so.
        Relation::Own | Relation::Stranger => None,
    };
    let known = |relation: &Relation| condition(*relation).map(|it| (*relation, it));
    Some(relations.iter().filter_map(known).collect())
}

/// Everything that a patient is searched by.
fn search_words(details: &PatientDetails) -> BTreeSet<String> {
    let email = details.email.as_ref().map_or("", Email::disclose);
    words(&format!("{} {email}", details.name.full()))
}

/// Tells whether a doctor cares for a patient.
pub(crate) async fn is_in_care<C: Connection>(
    connection: &C,
    patient: PatientId,
    doctor: DoctorId,
    since: CareSince,
) -> Result<bool, StoreError> {
    let mut bonds = care(doctor, since, Some(patient));
    let found: Option<Uuid> = connection.row(&*bonds.limit(1)).await?;
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

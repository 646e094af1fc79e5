//! The audit trail: entries that come with a commit, and entries of what was read or refused.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use medilink_application::audit::{AccessView, AuditEntryView, AuditQueries, AuditSelection};
use medilink_application::error::StoreError;
use medilink_application::page::{Found, Stretch};
use medilink_application::ports::AuditLog;
use medilink_domain::audit::{AuditEntry, Outcome};
use medilink_domain::doctor::display_name;
use medilink_domain::id::{
    AuditEntryId, DoctorId, PatientId, PharmacyId, RequestId, SessionId, UserId,
};
use medilink_domain::record::{Concept, Record};
use medilink_domain::time::Timestamp;
use medilink_domain::user::Role;
use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{
    ColumnTrait, Condition, DbBackend, DbErr, EntityTrait, JoinType, Order, QueryFilter,
    QuerySelect, QueryTrait, RelationTrait, Select, Set,
};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::entity::audit_entry::{self, Column};
use crate::entity::{appointment, assignment, doctor, patient, pharmacy, user};
use crate::error::{store_error, unavailable};
use crate::known;
use crate::lane::Lanes;
use crate::page;
use crate::row::row;
use crate::statement::IntoStatement;
use crate::store::{SeaOrmQueries, SeaOrmStore, Writes};
use crate::stored::person_name;
use crate::transaction::Connection;
use crate::unit_of_work::SeaOrmUnitOfWork;
use crate::writer::Writer;

/// How many entries share a statement at the most.
const GROUP: usize = 128;

/// How many entries wait at the most.
const QUEUE: usize = 4096;

/// How long a group may take at the most.
const PATIENCE: Duration = Duration::from_secs(5);

type Waiting = (AuditEntry, oneshot::Sender<Result<(), StoreError>>);

/// Makes entries durable in groups: while one group is on its way to the disk, the next gathers.
///
/// It fails closed. Whoever shows data waits for [`AuditLog::record`], and shows nothing if the
/// entry could not be kept.
#[derive(Clone)]
pub struct GroupedAuditLog(Way);

#[derive(Clone)]
enum Way {
    /// Where there is one writer, its groups take entries along.
    Writer(Writer),
    /// Elsewhere they gather in a queue.
    Queue(mpsc::Sender<Waiting>),
}

impl GroupedAuditLog {
    /// Starts the log on the present runtime.
    pub fn start(store: &SeaOrmStore) -> Self {
        match store.writes() {
            Writes::InTurn(writer, _) => Self(Way::Writer(writer.clone())),
            Writes::AtOnce(lanes) => {
                let (entries, queue) = mpsc::channel(QUEUE);
                essential("the audit log", run(Arc::clone(lanes), queue));
                Self(Way::Queue(entries))
            }
        }
    }
}

#[async_trait]
impl AuditLog for GroupedAuditLog {
    async fn record(&self, entry: AuditEntry) -> Result<(), StoreError> {
        match &self.0 {
            Way::Writer(writer) => {
                in_time(writer.write(known::insert(row(&entry), DbBackend::Sqlite))).await
            }
            Way::Queue(entries) => {
                let (acknowledge, acknowledged) = oneshot::channel();
                entries.try_send((entry, acknowledge)).map_err(|_| StoreError::Busy)?;
                acknowledged.await.map_err(|_| {
                    unavailable(DbErr::Custom("the audit log has stopped".to_owned()))
                })?
            }
        }
    }
}

/// Runs a task without which nothing can be shown. Should it ever panic, the process ends: whoever
/// watches it starts another, and what was acknowledged is on disk.
fn essential(name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(async move {
        if let Err(error) = tokio::spawn(task).await
            && error.is_panic()
        {
            tracing::error!("{name} has panicked; nothing can be shown any more");
            std::process::abort();
        }
    });
}

async fn run(lanes: Arc<Lanes>, mut queue: mpsc::Receiver<Waiting>) {
    let mut group = Vec::with_capacity(GROUP);
    while 0 < queue.recv_many(&mut group, GROUP).await {
        let (entries, waiting): (Vec<_>, Vec<_>) = group.drain(..).unzip();
        let outcome = keep(&lanes, entries).await;
        if let Err(error) = &outcome {
            tracing::error!(%error, entries = waiting.len(), "audit entries could not be kept");
        }
        for acknowledge in waiting {
            let told = match &outcome {
                Ok(()) => Ok(()),
                Err(StoreError::Busy) => Err(StoreError::Busy),
                Err(_) => Err(unavailable(DbErr::Custom("the audit log failed".to_owned()))),
            };
            let _ = acknowledge.send(told);
        }
    }
}

/// Keeps entries by one statement, which is all or nothing by itself.
async fn keep(lanes: &Lanes, entries: Vec<AuditEntry>) -> Result<(), StoreError> {
    let insert = audit_entry::Entity::insert_many(entries.iter().map(row));
    let insert = insert.into_statement(DbBackend::Postgres);
    in_time(async { lanes.execute(insert).await.map(drop).map_err(store_error) }).await
}

/// Gives up on a database that has gone silent: it must not keep all later entries waiting.
async fn in_time(keep: impl Future<Output = Result<(), StoreError>>) -> Result<(), StoreError> {
    tokio::time::timeout(PATIENCE, keep).await.unwrap_or(Err(StoreError::Busy))
}

impl SeaOrmUnitOfWork {
    /// Adds entries to the trail.
    pub(crate) async fn append(&self, entries: &[AuditEntry]) -> Result<(), StoreError> {
        self.add_all(entries.iter().map(row).collect()).await
    }
}

fn row(entry: &AuditEntry) -> audit_entry::ActiveModel {
    let AuditEntry { id, at, who, origin, action, outcome, record, patient, refused } = entry;
    let address = origin.map_or(refused.and_then(|it| it.address), |origin| origin.address);
    audit_entry::ActiveModel {
        id: Set(id.as_uuid()),
        at: Set(at.as_utc()),
        user_id: Set(who.map(|who| who.user.as_uuid())),
        role: Set(who.map(|who| who.role.as_str().to_owned())),
        session_id: Set(who.and_then(|who| who.session).map(SessionId::as_uuid)),
        request_id: Set(origin.map(|origin| origin.request.as_uuid())),
        address: Set(address.map(|it| it.to_string())),
        action: Set(action.as_str().to_owned()),
        outcome: Set(outcome.as_str().to_owned()),
        concept: Set(record.map(|record| record.concept.as_str().to_owned())),
        record_id: Set(record.map(|record| record.id)),
        patient_id: Set(patient.map(PatientId::as_uuid)),
        count: Set(refused.map(|refused| refused.count.into())),
    }
}

#[async_trait]
impl AuditQueries for SeaOrmQueries {
    async fn list(
        &self,
        selection: &AuditSelection,
        stretch: &Stretch,
    ) -> Result<Found<AuditEntryView>, StoreError> {
        let selected = select(selection);
        let id = (audit_entry::Entity, Column::Id);
        let total = page::total(&self.0, &selected, id, stretch).await?;
        let select = with_username(page_of(selected, is_gathered(selection), stretch)?);
        let rows: Vec<EntryRow> = self.0.rows(select).await?;
        let found =
            page::found(rows, stretch, total, |last| page::at(last.entry.at, last.entry.id));
        found.try_map(EntryRow::show)
    }

    async fn access_log(
        &self,
        patient: PatientId,
        stretch: &Stretch,
    ) -> Result<Found<AccessView>, StoreError> {
        let selected = select_access(patient);
        let id = (audit_entry::Entity, Column::Id);
        let total = page::total(&self.0, &selected, id, stretch).await?;
        let select = with_names(page_of(selected, false, stretch)?);
        let rows: Vec<AccessRow> = self.0.rows(select).await?;
        let found =
            page::found(rows, stretch, total, |last| page::at(last.entry.at, last.entry.id));
        found.try_map(AccessRow::show)
    }
}

/// Selects the entries that a list shows.
pub(crate) fn select(selection: &AuditSelection) -> Select<audit_entry::Entity> {
    let AuditSelection { user, patient, action, outcome, record, from, to } = *selection;
    let mut conditions = Condition::all();
    if let Some(user) = user {
        conditions = conditions.add(Column::UserId.eq(user.as_uuid()));
    }
    if let Some(patient) = patient.or(record.and_then(Record::patient)) {
        conditions = conditions.add(Column::PatientId.eq(patient.as_uuid()));
    }
    if let Some(action) = action {
        conditions = conditions.add(Column::Action.eq(action.as_str()));
    }
    if let Some(outcome) = outcome {
        conditions = conditions.add(Column::Outcome.eq(outcome.as_str()));
        if outcome != Outcome::Done {
            // In the words of the partial indexes over what did not succeed.
            conditions = conditions.add(Expr::cust("outcome <> 'done'"));
        }
    }
    if let Some(record) = record {
        conditions = conditions.add(Column::RecordId.eq(record.id));
        conditions = conditions.add(Column::Concept.eq(record.concept.as_str()));
    }
    if let Some(from) = from {
        conditions = conditions.add(Column::At.gte(from.as_utc()));
    }
    if let Some(to) = to {
        conditions = conditions.add(Column::At.lt(to.as_utc()));
    }
    let select = audit_entry::Entity::find().filter(conditions);
    let ways = ways_to_record(selection);
    if ways.is_empty() {
        return select;
    }
    let found = page::any_of(&select, Column::Id, &ways);
    select.filter(found)
}

/// Tells whether the entries of a list are gathered from more than one index.
pub(crate) fn is_gathered(selection: &AuditSelection) -> bool {
    1 < ways_to_record(selection).len()
}

/// Says in SQL where the entries about a record are, unless they are found by their patient. What is about
/// a patient's record is among what touches that patient, if whoever acted knew of it; the rest has an index
/// by records.
fn ways_to_record(selection: &AuditSelection) -> Vec<SimpleExpr> {
    let AuditSelection { record: Some(record), patient: None, .. } = *selection else {
        return vec![];
    };
    let owner = match record.concept {
        Concept::Patient => return vec![],
        Concept::Appointment => {
            let appointment = appointment::Entity::find_by_id(record.id).select_only();
            Some(appointment.column(appointment::Column::PatientId).into_query())
        }
        Concept::Assignment => {
            let assignment = assignment::Entity::find_by_id(record.id).select_only();
            Some(assignment.column(assignment::Column::PatientId).into_query())
        }
        Concept::Doctor
        | Concept::Pharmacy
        | Concept::Session
        | Concept::TimeSlot
        | Concept::User => None,
    };
    // In the words of that index.
    let rest = Expr::cust("concept <> 'patient' AND (patient_id IS NULL OR concept = 'user')");
    // One value, not one of several: no other index is as good.
    let by_patient = owner.map(|owner| {
        let owner = SimpleExpr::SubQuery(None, Box::new(owner.into()));
        Expr::col(Column::PatientId.as_column_ref()).eq(owner)
    });
    std::iter::once(rest).chain(by_patient).collect()
}

/// Selects what was done that touched a patient's data.
pub(crate) fn select_access(patient: PatientId) -> Select<audit_entry::Entity> {
    audit_entry::Entity::find()
        .filter(Column::PatientId.eq(patient.as_uuid()))
        .filter(Column::Outcome.eq(Outcome::Done.as_str()))
}

/// Puts a list in its order, the newest first, and cuts a page out of it.
pub(crate) fn page_of(
    select: Select<audit_entry::Entity>,
    is_gathered: bool,
    stretch: &Stretch,
) -> Result<Select<audit_entry::Entity>, StoreError> {
    page::by_instant(select, [Column::At, Column::Id], Order::Desc, is_gathered, stretch)
}

/// Reads entries with the user name of who acted.
pub(crate) fn with_username(select: Select<audit_entry::Entity>) -> Select<audit_entry::Entity> {
    select
        .join(JoinType::LeftJoin, audit_entry::Relation::User.def())
        .column_as(user::Column::Username, "username")
}

/// Reads entries with the name of the doctor or the pharmacy who acted, and with whose record it is.
pub(crate) fn with_names(select: Select<audit_entry::Entity>) -> Select<audit_entry::Entity> {
    select
        .join(JoinType::LeftJoin, audit_entry::Relation::Doctor.def())
        .join(JoinType::LeftJoin, audit_entry::Relation::Pharmacy.def())
        .join(JoinType::LeftJoin, audit_entry::Relation::Patient.def())
        .column_as(doctor::Column::Id, "doctor_id")
        .column_as(doctor::Column::FirstName, "doctor_first_name")
        .column_as(doctor::Column::LastName, "doctor_last_name")
        .column_as(pharmacy::Column::Id, "pharmacy_id")
        .column_as(pharmacy::Column::Name, "pharmacy_name")
        .column_as(patient::Column::UserId, "own_user_id")
}

fn instant(at: DateTime<Utc>) -> Result<Timestamp, StoreError> {
    Timestamp::new(at).map_err(|error| StoreError::Failed(Box::new(error)))
}

struct EntryRow {
    entry: audit_entry::Model,
    username: Option<String>,
}

row!(EntryRow { entry, username });

impl EntryRow {
    fn show(self) -> Result<AuditEntryView, StoreError> {
        let entry = self.entry;
        Ok(AuditEntryView {
            id: AuditEntryId::new(entry.id),
            at: instant(entry.at)?,
            user_id: entry.user_id.map(UserId::new),
            username: self.username,
            role: entry.role,
            session_id: entry.session_id.map(SessionId::new),
            request_id: entry.request_id.map(RequestId::new),
            address: entry.address,
            action: entry.action,
            outcome: entry.outcome,
            concept: entry.concept,
            record_id: entry.record_id,
            patient_id: entry.patient_id.map(PatientId::new),
            count: entry.count.unwrap_or(1),
        })
    }
}

struct AccessRow {
    entry: audit_entry::Model,
    doctor_id: Option<Uuid>,
    doctor_first_name: Option<String>,
    doctor_last_name: Option<String>,
    pharmacy_id: Option<Uuid>,
    pharmacy_name: Option<String>,
    own_user_id: Option<Uuid>,
}

row!(AccessRow {
    entry,
    doctor_id,
    doctor_first_name,
    doctor_last_name,
    pharmacy_id,
    pharmacy_name,
    own_user_id,
});

impl AccessRow {
    fn show(self) -> Result<AccessView, StoreError> {
        // What they acted as then, whatever else they were before and since.
        let is = |role: Role| self.entry.role.as_deref() == Some(role.as_str());
        let doctor = self.doctor_id.filter(|_| is(Role::Doctor));
        let pharmacy = self.pharmacy_id.filter(|_| is(Role::Pharmacy));
        let (first, last) = (self.doctor_first_name.as_deref(), self.doctor_last_name.as_deref());
        let name = match (doctor, pharmacy) {
            (Some(id), _) => {
                let corrupt = |_| StoreError::Corrupt(DoctorId::new(id).into());
                Some(display_name(&person_name(first, last).map_err(corrupt)?))
            }
            (None, Some(_)) => self.pharmacy_name,
            (None, None) => None,
        };
        Ok(AccessView {
            id: AuditEntryId::new(self.entry.id),
            at: instant(self.entry.at)?,
            action: self.entry.action,
            is_own: self.entry.user_id.is_some() && self.entry.user_id == self.own_user_id,
            role: self.entry.role,
            name,
            doctor_id: doctor.map(DoctorId::new),
            pharmacy_id: pharmacy.map(PharmacyId::new),
        })
    }
}

//! Appointments in the database.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use medilink_application::appointment::{
    AppointmentChangeView, AppointmentCount, AppointmentQueries, AppointmentRepository,
    AppointmentSelection, AppointmentView,
};
use medilink_application::error::StoreError;
use medilink_application::page::{Found, Stretch};
use medilink_domain::actor::Actor;
use medilink_domain::appointment::{
    Appointment, AppointmentChange, AppointmentOrder, AppointmentStatus,
};
use medilink_domain::id::{AppointmentId, DoctorId, PatientId, UserId};
use medilink_domain::period::Period;
use medilink_domain::policy::{Reach, Relation};
use medilink_domain::record::{Concept, Record};
use medilink_domain::statistics::CountedDay;
use medilink_domain::text::{AppointmentNotes, Reason};
use medilink_domain::time::Timestamp;
use medilink_domain::zone::Zone;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, Query, SelectStatement, SimpleExpr};
use sea_orm::{
    ColumnTrait, Condition, DbBackend, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, RelationTrait, Select, Set,
};
use uuid::Uuid;

use crate::availability::booked;
use crate::entity::{appointment, appointment_change, doctor};
use crate::known::Known;
use crate::page;
use crate::parties::{Parties, with_parties};
use crate::row::row;
use crate::store::SeaOrmQueries;
use crate::stored::{Broken, Stored, bookable_time, count, one, optional, restored, revision};
use crate::transaction::Connection;
use crate::unit_of_work::SeaOrmUnitOfWork;

#[async_trait]
impl AppointmentRepository for SeaOrmUnitOfWork {
    async fn find(&mut self, id: AppointmentId) -> Result<Option<Appointment>, StoreError> {
        one(appointment::Entity::find_by_id(id.as_uuid()), &self.transaction).await
    }

    async fn lock(&mut self, id: AppointmentId) -> Result<Option<Appointment>, StoreError> {
        let locked = appointment::Entity::find_by_id(id.as_uuid()).lock(LockType::NoKeyUpdate);
        one(locked, &self.transaction).await
    }

    async fn active_of_patient(&mut self, patient: PatientId) -> Result<u64, StoreError> {
        count(active_of_patient(patient), &self.transaction).await
    }

    async fn booked(
        &mut self,
        doctor: DoctorId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Period>, StoreError> {
        let Ok(time) = Period::new(from, to) else { return Ok(Vec::new()) };
        let whose = (doctor.into(), time);
        let booked = booked(&self.transaction, active_of_doctor(doctor), whose).await?;
        Ok(booked.into_iter().map(|(_, time)| time).collect())
    }

    async fn active_of_doctor(&mut self, doctor: DoctorId) -> Result<u64, StoreError> {
        count(active_of_doctor(doctor), &self.transaction).await
    }

    async fn insert(
        &mut self,
        appointment: &Appointment,
        change: &AppointmentChange,
    ) -> Result<(), StoreError> {
        self.add(row(appointment)).await?;
        self.add(change_row(appointment, change)).await
    }

    async fn update(
        &mut self,
        appointment: &Appointment,
        change: &AppointmentChange,
    ) -> Result<(), StoreError> {
        self.describe(appointment).await?;
        self.add(change_row(appointment, change)).await
    }

    async fn describe(&mut self, appointment: &Appointment) -> Result<(), StoreError> {
        use appointment::Column;

        self.replace(
            Concept::Appointment,
            [Column::Id, Column::Version],
            appointment.id.as_uuid(),
            appointment.revision,
            row(appointment),
        )
        .await
    }
}

#[async_trait]
impl AppointmentQueries for SeaOrmQueries {
    async fn find(&self, id: AppointmentId) -> Result<Option<AppointmentView>, StoreError> {
        let found: Option<SeenRow> = self.0.row(SEEN.by(id.as_uuid())).await?;
        found.map(SeenRow::show).transpose()
    }

    async fn booked_of_doctor(
        &self,
        doctor: DoctorId,
        time: Period,
    ) -> Result<Vec<(AppointmentId, Period)>, StoreError> {
        booked(&self.0, active_of_doctor(doctor), (doctor.into(), time)).await
    }

    async fn booked_of_patient(
        &self,
        patient: PatientId,
        time: Period,
    ) -> Result<Vec<(AppointmentId, Period)>, StoreError> {
        booked(&self.0, active_of_patient(patient), (patient.into(), time)).await
    }

    async fn history(&self, id: AppointmentId) -> Result<Vec<AppointmentChangeView>, StoreError> {
        let changes = appointment_change::Entity::find()
            .filter(appointment_change::Column::AppointmentId.eq(id.as_uuid()))
            .order_by_asc(appointment_change::Column::Version);
        let rows: Vec<appointment_change::Model> = self.0.rows(changes).await?;
        rows.iter().map(|row| restored(row).map(AppointmentChangeView::of)).collect()
    }

    async fn list(
        &self,
        selection: &AppointmentSelection,
        stretch: &Stretch,
    ) -> Result<Found<AppointmentView>, StoreError> {
        let selected = select(selection);
        let total = page::total(
            &self.0,
            &selected,
            (appointment::Entity, appointment::Column::Id),
            stretch,
        )
        .await?;

        let select = page_of(seen(selected), selection.order, stretch)?;
        let rows: Vec<SeenRow> = self.0.rows(select).await?;
        let found = page::found(rows, stretch, total, |last| {
            page::at(last.appointment.starts_at, last.appointment.id)
        });
        found.try_map(SeenRow::show)
    }

    async fn count(
        &self,
        actor: &Actor,
        reach: &Reach,
        days: &[CountedDay],
    ) -> Result<Vec<AppointmentCount>, StoreError> {
        let query = counts(self.0.backend(), actor, reach, days);
        let rows: Vec<CountRow> = self.0.rows(&query).await?;
        rows.iter().map(CountRow::show).collect()
    }
}

struct CountRow {
    day: DateTime<Utc>,
    status: String,
    count: i64,
    ahead: i64,
    lead: Option<i64>,
}

row!(CountRow { day, status, count, ahead, lead });

impl CountRow {
    fn show(&self) -> Result<AppointmentCount, StoreError> {
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| StoreError::Failed(error);
        Ok(AppointmentCount {
            day: Timestamp::new(self.day).map_err(|error| failed(Box::new(error)))?,
            status: AppointmentStatus::parse(&self.status)
                .map_err(|error| failed(Box::new(error)))?,
            count: self.count.unsigned_abs(),
            ahead: self.ahead.unsigned_abs(),
            lead: self.lead.unwrap_or_default().unsigned_abs(),
        })
    }
}

/// Selects the active appointments of a doctor.
pub(crate) fn active_of_doctor(doctor: DoctorId) -> Select<appointment::Entity> {
    active().filter(appointment::Column::DoctorId.eq(doctor.as_uuid()))
}

/// Selects the active appointments of a patient.
pub(crate) fn active_of_patient(patient: PatientId) -> Select<appointment::Entity> {
    active().filter(appointment::Column::PatientId.eq(patient.as_uuid()))
}

fn active() -> Select<appointment::Entity> {
    let active = AppointmentStatus::ALL.iter().filter(|status| status.is_active());
    let active = active.map(|status| status.as_str());
    appointment::Entity::find().filter(appointment::Column::Status.is_in(active))
}

/// Selects what a list may and should show.
pub(crate) fn select(selection: &AppointmentSelection) -> Select<appointment::Entity> {
    use appointment::Column;

    let select = within(&selection.actor, &selection.reach);
    let mut conditions = Condition::all();
    if let Some(doctor) = selection.doctor {
        conditions = conditions.add(Column::DoctorId.eq(doctor.as_uuid()));
    }
    if let Some(patient) = selection.patient {
        conditions = conditions.add(Column::PatientId.eq(patient.as_uuid()));
    }
    if let Some(status) = selection.status {
        conditions = conditions.add(Column::Status.eq(status.as_str()));
    }
    if selection.active {
        // The others are named, since no index is narrowed by what is not in a list: one that has the
        // appointments in order of their start is read, and stands in the way of none.
        let over = AppointmentStatus::ALL.iter().filter(|status| !status.is_active());
        conditions = conditions.add(Column::Status.is_not_in(over.map(|status| status.as_str())));
    }
    if let Some(from) = selection.from {
        conditions = conditions.add(Column::StartsAt.gte(from.as_utc()));
    }
    if let Some(to) = selection.to {
        conditions = conditions.add(Column::StartsAt.lt(to.as_utc()));
    }
    if !selection.days.is_empty() {
        let days = selection.days.iter().map(|day| {
            let zones = day.zones.iter().map(Zone::name);
            Condition::all()
                .add(Column::StartsAt.gte(day.time.starts_at().as_utc()))
                .add(Column::StartsAt.lt(day.time.ends_at().as_utc()))
                .add(zone_of_doctor().is_in(zones))
        });
        conditions = conditions.add(days.fold(Condition::any(), Condition::add));
    }
    select.filter(conditions)
}

/// Selects what somebody may see.
fn within(actor: &Actor, reach: &Reach) -> Select<appointment::Entity> {
    let select = appointment::Entity::find();
    let Reach::Within(relations) = reach else { return select };
    let related: Vec<_> =
        relations.iter().filter_map(|relation| related(actor, *relation)).collect();
    // Nothing else beside these: it would keep the database from using their indexes.
    if related.is_empty() {
        select.filter(Expr::cust("1 = 0"))
    } else {
        select.filter(related.into_iter().fold(Condition::any(), Condition::add))
    }
}

/// Looks up where the doctor of an appointment is. It is asked of each that is read, and no way to
/// find them: those of a day are found by their start.
fn zone_of_doctor() -> SimpleExpr {
    let zone = Query::select()
        .column(doctor::Column::TimeZone)
        .from(doctor::Entity)
        .and_where(
            Expr::col((doctor::Entity, doctor::Column::Id))
                .equals((appointment::Entity, appointment::Column::DoctorId)),
        )
        .to_owned();
    SimpleExpr::SubQuery(None, Box::new(zone.into()))
}

/// Counts the appointments within reach that start on some days, by day and status, and how long
/// before they were booked.
pub(crate) fn counts(
    backend: DbBackend,
    actor: &Actor,
    reach: &Reach,
    days: &[CountedDay],
) -> SelectStatement {
    use appointment::Column;

    // Only what follows differs between the databases: how many seconds lie between two instants.
    let seconds = if backend == DbBackend::Postgres {
        "CAST(sum(extract(epoch FROM starts_at - created_at))
            FILTER (WHERE created_at < starts_at) AS bigint)"
    } else {
        "sum(unixepoch(starts_at) - unixepoch(created_at)) FILTER (WHERE created_at < starts_at)"
    };
    let ends = days.iter().map(|day| (day.time.starts_at().as_utc(), day.time.ends_at().as_utc()));
    let [start, end] = ["column1", "column2"].map(|name| Expr::col(("days", name)));
    let mut query = within(actor, reach).select_only().into_query();
    query
        .expr_as(start.clone(), "day")
        .expr_as(column(Column::Status), "status")
        .expr_as(Expr::cust("count(*)"), "count")
        .expr_as(Expr::cust("count(*) FILTER (WHERE created_at < starts_at)"), "ahead")
        .expr_as(Expr::cust(seconds), "lead")
        .from_values(ends, "days")
        .and_where(column(Column::StartsAt).gte(start.clone()))
        .and_where(column(Column::StartsAt).lt(end))
        .add_group_by([start, column(Column::Status)]);
    query
}

/// Says in SQL that somebody stands to an appointment in a relation.
fn related(actor: &Actor, relation: Relation) -> Option<SimpleExpr> {
    match relation {
        Relation::SelfRecord => {
            actor.patient.map(|id| appointment::Column::PatientId.eq(id.as_uuid()))
        }
        Relation::Own => actor.doctor.map(|id| appointment::Column::DoctorId.eq(id.as_uuid())),
        Relation::Creator => Some(appointment::Column::PatientCreatedBy.eq(actor.user.as_uuid())),
        // No role reads an appointment for caring or for nothing; if one ever does, the store law
        // that compares lists with single reads says so.
        Relation::Care | Relation::Stranger => None,
    }
}

/// Puts a list in its order, and cuts a page out of it.
pub(crate) fn page_of(
    select: Select<appointment::Entity>,
    order: AppointmentOrder,
    stretch: &Stretch,
) -> Result<Select<appointment::Entity>, StoreError> {
    let order = match order {
        AppointmentOrder::Earliest => Order::Asc,
        AppointmentOrder::Latest => Order::Desc,
    };
    let columns = [appointment::Column::StartsAt, appointment::Column::Id];
    page::by_instant(select, columns, order, false, stretch)
}

fn column(column: appointment::Column) -> SimpleExpr {
    Expr::col((appointment::Entity, column))
}

/// One appointment as it is seen.
static SEEN: Known<appointment::Entity> =
    Known::new(|| seen(appointment::Entity::find_by_id(Uuid::nil())));

/// Reads an appointment with what is shown of its doctor and its patient.
pub(crate) fn seen(select: Select<appointment::Entity>) -> Select<appointment::Entity> {
    with_parties(
        select,
        [appointment::Relation::Doctor.def(), appointment::Relation::Patient.def()],
    )
}

struct SeenRow {
    appointment: appointment::Model,
    parties: Parties,
}

row!(SeenRow { appointment, parties });

impl SeenRow {
    fn show(self) -> Result<AppointmentView, StoreError> {
        let appointment = restored(&self.appointment)?;
        let (doctor, patient) = self
            .parties
            .show(appointment.doctor, appointment.patient)
            .map_err(|Broken| StoreError::Corrupt(appointment.id.into()))?;
        Ok(AppointmentView::of(appointment, doctor, patient))
    }
}

fn row(appointment: &Appointment) -> appointment::ActiveModel {
    let Appointment {
        id,
        doctor,
        patient,
        patient_created_by,
        time,
        status,
        reason,
        notes,
        retrospective,
        created_by,
        revision,
    } = appointment;
    appointment::ActiveModel {
        id: Set(id.as_uuid()),
        doctor_id: Set(doctor.as_uuid()),
        patient_id: Set(patient.as_uuid()),
        patient_created_by: Set(patient_created_by.as_uuid()),
        starts_at: Set(time.starts_at().as_utc()),
        ends_at: Set(time.ends_at().as_utc()),
        status: Set(status.as_str().to_owned()),
        reason: Set(reason.as_ref().map(|it| it.disclose().to_owned())),
        notes: Set(notes.as_ref().map(|it| it.disclose().to_owned())),
        retrospective: Set(*retrospective),
        created_by: Set(created_by.as_uuid()),
        created_at: Set(revision.created_at.as_utc()),
        updated_at: Set(revision.updated_at.as_utc()),
        version: Set(revision.version),
    }
}

fn change_row(
    appointment: &Appointment,
    change: &AppointmentChange,
) -> appointment_change::ActiveModel {
    let AppointmentChange { from, to, old_time, new_time, by, at, reason } = change;
    appointment_change::ActiveModel {
        appointment_id: Set(appointment.id.as_uuid()),
        version: Set(appointment.revision.version),
        from_status: Set(from.map(|status| status.as_str().to_owned())),
        to_status: Set(to.as_str().to_owned()),
        old_starts_at: Set(old_time.map(|time| time.starts_at().as_utc())),
        old_ends_at: Set(old_time.map(|time| time.ends_at().as_utc())),
        new_starts_at: Set(new_time.starts_at().as_utc()),
        new_ends_at: Set(new_time.ends_at().as_utc()),
        changed_by: Set(by.as_uuid()),
        changed_at: Set(at.as_utc()),
        reason: Set(reason.as_ref().map(|it| it.disclose().to_owned())),
    }
}

impl Stored for appointment_change::Model {
    type Held = AppointmentChange;

    fn record(&self) -> Record {
        AppointmentId::new(self.appointment_id).into()
    }

    fn restore(&self) -> Result<AppointmentChange, Broken> {
        let old_time = match (self.old_starts_at, self.old_ends_at) {
            (Some(starts_at), Some(ends_at)) => Some(bookable_time(starts_at, ends_at)?),
            (None, _) | (_, None) => None,
        };
        Ok(AppointmentChange {
            from: optional(self.from_status.as_deref(), AppointmentStatus::parse)?,
            to: AppointmentStatus::parse(&self.to_status)?,
            old_time,
            new_time: bookable_time(self.new_starts_at, self.new_ends_at)?,
            by: UserId::new(self.changed_by),
            at: Timestamp::new(self.changed_at)?,
            reason: optional(self.reason.as_deref(), Reason::parse)?,
        })
    }
}

impl Stored for appointment::Model {
    type Held = Appointment;

    fn record(&self) -> Record {
        AppointmentId::new(self.id).into()
    }

    fn restore(&self) -> Result<Appointment, Broken> {
        Ok(Appointment {
            id: AppointmentId::new(self.id),
            doctor: DoctorId::new(self.doctor_id),
            patient: PatientId::new(self.patient_id),
            patient_created_by: UserId::new(self.patient_created_by),
            time: bookable_time(self.starts_at, self.ends_at)?,
            status: AppointmentStatus::parse(&self.status)?,
            reason: optional(self.reason.as_deref(), Reason::parse)?,
            notes: optional(self.notes.as_deref(), AppointmentNotes::parse)?,
            retrospective: self.retrospective,
            created_by: UserId::new(self.created_by),
            revision: revision(self.created_at, self.updated_at, self.version)?,
        })
    }
}

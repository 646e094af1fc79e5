//! Assignments in the database.

use async_trait::async_trait;
use medilink_application::assignment::{
    AssignedDoctorView, AssignmentQueries, AssignmentRepository, AssignmentSelection,
    AssignmentView, SeenAssignment,
};
use medilink_application::error::StoreError;
use medilink_application::page::{Found, Position, Stretch};
use medilink_domain::assignment::Assignment;
use medilink_domain::care::CareSince;
use medilink_domain::doctor::Specialization;
use medilink_domain::id::{AssignmentId, DoctorId, PatientId, UserId};
use medilink_domain::policy::{Reach, Relation};
use medilink_domain::record::{Concept, Record};
use medilink_domain::text::{AssignmentNotes, Reason};
use medilink_domain::time::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, SimpleExpr};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect,
    RelationTrait, Select, Set,
};
use uuid::Uuid;

use crate::entity::{assignment, doctor};
use crate::page;
use crate::parties::{Parties, doctor_brief, with_doctor, with_parties};
use crate::patient::{care, is_in_care};
use crate::row::row;
use crate::store::SeaOrmQueries;
use crate::stored::{Broken, Stored, one, optional, restored, revision};
use crate::transaction::Connection;
use crate::unit_of_work::SeaOrmUnitOfWork;

#[async_trait]
impl AssignmentRepository for SeaOrmUnitOfWork {
    async fn find(&mut self, id: AssignmentId) -> Result<Option<Assignment>, StoreError> {
        one(present().filter(assignment::Column::Id.eq(id.as_uuid())), &self.transaction).await
    }

    async fn lock(&mut self, id: AssignmentId) -> Result<Option<Assignment>, StoreError> {
        let found = present().filter(assignment::Column::Id.eq(id.as_uuid()));
        one(found.lock(LockType::NoKeyUpdate), &self.transaction).await
    }

    async fn lock_rivals(&mut self, of: &Assignment) -> Result<Vec<Assignment>, StoreError> {
        use assignment::Column;

        let select = present()
            .filter(Column::PatientId.eq(of.patient.as_uuid()))
            .filter(is_active())
            .filter(
                Condition::any()
                    .add(Expr::col((assignment::Entity, Column::IsPrimary)))
                    .add(Column::DoctorId.eq(of.doctor.as_uuid())),
            )
            .filter(Column::Id.ne(of.id.as_uuid()))
            .order_by_asc(Column::Id)
            .lock(LockType::NoKeyUpdate);
        let rivals: Vec<assignment::Model> = self.transaction.rows(select).await?;
        rivals.iter().map(restored).collect::<Result<_, _>>().map_err(|error| self.fail(error))
    }

    async fn insert(&mut self, assignment: &Assignment) -> Result<(), StoreError> {
        self.add(row(assignment)).await
    }

    async fn update(&mut self, assignment: &Assignment) -> Result<(), StoreError> {
        use assignment::Column;

        self.replace(
            Concept::Assignment,
            [Column::Id, Column::Version],
            assignment.id.as_uuid(),
            assignment.revision,
            row(assignment),
        )
        .await
    }

    async fn end_all_of_patient(
        &mut self,
        patient: PatientId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.end_all(assignment::Column::PatientId.eq(patient.as_uuid()), now).await
    }

    async fn end_all_of_doctor(
        &mut self,
        doctor: DoctorId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.end_all(assignment::Column::DoctorId.eq(doctor.as_uuid()), now).await
    }
}

impl SeaOrmUnitOfWork {
    /// Ends active assignments, each as [`Assignment::change`] would.
    async fn end_all(&mut self, of: SimpleExpr, now: Timestamp) -> Result<(), StoreError> {
        use assignment::Column;

        // Locked by id: of several doctors and patients who leave at once, each has an assignment
        // that another one wants.
        let locked = present()
            .select_only()
            .column(Column::Id)
            .filter(of.clone())
            .filter(is_active())
            .order_by_asc(Column::Id)
            .lock(LockType::NoKeyUpdate);
        let _: Vec<Uuid> = self.transaction.rows(locked).await?;
        let ended = assignment::Entity::update_many()
            .col_expr(Column::IsActive, Expr::val(false))
            .col_expr(Column::EndedAt, Expr::val(now.as_utc()))
            .col_expr(Column::UpdatedAt, Expr::val(now.as_utc()))
            .col_expr(Column::Version, Expr::col(Column::Version).add(1))
            .filter(Column::ArchivedAt.is_null())
            .filter(of)
            .filter(is_active());
        self.transaction.execute(ended).await?;
        Ok(())
    }
}

#[async_trait]
impl AssignmentQueries for SeaOrmQueries {
    async fn find(
        &self,
        id: AssignmentId,
        doctor: Option<DoctorId>,
        since: CareSince,
    ) -> Result<Option<SeenAssignment>, StoreError> {
        let select = seen(present().filter(assignment::Column::Id.eq(id.as_uuid())));
        let found: Option<SeenRow> = self.0.row(select).await?;
        let Some(found) = found else { return Ok(None) };
        let patient = PatientId::new(found.assignment.patient_id);
        let in_care = match doctor {
            Some(doctor) => is_in_care(&self.0, patient, doctor, since).await?,
            None => false,
        };
        Ok(Some(SeenAssignment { view: found.show()?, in_care }))
    }

    async fn list(
        &self,
        selection: &AssignmentSelection,
        stretch: &Stretch,
    ) -> Result<Found<AssignmentView>, StoreError> {
        use assignment::Column;

        let selected = select(selection);
        let id = (assignment::Entity, Column::Id);
        let total = page::total(&self.0, &selected, id, stretch).await?;

        let select = page_of(seen(selected), stretch)?;
        let rows: Vec<SeenRow> = self.0.rows(select).await?;
        let found = page::found(rows, stretch, total, |last| {
            page::at(last.assignment.created_at, last.assignment.id)
        });
        found.try_map(SeenRow::show)
    }

    async fn doctors_of(
        &self,
        patient: PatientId,
        stretch: &Stretch,
    ) -> Result<Found<AssignedDoctorView>, StoreError> {
        let selected = assigned_to(patient);
        let id = (assignment::Entity, assignment::Column::Id);
        let total = page::total(&self.0, &selected, id, stretch).await?;

        let select = page_of_doctors(selected, stretch)?;
        let rows: Vec<DoctorRow> = self.0.rows(select).await?;
        let found = page::found(rows, stretch, total, |last| Position {
            key: format!(
                "{} {}",
                last.assignment.is_primary,
                page::key(last.assignment.created_at)
            ),
            id: last.assignment.id,
        });
        found.try_map(DoctorRow::show)
    }
}

/// Selects the assignments that nobody has taken away.
fn present() -> Select<assignment::Entity> {
    assignment::Entity::find().filter(assignment::Column::ArchivedAt.is_null())
}

/// Says that an assignment goes on: bare, as partial indexes have it.
fn is_active() -> SimpleExpr {
    Expr::col((assignment::Entity, assignment::Column::IsActive))
}

/// Selects what a list may and should show.
pub(crate) fn select(selection: &AssignmentSelection) -> Select<assignment::Entity> {
    use assignment::Column;

    let mut select = present();
    if let Reach::Within(relations) = &selection.reach {
        let related: Vec<_> =
            relations.iter().filter_map(|relation| related(selection, *relation)).collect();
        let any = page::any_of(&select, Column::Id, &related);
        select = select.filter(any);
    }
    let mut conditions = Condition::all();
    if let Some(doctor) = selection.doctor {
        conditions = conditions.add(Column::DoctorId.eq(doctor.as_uuid()));
    }
    if let Some(patient) = selection.patient {
        conditions = conditions.add(Column::PatientId.eq(patient.as_uuid()));
    }
    if let Some(is_primary) = selection.is_primary {
        conditions = conditions.add(Column::IsPrimary.eq(is_primary));
    }
    if let Some(is_active) = selection.is_active {
        conditions = conditions.add(Column::IsActive.eq(is_active));
    }
    select.filter(conditions)
}

/// Says in SQL that somebody stands to an assignment's patient in a relation.
fn related(selection: &AssignmentSelection, relation: Relation) -> Option<SimpleExpr> {
    use assignment::Column;

    let actor = &selection.actor;
    match relation {
        Relation::SelfRecord => actor.patient.map(|id| Column::PatientId.eq(id.as_uuid())),
        Relation::Creator => Some(Column::PatientCreatedBy.eq(actor.user.as_uuid())),
        Relation::Care => actor
            .doctor
            .map(|doctor| Column::PatientId.in_subquery(care(doctor, selection.since, None))),
        // No role reads an assignment for being named by it or for nothing; if one ever does, the
        // store law that compares lists with single reads says so.
        Relation::Own | Relation::Stranger => None,
    }
}

/// Puts a list in its order, the newest first, and cuts a page out of it.
pub(crate) fn page_of(
    select: Select<assignment::Entity>,
    stretch: &Stretch,
) -> Result<Select<assignment::Entity>, StoreError> {
    let columns = [assignment::Column::CreatedAt, assignment::Column::Id];
    page::by_instant(select, columns, Order::Desc, false, stretch)
}

/// Selects the active assignments of a patient.
fn assigned_to(patient: PatientId) -> Select<assignment::Entity> {
    present().filter(assignment::Column::PatientId.eq(patient.as_uuid())).filter(is_active())
}

/// Puts a patient's assignments in order, the primary one first and then the newest, cuts a page out
/// of them, and reads what is shown of each doctor.
fn page_of_doctors(
    select: Select<assignment::Entity>,
    stretch: &Stretch,
) -> Result<Select<assignment::Entity>, StoreError> {
    use assignment::Column;

    let mut select = with_doctor(select, assignment::Relation::Doctor.def())
        .column_as(doctor::Column::Specialization, "specialization")
        .order_by_desc(Column::IsPrimary)
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .limit(stretch.limit.get() + 1);
    if let Some(position) = &stretch.after {
        let corrupt = || StoreError::Corrupt(AssignmentId::new(position.id).into());
        let (is_primary, made) = position.key.split_once(' ').ok_or_else(corrupt)?;
        let is_primary: bool = is_primary.parse().map_err(|_| corrupt())?;
        let made = page::instant(made)?;
        select = select.filter(page::behind(
            [column(Column::IsPrimary), column(Column::CreatedAt), column(Column::Id)],
            [Expr::val(is_primary), Expr::val(made.as_utc()), Expr::val(position.id)],
            true,
        ));
    }
    Ok(select)
}

fn column(column: assignment::Column) -> SimpleExpr {
    Expr::col((assignment::Entity, column))
}

/// Reads an assignment with what is shown of its doctor and its patient.
pub(crate) fn seen(select: Select<assignment::Entity>) -> Select<assignment::Entity> {
    with_parties(select, [assignment::Relation::Doctor.def(), assignment::Relation::Patient.def()])
}

struct SeenRow {
    assignment: assignment::Model,
    parties: Parties,
}

row!(SeenRow { assignment, parties });

impl SeenRow {
    fn show(self) -> Result<AssignmentView, StoreError> {
        let assignment = restored(&self.assignment)?;
        let (doctor, patient) = self
            .parties
            .show(assignment.doctor, assignment.patient)
            .map_err(|Broken| StoreError::Corrupt(assignment.id.into()))?;
        Ok(AssignmentView::of(assignment, doctor, patient))
    }
}

struct DoctorRow {
    assignment: assignment::Model,
    doctor_first_name: Option<String>,
    doctor_last_name: Option<String>,
    specialization: String,
}

row!(DoctorRow { assignment, doctor_first_name, doctor_last_name, specialization });

impl DoctorRow {
    fn show(self) -> Result<AssignedDoctorView, StoreError> {
        let assignment = restored(&self.assignment)?;
        let id = assignment.doctor;
        let corrupt = |_| StoreError::Corrupt(id.into());
        let [first, last] = [&self.doctor_first_name, &self.doctor_last_name];
        let doctor = doctor_brief(id, first.as_deref(), last.as_deref());
        let specialization = Specialization::parse(&self.specialization).map_err(Broken::from);
        let (doctor, specialization) = (doctor.map_err(corrupt)?, specialization.map_err(corrupt)?);
        Ok(AssignedDoctorView::of(assignment, doctor, specialization))
    }
}

fn row(assignment: &Assignment) -> assignment::ActiveModel {
    let is_active = assignment.is_active();
    let Assignment {
        id,
        doctor,
        patient,
        patient_created_by,
        is_primary,
        reason,
        notes,
        created_by,
        ended_at,
        archived_at,
        revision,
    } = assignment;
    assignment::ActiveModel {
        id: Set(id.as_uuid()),
        doctor_id: Set(doctor.as_uuid()),
        patient_id: Set(patient.as_uuid()),
        patient_created_by: Set(patient_created_by.as_uuid()),
        is_primary: Set(*is_primary),
        is_active: Set(is_active),
        reason: Set(reason.as_ref().map(|it| it.disclose().to_owned())),
        notes: Set(notes.as_ref().map(|it| it.disclose().to_owned())),
        created_by: Set(created_by.as_uuid()),
        created_at: Set(revision.created_at.as_utc()),
        updated_at: Set(revision.updated_at.as_utc()),
        version: Set(revision.version),
        ended_at: Set(ended_at.map(Timestamp::as_utc)),
        archived_at: Set(archived_at.map(Timestamp::as_utc)),
    }
}

impl Stored for assignment::Model {
    type Held = Assignment;

    fn record(&self) -> Record {
        AssignmentId::new(self.id).into()
    }

    fn restore(&self) -> Result<Assignment, Broken> {
        Ok(Assignment {
            id: AssignmentId::new(self.id),
            doctor: DoctorId::new(self.doctor_id),
            patient: PatientId::new(self.patient_id),
            patient_created_by: UserId::new(self.patient_created_by),
            is_primary: self.is_primary,
            reason: optional(self.reason.as_deref(), Reason::parse)?,
            notes: optional(self.notes.as_deref(), AssignmentNotes::parse)?,
            created_by: UserId::new(self.created_by),
            // The table holds `is_active` against it.
            ended_at: self.ended_at.map(Timestamp::new).transpose()?,
            archived_at: self.archived_at.map(Timestamp::new).transpose()?,
            revision: revision(self.created_at, self.updated_at, self.version)?,
        })
    }
}

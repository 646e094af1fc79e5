//! Handing everything of a doctor over to another one, in the database.

use medilink_application::error::StoreError;
use medilink_domain::id::DoctorId;
use medilink_domain::time::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, SimpleExpr};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use uuid::Uuid;

use crate::appointment::active_of_doctor;
use crate::entity::{appointment, assignment, patient, time_slot};
use crate::transaction::Connection;
use crate::unit_of_work::SeaOrmUnitOfWork;

impl SeaOrmUnitOfWork {
    /// Makes everything that refers to a doctor refer to another one. Both are locked. A store law
    /// compares the tables here with those that refer to doctors.
    pub(crate) async fn give_to(
        &self,
        from: DoctorId,
        to: DoctorId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.lock_patients_of(from).await?;
        self.give_assignments(from, to, now).await?;

        let (from, to, now) = (from.as_uuid(), to.as_uuid(), now.as_utc());
        let slots = time_slot::Entity::update_many()
            .col_expr(time_slot::Column::DoctorId, Expr::val(to))
            .col_expr(time_slot::Column::UpdatedAt, Expr::val(now))
            .col_expr(time_slot::Column::Version, Expr::col(time_slot::Column::Version).add(1))
            .filter(time_slot::Column::DoctorId.eq(from));
        self.transaction.execute(slots).await?;
        let appointments = appointment::Entity::update_many()
            .col_expr(appointment::Column::DoctorId, Expr::val(to))
            .col_expr(appointment::Column::UpdatedAt, Expr::val(now))
            .col_expr(appointment::Column::Version, Expr::col(appointment::Column::Version).add(1))
            .filter(appointment::Column::DoctorId.eq(from));
        self.transaction.execute(appointments).await?;
        Ok(())
    }

    /// Locks whoever is still to see a doctor or is in their care, by id: PostgreSQL compares every
    /// active appointment that changes with the patient's others too.
    async fn lock_patients_of(&self, doctor: DoctorId) -> Result<(), StoreError> {
        let booked = active_of_doctor(doctor)
            .select_only()
            .column(appointment::Column::PatientId)
            .into_query();
        let assigned = assignment::Entity::find()
            .select_only()
            .column(assignment::Column::PatientId)
            .filter(assignment::Column::DoctorId.eq(doctor.as_uuid()))
            .filter(is_active())
            .into_query();
        let theirs =
            patient::Column::Id.in_subquery(booked).or(patient::Column::Id.in_subquery(assigned));
        let patients = patient::Entity::find()
            .select_only()
            .column(patient::Column::Id)
            .filter(theirs)
            .order_by_asc(patient::Column::Id)
            .lock(LockType::NoKeyUpdate);
        let _: Vec<Uuid> = self.transaction.rows(patients).await?;
        Ok(())
    }

    /// Gives away the assignments. Whoever has both doctors keeps that of the other one, and this one
    /// ends.
    async fn give_assignments(
        &self,
        from: DoctorId,
        to: DoctorId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        use assignment::Column;

        let with_both = assignment::Entity::find()
            .select_only()
            .column(Column::PatientId)
            .filter(Column::DoctorId.eq(to.as_uuid()))
            .filter(is_active())
            .into_query();
        let ended = assignment::Entity::update_many()
            .col_expr(Column::IsActive, Expr::val(false))
            .col_expr(Column::EndedAt, Expr::val(now.as_utc()))
            .filter(Column::DoctorId.eq(from.as_uuid()))
            .filter(is_active())
            .filter(Column::PatientId.in_subquery(with_both));
        self.transaction.execute(ended).await?;
        let given = assignment::Entity::update_many()
            .col_expr(Column::DoctorId, Expr::val(to.as_uuid()))
            .col_expr(Column::UpdatedAt, Expr::val(now.as_utc()))
            .col_expr(Column::Version, Expr::col(Column::Version).add(1))
            .filter(Column::DoctorId.eq(from.as_uuid()));
        self.transaction.execute(given).await?;
        Ok(())
    }
}

/// Says that an assignment goes on: bare, as partial indexes have it.
fn is_active() -> SimpleExpr {
    Expr::col((assignment::Entity, assignment::Column::IsActive))
}

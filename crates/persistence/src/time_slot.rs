//! Time slots in the database.

use async_trait::async_trait;
use medilink_application::error::StoreError;
use medilink_application::page::{Found, Stretch};
use medilink_application::time_slot::{
    SlotInBrief, TimeSlotQueries, TimeSlotRepository, TimeSlotSelection, TimeSlotView,
};
use medilink_domain::appointment::AppointmentStatus;
use medilink_domain::id::{DoctorId, TimeSlotId, UserId};
use medilink_domain::period::Period;
use medilink_domain::record::{Concept, Record};
use medilink_domain::time::Timestamp;
use medilink_domain::time_slot::TimeSlot;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Order, Query, SimpleExpr};
use sea_orm::{
    ActiveValue, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, Set,
};
use uuid::Uuid;

use crate::availability::{open_from, slots};
use crate::entity::{appointment, doctor, time_slot};
use crate::page;
use crate::row::row;
use crate::store::SeaOrmQueries;
use crate::stored::{Broken, Stored, bookable_time, one, restored, revision};
use crate::transaction::Connection;
use crate::unit_of_work::SeaOrmUnitOfWork;

#[async_trait]
impl TimeSlotRepository for SeaOrmUnitOfWork {
    async fn find(&mut self, id: TimeSlotId) -> Result<Option<TimeSlot>, StoreError> {
        one(time_slot::Entity::find_by_id(id.as_uuid()), &self.transaction).await
    }

    async fn overlapping(
        &mut self,
        doctor: DoctorId,
        time: Period,
    ) -> Result<Vec<(Period, bool)>, StoreError> {
        let slots = slots(&self.transaction, doctor, time).await?;
        Ok(slots.into_iter().map(|slot| (slot.time, slot.blocked)).collect())
    }

    async fn of_batch(&mut self, batch: Uuid) -> Result<Vec<TimeSlot>, StoreError> {
        let select = time_slot::Entity::find()
            .filter(time_slot::Column::BatchId.eq(batch))
            .order_by_asc(time_slot::Column::StartsAt);
        let rows: Vec<time_slot::Model> = self.transaction.rows(select).await?;
        rows.iter().map(restored).collect()
    }

    async fn insert(&mut self, slots: &[TimeSlot], batch: Option<Uuid>) -> Result<(), StoreError> {
        // Below the number of parameters that either database takes in a statement.
        const AT_ONCE: usize = 100;

        for slots in slots.chunks(AT_ONCE) {
            let rows = slots
                .iter()
                .map(|slot| time_slot::ActiveModel { batch_id: Set(batch), ..row(slot) });
            self.add_all(rows.collect()).await?;
            // On SQLite nothing was waited for: others whom this thread serves have their turn now.
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    async fn update(&mut self, slot: &TimeSlot) -> Result<(), StoreError> {
        use time_slot::Column;

        let columns = [Column::Id, Column::Version];
        self.replace(Concept::TimeSlot, columns, slot.id.as_uuid(), slot.revision, row(slot)).await
    }

    async fn delete(&mut self, id: TimeSlotId) -> Result<(), StoreError> {
        let delete =
            time_slot::Entity::delete_many().filter(time_slot::Column::Id.eq(id.as_uuid()));
        self.transaction.execute(delete).await?;
        Ok(())
    }
}

#[async_trait]
impl TimeSlotQueries for SeaOrmQueries {
    async fn find(
        &self,
        id: TimeSlotId,
        now: Timestamp,
    ) -> Result<Option<TimeSlotView>, StoreError> {
        let select = seen(present(time_slot::Entity::find_by_id(id.as_uuid())));
        let found: Option<SeenRow> = self.0.row(select).await?;
        found.map(|row| row.show(now)).transpose()
    }

    async fn overlapping(
        &self,
        doctor: DoctorId,
        time: Period,
    ) -> Result<Vec<SlotInBrief>, StoreError> {
        slots(&self.0, doctor, time).await
    }

    async fn publishes(&self, doctor: DoctorId, from: Timestamp) -> Result<bool, StoreError> {
        let found: Option<Uuid> = self.0.row(open_from(doctor, from)).await?;
        Ok(found.is_some())
    }

    async fn list(
        &self,
        selection: &TimeSlotSelection,
        stretch: &Stretch,
    ) -> Result<Found<TimeSlotView>, StoreError> {
        use time_slot::Column;

        let selected = select(selection);
        let id = (time_slot::Entity, Column::Id);
        let total = page::total(&self.0, &selected, id, stretch).await?;
        let select = page_of(seen(selected), stretch)?;
        let rows: Vec<SeenRow> = self.0.rows(select).await?;
        let found = page::found(rows, stretch, total, |last| {
            page::at(last.time_slot.starts_at, last.time_slot.id)
        });
        found.try_map(|row| row.show(selection.now))
    }
}

/// Selects what a list should show.
pub(crate) fn select(selection: &TimeSlotSelection) -> Select<time_slot::Entity> {
    use time_slot::Column;

    let mut select = present(time_slot::Entity::find());
    if let Some(doctor) = selection.doctor {
        select = select.filter(Column::DoctorId.eq(doctor.as_uuid()));
    }
    if let Some(from) = selection.from {
        select = select.filter(Column::StartsAt.gte(from.as_utc()));
    }
    if let Some(to) = selection.to {
        select = select.filter(Column::StartsAt.lt(to.as_utc()));
    }
    let now = selection.now.as_utc();
    match selection.available {
        None => select,
        // As `TimeSlot::is_available` has it, in the words of the database.
        Some(true) => select
            .filter(Column::StartsAt.gte(now))
            .filter(Column::Blocked.eq(false))
            .filter(is_booked().not()),
        Some(false) => {
            select.filter(Column::StartsAt.lt(now).or(Column::Blocked.eq(true)).or(is_booked()))
        }
    }
}

/// Keeps to the slots of doctors who are in the directory.
fn present(select: Select<time_slot::Entity>) -> Select<time_slot::Entity> {
    let archived = Query::select()
        .expr(Expr::val(1))
        .from(doctor::Entity)
        .and_where(
            Expr::col((doctor::Entity, doctor::Column::Id))
                .equals((time_slot::Entity, time_slot::Column::DoctorId)),
        )
        .and_where(Expr::col((doctor::Entity, doctor::Column::ArchivedAt)).is_not_null())
        .to_owned();
    select.filter(Expr::exists(archived).not())
}

/// Asks whether an active appointment overlaps the slot.
///
/// As the guards do: active appointments of one doctor never overlap, so the latest of them that
/// starts before the slot's end is the only one that can. It is found in one seek.
fn is_booked() -> SimpleExpr {
    use appointment::Column;

    let column = |column: Column| Expr::col((appointment::Entity, column));
    let slot = |column: time_slot::Column| Expr::col((time_slot::Entity, column));
    // Written out, not bound: the databases use a partial index only where they see its condition.
    let active = AppointmentStatus::ALL.iter().filter(|status| status.is_active());
    let active: Vec<_> = active.map(|status| format!("'{status}'")).collect();
    let is_active = format!("appointments.status IN ({})", active.join(", "));
    let latest_end = Query::select()
        .expr(column(Column::EndsAt))
        .from(appointment::Entity)
        .and_where(column(Column::DoctorId).eq(slot(time_slot::Column::DoctorId)))
        .and_where(Expr::cust(is_active))
        .and_where(column(Column::StartsAt).lt(slot(time_slot::Column::EndsAt)))
        .order_by_expr(column(Column::StartsAt), Order::Desc)
        .limit(1)
        .to_owned();
    let latest_end = SimpleExpr::SubQuery(None, Box::new(latest_end.into()));
    let overlaps = slot(time_slot::Column::StartsAt).lt(latest_end);
    Func::coalesce([overlaps, Expr::val(false)]).into()
}

/// Puts a list in its order, the earliest first, and cuts a page out of it.
pub(crate) fn page_of(
    select: Select<time_slot::Entity>,
    stretch: &Stretch,
) -> Result<Select<time_slot::Entity>, StoreError> {
    let columns = [time_slot::Column::StartsAt, time_slot::Column::Id];
    page::by_instant(select, columns, Order::Asc, false, stretch)
}

/// Reads a slot with whether it is booked.
pub(crate) fn seen(select: Select<time_slot::Entity>) -> Select<time_slot::Entity> {
    select.expr_as(is_booked(), "is_booked")
}

struct SeenRow {
    time_slot: time_slot::Model,
    is_booked: bool,
}

row!(SeenRow { time_slot, is_booked });

impl SeenRow {
    fn show(self, now: Timestamp) -> Result<TimeSlotView, StoreError> {
        Ok(TimeSlotView::of(&restored(&self.time_slot)?, self.is_booked, now))
    }
}

fn row(slot: &TimeSlot) -> time_slot::ActiveModel {
    let TimeSlot { id, doctor, time, blocked, created_by, revision } = slot;
    time_slot::ActiveModel {
        id: Set(id.as_uuid()),
        doctor_id: Set(doctor.as_uuid()),
        starts_at: Set(time.starts_at().as_utc()),
        ends_at: Set(time.ends_at().as_utc()),
        blocked: Set(*blocked),
        batch_id: ActiveValue::NotSet,
        created_by: Set(created_by.as_uuid()),
        created_at: Set(revision.created_at.as_utc()),
        updated_at: Set(revision.updated_at.as_utc()),
        version: Set(revision.version),
    }
}

impl Stored for time_slot::Model {
    type Held = TimeSlot;

    fn record(&self) -> Record {
        TimeSlotId::new(self.id).into()
    }

    fn restore(&self) -> Result<TimeSlot, Broken> {
        Ok(TimeSlot {
            id: TimeSlotId::new(self.id),
            doctor: DoctorId::new(self.doctor_id),
            time: bookable_time(self.starts_at, self.ends_at)?,
            blocked: self.blocked,
            created_by: UserId::new(self.created_by),
            revision: revision(self.created_at, self.updated_at, self.version)?,
        })
    }
}

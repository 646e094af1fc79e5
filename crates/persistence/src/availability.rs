//! What doctors offer, and what of it is taken: the reads that tell which times are free.

use chrono::{DateTime, Utc};
use medilink_application::error::StoreError;
use medilink_application::time_slot::SlotInBrief;
use medilink_domain::id::{AppointmentId, DoctorId, TimeSlotId};
use medilink_domain::period::{BookableTime, Period};
use medilink_domain::record::Record;
use medilink_domain::time::Timestamp;
use sea_orm::sea_query::SimpleExpr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use crate::entity::{appointment, time_slot};
use crate::stored::{Broken, bookable_time};
use crate::transaction::Connection;

/// Reads the active appointments of a doctor or a patient that overlap a time, the earliest first.
pub(crate) async fn booked(
    connection: &impl Connection,
    active: Select<appointment::Entity>,
    (whose, time): (Record, Period),
) -> Result<Vec<(AppointmentId, Period)>, StoreError> {
    let rows: Vec<(Uuid, DateTime<Utc>, DateTime<Utc>)> =
        connection.rows(booked_within(active, time)).await?;
    let corrupt = |_: Broken| StoreError::Corrupt(whose);
    rows.into_iter()
        .map(|(id, start, end)| {
            let time = bookable_time(start, end).map_err(corrupt)?;
            Ok((AppointmentId::new(id), time.period()))
        })
        .collect()
}

/// Selects when the active appointments of somebody are that overlap a time, the earliest first.
pub(crate) fn booked_within(
    active: Select<appointment::Entity>,
    time: Period,
) -> Select<appointment::Entity> {
    use appointment::Column;

    active
        .select_only()
        .columns([Column::Id, Column::StartsAt, Column::EndsAt])
        .filter(overlaps(Column::StartsAt, Column::EndsAt, time))
        .order_by_asc(Column::StartsAt)
}

/// Reads the slots of a doctor that overlap a time, the earliest first.
pub(crate) async fn slots(
    connection: &impl Connection,
    doctor: DoctorId,
    time: Period,
) -> Result<Vec<SlotInBrief>, StoreError> {
    let rows: Vec<(Uuid, DateTime<Utc>, DateTime<Utc>, bool)> =
        connection.rows(slots_within(doctor, time)).await?;
    let corrupt = |_: Broken| StoreError::Corrupt(doctor.into());
    rows.into_iter()
        .map(|(id, start, end, blocked)| {
            let time = bookable_time(start, end).map_err(corrupt)?.period();
            Ok(SlotInBrief { id: TimeSlotId::new(id), time, blocked })
        })
        .collect()
}

/// Selects the slots of a doctor that overlap a time, the earliest first.
pub(crate) fn slots_within(doctor: DoctorId, time: Period) -> Select<time_slot::Entity> {
    use time_slot::Column;

    time_slot::Entity::find()
        .select_only()
        .columns([Column::Id, Column::StartsAt, Column::EndsAt, Column::Blocked])
        .filter(Column::DoctorId.eq(doctor.as_uuid()))
        .filter(overlaps(Column::StartsAt, Column::EndsAt, time))
        .order_by_asc(Column::StartsAt)
}

/// Selects one slot of a doctor that starts at an instant or later and is not blocked.
pub(crate) fn open_from(doctor: DoctorId, from: Timestamp) -> Select<time_slot::Entity> {
    use time_slot::Column;

    time_slot::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::DoctorId.eq(doctor.as_uuid()))
        .filter(Column::StartsAt.gte(from.as_utc()))
        .filter(Column::Blocked.eq(false))
        .order_by_asc(Column::StartsAt)
        .limit(1)
}

/// Compares a bookable time with another, in the words of the database.
fn overlaps(start: impl ColumnTrait, end: impl ColumnTrait, time: Period) -> Condition {
    let from = time.starts_at();
    let bounds: [SimpleExpr; 3] = [
        // None is longer, so none that began before is still going on.
        start.gt(BookableTime::earliest_until(from).as_utc()),
        start.lt(time.ends_at().as_utc()),
        end.gt(from.as_utc()),
    ];
    bounds.into_iter().fold(Condition::all(), Condition::add)
}

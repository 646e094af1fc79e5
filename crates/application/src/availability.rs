//! What a doctor offers to be booked, as it is read and shown.

use chrono::TimeDelta;
use medilink_domain::availability::{Availability, FreeTime, Opening};
use medilink_domain::id::{DoctorId, TimeSlotId};
use medilink_domain::period::{BookableTime, Period};
use medilink_domain::time::Timestamp;
use serde::Serialize;

use crate::error::StoreError;
use crate::store::Queries;

/// A time that is free, and can be booked as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FreeTimeView {
    /// When it starts.
    pub starts_at: Timestamp,
    /// When it is over.
    pub ends_at: Timestamp,
    /// The time slot that it is all of; null if it is a part of one, or of several, or of none.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub time_slot_id: Option<TimeSlotId>,
}

impl FreeTimeView {
    /// Shows what one looks like.
    pub fn example() -> Self {
        let starts_at = Timestamp::parse("2030-01-08T09:30:00Z").unwrap_or(Timestamp::EPOCH);
        let ends_at = starts_at.saturating_add(BookableTime::DEFAULT_LENGTH);
        Self { starts_at, ends_at, time_slot_id: None }
    }
}

impl From<FreeTime> for FreeTimeView {
    fn from(free: FreeTime) -> Self {
        let FreeTime { time, slot } = free;
        Self { starts_at: time.starts_at(), ends_at: time.ends_at(), time_slot_id: slot }
    }
}

/// Whose free times are looked for.
pub(crate) struct Search<'a> {
    /// What is read.
    pub(crate) queries: &'a dyn Queries,
    /// Whose time it is.
    pub(crate) doctor: DoctorId,
    /// Whether only what is published can be booked.
    pub(crate) keeps_to_slots: bool,
    /// The present.
    pub(crate) now: Timestamp,
}

impl Search<'_> {
    /// Reads what the doctor offers of a stretch of time, beside what is known to be taken.
    ///
    /// Whoever publishes time is offered in that time. Where somebody publishes none, not in the
    /// future either, and need not, it is what the caller names.
    pub(crate) async fn read(
        &self,
        within: Period,
        unpublished: Vec<Opening>,
        mut taken: Vec<Period>,
    ) -> Result<Availability, StoreError> {
        let slots = self.queries.time_slots().overlapping(self.doctor, within).await?;
        taken.extend(slots.iter().filter(|slot| slot.blocked).map(|slot| slot.time));
        let open = slots.iter().filter(|slot| !slot.blocked);
        let mut openings: Vec<_> =
            open.map(|slot| Opening { time: slot.time, slot: Some(slot.id) }).collect();
        if openings.is_empty()
            && !self.keeps_to_slots
            && !self.queries.time_slots().publishes(self.doctor, self.now).await?
        {
            openings = unpublished;
        }
        Ok(Availability::new(openings, taken))
    }
}

/// Returns the time that may be taken up by what starts in a stretch of time and lasts for a while.
pub(crate) fn lasting_until(within: Period, length: TimeDelta) -> Period {
    let end = within.ends_at().saturating_add(length);
    Period::new(within.starts_at(), end).unwrap_or(within)
}

//! What the store must do with time slots.

use async_trait::async_trait;
use medilink_domain::id::{DoctorId, TimeSlotId, Uuid};
use medilink_domain::period::Period;
use medilink_domain::time::Timestamp;
use medilink_domain::time_slot::TimeSlot;

use super::view::TimeSlotView;
use crate::error::StoreError;
use crate::page::{Found, Stretch};

/// The time slots of the clinic, within a unit of work. Whoever writes holds the doctor's lock.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait TimeSlotRepository: Send {
    /// Returns the slot, or `None` if there is none by that id.
    async fn find(&mut self, id: TimeSlotId) -> Result<Option<TimeSlot>, StoreError>;

    /// Returns the doctor's slots that overlap a time, the earliest first: when each is, and
    /// whether it is blocked.
    async fn overlapping(
        &mut self,
        doctor: DoctorId,
        time: Period,
    ) -> Result<Vec<(Period, bool)>, StoreError>;

    /// Returns what is left of the slots that were published together, the earliest first.
    async fn of_batch(&mut self, batch: Uuid) -> Result<Vec<TimeSlot>, StoreError>;

    /// Adds slots of one doctor, which were published together if they share a batch.
    ///
    /// MUST fail with [`StoreError::Conflict`] of
    /// [`TimeSlotOverlaps`](crate::error::Conflict::TimeSlotOverlaps) if one of them overlaps
    /// another slot of the doctor.
    async fn insert(&mut self, slots: &[TimeSlot], batch: Option<Uuid>) -> Result<(), StoreError>;

    /// Replaces the stored slot.
    ///
    /// MUST fail with [`StoreError::Stale`] if it changed since it was read, and like `insert`.
    async fn update(&mut self, slot: &TimeSlot) -> Result<(), StoreError>;

    /// Takes the slot back.
    async fn delete(&mut self, id: TimeSlotId) -> Result<(), StoreError>;
}

/// What of a time slot decides whether it can be booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotInBrief {
    /// The id.
    pub id: TimeSlotId,
    /// When.
    pub time: Period,
    /// Whether nobody may book it.
    pub blocked: bool,
}

/// Which time slots a list shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeSlotSelection {
    /// Of this doctor only.
    pub doctor: Option<DoctorId>,
    /// Starting at this instant or later.
    pub from: Option<Timestamp>,
    /// Starting before this instant.
    pub to: Option<Timestamp>,
    /// Those that can be booked at `now`, or those that cannot.
    pub available: Option<bool>,
    /// The present.
    pub now: Timestamp,
}

/// The time slots of the clinic, read without a transaction. Those of archived doctors are not
/// there.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait TimeSlotQueries: Send + Sync {
    /// Returns the slot as it is now, or `None` if there is none by that id.
    async fn find(
        &self,
        id: TimeSlotId,
        now: Timestamp,
    ) -> Result<Option<TimeSlotView>, StoreError>;

    /// Returns the doctor's slots that overlap a time, the earliest first.
    async fn overlapping(
        &self,
        doctor: DoctorId,
        time: Period,
    ) -> Result<Vec<SlotInBrief>, StoreError>;

    /// Tells whether a doctor has published time that starts at an instant or later, and has not
    /// blocked all of it.
    async fn publishes(&self, doctor: DoctorId, from: Timestamp) -> Result<bool, StoreError>;

    /// Returns a stretch of the slots that are selected, the earliest first.
    async fn list(
        &self,
        selection: &TimeSlotSelection,
        stretch: &Stretch,
    ) -> Result<Found<TimeSlotView>, StoreError>;
}

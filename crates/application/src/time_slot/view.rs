//! What people see of time slots.

use medilink_domain::id::{DoctorId, TimeSlotId};
use medilink_domain::period::BookableTime;
use medilink_domain::schedule::Planned;
use medilink_domain::time::{Date, Timestamp};
use medilink_domain::time_slot::TimeSlot;
use serde::Serialize;

/// A time slot as it is shown.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TimeSlotView {
    /// The id.
    pub id: TimeSlotId,
    /// Whose time it is.
    pub doctor_id: DoctorId,
    /// When it starts.
    pub starts_at: Timestamp,
    /// When it is over.
    pub ends_at: Timestamp,
    /// Whether nobody may book it.
    pub blocked: bool,
    /// Whether it can be booked now: not blocked, not begun, and no active appointment overlaps it.
    pub available: bool,
    /// When it was published.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts the changes. It is shown as the `ETag` of a single slot.
    #[serde(skip)]
    #[cfg_attr(feature = "schema", schema(ignore))]
    pub version: i64,
}

impl TimeSlotView {
    /// Shows a slot as it is now; the store knows whether an active appointment overlaps it.
    pub fn of(slot: &TimeSlot, is_booked: bool, now: Timestamp) -> Self {
        Self {
            id: slot.id,
            doctor_id: slot.doctor,
            starts_at: slot.time.starts_at(),
            ends_at: slot.time.ends_at(),
            blocked: slot.blocked,
            available: slot.is_available(is_booked, now),
            created_at: slot.revision.created_at,
            updated_at: slot.revision.updated_at,
            version: slot.revision.version,
        }
    }
}

/// What became of a schedule.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PublishedView {
    /// The slots that were published, the earliest first.
    pub created: Vec<TimeSlotView>,
    /// The slots that were not, and why.
    pub skipped: Vec<SkippedView>,
}

/// A slot of a schedule that was not published.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SkippedView {
    /// When it would start; null where the clock shows no such time on that day.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub starts_at: Option<Timestamp>,
    /// On which day, where the doctor is.
    #[cfg_attr(feature = "schema", schema(example = "2030-03-31"))]
    pub date: Date,
    /// At which time of day, where the doctor is.
    #[cfg_attr(feature = "schema", schema(example = "02:30"))]
    pub start_time: String,
    /// Why it was not published.
    pub reason: SkipReason,
}

/// Why a slot of a schedule was not published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SkipReason {
    /// The clocks change that day, and show no such time.
    ClocksChange,
    /// Another slot of the doctor overlaps.
    Overlaps,
}

impl SkippedView {
    /// Shows a slot that was not published.
    pub fn of(planned: &Planned, reason: SkipReason) -> Self {
        Self {
            starts_at: planned.time.map(BookableTime::starts_at),
            date: planned.day,
            start_time: planned.from.to_string(),
            reason,
        }
    }
}

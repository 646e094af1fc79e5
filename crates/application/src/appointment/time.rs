//! When an appointment is to be, as people ask for it.

use medilink_domain::id::{DoctorId, TimeSlotId};
use medilink_domain::period::BookableTime;
use medilink_domain::time::Timestamp;
use medilink_domain::time_slot::Publication;

use crate::error::{Error, FieldErrors, Result};
use crate::store::UnitOfWork;

/// A time that somebody asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WantedTime {
    /// This very time.
    Exactly(BookableTime),
    /// All of a time slot.
    OfSlot(TimeSlotId),
}

/// The time that an appointment is moved to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewTime {
    /// From then on, for as long as it was to last.
    From(Timestamp),
    /// Another time, whatever its length.
    Wanted(WantedTime),
}

/// Finds the time that somebody asks for, and what the doctor, whose lock the caller holds, has
/// published of it.
///
/// An appointment takes time, and does not remember which slot has offered it.
///
/// # Errors
///
/// [`Error::Invalid`] if the doctor has no such slot. One of another doctor and none at all read the
/// same, since those of archived doctors are nobody's business.
pub(super) async fn published(
    work: &mut dyn UnitOfWork,
    doctor: DoctorId,
    wanted: WantedTime,
) -> Result<(BookableTime, Publication)> {
    match wanted {
        WantedTime::Exactly(time) => {
            let slots = work.time_slots().overlapping(doctor, time.period()).await?;
            Ok((time, Publication::of(time.period(), &slots)))
        }
        WantedTime::OfSlot(id) => {
            let slot = work.time_slots().find(id).await?;
            let slot = slot.filter(|slot| slot.doctor == doctor).ok_or_else(no_such_slot)?;
            Ok((slot.time, slot.publication()))
        }
    }
}

/// Answers that a doctor has no such time slot.
pub(super) fn no_such_slot() -> Error {
    Error::Invalid(FieldErrors::of(
        "time_slot_id",
        "the doctor has no such time slot; list them anew",
    ))
}

//! Other times, for those whose booking was refused.

use chrono::TimeDelta;
use medilink_domain::actor::Actor;
use medilink_domain::availability::{FreeTime, Opening};
use medilink_domain::doctor::BookingTerms;
use medilink_domain::id::{AppointmentId, DoctorId, PatientId};
use medilink_domain::period::{BookableTime, Period};
use medilink_domain::time::Timestamp;

use super::Appointments;
use crate::availability::{Search, lasting_until};
use crate::error::{Error, StoreError};

/// A booking or a move that another time might suit as well.
pub(super) struct Wanted {
    /// Whose time.
    pub(super) doctor: DoctorId,
    /// What the doctor's profile says about being booked.
    pub(super) terms: BookingTerms,
    /// For whom.
    pub(super) patient: PatientId,
    /// When.
    pub(super) time: BookableTime,
    /// The appointment that would move, whose own time is free for it.
    pub(super) moving: Option<AppointmentId>,
}

impl Appointments {
    /// Names other times in a refusal that they would help. It is not worth failing for.
    ///
    /// The unit of work that refused is over: nobody waits while these are read.
    pub(super) async fn with_alternatives(
        &self,
        error: Error,
        wanted: &Wanted,
        by: &Actor,
        now: Timestamp,
    ) -> Error {
        let Error::Refused(refusal) = error else { return error };
        if !refusal.code().offers_alternatives() {
            return Error::Refused(refusal);
        }
        let found = self.alternatives(wanted, by, now).await.unwrap_or_default();
        Error::Refused(refusal.offering(found))
    }

    /// Returns up to three times, the nearest first, that the same person could book for the same
    /// patient. It looks some hours around the time that was wanted, then a day, then a week.
    pub(super) async fn alternatives(
        &self,
        wanted: &Wanted,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<FreeTime>, StoreError> {
        const MOST: usize = 3;

        let mut found = Vec::new();
        if !wanted.terms.is_available {
            return Ok(found);
        }
        let length = wanted.time.period().length();
        // Nobody wants to come at 17 seconds past.
        let soonest = now.rounded_up(BookableTime::SHORTEST);
        let wish = wanted.time.starts_at().max(soonest);
        let queries = self.ports.store.queries();
        let booked = queries.appointments();
        let keeps_to_slots = wanted.terms.keep_to_slots(by.role);
        let search = Search { queries: &*queries, doctor: wanted.doctor, keeps_to_slots, now };
        // Nearly always the first look is enough, and of those who race for a time all but one look.
        for reach in [TimeDelta::hours(4), TimeDelta::days(1), TimeDelta::days(7)] {
            let from = wish.saturating_add(-reach).max(soonest);
            let Ok(within) = Period::new(from, wish.saturating_add(reach)) else { break };
            let read = lasting_until(within, length);
            let mut taken = booked.booked_of_doctor(wanted.doctor, read).await?;
            taken.extend(booked.booked_of_patient(wanted.patient, read).await?);
            taken.retain(|(id, _)| Some(*id) != wanted.moving);
            let taken = taken.into_iter().map(|(_, time)| time).collect();
            let unpublished = around(wish, length, read).into_iter().collect();
            let availability = search.read(read, unpublished, taken).await?;
            found = availability.nearest(wish, length, within, MOST);
            if found.len() == MOST {
                break;
            }
        }
        Ok(found)
    }
}

/// Offers a stretch of time of which nothing was published, so that the time that was wanted lies on
/// the grid that it is cut by.
fn around(wish: Timestamp, length: TimeDelta, within: Period) -> Option<Opening> {
    let before = wish.unix_seconds() - within.starts_at().unix_seconds();
    let seconds = length.num_seconds().max(1);
    let lengths = before.div_euclid(seconds);
    let start = wish.saturating_add(-TimeDelta::seconds(lengths * seconds));
    Some(Opening { time: Period::new(start, within.ends_at()).ok()?, slot: None })
}

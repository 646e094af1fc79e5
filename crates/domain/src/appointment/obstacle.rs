//! What keeps a time from being booked, besides other appointments.

use super::AppointmentError;
use crate::actor::Actor;
use crate::doctor::BookingTerms;
use crate::period::BookableTime;
use crate::time::Timestamp;
use crate::time_slot::Publication;
use crate::user::Role;

/// Returns every reason for which somebody may not book a time of a doctor. Whether other
/// appointments are in the way is for the database to say.
pub fn obstacles(
    (terms, publication): (BookingTerms, Publication),
    time: BookableTime,
    by: &Actor,
    now: Timestamp,
) -> impl Iterator<Item = AppointmentError> {
    let (is_blocked, is_whole) = match publication {
        Publication::Blocked { is_whole } => (true, is_whole),
        Publication::Whole => (false, true),
        Publication::NotWhole => (false, false),
    };
    let is_outside = terms.keep_to_slots(by.role) && !is_whole;
    let has_begun = time.starts_at() < now;
    [
        (!terms.is_available, AppointmentError::DoctorUnavailable),
        (is_blocked, AppointmentError::TimeBlocked),
        (is_outside, AppointmentError::OutsideTimeSlots),
        (has_begun && by.role == Role::Patient, AppointmentError::StartPassed),
    ]
    .into_iter()
    .filter_map(|(holds, obstacle)| holds.then_some(obstacle))
}

/// Tells whether an appointment at a time would be entered after its start, unless something keeps
/// it from being booked: the first of the [`obstacles`].
pub(super) fn may_take_place(
    offered: (BookingTerms, Publication),
    time: BookableTime,
    by: &Actor,
    now: Timestamp,
) -> Result<bool, AppointmentError> {
    match obstacles(offered, time, by, now).next() {
        Some(obstacle) => Err(obstacle),
        None => Ok(time.starts_at() < now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::an_actor;
    use crate::doctor::BookingMode;
    use crate::period::on_monday;
    use crate::time::at;

    #[test]
    fn all_obstacles_are_named_and_the_first_of_them_refuses() {
        let terms = BookingTerms { is_available: false, booking: BookingMode::SlotsOnly };
        let time = BookableTime::new(on_monday("10:00", "10:30")).unwrap();
        let patient = an_actor(Role::Patient);
        let late = at("2030-01-08T12:00:00Z");

        let named = |publication| -> Vec<_> {
            obstacles((terms, publication), time, &patient, late).collect()
        };

        assert_eq!(
            named(Publication::NotWhole),
            [
                AppointmentError::DoctorUnavailable,
                AppointmentError::OutsideTimeSlots,
                AppointmentError::StartPassed,
            ]
        );
        assert_eq!(
            named(Publication::Blocked { is_whole: true }),
            [
                AppointmentError::DoctorUnavailable,
                AppointmentError::TimeBlocked,
                AppointmentError::StartPassed,
            ]
        );
        let refused = may_take_place((terms, Publication::Whole), time, &patient, late);
        assert_eq!(refused, Err(AppointmentError::DoctorUnavailable));
    }
}

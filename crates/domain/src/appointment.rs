//! Appointments: booking a doctor's time for a patient, and what may become of it.

use crate::actor::Actor;
use crate::choice::choice;
use crate::doctor::{BookingMode, Doctor};
use crate::id::{AppointmentId, DoctorId, PatientId, UserId};
use crate::patient::Patient;
use crate::period::BookableTime;
use crate::revision::Revision;
use crate::rule::{Rule, RuleCode};
use crate::text::{AppointmentNotes, Reason};
use crate::time::Timestamp;
use crate::user::Role;

choice! {
    /// Where an appointment stands.
    pub enum AppointmentStatus {
        /// Booked.
        Scheduled = "scheduled",
        /// Booked, and the practice has said yes.
        Confirmed = "confirmed",
        /// The patient is there.
        CheckedIn = "checked_in",
        /// The doctor sees the patient.
        InProgress = "in_progress",
        /// It took place.
        Completed = "completed",
        /// Somebody called it off.
        Cancelled = "cancelled",
        /// The patient did not come.
        NoShow = "no_show",
    }
}

impl AppointmentStatus {
    /// Returns what it may become: the one table of legal transitions.
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Scheduled => &[
                Self::Confirmed,
                Self::CheckedIn,
                Self::InProgress,
                Self::Completed,
                Self::Cancelled,
                Self::NoShow,
            ],
            Self::Confirmed => {
                &[Self::CheckedIn, Self::InProgress, Self::Completed, Self::Cancelled, Self::NoShow]
            }
            Self::CheckedIn => &[Self::InProgress, Self::Cancelled, Self::NoShow],
            Self::InProgress => &[Self::Completed, Self::Cancelled],
            Self::Completed | Self::Cancelled | Self::NoShow => &[],
        }
    }

    /// Tells whether an appointment in this status takes up its doctor's and its patient's time.
    pub const fn is_active(self) -> bool {
        !self.next().is_empty()
    }
}

choice! {
    /// The orders in which appointments are listed.
    #[derive(Default)]
    #[cfg_attr(feature = "schema", schema(default = "starts_at"))]
    pub enum AppointmentOrder {
        /// The earliest start first.
        #[default]
        Earliest = "starts_at",
        /// The latest start first.
        Latest = "-starts_at",
    }
}

/// A booked meeting of one patient with one doctor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appointment {
    /// The id.
    pub id: AppointmentId,
    /// Whose time it takes.
    pub doctor: DoctorId,
    /// Who is seen.
    pub patient: PatientId,
    /// Who made that patient's record, and may see the appointment for it.
    pub patient_created_by: UserId,
    /// When.
    pub time: BookableTime,
    /// Where it stands. Outside this file it is only ever restored, never changed.
    pub status: AppointmentStatus,
    /// Why the patient comes.
    pub reason: Option<Reason>,
    /// What else there is to know.
    pub notes: Option<AppointmentNotes>,
    /// Whether it was entered after its start.
    pub retrospective: bool,
    /// The user who booked it.
    pub created_by: UserId,
    /// When it was booked, and what has changed since.
    pub revision: Revision,
}

/// What a booking says besides who meets whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// When.
    pub time: BookableTime,
    /// Why the patient comes.
    pub reason: Option<Reason>,
    /// What else there is to know.
    pub notes: Option<AppointmentNotes>,
}

/// One line of an appointment's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppointmentChange {
    /// Where it stood before; `None` when it was booked.
    pub from: Option<AppointmentStatus>,
    /// Where it stands now.
    pub to: AppointmentStatus,
    /// The time that it had, if the time moved.
    pub old_time: Option<BookableTime>,
    /// The time that it has.
    pub new_time: BookableTime,
    /// Who changed it.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
    /// Why, if they said so.
    pub reason: Option<Reason>,
}

choice! {
    /// What somebody wants to make of an appointment.
    pub enum AppointmentAction {
        /// Call it off.
        Cancel = "cancelled",
    }
}

impl AppointmentAction {
    /// Returns the status that the action leads to.
    pub const fn target(self) -> AppointmentStatus {
        match self {
            Self::Cancel => AppointmentStatus::Cancelled,
        }
    }
}

/// Why an appointment is not booked, or not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AppointmentError {
    /// Its status does not allow the action.
    #[error("the appointment is {} and cannot be {action}", .status.as_str().replace('_', " "))]
    Refused {
        /// Where the appointment stands.
        status: AppointmentStatus,
        /// What was asked for.
        action: AppointmentAction,
    },
    /// A patient cannot call off what has begun.
    #[error("{}", RuleCode::AppointmentBegun.meaning())]
    Begun,
    /// Another active appointment of the doctor overlaps.
    #[error("{}", RuleCode::DoctorDoubleBooked.meaning())]
    DoctorDoubleBooked,
    /// Another active appointment of the patient overlaps.
    #[error("{}", RuleCode::PatientDoubleBooked.meaning())]
    PatientDoubleBooked,
    /// The doctor takes no appointments at present.
    #[error("{}", RuleCode::DoctorUnavailable.meaning())]
    DoctorUnavailable,
    /// The doctor is booked within published time slots only.
    #[error("{}", RuleCode::OutsideTimeSlots.meaning())]
    OutsideTimeSlots,
    /// A patient cannot book what has begun.
    #[error("{}", RuleCode::TimeInPast.meaning())]
    StartPassed,
}

impl Rule for AppointmentError {
    fn code(&self) -> RuleCode {
        match self {
            Self::Refused { .. } => RuleCode::AppointmentRefused,
            Self::Begun => RuleCode::AppointmentBegun,
            Self::DoctorDoubleBooked => RuleCode::DoctorDoubleBooked,
            Self::PatientDoubleBooked => RuleCode::PatientDoubleBooked,
            Self::DoctorUnavailable => RuleCode::DoctorUnavailable,
            Self::OutsideTimeSlots => RuleCode::OutsideTimeSlots,
            Self::StartPassed => RuleCode::TimeInPast,
        }
    }
}

impl Appointment {
    /// Books a doctor's time for a patient.
    ///
    /// That no two active appointments of one doctor, or of one patient, overlap is not asked
    /// here: only the database sees them all, and it refuses the second one, as
    /// [`AppointmentError::DoctorDoubleBooked`] or [`AppointmentError::PatientDoubleBooked`].
    ///
    /// # Errors
    ///
    /// - [`AppointmentError::DoctorUnavailable`] if the doctor takes no appointments.
    /// - [`AppointmentError::OutsideTimeSlots`] if a patient or a coordinator books a doctor who
    ///   is booked within published time slots only.
    /// - [`AppointmentError::StartPassed`] if a patient asks for a time whose start has passed. For
    ///   others such an appointment is marked as retrospective.
    pub fn book(
        id: AppointmentId,
        doctor: &Doctor,
        patient: &Patient,
        booking: Booking,
        by: &Actor,
        now: Timestamp,
    ) -> Result<(Self, AppointmentChange), AppointmentError> {
        let Booking { time, reason, notes } = booking;
        let retrospective = time.starts_at() < now;
        if !doctor.profile.is_available {
            return Err(AppointmentError::DoctorUnavailable);
        }
        let published_only = doctor.profile.booking == BookingMode::SlotsOnly;
        if published_only && matches!(by.role, Role::Patient | Role::Coordinator) {
            return Err(AppointmentError::OutsideTimeSlots);
        }
        if retrospective && by.role == Role::Patient {
            return Err(AppointmentError::StartPassed);
        }

        let appointment = Self {
            id,
            doctor: doctor.id,
            patient: patient.id,
            patient_created_by: patient.created_by,
            time,
            status: AppointmentStatus::Scheduled,
            reason,
            notes,
            retrospective,
            created_by: by.user,
            revision: Revision::new(now),
        };
        let change = AppointmentChange {
            from: None,
            to: appointment.status,
            old_time: None,
            new_time: time,
            by: by.user,
            at: now,
            reason: None,
        };
        Ok((appointment, change))
    }

    /// Calls the appointment off, which frees its time.
    ///
    /// # Errors
    ///
    /// - [`AppointmentError::Refused`] if it is over, or called off already.
    /// - [`AppointmentError::Begun`] if a patient asks after its start.
    pub fn cancel(
        &mut self,
        reason: Option<Reason>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<AppointmentChange, AppointmentError> {
        self.check(AppointmentAction::Cancel)?;
        if by.role == Role::Patient && self.time.starts_at() <= now {
            return Err(AppointmentError::Begun);
        }
        Ok(self.advance(AppointmentAction::Cancel, reason, by, now))
    }

    /// Holds an action against the table of transitions.
    fn check(&self, action: AppointmentAction) -> Result<(), AppointmentError> {
        if self.status.next().contains(&action.target()) {
            Ok(())
        } else {
            Err(AppointmentError::Refused { status: self.status, action })
        }
    }

    /// Does what was checked.
    fn advance(
        &mut self,
        action: AppointmentAction,
        reason: Option<Reason>,
        by: &Actor,
        now: Timestamp,
    ) -> AppointmentChange {
        let to = action.target();
        let from = std::mem::replace(&mut self.status, to);
        self.revision.touch(now);
        AppointmentChange {
            from: Some(from),
            to,
            old_time: None,
            new_time: self.time,
            by: by.user,
            at: now,
            reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::actor::an_actor;
    use crate::doctor::DoctorProfile;
    use crate::id::Uuid;
    use crate::patient::PatientDetails;
    use crate::period::on_monday;
    use crate::time::at;
    use crate::zone::Zone;

    const BEFORE: &str = "2030-01-06T12:00:00Z";
    const AFTER: &str = "2030-01-08T12:00:00Z";

    fn a_doctor() -> Doctor {
        let id = DoctorId::new(Uuid::from_u128(3));
        Doctor::new(id, DoctorProfile::blank(Zone::utc()), None, at(BEFORE))
    }

    fn a_booking() -> Booking {
        Booking {
            time: BookableTime::new(on_monday("10:00", "10:30")).unwrap(),
            reason: None,
            notes: None,
        }
    }

    fn a_patient() -> Patient {
        let id = PatientId::new(Uuid::from_u128(4));
        let creator = UserId::new(Uuid::from_u128(5));
        Patient::new(id, PatientDetails::default(), None, creator, at(BEFORE))
    }

    fn book(doctor: &Doctor, role: Role, now: &str) -> Result<Appointment, AppointmentError> {
        let id = AppointmentId::new(Uuid::from_u128(9));
        Appointment::book(id, doctor, &a_patient(), a_booking(), &an_actor(role), at(now))
            .map(|(made, _)| made)
    }

    fn an_appointment(status: AppointmentStatus) -> Appointment {
        Appointment { status, ..book(&a_doctor(), Role::Patient, BEFORE).unwrap() }
    }

    #[test]
    fn a_booked_appointment_is_scheduled_and_takes_time() {
        let appointment = book(&a_doctor(), Role::Patient, BEFORE).unwrap();

        assert_eq!(appointment.status, AppointmentStatus::Scheduled);
        assert!(appointment.status.is_active());
        assert!(!appointment.retrospective);
    }

    #[test]
    fn the_first_line_of_the_history_is_the_booking() {
        let id = AppointmentId::new(Uuid::from_u128(9));
        let patient = an_actor(Role::Patient);
        let (_, change) =
            Appointment::book(id, &a_doctor(), &a_patient(), a_booking(), &patient, at(BEFORE))
                .unwrap();

        assert_eq!((change.from, change.to), (None, AppointmentStatus::Scheduled));
        assert_eq!(change.new_time.period(), on_monday("10:00", "10:30"));
    }

    #[test]
    fn a_doctor_who_is_not_available_is_booked_by_nobody() {
        let mut doctor = a_doctor();
        doctor.profile.is_available = false;

        for role in Role::ALL {
            assert_eq!(book(&doctor, *role, BEFORE), Err(AppointmentError::DoctorUnavailable));
        }
    }

    #[test]
    fn patients_and_coordinators_book_a_slots_only_doctor_within_slots() {
        let mut doctor = a_doctor();
        doctor.profile.booking = BookingMode::SlotsOnly;

        for role in [Role::Patient, Role::Coordinator] {
            assert_eq!(book(&doctor, role, BEFORE), Err(AppointmentError::OutsideTimeSlots));
        }
        assert!(book(&doctor, Role::Doctor, BEFORE).is_ok());
    }

    #[test]
    fn only_patients_are_kept_out_of_the_past() {
        assert_eq!(book(&a_doctor(), Role::Patient, AFTER), Err(AppointmentError::StartPassed));
        assert!(book(&a_doctor(), Role::Coordinator, AFTER).unwrap().retrospective);
    }

    #[test]
    fn a_refusal_says_where_the_appointment_stands() {
        let mut appointment = an_appointment(AppointmentStatus::NoShow);

        let error = appointment.cancel(None, &an_actor(Role::Doctor), at(BEFORE)).unwrap_err();

        assert_eq!(error.to_string(), "the appointment is no show and cannot be cancelled");
        assert_eq!(error.code(), RuleCode::AppointmentRefused);
    }

    #[test]
    fn a_patient_cannot_cancel_what_has_begun() {
        let begun = at("2030-01-07T10:00:00Z");
        let mut appointment = an_appointment(AppointmentStatus::Scheduled);

        let error = appointment.cancel(None, &an_actor(Role::Patient), begun).unwrap_err();

        assert_eq!(error, AppointmentError::Begun);
        assert!(appointment.cancel(None, &an_actor(Role::Doctor), begun).is_ok());
    }

    #[test]
    fn every_status_can_be_cancelled_exactly_as_the_table_says() {
        for status in AppointmentStatus::ALL {
            let mut appointment = an_appointment(*status);
            let before = appointment.clone();

            let outcome = appointment.cancel(None, &an_actor(Role::Admin), at(AFTER));

            assert_eq!(outcome.is_ok(), status.next().contains(&AppointmentStatus::Cancelled));
            assert_eq!(outcome.is_err(), appointment == before, "{status}");
        }
    }

    #[test]
    fn an_active_status_is_never_reached_again_from_a_finished_one() {
        for status in AppointmentStatus::ALL.iter().filter(|status| !status.is_active()) {
            assert!(status.next().is_empty(), "{status}");
        }
    }

    proptest! {
        #[test]
        fn an_appointment_is_cancelled_once(attempts in 1_usize..9) {
            let mut appointment = an_appointment(AppointmentStatus::Scheduled);
            let done = (0..attempts)
                .filter(|_| appointment.cancel(None, &an_actor(Role::Admin), at(AFTER)).is_ok())
                .count();
            prop_assert_eq!((done, appointment.revision.version), (1, 2));
        }
    }
}

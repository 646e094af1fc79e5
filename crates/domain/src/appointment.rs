//! Appointments: booking a doctor's time for a patient, and what may become of it.

mod obstacle;
mod status;
mod transition;

use self::obstacle::may_take_place;
pub use self::obstacle::obstacles;
pub use self::status::{AppointmentAction, AppointmentStatus};
use crate::actor::Actor;
use crate::change::Change;
use crate::choice::choice;
use crate::doctor::Doctor;
use crate::id::{AppointmentId, DoctorId, PatientId, UserId};
use crate::patient::Patient;
use crate::period::BookableTime;
use crate::revision::Revision;
use crate::rule::{Rule, RuleCode};
use crate::text::{AppointmentNotes, Reason};
use crate::time::Timestamp;
use crate::time_slot::Publication;

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

/// What is to become of what an appointment says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppointmentChanges {
    /// Why the patient comes.
    pub reason: Change<Option<Reason>>,
    /// What else there is to know.
    pub notes: Change<Option<AppointmentNotes>>,
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

/// Why an appointment is not booked, or not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AppointmentError {
    /// Its status does not allow the action.
    #[error("the appointment is {} and cannot be {}", .status.said(), .action.done())]
    Refused {
        /// Where the appointment stands.
        status: AppointmentStatus,
        /// What was asked for.
        action: AppointmentAction,
    },
    /// A patient cannot call off or move what has begun.
    #[error("{}", RuleCode::AppointmentBegun.meaning())]
    Begun,
    /// Nobody is missed before the start.
    #[error("{}", RuleCode::AppointmentNotBegun.meaning())]
    NotBegun,
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
    /// Some of the time is blocked.
    #[error("{}", RuleCode::TimeBlocked.meaning())]
    TimeBlocked,
    /// A patient cannot book what has begun.
    #[error("{}", RuleCode::TimeInPast.meaning())]
    StartPassed,
}

impl Rule for AppointmentError {
    fn code(&self) -> RuleCode {
        match self {
            Self::Refused { .. } => RuleCode::AppointmentRefused,
            Self::Begun => RuleCode::AppointmentBegun,
            Self::NotBegun => RuleCode::AppointmentNotBegun,
            Self::DoctorDoubleBooked => RuleCode::DoctorDoubleBooked,
            Self::PatientDoubleBooked => RuleCode::PatientDoubleBooked,
            Self::DoctorUnavailable => RuleCode::DoctorUnavailable,
            Self::OutsideTimeSlots => RuleCode::OutsideTimeSlots,
            Self::TimeBlocked => RuleCode::TimeBlocked,
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
    /// - [`AppointmentError::TimeBlocked`] if the doctor has blocked some of the time.
    /// - [`AppointmentError::OutsideTimeSlots`] if a patient or a coordinator books a doctor who
    ///   is booked within published time slots only, at another time.
    /// - [`AppointmentError::StartPassed`] if a patient asks for a time whose start has passed. For
    ///   others such an appointment is marked as retrospective.
    pub fn book(
        id: AppointmentId,
        (doctor, publication): (&Doctor, Publication),
        patient: &Patient,
        booking: Booking,
        by: &Actor,
        now: Timestamp,
    ) -> Result<(Self, AppointmentChange), AppointmentError> {
        let Booking { time, reason, notes } = booking;
        let retrospective = may_take_place((doctor.profile.terms(), publication), time, by, now)?;

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

    /// Says anew why the patient comes, or what else there is to know. That is no line of the
    /// history, which is about time and status alone.
    pub fn describe(&mut self, changes: AppointmentChanges, now: Timestamp) {
        let AppointmentChanges { reason, notes } = changes;
        reason.apply(&mut self.reason);
        notes.apply(&mut self.notes);
        self.revision.touch(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::an_actor;
    use crate::doctor::{BookingMode, DoctorProfile};
    use crate::id::Uuid;
    use crate::patient::PatientDetails;
    use crate::period::on_monday;
    use crate::time::at;
    use crate::user::Role;
    use crate::zone::Zone;

    pub(super) const BEFORE: &str = "2030-01-06T12:00:00Z";
    pub(super) const AFTER: &str = "2030-01-08T12:00:00Z";

    const BLOCKED: Publication = Publication::Blocked { is_whole: true };

    pub(super) fn a_doctor() -> Doctor {
        let id = DoctorId::new(Uuid::from_u128(3));
        Doctor::new(id, DoctorProfile::blank(Zone::utc()), None, at(BEFORE))
    }

    /// The doctor has published nothing of the time.
    pub(super) const fn open(doctor: &Doctor) -> (&Doctor, Publication) {
        (doctor, Publication::NotWhole)
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
        book_in(doctor, Publication::NotWhole, role, now)
    }

    fn book_in(
        doctor: &Doctor,
        publication: Publication,
        role: Role,
        now: &str,
    ) -> Result<Appointment, AppointmentError> {
        let id = AppointmentId::new(Uuid::from_u128(9));
        let doctor = (doctor, publication);
        Appointment::book(id, doctor, &a_patient(), a_booking(), &an_actor(role), at(now))
            .map(|(made, _)| made)
    }

    pub(super) fn an_appointment(status: AppointmentStatus) -> Appointment {
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
        let (_, change) = Appointment::book(
            id,
            open(&a_doctor()),
            &a_patient(),
            a_booking(),
            &patient,
            at(BEFORE),
        )
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
            assert!(book_in(&doctor, Publication::Whole, role, BEFORE).is_ok());
        }
        assert!(book(&doctor, Role::Doctor, BEFORE).is_ok());
    }

    #[test]
    fn nobody_books_what_is_blocked() {
        for role in Role::ALL {
            let blocked = book_in(&a_doctor(), BLOCKED, *role, BEFORE);
            assert_eq!(blocked, Err(AppointmentError::TimeBlocked), "{role}");
        }
    }

    #[test]
    fn only_patients_are_kept_out_of_the_past() {
        assert_eq!(book(&a_doctor(), Role::Patient, AFTER), Err(AppointmentError::StartPassed));
        assert!(book(&a_doctor(), Role::Coordinator, AFTER).unwrap().retrospective);
    }
}

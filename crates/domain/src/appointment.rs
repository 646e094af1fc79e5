//! Appointments: booking a doctor's time for a patient, and what may become of it.

mod obstacle;
mod status;

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
use crate::user::Role;

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

    /// Says yes to the appointment, for the practice.
    ///
    /// # Errors
    ///
    /// [`AppointmentError::Refused`] unless it is scheduled.
    pub fn confirm(
        &mut self,
        by: &Actor,
        now: Timestamp,
    ) -> Result<AppointmentChange, AppointmentError> {
        self.advance(AppointmentAction::Confirm, None, by, now)
    }

    /// Notes that the patient is there.
    ///
    /// # Errors
    ///
    /// [`AppointmentError::Refused`] unless it is scheduled or confirmed.
    pub fn check_in(
        &mut self,
        by: &Actor,
        now: Timestamp,
    ) -> Result<AppointmentChange, AppointmentError> {
        self.advance(AppointmentAction::CheckIn, None, by, now)
    }

    /// Notes that the doctor sees the patient.
    ///
    /// # Errors
    ///
    /// [`AppointmentError::Refused`] if it has begun already, or is over.
    pub fn start(
        &mut self,
        by: &Actor,
        now: Timestamp,
    ) -> Result<AppointmentChange, AppointmentError> {
        self.advance(AppointmentAction::Start, None, by, now)
    }

    /// Notes that the appointment took place.
    ///
    /// # Errors
    ///
    /// [`AppointmentError::Refused`] if it is over, or if the patient is there and nobody has seen
    /// them yet.
    pub fn complete(
        &mut self,
        by: &Actor,
        now: Timestamp,
    ) -> Result<AppointmentChange, AppointmentError> {
        self.advance(AppointmentAction::Complete, None, by, now)
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
        self.check_not_begun_for(by, now)?;
        self.advance(AppointmentAction::Cancel, reason, by, now)
    }

    /// Notes that the patient did not come, which frees what is left of its time.
    ///
    /// # Errors
    ///
    /// - [`AppointmentError::Refused`] if the patient has been seen, or it is over.
    /// - [`AppointmentError::NotBegun`] before its start.
    pub fn mark_no_show(
        &mut self,
        reason: Option<Reason>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<AppointmentChange, AppointmentError> {
        self.check(AppointmentAction::MarkNoShow)?;
        if now < self.time.starts_at() {
            return Err(AppointmentError::NotBegun);
        }
        self.advance(AppointmentAction::MarkNoShow, reason, by, now)
    }

    /// Moves the appointment to another time. One that was confirmed has to be confirmed anew.
    ///
    /// As in [`Appointment::book`], only the database sees whether the new time is free.
    ///
    /// # Errors
    ///
    /// - [`AppointmentError::Refused`] unless it is scheduled or confirmed.
    /// - [`AppointmentError::Begun`] if a patient asks after its start.
    /// - What [`Appointment::book`] says of the new time.
    pub fn reschedule(
        &mut self,
        (doctor, publication): (&Doctor, Publication),
        time: BookableTime,
        reason: Option<Reason>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<AppointmentChange, AppointmentError> {
        self.check(AppointmentAction::Reschedule)?;
        self.check_not_begun_for(by, now)?;
        let retrospective = may_take_place((doctor.profile.terms(), publication), time, by, now)?;

        let old_time = std::mem::replace(&mut self.time, time);
        self.retrospective = retrospective;
        let change = self.advance(AppointmentAction::Reschedule, reason, by, now)?;
        Ok(AppointmentChange { old_time: Some(old_time), ..change })
    }

    /// Says anew why the patient comes, or what else there is to know. That is no line of the
    /// history, which is about time and status alone.
    pub fn describe(&mut self, changes: AppointmentChanges, now: Timestamp) {
        let AppointmentChanges { reason, notes } = changes;
        reason.apply(&mut self.reason);
        notes.apply(&mut self.notes);
        self.revision.touch(now);
    }

    /// Holds an action against the table of transitions.
    fn check(&self, action: AppointmentAction) -> Result<AppointmentStatus, AppointmentError> {
        let status = self.status;
        status.after(action).ok_or(AppointmentError::Refused { status, action })
    }

    /// What has begun is for the practice to decide.
    fn check_not_begun_for(&self, by: &Actor, now: Timestamp) -> Result<(), AppointmentError> {
        if by.role == Role::Patient && self.time.starts_at() <= now {
            return Err(AppointmentError::Begun);
        }
        Ok(())
    }

    fn advance(
        &mut self,
        action: AppointmentAction,
        reason: Option<Reason>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<AppointmentChange, AppointmentError> {
        let to = self.check(action)?;
        let from = std::mem::replace(&mut self.status, to);
        self.revision.touch(now);
        Ok(AppointmentChange {
            from: Some(from),
            to,
            old_time: None,
            new_time: self.time,
            by: by.user,
            at: now,
            reason,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::actor::an_actor;
    use crate::doctor::{BookingMode, DoctorProfile};
    use crate::id::Uuid;
    use crate::patient::PatientDetails;
    use crate::period::on_monday;
    use crate::time::at;
    use crate::zone::Zone;

    const BEFORE: &str = "2030-01-06T12:00:00Z";
    const AFTER: &str = "2030-01-08T12:00:00Z";

    const BLOCKED: Publication = Publication::Blocked { is_whole: true };

    fn a_doctor() -> Doctor {
        let id = DoctorId::new(Uuid::from_u128(3));
        Doctor::new(id, DoctorProfile::blank(Zone::utc()), None, at(BEFORE))
    }

    /// The doctor has published nothing of the time.
    const fn open(doctor: &Doctor) -> (&Doctor, Publication) {
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

    /// Does something to an appointment, long after its start.
    fn act(
        appointment: &mut Appointment,
        action: AppointmentAction,
    ) -> Result<AppointmentChange, AppointmentError> {
        let (admin, now) = (an_actor(Role::Admin), at(AFTER));
        match action {
            AppointmentAction::Confirm => appointment.confirm(&admin, now),
            AppointmentAction::CheckIn => appointment.check_in(&admin, now),
            AppointmentAction::Start => appointment.start(&admin, now),
            AppointmentAction::Complete => appointment.complete(&admin, now),
            AppointmentAction::Cancel => appointment.cancel(None, &admin, now),
            AppointmentAction::MarkNoShow => appointment.mark_no_show(None, &admin, now),
            AppointmentAction::Reschedule => {
                let time = BookableTime::new(on_monday("11:00", "11:30")).unwrap();
                appointment.reschedule(open(&a_doctor()), time, None, &admin, now)
            }
        }
    }

    #[test]
    fn every_action_does_exactly_what_the_table_says_and_a_refusal_changes_nothing() {
        for status in AppointmentStatus::ALL {
            for action in AppointmentAction::ALL {
                let mut appointment = an_appointment(*status);
                let before = appointment.clone();

                let outcome = act(&mut appointment, *action);

                if let Some(to) = status.after(*action) {
                    let change = outcome.unwrap();
                    assert_eq!((change.from, change.to), (Some(*status), to));
                    assert_eq!((appointment.status, appointment.revision.version), (to, 2));
                } else {
                    let refused = AppointmentError::Refused { status: *status, action: *action };
                    assert_eq!(outcome, Err(refused));
                    assert_eq!(appointment, before);
                }
            }
        }
    }

    #[test]
    fn a_refusal_says_where_the_appointment_stands() {
        let said = |status, action| act(&mut an_appointment(status), action).unwrap_err();

        let missed = said(AppointmentStatus::NoShow, AppointmentAction::Cancel);
        let begun = said(AppointmentStatus::InProgress, AppointmentAction::MarkNoShow);

        assert_eq!(missed.to_string(), "the appointment is a no-show and cannot be cancelled");
        assert_eq!(missed.code(), RuleCode::AppointmentRefused);
        assert_eq!(
            begun.to_string(),
            "the appointment is in progress and cannot be marked as a no-show"
        );
    }

    #[test]
    fn a_patient_can_neither_cancel_nor_move_what_has_begun() {
        let begun = at("2030-01-07T10:00:00Z");
        let later = BookableTime::new(on_monday("11:00", "11:30")).unwrap();
        let (patient, doctor) = (an_actor(Role::Patient), an_actor(Role::Doctor));
        let mut appointment = an_appointment(AppointmentStatus::Scheduled);

        assert_eq!(appointment.cancel(None, &patient, begun), Err(AppointmentError::Begun));
        let moved = appointment.reschedule(open(&a_doctor()), later, None, &patient, begun);
        assert_eq!(moved, Err(AppointmentError::Begun));
        assert!(appointment.reschedule(open(&a_doctor()), later, None, &doctor, begun).is_ok());
        assert!(appointment.cancel(None, &doctor, begun).is_ok());
    }

    #[test]
    fn nobody_is_missed_before_the_start() {
        let doctor = an_actor(Role::Doctor);
        let mut appointment = an_appointment(AppointmentStatus::Confirmed);

        let early = appointment.mark_no_show(None, &doctor, at("2030-01-07T09:59:59Z"));
        assert_eq!(early, Err(AppointmentError::NotBegun));
        assert!(appointment.mark_no_show(None, &doctor, at("2030-01-07T10:00:00Z")).is_ok());
    }

    #[test]
    fn a_new_time_is_remembered_beside_the_old_one_and_has_to_be_confirmed_anew() {
        let mut appointment = an_appointment(AppointmentStatus::Confirmed);
        let time = BookableTime::new(on_monday("11:00", "11:45")).unwrap();

        let patient = an_actor(Role::Patient);
        let change =
            appointment.reschedule(open(&a_doctor()), time, None, &patient, at(BEFORE)).unwrap();

        assert_eq!((appointment.time, appointment.status), (time, AppointmentStatus::Scheduled));
        assert_eq!(change.old_time.map(BookableTime::period), Some(on_monday("10:00", "10:30")));
        assert_eq!(change.new_time, time);
    }

    #[test]
    fn a_new_time_is_held_against_the_rules_of_a_booking() {
        let later = BookableTime::new(on_monday("11:00", "11:30")).unwrap();
        let past = BookableTime::new(on_monday("08:00", "08:30")).unwrap();
        let (mut unavailable, mut slots_only) = (a_doctor(), a_doctor());
        unavailable.profile.is_available = false;
        slots_only.profile.booking = BookingMode::SlotsOnly;
        let now = at("2030-01-07T09:00:00Z");
        for (doctor, time, expected) in [
            (unavailable, later, AppointmentError::DoctorUnavailable),
            (slots_only, later, AppointmentError::OutsideTimeSlots),
            (a_doctor(), past, AppointmentError::StartPassed),
        ] {
            let mut appointment = an_appointment(AppointmentStatus::Scheduled);
            let before = appointment.clone();

            let patient = an_actor(Role::Patient);
            let refused = appointment.reschedule(open(&doctor), time, None, &patient, now);

            assert_eq!(refused, Err(expected));
            assert_eq!(appointment, before);
        }
        let mut appointment = an_appointment(AppointmentStatus::Scheduled);
        appointment
            .reschedule(open(&a_doctor()), past, None, &an_actor(Role::Doctor), now)
            .unwrap();
        assert!(appointment.retrospective);
    }

    proptest! {
        #[test]
        fn a_history_tells_how_it_came_to_the_status(
            actions in proptest::collection::vec(proptest::sample::select(AppointmentAction::ALL), 0..12),
        ) {
            let mut appointment = an_appointment(AppointmentStatus::Scheduled);
            let changes: Vec<_> =
                actions.into_iter().filter_map(|action| act(&mut appointment, action).ok()).collect();
            let mut status = AppointmentStatus::Scheduled;
            for change in &changes {
                prop_assert_eq!(change.from, Some(status));
                status = change.to;
            }
            prop_assert_eq!(appointment.status, status);
            let version = 1 + i64::try_from(changes.len()).unwrap();
            prop_assert_eq!(appointment.revision.version, version);
        }
    }
}

//! What becomes of an appointment: each step from one status to the next.

use super::obstacle::may_take_place;
use super::{
    Appointment, AppointmentAction, AppointmentChange, AppointmentError, AppointmentStatus,
};
use crate::actor::Actor;
use crate::doctor::Doctor;
use crate::period::BookableTime;
use crate::text::Reason;
use crate::time::Timestamp;
use crate::time_slot::Publication;
use crate::user::Role;

impl Appointment {
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
    use crate::appointment::tests::{AFTER, BEFORE, a_doctor, an_appointment, open};
    use crate::doctor::BookingMode;
    use crate::period::on_monday;
    use crate::rule::{Rule, RuleCode};
    use crate::time::at;

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

//! Moving an appointment to another time.

use medilink_domain::appointment::Appointment;
use medilink_domain::id::AppointmentId;
use medilink_domain::policy::Action;
use medilink_domain::record::Concept;
use medilink_domain::text::Reason;

use super::alternatives::Wanted;
use super::time::published;
use super::{AppointmentView, Appointments, Loaded, NewTime, WantedTime, load, replay, show};
use crate::call::{Call, Expected, Written};
use crate::error::{Error, FieldErrors, Result};

/// What somebody asks for when they move an appointment.
pub struct RescheduleAppointment {
    /// Which appointment.
    pub id: AppointmentId,
    /// To when.
    pub to: NewTime,
    /// Why.
    pub reason: Option<Reason>,
    /// The version that the caller has read.
    pub expected: Expected,
}

impl Appointments {
    /// Moves an appointment to another time, in one unit of work: when the new time is taken, the
    /// old one is still held.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](crate::Error::NotFound) if there is none by that id for the caller.
    /// - [`Stale`](crate::Error::Stale) if it is not the version that the caller expects.
    /// - [`Invalid`](crate::Error::Invalid) if it would end beyond the calendar, or if the doctor has no such
    ///   time slot.
    /// - [`Refused`](crate::Error::Refused) if a rule of
    ///   [`Appointment::reschedule`](medilink_domain::appointment::Appointment::reschedule) says
    ///   no, or if the doctor or the patient has another active appointment at that time.
    pub async fn reschedule(
        &self,
        call: &Call,
        command: RescheduleAppointment,
    ) -> Result<Written<AppointmentView>> {
        let RescheduleAppointment { id, to, reason, expected } = command;
        let now = self.ports.clock.now();

        let mut work = self.ports.store.begin().await?;
        if call.reserve(&mut *work, id.as_uuid(), now).await?.is_some() {
            return replay(call, work, id, now).await;
        }
        let Loaded { mut appointment, doctor, patient, permit } =
            load(call, &mut *work, id, Action::RescheduleAppointment).await?;

        expected.check(Concept::Appointment, appointment.revision.version)?;
        let wanted = match to {
            NewTime::Wanted(wanted) => wanted,
            NewTime::From(starts_at) => appointment
                .time
                .moved_to(starts_at)
                .map(WantedTime::Exactly)
                .map_err(|error| Error::Invalid(FieldErrors::of("starts_at", error)))?,
        };
        let (time, publication) = published(&mut *work, doctor.id, wanted).await?;
        let written: Result<Appointment> = async {
            let offered = (&doctor, publication);
            let moved = appointment.reschedule(offered, time, reason, call.actor(), now)?;

            work.appointments().update(&appointment, &moved).await?;
            work.commit(permit.audit(id, now)).await?;
            Ok(appointment)
        }
        .await;

        match written {
            Ok(appointment) => Ok(Written::new(show(appointment, &doctor, &patient))),
            Err(error) => {
                let terms = doctor.profile.terms();
                let (doctor, patient) = (doctor.id, patient.id);
                let wanted = Wanted { doctor, terms, patient, time, moving: Some(id) };
                Err(self.with_alternatives(error, &wanted, call.actor(), now).await)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::appointment::AppointmentStatus;
    use medilink_domain::user::Role;

    use super::*;
    use crate::call::Caller;
    use crate::error::{Conflict, StoreError};
    use crate::testing::{FakeClinic, Trail, a_caller, a_doctor, a_patient, an_appointment, at};

    const LATER: &str = "2030-01-07T15:00:00Z";

    fn a_clinic(status: AppointmentStatus) -> FakeClinic {
        let mut clinic = FakeClinic::default();
        let found = move |_| Ok(Some(an_appointment(status)));
        clinic.work.appointments.expect_find().returning(found);
        clinic.work.doctors.expect_lock_archived().returning(|_| Ok(Some(a_doctor())));
        clinic.work.patients.expect_lock_archived().returning(|_| Ok(Some(a_patient())));
        clinic.work.appointments.expect_lock().returning(found);
        clinic.work.time_slots.expect_overlapping().returning(|_, _| Ok(Vec::new()));
        clinic.has_nothing_on_its_calendar();
        clinic
    }

    async fn reschedule(
        clinic: FakeClinic,
        by: Caller,
        to: NewTime,
        expected: Expected,
    ) -> (Result<Written<AppointmentView>>, Trail) {
        let id = an_appointment(AppointmentStatus::Scheduled).id;
        let command = RescheduleAppointment { id, to, reason: None, expected };
        clinic.perform(by, async |app, call| app.appointments.reschedule(call, command).await).await
    }

    #[tokio::test]
    async fn an_appointment_moves_with_its_length_and_keeps_its_id() {
        let mut clinic = a_clinic(AppointmentStatus::Confirmed);
        let old = an_appointment(AppointmentStatus::Confirmed);
        let update = clinic.work.appointments.expect_update();
        update
            .withf(move |appointment, change| {
                appointment.time.starts_at() == at(LATER)
                    && appointment.time.period().length() == old.time.period().length()
                    && change.old_time == Some(old.time)
                    && change.new_time == appointment.time
            })
            .times(1)
            .returning(|_, _| Ok(()));

        let to = NewTime::From(at(LATER));
        let (moved, trail) =
            reschedule(clinic, a_caller(Role::Patient), to, Expected::OneOf(vec![1])).await;

        let moved = moved.ok().unwrap().record;
        assert_eq!(moved.id, an_appointment(AppointmentStatus::Scheduled).id);
        assert_eq!(moved.status, AppointmentStatus::Scheduled);
        assert_eq!(trail.committed().unwrap().action, Action::RescheduleAppointment);
    }

    #[tokio::test]
    async fn a_time_that_is_taken_leaves_everything_as_it_was() {
        let mut clinic = a_clinic(AppointmentStatus::Scheduled);
        let conflict = StoreError::Conflict(Conflict::DoctorDoubleBooked);
        clinic.work.appointments.expect_update().return_once(|_, _| Err(conflict));

        let to = NewTime::From(at(LATER));
        let (refused, trail) = reschedule(clinic, a_caller(Role::Doctor), to, Expected::Any).await;

        let Err(Error::Refused(refusal)) = refused else { panic!("it was moved") };
        assert_eq!(refusal.code().as_str(), "doctor-double-booked");
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn another_version_than_the_caller_has_read_is_left_alone() {
        let to = NewTime::From(at(LATER));
        let clinic = a_clinic(AppointmentStatus::Scheduled);
        let (stale, trail) =
            reschedule(clinic, a_caller(Role::Doctor), to, Expected::OneOf(vec![7])).await;

        assert!(matches!(stale, Err(Error::Stale(Concept::Appointment))));
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn what_is_over_is_not_moved() {
        let to = NewTime::From(at(LATER));
        let clinic = a_clinic(AppointmentStatus::Completed);
        let (refused, trail) = reschedule(clinic, a_caller(Role::Admin), to, Expected::Any).await;

        let Err(Error::Refused(refusal)) = refused else { panic!("it was moved") };
        assert_eq!(refusal.code().as_str(), "appointment-refused");
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn an_end_beyond_the_calendar_is_a_wrong_field() {
        let to = NewTime::From(at("2199-12-31T23:50:00Z"));
        let clinic = a_clinic(AppointmentStatus::Scheduled);
        let (refused, _) = reschedule(clinic, a_caller(Role::Admin), to, Expected::Any).await;

        let Err(Error::Invalid(errors)) = refused else { panic!("it was moved") };
        assert!(errors.by_field().contains_key("starts_at"));
    }
}

//! Calling an appointment off.

use medilink_domain::id::AppointmentId;
use medilink_domain::policy::Action;
use medilink_domain::text::Reason;

use super::{AppointmentView, Appointments};
use crate::call::{Call, Expected, Written};
use crate::error::Result;

/// What somebody asks for when they cancel.
pub struct CancelAppointment {
    /// Which appointment.
    pub id: AppointmentId,
    /// Why.
    pub reason: Option<Reason>,
    /// The version that the caller has read.
    pub expected: Expected,
}

impl Appointments {
    /// Calls an appointment off, which frees its time.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](crate::Error::NotFound) if there is none by that id for the caller.
    /// - [`Stale`](crate::Error::Stale) if it is not the version that the caller expects.
    /// - [`Refused`](crate::Error::Refused) if a rule of
    ///   [`Appointment::cancel`](medilink_domain::appointment::Appointment::cancel) says no.
    pub async fn cancel(
        &self,
        call: &Call,
        command: CancelAppointment,
    ) -> Result<Written<AppointmentView>> {
        let CancelAppointment { id, reason, expected } = command;
        self.transition(call, Action::CancelAppointment, id, expected, |appointment, by, now| {
            appointment.cancel(reason, by, now)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::appointment::AppointmentStatus;
    use medilink_domain::audit::Outcome;
    use medilink_domain::record::{Concept, Record};
    use medilink_domain::user::Role;
    use mockall::Sequence;

    use super::*;
    use crate::call::Caller;
    use crate::error::{Error, StoreError};
    use crate::testing::{
        FakeClinic, Trail, a_caller, a_caller_with_a_key, a_doctor, a_patient, a_stranger,
        an_appointment,
    };

    fn a_clinic(status: AppointmentStatus) -> FakeClinic {
        let mut clinic = FakeClinic::default();
        let found = move |_| Ok(Some(an_appointment(status)));
        clinic.work.appointments.expect_find().returning(found);
        clinic.work.doctors.expect_lock_archived().returning(|_| Ok(Some(a_doctor())));
        clinic.work.patients.expect_lock_archived().returning(|_| Ok(Some(a_patient())));
        clinic.work.appointments.expect_lock().returning(found);
        clinic
    }

    async fn cancel(
        clinic: FakeClinic,
        by: Caller,
        expected: Expected,
    ) -> (Result<Written<AppointmentView>>, Trail) {
        let id = an_appointment(AppointmentStatus::Scheduled).id;
        let command = CancelAppointment { id, reason: Reason::parse("Well again").ok(), expected };
        clinic.perform(by, async |app, call| app.appointments.cancel(call, command).await).await
    }

    #[tokio::test]
    async fn a_cancellation_its_reason_and_its_audit_entry_are_committed_together() {
        let mut clinic = a_clinic(AppointmentStatus::Confirmed);
        let update = clinic.work.appointments.expect_update();
        update
            .withf(|appointment, change| {
                appointment.status == AppointmentStatus::Cancelled
                    && change.from == Some(AppointmentStatus::Confirmed)
                    && change.reason == Reason::parse("Well again").ok()
            })
            .times(1)
            .returning(|_, _| Ok(()));

        let (cancelled, trail) =
            cancel(clinic, a_caller(Role::Patient), Expected::OneOf(vec![1])).await;

        let cancelled = cancelled.ok().unwrap().record;
        let entry = trail.committed().unwrap();
        assert_eq!((cancelled.status, cancelled.version), (AppointmentStatus::Cancelled, 2));
        assert_eq!((entry.action, entry.outcome), (Action::CancelAppointment, Outcome::Done));
        assert_eq!(entry.record, Some(cancelled.id.into()));
        assert_eq!(entry.patient, Some(a_patient().id));
    }

    #[tokio::test]
    async fn the_doctor_is_locked_before_the_patient_and_both_before_the_appointment() {
        let mut clinic = FakeClinic::default();
        let mut order = Sequence::new();
        let found = |_| Ok(Some(an_appointment(AppointmentStatus::Scheduled)));
        let work = &mut clinic.work;
        work.appointments.expect_find().times(1).in_sequence(&mut order).returning(found);
        let doctor = work.doctors.expect_lock_archived().times(1).in_sequence(&mut order);
        doctor.returning(|_| Ok(Some(a_doctor())));
        let patient = work.patients.expect_lock_archived().times(1).in_sequence(&mut order);
        patient.returning(|_| Ok(Some(a_patient())));
        work.appointments.expect_lock().times(1).in_sequence(&mut order).returning(found);
        work.appointments.expect_update().returning(|_, _| Ok(()));

        let (cancelled, _) = cancel(clinic, a_caller(Role::Doctor), Expected::Any).await;

        assert!(cancelled.is_ok());
    }

    #[tokio::test]
    async fn another_version_than_the_caller_has_read_is_left_alone() {
        let clinic = a_clinic(AppointmentStatus::Scheduled);

        let (stale, trail) = cancel(clinic, a_caller(Role::Doctor), Expected::OneOf(vec![7])).await;

        assert!(matches!(stale, Err(Error::Stale(Concept::Appointment))));
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn a_change_by_somebody_faster_is_not_committed_over() {
        let mut clinic = a_clinic(AppointmentStatus::Scheduled);
        let stale = StoreError::Stale(Concept::Appointment);
        clinic.work.appointments.expect_update().return_once(|_, _| Err(stale));

        let (stale, trail) = cancel(clinic, a_caller(Role::Doctor), Expected::Any).await;

        assert!(matches!(stale, Err(Error::Stale(Concept::Appointment))));
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn what_is_over_is_not_cancelled() {
        let clinic = a_clinic(AppointmentStatus::Completed);

        let (refused, trail) = cancel(clinic, a_caller(Role::Doctor), Expected::Any).await;

        let Err(Error::Refused(refusal)) = refused else { panic!("it was cancelled") };
        assert_eq!(refusal.code().as_str(), "appointment-refused");
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn an_appointment_that_does_not_exist_and_one_of_others_are_refused_alike() {
        let mut nobody = FakeClinic::default();
        nobody.work.appointments.expect_find().return_once(|_| Ok(None));
        let somebody = a_clinic(AppointmentStatus::Scheduled);

        let (missing, missing_trail) =
            cancel(nobody, a_stranger(Role::Patient), Expected::Any).await;
        let (hidden, hidden_trail) =
            cancel(somebody, a_stranger(Role::Patient), Expected::Any).await;

        assert!(matches!(missing, Err(Error::NotFound(Concept::Appointment))));
        assert!(matches!(hidden, Err(Error::NotFound(Concept::Appointment))));
        for trail in [missing_trail, hidden_trail] {
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied);
        }
    }

    #[tokio::test]
    async fn a_replayed_request_is_answered_whatever_version_it_names() {
        let mut clinic = a_clinic(AppointmentStatus::Cancelled);
        clinic.has_written(an_appointment(AppointmentStatus::Cancelled).id);

        let (replayed, trail) =
            cancel(clinic, a_caller_with_a_key(Role::Doctor), Expected::OneOf(vec![0])).await;

        let replayed = replayed.ok().unwrap();
        assert!(replayed.replayed);
        assert_eq!(replayed.record.status, AppointmentStatus::Cancelled);
        assert_eq!(trail.committed().unwrap().action, Action::ReadAppointment);
        assert!(trail.recorded().is_empty());
    }

    #[tokio::test]
    async fn an_appointment_without_its_doctor_is_corrupt() {
        let mut clinic = FakeClinic::default();
        let appointment = an_appointment(AppointmentStatus::Scheduled);
        let record = Record::from(appointment.id);
        clinic.work.appointments.expect_find().return_once(|_| Ok(Some(appointment)));
        clinic.work.doctors.expect_lock_archived().returning(|_| Ok(None));

        let (corrupt, _) = cancel(clinic, a_caller(Role::Admin), Expected::Any).await;

        let Err(Error::Store(StoreError::Corrupt(found))) = corrupt else { panic!("it is whole") };
        assert_eq!(found, record);
    }
}

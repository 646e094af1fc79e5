//! Booking an appointment.

use medilink_domain::appointment::{Appointment, Booking};
use medilink_domain::id::{AppointmentId, DoctorId, PatientId};
use medilink_domain::policy::Action;
use medilink_domain::text::{AppointmentNotes, Reason};

use super::alternatives::Wanted;
use super::time::published;
use super::{AppointmentView, Appointments, WantedTime, replay, show};
use crate::call::{Call, Subject, Written};
use crate::error::Result;
use crate::patient;

/// What somebody asks for when they book.
pub struct BookAppointment {
    /// Whose time.
    pub doctor: DoctorId,
    /// For whom.
    pub patient: PatientId,
    /// When.
    pub time: WantedTime,
    /// Why the patient comes.
    pub reason: Option<Reason>,
    /// What else there is to know.
    pub notes: Option<AppointmentNotes>,
}

impl Appointments {
    /// Books a doctor's time for a patient.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](crate::Error::NotFound) if the patient or the doctor is not there for the
    ///   caller, [`Forbidden`](crate::Error::Forbidden) if a doctor books another doctor.
    /// - [`Invalid`](crate::Error::Invalid) if the doctor has no such time slot.
    /// - [`Refused`](crate::Error::Refused) if a rule of [`Appointment::book`] says no, or if the
    ///   doctor or the patient has another active appointment at that time.
    pub async fn book(
        &self,
        call: &Call,
        command: BookAppointment,
    ) -> Result<Written<AppointmentView>> {
        const ACTION: Action = Action::BookAppointment;
        let BookAppointment { doctor: doctor_id, patient: patient_id, time, reason, notes } =
            command;
        let now = self.ports.clock.now();
        let since = self.settings.care_window.since(now);
        let id = AppointmentId::new(self.ports.ids.next());

        let mut work = self.ports.store.begin().await?;
        if let Some(earlier) = call.reserve(&mut *work, id.as_uuid(), now).await? {
            return replay(call, work, AppointmentId::new(earlier), now).await;
        }

        let subject = Subject::of(patient_id);
        let doctor = work.doctors().lock(doctor_id).await?;
        let patient = work.patients().lock(patient_id).await?;
        // A caller who may not know of the patient must not learn of the doctor either way.
        let patient = patient.ok_or_else(|| call.missing(ACTION, subject))?;
        let relations = patient::relations(&mut *work, call.actor(), &patient, since).await?;

        let permit = call.may(ACTION, relations, subject)?.acting_for(doctor_id)?;
        let doctor = doctor.ok_or_else(|| call.missing(ACTION, Subject::of(doctor_id)))?;

        let (time, publication) = published(&mut *work, doctor_id, time).await?;

        let booking = Booking { time, reason, notes };
        let written: Result<Appointment> = async {
            let offered = (&doctor, publication);
            let (appointment, booked) =
                Appointment::book(id, offered, &patient, booking, call.actor(), now)?;

            work.appointments().insert(&appointment, &booked).await?;
            work.commit(permit.audit(id, now)).await?;
            Ok(appointment)
        }
        .await;

        match written {
            Ok(appointment) => Ok(Written::new(show(appointment, &doctor, &patient))),
            Err(error) => {
                let terms = doctor.profile.terms();
                let (doctor, patient) = (doctor_id, patient_id);
                let wanted = Wanted { doctor, terms, patient, time, moving: None };
                Err(self.with_alternatives(error, &wanted, call.actor(), now).await)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::id::Uuid;
    use medilink_domain::time_slot::TimeSlot;
    use medilink_domain::user::{Role, UserStatus};

    use super::*;
    use crate::call::Caller;
    use crate::error::{Conflict, Error, StoreError};
    use crate::idempotency::Reservation;
    use crate::testing::{
        CREATOR, FakeClinic, Trail, a_booking, a_caller, a_caller_with_a_key, a_doctor, a_patient,
        a_slot, an_appointment,
    };

    fn a_clinic() -> FakeClinic {
        let mut clinic = FakeClinic::default();
        clinic.work.doctors.expect_lock().returning(|_| Ok(Some(a_doctor())));
        clinic.work.patients.expect_lock().returning(|_| Ok(Some(a_patient())));
        clinic.work.patients.expect_is_in_care().returning(|_, _, _| Ok(false));
        clinic.work.time_slots.expect_overlapping().returning(|_, _| Ok(Vec::new()));
        clinic
    }

    async fn book(clinic: FakeClinic, by: Caller) -> (Result<Written<AppointmentView>>, Trail) {
        book_at(clinic, WantedTime::Exactly(a_booking().time), by).await
    }

    async fn book_at(
        clinic: FakeClinic,
        time: WantedTime,
        by: Caller,
    ) -> (Result<Written<AppointmentView>>, Trail) {
        let (doctor, patient) = (a_doctor().id, a_patient().id);
        let command = BookAppointment { doctor, patient, time, reason: None, notes: None };
        clinic.perform(by, async |app, call| app.appointments.book(call, command).await).await
    }

    #[tokio::test]
    async fn a_booking_and_its_audit_entry_are_committed_together() {
        let mut clinic = a_clinic();
        clinic.work.appointments.expect_insert().times(1).returning(|_, _| Ok(()));

        let (booked, trail) = book(clinic, a_caller(Role::Patient)).await;

        let booked = booked.ok().unwrap().record;
        let entry = trail.committed().unwrap();
        assert_eq!(entry.record, Some(booked.id.into()));
        assert_eq!((entry.action, entry.outcome), (Action::BookAppointment, Outcome::Done));
        assert_eq!(entry.patient, Some(a_patient().id));
        assert!(trail.recorded().is_empty());
    }

    #[tokio::test]
    async fn a_slot_is_booked_as_a_whole() {
        let mut clinic = a_clinic();
        let slot = a_slot();
        let time = slot.time;
        clinic.work.time_slots.expect_find().return_once(|_| Ok(Some(slot)));
        let insert = clinic.work.appointments.expect_insert();
        insert.withf(move |booked, _| booked.time == time).times(1).returning(|_, _| Ok(()));

        let wanted = WantedTime::OfSlot(a_slot().id);
        let (booked, _) = book_at(clinic, wanted, a_caller(Role::Patient)).await;

        assert!(booked.is_ok());
    }

    #[tokio::test]
    async fn a_slot_of_another_doctor_is_answered_like_none_at_all() {
        let of_another = TimeSlot { doctor: DoctorId::new(Uuid::from_u128(33)), ..a_slot() };
        let mut answers = Vec::new();
        for slot in [None, Some(of_another)] {
            let mut clinic = a_clinic();
            clinic.work.time_slots.expect_find().return_once(|_| Ok(slot));

            let wanted = WantedTime::OfSlot(a_slot().id);
            let (refused, trail) = book_at(clinic, wanted, a_caller(Role::Patient)).await;

            let Err(Error::Invalid(wrong)) = refused else { panic!("it was booked") };
            assert_eq!(trail.committed(), None);
            answers.push(wrong);
        }
        assert!(answers[0].by_field().contains_key("time_slot_id"));
        assert_eq!(answers[0], answers[1]);
    }

    fn a_busy_clinic() -> FakeClinic {
        let mut clinic = a_clinic();
        let conflict = StoreError::Conflict(Conflict::DoctorDoubleBooked);
        clinic.work.appointments.expect_insert().return_once(|_, _| Err(conflict));
        clinic
    }

    #[tokio::test]
    async fn a_time_that_the_database_refuses_is_not_committed_and_others_are_named() {
        let mut clinic = a_busy_clinic();
        clinic.has_nothing_on_its_calendar();

        let (refused, trail) = book(clinic, a_caller(Role::Patient)).await;

        let Err(Error::Refused(refusal)) = refused else { panic!("it was booked") };
        assert_eq!(refusal.code().as_str(), "doctor-double-booked");
        assert_eq!(refusal.alternatives().map(<[_]>::len), Some(3));
        assert_eq!(trail.committed(), None);
        assert!(trail.recorded().is_empty());
    }

    #[tokio::test]
    async fn a_refusal_stands_when_other_times_cannot_be_read() {
        let mut clinic = a_busy_clinic();
        let broken = |_, _| Err(StoreError::Busy);
        clinic.queries.appointments.expect_booked_of_doctor().returning(broken);

        let (refused, _) = book(clinic, a_caller(Role::Patient)).await;

        let Err(Error::Refused(refusal)) = refused else { panic!("it was booked") };
        assert_eq!(refusal.alternatives().map(<[_]>::len), Some(0));
    }

    #[tokio::test]
    async fn a_patient_who_does_not_exist_and_one_of_others_are_refused_alike() {
        let stranger = a_caller(Role::Coordinator);
        let mut nobody = FakeClinic::default();
        nobody.work.doctors.expect_lock().returning(|_| Ok(Some(a_doctor())));
        nobody.work.patients.expect_lock().returning(|_| Ok(None));

        let (missing, missing_trail) = book(nobody, stranger.clone()).await;
        let (hidden, hidden_trail) = book(a_clinic(), stranger).await;

        let (Err(missing), Err(hidden)) = (missing, hidden) else { panic!("it was booked") };
        assert_eq!(missing.to_string(), hidden.to_string());
        assert_eq!(missing_trail.recorded(), hidden_trail.recorded());
        assert_eq!(hidden_trail.recorded()[0].outcome, Outcome::Denied);
    }

    #[tokio::test]
    async fn the_creator_of_a_record_books_for_its_patient() {
        let mut clinic = a_clinic();
        clinic.work.appointments.expect_insert().returning(|_, _| Ok(()));
        let mut creator = a_caller(Role::Coordinator);
        creator.actor.user = medilink_domain::id::UserId::new(Uuid::from_u128(CREATOR));

        let (booked, _) = book(clinic, creator).await;

        assert!(booked.is_ok());
    }

    #[tokio::test]
    async fn a_doctor_books_patients_in_care_with_themself_alone() {
        let mut clinic = FakeClinic::default();
        clinic.work.doctors.expect_lock().returning(|_| Ok(Some(a_doctor())));
        clinic.work.patients.expect_lock().returning(|_| Ok(Some(a_patient())));
        clinic.work.patients.expect_is_in_care().returning(|_, _, _| Ok(true));
        let mut colleague = a_caller(Role::Doctor);
        colleague.actor.doctor = Some(DoctorId::new(Uuid::from_u128(33)));

        let (refused, trail) = book(clinic, colleague).await;

        assert!(matches!(refused, Err(Error::Forbidden(Action::BookAppointment))));
        assert_eq!(trail.recorded().len(), 1);
    }

    #[tokio::test]
    async fn somebody_pending_books_nobody_and_learns_nothing() {
        let mut pending = a_caller(Role::Doctor);
        pending.actor.status = UserStatus::Pending;

        let (refused, trail) = book(a_clinic(), pending).await;

        assert!(matches!(refused, Err(Error::ApprovalPending)));
        assert_eq!(trail.recorded().len(), 1);
    }

    #[tokio::test]
    async fn a_replayed_request_answers_the_first_ones_appointment() {
        let mut clinic = FakeClinic::default();
        let first = an_appointment(medilink_domain::appointment::AppointmentStatus::Confirmed);
        let earlier = first.id;
        clinic
            .work
            .idempotency
            .expect_reserve()
            .returning(move |_, _, _, _| Ok(Reservation::Replay(earlier.as_uuid())));
        let again = first.clone();
        clinic.work.appointments.expect_find().return_once(|_| Ok(Some(first)));
        clinic.work.doctors.expect_lock_archived().returning(|_| Ok(Some(a_doctor())));
        clinic.work.patients.expect_lock_archived().returning(|_| Ok(Some(a_patient())));
        clinic.work.appointments.expect_lock().return_once(|_| Ok(Some(again)));

        let (booked, trail) = book(clinic, a_caller_with_a_key(Role::Patient)).await;

        let booked = booked.ok().unwrap();
        assert!(booked.replayed);
        assert_eq!(booked.record.id, earlier);
        // What the first request wrote may not be on disk before.
        assert!(trail.committed().is_some());
    }

    #[tokio::test]
    async fn a_key_of_another_request_is_refused() {
        let mut clinic = FakeClinic::default();
        clinic.work.idempotency.expect_reserve().returning(|_, _, _, _| Ok(Reservation::Reused));

        let (refused, trail) = book(clinic, a_caller_with_a_key(Role::Patient)).await;

        assert!(matches!(refused, Err(Error::KeyReused)));
        assert_eq!(trail.committed(), None);
    }
}

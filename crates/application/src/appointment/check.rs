//! Asking whether a time could be booked.

use medilink_domain::appointment::{AppointmentError, obstacles};
use medilink_domain::id::{AppointmentId, DoctorId, PatientId};
use medilink_domain::period::{BookableTime, Period};
use medilink_domain::policy::Action;
use medilink_domain::time::Timestamp;
use medilink_domain::time_slot::Publication;

use super::alternatives::Wanted;
use super::time::no_such_slot;
use super::{Appointments, BookAppointment, BookingCheck, ObstacleView, WantedTime};
use crate::call::{Call, Subject};
use crate::error::{Result, StoreError};
use crate::store::Queries;

impl Appointments {
    /// Answers whether a booking would be done now, and names every reason why not.
    ///
    /// It only reads, and holds nothing: whoever books meanwhile is faster.
    ///
    /// # Errors
    ///
    /// What [`book`](Self::book) answers before it comes to the rules.
    pub async fn check(&self, call: &Call, command: BookAppointment) -> Result<BookingCheck> {
        const ACTION: Action = Action::CheckAppointment;
        let BookAppointment { doctor: doctor_id, patient: patient_id, time, .. } = command;
        let now = self.ports.clock.now();
        let since = self.settings.care_window.since(now);
        let subject = Subject::of(patient_id);
        let by = call.actor();

        let queries = self.ports.store.queries();
        let patient = queries.patients().find(patient_id, by.doctor, since).await?;
        let patient = patient.ok_or_else(|| call.missing(ACTION, subject))?;
        let doctor = queries.doctors().find(doctor_id).await?;
        let relations = by.relations_to_patient(patient_id, patient.created_by, patient.in_care);

        call.may(ACTION, relations, subject)?.acting_for(doctor_id)?;
        let doctor = doctor.ok_or_else(|| call.missing(ACTION, Subject::of(doctor_id)))?;
        let terms = doctor.terms();

        let (time, publication) = published(&*queries, doctor_id, time, now).await?;
        let mut reasons: Vec<_> = obstacles((terms, publication), time, by, now).collect();
        reasons.extend(double_bookings(&*queries, doctor_id, patient_id, time.period()).await?);
        let mut alternatives = Vec::new();
        if !reasons.is_empty() {
            let (doctor, patient) = (doctor_id, patient_id);
            let wanted = Wanted { doctor, terms, patient, time, moving: None };
            alternatives = self.alternatives(&wanted, by, now).await?;
        }

        Ok(BookingCheck {
            bookable: reasons.is_empty(),
            reasons: reasons.into_iter().map(ObstacleView::of).collect(),
            alternatives: alternatives.into_iter().map(Into::into).collect(),
        })
    }
}

/// Finds the time that somebody asks for, and what the doctor has published of it.
async fn published(
    queries: &dyn Queries,
    doctor: DoctorId,
    wanted: WantedTime,
    now: Timestamp,
) -> Result<(BookableTime, Publication)> {
    let time = match wanted {
        WantedTime::Exactly(time) => time,
        WantedTime::OfSlot(id) => {
            let slot = queries.time_slots().find(id, now).await?;
            let slot = slot.filter(|slot| slot.doctor_id == doctor).ok_or_else(no_such_slot)?;
            let corrupt = |_| StoreError::Corrupt(id.into());
            BookableTime::between(slot.starts_at, slot.ends_at).map_err(corrupt)?
        }
    };
    let slots = queries.time_slots().overlapping(doctor, time.period()).await?;
    let slots: Vec<_> = slots.iter().map(|slot| (slot.time, slot.blocked)).collect();
    Ok((time, Publication::of(time.period(), &slots)))
}

/// Tells whom the database would find double-booked.
async fn double_bookings(
    queries: &dyn Queries,
    doctor: DoctorId,
    patient: PatientId,
    time: Period,
) -> Result<impl Iterator<Item = AppointmentError>, StoreError> {
    let is_any = |booked: Vec<(AppointmentId, Period)>| !booked.is_empty();
    let doctor = is_any(queries.appointments().booked_of_doctor(doctor, time).await?);
    let patient = is_any(queries.appointments().booked_of_patient(patient, time).await?);
    let doctor = doctor.then_some(AppointmentError::DoctorDoubleBooked);
    Ok(doctor.into_iter().chain(patient.then_some(AppointmentError::PatientDoubleBooked)))
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::user::Role;

    use super::*;
    use crate::call::Caller;
    use crate::doctor::DoctorView;
    use crate::error::Error;
    use crate::patient::{PatientView, SeenPatient};
    use crate::testing::{
        FakeClinic, Trail, a_booking, a_caller, a_doctor, a_patient, a_stranger, an_appointment,
    };

    fn a_clinic() -> FakeClinic {
        let mut clinic = FakeClinic::default();
        clinic.queries.patients.expect_find().returning(|_, _, _| {
            let created_by = a_patient().created_by;
            let view = PatientView::of(a_patient());
            Ok(Some(SeenPatient { view, created_by, in_care: false }))
        });
        let doctor = |_| Ok(Some(DoctorView::of(a_doctor())));
        clinic.queries.doctors.expect_find().returning(doctor);
        clinic
    }

    /// The clinic gives no unit of work to whoever asks: its mocks would refuse the first use.
    async fn check(clinic: FakeClinic, by: Caller) -> (Result<BookingCheck>, Trail) {
        let (doctor, patient) = (a_doctor().id, a_patient().id);
        let time = WantedTime::Exactly(a_booking().time);
        let command = BookAppointment { doctor, patient, time, reason: None, notes: None };
        clinic.perform(by, async |app, call| app.appointments.check(call, command).await).await
    }

    #[tokio::test]
    async fn a_check_is_on_the_trail_as_a_read_of_the_patients_data() {
        let mut clinic = a_clinic();
        clinic.has_nothing_on_its_calendar();

        let (checked, trail) = check(clinic, a_caller(Role::Patient)).await;

        let checked = checked.ok().unwrap();
        assert!(checked.bookable && checked.reasons.is_empty() && checked.alternatives.is_empty());
        let entries = trail.recorded();
        assert_eq!(entries.len(), 1);
        assert_eq!(
            (entries[0].action, entries[0].outcome),
            (Action::CheckAppointment, Outcome::Done)
        );
        assert_eq!(entries[0].patient, Some(a_patient().id));
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn doctor_and_patient_are_both_named_when_both_are_busy() {
        let mut clinic = a_clinic();
        let taken = an_appointment(medilink_domain::appointment::AppointmentStatus::Confirmed);
        let booked = vec![(taken.id, taken.time.period())];
        let (of_doctor, of_patient) = (booked.clone(), booked);
        let appointments = &mut clinic.queries.appointments;
        appointments.expect_booked_of_doctor().returning(move |_, _| Ok(of_doctor.clone()));
        appointments.expect_booked_of_patient().returning(move |_, _| Ok(of_patient.clone()));
        clinic.queries.time_slots.expect_overlapping().returning(|_, _| Ok(Vec::new()));
        clinic.queries.time_slots.expect_publishes().returning(|_, _| Ok(false));

        let (checked, _) = check(clinic, a_caller(Role::Patient)).await;

        let checked = checked.ok().unwrap();
        let codes: Vec<_> = checked.reasons.iter().map(|reason| reason.code.as_str()).collect();
        assert_eq!(codes, ["doctor-double-booked", "patient-double-booked"]);
        assert_eq!(checked.alternatives.len(), 3);
        assert!(!checked.bookable);
    }

    #[tokio::test]
    async fn whoever_may_not_book_learns_nothing_from_a_check() {
        for (role, is_hidden) in
            [(Role::Patient, true), (Role::Doctor, true), (Role::Pharmacy, false)]
        {
            let (refused, trail) = check(a_clinic(), a_stranger(role)).await;

            match refused {
                Err(Error::NotFound(_)) => assert!(is_hidden, "{role}"),
                Err(Error::Forbidden(_)) => assert!(!is_hidden, "{role}"),
                _ => panic!("{role} was answered"),
            }
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied, "{role}");
        }
    }
}

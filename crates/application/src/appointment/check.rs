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

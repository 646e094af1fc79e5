//! Booking an appointment.

use medilink_domain::appointment::{Appointment, Booking};
use medilink_domain::id::{AppointmentId, DoctorId};
use medilink_domain::policy::Action;

use super::{AppointmentView, Appointments, repeat};
use crate::call::{Call, Subject, Written};
use crate::error::Result;
use crate::patient;

/// What somebody asks for when they book.
pub struct BookAppointment {
    /// Whose time.
    pub doctor: DoctorId,
    /// For whom, when and why.
    pub booking: Booking,
}

impl Appointments {
    /// Books a doctor's time for a patient.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](crate::Error::NotFound) if the patient or the doctor is not there for the
    ///   caller, [`Forbidden`](crate::Error::Forbidden) if a doctor books another doctor.
    /// - [`Refused`](crate::Error::Refused) if a rule of [`Appointment::book`] says no, or if the
    ///   doctor or the patient has another active appointment at that time.
    pub async fn book(
        &self,
        call: &Call,
        command: BookAppointment,
    ) -> Result<Written<AppointmentView>> {
        const ACTION: Action = Action::BookAppointment;
        let BookAppointment { doctor, booking } = command;
        let now = self.ports.clock.now();
        let id = AppointmentId::new(self.ports.ids.next());

        let mut work = self.ports.store.begin().await?;
        if let Some(earlier) = call.claim(&mut *work, id.as_uuid(), now).await? {
            return repeat(call, work, AppointmentId::new(earlier), now).await;
        }

        let subject = Subject::patient(booking.patient);
        let doctor_found = work.doctors().lock(doctor).await?;
        let patient = work.patients().lock(booking.patient).await?;
        let patient = patient.ok_or_else(|| call.missing(ACTION, subject))?;
        let relations = patient::relations(&mut *work, call.actor(), &patient, now).await?;

        let permit = call.may(ACTION, relations, subject)?.acting_for(doctor)?;
        let doctor = doctor_found.ok_or_else(|| call.missing(ACTION, Subject::of(doctor)))?;

        let (appointment, booked) = Appointment::book(id, &doctor, booking, call.actor(), now)?;

        work.appointments().insert(&appointment, &booked).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(Written::now(AppointmentView::of(appointment, &doctor, &patient)))
    }
}

//! Reading one appointment.

use medilink_domain::id::AppointmentId;
use medilink_domain::policy::Action;

use super::{AppointmentView, Appointments, relations_to};
use crate::call::{Call, Subject};
use crate::error::Result;

impl Appointments {
    /// Returns the appointment.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::Error::NotFound) if there is none by that id for the caller.
    pub async fn find(&self, call: &Call, id: AppointmentId) -> Result<AppointmentView> {
        const ACTION: Action = Action::ReadAppointment;
        let subject = Subject::of(id);

        let seen = self.ports.store.queries().appointments().find(id).await?;
        let seen = seen.ok_or_else(|| call.missing(ACTION, subject))?;
        let view = seen.view;
        let relations =
            relations_to(call.actor(), view.doctor_id, view.patient_id, seen.patient_created_by);

        call.may(ACTION, relations, subject.touching(Some(view.patient_id)))?;

        Ok(view)
    }
}

//! Reading what has become of an appointment.

use medilink_domain::id::AppointmentId;

use super::{AppointmentHistory, Appointments};
use crate::call::Call;
use crate::error::Result;

impl Appointments {
    /// Returns every change of an appointment's time and status, the booking first.
    ///
    /// It never has many: each is a step towards an end, or a move.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::Error::NotFound) if there is none by that id for the caller.
    pub async fn history(&self, call: &Call, id: AppointmentId) -> Result<AppointmentHistory> {
        // Who may read the appointment may read how it came about.
        self.find(call, id).await?;

        let items = self.ports.store.queries().appointments().history(id).await?;

        Ok(AppointmentHistory { items })
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::appointment::AppointmentStatus;
    use medilink_domain::record::Concept;
    use medilink_domain::user::Role;

    use super::*;
    use crate::appointment::{AppointmentChangeView, AppointmentView};
    use crate::call::Caller;
    use crate::doctor::DoctorBrief;
    use crate::error::Error;
    use crate::patient::PatientBrief;
    use crate::testing::{
        FakeClinic, Trail, a_caller, a_doctor, a_patient, a_stranger, an_appointment,
        the_first_change,
    };

    async fn history(by: Caller) -> (Result<AppointmentHistory>, Trail) {
        let mut clinic = FakeClinic::default();
        let appointment = an_appointment(AppointmentStatus::Scheduled);
        let (doctor, patient) = (DoctorBrief::of(&a_doctor()), PatientBrief::of(&a_patient()));
        let view = AppointmentView::of(appointment.clone(), doctor, patient);
        let queries = &mut clinic.queries.appointments;
        queries.expect_find().returning(move |_| Ok(Some(view.clone())));
        let change = the_first_change(&appointment);
        queries
            .expect_history()
            .returning(move |_| Ok(vec![AppointmentChangeView::of(change.clone())]));
        let id = appointment.id;
        clinic.perform(by, async |app, call| app.appointments.history(call, id).await).await
    }

    #[tokio::test]
    async fn whoever_may_read_an_appointment_reads_how_it_came_about_and_the_trail_knows() {
        let (seen, trail) = history(a_caller(Role::Patient)).await;

        assert_eq!(seen.ok().unwrap().items.len(), 1);
        assert_eq!(trail.recorded()[0].patient, Some(a_patient().id));
        assert_eq!(trail.recorded().len(), 1);
    }

    #[tokio::test]
    async fn a_stranger_reads_nothing() {
        let (hidden, _) = history(a_stranger(Role::Doctor)).await;

        assert!(matches!(hidden, Err(Error::NotFound(Concept::Appointment))));
    }
}

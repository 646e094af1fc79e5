//! Reading one appointment.

use medilink_domain::id::AppointmentId;
use medilink_domain::policy::Action;

use super::{AppointmentView, Appointments};
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

        let view = self.ports.store.queries().appointments().find(id).await?;
        let view = view.ok_or_else(|| call.missing(ACTION, subject))?;
        let relations = call.actor().relations_to_appointment(
            view.doctor_id,
            view.patient_id,
            view.patient_created_by,
        );

        call.may(ACTION, relations, subject.touching(Some(view.patient_id)))?;

        Ok(view)
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::appointment::AppointmentStatus;
    use medilink_domain::audit::Outcome;
    use medilink_domain::record::Concept;
    use medilink_domain::user::Role;

    use super::*;
    use crate::call::Caller;
    use crate::doctor::DoctorBrief;
    use crate::error::Error;
    use crate::patient::PatientBrief;
    use crate::testing::{
        FakeClinic, Trail, a_caller, a_doctor, a_patient, a_pending_doctor, a_stranger,
        an_appointment, the_creator,
    };

    fn a_clinic() -> FakeClinic {
        let mut clinic = FakeClinic::default();
        let appointment = an_appointment(AppointmentStatus::Scheduled);
        let (doctor, patient) = (DoctorBrief::of(&a_doctor()), PatientBrief::of(&a_patient()));
        let view = AppointmentView::of(appointment, doctor, patient);
        clinic.queries.appointments.expect_find().returning(move |_| Ok(Some(view.clone())));
        clinic
    }

    fn an_empty_clinic() -> FakeClinic {
        let mut clinic = FakeClinic::default();
        clinic.queries.appointments.expect_find().returning(|_| Ok(None));
        clinic
    }

    async fn find(clinic: FakeClinic, by: Caller) -> (Result<AppointmentView>, Trail) {
        let id = an_appointment(AppointmentStatus::Scheduled).id;
        clinic.perform(by, async |app, call| app.appointments.find(call, id).await).await
    }

    #[tokio::test]
    async fn an_appointment_is_read_by_those_whom_it_concerns_and_the_trail_knows() {
        let concerned = [
            a_caller(Role::Admin),
            a_caller(Role::Doctor),
            a_caller(Role::Patient),
            the_creator(Role::Coordinator),
        ];
        for reader in concerned {
            let role = reader.actor.role;

            let (seen, trail) = find(a_clinic(), reader).await;

            let seen = seen.ok().unwrap();
            let entry = &trail.recorded()[0];
            assert_eq!((entry.action, entry.outcome), (Action::ReadAppointment, Outcome::Done));
            assert_eq!(entry.record, Some(seen.id.into()), "{role}");
            assert_eq!(entry.patient, Some(a_patient().id), "{role}");
        }
    }

    #[tokio::test]
    async fn an_appointment_that_does_not_exist_and_one_of_others_are_hidden_alike() {
        for role in [Role::Doctor, Role::Coordinator, Role::Pharmacy, Role::Patient] {
            let (missing, missing_trail) = find(an_empty_clinic(), a_stranger(role)).await;
            let (hidden, hidden_trail) = find(a_clinic(), a_stranger(role)).await;

            assert!(matches!(missing, Err(Error::NotFound(Concept::Appointment))), "{role}");
            assert!(matches!(hidden, Err(Error::NotFound(Concept::Appointment))), "{role}");
            for trail in [missing_trail, hidden_trail] {
                assert_eq!(trail.recorded()[0].outcome, Outcome::Denied, "{role}");
            }
        }
    }

    #[tokio::test]
    async fn a_creator_who_is_a_doctor_does_not_read_a_colleagues_appointment() {
        let mut colleague = a_stranger(Role::Doctor);
        colleague.actor.user = the_creator(Role::Doctor).actor.user;

        let (hidden, _) = find(a_clinic(), colleague).await;

        assert!(matches!(hidden, Err(Error::NotFound(_))));
    }

    #[tokio::test]
    async fn somebody_pending_learns_of_no_appointment() {
        let (own, _) = find(a_clinic(), a_pending_doctor()).await;
        let (missing, _) = find(an_empty_clinic(), a_pending_doctor()).await;

        assert!(matches!(own, Err(Error::ApprovalPending)));
        assert!(matches!(missing, Err(Error::ApprovalPending)));
    }
}

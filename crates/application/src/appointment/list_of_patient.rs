//! Looking through the appointments of one patient.

use medilink_domain::actor::Relations;
use medilink_domain::id::PatientId;
use medilink_domain::policy::Action;

use super::{AppointmentFilter, AppointmentView, Appointments, ListAppointments};
use crate::call::{Call, Subject};
use crate::error::Result;
use crate::page::{List, Page};

impl Appointments {
    /// Returns a page of the appointments of one patient that the caller may read one by one: who
    /// cares for a patient sees the own appointments with them, and not those of others.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::Error::NotFound) if there is no such patient for the caller,
    /// [`Invalid`](crate::Error::Invalid) for a cursor of another list.
    pub async fn list_of_patient(
        &self,
        call: &Call,
        patient: PatientId,
        command: ListAppointments,
    ) -> Result<Page<AppointmentView>> {
        const ACTION: Action = Action::ReadPatient;
        let subject = Subject::of(patient);
        let actor = call.actor();
        let since = self.settings.care_window.since(self.ports.clock.now());
        let queries = self.ports.store.queries();

        let seen = queries.patients().find(patient, actor.doctor, since).await?;
        let seen = seen.ok_or_else(|| call.missing(ACTION, subject))?;
        let relations = actor.relations_to_patient(patient, seen.created_by, seen.in_care);

        call.may(ACTION, relations, subject)?;
        // What is shown is no record of the patient, but appointments.
        call.may(Action::ListAppointments, Relations::NONE, subject)?;

        let ListAppointments { filter, order, page } = command;
        let filter = AppointmentFilter { patient: Some(patient), ..filter };
        let selection = self.selection(*actor, &filter, order).await?;
        let list = List::AppointmentsOfPatient(patient, order);
        let page = self.page(call, list, &page, &selection).await?;
        // It is this patient's also if there are none.
        call.touches(Some(patient));
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::record::Concept;
    use medilink_domain::user::Role;

    use super::*;
    use crate::call::Caller;
    use crate::error::Error;
    use crate::patient::{PatientView, SeenPatient};
    use crate::testing::{
        FakeClinic, Trail, a_caller, a_doctor, a_patient, a_stranger, the_creator,
    };

    /// Finds the patient too.
    fn with_the_patient(in_care: bool, mut clinic: FakeClinic) -> FakeClinic {
        clinic.queries.patients.expect_find().returning(move |_, _, _| {
            let created_by = a_patient().created_by;
            Ok(Some(SeenPatient { view: PatientView::of(a_patient()), created_by, in_care }))
        });
        clinic
    }

    async fn list(
        clinic: FakeClinic,
        by: Caller,
        filter: AppointmentFilter,
    ) -> (Result<Page<AppointmentView>>, Trail) {
        let command = ListAppointments { filter, ..ListAppointments::default() };
        let id = a_patient().id;
        clinic
            .perform(by, async |app, call| {
                app.appointments.list_of_patient(call, id, command).await
            })
            .await
    }

    #[tokio::test]
    async fn those_whom_a_patient_concerns_see_what_they_may_of_the_appointments() {
        for (caller, in_care) in [
            (a_caller(Role::Patient), false),
            (a_caller(Role::Doctor), true),
            (the_creator(Role::Coordinator), false),
            (a_caller(Role::Admin), false),
        ] {
            let role = caller.actor.role;
            let doctor = a_doctor().id;
            let clinic = FakeClinic::asked_for_appointments(move |asked, _| {
                (asked.patient, asked.doctor) == (Some(a_patient().id), Some(doctor))
                    && asked.actor.role == role
                    && asked.reach == medilink_domain::policy::reach(role, Action::ReadAppointment)
            });
            let clinic = with_the_patient(in_care, clinic);
            let filter = AppointmentFilter { doctor: Some(doctor), ..AppointmentFilter::default() };

            let (listed, trail) = list(clinic, caller, filter).await;

            let entry = &trail.recorded()[0];
            assert!(listed.is_ok(), "{role}");
            assert_eq!((entry.action, entry.outcome), (Action::ListAppointments, Outcome::Done));
            assert_eq!(entry.patient, Some(a_patient().id), "{role}");
        }
    }

    #[tokio::test]
    async fn a_patient_who_does_not_exist_and_one_of_others_have_no_appointments_alike() {
        for role in [Role::Doctor, Role::Coordinator, Role::Pharmacy, Role::Patient] {
            let mut nobody = FakeClinic::default();
            nobody.queries.patients.expect_find().returning(|_, _, _| Ok(None));
            let hidden = with_the_patient(false, FakeClinic::default());

            let (missing, missing_trail) =
                list(nobody, a_stranger(role), AppointmentFilter::default()).await;
            let (hidden, hidden_trail) =
                list(hidden, a_stranger(role), AppointmentFilter::default()).await;

            assert!(matches!(missing, Err(Error::NotFound(Concept::Patient))), "{role}");
            assert!(matches!(hidden, Err(Error::NotFound(Concept::Patient))), "{role}");
            assert_eq!(missing_trail.recorded(), hidden_trail.recorded(), "{role}");
        }
    }
}

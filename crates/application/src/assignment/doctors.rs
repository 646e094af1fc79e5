//! Looking through the doctors who are assigned to one patient.

use medilink_domain::id::PatientId;
use medilink_domain::policy::Action;

use super::{AssignedDoctorView, Assignments};
use crate::call::{Call, Subject};
use crate::error::Result;
use crate::page::{List, Page, PageRequest};

impl Assignments {
    /// Returns a page of the doctors who are assigned to a patient now: the primary one first, then
    /// who was assigned last.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::Error::NotFound) if there is no such patient for the caller,
    /// [`Invalid`](crate::Error::Invalid) for a cursor of another list.
    pub async fn doctors(
        &self,
        call: &Call,
        patient: PatientId,
        page: PageRequest,
    ) -> Result<Page<AssignedDoctorView>> {
        const ACTION: Action = Action::ReadAssignment;
        let subject = Subject::of(patient);
        let actor = call.actor();
        let since = self.care_since(self.ports.clock.now());
        let queries = self.ports.store.queries();

        let seen = queries.patients().find(patient, actor.doctor, since).await?;
        let seen = seen.ok_or_else(|| call.missing(ACTION, subject))?;
        let relations = actor.relations_to_patient(patient, seen.created_by, seen.in_care);

        call.may(ACTION, relations, subject)?;

        let stretch = page.open(List::DoctorsOfPatient(patient), &*self.ports.cursors)?;
        let found = queries.assignments().doctors_of(patient, &stretch).await?;

        Ok(found.seal(List::DoctorsOfPatient(patient), &*self.ports.cursors))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::doctor::Specialization;
    use medilink_domain::record::Concept;
    use medilink_domain::user::Role;

    use super::*;
    use crate::call::Caller;
    use crate::doctor::DoctorBrief;
    use crate::error::Error;
    use crate::page::Found;
    use crate::patient::{PatientView, SeenPatient};
    use crate::testing::{
        FakeClinic, Trail, a_caller, a_doctor, a_patient, a_stranger, an_assignment, nothing,
        the_creator,
    };

    fn a_clinic(in_care: bool) -> FakeClinic {
        let mut clinic = FakeClinic::default();
        clinic.queries.patients.expect_find().returning(move |_, _, _| {
            let created_by = a_patient().created_by;
            Ok(Some(SeenPatient { view: PatientView::of(a_patient()), created_by, in_care }))
        });
        clinic
    }

    async fn doctors(clinic: FakeClinic, by: Caller) -> (Result<Page<AssignedDoctorView>>, Trail) {
        let (patient, page) = (a_patient().id, PageRequest::default());
        clinic
            .perform(by, async |app, call| app.assignments.doctors(call, patient, page).await)
            .await
    }

    #[tokio::test]
    async fn the_doctors_of_a_patient_are_seen_by_those_whom_the_patient_concerns() {
        let concerned = [
            (a_caller(Role::Admin), false),
            (a_caller(Role::Doctor), true),
            (the_creator(Role::Coordinator), false),
            (a_caller(Role::Patient), false),
        ];
        for (reader, in_care) in concerned {
            let mut clinic = a_clinic(in_care);
            let (of, general) = (DoctorBrief::of(&a_doctor()), Specialization::General);
            let items = vec![AssignedDoctorView::of(an_assignment(), of, general)];
            let list = clinic.queries.assignments.expect_doctors_of();
            list.withf(|patient, _| *patient == a_patient().id)
                .return_once(|_, _| Ok(Found { items, ..nothing() }));

            let (seen, trail) = doctors(clinic, reader).await;

            assert_eq!(seen.ok().unwrap().items[0].doctor_id, a_doctor().id);
            let [entry] = &trail.recorded()[..] else { panic!("one entry") };
            assert_eq!((entry.action, entry.outcome), (Action::ReadAssignment, Outcome::Done));
            assert_eq!(entry.record, Some(a_patient().id.into()));
            assert_eq!(entry.patient, Some(a_patient().id));
        }
    }

    #[tokio::test]
    async fn a_patient_who_does_not_exist_and_one_of_others_have_no_doctors_alike() {
        for role in [Role::Doctor, Role::Coordinator, Role::Pharmacy, Role::Patient] {
            let mut nobody = FakeClinic::default();
            nobody.queries.patients.expect_find().returning(|_, _, _| Ok(None));

            let (missing, missing_trail) = doctors(nobody, a_stranger(role)).await;
            let (hidden, hidden_trail) = doctors(a_clinic(false), a_stranger(role)).await;

            assert!(matches!(missing, Err(Error::NotFound(Concept::Patient))), "{role}");
            assert!(matches!(hidden, Err(Error::NotFound(Concept::Patient))), "{role}");
            assert_eq!(missing_trail.recorded(), hidden_trail.recorded(), "{role}");
        }
    }
}

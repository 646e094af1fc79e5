//! Reading one patient's record.

use medilink_domain::id::PatientId;
use medilink_domain::policy::Action;

use super::{PatientView, Patients};
use crate::call::{Call, Subject};
use crate::error::Result;

impl Patients {
    /// Returns the patient's record.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::Error::NotFound) if there is none by that id for the caller.
    pub async fn find(&self, call: &Call, id: PatientId) -> Result<PatientView> {
        const ACTION: Action = Action::ReadPatient;
        let subject = Subject::of(id);
        let actor = call.actor();
        let since = self.settings.care_window.since(self.ports.clock.now());

        let seen = self.ports.store.queries().patients().find(id, actor.doctor, since).await?;
        let seen = seen.ok_or_else(|| call.missing(ACTION, subject))?;

        call.may(ACTION, actor.relations_to_patient(id, seen.created_by, seen.in_care), subject)?;

        Ok(seen.view)
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::care::CareWindow;
    use medilink_domain::record::Concept;
    use medilink_domain::user::Role;

    use super::*;
    use crate::call::Caller;
    use crate::error::Error;
    use crate::patient::SeenPatient;
    use crate::testing::{
        FakeClinic, Trail, a_caller, a_doctor, a_patient, a_pending_doctor, a_stranger, at,
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

    fn an_empty_clinic() -> FakeClinic {
        let mut clinic = FakeClinic::default();
        clinic.queries.patients.expect_find().returning(|_, _, _| Ok(None));
        clinic
    }

    async fn find(clinic: FakeClinic, by: Caller) -> (Result<PatientView>, Trail) {
        let id = a_patient().id;
        clinic.perform(by, async |app, call| app.patients.find(call, id).await).await
    }

    #[tokio::test]
    async fn a_record_is_read_by_those_whom_it_concerns_and_the_trail_knows() {
        let concerned = [
            (a_caller(Role::Patient), false),
            (a_caller(Role::Doctor), true),
            (the_creator(Role::Doctor), false),
            (the_creator(Role::Coordinator), false),
            (a_caller(Role::Admin), false),
        ];
        for (reader, in_care) in concerned {
            let role = reader.actor.role;

            let (seen, trail) = find(a_clinic(in_care), reader).await;

            let entry = &trail.recorded()[0];
            assert!(seen.is_ok(), "{role}");
            assert_eq!((entry.action, entry.outcome), (Action::ReadPatient, Outcome::Done));
            assert_eq!(entry.patient, Some(a_patient().id), "{role}");
        }
    }

    #[tokio::test]
    async fn a_patient_who_does_not_exist_and_one_of_others_are_hidden_alike() {
        for role in [Role::Doctor, Role::Coordinator, Role::Pharmacy, Role::Patient] {
            let (missing, missing_trail) = find(an_empty_clinic(), a_stranger(role)).await;
            let (hidden, hidden_trail) = find(a_clinic(false), a_stranger(role)).await;

            assert!(matches!(missing, Err(Error::NotFound(Concept::Patient))), "{role}");
            assert!(matches!(hidden, Err(Error::NotFound(Concept::Patient))), "{role}");
            assert_eq!(missing_trail.recorded(), hidden_trail.recorded(), "{role}");
            assert_eq!(hidden_trail.recorded()[0].outcome, Outcome::Denied, "{role}");
        }
    }

    #[tokio::test]
    async fn care_is_the_calling_doctors_own_and_lasts_as_long_as_the_installation_says() {
        let mut clinic = FakeClinic::default();
        clinic.settings.care_window = CareWindow::parse("7").unwrap();
        let find_patient = clinic.queries.patients.expect_find();
        find_patient
            .withf(|_, doctor, since| {
                (*doctor, since.end()) == (Some(a_doctor().id), at("2029-12-30T12:00:00Z"))
            })
            .times(1)
            .returning(|_, _, _| Ok(None));

        let (missing, _) = find(clinic, a_caller(Role::Doctor)).await;

        assert!(missing.is_err());
    }

    #[tokio::test]
    async fn somebody_pending_learns_of_no_patient() {
        let (in_care, _) = find(a_clinic(true), a_pending_doctor()).await;
        let (missing, _) = find(an_empty_clinic(), a_pending_doctor()).await;

        assert!(matches!(in_care, Err(Error::ApprovalPending)));
        assert!(matches!(missing, Err(Error::ApprovalPending)));
    }
}

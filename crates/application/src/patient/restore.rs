//! Putting an archived patient's record back into use.

use medilink_domain::actor::Relations;
use medilink_domain::id::PatientId;
use medilink_domain::policy::Action;
use medilink_domain::record::Concept;

use super::{PatientView, Patients, replay};
use crate::call::{Call, Expected, Subject, Written};
use crate::error::Result;

impl Patients {
    /// Restores an archived record, as it was.
    ///
    /// # Errors
    ///
    /// - [`Forbidden`](crate::Error::Forbidden) unless an admin asks.
    /// - [`NotFound`](crate::Error::NotFound) if there is no such record, archived or not.
    /// - [`Stale`](crate::Error::Stale) if it is not the version that the caller expects.
    /// - [`Refused`](crate::Error::Refused) unless it is archived.
    pub async fn restore(
        &self,
        call: &Call,
        id: PatientId,
        expected: Expected,
    ) -> Result<Written<PatientView>> {
        const ACTION: Action = Action::RestorePatient;
        let subject = Subject::of(id);
        let now = self.ports.clock.now();
        let since = self.settings.care_window.since(now);

        let permit = call.may(ACTION, Relations::NONE, subject)?;

        let mut work = self.ports.store.begin().await?;
        if call.reserve(&mut *work, id.as_uuid(), now).await?.is_some() {
            return replay(call, work, id, since, now).await;
        }
        let patient = work.patients().lock_archived(id).await?;
        let mut patient = patient.ok_or_else(|| call.missing(ACTION, subject))?;
        expected.check(Concept::Patient, patient.revision.version)?;
        patient.restore(now)?;

        work.patients().update(&patient).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(Written::new(PatientView::of(patient)))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::patient::Patient;
    use medilink_domain::user::Role;

    use super::*;
    use crate::call::Caller;
    use crate::error::Error;
    use crate::testing::{
        FakeClinic, NOW, Trail, a_caller, a_caller_with_a_key, a_patient, at, the_creator,
    };

    fn an_archived_patient() -> Patient {
        Patient { archived_at: Some(at(NOW)), ..a_patient() }
    }

    fn a_clinic(patient: Option<Patient>) -> FakeClinic {
        let mut clinic = FakeClinic::default();
        clinic.work.patients.expect_lock_archived().return_once(|_| Ok(patient));
        clinic
    }

    async fn restore(
        clinic: FakeClinic,
        by: Caller,
        expected: Expected,
    ) -> (Result<Written<PatientView>>, Trail) {
        let id = a_patient().id;
        clinic.perform(by, async |app, call| app.patients.restore(call, id, expected).await).await
    }

    #[tokio::test]
    async fn a_record_comes_back_with_its_audit_entry() {
        let mut clinic = a_clinic(Some(an_archived_patient()));
        let update = clinic.work.patients.expect_update();
        update.withf(|patient| patient.archived_at.is_none()).times(1).returning(|_| Ok(()));

        let (restored, trail) =
            restore(clinic, a_caller(Role::Admin), Expected::OneOf(vec![1])).await;

        let entry = trail.committed().unwrap();
        assert_eq!(restored.ok().unwrap().record.version, 2);
        assert_eq!((entry.action, entry.outcome), (Action::RestorePatient, Outcome::Done));
        assert_eq!(entry.patient, Some(a_patient().id));
    }

    #[tokio::test]
    async fn nobody_but_an_admin_learns_what_is_in_the_archive() {
        for role in [Role::Doctor, Role::Coordinator, Role::Pharmacy, Role::Patient] {
            let (refused, trail) =
                restore(FakeClinic::default(), the_creator(role), Expected::Any).await;

            assert!(matches!(refused, Err(Error::Forbidden(Action::RestorePatient))), "{role}");
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied, "{role}");
        }
    }

    #[tokio::test]
    async fn what_is_in_use_is_not_restored() {
        let (refused, trail) =
            restore(a_clinic(Some(a_patient())), a_caller(Role::Admin), Expected::Any).await;

        let Err(Error::Refused(refusal)) = refused else { panic!("it was restored") };
        assert_eq!(refusal.code().as_str(), "not-archived");
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn a_record_that_does_not_exist_is_not_found() {
        let (missing, _) = restore(a_clinic(None), a_caller(Role::Admin), Expected::Any).await;

        assert!(matches!(missing, Err(Error::NotFound(Concept::Patient))));
    }

    #[tokio::test]
    async fn another_version_than_the_admin_expects_is_left_alone() {
        let clinic = a_clinic(Some(an_archived_patient()));

        let (stale, trail) = restore(clinic, a_caller(Role::Admin), Expected::OneOf(vec![7])).await;

        assert!(matches!(stale, Err(Error::Stale(Concept::Patient))));
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn a_repeated_request_answers_the_record_and_changes_nothing() {
        let mut clinic = FakeClinic::default();
        clinic.has_written(a_patient().id);
        clinic.work.patients.expect_find().returning(|_| Ok(Some(a_patient())));

        let (restored, trail) =
            restore(clinic, a_caller_with_a_key(Role::Admin), Expected::OneOf(vec![0])).await;

        assert!(restored.ok().unwrap().replayed);
        assert!(trail.committed().is_some());
    }
}

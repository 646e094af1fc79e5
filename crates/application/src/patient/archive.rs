//! Taking a patient's record out of use.

use medilink_domain::archive::Blocking;
use medilink_domain::id::PatientId;
use medilink_domain::policy::Action;
use medilink_domain::record::Concept;

use super::{Patients, relations};
use crate::call::{Call, Expected, Subject};
use crate::error::Result;

impl Patients {
    /// Archives a patient's record, and ends its assignments: from now on it is gone from every read,
    /// also for the patient.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](crate::Error::NotFound) if there is none by that id for the caller.
    /// - [`Forbidden`](crate::Error::Forbidden) for those who may know of it and not archive it.
    /// - [`Stale`](crate::Error::Stale) if it is not the version that the caller expects.
    /// - [`Refused`](crate::Error::Refused) if the patient has active appointments.
    pub async fn archive(&self, call: &Call, id: PatientId, expected: Expected) -> Result<()> {
        const ACTION: Action = Action::ArchivePatient;
        let subject = Subject::of(id);
        let now = self.ports.clock.now();
        let since = self.settings.care_window.since(now);

        let mut work = self.ports.store.begin().await?;
        // Whoever books for the patient locks the record first, so none can be added meanwhile.
        let patient = work.patients().lock(id).await?;
        let mut patient = patient.ok_or_else(|| call.missing(ACTION, subject))?;
        let relations = relations(&mut *work, call.actor(), &patient, since).await?;

        let permit = call.may(ACTION, relations, subject)?;
        expected.check(Concept::Patient, patient.revision.version)?;
        let blocking = Blocking { appointments: work.appointments().active_of_patient(id).await? };
        patient.archive(blocking, now)?;

        work.patients().update(&patient).await?;
        work.assignments().end_all_of_patient(id, now).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::patient::Patient;
    use medilink_domain::user::Role;
    use mockall::Sequence;

    use super::*;
    use crate::call::Caller;
    use crate::error::Error;
    use crate::testing::{
        FakeClinic, NOW, Trail, a_caller, a_patient, a_pending_doctor, a_stranger, at, the_creator,
    };

    fn a_clinic(patient: Option<Patient>, cares: bool, active: u64) -> FakeClinic {
        let mut clinic = FakeClinic::default();
        clinic.work.patients.expect_lock().return_once(|_| Ok(patient));
        clinic.work.patients.expect_is_in_care().returning(move |_, _, _| Ok(cares));
        clinic.work.appointments.expect_active_of_patient().returning(move |_| Ok(active));
        clinic.work.assignments.expect_end_all_of_patient().returning(|_, _| Ok(()));
        clinic
    }

    async fn archive(clinic: FakeClinic, by: Caller, expected: Expected) -> (Result<()>, Trail) {
        let id = a_patient().id;
        clinic.perform(by, async |app, call| app.patients.archive(call, id, expected).await).await
    }

    #[tokio::test]
    async fn whoever_made_the_record_archives_it_and_the_trail_knows() {
        for keeper in
            [a_caller(Role::Admin), the_creator(Role::Doctor), the_creator(Role::Coordinator)]
        {
            let role = keeper.actor.role;
            let mut clinic = a_clinic(Some(a_patient()), false, 0);
            let update = clinic.work.patients.expect_update();
            update
                .withf(|patient| {
                    (patient.archived_at, patient.revision.version) == (Some(at(NOW)), 2)
                })
                .times(1)
                .returning(|_| Ok(()));

            let (archived, trail) = archive(clinic, keeper, Expected::OneOf(vec![1])).await;

            let entry = trail.committed().unwrap();
            assert!(archived.is_ok(), "{role}");
            assert_eq!((entry.action, entry.outcome), (Action::ArchivePatient, Outcome::Done));
            assert_eq!(entry.patient, Some(a_patient().id), "{role}");
        }
    }

    #[tokio::test]
    async fn what_still_has_appointments_stays_and_says_how_many() {
        let clinic = a_clinic(Some(a_patient()), false, 3);

        let (refused, trail) = archive(clinic, a_caller(Role::Admin), Expected::Any).await;

        let Err(Error::Refused(refusal)) = refused else { panic!("it was archived") };
        assert_eq!(refusal.code().as_str(), "still-needed");
        assert_eq!(refusal.blocking(), Some(Blocking { appointments: 3 }));
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn appointments_are_counted_once_the_record_is_kept_from_others() {
        let mut order = Sequence::new();
        let mut clinic = FakeClinic::default();
        clinic.work.assignments.expect_end_all_of_patient().times(1).returning(|_, _| Ok(()));
        let lock = clinic.work.patients.expect_lock().times(1).in_sequence(&mut order);
        lock.returning(|_| Ok(Some(a_patient())));
        let count = clinic.work.appointments.expect_active_of_patient();
        count.times(1).in_sequence(&mut order).returning(|_| Ok(0));
        let update = clinic.work.patients.expect_update().times(1).in_sequence(&mut order);
        update.returning(|_| Ok(()));

        let (archived, _) = archive(clinic, a_caller(Role::Admin), Expected::Any).await;

        assert!(archived.is_ok());
    }

    #[tokio::test]
    async fn those_who_only_read_it_do_not_archive_it() {
        for (reader, cares) in [(a_caller(Role::Patient), false), (a_caller(Role::Doctor), true)] {
            let clinic = a_clinic(Some(a_patient()), cares, 0);

            let (refused, trail) = archive(clinic, reader, Expected::Any).await;

            assert!(matches!(refused, Err(Error::Forbidden(Action::ArchivePatient))));
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied);
        }
    }

    #[tokio::test]
    async fn a_record_that_is_not_there_and_one_of_others_are_hidden_alike() {
        for role in [Role::Doctor, Role::Coordinator, Role::Pharmacy, Role::Patient] {
            let (missing, missing_trail) =
                archive(a_clinic(None, false, 0), a_stranger(role), Expected::Any).await;
            let there = a_clinic(Some(a_patient()), false, 1);
            let (hidden, hidden_trail) = archive(there, a_stranger(role), Expected::Any).await;

            assert!(matches!(missing, Err(Error::NotFound(Concept::Patient))), "{role}");
            assert!(matches!(hidden, Err(Error::NotFound(Concept::Patient))), "{role}");
            assert_eq!(missing_trail.recorded(), hidden_trail.recorded(), "{role}");
        }
    }

    #[tokio::test]
    async fn somebody_pending_archives_nothing() {
        let mut pending = a_pending_doctor();
        pending.actor.user = a_patient().created_by;

        let (refused, _) =
            archive(a_clinic(Some(a_patient()), true, 0), pending, Expected::Any).await;

        assert!(matches!(refused, Err(Error::ApprovalPending)));
    }

    #[tokio::test]
    async fn another_version_than_the_one_that_was_read_is_left_alone() {
        let clinic = a_clinic(Some(a_patient()), false, 0);

        let (stale, trail) = archive(clinic, a_caller(Role::Admin), Expected::OneOf(vec![7])).await;

        assert!(matches!(stale, Err(Error::Stale(Concept::Patient))));
        assert_eq!(trail.committed(), None);
    }
}

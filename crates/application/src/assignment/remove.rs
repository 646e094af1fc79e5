//! Taking an assignment away.

use medilink_domain::id::AssignmentId;
use medilink_domain::policy::Action;
use medilink_domain::record::Concept;

use super::{Assignments, Loaded, load};
use crate::call::{Call, Expected};
use crate::error::Result;

impl Assignments {
    /// Ends an assignment and takes it away: nobody finds it from then on.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](crate::Error::NotFound) if there is none by that id for the caller.
    /// - [`Stale`](crate::Error::Stale) if it is not the version that the caller expects.
    pub async fn remove(&self, call: &Call, id: AssignmentId, expected: Expected) -> Result<()> {
        let now = self.ports.clock.now();

        let mut work = self.ports.store.begin().await?;
        let Loaded { mut assignment, permit, .. } =
            load(call, &mut *work, id, Action::EndAssignment, self.care_since(now)).await?;

        expected.check(Concept::Assignment, assignment.revision.version)?;
        assignment.archive(now);

        work.assignments().update(&assignment).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::user::Role;

    use super::*;
    use crate::call::Caller;
    use crate::error::Error;
    use crate::testing::{
        FakeClinic, NOW, Trail, a_caller, a_doctor, a_patient, a_stranger, an_assignment, at,
    };

    fn a_clinic() -> FakeClinic {
        let mut clinic = FakeClinic::default();
        let work = &mut clinic.work;
        work.assignments.expect_find().returning(|_| Ok(Some(an_assignment())));
        work.doctors.expect_lock_archived().returning(|_| Ok(Some(a_doctor())));
        work.patients.expect_lock_archived().returning(|_| Ok(Some(a_patient())));
        work.patients.expect_is_in_care().returning(|_, _, _| Ok(false));
        clinic
    }

    async fn remove(clinic: FakeClinic, by: Caller, expected: Expected) -> (Result<()>, Trail) {
        let id = an_assignment().id;
        clinic.perform(by, async |app, call| app.assignments.remove(call, id, expected).await).await
    }

    #[tokio::test]
    async fn what_is_taken_away_has_ended_and_the_trail_knows() {
        let mut clinic = a_clinic();
        let assignments = &mut clinic.work.assignments;
        assignments.expect_lock().returning(|_| Ok(Some(an_assignment())));
        let update = assignments.expect_update().times(1);
        update
            .withf(|it| (it.ended_at, it.archived_at) == (Some(at(NOW)), Some(at(NOW))))
            .returning(|_| Ok(()));

        let (removed, trail) =
            remove(clinic, a_caller(Role::Patient), Expected::OneOf(vec![1])).await;

        assert!(removed.is_ok());
        let entry = trail.committed().unwrap();
        assert_eq!((entry.action, entry.outcome), (Action::EndAssignment, Outcome::Done));
        assert_eq!(entry.record, Some(an_assignment().id.into()));
    }

    #[tokio::test]
    async fn another_version_than_the_caller_has_read_is_left_alone() {
        let mut clinic = a_clinic();
        clinic.work.assignments.expect_lock().returning(|_| Ok(Some(an_assignment())));

        let (stale, trail) = remove(clinic, a_caller(Role::Admin), Expected::OneOf(vec![7])).await;

        assert!(matches!(stale, Err(Error::Stale(Concept::Assignment))));
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn what_somebody_else_takes_away_meanwhile_is_not_found() {
        let mut clinic = a_clinic();
        clinic.work.assignments.expect_lock().returning(|_| Ok(None));

        let (missing, trail) = remove(clinic, a_caller(Role::Admin), Expected::Any).await;

        assert!(matches!(missing, Err(Error::NotFound(Concept::Assignment))));
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn nobody_takes_away_what_they_may_not_know_of() {
        for role in [Role::Doctor, Role::Coordinator, Role::Pharmacy, Role::Patient] {
            let mut clinic = a_clinic();
            clinic.work.assignments.expect_lock().returning(|_| Ok(Some(an_assignment())));

            let (hidden, trail) = remove(clinic, a_stranger(role), Expected::Any).await;

            assert!(matches!(hidden, Err(Error::NotFound(Concept::Assignment))), "{role}");
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied, "{role}");
        }
    }
}

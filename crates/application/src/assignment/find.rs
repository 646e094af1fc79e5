//! Reading one assignment.

use medilink_domain::id::AssignmentId;
use medilink_domain::policy::Action;

use super::{AssignmentView, Assignments, SeenAssignment};
use crate::call::{Call, Subject};
use crate::error::Result;

impl Assignments {
    /// Returns the assignment.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::Error::NotFound) if there is none by that id for the caller.
    pub async fn find(&self, call: &Call, id: AssignmentId) -> Result<AssignmentView> {
        const ACTION: Action = Action::ReadAssignment;
        let subject = Subject::of(id);
        let actor = call.actor();
        let since = self.care_since(self.ports.clock.now());

        let seen = self.ports.store.queries().assignments().find(id, actor.doctor, since).await?;
        let SeenAssignment { view, in_care } = seen.ok_or_else(|| call.missing(ACTION, subject))?;
        let relations =
            actor.relations_to_patient(view.patient_id, view.patient_created_by, in_care);

        call.may(ACTION, relations, subject.touching(Some(view.patient_id)))?;

        Ok(view)
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::record::Concept;
    use medilink_domain::user::Role;

    use super::*;
    use crate::assignment::show;
    use crate::call::Caller;
    use crate::error::Error;
    use crate::testing::{
        FakeClinic, Trail, a_caller, a_doctor, a_patient, a_pending_doctor, a_stranger,
        an_assignment, the_creator,
    };

    fn a_clinic(in_care: bool) -> FakeClinic {
        let mut clinic = FakeClinic::default();
        let view = show(an_assignment(), &a_doctor(), &a_patient());
        let seen = SeenAssignment { view, in_care };
        let find = clinic.queries.assignments.expect_find();
        find.returning(move |_, _, _| Ok(Some(seen.clone())));
        clinic
    }

    fn an_empty_clinic() -> FakeClinic {
        let mut clinic = FakeClinic::default();
        clinic.queries.assignments.expect_find().returning(|_, _, _| Ok(None));
        clinic
    }

    async fn find(clinic: FakeClinic, by: Caller) -> (Result<AssignmentView>, Trail) {
        let id = an_assignment().id;
        clinic.perform(by, async |app, call| app.assignments.find(call, id).await).await
    }

    #[tokio::test]
    async fn an_assignment_is_read_by_those_whom_it_concerns_and_the_trail_knows() {
        let concerned = [
            (a_caller(Role::Admin), false),
            (a_caller(Role::Doctor), true),
            (the_creator(Role::Doctor), false),
            (the_creator(Role::Coordinator), false),
            (a_caller(Role::Patient), false),
        ];
        for (reader, in_care) in concerned {
            let role = reader.actor.role;

            let (seen, trail) = find(a_clinic(in_care), reader).await;

            let entry = &trail.recorded()[0];
            assert_eq!((entry.action, entry.outcome), (Action::ReadAssignment, Outcome::Done));
            assert_eq!(entry.record, Some(seen.ok().unwrap().id.into()), "{role}");
            assert_eq!(entry.patient, Some(a_patient().id), "{role}");
        }
    }

    #[tokio::test]
    async fn an_assignment_that_does_not_exist_and_one_of_others_are_hidden_alike() {
        for role in [Role::Doctor, Role::Coordinator, Role::Pharmacy, Role::Patient] {
            let (missing, missing_trail) = find(an_empty_clinic(), a_stranger(role)).await;
            let (hidden, hidden_trail) = find(a_clinic(false), a_stranger(role)).await;

            assert!(matches!(missing, Err(Error::NotFound(Concept::Assignment))), "{role}");
            assert!(matches!(hidden, Err(Error::NotFound(Concept::Assignment))), "{role}");
            for trail in [missing_trail, hidden_trail] {
                assert_eq!(trail.recorded()[0].outcome, Outcome::Denied, "{role}");
            }
        }
    }

    #[tokio::test]
    async fn the_doctor_of_an_assignment_that_has_ended_is_a_stranger() {
        let (hidden, _) = find(a_clinic(false), a_caller(Role::Doctor)).await;

        assert!(matches!(hidden, Err(Error::NotFound(Concept::Assignment))));
    }

    #[tokio::test]
    async fn somebody_pending_learns_of_no_assignment() {
        let (own, _) = find(a_clinic(true), a_pending_doctor()).await;
        let (missing, _) = find(an_empty_clinic(), a_pending_doctor()).await;

        assert!(matches!(own, Err(Error::ApprovalPending)));
        assert!(matches!(missing, Err(Error::ApprovalPending)));
    }
}

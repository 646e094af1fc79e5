//! Looking through the assignments.

use medilink_domain::actor::Relations;
use medilink_domain::id::{DoctorId, PatientId};
use medilink_domain::policy::{Action, reach};

use super::{AssignmentSelection, AssignmentView, Assignments};
use crate::call::{Call, Subject};
use crate::error::Result;
use crate::page::{List, Page, PageRequest};
use crate::patient::one_patient;

/// Which assignments somebody wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AssignmentFilter {
    /// Of this doctor only.
    pub doctor: Option<DoctorId>,
    /// Of this patient only.
    pub patient: Option<PatientId>,
    /// Primary ones only, or others.
    pub is_primary: Option<bool>,
    /// Active ones only, or those that have ended.
    pub is_active: Option<bool>,
}

/// What somebody asks for when they look through the assignments.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListAssignments {
    /// Which ones.
    pub filter: AssignmentFilter,
    /// Which page.
    pub page: PageRequest,
}

impl Assignments {
    /// Returns a page of the assignments that the caller may read one by one, the newest first.
    ///
    /// # Errors
    ///
    /// [`Forbidden`](crate::Error::Forbidden) for those who have no assignments to look at,
    /// [`Invalid`](crate::Error::Invalid) for a cursor of another list.
    pub async fn list(
        &self,
        call: &Call,
        command: ListAssignments,
    ) -> Result<Page<AssignmentView>> {
        let AssignmentFilter { doctor, patient, is_primary, is_active } = command.filter;
        let actor = *call.actor();
        let since = self.care_since(self.ports.clock.now());

        call.may(Action::ListAssignments, Relations::NONE, Subject::NONE)?;

        let stretch = command.page.open(List::Assignments, &*self.ports.cursors)?;
        let reach = reach(actor.role, Action::ReadAssignment);
        let selection =
            AssignmentSelection { actor, reach, since, doctor, patient, is_primary, is_active };
        let found = self.ports.store.queries().assignments().list(&selection, &stretch).await?;

        call.touches(one_patient(found.items.iter().map(|item| item.patient_id)));
        Ok(found.seal(List::Assignments, &*self.ports.cursors))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::assignment::Assignment;
    use medilink_domain::audit::Outcome;
    use medilink_domain::id::Uuid;
    use medilink_domain::policy::{Reach, Relation};
    use medilink_domain::user::Role;

    use super::*;
    use crate::assignment::show;
    use crate::call::Caller;
    use crate::error::Error;
    use crate::page::{Found, Position};
    use crate::testing::{
        FakeClinic, Trail, a_caller, a_doctor, a_patient, a_pending_doctor, an_assignment, at,
        nothing,
    };

    async fn list(
        clinic: FakeClinic,
        by: Caller,
        command: ListAssignments,
    ) -> (Result<Page<AssignmentView>>, Trail) {
        clinic.perform(by, async |app, call| app.assignments.list(call, command).await).await
    }

    #[tokio::test]
    async fn a_list_reaches_as_far_as_the_role_does() {
        let within = |relations: &[Relation]| Reach::Within(relations.to_vec());
        let agreed = [
            (Role::Admin, Reach::Everything),
            (Role::Doctor, within(&[Relation::Creator, Relation::Care])),
            (Role::Coordinator, within(&[Relation::Creator])),
            (Role::Patient, within(&[Relation::SelfRecord])),
        ];
        for (role, reach) in agreed {
            let caller = a_caller(role);
            let actor = caller.actor;
            let clinic = FakeClinic::asked_for_assignments(move |selection, _| {
                (&selection.actor, &selection.reach) == (&actor, &reach)
                    && selection.since.end() == at("2029-10-08T12:00:00Z")
            });

            let (listed, _) = list(clinic, caller, ListAssignments::default()).await;

            assert!(listed.is_ok(), "{role}");
        }
    }

    #[tokio::test]
    async fn a_list_is_narrowed_by_everything_that_the_caller_names() {
        let filter = AssignmentFilter {
            doctor: Some(a_doctor().id),
            patient: Some(a_patient().id),
            is_primary: Some(true),
            is_active: Some(false),
        };
        let clinic = FakeClinic::asked_for_assignments(move |asked, stretch| {
            (asked.doctor, asked.patient) == (filter.doctor, filter.patient)
                && (asked.is_primary, asked.is_active) == (filter.is_primary, filter.is_active)
                && stretch.count
        });
        let page = PageRequest { count: true, ..PageRequest::default() };

        let (listed, _) =
            list(clinic, a_caller(Role::Admin), ListAssignments { filter, page }).await;

        assert!(listed.is_ok());
    }

    #[tokio::test]
    async fn pharmacies_and_the_pending_have_no_assignments_to_look_at() {
        let all = ListAssignments::default();

        let (pharmacy, trail) =
            list(FakeClinic::default(), a_caller(Role::Pharmacy), all.clone()).await;
        let (pending, _) = list(FakeClinic::default(), a_pending_doctor(), all).await;

        assert!(matches!(pharmacy, Err(Error::Forbidden(Action::ListAssignments))));
        assert_eq!(trail.recorded()[0].outcome, Outcome::Denied);
        assert!(matches!(pending, Err(Error::ApprovalPending)));
    }

    #[tokio::test]
    async fn the_trail_names_the_patient_if_the_page_shows_one() {
        let one = a_patient().id;
        let other = PatientId::new(Uuid::from_u128(44));
        for (shown, named) in [(vec![one, one], Some(one)), (vec![one, other], None)] {
            let view = |patient| {
                show(Assignment { patient, ..an_assignment() }, &a_doctor(), &a_patient())
            };
            let items = shown.into_iter().map(view).collect();
            let clinic = FakeClinic::finding_assignments(Found { items, ..nothing() });

            let (_, trail) = list(clinic, a_caller(Role::Doctor), ListAssignments::default()).await;

            let entry = &trail.recorded()[0];
            assert_eq!((entry.action, entry.patient), (Action::ListAssignments, named));
        }
    }

    #[tokio::test]
    async fn a_page_goes_on_where_the_one_before_ended() {
        let end = Position { key: "2030-01-06T12:00:00Z".to_owned(), id: Uuid::from_u128(9) };
        let found = Found { last: Some(end.clone()), ..nothing() };
        let clinic = FakeClinic::finding_assignments(found);
        let (page, _) = list(clinic, a_caller(Role::Admin), ListAssignments::default()).await;
        let page = PageRequest { cursor: page.ok().unwrap().next, ..PageRequest::default() };

        let clinic = FakeClinic::asked_for_assignments(move |_, stretch| {
            stretch.after.as_ref() == Some(&end)
        });
        let onward = ListAssignments { page, ..ListAssignments::default() };
        let (continued, _) = list(clinic, a_caller(Role::Admin), onward).await;

        assert!(continued.is_ok());
    }
}

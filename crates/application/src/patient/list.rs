//! Looking through the patients.

use medilink_domain::actor::Relations;
use medilink_domain::patient::{BloodGroup, Gender};
use medilink_domain::policy::{Action, reach};
use medilink_domain::search::Search;

use super::{PatientSelection, PatientView, Patients, one_patient};
use crate::call::{Call, Subject};
use crate::error::Result;
use crate::page::{List, Page, PageRequest};

/// Which patients somebody wants to see.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PatientFilter {
    /// Each word begins a word of the name or the e-mail address.
    pub search: Option<Search>,
    /// Of this gender only.
    pub gender: Option<Gender>,
    /// Of this blood group only.
    pub blood_group: Option<BloodGroup>,
    /// Those whose record is archived, instead of those whose record is in use.
    pub archived: bool,
}

/// What somebody asks for when they look through the patients.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListPatients {
    /// Which ones.
    pub filter: PatientFilter,
    /// Which page.
    pub page: PageRequest,
}

impl Patients {
    /// Returns a page of the patients whom the caller may read one by one, by family name.
    ///
    /// # Errors
    ///
    /// - [`Forbidden`](crate::Error::Forbidden) for those who have no patients to look at, and if
    ///   somebody looks into the archive who may not take anything out of it.
    /// - [`Invalid`](crate::Error::Invalid) for a cursor of another list.
    pub async fn list(&self, call: &Call, command: ListPatients) -> Result<Page<PatientView>> {
        let ListPatients { filter, page } = command;
        let list = List::Patients { archived: filter.archived };
        let action =
            if filter.archived { Action::ListArchivedPatients } else { Action::ListPatients };
        let actor = *call.actor();
        let since = self.settings.care_window.since(self.ports.clock.now());

        call.may(action, Relations::NONE, Subject::NONE)?;

        let stretch = page.open(list, &*self.ports.cursors)?;
        let reach = reach(actor.role, Action::ReadPatient);
        let selection = PatientSelection { actor, reach, since, filter };
        let found = self.ports.store.queries().patients().list(&selection, &stretch).await?;

        call.touches(one_patient(found.items.iter().map(|item| item.id)));
        Ok(found.seal(list, &*self.ports.cursors))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::id::{PatientId, Uuid};
    use medilink_domain::patient::Patient;
    use medilink_domain::policy::{Reach, Relation};
    use medilink_domain::user::Role;

    use super::*;
    use crate::call::Caller;
    use crate::error::Error;
    use crate::page::{Found, Position};
    use crate::testing::{FakeClinic, Trail, a_caller, a_patient, a_pending_doctor, at, nothing};

    async fn list(
        clinic: FakeClinic,
        by: Caller,
        command: ListPatients,
    ) -> (Result<Page<PatientView>>, Trail) {
        clinic.perform(by, async |app, call| app.patients.list(call, command).await).await
    }

    fn of_the_archive() -> ListPatients {
        let filter = PatientFilter { archived: true, ..PatientFilter::default() };
        ListPatients { filter, ..ListPatients::default() }
    }

    #[tokio::test]
    async fn a_list_reaches_as_far_as_the_role_does() {
        let agreed = [
            (Role::Admin, Reach::Everything),
            (Role::Doctor, Reach::Within(vec![Relation::Creator, Relation::Care])),
            (Role::Coordinator, Reach::Within(vec![Relation::Creator])),
        ];
        for (role, reach) in agreed {
            let caller = a_caller(role);
            let actor = caller.actor;
            let clinic = FakeClinic::asked_for_patients(move |selection, _| {
                (&selection.actor, &selection.reach) == (&actor, &reach)
                    && selection.since.end() == at("2029-10-08T12:00:00Z")
            });

            let (listed, _) = list(clinic, caller, ListPatients::default()).await;

            assert!(listed.is_ok(), "{role}");
        }
    }

    #[tokio::test]
    async fn a_list_is_narrowed_by_everything_that_the_caller_names() {
        let filter = PatientFilter {
            search: Search::parse("ada").ok(),
            gender: Some(Gender::Female),
            blood_group: Some(BloodGroup::OPositive),
            archived: true,
        };
        let asked = filter.clone();
        let clinic = FakeClinic::asked_for_patients(move |selection, stretch| {
            selection.filter == asked && stretch.count
        });
        let page = PageRequest { count: true, ..PageRequest::default() };

        let (listed, _) = list(clinic, a_caller(Role::Admin), ListPatients { filter, page }).await;

        assert!(listed.is_ok());
    }

    #[tokio::test]
    async fn patients_pharmacies_and_the_pending_have_no_patients_to_look_at() {
        for role in [Role::Patient, Role::Pharmacy] {
            let (refused, trail) =
                list(FakeClinic::default(), a_caller(role), ListPatients::default()).await;

            assert!(matches!(refused, Err(Error::Forbidden(Action::ListPatients))), "{role}");
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied, "{role}");
        }
        let (pending, _) =
            list(FakeClinic::default(), a_pending_doctor(), ListPatients::default()).await;
        assert!(matches!(pending, Err(Error::ApprovalPending)));
    }

    #[tokio::test]
    async fn only_admins_look_into_the_archive_and_the_trail_knows() {
        for role in Role::ALL {
            let clinic = match role {
                Role::Admin => FakeClinic::asked_for_patients(|asked, _| asked.filter.archived),
                Role::Doctor | Role::Coordinator | Role::Pharmacy | Role::Patient => {
                    FakeClinic::default()
                }
            };

            let (listed, trail) = list(clinic, a_caller(*role), of_the_archive()).await;

            let entry = &trail.recorded()[0];
            assert_eq!(entry.action, Action::ListArchivedPatients, "{role}");
            match role {
                Role::Admin => assert!(listed.is_ok() && entry.outcome == Outcome::Done),
                Role::Doctor | Role::Coordinator | Role::Pharmacy | Role::Patient => {
                    assert!(matches!(listed, Err(Error::Forbidden(_))), "{role}");
                }
            }
        }
    }

    #[tokio::test]
    async fn the_trail_names_the_patient_if_the_page_shows_one() {
        let one = a_patient().id;
        let other = PatientId::new(Uuid::from_u128(44));
        for (shown, named) in [(vec![one], Some(one)), (vec![one, other], None)] {
            let view = |id| PatientView::of(Patient { id, ..a_patient() });
            let items = shown.into_iter().map(view).collect();
            let clinic = FakeClinic::finding_patients(Found { items, ..nothing() });

            let (_, trail) = list(clinic, a_caller(Role::Doctor), ListPatients::default()).await;

            let entry = &trail.recorded()[0];
            assert_eq!((entry.action, entry.patient), (Action::ListPatients, named));
        }
    }

    #[tokio::test]
    async fn a_page_goes_on_where_the_one_before_ended_and_not_in_the_archive() {
        let end = Position { key: "turing alan".to_owned(), id: Uuid::from_u128(9) };
        let found = Found { last: Some(end.clone()), ..nothing() };
        let clinic = FakeClinic::finding_patients(found);
        let (page, _) = list(clinic, a_caller(Role::Admin), ListPatients::default()).await;
        let page = PageRequest { cursor: page.ok().unwrap().next, ..PageRequest::default() };

        let clinic =
            FakeClinic::asked_for_patients(move |_, stretch| stretch.after.as_ref() == Some(&end));
        let onward = ListPatients { page: page.clone(), ..ListPatients::default() };
        let (continued, _) = list(clinic, a_caller(Role::Admin), onward).await;
        let elsewhere = ListPatients { page, ..of_the_archive() };
        let (refused, _) = list(FakeClinic::default(), a_caller(Role::Admin), elsewhere).await;

        assert!(continued.is_ok());
        assert!(matches!(refused, Err(Error::Invalid(_))));
    }
}

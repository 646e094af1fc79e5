//! Looking through the doctors.

use medilink_domain::actor::Relations;
use medilink_domain::doctor::Specialization;
use medilink_domain::policy::Action;
use medilink_domain::search::Search;
use medilink_domain::text::Place;

use super::{DoctorView, Doctors};
use crate::call::{Call, Subject};
use crate::error::Result;
use crate::page::{List, Page, PageRequest};

/// Which doctors somebody wants to see.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DoctorFilter {
    /// Each word begins a word of the name or the hospital.
    pub search: Option<Search>,
    /// Of this field only.
    pub specialization: Option<Specialization>,
    /// Taking appointments, or not.
    pub is_available: Option<bool>,
    /// In this city only, whatever its case and accents.
    pub city: Option<Place>,
    /// With a checked licence, or without.
    pub verified: Option<bool>,
    /// In the archive instead of the directory.
    pub archived: bool,
}

/// What somebody asks for when they look through the doctors.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListDoctors {
    /// Which ones.
    pub filter: DoctorFilter,
    /// Which page.
    pub page: PageRequest,
}

impl Doctors {
    /// Returns a page of the doctors, by family name.
    ///
    /// # Errors
    ///
    /// - [`Forbidden`](crate::Error::Forbidden) if somebody looks into the archive who may not take
    ///   anybody out of it.
    /// - [`Invalid`](crate::Error::Invalid) for a cursor of another list.
    pub async fn list(&self, call: &Call, command: ListDoctors) -> Result<Page<DoctorView>> {
        let ListDoctors { filter, page } = command;
        let action = if filter.archived { Action::RestoreDoctor } else { Action::ListDoctors };
        call.may(action, Relations::NONE, Subject::NONE)?;

        let list = List::Doctors { archived: filter.archived };
        let stretch = page.open(list, &*self.ports.cursors)?;
        let found = self.ports.store.queries().doctors().list(&filter, &stretch).await?;

        Ok(found.seal(list, &*self.ports.cursors))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::id::Uuid;
    use medilink_domain::user::Role;

    use super::*;
    use crate::error::Error;
    use crate::page::{Found, Position};
    use crate::testing::{FakeClinic, Trail, a_caller, a_pending_doctor, nothing};

    async fn list(clinic: FakeClinic, command: ListDoctors) -> (Result<Page<DoctorView>>, Trail) {
        clinic
            .perform(a_pending_doctor(), async |app, call| app.doctors.list(call, command).await)
            .await
    }

    #[tokio::test]
    async fn the_directory_is_open_even_to_somebody_pending_and_leaves_no_trace() {
        let filter = DoctorFilter { city: Place::parse("Berlin").ok(), ..DoctorFilter::default() };
        let asked = filter.clone();
        let clinic = FakeClinic::asked_for_doctors(move |filter, _| *filter == asked);

        let (listed, trail) =
            list(clinic, ListDoctors { filter, page: PageRequest::default() }).await;

        assert!(listed.is_ok());
        assert!(trail.recorded().is_empty());
    }

    #[tokio::test]
    async fn only_admins_look_into_the_archive() {
        let filter = DoctorFilter { archived: true, ..DoctorFilter::default() };
        let command = ListDoctors { filter, ..ListDoctors::default() };
        for role in Role::ALL {
            let clinic = match role {
                Role::Admin => FakeClinic::asked_for_doctors(|filter, _| filter.archived),
                Role::Doctor | Role::Coordinator | Role::Pharmacy | Role::Patient => {
                    FakeClinic::default()
                }
            };
            let (listed, _) = clinic
                .perform(a_caller(*role), async |app, call| {
                    app.doctors.list(call, command.clone()).await
                })
                .await;

            match role {
                Role::Admin => assert!(listed.is_ok()),
                Role::Doctor | Role::Coordinator | Role::Pharmacy | Role::Patient => {
                    assert!(matches!(listed, Err(Error::Forbidden(_))), "{role}");
                }
            }
        }
    }

    #[tokio::test]
    async fn a_page_continues_where_the_last_one_ended() {
        let end = Position { key: "chen".to_owned(), id: Uuid::from_u128(3) };
        let found = Found { last: Some(end.clone()), ..nothing() };
        let first = FakeClinic::finding_doctors(found);
        let second =
            FakeClinic::asked_for_doctors(move |_, stretch| stretch.after.as_ref() == Some(&end));

        let (page, _) = list(first, ListDoctors::default()).await;
        let page = PageRequest { cursor: page.ok().unwrap().next, ..PageRequest::default() };
        let (next, _) = list(second, ListDoctors { page, ..ListDoctors::default() }).await;

        assert!(next.ok().unwrap().next.is_none());
    }

    #[tokio::test]
    async fn a_cursor_of_another_list_is_a_wrong_field() {
        let foreign = format!("patients|chen|{}", Uuid::from_u128(3));
        let page = PageRequest { cursor: Some(foreign), ..PageRequest::default() };

        let (refused, _) =
            list(FakeClinic::default(), ListDoctors { page, ..ListDoctors::default() }).await;

        let Err(Error::Invalid(errors)) = refused else { panic!("it was listed") };
        assert!(errors.by_field().contains_key("cursor"));
    }
}

//! Looking through the users.

use medilink_domain::actor::Relations;
use medilink_domain::policy::Action;
use medilink_domain::search::Search;
use medilink_domain::user::{Role, UserStatus};

use super::{UserView, Users};
use crate::call::{Call, Subject};
use crate::error::Result;
use crate::page::{List, Page, PageRequest};

/// Which users somebody wants to see.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserFilter {
    /// Each word begins a word of the name, the user name or the address.
    pub search: Option<Search>,
    /// In this role only.
    pub role: Option<Role>,
    /// In this status only.
    pub status: Option<UserStatus>,
}

/// What somebody asks for when they look through the users.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListUsers {
    /// Which ones.
    pub filter: UserFilter,
    /// Which page.
    pub page: PageRequest,
}

impl Users {
    /// Returns a page of the users, the newest first.
    ///
    /// # Errors
    ///
    /// [`Forbidden`](crate::Error::Forbidden) unless an admin asks,
    /// [`Invalid`](crate::Error::Invalid) for a cursor of another list.
    pub async fn list(&self, call: &Call, command: ListUsers) -> Result<Page<UserView>> {
        call.may(Action::ListUsers, Relations::NONE, Subject::NONE)?;

        let stretch = command.page.open(List::Users, &*self.ports.cursors)?;
        let found = self.ports.store.queries().users().list(&command.filter, &stretch).await?;

        Ok(found.seal(List::Users, &*self.ports.cursors))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;

    use super::*;
    use crate::call::Caller;
    use crate::error::Error;
    use crate::testing::{FakeClinic, Trail, a_caller};

    async fn list(
        clinic: FakeClinic,
        by: Caller,
        command: ListUsers,
    ) -> (Result<Page<UserView>>, Trail) {
        clinic.perform(by, async |app, call| app.users.list(call, command).await).await
    }

    #[tokio::test]
    async fn a_list_is_narrowed_by_everything_that_the_admin_names() {
        let filter = UserFilter {
            search: Search::parse("ada").ok(),
            role: Some(Role::Doctor),
            status: Some(UserStatus::Pending),
        };
        let asked = filter.clone();
        let clinic = FakeClinic::asked_for_users(move |filter, _| *filter == asked);

        let page = PageRequest::default();
        let (listed, _) = list(clinic, a_caller(Role::Admin), ListUsers { filter, page }).await;

        assert!(listed.is_ok());
    }

    #[tokio::test]
    async fn nobody_but_an_admin_looks_through_the_users() {
        for role in [Role::Doctor, Role::Coordinator, Role::Pharmacy, Role::Patient] {
            let (refused, trail) =
                list(FakeClinic::default(), a_caller(role), ListUsers::default()).await;

            assert!(matches!(refused, Err(Error::Forbidden(Action::ListUsers))), "{role}");
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied, "{role}");
        }
    }

    #[tokio::test]
    async fn a_cursor_of_another_list_is_a_wrong_field() {
        let cursor = Some("doctors|chen|00000000-0000-0000-0000-000000000003".to_owned());
        let page = PageRequest { cursor, ..PageRequest::default() };

        let command = ListUsers { page, ..ListUsers::default() };
        let (refused, _) = list(FakeClinic::default(), a_caller(Role::Admin), command).await;

        let Err(Error::Invalid(errors)) = refused else { panic!("it was listed") };
        assert!(errors.by_field().contains_key("cursor"));
    }
}

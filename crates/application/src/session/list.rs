//! Looking where somebody is signed in.

use medilink_domain::actor::Relations;
use medilink_domain::id::UserId;
use medilink_domain::policy::Action;

use super::{SessionView, Sessions};
use crate::call::{Call, Subject};
use crate::error::Result;
use crate::page::{List, Page, PageRequest};

impl Sessions {
    /// Returns a page of the caller's own sessions that go on, the newest first.
    ///
    /// # Errors
    ///
    /// [`Invalid`](crate::Error::Invalid) for a cursor of another list.
    pub async fn list_own(&self, call: &Call, page: PageRequest) -> Result<Page<SessionView>> {
        self.list(call, call.actor().user, page).await
    }

    /// Returns a page of the sessions of a user that go on, the newest first: one's own, or as an
    /// administrator those of somebody else. Of somebody who does not exist there are none.
    ///
    /// # Errors
    ///
    /// [`Forbidden`](crate::Error::Forbidden) for somebody else's, unless an administrator asks;
    /// [`Invalid`](crate::Error::Invalid) for a cursor of another list.
    pub async fn list(
        &self,
        call: &Call,
        user: UserId,
        page: PageRequest,
    ) -> Result<Page<SessionView>> {
        let now = self.ports.clock.now();
        let is_own = call.actor().user == user;
        let action = if is_own { Action::ListOwnSessions } else { Action::ListSessions };

        call.may(action, Relations::NONE, Subject::NONE)?;

        let stretch = page.open(List::Sessions(user), &*self.ports.cursors)?;
        let queries = self.ports.store.queries();
        let mut found = queries.sessions().list(user, now, &stretch).await?;
        for session in &mut found.items {
            session.is_current = session.id == call.actor().session;
        }
        Ok(found.seal(List::Sessions(user), &*self.ports.cursors))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::user::Role;

    use super::*;
    use crate::call::Caller;
    use crate::error::Error;
    use crate::page::Found;
    use crate::testing::{FakeClinic, NOW, Trail, a_caller, a_session, a_stranger, at, nothing};

    async fn list(
        clinic: FakeClinic,
        by: Caller,
        user: UserId,
    ) -> (Result<Page<SessionView>>, Trail) {
        let page = PageRequest::default();
        clinic.perform(by, async |app, call| app.sessions.list(call, user, page).await).await
    }

    fn a_clinic() -> FakeClinic {
        let mut clinic = FakeClinic::default();
        let list = clinic.queries.sessions.expect_list();
        list.withf(|_, now, _| *now == at(NOW)).returning(|_, _, _| {
            let own = a_caller(Role::Patient).actor.session;
            let items = [own, a_session().id]
                .map(|id| SessionView::of(medilink_domain::session::Session { id, ..a_session() }));
            Ok(Found { items: items.into(), ..nothing() })
        });
        clinic
    }

    #[tokio::test]
    async fn people_see_their_own_sessions_and_which_one_they_act_in() {
        let own = a_caller(Role::Patient);
        let user = own.actor.user;

        let (page, trail) = list(a_clinic(), own, user).await;

        let current: Vec<_> = page.ok().unwrap().items.iter().map(|it| it.is_current).collect();
        assert_eq!(current, [true, false]);
        assert!(trail.recorded().is_empty());
    }

    #[tokio::test]
    async fn only_an_administrator_sees_those_of_others() {
        let other = a_session().user;

        assert!(list(a_clinic(), a_caller(Role::Admin), other).await.0.is_ok());
        for role in [Role::Doctor, Role::Coordinator, Role::Pharmacy, Role::Patient] {
            let (refused, trail) = list(FakeClinic::default(), a_stranger(role), other).await;

            assert!(matches!(refused, Err(Error::Forbidden(Action::ListSessions))), "{role}");
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied, "{role}");
        }
    }
}

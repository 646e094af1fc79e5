//! Ending sessions.

use medilink_domain::actor::Relations;
use medilink_domain::id::{SessionId, UserId};
use medilink_domain::policy::Action;

use super::Sessions;
use crate::call::{Call, Subject};
use crate::error::Result;

impl Sessions {
    /// Ends a session: one of one's own, or as an administrator anybody's.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::Error::NotFound) if there is no such session for the caller, or if it is
    /// over already.
    pub async fn end(&self, call: &Call, id: SessionId) -> Result<()> {
        let now = self.ports.clock.now();
        let subject = Subject::of(id);

        let mut work = self.ports.store.begin().await?;
        let session = work.sessions().lock(id).await?;
        let session = session.ok_or_else(|| call.missing(Action::EndSession, subject))?;
        let permit = call.may(end_action(call, session.user), Relations::NONE, subject)?;
        if session.is_over(now) {
            return Err(call.missing(Action::EndSession, subject));
        }

        work.sessions().end(id, now).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(())
    }

    /// Ends every session of the caller, the one that they act in too.
    ///
    /// # Errors
    ///
    /// [`Store`](crate::Error::Store) if the store fails.
    pub async fn end_own(&self, call: &Call) -> Result<()> {
        self.end_all(call, call.actor().user).await
    }

    /// Ends every session of a user, the one that the caller acts in too: one's own, or as an
    /// administrator those of somebody else.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::Error::NotFound) for somebody else's, unless an administrator asks.
    pub async fn end_all(&self, call: &Call, user: UserId) -> Result<()> {
        let now = self.ports.clock.now();

        let permit = call.may(end_action(call, user), Relations::NONE, Subject::of(user))?;

        let mut work = self.ports.store.begin().await?;
        work.sessions().end_all(user, None, now).await?;
        work.commit(permit.audit(user, now)).await?;

        Ok(())
    }
}

/// Ending one's own sessions is another thing than ending those of others.
fn end_action(call: &Call, user: UserId) -> Action {
    if call.actor().user == user { Action::EndOwnSession } else { Action::EndSession }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::record::Concept;
    use medilink_domain::session::Session;
    use medilink_domain::user::Role;

    use super::*;
    use crate::call::Caller;
    use crate::error::Error;
    use crate::testing::{FakeClinic, NOW, Trail, a_caller, a_session, an_actor, at};

    fn a_clinic(session: Option<Session>) -> FakeClinic {
        let mut clinic = FakeClinic::default();
        clinic.work.sessions.expect_lock().return_once(move |_| Ok(session));
        clinic
    }

    async fn end(clinic: FakeClinic, by: Caller) -> (Result<()>, Trail) {
        let id = a_session().id;
        clinic.perform(by, async |app, call| app.sessions.end(call, id).await).await
    }

    #[tokio::test]
    async fn people_end_their_own_sessions_and_administrators_anybodys() {
        let own = Session { user: an_actor(Role::Doctor).user, ..a_session() };
        let cases = [
            (own, a_caller(Role::Doctor), Action::EndOwnSession),
            (a_session(), a_caller(Role::Admin), Action::EndSession),
        ];
        for (session, caller, action) in cases {
            let mut clinic = a_clinic(Some(session));
            clinic.work.sessions.expect_end().times(1).returning(|_, _| Ok(()));

            let (ended, trail) = end(clinic, caller).await;

            assert!(ended.is_ok(), "{action}");
            assert_eq!(trail.committed().unwrap().action, action);
        }
    }

    #[tokio::test]
    async fn a_session_of_others_a_missing_one_and_one_that_is_over_are_not_found() {
        let over = Session { ended_at: Some(at(NOW)), ..a_session() };
        let own_but_over = Session { user: an_actor(Role::Doctor).user, ..over };
        for session in [Some(a_session()), None, Some(own_but_over)] {
            let (hidden, trail) = end(a_clinic(session), a_caller(Role::Doctor)).await;

            assert!(matches!(hidden, Err(Error::NotFound(Concept::Session))));
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied);
            assert_eq!(trail.committed(), None);
        }
    }

    #[tokio::test]
    async fn all_sessions_of_a_user_end_at_once() {
        let own = a_caller(Role::Doctor);
        let user = own.actor.user;
        let mut clinic = FakeClinic::default();
        let end = clinic.work.sessions.expect_end_all();
        end.withf(move |of, except, _| (*of, *except) == (user, None))
            .times(1)
            .returning(|_, _, _| Ok(()));

        let (ended, trail) =
            clinic.perform(own, async |app, call| app.sessions.end_all(call, user).await).await;

        assert!(ended.is_ok());
        assert_eq!(trail.committed().unwrap().record, Some(user.into()));
    }
}

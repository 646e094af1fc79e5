//! Signing out.

use medilink_domain::actor::Relations;
use medilink_domain::audit::Origin;
use medilink_domain::policy::Action;

use super::{Sessions, entry};
use crate::call::{Call, Subject};
use crate::error::Result;

impl Sessions {
    /// Ends the session that the caller acts in, and another one of theirs if they bring its refresh
    /// token. Whoever wants to be out is out: a token of anything else is passed over.
    ///
    /// # Errors
    ///
    /// [`Store`](crate::Error::Store) if the store fails.
    pub async fn log_out(&self, call: &Call, refresh: Option<&str>) -> Result<()> {
        let now = self.ports.clock.now();
        let session = call.actor().session;

        let permit = call.may(Action::SignOut, Relations::NONE, Subject::of(session))?;

        let mut work = self.ports.store.begin().await?;
        work.sessions().end(session, now).await?;
        if let Some(secret) = refresh {
            let presented = self.ports.tokens.refresh_hash(secret);
            let other = work.sessions().lock_by_refresh_token(presented).await?;
            if let Some((other, _)) = other.filter(|(it, _)| it.user == call.actor().user) {
                work.sessions().end(other.id, now).await?;
            }
        }
        work.commit(permit.audit(session, now)).await?;

        Ok(())
    }

    /// Ends the session that a refresh token continues, or has continued: whoever holds the token
    /// may sign out with it, also when their access token has expired.
    ///
    /// # Errors
    ///
    /// [`RefreshTokenRefused`](crate::Error::RefreshTokenRefused) if it continues no session.
    pub async fn log_out_with(&self, origin: Origin, secret: &str) -> Result<()> {
        let now = self.ports.clock.now();
        let presented = self.ports.tokens.refresh_hash(secret);

        let mut work = self.ports.store.begin().await?;
        let found = work.sessions().lock_by_refresh_token(presented).await?;
        let session = found.map(|(session, _)| session).filter(|session| !session.is_over(now));
        let session = session.ok_or_else(|| self.refuse(origin, now))?;
        let user = work.users().find(session.user).await?;
        let user = user.ok_or_else(|| self.refuse(origin, now))?;

        work.sessions().end(session.id, now).await?;
        let by = (&session, user.role);
        work.commit(entry(&self.ports, Action::SignOut, by, origin, now)).await?;

        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::session::{Presented, Session};
    use medilink_domain::user::{Role, UserStatus};

    use super::*;
    use crate::error::Error;
    use crate::testing::{FakeClinic, NOW, a_caller, a_session, a_user, an_origin, at};

    fn a_clinic(session: Session) -> FakeClinic {
        let mut clinic = FakeClinic::default();
        clinic.tokens.expect_refresh_hash().returning(|_| [1; 32]);
        let lock = clinic.work.sessions.expect_lock_by_refresh_token();
        lock.return_once(move |_| Ok(Some((session, Presented::Current))));
        let user = a_user(Role::Patient, UserStatus::Active);
        clinic.work.users.expect_find().return_once(move |_| Ok(Some(user)));
        clinic
    }

    #[tokio::test]
    async fn whoever_is_signed_in_ends_the_session_that_they_act_in() {
        let mut clinic = FakeClinic::default();
        let own = a_caller(Role::Patient).actor.session;
        let end = clinic.work.sessions.expect_end();
        end.withf(move |id, now| (*id, *now) == (own, at(NOW))).times(1).returning(|_, _| Ok(()));

        let (ended, trail) = clinic
            .perform(a_caller(Role::Patient), async |app, call| {
                app.sessions.log_out(call, None).await
            })
            .await;

        assert!(ended.is_ok());
        assert_eq!(trail.committed().unwrap().action, Action::SignOut);
        assert!(trail.recorded().is_empty());
    }

    #[tokio::test]
    async fn a_refresh_token_signs_out_by_itself() {
        let mut clinic = a_clinic(a_session());
        clinic.work.sessions.expect_end().times(1).returning(|_, _| Ok(()));
        let (application, trail) = clinic.open();

        application.sessions.log_out_with(an_origin(), "secret").await.unwrap();

        let entry = trail.committed().unwrap();
        assert_eq!((entry.action, entry.outcome), (Action::SignOut, Outcome::Done));
        assert_eq!(entry.record, Some(a_session().id.into()));
    }

    #[tokio::test]
    async fn nobody_signs_out_twice() {
        let (application, trail) =
            a_clinic(Session { ended_at: Some(at(NOW)), ..a_session() }).open();

        let refused = application.sessions.log_out_with(an_origin(), "secret").await;

        assert!(matches!(refused, Err(Error::RefreshTokenRefused)));
        assert_eq!(trail.committed(), None);
    }
}

//! Telling who sends a request.

use medilink_domain::actor::Actor;

use super::Sessions;
use crate::error::{Error, Result};

impl Sessions {
    /// Returns who acts with an access token.
    ///
    /// Session, user and role are read anew each time, so that whatever ends or changes them acts
    /// on the next request, on every instance.
    ///
    /// # Errors
    ///
    /// [`Unauthenticated`](Error::Unauthenticated) if the token is not one of ours, or no longer
    /// valid, or if its session has ended or its user is disabled.
    pub async fn authenticate(&self, token: &str) -> Result<Actor> {
        let now = self.ports.clock.now();

        let session = self.ports.tokens.session(token, now).ok_or(Error::Unauthenticated)?;
        let actor = self.ports.store.queries().sessions().actor(session, now).await?;

        actor.ok_or(Error::Unauthenticated)
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::id::{SessionId, Uuid};
    use medilink_domain::user::Role;

    use super::*;
    use crate::testing::{FakeClinic, NOW, an_actor, at};

    const SESSION: SessionId = SessionId::new(Uuid::from_u128(2));

    async fn authenticate(clinic: FakeClinic) -> Result<Actor> {
        let (application, _) = clinic.open();
        application.sessions.authenticate("token").await
    }

    #[tokio::test]
    async fn a_token_acts_for_whoever_its_session_belongs_to_now() {
        let mut clinic = FakeClinic::default();
        let session = clinic.tokens.expect_session();
        session.withf(|token, now| (token, *now) == ("token", at(NOW))).return_const(SESSION);
        let actor = clinic.queries.sessions.expect_actor();
        actor
            .withf(|session, now| (*session, *now) == (SESSION, at(NOW)))
            .returning(|_, _| Ok(Some(an_actor(Role::Doctor))));

        let actor = authenticate(clinic).await;

        assert_eq!(actor.unwrap(), an_actor(Role::Doctor));
    }

    #[tokio::test]
    async fn a_token_of_others_does_not_reach_the_store() {
        let mut clinic = FakeClinic::default();
        clinic.tokens.expect_session().return_const(None);

        let actor = authenticate(clinic).await;

        assert!(matches!(actor, Err(Error::Unauthenticated)));
    }

    #[tokio::test]
    async fn a_good_token_of_an_ended_session_is_worth_nothing() {
        let mut clinic = FakeClinic::default();
        clinic.tokens.expect_session().return_const(SESSION);
        clinic.queries.sessions.expect_actor().returning(|_, _| Ok(None));

        let actor = authenticate(clinic).await;

        assert!(matches!(actor, Err(Error::Unauthenticated)));
    }
}

//! Continuing a session with its refresh token.

use medilink_domain::audit::{AuditEntry, Origin, Outcome};
use medilink_domain::policy::Action;
use medilink_domain::session::Continuation;
use medilink_domain::user::UserStatus;

use super::{Sessions, TokensView, entry, tokens};
use crate::error::{Error, Result};

impl Sessions {
    /// Continues a session: answers a new access token, and the refresh token that follows the one
    /// that was presented.
    ///
    /// A token that was used a moment ago gets the same answer again. Any other use of one that was
    /// used before ends the session, since somebody has a copy of it.
    ///
    /// # Errors
    ///
    /// [`RefreshTokenRefused`](Error::RefreshTokenRefused) if the token continues no session.
    pub async fn refresh(&self, origin: Origin, secret: &str) -> Result<TokensView> {
        let now = self.ports.clock.now();
        let presented = self.ports.tokens.refresh_hash(secret);

        let mut work = self.ports.store.begin().await?;
        let found = work.sessions().lock_by_refresh_token(presented).await?;
        let (mut session, token) = found.ok_or_else(|| self.refuse(origin, now))?;
        let user = work.users().find(session.user).await?;
        let user = user.filter(|user| user.status != UserStatus::Disabled);
        let user = user.ok_or_else(|| self.refuse(origin, now))?;

        let follows = self.ports.tokens.successor(secret, session.refresh_hash);
        let lifetime = self.settings.session_lifetime();
        let outcome = match session.refresh(token, follows.hash, lifetime, now) {
            Continuation::Over => return Err(self.refuse(origin, now)),
            Continuation::Continued => {
                work.sessions().rotate(&session, presented).await?;
                Outcome::Done
            }
            // What was written a moment ago may not be on disk before this commit.
            Continuation::Repeated => Outcome::Done,
            Continuation::Ended => {
                work.sessions().end(session.id, now).await?;
                Outcome::Failed
            }
        };
        let by = (&session, user.role);
        let entry = entry(&self.ports, Action::RefreshSession, by, origin, now);
        work.commit(AuditEntry { outcome, ..entry }).await?;

        if outcome == Outcome::Failed {
            return Err(Error::RefreshTokenRefused);
        }
        tokens(&self.ports, &self.settings, &session, user.role, follows.secret, now)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use medilink_domain::session::{Presented, Session};
    use medilink_domain::user::Role;

    use super::*;
    use crate::ports::RefreshToken;
    use crate::testing::{FakeClinic, NOW, Trail, a_session, a_user, an_origin, at};

    const PRESENTED: [u8; 32] = [1; 32];
    const FOLLOWS: [u8; 32] = [2; 32];

    /// A clinic that finds a session by the token that is presented, of a user who may sign in or
    /// not.
    fn a_clinic(session: Session, token: Presented, status: UserStatus) -> FakeClinic {
        let mut clinic = FakeClinic::default();
        clinic.signs_tokens();
        clinic.tokens.expect_refresh_hash().returning(|_| PRESENTED);
        clinic
            .tokens
            .expect_successor()
            .returning(|_, _| RefreshToken { secret: "next".to_owned(), hash: FOLLOWS });
        clinic
            .work
            .sessions
            .expect_lock_by_refresh_token()
            .withf(|hash| *hash == PRESENTED)
            .return_once(move |_| Ok(Some((session, token))));
        clinic
            .work
            .users
            .expect_find()
            .return_once(move |_| Ok(Some(a_user(Role::Patient, status))));
        clinic
    }

    async fn refresh(clinic: FakeClinic) -> (Result<TokensView>, Trail) {
        let (application, trail) = clinic.open();
        (application.sessions.refresh(an_origin(), "secret").await, trail)
    }

    fn used(seconds_ago: i64) -> Presented {
        Presented::Used { at: at(NOW).saturating_add(TimeDelta::seconds(-seconds_ago)) }
    }

    #[tokio::test]
    async fn a_session_goes_on_with_the_token_that_follows() {
        let mut clinic = a_clinic(a_session(), Presented::Current, UserStatus::Active);
        let rotate = clinic.work.sessions.expect_rotate();
        rotate
            .withf(|session, used| session.refresh_hash == FOLLOWS && *used == PRESENTED)
            .times(1)
            .returning(|_, _| Ok(()));

        let (tokens, trail) = refresh(clinic).await;

        let entry = trail.committed().unwrap();
        assert_eq!(tokens.ok().unwrap().refresh, "next");
        assert_eq!((entry.action, entry.outcome), (Action::RefreshSession, Outcome::Done));
        assert_eq!(entry.record, Some(a_session().id.into()));
    }

    #[tokio::test]
    async fn a_lost_answer_is_given_again_and_changes_nothing() {
        let session = Session { refresh_hash: FOLLOWS, ..a_session() };

        let (tokens, trail) = refresh(a_clinic(session, used(9), UserStatus::Active)).await;

        assert_eq!(tokens.ok().unwrap().refresh, "next");
        assert_eq!(trail.committed().unwrap().outcome, Outcome::Done);
    }

    #[tokio::test]
    async fn a_token_that_comes_back_later_ends_the_session_for_everybody() {
        let session = Session { refresh_hash: FOLLOWS, ..a_session() };
        let mut clinic = a_clinic(session, used(11), UserStatus::Active);
        clinic.work.sessions.expect_end().times(1).returning(|_, _| Ok(()));

        let (refused, trail) = refresh(clinic).await;

        assert!(matches!(refused, Err(Error::RefreshTokenRefused)));
        assert_eq!(trail.committed().unwrap().outcome, Outcome::Failed);
        assert_eq!(trail.refused(), 0, "it has an entry of its own");
    }

    #[tokio::test]
    async fn nobody_disabled_and_no_session_that_is_over_goes_on() {
        let over = Session { ended_at: Some(at(NOW)), ..a_session() };
        for (session, status) in [(over, UserStatus::Active), (a_session(), UserStatus::Disabled)] {
            let (refused, trail) = refresh(a_clinic(session, Presented::Current, status)).await;

            assert!(matches!(refused, Err(Error::RefreshTokenRefused)), "{status}");
            assert_eq!((trail.committed(), trail.refused()), (None, 1));
        }
    }

    #[tokio::test]
    async fn a_token_of_nobody_is_refused_and_counted() {
        let mut clinic = FakeClinic::default();
        clinic.tokens.expect_refresh_hash().returning(|_| PRESENTED);
        clinic.work.sessions.expect_lock_by_refresh_token().returning(|_| Ok(None));

        let (refused, trail) = refresh(clinic).await;

        assert!(matches!(refused, Err(Error::RefreshTokenRefused)));
        assert_eq!(trail.refused(), 1);
    }
}

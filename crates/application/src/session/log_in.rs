//! Signing in.

use medilink_domain::audit::{AuditEntry, Origin, Outcome, Who};
use medilink_domain::id::AuditEntryId;
use medilink_domain::password::Password;
use medilink_domain::policy::Action;
use medilink_domain::text::key;
use medilink_domain::user::UserStatus;

use super::{Sessions, SignedInView, begin};
use crate::error::{Error, Result};
use crate::ports::Verdict;

/// What somebody gives to sign in.
pub struct LogIn {
    /// The user name or the e-mail address.
    pub name: String,
    /// The password.
    pub password: Password,
}

impl Sessions {
    /// Begins a session of the user whose name and password these are.
    ///
    /// One password is verified whether or not there is such a user, so that the time it takes
    /// tells nobody who has an account here.
    ///
    /// # Errors
    ///
    /// [`WrongCredentials`](Error::WrongCredentials) if they do not belong together, or if the
    /// user is disabled.
    pub async fn log_in(&self, origin: Origin, command: LogIn) -> Result<SignedInView> {
        let now = self.ports.clock.now();
        let id = AuditEntryId::new(self.ports.ids.next());
        let entry =
            |outcome: Outcome| AuditEntry::new(id, now, Action::SignIn, outcome).from(origin);

        let queries = self.ports.store.queries();
        let found = queries.users().credentials(&key(&command.name)).await?;
        let hash = found.as_ref().map(|found| found.password_hash.clone());
        let verdict = self.ports.passwords.verify(command.password, hash).await?;
        let matches = !matches!(verdict, Verdict::Wrong);

        let user = found.map(|found| found.view);
        let Some(user) =
            user.as_ref().filter(|user| matches && user.status != UserStatus::Disabled)
        else {
            let known = user.map(|user| Who { user: user.id, role: user.role, session: None });
            let failed = AuditEntry { who: known, ..entry(Outcome::Failed) };
            self.ports.audit.record(failed).await?;
            return Err(Error::WrongCredentials);
        };

        let (session, tokens) = begin(&self.ports, &self.settings, user.id, user.role, now)?;
        let mut work = self.ports.store.begin().await?;
        work.sessions().insert(&session).await?;
        let who = Who { user: user.id, role: user.role, session: Some(session.id) };
        work.commit(entry(Outcome::Done).by(who).about(session.id)).await?;

        Ok(SignedInView { user: user.clone(), tokens })
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::id::UserId;
    use medilink_domain::user::Role;

    use super::*;
    use crate::testing::{FakeClinic, NOW, Trail, a_hash, a_user, an_origin, at};
    use crate::user::{Credentials, OwnProfile, UserView};

    /// A clinic where Ada has an account, and her password is right or wrong.
    fn a_clinic(status: UserStatus, right: bool) -> FakeClinic {
        let mut clinic = FakeClinic::default();
        let user = a_user(Role::Doctor, status);
        let password_hash = user.password_hash.clone();
        let view = UserView::of(user, OwnProfile::default());
        let ada = Credentials { view, password_hash };
        let credentials = clinic.queries.users.expect_credentials();
        credentials.withf(|key| key == "ada").returning(move |_| Ok(Some(ada.clone())));
        let verify = clinic.passwords.expect_verify();
        verify
            .withf(|password, hash| {
                password.disclose() == "correct horse" && *hash == Some(a_hash())
            })
            .times(1)
            .returning(move |_, _| Ok(if right { Verdict::Right } else { Verdict::Wrong }));
        clinic.signs_tokens();
        clinic
    }

    async fn log_in(clinic: FakeClinic) -> (Result<SignedInView>, Trail) {
        let (application, trail) = clinic.open();
        let password = Password::typed("correct horse".to_owned());
        let command = LogIn { name: " Ada ".to_owned(), password };
        (application.sessions.log_in(an_origin(), command).await, trail)
    }

    fn ada() -> UserId {
        a_user(Role::Doctor, UserStatus::Active).id
    }

    #[tokio::test]
    async fn a_session_and_its_audit_entry_are_committed_together() {
        let mut clinic = a_clinic(UserStatus::Active, true);
        let insert = clinic.work.sessions.expect_insert();
        insert
            .withf(|session| {
                session.user == ada()
                    && session.refresh_hash == [8; 32]
                    && session.created_at == at(NOW)
                    && session.expires_at == at("2030-01-13T12:00:00Z")
            })
            .times(1)
            .returning(|_| Ok(()));

        let (signed_in, trail) = log_in(clinic).await;

        let signed_in = signed_in.ok().unwrap();
        let entry = trail.committed().unwrap();
        let session = entry.who.unwrap().session.unwrap();
        assert_eq!((signed_in.user.id, signed_in.tokens.expires_in), (ada(), 15 * 60));
        assert_eq!(signed_in.tokens.access, format!("{session} until 2030-01-06T12:15:00Z"));
        assert_eq!((entry.action, entry.outcome), (Action::SignIn, Outcome::Done));
        assert_eq!((entry.record, entry.origin), (Some(session.into()), Some(an_origin())));
        assert!(trail.recorded().is_empty());
    }

    #[tokio::test]
    async fn somebody_pending_signs_in() {
        let mut clinic = a_clinic(UserStatus::Pending, true);
        clinic.work.sessions.expect_insert().returning(|_| Ok(()));

        let (signed_in, _) = log_in(clinic).await;

        assert_eq!(signed_in.ok().unwrap().user.status, UserStatus::Pending);
    }

    #[tokio::test]
    async fn an_unknown_user_costs_a_password_too() {
        let mut clinic = FakeClinic::default();
        clinic.queries.users.expect_credentials().returning(|_| Ok(None));
        let verify = clinic.passwords.expect_verify();
        verify.withf(|_, hash| hash.is_none()).times(1).returning(|_, _| Ok(Verdict::Wrong));

        let (refused, trail) = log_in(clinic).await;

        let entry = &trail.recorded()[0];
        assert!(matches!(refused, Err(Error::WrongCredentials)));
        assert_eq!((entry.outcome, entry.who), (Outcome::Failed, None));
    }

    #[tokio::test]
    async fn a_wrong_password_and_a_disabled_user_fail_alike() {
        for (status, right) in [(UserStatus::Active, false), (UserStatus::Disabled, true)] {
            let (refused, trail) = log_in(a_clinic(status, right)).await;

            let entry = &trail.recorded()[0];
            let who = Who { user: ada(), role: Role::Doctor, session: None };
            assert!(matches!(refused, Err(Error::WrongCredentials)), "{status}");
            assert_eq!((entry.outcome, entry.who), (Outcome::Failed, Some(who)), "{status}");
            assert_eq!(trail.committed(), None, "{status}");
        }
    }

    #[tokio::test]
    async fn a_failure_that_cannot_be_recorded_is_not_answered() {
        let mut clinic = a_clinic(UserStatus::Active, false);
        clinic.cannot_record();

        let (unanswered, _) = log_in(clinic).await;

        assert!(matches!(unanswered, Err(Error::Store(_))));
    }

    #[tokio::test]
    async fn a_password_that_nobody_had_time_for_is_not_a_wrong_one() {
        let mut clinic = FakeClinic::default();
        clinic.queries.users.expect_credentials().returning(|_| Ok(None));
        clinic.passwords.expect_verify().returning(|_, _| Err(Error::Overloaded));

        let (refused, trail) = log_in(clinic).await;

        assert!(matches!(refused, Err(Error::Overloaded)));
        assert!(trail.recorded().is_empty());
    }
}

//! Signing in.

use medilink_domain::attempt::Familiarity;
use medilink_domain::audit::{AuditEntry, Origin, Outcome, Who};
use medilink_domain::id::{AuditEntryId, UserId};
use medilink_domain::password::Password;
use medilink_domain::policy::Action;
use medilink_domain::text::key;
use medilink_domain::user::{User, UserStatus};

use super::{Device, Sessions, SignedInView, attempt, begin, entry, target};
use crate::attempt::Target;
use crate::error::{Error, Result};
use crate::ports::Verdict;
use crate::store::UnitOfWork;
use crate::user::Credentials;

/// What somebody gives to sign in.
pub struct LogIn {
    /// The user name or the e-mail address.
    pub name: String,
    /// The password.
    pub password: Password,
    /// The device that they sign in on.
    pub device: Device,
}

impl Sessions {
    /// Begins a session of the user whose name and password these are.
    ///
    /// One password is verified whether or not there is such a user, so that the time it takes
    /// tells nobody who has an account here. A hash that costs less than a new one is replaced.
    ///
    /// # Errors
    ///
    /// - [`TooManyFailed`](Error::TooManyFailed) if too many attempts at the account have failed.
    /// - [`Overloaded`](Error::Overloaded) if too many sign in at once.
    /// - [`WrongCredentials`](Error::WrongCredentials) if they do not belong together, or if the
    ///   user is disabled.
    pub async fn log_in(&self, origin: Origin, command: LogIn) -> Result<SignedInView> {
        let LogIn { name, password, device } = command;
        let now = self.ports.clock.now();

        let name = key(&name);
        let found = self.ports.store.queries().users().credentials(&name).await?;
        let target = match &found {
            Some(found) => target(&self.ports, found.view.id, device.kept.as_deref()),
            None => Target {
                account: self.ports.devices.nobody(&name),
                familiarity: Familiarity::Stranger,
            },
        };
        let hash = found.as_ref().map(|found| found.password_hash.clone());
        let verdict = attempt(&self.ports, &self.settings, target, (password, hash), now).await?;

        let rehashed = match verdict {
            Verdict::Wrong => return self.fail(origin, found).await,
            Verdict::Right => None,
            Verdict::RightButWeak(anew) => Some(anew),
        };
        let Some(found) = found else { return Err(Error::WrongCredentials) };

        let now = self.ports.clock.now();
        let mut work = self.ports.store.begin().await?;
        let Some(mut user) = unchanged(&mut *work, &found).await? else {
            drop(work);
            return self.fail(origin, Some(found)).await;
        };
        let (id, role) = (user.id, user.role);
        if let Some(hash) = rehashed {
            user.set_password(hash, now);
            work.users().update(&user).await?;
        }
        let (session, tokens) =
            begin(&self.ports, &self.settings, (id, role), (origin, device.name), now)?;

        work.sessions().insert(&session).await?;
        work.attempts().forgive(target).await?;
        work.commit(entry(&self.ports, Action::SignIn, (&session, role), origin, now)).await?;

        Ok(SignedInView { user: found.view, tokens, device: self.ports.devices.remember(id)? })
    }

    /// Records that somebody could not sign in, before they are told.
    async fn fail(&self, origin: Origin, found: Option<Credentials>) -> Result<SignedInView> {
        let id = AuditEntryId::new(self.ports.ids.next());
        let now = self.ports.clock.now();
        let entry = AuditEntry::new(id, now, Action::SignIn, Outcome::Failed).from(origin);
        let who =
            |user: &Credentials| Who { user: user.view.id, role: user.view.role, session: None };
        let entry = AuditEntry { who: found.as_ref().map(who), ..entry };
        self.ports.audit.record(entry).await?;
        Err(Error::WrongCredentials)
    }
}

/// Reads the user again, who may have been disabled or have another password while this one was
/// being verified; `None` then.
async fn unchanged(work: &mut dyn UnitOfWork, found: &Credentials) -> Result<Option<User>> {
    let id: UserId = found.view.id;
    let user = work.users().lock(id).await?;
    Ok(user.filter(|user| {
        user.status != UserStatus::Disabled && user.password_hash == found.password_hash
    }))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use medilink_domain::attempt::TooSoon;
    use medilink_domain::id::Uuid;
    use medilink_domain::password::PasswordHash;
    use medilink_domain::user::Role;

    use super::*;
    use crate::testing::{FakeClinic, NOW, Trail, a_hash, a_user, an_origin, at};
    use crate::user::{Credentials, OwnProfile, UserView};

    /// A clinic where Ada has an account, and her password is right or wrong.
    fn a_clinic(status: UserStatus, right: bool) -> FakeClinic {
        a_clinic_that_says(if right { Verdict::Right } else { Verdict::Wrong }, status)
    }

    fn a_clinic_that_says(verdict: Verdict, status: UserStatus) -> FakeClinic {
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
            .return_once(move |_, _| Ok(verdict));
        clinic.signs_tokens();
        clinic.counts_attempts(Ok(()));
        clinic.work.attempts.expect_forgive().returning(|_| Ok(()));
        clinic
            .work
            .users
            .expect_lock()
            .return_once(move |_| Ok(Some(a_user(Role::Doctor, status))));
        clinic
    }

    async fn log_in(clinic: FakeClinic) -> (Result<SignedInView>, Trail) {
        let (application, trail) = clinic.open();
        let password = Password::typed("correct horse".to_owned());
        let command = LogIn { name: " Ada ".to_owned(), password, device: Device::default() };
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
        clinic.devices.expect_nobody().returning(|_| Uuid::from_u128(77));
        clinic.counts_attempts(Ok(()));
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
    async fn a_password_that_nobody_had_time_for_is_not_a_wrong_one_nor_an_attempt() {
        let mut clinic = FakeClinic::default();
        clinic.queries.users.expect_credentials().returning(|_| Ok(None));
        clinic.devices.expect_nobody().returning(|_| Uuid::from_u128(77));
        let nobody = Target { account: Uuid::from_u128(77), familiarity: Familiarity::Stranger };
        clinic.counts_attempts(Ok(()));
        clinic.passwords.expect_verify().returning(|_, _| Err(Error::Overloaded));
        let take_back = clinic.attempts.expect_take_back();
        take_back
            .withf(move |target, counted_at| (*target, *counted_at) == (nobody, at(NOW)))
            .times(1)
            .returning(|_, _| Ok(()));

        let (refused, trail) = log_in(clinic).await;

        assert!(matches!(refused, Err(Error::Overloaded)));
        assert!(trail.recorded().is_empty());
    }

    #[tokio::test]
    async fn attempts_are_counted_for_the_account_whoever_is_known_and_forgiven_on_success() {
        let mut clinic = a_clinic(UserStatus::Active, true);
        clinic.attempts = crate::attempt::MockAttemptCounter::new();
        clinic.work.attempts = crate::attempt::MockAttemptRepository::new();
        clinic.devices.expect_knows().returning(|kept, user| kept == "kept" && user == ada());
        let known = Target { account: ada().as_uuid(), familiarity: Familiarity::Known };
        let count = clinic.attempts.expect_count();
        count.withf(move |target, _| *target == known).times(1).returning(|_, _| Ok(Ok(())));
        let forgive = clinic.work.attempts.expect_forgive();
        forgive.withf(move |target| *target == known).times(1).returning(|_| Ok(()));
        clinic.work.sessions.expect_insert().returning(|_| Ok(()));

        let (application, _) = clinic.open();
        let command = LogIn {
            name: "ada".to_owned(),
            password: Password::typed("correct horse".to_owned()),
            device: Device { name: None, kept: Some("kept".to_owned()) },
        };
        let signed_in = application.sessions.log_in(an_origin(), command).await;

        assert_eq!(signed_in.ok().unwrap().device, format!("device of {}", ada()));
    }

    #[tokio::test]
    async fn an_attempt_that_comes_too_soon_is_not_made() {
        let mut clinic = FakeClinic::default();
        clinic.queries.users.expect_credentials().returning(|_| Ok(None));
        clinic.devices.expect_nobody().returning(|_| Uuid::from_u128(77));
        clinic.counts_attempts(Err(TooSoon { wait: TimeDelta::seconds(9) }));

        let (refused, trail) = log_in(clinic).await;

        let Err(Error::TooManyFailed { retry_after }) = refused else { panic!("it was made") };
        assert_eq!(retry_after.as_secs(), 9);
        assert!(trail.recorded().is_empty());
    }

    #[tokio::test]
    async fn nobody_who_was_changed_while_the_password_was_verified_is_signed_in() {
        let disabled = a_user(Role::Doctor, UserStatus::Disabled);
        let other = PasswordHash::new("another".to_owned());
        let changed = User { password_hash: other, ..a_user(Role::Doctor, UserStatus::Active) };
        for now in [disabled, changed] {
            let mut clinic = a_clinic(UserStatus::Active, true);
            clinic.work.users = crate::user::MockUserRepository::new();
            clinic.work.users.expect_lock().return_once(move |_| Ok(Some(now)));

            let (refused, trail) = log_in(clinic).await;

            assert!(matches!(refused, Err(Error::WrongCredentials)));
            assert_eq!(trail.recorded()[0].outcome, Outcome::Failed);
            assert_eq!(trail.committed(), None);
        }
    }

    #[tokio::test]
    async fn a_weak_hash_is_replaced_in_the_same_commit() {
        let stronger = || PasswordHash::new("stronger".to_owned());
        let verdict = Verdict::RightButWeak(stronger());
        let mut clinic = a_clinic_that_says(verdict, UserStatus::Active);
        let update = clinic.work.users.expect_update();
        update.withf(move |user| user.password_hash == stronger()).times(1).returning(|_| Ok(()));
        clinic.work.sessions.expect_insert().returning(|_| Ok(()));

        let (signed_in, trail) = log_in(clinic).await;

        assert!(signed_in.is_ok());
        assert!(trail.committed().is_some());
    }
}

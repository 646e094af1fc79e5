//! Choosing another password.

use medilink_domain::actor::Relations;
use medilink_domain::attempt::Familiarity;
use medilink_domain::password::Password;
use medilink_domain::policy::Action;

use super::{Credentials, Users};
use crate::attempt::Target;
use crate::call::{Call, Subject};
use crate::error::{Error, FieldErrors, Result};
use crate::ports::Verdict;
use crate::session::{attempt, take_back};

const NOT_YOURS: &str = "this is not your password";

/// What somebody gives to have another password.
pub struct ChangePassword {
    /// The password that they have.
    pub current: Password,
    /// The password that they want.
    pub new: Password,
}

impl Users {
    /// Gives the caller another password, and ends all other sessions of theirs: whoever knew the
    /// old one is out.
    ///
    /// Trying passwords here is slowed down like trying them to sign in, and counted apart from it:
    /// whoever has got hold of a session cannot keep its owner from signing in.
    ///
    /// # Errors
    ///
    /// - [`TooManyFailed`](Error::TooManyFailed) if too many attempts have failed.
    /// - [`Overloaded`](Error::Overloaded) if too many passwords are hashed at once.
    /// - [`Invalid`](Error::Invalid) if the current password is another one, or if the rules
    ///   refuse the new one.
    pub async fn change_password(&self, call: &Call, command: ChangePassword) -> Result<()> {
        let ChangePassword { current, new } = command;
        let id = call.actor().user;
        let now = self.ports.clock.now();
        let target = Target { account: id.as_uuid(), familiarity: Familiarity::SignedIn };

        let permit = call.may(Action::ChangePassword, Relations::NONE, Subject::of(id))?;

        let before = self.ports.store.queries().users().credentials_of(id).await?;
        let Credentials { view, password_hash: before } = before.ok_or(Error::Unauthenticated)?;
        let tried = (current, Some(before.clone()));
        let verdict = attempt(&self.ports, &self.settings, target, tried, now).await?;
        let is_theirs = !matches!(verdict, Verdict::Wrong);
        let owner = [&*view.username, &*view.email, &*view.first_name, &*view.last_name];
        let chosen = self.settings.password_rules.choose(new.disclose(), &owner);

        let mut errors = FieldErrors::default();
        if !is_theirs {
            errors.add("current_password", NOT_YOURS);
        }
        for reason in chosen.as_ref().err().into_iter().flatten() {
            errors.add("new_password", reason);
        }
        let hash = match chosen {
            Ok(new) if is_theirs => self.ports.passwords.hash(new).await,
            Ok(_) | Err(_) => Err(Error::Invalid(errors)),
        };
        if hash.is_err() && is_theirs {
            // Whoever knows the password has guessed nothing.
            take_back(&self.ports, &self.settings, target, now).await?;
        }
        let hash = hash?;

        let now = self.ports.clock.now();
        let mut work = self.ports.store.begin().await?;
        let mut user = work.users().lock(id).await?.ok_or(Error::Unauthenticated)?;
        if user.password_hash != before {
            // Another request has changed it meanwhile.
            return Err(Error::Invalid(FieldErrors::of("current_password", NOT_YOURS)));
        }
        user.set_password(hash, now);

        work.users().update(&user).await?;
        work.sessions().end_all(id, Some(call.actor().session), now).await?;
        work.attempts().forgive(target).await?;
        work.commit(permit.audit(id, now)).await?;

        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use medilink_domain::attempt::TooSoon;
    use medilink_domain::password::PasswordHash;
    use medilink_domain::user::{Role, User, UserStatus};

    use super::*;
    use crate::testing::{FakeClinic, Trail, a_caller, a_hash, a_user};
    use crate::user::{OwnProfile, UserView};

    fn new_hash() -> PasswordHash {
        PasswordHash::new("new hash".to_owned())
    }

    fn a_clinic(verdict: Verdict, stored: PasswordHash) -> FakeClinic {
        let mut clinic = FakeClinic::default();
        clinic.queries.users.expect_credentials_of().returning(|_| Ok(Some(the_patients())));
        clinic.passwords.expect_verify().return_once(|_, _| Ok(verdict));
        clinic.passwords.expect_hash().returning(|_| Ok(new_hash()));
        let user = User { password_hash: stored, ..a_user(Role::Patient, UserStatus::Active) };
        clinic.work.users.expect_lock().return_once(|_| Ok(Some(user)));
        clinic.counts_attempts(Ok(()));
        clinic
    }

    fn the_patients() -> Credentials {
        let user = a_user(Role::Patient, UserStatus::Active);
        Credentials { view: UserView::of(user, OwnProfile::default()), password_hash: a_hash() }
    }

    async fn change(clinic: FakeClinic) -> (Result<()>, Trail) {
        change_to(clinic, "battery staple").await
    }

    async fn change_to(clinic: FakeClinic, new: &str) -> (Result<()>, Trail) {
        let command = ChangePassword {
            current: Password::typed("correct horse".to_owned()),
            new: Password::typed(new.to_owned()),
        };
        clinic
            .perform(a_caller(Role::Patient), async |app, call| {
                app.users.change_password(call, command).await
            })
            .await
    }

    #[tokio::test]
    async fn a_new_password_ends_all_other_sessions_in_the_same_commit() {
        let own = a_caller(Role::Patient).actor.session;
        let mut clinic = a_clinic(Verdict::Right, a_hash());
        let update = clinic.work.users.expect_update();
        update.withf(|user| user.password_hash == new_hash()).times(1).returning(|_| Ok(()));
        let end = clinic.work.sessions.expect_end_all();
        end.withf(move |_, except, _| *except == Some(own)).times(1).returning(|_, _, _| Ok(()));
        clinic.work.attempts.expect_forgive().times(1).returning(|_| Ok(()));

        let (changed, trail) = change(clinic).await;

        assert!(changed.is_ok());
        assert_eq!(trail.committed().unwrap().action, Action::ChangePassword);
    }

    #[tokio::test]
    async fn a_wrong_current_password_and_one_that_was_changed_meanwhile_are_named() {
        for (verdict, stored) in [(Verdict::Wrong, a_hash()), (Verdict::Right, new_hash())] {
            let (refused, trail) = change(a_clinic(verdict, stored)).await;

            let Err(Error::Invalid(errors)) = refused else { panic!("it was changed") };
            assert!(errors.by_field().keys().eq(["current_password"]));
            assert_eq!(trail.committed(), None);
        }
    }

    #[tokio::test]
    async fn a_new_password_is_held_to_the_rules_and_told_with_the_current_one() {
        let (refused, _) = change_to(a_clinic(Verdict::Wrong, a_hash()), "ada").await;

        let Err(Error::Invalid(errors)) = refused else { panic!("it was changed") };
        assert!(errors.by_field().keys().eq(["current_password", "new_password"]));
        assert_eq!(errors.by_field()["new_password"].len(), 3);
    }

    #[tokio::test]
    async fn whoever_knows_the_password_uses_up_no_attempt_though_the_new_one_is_refused() {
        let mut clinic = a_clinic(Verdict::Right, a_hash());
        clinic.attempts.expect_take_back().times(1).returning(|_, _| Ok(()));

        let (refused, _) = change_to(clinic, "short").await;

        let Err(Error::Invalid(errors)) = refused else { panic!("it was changed") };
        assert!(errors.by_field().keys().eq(["new_password"]));
    }

    #[tokio::test]
    async fn a_change_that_nobody_has_time_for_uses_up_no_attempt() {
        let mut verifies = a_clinic(Verdict::Right, a_hash());
        verifies.passwords.checkpoint();
        verifies.passwords.expect_verify().returning(|_, _| Err(Error::Overloaded));
        let mut hashes = a_clinic(Verdict::Right, a_hash());
        hashes.passwords.checkpoint();
        hashes.passwords.expect_verify().returning(|_, _| Ok(Verdict::Right));
        hashes.passwords.expect_hash().returning(|_| Err(Error::Overloaded));
        for mut clinic in [verifies, hashes] {
            let take_back = clinic.attempts.expect_take_back();
            take_back
                .withf(|target, _| target.familiarity == Familiarity::SignedIn)
                .times(1)
                .returning(|_, _| Ok(()));

            let (refused, trail) = change(clinic).await;

            assert!(matches!(refused, Err(Error::Overloaded)));
            assert_eq!(trail.committed(), None);
        }
    }

    #[tokio::test]
    async fn whoever_has_tried_too_often_waits_and_nothing_is_verified() {
        let mut clinic = FakeClinic::default();
        clinic.queries.users.expect_credentials_of().returning(|_| Ok(Some(the_patients())));
        clinic.counts_attempts(Err(TooSoon { wait: TimeDelta::seconds(4) }));

        let (refused, _) = change(clinic).await;

        let Err(Error::TooManyFailed { retry_after }) = refused else { panic!("it was tried") };
        assert_eq!(retry_after.as_secs(), 4);
    }
}

//! Giving somebody who is locked out another password, from the command line of the machine.

use medilink_domain::attempt::Familiarity;
use medilink_domain::audit::{AuditEntry, Outcome};
use medilink_domain::id::AuditEntryId;
use medilink_domain::password::Password;
use medilink_domain::policy::Action;
use medilink_domain::record::Concept;
use medilink_domain::text::key;

use super::{UserView, Users};
use crate::attempt::Target;
use crate::error::{Error, FieldErrors, Result};

/// What whoever runs the program gives to reset a password.
pub struct ResetPassword {
    /// The user name or the e-mail address.
    pub name: String,
    /// The password that the user is to have.
    pub password: Password,
}

impl Users {
    /// Gives a user another password, and ends all their sessions. Whoever can run the program on
    /// the machine may do it.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](Error::NotFound) if nobody has the name.
    /// - [`Invalid`](Error::Invalid) if the rules refuse the password.
    pub async fn reset_password(&self, command: ResetPassword) -> Result<UserView> {
        const MISSING: Error = Error::NotFound(Concept::User);
        let ResetPassword { name, password } = command;
        let found = self.ports.store.queries().users().credentials(&key(&name)).await?;
        let view = found.ok_or(MISSING)?.view;
        let owner = [&*view.username, &*view.email, &*view.first_name, &*view.last_name];
        let chosen = self.settings.password_rules.choose(password.disclose(), &owner);
        let chosen = chosen.map_err(|reasons| {
            let mut errors = FieldErrors::default();
            for reason in reasons {
                errors.add("password", reason);
            }
            Error::Invalid(errors)
        })?;
        let hash = self.ports.passwords.hash(chosen).await?;
        let now = self.ports.clock.now();

        let mut work = self.ports.store.begin().await?;
        let mut user = work.users().lock(view.id).await?.ok_or(MISSING)?;
        user.set_password(hash, now);

        work.users().update(&user).await?;
        work.sessions().end_all(user.id, None, now).await?;
        // The owner need not wait because others, or they themself, have tried too often.
        for familiarity in Familiarity::ALL {
            let target = Target { account: user.id.as_uuid(), familiarity: *familiarity };
            work.attempts().forgive(target).await?;
        }
        let id = AuditEntryId::new(self.ports.ids.next());
        let entry = AuditEntry::new(id, now, Action::ResetPassword, Outcome::Done);
        work.commit(entry.about(user.id)).await?;

        Ok(view)
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::password::PasswordHash;
    use medilink_domain::user::{Role, UserStatus};

    use super::*;
    use crate::testing::{FakeClinic, Trail, a_hash, a_user};
    use crate::user::{Credentials, OwnProfile};

    fn a_clinic(is_there: bool) -> FakeClinic {
        let mut clinic = FakeClinic::default();
        let ada = || a_user(Role::Admin, UserStatus::Active);
        let view = UserView::of(ada(), OwnProfile::default());
        let found = is_there.then(|| Credentials { view, password_hash: a_hash() });
        let credentials = clinic.queries.users.expect_credentials();
        credentials.withf(|key| key == "ada").returning(move |_| Ok(found.clone()));
        clinic.passwords.expect_hash().returning(|_| Ok(PasswordHash::new("new".to_owned())));
        clinic.work.users.expect_lock().return_once(move |_| Ok(Some(ada())));
        clinic
    }

    async fn reset(clinic: FakeClinic, password: &str) -> (Result<UserView>, Trail) {
        let (application, trail) = clinic.open();
        let password = Password::typed(password.to_owned());
        let command = ResetPassword { name: "Ada".to_owned(), password };
        (application.users.reset_password(command).await, trail)
    }

    #[tokio::test]
    async fn a_reset_signs_the_user_out_in_the_same_commit() {
        let mut clinic = a_clinic(true);
        let update = clinic.work.users.expect_update();
        update.withf(|user| user.password_hash != a_hash()).times(1).returning(|_| Ok(()));
        let end = clinic.work.sessions.expect_end_all();
        end.withf(|_, except, _| except.is_none()).times(1).returning(|_, _, _| Ok(()));
        clinic.work.attempts.expect_forgive().returning(|_| Ok(()));

        let (reset, trail) = reset(clinic, "battery staple").await;

        let entry = trail.committed().unwrap();
        assert_eq!((entry.action, entry.who), (Action::ResetPassword, None));
        assert_eq!(entry.record, Some(reset.ok().unwrap().id.into()));
    }

    #[tokio::test]
    async fn a_password_that_the_rules_refuse_and_a_name_that_is_nobodys_change_nothing() {
        let (refused, trail) = reset(a_clinic(true), "12345678").await;
        let Err(Error::Invalid(errors)) = refused else { panic!("it was taken") };
        assert!(errors.by_field().contains_key("password"));
        assert_eq!(trail.committed(), None);

        let (missing, _) = reset(a_clinic(false), "battery staple").await;
        assert!(matches!(missing, Err(Error::NotFound(Concept::User))));
    }
}

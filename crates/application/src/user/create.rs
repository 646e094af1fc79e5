//! Making a user, as an administrator.

use medilink_domain::actor::Relations;
use medilink_domain::id::UserId;
use medilink_domain::password::{NewPassword, PasswordHash};
use medilink_domain::policy::Action;

use super::newcomer::{Naming, with_free_name};
use super::{Newcomer, UserView, Users, replay};
use crate::call::{Call, Subject, Written};
use crate::error::Result;

/// What an administrator gives to make a user.
pub struct CreateUser {
    /// Who it is, and what they are to be.
    pub newcomer: Newcomer,
    /// The password that they sign in with at first.
    pub password: NewPassword,
}

impl Users {
    /// Makes a user with the profile of their role, who is approved at once.
    ///
    /// # Errors
    ///
    /// - [`Forbidden`](crate::Error::Forbidden) unless an admin asks.
    /// - [`Invalid`](crate::Error::Invalid) if the user name, the address or the licence number is
    ///   taken, or the day of birth is in the future; all at once.
    pub async fn create(&self, call: &Call, command: CreateUser) -> Result<Written<UserView>> {
        let CreateUser { newcomer, password } = command;
        call.may(Action::CreateUser, Relations::NONE, Subject::NONE)?;
        let hash = self.ports.passwords.hash(password).await?;

        with_free_name(&newcomer, async |naming| {
            self.take_in(call, newcomer.clone(), (hash.clone(), naming)).await
        })
        .await
    }

    async fn take_in(
        &self,
        call: &Call,
        newcomer: Newcomer,
        credentials: (PasswordHash, Naming),
    ) -> Result<Written<UserView>> {
        let now = self.ports.clock.now();
        let id = UserId::new(self.ports.ids.next());
        let permit = call.may(Action::CreateUser, Relations::NONE, Subject::NONE)?;

        let mut work = self.ports.store.begin().await?;
        if let Some(earlier) = call.reserve(&mut *work, id.as_uuid(), now).await? {
            return replay(call, work, UserId::new(earlier), now).await;
        }
        let (user, own) = self.add(&mut *work, (id, newcomer), credentials, false, now).await?;
        let entry = permit.audit(id, now).touching(own.patient);
        work.commit(entry).await?;

        Ok(Written::new(UserView::of(user, own)))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::audit::Outcome;
    use medilink_domain::email::Email;
    use medilink_domain::name::PersonName;
    use medilink_domain::user::{Role, UserStatus};

    use super::*;
    use crate::call::Caller;
    use crate::error::Error;
    use crate::testing::{FakeClinic, Trail, a_caller, a_caller_with_a_key, a_hash, a_user};
    use crate::user::{OwnProfile, Profile, Taken};

    fn a_clinic() -> FakeClinic {
        let mut clinic = FakeClinic::default();
        clinic.passwords.expect_hash().returning(|_| Ok(a_hash()));
        clinic.work.users.expect_taken().returning(|_, _| Ok(Taken::default()));
        clinic
    }

    async fn create(
        clinic: FakeClinic,
        by: Caller,
        profile: Profile,
    ) -> (Result<Written<UserView>>, Trail) {
        let newcomer = Newcomer {
            email: Email::parse("ada@example.com").unwrap(),
            username: None,
            name: PersonName::default(),
            phone: None,
            profile,
        };
        let password = NewPassword::of_a_demo("correct horse".to_owned());
        let command = CreateUser { newcomer, password };
        clinic.perform(by, async |app, call| app.users.create(call, command).await).await
    }

    #[tokio::test]
    async fn whoever_an_admin_makes_waits_for_nobody() {
        let mut clinic = a_clinic();
        clinic.work.users.expect_insert().times(1).returning(|_| Ok(()));
        let pharmacy = clinic.work.pharmacies.expect_insert();
        pharmacy.withf(|pharmacy| pharmacy.is_verified).times(1).returning(|_| Ok(()));
        let profile = Profile::Pharmacy(Box::default());

        let (made, trail) = create(clinic, a_caller(Role::Admin), profile).await;

        let made = made.ok().unwrap().record;
        let entry = trail.committed().unwrap();
        assert_eq!(made.status, UserStatus::Active);
        assert_eq!((entry.action, entry.record), (Action::CreateUser, Some(made.id.into())));
    }

    #[tokio::test]
    async fn an_admin_makes_another_admin() {
        let mut clinic = a_clinic();
        clinic.work.users.expect_insert().times(1).returning(|_| Ok(()));

        let (made, _) = create(clinic, a_caller(Role::Admin), Profile::Admin).await;

        assert_eq!(made.ok().unwrap().record.role, Role::Admin);
    }

    #[tokio::test]
    async fn nobody_but_an_admin_makes_users_and_no_password_is_hashed_for_others() {
        for role in [Role::Doctor, Role::Coordinator, Role::Pharmacy, Role::Patient] {
            let (refused, trail) =
                create(FakeClinic::default(), a_caller(role), Profile::Coordinator).await;

            assert!(matches!(refused, Err(Error::Forbidden(Action::CreateUser))), "{role}");
            assert_eq!(trail.recorded()[0].outcome, Outcome::Denied, "{role}");
        }
    }

    #[tokio::test]
    async fn a_repeated_request_answers_the_first_ones_user() {
        let ada = a_user(Role::Coordinator, UserStatus::Active);
        let id = ada.id;
        let mut clinic = a_clinic();
        clinic.has_written(id);
        clinic.work.users.expect_find().return_once(|_| Ok(Some(ada)));
        clinic.work.users.expect_profile().returning(|_| Ok(OwnProfile::default()));

        let by = a_caller_with_a_key(Role::Admin);
        let (made, trail) = create(clinic, by, Profile::Coordinator).await;

        let made = made.ok().unwrap();
        assert!(made.replayed);
        assert_eq!(made.record.id, id);
        assert!(trail.committed().is_some());
    }
}

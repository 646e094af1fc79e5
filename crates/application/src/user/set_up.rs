//! Setting an installation up: making its first administrator over the network.

use medilink_domain::audit::Origin;
use medilink_domain::email::Email;
use medilink_domain::id::UserId;
use medilink_domain::name::PersonName;
use medilink_domain::password::NewPassword;
use medilink_domain::policy::Action;
use medilink_domain::user::{NewUser, Role, User, UserError, Username};

use super::{OwnProfile, UserView, Users};
use crate::error::{Error, FieldErrors, Result};
use crate::session::{Device, SignedInView, begin, entry};

/// What somebody gives to be the first administrator.
pub struct SetUp {
    /// The token that the program has printed.
    pub token: String,
    /// The name to sign in with.
    pub username: Username,
    /// The address to sign in with.
    pub email: Email,
    /// The password.
    pub password: NewPassword,
    /// The device that they sign in on.
    pub device: Device,
}

impl Users {
    /// Makes the first administrator, and signs them in. It is done once, however many ask.
    ///
    /// # Errors
    ///
    /// - [`Refused`](Error::Refused) if there has been an administrator before.
    /// - [`Invalid`](Error::Invalid) if it is not the token, or if the user name or the address is
    ///   taken.
    pub async fn set_up(&self, origin: Origin, command: SetUp) -> Result<SignedInView> {
        let SetUp { token, username, email, password, device } = command;
        if self.ports.store.queries().users().is_set_up().await? {
            return Err(UserError::AlreadySetUp.into());
        }
        if !self.ports.set_up.is_token(&token) {
            let message = "this is not the token that the program has printed at its start";
            return Err(Error::Invalid(FieldErrors::of("token", message)));
        }
        let password_hash = self.ports.passwords.hash(password).await?;
        let now = self.ports.clock.now();

        let mut work = self.ports.store.begin().await?;
        if !work.users().set_up(now).await? {
            return Err(UserError::AlreadySetUp.into());
        }
        work.users().taken(&username, &email).await?.errors().check()?;
        let (name, phone, role) = (PersonName::default(), None, Role::Admin);
        let new = NewUser { username, email, password_hash, name, phone, role };
        let user = User::new(UserId::new(self.ports.ids.next()), new, false, now);
        let (id, origin_of_session) = (user.id, (origin, device.name));
        let (session, tokens) =
            begin(&self.ports, &self.settings, (id, role), origin_of_session, now)?;

        work.users().insert(&user).await?;
        work.sessions().insert(&session).await?;
        let entry = entry(&self.ports, Action::SetUp, (&session, role), origin, now).about(id);
        work.commit(entry).await?;

        let user = UserView::of(user, OwnProfile::default());
        Ok(SignedInView { user, tokens, device: self.ports.devices.remember(id)? })
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::user::UserStatus;

    use super::*;
    use crate::testing::{FakeClinic, Trail, a_hash, an_origin};
    use crate::user::Taken;

    /// A clinic that was set up before, and one that was set up a moment ago.
    fn a_clinic(before: bool, meanwhile: bool) -> FakeClinic {
        let mut clinic = FakeClinic::default();
        clinic.queries.users.expect_is_set_up().returning(move || Ok(before));
        clinic.set_up.expect_is_token().returning(|raw| raw == "token");
        clinic.passwords.expect_hash().returning(|_| Ok(a_hash()));
        clinic.work.users.expect_set_up().returning(move |_| Ok(!meanwhile));
        clinic.work.users.expect_taken().returning(|_, _| Ok(Taken::default()));
        clinic.signs_tokens();
        clinic
    }

    async fn set_up(clinic: FakeClinic, token: &str) -> (Result<SignedInView>, Trail) {
        let (application, trail) = clinic.open();
        let command = SetUp {
            token: token.to_owned(),
            username: Username::parse("root").unwrap(),
            email: Email::parse("root@example.org").unwrap(),
            password: NewPassword::of_a_demo("correct horse".to_owned()),
            device: Device::default(),
        };
        (application.users.set_up(an_origin(), command).await, trail)
    }

    #[tokio::test]
    async fn whoever_has_the_token_is_the_first_administrator_and_signed_in() {
        let mut clinic = a_clinic(false, false);
        clinic.work.users.expect_insert().times(1).returning(|_| Ok(()));
        clinic.work.sessions.expect_insert().times(1).returning(|_| Ok(()));

        let (made, trail) = set_up(clinic, "token").await;

        let made = made.ok().unwrap().user;
        let entry = trail.committed().unwrap();
        assert_eq!((made.role, made.status), (Role::Admin, UserStatus::Active));
        assert_eq!((entry.action, entry.who.unwrap().user), (Action::SetUp, made.id));
    }

    #[tokio::test]
    async fn an_installation_is_set_up_once_whatever_the_token() {
        for (before, meanwhile, token) in
            [(true, true, "token"), (true, true, "guess"), (false, true, "token")]
        {
            let (refused, trail) = set_up(a_clinic(before, meanwhile), token).await;

            let Err(Error::Refused(refusal)) = refused else { panic!("there is another one") };
            assert_eq!(refusal.code().as_str(), "already-set-up");
            assert_eq!(trail.committed(), None);
        }
    }

    #[tokio::test]
    async fn a_guess_is_named_and_hashes_nothing() {
        let mut clinic = FakeClinic::default();
        clinic.queries.users.expect_is_set_up().returning(|| Ok(false));
        clinic.set_up.expect_is_token().returning(|_| false);

        let (refused, _) = set_up(clinic, "guess").await;

        let Err(Error::Invalid(errors)) = refused else { panic!("it was taken") };
        assert!(errors.by_field().keys().eq(["token"]));
    }
}

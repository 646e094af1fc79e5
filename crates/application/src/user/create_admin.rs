//! Making an administrator, from the command line or the settings of the machine.

use medilink_domain::audit::{AuditEntry, Outcome};
use medilink_domain::email::Email;
use medilink_domain::id::{AuditEntryId, UserId};
use medilink_domain::name::PersonName;
use medilink_domain::password::{NewPassword, PasswordHash};
use medilink_domain::policy::Action;
use medilink_domain::time::Timestamp;
use medilink_domain::user::{NewUser, Role, User, Username};

use super::{OwnProfile, UserView, Users};
use crate::error::Result;
use crate::store::UnitOfWork;

/// What an administrator needs.
pub struct CreateAdmin {
    /// The name to sign in with.
    pub username: Username,
    /// The address to sign in with.
    pub email: Email,
    /// The password.
    pub password: NewPassword,
}

impl Users {
    /// Makes an administrator. Whoever can run the program on the machine may do it.
    ///
    /// # Errors
    ///
    /// [`Invalid`](crate::Error::Invalid) if the user name or the address is taken.
    pub async fn create_admin(&self, command: CreateAdmin) -> Result<UserView> {
        let hash = self.ports.passwords.hash(command.password).await?;
        let now = self.ports.clock.now();

        let mut work = self.ports.store.begin().await?;
        work.users().set_up(now).await?;

        self.appoint(work, command.username, command.email, hash, now).await
    }

    /// Makes the first administrator, or nobody if there has been one before. However many
    /// instances start at once, one of them does it.
    ///
    /// # Errors
    ///
    /// [`Invalid`](crate::Error::Invalid) if the user name or the address is taken.
    pub async fn create_first_admin(&self, command: CreateAdmin) -> Result<Option<UserView>> {
        let hash = self.ports.passwords.hash(command.password).await?;
        let now = self.ports.clock.now();

        let mut work = self.ports.store.begin().await?;
        if !work.users().set_up(now).await? {
            return Ok(None);
        }

        self.appoint(work, command.username, command.email, hash, now).await.map(Some)
    }

    async fn appoint(
        &self,
        mut work: Box<dyn UnitOfWork>,
        username: Username,
        email: Email,
        password_hash: PasswordHash,
        now: Timestamp,
    ) -> Result<UserView> {
        work.users().taken(&username, &email).await?.errors().check()?;
        let (name, phone, role) = (PersonName::default(), None, Role::Admin);
        let new = NewUser { username, email, password_hash, name, phone, role };
        let user = User::new(UserId::new(self.ports.ids.next()), new, false, now);

        work.users().insert(&user).await?;
        let id = AuditEntryId::new(self.ports.ids.next());
        let entry = AuditEntry::new(id, now, Action::CreateAdmin, Outcome::Done);
        work.commit(entry.about(user.id)).await?;

        Ok(UserView::of(user, OwnProfile::default()))
    }
}

#[cfg(test)]
mod tests {
    use medilink_domain::user::UserStatus;

    use super::*;
    use crate::error::Error;
    use crate::testing::{FakeClinic, Trail, a_hash, a_user};
    use crate::user::Taken;

    fn a_clinic(taken: Taken) -> FakeClinic {
        let mut clinic = FakeClinic::default();
        clinic.passwords.expect_hash().returning(|_| Ok(a_hash()));
        clinic.work.users.expect_taken().returning(move |_, _| Ok(taken));
        clinic.work.users.expect_set_up().times(1).returning(|_| Ok(false));
        clinic
    }

    fn root() -> CreateAdmin {
        let User { username, email, .. } = a_user(Role::Admin, UserStatus::Active);
        let password = NewPassword::of_a_demo("correct horse".to_owned());
        CreateAdmin { username, email, password }
    }

    async fn create_admin(clinic: FakeClinic) -> (Result<UserView>, Trail) {
        let (application, trail) = clinic.open();
        (application.users.create_admin(root()).await, trail)
    }

    #[tokio::test]
    async fn an_administrator_is_made_by_nobody_in_particular() {
        let mut clinic = a_clinic(Taken::default());
        let insert = clinic.work.users.expect_insert();
        insert
            .withf(|user| {
                (user.role, user.status) == (Role::Admin, UserStatus::Active)
                    && user.password_hash == a_hash()
            })
            .times(1)
            .returning(|_| Ok(()));

        let (admin, trail) = create_admin(clinic).await;

        let admin = admin.ok().unwrap();
        let entry = trail.committed().unwrap();
        assert_eq!((entry.action, entry.outcome), (Action::CreateAdmin, Outcome::Done));
        assert_eq!(entry.record, Some(admin.id.into()));
        assert_eq!((entry.who, entry.origin), (None, None));
    }

    #[tokio::test]
    async fn names_that_somebody_has_are_told_together() {
        let clinic = a_clinic(Taken { username: true, email: true });

        let (refused, trail) = create_admin(clinic).await;

        let Err(Error::Invalid(errors)) = refused else { panic!("the account was made") };
        assert!(errors.by_field().keys().eq(["email", "username"]));
        assert_eq!(trail.committed(), None);
    }

    #[tokio::test]
    async fn there_is_one_first_administrator() {
        let (application, trail) = a_clinic(Taken::default()).open();

        let made = application.users.create_first_admin(root()).await;

        assert!(made.ok().unwrap().is_none());
        assert_eq!(trail.committed(), None);
    }
}

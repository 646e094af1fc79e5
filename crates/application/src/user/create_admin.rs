//! Making an administrator, from the command line of the machine.

use medilink_domain::audit::{AuditEntry, Outcome};
use medilink_domain::id::{AuditEntryId, UserId};
use medilink_domain::phi::Phi;
use medilink_domain::policy::Action;
use medilink_domain::user::{Email, Password, PersonName, Role, User, UserStatus, Username};

use super::{UserView, Users};
use crate::error::Result;

/// What the first administrator needs.
pub struct CreateAdmin {
    /// The name to sign in with.
    pub username: Username,
    /// The address to sign in with.
    pub email: Email,
    /// The password.
    pub password: Password,
}

impl Users {
    /// Makes an administrator. Whoever can run the program on the machine may do it.
    ///
    /// # Errors
    ///
    /// [`Invalid`](crate::Error::Invalid) if the user name or the address is taken.
    pub async fn create_admin(&self, command: CreateAdmin) -> Result<UserView> {
        let CreateAdmin { username, email, password } = command;
        let now = self.ports.clock.now();
        let hash = self.ports.passwords.hash(password).await?;

        let mut work = self.ports.store.begin().await?;
        self.refuse_taken(&mut *work, &username, &email).await?;
        let user = User {
            id: UserId::new(self.ports.ids.next()),
            username,
            email,
            password_hash: Phi::new(hash),
            name: PersonName::default(),
            phone: None,
            role: Role::Admin,
            status: UserStatus::Active,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        work.users().insert(&user).await?;
        let entry = AuditEntry {
            id: AuditEntryId::new(self.ports.ids.next()),
            at: now,
            who: None,
            origin: None,
            action: Action::CreateAdmin,
            outcome: Outcome::Done,
            record: Some(user.id.into()),
            patient: None,
        };
        work.commit(entry).await?;

        Ok(UserView::of(&user))
    }
}

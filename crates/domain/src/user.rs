//! Users: people who can sign in, and what they are here.

use crate::change::Change;
use crate::email::Email;
use crate::id::UserId;
use crate::name::PersonName;
use crate::password::PasswordHash;
use crate::revision::Revision;
pub use crate::role::{Role, UserStatus};
use crate::rule::{Rule, RuleCode};
use crate::text::{Name, Phone};
use crate::time::Timestamp;
pub use crate::username::{Username, UsernameError};

/// Somebody who can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The name to sign in with.
    pub username: Username,
    /// The address to sign in with.
    pub email: Email,
    /// The password's hash.
    pub password_hash: PasswordHash,
    /// The name of the person.
    pub name: PersonName,
    /// How to reach them.
    pub phone: Option<Phone>,
    /// What they are here.
    pub role: Role,
    /// Whether they may act.
    pub status: UserStatus,
    /// Since when they have been approved; an approval outlives being disabled.
    pub approved_at: Option<Timestamp>,
    /// When they were registered, and what has changed since.
    pub revision: Revision,
}

/// What somebody brings who is to be a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    /// The name to sign in with.
    pub username: Username,
    /// The address to sign in with.
    pub email: Email,
    /// The password's hash.
    pub password_hash: PasswordHash,
    /// The name of the person.
    pub name: PersonName,
    /// How to reach them.
    pub phone: Option<Phone>,
    /// What they are to be.
    pub role: Role,
}

/// What becomes of the person behind an account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonChanges {
    /// The given name.
    pub first_name: Change<Option<Name>>,
    /// The family name.
    pub last_name: Change<Option<Name>>,
    /// How to reach them.
    pub phone: Change<Option<Phone>>,
}

/// What an administrator changes of a user.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserChanges {
    /// What they are here.
    pub role: Change<Role>,
    /// The person.
    pub person: PersonChanges,
}

/// Why a user cannot be changed like that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UserError {
    /// Only pending users wait for approval.
    #[error("the user is {0}, and only a pending user is approved")]
    NotPending(UserStatus),
    /// Nobody is disabled twice.
    #[error("the user is disabled already")]
    Disabled,
    /// Only disabled users are enabled.
    #[error("the user is {0}, and only a disabled user is enabled")]
    NotDisabled(UserStatus),
    /// Whoever locks themself out cannot let themself in again.
    #[error("nobody disables themself or changes their own role; ask another administrator")]
    Oneself,
    /// Somebody has to run the installation.
    #[error("this is the last active administrator; make or enable another one first")]
    LastAdmin,
    /// Only the first administrator is made like that.
    #[error("there has been an administrator before; ask one, or use the command line")]
    AlreadySetUp,
}

impl Rule for UserError {
    fn code(&self) -> RuleCode {
        match self {
            Self::NotPending(_) | Self::Disabled | Self::NotDisabled(_) => RuleCode::UserRefused,
            Self::Oneself => RuleCode::OwnAccount,
            Self::LastAdmin => RuleCode::LastAdmin,
            Self::AlreadySetUp => RuleCode::AlreadySetUp,
        }
    }
}

impl User {
    /// Makes a user, who waits for approval if the role and the installation ask for it.
    pub fn new(id: UserId, newcomer: NewUser, approval_required: bool, now: Timestamp) -> Self {
        let NewUser { username, email, password_hash, name, phone, role } = newcomer;
        let waits = approval_required && role.needs_approval();
        Self {
            id,
            username,
            email,
            password_hash,
            name,
            phone,
            role,
            status: if waits { UserStatus::Pending } else { UserStatus::Active },
            approved_at: (!waits).then_some(now),
            revision: Revision::new(now),
        }
    }

    /// Gives them another password, or another hash of the one that they have.
    pub fn set_password(&mut self, hash: PasswordHash, now: Timestamp) {
        self.password_hash = hash;
        self.revision.touch(now);
    }

    /// Lets a pending user act.
    ///
    /// # Errors
    ///
    /// [`UserError::NotPending`] unless the user waits for it.
    pub fn approve(&mut self, now: Timestamp) -> Result<(), UserError> {
        if self.status != UserStatus::Pending {
            return Err(UserError::NotPending(self.status));
        }
        self.status = UserStatus::Active;
        self.approved_at = Some(now);
        self.revision.touch(now);
        Ok(())
    }

    /// Keeps a user from doing anything.
    ///
    /// `admins` are all active administrators, who do not change meanwhile.
    ///
    /// # Errors
    ///
    /// - [`UserError::Oneself`] for the user who asks.
    /// - [`UserError::Disabled`] for somebody who is disabled already.
    /// - [`UserError::LastAdmin`] if no other active administrator would be left.
    pub fn disable(
        &mut self,
        by: UserId,
        admins: &[UserId],
        now: Timestamp,
    ) -> Result<(), UserError> {
        self.refuse_loss(by, admins)?;
        if self.status == UserStatus::Disabled {
            return Err(UserError::Disabled);
        }
        self.status = UserStatus::Disabled;
        self.revision.touch(now);
        Ok(())
    }

    /// Lets a disabled user be what they were before: active once approved, else pending.
    ///
    /// # Errors
    ///
    /// [`UserError::NotDisabled`] unless the user is disabled.
    pub fn enable(&mut self, now: Timestamp) -> Result<(), UserError> {
        if self.status != UserStatus::Disabled {
            return Err(UserError::NotDisabled(self.status));
        }
        self.status = match self.approved_at {
            Some(_) => UserStatus::Active,
            None => UserStatus::Pending,
        };
        self.revision.touch(now);
        Ok(())
    }

    /// Changes what an administrator may change of a user.
    ///
    /// `admins` are all active administrators, who do not change meanwhile.
    ///
    /// # Errors
    ///
    /// If the role is to become another one: [`UserError::Oneself`] for the user who asks,
    /// [`UserError::LastAdmin`] if no other active administrator would be left.
    pub fn change(
        &mut self,
        changes: UserChanges,
        by: UserId,
        admins: &[UserId],
        now: Timestamp,
    ) -> Result<(), UserError> {
        let UserChanges { role, person } = changes;
        if let Change::Set(role) = role
            && role != self.role
        {
            self.refuse_loss(by, admins)?;
            self.role = role;
        }
        self.change_person(person, now);
        Ok(())
    }

    /// Changes what everybody may change of their own account.
    pub fn change_person(&mut self, changes: PersonChanges, now: Timestamp) {
        let PersonChanges { first_name, last_name, phone } = changes;
        first_name.apply(&mut self.name.first);
        last_name.apply(&mut self.name.last);
        phone.apply(&mut self.phone);
        self.revision.touch(now);
    }

    /// Refuses what would leave the installation without an administrator, or its own doer outside.
    fn refuse_loss(&self, by: UserId, admins: &[UserId]) -> Result<(), UserError> {
        if self.id == by {
            return Err(UserError::Oneself);
        }
        let is_active_admin = self.role == Role::Admin && self.status == UserStatus::Active;
        if is_active_admin && admins.iter().all(|admin| *admin == self.id) {
            return Err(UserError::LastAdmin);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    fn a_pending_doctor() -> User {
        let now = at("2030-01-01T00:00:00Z");
        User {
            id: UserId::new(crate::id::Uuid::nil()),
            username: Username::parse("emily").unwrap(),
            email: Email::parse("emily@example.com").unwrap(),
            password_hash: PasswordHash::new(String::new()),
            name: PersonName::default(),
            phone: None,
            role: Role::Doctor,
            status: UserStatus::Pending,
            approved_at: None,
            revision: Revision::new(now),
        }
    }

    #[test]
    fn a_user_is_approved_once() {
        let mut user = a_pending_doctor();

        assert_eq!(user.approve(at("2030-01-02T00:00:00Z")), Ok(()));
        assert_eq!(
            user.approve(at("2030-01-03T00:00:00Z")),
            Err(UserError::NotPending(UserStatus::Active))
        );
        assert_eq!(user.revision.updated_at, at("2030-01-02T00:00:00Z"));
    }

    fn an_id(number: u128) -> UserId {
        UserId::new(crate::id::Uuid::from_u128(number))
    }

    fn an_admin() -> User {
        let now = at("2030-01-01T00:00:00Z");
        User {
            id: an_id(1),
            role: Role::Admin,
            status: UserStatus::Active,
            approved_at: Some(now),
            ..a_pending_doctor()
        }
    }

    #[test]
    fn whoever_is_enabled_is_what_they_were_before() {
        let (by, now) = (an_id(9), at("2030-01-02T00:00:00Z"));
        let mut waiting = a_pending_doctor();
        waiting.disable(by, &[by], now).unwrap();
        waiting.enable(now).unwrap();
        assert_eq!(waiting.status, UserStatus::Pending);

        waiting.approve(now).unwrap();
        waiting.disable(by, &[by], now).unwrap();
        assert_eq!(waiting.approve(now), Err(UserError::NotPending(UserStatus::Disabled)));
        assert_eq!(waiting.disable(by, &[by], now), Err(UserError::Disabled));
        waiting.enable(now).unwrap();
        assert_eq!(waiting.status, UserStatus::Active);
        assert_eq!(waiting.enable(now), Err(UserError::NotDisabled(UserStatus::Active)));
        assert_eq!(waiting.revision.version, 6);
    }

    #[test]
    fn the_last_active_administrator_stays() {
        let (by, other, now) = (an_id(9), an_id(2), at("2030-01-02T00:00:00Z"));
        let demoted = || UserChanges { role: Change::Set(Role::Patient), ..UserChanges::default() };
        let mut admin = an_admin();

        assert_eq!(admin.disable(by, &[admin.id], now), Err(UserError::LastAdmin));
        assert_eq!(admin.change(demoted(), by, &[admin.id], now), Err(UserError::LastAdmin));
        assert_eq!(admin, an_admin());
        assert_eq!(admin.change(demoted(), by, &[admin.id, other], now), Ok(()));
        assert_eq!((admin.role, admin.revision.version), (Role::Patient, 2));
    }

    #[test]
    fn nobody_disables_or_demotes_themself() {
        let (other, now) = (an_id(2), at("2030-01-02T00:00:00Z"));
        let mut admin = an_admin();
        let (own, admins) = (admin.id, [admin.id, other]);
        let role = |role| UserChanges { role: Change::Set(role), ..UserChanges::default() };

        assert_eq!(admin.disable(own, &admins, now), Err(UserError::Oneself));
        assert_eq!(admin.change(role(Role::Doctor), own, &admins, now), Err(UserError::Oneself));
        assert_eq!(admin.change(role(Role::Admin), own, &[own], now), Ok(()));
    }

    #[test]
    fn a_change_of_the_person_keeps_what_it_does_not_name() {
        let mut user = a_pending_doctor();
        user.phone = Phone::parse("+44 20").ok();
        let first_name = Change::Set(Name::parse("Emily").ok());

        user.change_person(
            PersonChanges { first_name, ..PersonChanges::default() },
            at("2030-01-02T00:00:00Z"),
        );

        assert_eq!((user.name.full().as_str(), user.phone.is_some()), ("Emily", true));
    }

    #[test]
    fn only_some_roles_wait_and_only_where_approval_is_required() {
        let status = |role, required| {
            let User { username, email, password_hash, name, phone, .. } = a_pending_doctor();
            let newcomer = NewUser { username, email, password_hash, name, phone, role };
            User::new(UserId::new(crate::id::Uuid::nil()), newcomer, required, Timestamp::EPOCH)
                .status
        };

        for role in [Role::Doctor, Role::Pharmacy, Role::Coordinator] {
            assert_eq!(status(role, true), UserStatus::Pending);
            assert_eq!(status(role, false), UserStatus::Active);
        }
        assert_eq!(status(Role::Patient, true), UserStatus::Active);
    }
}

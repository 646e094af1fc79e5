//! What the store must do with users.

use async_trait::async_trait;
use medilink_domain::email::Email;
use medilink_domain::id::UserId;
use medilink_domain::password::PasswordHash;
use medilink_domain::time::Timestamp;
use medilink_domain::user::{User, Username};

use super::list::UserFilter;
use super::view::{OwnProfile, UserView};
use crate::error::{FieldErrors, StoreError, TAKEN};
use crate::page::{Found, Stretch};

/// Which of two names somebody else has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Taken {
    /// The user name.
    pub username: bool,
    /// The e-mail address.
    pub email: bool,
}

impl Taken {
    /// Names what is taken.
    pub fn errors(self) -> FieldErrors {
        let mut errors = FieldErrors::default();
        if self.username {
            errors.add("username", TAKEN);
        }
        if self.email {
            errors.add("email", TAKEN);
        }
        errors
    }
}

/// The users, within a unit of work.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait UserRepository: Send {
    /// Returns the user, or `None` if there is none by that id.
    async fn find(&mut self, id: UserId) -> Result<Option<User>, StoreError>;

    /// Returns the user and keeps it from others until the unit of work ends, or returns `None`
    /// if there is none by that id.
    async fn lock(&mut self, id: UserId) -> Result<Option<User>, StoreError>;

    /// Returns every active administrator, in the order of their ids, and keeps them as they are
    /// until the unit of work ends.
    ///
    /// MUST not return anybody whom another unit of work disables or demotes meanwhile. It is
    /// called before [`lock`](Self::lock), so that nobody waits in a circle.
    async fn lock_active_admins(&mut self) -> Result<Vec<UserId>, StoreError>;

    /// Returns which profile is a user's.
    async fn profile(&mut self, id: UserId) -> Result<OwnProfile, StoreError>;

    /// Does what `profile` does, for an archived profile too.
    async fn profile_archived(&mut self, id: UserId) -> Result<OwnProfile, StoreError>;

    /// Notes that the installation has had an administrator, and tells whether it had none before.
    ///
    /// MUST say so to one unit of work alone, however many ask at once.
    async fn set_up(&mut self, now: Timestamp) -> Result<bool, StoreError>;

    /// Tells which of the two names somebody has.
    async fn taken(&mut self, username: &Username, email: &Email) -> Result<Taken, StoreError>;

    /// Adds a user.
    ///
    /// MUST fail with [`StoreError::Conflict`] of
    /// [`UsernameTaken`](crate::error::Conflict::UsernameTaken) or of
    /// [`EmailTaken`](crate::error::Conflict::EmailTaken), whatever the case of the letters.
    async fn insert(&mut self, user: &User) -> Result<(), StoreError>;

    /// Replaces the stored user.
    ///
    /// MUST fail with [`StoreError::Stale`] if it changed since it was read.
    async fn update(&mut self, user: &User) -> Result<(), StoreError>;
}

/// What a sign-in is compared with.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// What is shown of the user.
    pub view: UserView,
    /// The password's hash.
    pub password_hash: PasswordHash,
}

/// The users, read without a transaction.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait UserQueries: Send + Sync {
    /// Returns the user, or `None` if there is none by that id.
    async fn find(&self, id: UserId) -> Result<Option<UserView>, StoreError>;

    /// Returns what a user signs in with, or `None` if there is none by that id.
    async fn credentials_of(&self, id: UserId) -> Result<Option<Credentials>, StoreError>;

    /// Returns a stretch of the users that match, the newest first.
    ///
    /// MUST find a user by the beginning of any word of the name, the user name or the address,
    /// whatever its case and accents.
    async fn list(
        &self,
        filter: &UserFilter,
        stretch: &Stretch,
    ) -> Result<Found<UserView>, StoreError>;

    /// Tells whether there has ever been an administrator.
    async fn is_set_up(&self) -> Result<bool, StoreError>;

    /// Tells whether there is any user at all.
    async fn any(&self) -> Result<bool, StoreError>;

    /// Returns the user whose name or address has this key, or `None`.
    async fn credentials(&self, key: &str) -> Result<Option<Credentials>, StoreError>;
}

//! What the store must do with users.

use async_trait::async_trait;
use medilink_domain::email::Email;
use medilink_domain::id::UserId;
use medilink_domain::password::PasswordHash;
use medilink_domain::user::{User, Username};

use super::view::UserView;
use crate::error::{FieldErrors, StoreError, TAKEN};

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

    /// Tells whether there is any user at all.
    async fn any(&self) -> Result<bool, StoreError>;

    /// Returns the user whose name or address has this key, or `None`.
    async fn credentials(&self, key: &str) -> Result<Option<Credentials>, StoreError>;
}

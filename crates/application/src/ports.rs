//! What the use cases need from outside, but for the store.

use std::net::IpAddr;

use async_trait::async_trait;
use medilink_domain::audit::AuditEntry;
use medilink_domain::id::{SessionId, UserId, Uuid};
use medilink_domain::password::{NewPassword, Password, PasswordHash};
use medilink_domain::time::Timestamp;
use medilink_domain::user::Role;

use crate::error::{Result, StoreError};
use crate::page::{List, Position};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Returns the present instant.
    fn now(&self) -> Timestamp;
}

/// Makes ids.
pub trait Ids: Send + Sync {
    /// Returns an id that nobody has had, which sorts behind those of earlier milliseconds.
    fn next(&self) -> Uuid;
}

/// What a comparison of a password with a hash has shown.
#[derive(Debug)]
pub enum Verdict {
    /// They do not belong together.
    Wrong,
    /// They do.
    Right,
    /// They do, but the hash costs an attacker less than a new one would. This is a new one.
    RightButWeak(PasswordHash),
}

/// Hashes passwords, on threads of its own and never many at once.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Hashes a new password.
    ///
    /// MUST answer [`Error::Overloaded`](crate::Error::Overloaded) rather than queue without end.
    async fn hash(&self, password: NewPassword) -> Result<PasswordHash>;

    /// Tells whether a password belongs to a hash.
    ///
    /// MUST be as much work for `None`, which no password belongs to, as for any hash to which this
    /// one does not belong. MUST answer [`Error::Overloaded`](crate::Error::Overloaded) before any
    /// work was done, rather than queue without end.
    async fn verify(&self, password: Password, hash: Option<PasswordHash>) -> Result<Verdict>;
}

/// What an access token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessClaims {
    /// Who.
    pub user: UserId,
    /// In which session.
    pub session: SessionId,
    /// The role at that moment, for clients to look at; decisions read the database's.
    pub role: Role,
    /// The id of this very token.
    pub token: Uuid,
    /// From when.
    pub issued_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

/// A secret that continues a session, and the hash that is stored of it.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// What the client keeps.
    pub secret: String,
    /// Its SHA-256 hash.
    pub hash: [u8; 32],
}

/// Signs and checks tokens.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait TokenIssuer: Send + Sync {
    /// Signs an access token.
    ///
    /// # Errors
    ///
    /// [`Error::Failed`](crate::Error::Failed) if the library refuses to sign.
    fn sign(&self, claims: &AccessClaims) -> Result<String>;

    /// Reads the session of an access token, or `None` if the token is not one of ours, or not
    /// valid at that instant.
    fn session(&self, token: &str, now: Timestamp) -> Option<SessionId>;

    /// Makes the first refresh token of a session, which nobody can guess.
    ///
    /// # Errors
    ///
    /// [`Error::Failed`](crate::Error::Failed) if the system has no randomness to give.
    fn refresh(&self) -> Result<RefreshToken>;

    /// Returns the hash by which a refresh token is stored.
    fn refresh_hash(&self, secret: &str) -> [u8; 32];

    /// Derives the refresh token that follows another, always the same one: the answer to a token
    /// that was used a moment ago can be given again, though only hashes are stored.
    ///
    /// While two keys are valid there are two that could follow. It is the one whose hash is
    /// `stored`, if one of them is, and else that of the newer key.
    fn successor(&self, secret: &str, stored: [u8; 32]) -> RefreshToken;
}

/// Remembers devices for the accounts that have signed in on them, and makes ids of names that are
/// nobody's. Nothing of it is stored: what a device keeps proves itself.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait Devices: Send + Sync {
    /// Makes what a device keeps to be known again to a user.
    ///
    /// # Errors
    ///
    /// [`Error::Failed`](crate::Error::Failed) if the system has no randomness to give.
    fn remember(&self, user: UserId) -> Result<String>;

    /// Tells whether what a device has kept was made for a user.
    fn knows(&self, kept: &str, user: UserId) -> bool;

    /// Makes an id of a name that is nobody's. It does not give the name away: people type their
    /// passwords into the wrong field.
    fn nobody(&self, name: &str) -> Uuid;
}

/// Knows the token with which the first administrator is made. Nothing of it is stored: all
/// instances derive the same one.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait SetUpTokens: Send + Sync {
    /// Returns the token.
    fn token(&self) -> String;

    /// Tells whether something is the token, in a time that does not tell how much of it is right.
    fn is_token(&self, raw: &str) -> bool;
}

/// Turns positions into cursors that clients cannot read or alter, and back.
pub trait Cursors: Send + Sync {
    /// Makes a cursor of a list.
    fn seal(&self, list: List, position: &Position) -> String;

    /// Reads a cursor, or `None` if it is not one of this list.
    fn open(&self, list: List, cursor: &str) -> Option<Position>;
}

/// Keeps the entries of what is read and of what is refused. Writes bring theirs to the commit.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Makes an entry durable, together with those of others.
    ///
    /// MUST return only when the entry is on disk.
    async fn record(&self, entry: AuditEntry) -> Result<(), StoreError>;
}

/// Counts how often somebody unknown was refused.
pub trait RefusalCounter: Send + Sync {
    /// Counts one refusal of whoever comes from an address.
    ///
    /// MUST NOT wait, nor remember more the more addresses there are.
    fn count(&self, address: Option<IpAddr>, now: Timestamp);
}

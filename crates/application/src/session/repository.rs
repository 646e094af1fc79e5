//! What the store must do with sessions.

use async_trait::async_trait;
use medilink_domain::actor::Actor;
use medilink_domain::id::{SessionId, UserId};
use medilink_domain::session::{Presented, Session};
use medilink_domain::time::Timestamp;

use super::view::SessionView;
use crate::error::StoreError;
use crate::page::{Found, Stretch};

/// The sessions, within a unit of work.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SessionRepository: Send {
    /// Returns the session and keeps it from others until the unit of work ends, or returns `None`
    /// if there is none by that id.
    async fn lock(&mut self, id: SessionId) -> Result<Option<Session>, StoreError>;

    /// Returns the session that a refresh token with this hash continues or has continued, and
    /// which of the two; it is kept from others until the unit of work ends.
    ///
    /// MUST find the token among those that were used if another unit of work uses it meanwhile.
    async fn lock_by_refresh_token(
        &mut self,
        hash: [u8; 32],
    ) -> Result<Option<(Session, Presented)>, StoreError>;

    /// Adds a session.
    async fn insert(&mut self, session: &Session) -> Result<(), StoreError>;

    /// Replaces the refresh token of a session by the one that follows, and remembers the one that
    /// was used.
    ///
    /// MUST fail with [`StoreError::Stale`] unless the session still has that one.
    async fn rotate(&mut self, session: &Session, used: [u8; 32]) -> Result<(), StoreError>;

    /// Ends a session that goes on; one that is over stays as it is.
    async fn end(&mut self, id: SessionId, now: Timestamp) -> Result<(), StoreError>;

    /// Ends every session of a user that goes on, but for one if it is named.
    async fn end_all(
        &mut self,
        user: UserId,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<(), StoreError>;
}

/// The sessions, read without a transaction.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SessionQueries: Send + Sync {
    /// Returns who acts in a session, or `None` if it has ended or its user is disabled.
    ///
    /// It is read with every request, so MUST be one look-up by the session's id.
    async fn actor(&self, id: SessionId, now: Timestamp) -> Result<Option<Actor>, StoreError>;

    /// Returns a stretch of the sessions of a user that go on, the newest first.
    async fn list(
        &self,
        user: UserId,
        now: Timestamp,
        stretch: &Stretch,
    ) -> Result<Found<SessionView>, StoreError>;
}

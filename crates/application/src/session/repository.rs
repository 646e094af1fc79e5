//! What the store must do with sessions.

use async_trait::async_trait;
use medilink_domain::actor::Actor;
use medilink_domain::id::SessionId;
use medilink_domain::session::Session;
use medilink_domain::time::Timestamp;

use crate::error::StoreError;

/// The sessions, within a unit of work.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SessionRepository: Send {
    /// Adds a session.
    async fn insert(&mut self, session: &Session) -> Result<(), StoreError>;
}

/// The sessions, read without a transaction.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SessionQueries: Send + Sync {
    /// Returns who acts in a session, or `None` if it has ended or its user is disabled.
    ///
    /// It is read with every request, so MUST be one look-up by the session's id.
    async fn actor(&self, id: SessionId, now: Timestamp) -> Result<Option<Actor>, StoreError>;
}

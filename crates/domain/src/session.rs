//! Sessions: one sign-in on one device, which an access token points to until it ends.

use crate::id::{SessionId, UserId};
use crate::time::Timestamp;

/// One sign-in of a user.
///
/// A token is only as good as its session: ending the session ends every token made from it, on
/// the next request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The id, which the tokens carry.
    pub id: SessionId,
    /// Who signed in.
    pub user: UserId,
    /// The SHA-256 hash of the refresh token that continues the session.
    pub refresh_hash: [u8; 32],
    /// When they signed in.
    pub created_at: Timestamp,
    /// When the session ends by itself.
    pub expires_at: Timestamp,
}

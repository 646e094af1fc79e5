//! Attempts to sign in: counted for each account before they are made, on all instances together.

use async_trait::async_trait;
use medilink_domain::attempt::{Familiarity, TooSoon};
use medilink_domain::id::Uuid;
use medilink_domain::time::Timestamp;

use crate::error::StoreError;

/// What attempts are counted for: an account, or a name that is nobody's, and how well whoever tries
/// is known there. Both kinds of account look alike, so that waiting tells nobody who is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The id of the user, or one that is made from a name that is nobody's.
    pub account: Uuid,
    /// How well whoever tries is known to the account.
    pub familiarity: Familiarity,
}

/// The counts of attempts.
///
/// An attempt is counted outside a unit of work and without an entry on the audit trail: nothing
/// has happened yet. What comes of it is on the trail.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AttemptCounter: Send + Sync {
    /// Counts an attempt that is about to be made, as failed until it is forgiven; or answers that
    /// it must not be made yet.
    ///
    /// MUST count attempts at one target one after the other, on all instances together, by the
    /// rule of [`Attempts::count`](medilink_domain::attempt::Attempts::count).
    async fn count(
        &self,
        target: Target,
        now: Timestamp,
    ) -> Result<Result<(), TooSoon>, StoreError>;

    /// Takes back an attempt that was counted at an instant, because nothing was learnt by it: it was
    /// never made, or whoever made it knows the password.
    async fn take_back(&self, target: Target, counted_at: Timestamp) -> Result<(), StoreError>;
}

/// The counts of attempts, within the unit of work in which one succeeds.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AttemptRepository: Send {
    /// Takes back an attempt that was counted, because it succeeded.
    async fn forgive(&mut self, target: Target) -> Result<(), StoreError>;
}

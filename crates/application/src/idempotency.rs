//! Idempotency: a request that is sent twice is done once.
//!
//! The key is a row in the effect's own transaction, so that either both are there or neither. A
//! second request with the same key waits for the first and gets the record that it made.

use async_trait::async_trait;
use medilink_domain::id::{UserId, Uuid};
use medilink_domain::time::Timestamp;

use crate::error::StoreError;

/// What a client sent to say that a request is the same one again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The client's own words.
    pub key: String,
    /// A SHA-256 hash of what was asked for: the same key for something else is a mistake.
    pub fingerprint: [u8; 32],
}

/// Whether a request is the first of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reservation {
    /// It is, or the key is older than a day.
    First,
    /// It was done before, and this is the record that it made or changed.
    Replay(Uuid),
    /// The key belongs to another request.
    Reused,
}

/// The keys of the last day.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait IdempotencyRepository: Send {
    /// Reserves a key for what this unit of work is about to do to a record.
    ///
    /// MUST wait for another unit of work that has reserved the same key of the same user, and
    /// answer [`Reservation::Replay`] with its record if that one was kept. MUST answer
    /// [`Reservation::Reused`] for another fingerprint, and [`Reservation::First`] for a key older
    /// than 24 hours.
    async fn reserve(
        &mut self,
        user: UserId,
        key: &IdempotencyKey,
        record: Uuid,
        now: Timestamp,
    ) -> Result<Reservation, StoreError>;
}

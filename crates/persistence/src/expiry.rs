//! Rows whose time is over go, a few at a time.

use chrono::TimeDelta;
use medilink_application::error::StoreError;
use medilink_domain::attempt::Attempts;
use medilink_domain::session::Session;
use medilink_domain::time::Timestamp;

use crate::idempotency;
use crate::store::SeaOrmStore;

/// How many rows go in one unit of work: few enough that nobody notices the wait on SQLite, where
/// all other writers wait.
const BATCH: u32 = 250;

/// What goes, and how long after the instant that its condition names. `$1` is that long ago, and
/// `$2` the size of a batch.
///
/// Each condition stands twice. On PostgreSQL a row may be renewed while it is waited for, and only
/// the outer condition is asked again.
const EXPIRED: &[(&str, TimeDelta)] = &[
    (
        "DELETE FROM idempotency_keys WHERE created_at < $1 AND (user_id, key) IN
            (SELECT user_id, key FROM idempotency_keys WHERE created_at < $1 LIMIT $2)",
        idempotency::KEPT,
    ),
    (
        "DELETE FROM attempts WHERE last_at <= $1 AND day_began_at <= $1
            AND (account_id, familiarity) IN
            (SELECT account_id, familiarity FROM attempts
            WHERE last_at <= $1 AND day_began_at <= $1 LIMIT $2)",
        Attempts::DAY,
    ),
    // Their used refresh tokens go with them. Two statements, so that each has an index.
    (
        "DELETE FROM sessions WHERE expires_at < $1 AND id IN
            (SELECT id FROM sessions WHERE expires_at < $1 LIMIT $2)",
        Session::KEPT,
    ),
    (
        "DELETE FROM sessions WHERE ended_at < $1 AND id IN
            (SELECT id FROM sessions WHERE ended_at < $1 LIMIT $2)",
        Session::KEPT,
    ),
];

impl SeaOrmStore {
    /// Deletes what nobody asks for any more: idempotency keys and counts of attempts that hold no
    /// longer, and sessions that have been over for a while. Returns how many rows went.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the database fails. What had gone before then has gone.
    pub async fn forget_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut gone = 0;
        for (sql, kept) in EXPIRED {
            loop {
                let batch = self.forget_batch(sql, now.saturating_add(-*kept)).await?;
                gone += batch;
                if batch < u64::from(BATCH) {
                    break;
                }
            }
        }
        Ok(gone)
    }

    async fn forget_batch(&self, sql: &str, before: Timestamp) -> Result<u64, StoreError> {
        let work = self.work().await?;
        let delete = work.statement(sql, [before.as_utc().into(), BATCH.into()]);
        let deleted = work.transaction.execute(delete).await?;
        work.finish(&[]).await?;
        Ok(deleted)
    }
}

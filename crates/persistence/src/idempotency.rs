//! Idempotency keys in the database.

use async_trait::async_trait;
use chrono::TimeDelta;
use medilink_application::error::StoreError;
use medilink_application::idempotency::{IdempotencyKey, IdempotencyRepository, Reservation};
use medilink_domain::id::{UserId, Uuid};
use medilink_domain::time::Timestamp;
use sea_orm::ConnectionTrait;

use crate::error::store_error;
use crate::store::SeaOrmStore;
use crate::unit_of_work::SeaOrmUnitOfWork;

/// Inserts the key, or takes over one that has expired. Changes no row for a key that is in use;
/// on PostgreSQL it waits for another transaction that is about to insert the same one.
const RESERVE: &str = "\
INSERT INTO idempotency_keys (user_id, key, fingerprint, record_id, created_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (user_id, key) DO UPDATE
    SET fingerprint = excluded.fingerprint, record_id = excluded.record_id,
        created_at = excluded.created_at
    WHERE idempotency_keys.created_at < $6";

const RESERVED: &str =
    "SELECT fingerprint, record_id FROM idempotency_keys WHERE user_id = $1 AND key = $2";

/// Deletes some keys that have expired. The second comparison is for one that is taken over at the
/// same moment: PostgreSQL compares again what has changed, but not what the subquery has found.
const FORGET: &str = "\
DELETE FROM idempotency_keys
WHERE created_at < $1 AND (user_id, key) IN
    (SELECT user_id, key FROM idempotency_keys WHERE created_at < $1 LIMIT $2)";

/// How many keys are deleted at once: other writers of SQLite wait meanwhile.
const FORGOTTEN_AT_ONCE: u16 = 500;

/// Since when a key must have been used to hold.
fn expiry(now: Timestamp) -> Timestamp {
    now.saturating_add(TimeDelta::hours(-24))
}

impl SeaOrmStore {
    /// Deletes what has expired, a little at a time: idempotency keys.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database fails; what was deleted until then stays deleted.
    pub async fn forget_expired(&self, now: Timestamp) -> Result<(), StoreError> {
        loop {
            let work = self.work().await?;
            let values = [expiry(now).as_utc().into(), i64::from(FORGOTTEN_AT_ONCE).into()];
            let forget = work.statement(FORGET, values);
            let forgotten = work.transaction.execute_raw(forget).await.map_err(store_error)?;
            work.finish(&[]).await?;
            if forgotten.rows_affected() < u64::from(FORGOTTEN_AT_ONCE) {
                return Ok(());
            }
        }
    }
}

#[async_trait]
impl IdempotencyRepository for SeaOrmUnitOfWork {
    async fn reserve(
        &mut self,
        user: UserId,
        key: &IdempotencyKey,
        record: Uuid,
        now: Timestamp,
    ) -> Result<Reservation, StoreError> {
        let reserve = self.statement(
            RESERVE,
            [
                user.as_uuid().into(),
                key.key.clone().into(),
                key.fingerprint.to_vec().into(),
                record.into(),
                now.as_utc().into(),
                expiry(now).as_utc().into(),
            ],
        );
        let reserved = self.transaction.execute_raw(reserve).await.map_err(store_error)?;
        if 0 < reserved.rows_affected() {
            return Ok(Reservation::First);
        }

        let look = self.statement(RESERVED, [user.as_uuid().into(), key.key.clone().into()]);
        let row = self.transaction.query_one_raw(look).await.map_err(store_error)?;
        let row = row.ok_or_else(|| self.fail(StoreError::Busy))?;
        let fingerprint: Vec<u8> = row.try_get("", "fingerprint").map_err(store_error)?;
        let earlier: Uuid = row.try_get("", "record_id").map_err(store_error)?;
        if fingerprint == key.fingerprint {
            Ok(Reservation::Replay(earlier))
        } else {
            Ok(Reservation::Reused)
        }
    }
}

//! Idempotency keys in the database.

use async_trait::async_trait;
use chrono::TimeDelta;
use medilink_application::error::StoreError;
use medilink_application::idempotency::{IdempotencyKey, IdempotencyRepository, Reservation};
use medilink_domain::id::{UserId, Uuid};
use medilink_domain::time::Timestamp;

use crate::transaction::Connection;
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

/// How long a key holds.
pub(crate) const KEPT: TimeDelta = TimeDelta::hours(24);

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
                now.saturating_add(-KEPT).as_utc().into(),
            ],
        );
        if 0 < self.transaction.execute(reserve).await? {
            return Ok(Reservation::First);
        }

        let look = self.statement(RESERVED, [user.as_uuid().into(), key.key.clone().into()]);
        let reserved: Option<(Vec<u8>, Uuid)> = self.transaction.row(look).await?;
        let (fingerprint, earlier) = reserved.ok_or_else(|| self.fail(StoreError::Busy))?;
        if fingerprint == key.fingerprint {
            Ok(Reservation::Replay(earlier))
        } else {
            Ok(Reservation::Reused)
        }
    }
}

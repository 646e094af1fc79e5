//! What SQLite counts for an overview is read from indexes alone, however long the period is.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Sqlite {
            run(manager, SQLITE).await?;
        }
        Ok(())
    }
}

/// SQLite would sort the period to count by doctor and status. It skips from one doctor and status to the
/// next instead, in indexes that have them in this order.
///
/// PostgreSQL has nothing of the kind: an index by start that covers the rest also draws the free times of
/// one doctor to it, since a generic plan does not know how long a period is, and they would walk through
/// everybody's.
const SQLITE: &str = r"
DROP INDEX appointments_doctor_status;
DROP INDEX time_slots_doctor;
CREATE INDEX appointments_doctor_status
    ON appointments (doctor_id, status, starts_at, id, ends_at);
CREATE INDEX time_slots_doctor ON time_slots (doctor_id, starts_at, id, ends_at, blocked);
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('appointments', 'appointments_doctor_status', '1000000 1000 200 1 1 1'),
    ('time_slots', 'time_slots_doctor', '1000000 1000 1 1 1 1');
";

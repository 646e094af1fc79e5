//! One index less for each appointment, and one check.

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
        run(manager, INDEXES).await?;
        let is_postgres = manager.get_database_backend() == DbBackend::Postgres;
        run(manager, if is_postgres { POSTGRES_CHECKS } else { SQLITE_STATISTICS }).await
    }
}

/// What one patient has is few, so the status is looked for among all of it, in the index. Every booking
/// paid for an index of its own.
const INDEXES: &str = r"
DROP INDEX appointments_patient_status;
DROP INDEX appointments_patient;
CREATE INDEX appointments_patient ON appointments (patient_id, starts_at, id, status);
";

/// As in the first step.
const SQLITE_STATISTICS: &str = r"
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('appointments', 'appointments_patient', '1000000 20 1 1 1');
";

/// The patient of an appointment and who made the record are checked together; that there is such a
/// patient follows. SQLite cannot take one away without writing the table anew.
const POSTGRES_CHECKS: &str = r"
ALTER TABLE appointments DROP CONSTRAINT appointments_patient_id_fkey;
";

//! What is read of the days of a clinic: the day that it is, what lies ahead, and statistics.

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
        if manager.get_database_backend() == DbBackend::Postgres {
            run(manager, POSTGRES_ACTIVE).await
        } else {
            run(manager, SQLITE_STATISTICS).await
        }
    }
}

/// The appointments in order of their start also say what statistics ask of them, so that no row is
/// read for a count.
const INDEXES: &str = r"
DROP INDEX appointments_start;
CREATE INDEX appointments_start ON appointments (starts_at, id, status, created_at);
CREATE INDEX doctors_time_zone ON doctors (time_zone);
";

/// Whether a time slot is booked is asked of the latest active appointment that starts before its
/// end. SQLite has this index for its guards.
const POSTGRES_ACTIVE: &str = r"
CREATE INDEX appointments_doctor_active ON appointments (doctor_id, starts_at, ends_at)
    WHERE status IN ('scheduled', 'confirmed', 'checked_in', 'in_progress');
";

const SQLITE_STATISTICS: &str = r"
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('appointments', 'appointments_start', '1000000 10 1 1 1'),
    ('doctors', 'doctors_time_zone', '1000 100');
";

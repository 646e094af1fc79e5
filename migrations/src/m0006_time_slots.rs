//! Time slots: what doctors publish of their time.

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
        run(manager, TABLES).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            run(manager, POSTGRES_GUARDS).await
        } else {
            run(manager, SQLITE_GUARDS).await
        }
    }
}

const TABLES: &str = r"
CREATE TABLE time_slots (
    id {uuid} NOT NULL PRIMARY KEY,
    doctor_id {uuid} NOT NULL REFERENCES doctors (id),
    starts_at {instant} NOT NULL,
    ends_at {instant} NOT NULL,
    blocked boolean NOT NULL,
    -- Those that one call has published together.
    batch_id {uuid},
    created_by {uuid} NOT NULL REFERENCES users (id),
    created_at {instant} NOT NULL,
    updated_at {instant} NOT NULL,
    version bigint NOT NULL,
    CHECK (starts_at < ends_at)
);
CREATE INDEX time_slots_start ON time_slots (starts_at, id);
CREATE INDEX time_slots_doctor ON time_slots (doctor_id, starts_at, id);
CREATE INDEX time_slots_batch ON time_slots (batch_id, starts_at) WHERE batch_id IS NOT NULL;
";

/// Overlaps are refused by an exclusion constraint.
const POSTGRES_GUARDS: &str = r"
ALTER TABLE time_slots ADD CONSTRAINT time_slots_overlap
    EXCLUDE USING gist (doctor_id WITH =, tstzrange(starts_at, ends_at, '[)') WITH &&);
";

/// Overlaps are refused by triggers, as those of appointments are: the latest slot that starts
/// before the new end is the only one that can be in the way.
const SQLITE_GUARDS: &str = r"
CREATE TRIGGER time_slots_overlap_on_insert BEFORE INSERT ON time_slots
BEGIN
    SELECT RAISE(ABORT, 'time_slots_instant_form')
        WHERE typeof(NEW.starts_at) <> 'text' OR typeof(NEW.ends_at) <> 'text'
            OR NEW.starts_at IS NOT strftime('%Y-%m-%dT%H:%M:%S+00:00', NEW.starts_at)
            OR NEW.ends_at IS NOT strftime('%Y-%m-%dT%H:%M:%S+00:00', NEW.ends_at);
    SELECT RAISE(ABORT, 'time_slots_overlap') WHERE NEW.starts_at < (
        SELECT ends_at FROM time_slots
        WHERE doctor_id = NEW.doctor_id AND starts_at < NEW.ends_at AND id <> NEW.id
        ORDER BY starts_at DESC LIMIT 1);
END;
CREATE TRIGGER time_slots_overlap_on_update
BEFORE UPDATE OF id, doctor_id, starts_at, ends_at ON time_slots
BEGIN
    SELECT RAISE(ABORT, 'time_slots_instant_form')
        WHERE typeof(NEW.starts_at) <> 'text' OR typeof(NEW.ends_at) <> 'text'
            OR NEW.starts_at IS NOT strftime('%Y-%m-%dT%H:%M:%S+00:00', NEW.starts_at)
            OR NEW.ends_at IS NOT strftime('%Y-%m-%dT%H:%M:%S+00:00', NEW.ends_at);
    SELECT RAISE(ABORT, 'time_slots_overlap') WHERE NEW.starts_at < (
        SELECT ends_at FROM time_slots
        WHERE doctor_id = NEW.doctor_id AND starts_at < NEW.ends_at AND id <> OLD.id
        ORDER BY starts_at DESC LIMIT 1);
END;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('time_slots', 'sqlite_autoindex_time_slots_1', '1000000 1'),
    ('time_slots', 'time_slots_start', '1000000 100 1'),
    ('time_slots', 'time_slots_doctor', '1000000 1000 1 1');
";

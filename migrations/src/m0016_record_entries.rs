//! Entries about the records of patients are found through the patient.

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
        if manager.get_database_backend() == DbBackend::Sqlite {
            run(manager, SQLITE_STATISTICS).await?;
        }
        Ok(())
    }
}

/// Almost every entry is about a record of a patient, and each changed a page somewhere in this index and
/// another in that of patients: a third of what an entry cost. What one record has to do with is among what
/// its patient has to do with, who is known by the record. Entries about users stay: some name a patient, whom the
/// user alone does not tell.
const INDEXES: &str = r"
DROP INDEX audit_entries_record;
CREATE INDEX audit_entries_record ON audit_entries (record_id, at, id)
    WHERE concept <> 'patient' AND (patient_id IS NULL OR concept = 'user');
";

/// As in the first step.
const SQLITE_STATISTICS: &str = r"
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('audit_entries', 'audit_entries_record', '1000000 10 1 1');
";

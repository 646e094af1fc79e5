//! The directory and care: records that are archived, who entered a doctor, what patients and
//! pharmacies are found by, and who is assigned to whose care.

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
        run(manager, DIRECTORY).await?;
        run(manager, ASSIGNMENTS).await?;
        if manager.get_database_backend() == DbBackend::Sqlite {
            run(manager, SQLITE_STATISTICS).await?;
        }
        run(manager, ROWS).await
    }
}

const DIRECTORY: &str = r"
ALTER TABLE doctors ADD COLUMN created_by {uuid} REFERENCES users (id);
ALTER TABLE doctors ADD COLUMN archived_at {instant};
CREATE INDEX doctors_archived ON doctors (sort_name, id) WHERE archived_at IS NOT NULL;
DROP INDEX doctors_license_number;
CREATE UNIQUE INDEX doctors_license_number ON doctors (license_number)
    WHERE is_verified AND archived_at IS NULL;
-- Nobody signs in as an entry of the directory, and no two of them are of one person. A registration
-- may repeat its number; whoever approves it lets the registration adopt the entry.
CREATE UNIQUE INDEX doctors_entry_license_number ON doctors (license_number)
    WHERE user_id IS NULL AND archived_at IS NULL;

ALTER TABLE pharmacies ADD COLUMN sort_name {key} NOT NULL DEFAULT '';
CREATE INDEX pharmacies_name ON pharmacies (sort_name, id);
CREATE UNIQUE INDEX pharmacies_entry_license_number ON pharmacies (license_number)
    WHERE user_id IS NULL;
-- What pharmacies are searched by: every word of a name and a city, folded.
CREATE TABLE pharmacy_words (
    word {key} NOT NULL,
    pharmacy_id {uuid} NOT NULL REFERENCES pharmacies (id) ON DELETE CASCADE,
    PRIMARY KEY (word, pharmacy_id)
);
CREATE INDEX pharmacy_words_pharmacy ON pharmacy_words (pharmacy_id);

ALTER TABLE patients ADD COLUMN sort_name {key} NOT NULL DEFAULT '';
ALTER TABLE patients ADD COLUMN archived_at {instant};
CREATE INDEX patients_name ON patients (sort_name, id);
CREATE INDEX patients_creator_name ON patients (created_by, sort_name, id);
CREATE INDEX patients_archived ON patients (sort_name, id) WHERE archived_at IS NOT NULL;
-- What patients are searched by: every word of a name and an address, folded.
CREATE TABLE patient_words (
    word {key} NOT NULL,
    patient_id {uuid} NOT NULL REFERENCES patients (id) ON DELETE CASCADE,
    PRIMARY KEY (word, patient_id)
);
CREATE INDEX patient_words_patient ON patient_words (patient_id);
";

/// One active assignment of a pair, and one active primary doctor of a patient, whoever writes.
const ASSIGNMENTS: &str = r"
CREATE TABLE assignments (
    id {uuid} NOT NULL PRIMARY KEY,
    doctor_id {uuid} NOT NULL REFERENCES doctors (id),
    patient_id {uuid} NOT NULL REFERENCES patients (id),
    patient_created_by {uuid} NOT NULL,
    is_primary boolean NOT NULL,
    is_active boolean NOT NULL,
    reason text,
    notes text,
    created_by {uuid} NOT NULL REFERENCES users (id),
    created_at {instant} NOT NULL,
    updated_at {instant} NOT NULL,
    version bigint NOT NULL,
    ended_at {instant},
    archived_at {instant},
    CHECK (archived_at IS NULL OR NOT is_active),
    CHECK ((ended_at IS NULL) = is_active),
    FOREIGN KEY (patient_created_by, patient_id) REFERENCES patients (created_by, id)
);
CREATE UNIQUE INDEX assignments_active_pair ON assignments (doctor_id, patient_id) WHERE is_active;
CREATE UNIQUE INDEX assignments_active_primary ON assignments (patient_id)
    WHERE is_active AND is_primary;
CREATE INDEX assignments_made ON assignments (created_at, id) WHERE archived_at IS NULL;
CREATE INDEX assignments_patient ON assignments (patient_id, created_at, id)
    WHERE archived_at IS NULL;
CREATE INDEX assignments_doctor ON assignments (doctor_id, created_at, id)
    WHERE archived_at IS NULL;
CREATE INDEX assignments_creator ON assignments (patient_created_by, created_at, id)
    WHERE archived_at IS NULL;
-- For those who see all of them, and look for the few that have ended or come first.
CREATE INDEX assignments_active ON assignments (is_active, created_at, id)
    WHERE archived_at IS NULL;
CREATE INDEX assignments_primary ON assignments (is_primary, created_at, id)
    WHERE archived_at IS NULL;
CREATE INDEX assignments_state ON assignments (is_active, is_primary, created_at, id)
    WHERE archived_at IS NULL;
";

/// What the planner of SQLite goes by, as in the first step: a clinic of a hundred thousand
/// assignments.
const SQLITE_STATISTICS: &str = r"
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('assignments', 'sqlite_autoindex_assignments_1', '100000 1'),
    ('assignments', 'assignments_made', '100000 10 1'),
    ('assignments', 'assignments_patient', '100000 2 1 1'),
    ('assignments', 'assignments_doctor', '100000 100 1 1'),
    ('assignments', 'assignments_creator', '100000 500 1 1'),
    ('assignments', 'assignments_active', '100000 50000 5 1'),
    ('assignments', 'assignments_primary', '100000 50000 5 1'),
    ('assignments', 'assignments_state', '100000 50000 25000 3 1'),
    ('assignments', 'assignments_active_pair', '70000 70 1'),
    ('assignments', 'assignments_active_primary', '40000 1');
";

/// The exact words need the folding of the program. Those who were there before are found by the
/// beginning of their names until they change for the first time.
const ROWS: &str = r"
UPDATE pharmacies SET sort_name = lower(coalesce(name, ''));
INSERT INTO pharmacy_words (word, pharmacy_id)
    SELECT lower(name), id FROM pharmacies WHERE name IS NOT NULL;
UPDATE patients SET sort_name = lower(coalesce(last_name, '') || ' ' || coalesce(first_name, ''));
INSERT INTO patient_words (word, patient_id)
    SELECT lower(first_name), id FROM patients WHERE first_name IS NOT NULL
    UNION SELECT lower(last_name), id FROM patients WHERE last_name IS NOT NULL
    UNION SELECT lower(email), id FROM patients WHERE email IS NOT NULL;
";

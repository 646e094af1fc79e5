//! What the directory is listed by: an index of doctors for each set of filters, and keys that every
//! index holds.

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
        run(manager, KEYS).await?;
        run(manager, INDEXES).await?;
        if manager.get_database_backend() == DbBackend::Sqlite {
            run(manager, SQLITE_STATISTICS).await?;
        }
        Ok(())
    }
}

/// A key has at most 200 characters: programs before did not cut all of them, and a city is looked for
/// by its whole key.
const KEYS: &str = r"
UPDATE pharmacies SET sort_name = substr(sort_name, 1, 200) WHERE 200 < length(sort_name);
UPDATE pharmacies SET city_key = substr(city_key, 1, 200) WHERE 200 < length(city_key);
UPDATE doctors SET sort_name = substr(sort_name, 1, 200) WHERE 200 < length(sort_name);
UPDATE doctors SET city_key = substr(city_key, 1, 200) WHERE 200 < length(city_key);
";

/// Doctors are few and seldom change, and every page is read in order.
const INDEXES: &str = r"
DROP INDEX doctors_name;
CREATE INDEX doctors_present ON doctors (sort_name, id) WHERE archived_at IS NULL;
CREATE INDEX doctors_city ON doctors (city_key, sort_name, id) WHERE archived_at IS NULL;
CREATE INDEX doctors_field ON doctors (specialization, sort_name, id) WHERE archived_at IS NULL;
CREATE INDEX doctors_available ON doctors (is_available, sort_name, id) WHERE archived_at IS NULL;
CREATE INDEX doctors_verified ON doctors (is_verified, sort_name, id) WHERE archived_at IS NULL;
CREATE INDEX doctors_city_field ON doctors (city_key, specialization, sort_name, id)
    WHERE archived_at IS NULL;
CREATE INDEX doctors_city_available ON doctors (city_key, is_available, sort_name, id)
    WHERE archived_at IS NULL;
CREATE INDEX doctors_city_verified ON doctors (city_key, is_verified, sort_name, id)
    WHERE archived_at IS NULL;
CREATE INDEX doctors_field_available ON doctors (specialization, is_available, sort_name, id)
    WHERE archived_at IS NULL;
CREATE INDEX doctors_field_verified ON doctors (specialization, is_verified, sort_name, id)
    WHERE archived_at IS NULL;
CREATE INDEX doctors_available_verified ON doctors (is_available, is_verified, sort_name, id)
    WHERE archived_at IS NULL;
CREATE INDEX doctors_city_field_available
    ON doctors (city_key, specialization, is_available, sort_name, id) WHERE archived_at IS NULL;
CREATE INDEX doctors_city_field_verified
    ON doctors (city_key, specialization, is_verified, sort_name, id) WHERE archived_at IS NULL;
CREATE INDEX doctors_city_available_verified
    ON doctors (city_key, is_available, is_verified, sort_name, id) WHERE archived_at IS NULL;
CREATE INDEX doctors_field_available_verified
    ON doctors (specialization, is_available, is_verified, sort_name, id)
    WHERE archived_at IS NULL;
CREATE INDEX doctors_city_field_available_verified
    ON doctors (city_key, specialization, is_available, is_verified, sort_name, id)
    WHERE archived_at IS NULL;
";

/// What the planner of SQLite goes by, as in the first step: a region of ten thousand doctors.
const SQLITE_STATISTICS: &str = r"
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('doctors', 'sqlite_autoindex_doctors_1', '10000 1'),
    ('doctors', 'doctors_user', '10000 1'),
    ('doctors', 'doctors_license_number', '8000 1'),
    ('doctors', 'doctors_entry_license_number', '2000 1'),
    ('doctors', 'doctors_archived', '500 2 1'),
    ('doctors', 'doctors_present', '9500 2 1'),
    ('doctors', 'doctors_city', '9500 100 2 1'),
    ('doctors', 'doctors_field', '9500 500 2 1'),
    ('doctors', 'doctors_available', '9500 4750 2 1'),
    ('doctors', 'doctors_verified', '9500 4750 2 1'),
    ('doctors', 'doctors_city_field', '9500 100 10 1 1'),
    ('doctors', 'doctors_city_available', '9500 100 50 1 1'),
    ('doctors', 'doctors_city_verified', '9500 100 50 1 1'),
    ('doctors', 'doctors_field_available', '9500 500 250 2 1'),
    ('doctors', 'doctors_field_verified', '9500 500 250 2 1'),
    ('doctors', 'doctors_available_verified', '9500 4750 2375 2 1'),
    ('doctors', 'doctors_city_field_available', '9500 100 10 5 1 1'),
    ('doctors', 'doctors_city_field_verified', '9500 100 10 5 1 1'),
    ('doctors', 'doctors_city_available_verified', '9500 100 50 25 1 1'),
    ('doctors', 'doctors_field_available_verified', '9500 500 250 125 2 1'),
    ('doctors', 'doctors_city_field_available_verified', '9500 100 10 5 3 1 1'),
    ('doctor_words', 'sqlite_autoindex_doctor_words_1', '40000 20 1'),
    ('doctor_words', 'doctor_words_doctor', '40000 4');
UPDATE sqlite_stat1 SET stat = '10000 1000' WHERE idx = 'doctors_time_zone';
";

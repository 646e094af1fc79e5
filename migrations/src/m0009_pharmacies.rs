//! Pharmacies as a directory, and what an overview counts.

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
        run(manager, OVERVIEW).await?;
        if manager.get_database_backend() == DbBackend::Sqlite {
            run(manager, SQLITE_STATISTICS).await?;
        }
        run(manager, ROWS).await
    }
}

/// One index for each pair of filters, so that every page is read in order.
const DIRECTORY: &str = r"
ALTER TABLE pharmacies ADD COLUMN city_key {key};
CREATE INDEX pharmacies_city ON pharmacies (city_key, sort_name, id);
CREATE INDEX pharmacies_verified ON pharmacies (is_verified, sort_name, id);
CREATE INDEX pharmacies_city_verified ON pharmacies (city_key, is_verified, sort_name, id);
";

/// Users are counted, and the failed sign-ins of a day found, without a look at a single row. No other
/// entry of the trail pays for the latter.
const OVERVIEW: &str = r"
CREATE INDEX users_role_status ON users (role, status);
CREATE INDEX audit_entries_failed_sign_ins ON audit_entries (at)
    WHERE action = 'sign_in' AND outcome = 'failed';
";

/// What the planner of SQLite goes by, as in the first step: a region of two thousand pharmacies.
const SQLITE_STATISTICS: &str = r"
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('pharmacies', 'sqlite_autoindex_pharmacies_1', '2000 1'),
    ('pharmacies', 'pharmacies_user', '2000 1'),
    ('pharmacies', 'pharmacies_license_number', '1000 1'),
    ('pharmacies', 'pharmacies_entry_license_number', '1000 1'),
    ('pharmacies', 'pharmacies_name', '2000 2 1'),
    ('pharmacies', 'pharmacies_city', '2000 20 1 1'),
    ('pharmacies', 'pharmacies_verified', '2000 1000 1 1'),
    ('pharmacies', 'pharmacies_city_verified', '2000 20 10 1 1'),
    ('pharmacy_words', 'sqlite_autoindex_pharmacy_words_1', '8000 4 1'),
    ('pharmacy_words', 'pharmacy_words_pharmacy', '8000 4');
";

/// Those who have registered since the words came have none yet. The exact words need the folding of
/// the program: they are found by the beginning of their name and their city until they change for
/// the first time.
const ROWS: &str = r"
UPDATE pharmacies SET city_key = lower(city) WHERE city IS NOT NULL;
UPDATE pharmacies SET sort_name = lower(name) WHERE sort_name = '' AND name IS NOT NULL;
INSERT INTO pharmacy_words (word, pharmacy_id)
    SELECT lower(name), id FROM pharmacies WHERE name IS NOT NULL
    UNION SELECT lower(city), id FROM pharmacies WHERE city IS NOT NULL
    ON CONFLICT DO NOTHING;
";

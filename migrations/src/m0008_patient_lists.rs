//! Looking through the patients: what their lists are read by, and the words of those who were
//! entered before anybody searched for them.

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
        run(manager, WORDS).await
    }
}

/// One index for each pair of what narrows a list: a rare blood group among a million patients, or
/// among the thousands of one coordinator, is found at once.
const INDEXES: &str = r"
DROP INDEX patients_name;
DROP INDEX patients_creator_name;
CREATE INDEX patients_present ON patients (sort_name, id) WHERE archived_at IS NULL;
CREATE INDEX patients_gender ON patients (gender, sort_name, id) WHERE archived_at IS NULL;
CREATE INDEX patients_blood ON patients (blood_group, sort_name, id) WHERE archived_at IS NULL;
CREATE INDEX patients_gender_blood ON patients (gender, blood_group, sort_name, id)
    WHERE archived_at IS NULL;
CREATE INDEX patients_creator ON patients (created_by, sort_name, id) WHERE archived_at IS NULL;
CREATE INDEX patients_creator_gender ON patients (created_by, gender, sort_name, id)
    WHERE archived_at IS NULL;
CREATE INDEX patients_creator_blood ON patients (created_by, blood_group, sort_name, id)
    WHERE archived_at IS NULL;
CREATE INDEX patients_creator_gender_blood
    ON patients (created_by, gender, blood_group, sort_name, id) WHERE archived_at IS NULL;
-- Asked of one patient after the other whether they have a word.
DROP INDEX patient_words_patient;
CREATE INDEX patient_words_patient ON patient_words (patient_id, word);
";

/// What the planner of SQLite goes by, as in the first step: a clinic of a hundred thousand patients.
const SQLITE_STATISTICS: &str = r"
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('patients', 'sqlite_autoindex_patients_1', '100000 1'),
    ('patients', 'patients_user', '100000 1'),
    ('patients', 'patients_created_by', '100000 500 1'),
    ('patients', 'patients_archived', '1000 1 1'),
    ('patients', 'patients_present', '100000 2 1'),
    ('patients', 'patients_gender', '100000 20000 2 1'),
    ('patients', 'patients_blood', '100000 10000 2 1'),
    ('patients', 'patients_gender_blood', '100000 20000 2000 2 1'),
    ('patients', 'patients_creator', '100000 500 1 1'),
    ('patients', 'patients_creator_gender', '100000 500 100 1 1'),
    ('patients', 'patients_creator_blood', '100000 500 50 1 1'),
    ('patients', 'patients_creator_gender_blood', '100000 500 100 10 1 1'),
    ('patient_words', 'sqlite_autoindex_patient_words_1', '400000 10 1'),
    ('patient_words', 'patient_words_patient', '400000 4 1');
";

/// The exact words need the folding of the program, as in the step that made the table. Those who were
/// there before are found by the beginning of their names until they change.
const WORDS: &str = r"
INSERT INTO patient_words (word, patient_id)
    SELECT lower(first_name), id FROM patients WHERE first_name IS NOT NULL
    UNION SELECT lower(last_name), id FROM patients WHERE last_name IS NOT NULL
    UNION SELECT lower(email), id FROM patients WHERE email IS NOT NULL
    EXCEPT SELECT word, patient_id FROM patient_words;
";

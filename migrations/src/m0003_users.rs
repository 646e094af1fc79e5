//! Users: when each was approved, the words that they are found by, and whether there has been an
//! administrator.

use sea_orm_migration::prelude::*;

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
        run(manager, ROWS).await
    }
}

const TABLES: &str = r"
ALTER TABLE users ADD COLUMN approved_at {instant};
CREATE INDEX users_made ON users (created_at, id);
CREATE INDEX users_role ON users (role, created_at, id);
CREATE INDEX users_status ON users (status, created_at, id);

-- What users are searched by: every word of a user's name, user name and address, folded.
CREATE TABLE user_words (
    word {key} NOT NULL,
    user_id {uuid} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (word, user_id)
);
CREATE INDEX user_words_user ON user_words (user_id);

-- One row, once there has been an administrator.
CREATE TABLE set_ups (
    number integer NOT NULL PRIMARY KEY CHECK (number = 1),
    at {instant} NOT NULL
);
";

/// Nobody could be disabled before this step, so whoever is not pending was approved. Those who
/// were there before are found by their user name until they change for the first time.
const ROWS: &str = r"
UPDATE users SET approved_at = created_at WHERE status <> 'pending';
INSERT INTO user_words (word, user_id) SELECT username_key, id FROM users;
INSERT INTO set_ups (number, at)
    SELECT 1, min(created_at) FROM users WHERE role = 'admin' HAVING 0 < count(*);
";

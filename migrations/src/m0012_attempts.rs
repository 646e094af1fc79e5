//! Attempts of those who are signed in, to change their password: counted apart from sign-ins.

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
        if manager.get_database_backend() == DbBackend::Postgres {
            run(manager, POSTGRES).await
        } else {
            run(manager, SQLITE).await
        }
    }
}

const POSTGRES: &str = r"
ALTER TABLE attempts DROP CONSTRAINT attempts_familiarity_check;
ALTER TABLE attempts ADD CONSTRAINT attempts_familiarity_check
    CHECK (familiarity IN ('stranger', 'known', 'signed_in'));
";

/// SQLite changes no check: the table is made anew, and keeps what it holds.
const SQLITE: &str = r"
CREATE TABLE attempts_anew (
    account_id {uuid} NOT NULL,
    familiarity text NOT NULL CHECK (familiarity IN ('stranger', 'known', 'signed_in')),
    in_a_row integer NOT NULL CHECK (0 <= in_a_row),
    last_at {instant} NOT NULL,
    in_day integer NOT NULL CHECK (0 <= in_day),
    day_began_at {instant} NOT NULL,
    PRIMARY KEY (account_id, familiarity)
);
INSERT INTO attempts_anew (account_id, familiarity, in_a_row, last_at, in_day, day_began_at)
    SELECT account_id, familiarity, in_a_row, last_at, in_day, day_began_at FROM attempts;
DROP TABLE attempts;
ALTER TABLE attempts_anew RENAME TO attempts;
CREATE INDEX attempts_last ON attempts (last_at);
";

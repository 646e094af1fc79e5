//! Signing in: refresh tokens that were used, and attempts that have failed of late.

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
        run(manager, TABLES).await
    }
}

const TABLES: &str = r"
-- Whoever presents one of these has a copy. They go with their session.
CREATE TABLE used_refresh_tokens (
    hash {hash} NOT NULL PRIMARY KEY,
    session_id {uuid} NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    used_at {instant} NOT NULL
);
CREATE INDEX used_refresh_tokens_session ON used_refresh_tokens (session_id);

-- No foreign key: names that are nobody's are counted too, under ids that nobody has.
CREATE TABLE attempts (
    account_id {uuid} NOT NULL,
    familiarity text NOT NULL CHECK (familiarity IN ('stranger', 'known')),
    in_a_row integer NOT NULL CHECK (0 <= in_a_row),
    last_at {instant} NOT NULL,
    in_day integer NOT NULL CHECK (0 <= in_day),
    day_began_at {instant} NOT NULL,
    PRIMARY KEY (account_id, familiarity)
);
CREATE INDEX attempts_last ON attempts (last_at);
";

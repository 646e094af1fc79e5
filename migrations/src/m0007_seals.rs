//! Seals: chains of hashes over the audit trail, and the indexes by which the trail is read.

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
        let is_postgres = manager.get_database_backend() == DbBackend::Postgres;
        // A table that is its own index: what is looked up and added most is so in one place.
        let clustered = if is_postgres { "" } else { "WITHOUT ROWID" };
        run(manager, &TABLES.replace("{clustered}", clustered)).await?;
        run(manager, INDEXES).await?;
        run(manager, if is_postgres { POSTGRES_GUARDS } else { SQLITE_GUARDS }).await?;
        run(manager, ROWS).await
    }
}

const TABLES: &str = r"
-- How many refusals of somebody unknown an entry stands for; of anything else there is one.
ALTER TABLE audit_entries ADD COLUMN count bigint CHECK (0 < count);

-- What was committed and not sealed yet. A trigger adds each entry, whoever writes it; whoever seals
-- it takes it away. It is no part of the trail.
CREATE TABLE audit_unsealed (
    entry_id {uuid} NOT NULL PRIMARY KEY
) {clustered};

-- Who appends to which chain, and until when nobody else may. It is no part of the trail either.
CREATE TABLE audit_chains (
    id {uuid} NOT NULL PRIMARY KEY,
    holder {uuid} NOT NULL,
    held_until {instant} NOT NULL
);

-- No foreign keys: a seal outlives an entry that somebody has taken out, and tells of it.
CREATE TABLE audit_seals (
    chain_id {uuid} NOT NULL,
    number bigint NOT NULL CHECK (0 < number),
    entry_id {uuid} NOT NULL,
    digest {hash} NOT NULL CHECK (length(digest) = 32),
    sealed_at {instant} NOT NULL,
    hash {hash} NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (chain_id, number)
) {clustered};
CREATE UNIQUE INDEX audit_seals_entry ON audit_seals (entry_id);
";

/// For whoever looks for what one user, one patient or one record has to do with, for one kind of
/// action, or for what did not succeed. Every entry pays for each of these, so there are no more.
const INDEXES: &str = r"
CREATE INDEX audit_entries_at ON audit_entries (at, id);
CREATE INDEX audit_entries_user ON audit_entries (user_id, at, id) WHERE user_id IS NOT NULL;
CREATE INDEX audit_entries_patient ON audit_entries (patient_id, at, id)
    WHERE patient_id IS NOT NULL;
-- What is about a patient's record is found by the patient.
CREATE INDEX audit_entries_record ON audit_entries (record_id, at, id) WHERE concept <> 'patient';
CREATE INDEX audit_entries_action ON audit_entries (action, at, id);
CREATE INDEX audit_entries_refused ON audit_entries (outcome, at, id) WHERE outcome <> 'done';
CREATE INDEX audit_entries_refused_action ON audit_entries (action, outcome, at, id)
    WHERE outcome <> 'done';
";

/// Seals only grow, as entries do. The right to do otherwise is nobody's but the owner's, whom the
/// triggers stop: a program that signs in as somebody else could not even remove these.
const POSTGRES_GUARDS: &str = r"
CREATE FUNCTION await_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_unsealed (entry_id) SELECT id FROM added;
    RETURN NULL;
END $$;
CREATE TRIGGER audit_entries_await_seal
    AFTER INSERT ON audit_entries REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION await_seal();

CREATE TRIGGER audit_seals_only_grow
    BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE UPDATE, DELETE, TRUNCATE ON audit_entries, audit_seals FROM PUBLIC;
";

const SQLITE_GUARDS: &str = r"
CREATE TRIGGER audit_entries_await_seal AFTER INSERT ON audit_entries
BEGIN
    INSERT INTO audit_unsealed (entry_id) VALUES (NEW.id);
END;

-- Replacing a row fires no trigger for its deletion.
CREATE TRIGGER audit_seals_come_once BEFORE INSERT ON audit_seals
WHEN EXISTS (SELECT 1 FROM audit_seals WHERE chain_id = NEW.chain_id AND number = NEW.number)
    OR EXISTS (SELECT 1 FROM audit_seals WHERE entry_id = NEW.entry_id)
BEGIN
    SELECT RAISE(ABORT, 'audit_seals only grows');
END;
CREATE TRIGGER audit_seals_keep BEFORE UPDATE ON audit_seals
BEGIN
    SELECT RAISE(ABORT, 'audit_seals only grows');
END;
CREATE TRIGGER audit_seals_stay BEFORE DELETE ON audit_seals
BEGIN
    SELECT RAISE(ABORT, 'audit_seals only grows');
END;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('audit_entries', 'sqlite_autoindex_audit_entries_1', '10000000 1'),
    ('audit_entries', 'audit_entries_at', '10000000 10 1'),
    ('audit_entries', 'audit_entries_user', '9500000 1000 2 1'),
    ('audit_entries', 'audit_entries_patient', '8000000 100 1 1'),
    ('audit_entries', 'audit_entries_record', '5000000 10 1 1'),
    ('audit_entries', 'audit_entries_action', '10000000 200000 5 1'),
    ('audit_entries', 'audit_entries_refused', '500000 250000 2 1'),
    ('audit_entries', 'audit_entries_refused_action', '500000 20000 10000 1 1'),
    ('audit_seals', 'audit_seals', '10000000 1000000 1'),
    ('audit_seals', 'audit_seals_entry', '10000000 1'),
    ('audit_unsealed', 'audit_unsealed', '1000 1');
";

/// What was there before is sealed too.
const ROWS: &str = r"
INSERT INTO audit_unsealed (entry_id) SELECT id FROM audit_entries;
";
